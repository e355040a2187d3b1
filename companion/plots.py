"""The look of the course's figures, and the few pictures that several chapters draw.

Each function draws on an axes that the caller made, so that a chapter keeps control of its figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from companion.diagnostics import divergent_draws
from companion.inputs import as_array, positive_whole, probability
from companion.scalars import scalars_of
from matplotlib.axes import Axes
import matplotlib.pyplot as plt
import numpy as np
from xarray import DataTree

__all__ = ["COLORS", "band", "scatter_with_divergences", "set_style"]

# Okabe and Ito's palette, which readers with color vision deficiencies can tell apart.
COLORS = {
    "data": "#4d4d4d",
    "pymc": "#0072b2",
    "tfp": "#d55e00",
    "outlier": "#cc79a7",
    "truth": "#009e73",
    "divergence": "#e69f00",
}


def set_style() -> None:
    """Set matplotlib's defaults for the course: white ground, no chart junk, readable sizes."""
    plt.rcParams.update(
        {
            "figure.figsize": (7.0, 4.0),
            "figure.dpi": 110,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 11,
            "axes.titlelocation": "left",
            "axes.labelsize": 10.5,
            "axes.prop_cycle": plt.cycler(color=list(COLORS.values())[1:]),
            "legend.frameon": False,
            "legend.fontsize": 9.5,
            "xtick.labelsize": 9.5,
            "ytick.labelsize": 9.5,
            "lines.linewidth": 1.8,
        }
    )


def _check_axes(ax: Axes) -> None:
    if not isinstance(ax, Axes):
        raise TypeError(
            "ax must be a matplotlib axes, as plt.subplots makes it, but a "
            f"{type(ax).__name__} was given."
        )


def _quantity(name: str, given: str | np.ndarray, idata: DataTree) -> np.ndarray:
    """Return the draws of a quantity that is given by name, or as it is."""
    if not isinstance(given, str):
        return as_array(name, given)
    scalars_of(idata, given)  # says what is wrong with the name
    return np.asarray(idata["posterior"].data_vars[given])


def band(
    ax: Axes,
    x: np.ndarray,
    draws: np.ndarray,
    *,
    color: str,
    probabilities: Sequence[float] = (0.94,),
    center: np.ndarray | None = None,
    label: str | None = None,
) -> None:
    """Draw a pointwise mean and equal-tailed intervals of simulated curves.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    x : array, shape (n,)
        Horizontal positions.
    draws : array, shape (..., n)
        Curves; all leading dimensions are simulated draws.
    color : str
        Color of line and band.
    probabilities : sequence of float
        Probability of each interval, between 0 and 1.
    center : array, shape (..., n), optional
        Curves whose mean is the line; `draws` by default. Give the expected values here when
        `draws` are simulated observations.
    label : str, optional
        Legend entry of the line.

    Raises
    ------
    TypeError
        If `ax` is no axes, or `x`, `draws` or `center` are no numbers.
    ValueError
        If the last dimension of `draws` or `center` does not match `x`, or a probability is out of range.
    """
    _check_axes(ax)
    x, draws = (
        np.atleast_1d(as_array("x", x)),
        np.atleast_1d(as_array("draws", draws)).astype(float),
    )
    if x.ndim != 1:
        raise ValueError(f"x must have one dimension, but has shape {x.shape}.")
    if draws.shape[-1] != len(x):
        raise ValueError(
            f"draws must have {len(x)} columns, one per value of x, but has shape {draws.shape}."
        )
    line = draws if center is None else np.atleast_1d(as_array("center", center)).astype(float)
    if line.shape[-1] != len(x):
        raise ValueError(
            f"center must have {len(x)} columns, one per value of x, but has shape {line.shape}."
        )
    draws, line = draws.reshape(-1, len(x)), line.reshape(-1, len(x))
    if not isinstance(probabilities, Iterable) or isinstance(probabilities, str):
        raise TypeError(
            f"probabilities must be a list of numbers, but {probabilities!r} was given."
        )
    for each in probabilities:
        probability("probabilities", each)
    for inside in sorted(probabilities, reverse=True):
        tail = (1.0 - inside) / 2.0
        low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0)
        ax.fill_between(x, low, high, color=color, alpha=0.22, linewidth=0)
    ax.plot(x, line.mean(axis=0), color=color, label=label)


def scatter_with_divergences(
    ax: Axes,
    idata: DataTree,
    x: str | np.ndarray,
    y: str | np.ndarray,
    *,
    color: str,
    thin: int = 1,
) -> None:
    """Scatter two quantities of a posterior, with the divergent draws on top.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    idata : DataTree
        Fit with `posterior` and `sample_stats`.
    x, y : str or array, shape (chain, draw)
        Names of scalar variables, or the values themselves.
    color : str
        Color of the draws that did not diverge.
    thin : int
        Draw every `thin`-th of them; divergent draws are all shown.

    Raises
    ------
    TypeError
        If `ax` is no axes, or `idata` no DataTree.
    ValueError
        If `x` or `y` name no variable or do not have one value for each draw, or `thin` is not a positive
        whole number.
    """
    _check_axes(ax)
    positive_whole("thin", thin)
    diverging = divergent_draws(idata)
    horizontal, vertical = _quantity("x", x, idata), _quantity("y", y, idata)
    if horizontal.shape != diverging.shape or vertical.shape != diverging.shape:
        raise ValueError(
            f"x and y must have the shape {diverging.shape} of the draws (chain, draw), but have "
            f"{horizontal.shape} and {vertical.shape}."
        )
    kept = ~diverging
    ax.plot(
        horizontal[kept][::thin],
        vertical[kept][::thin],
        ".",
        ms=2.5,
        alpha=0.35,
        color=color,
        mew=0,
    )
    ax.plot(
        horizontal[diverging],
        vertical[diverging],
        "o",
        ms=4.5,
        color=COLORS["divergence"],
        mec="black",
        mew=0.5,
        label=f"{diverging.sum()} divergent draws",
    )
