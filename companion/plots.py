"""The look of the course's figures, and the few pictures that several chapters draw.

Each function draws on an axes that the caller made, so that a chapter keeps control of its figure.
"""

from __future__ import annotations

from collections.abc import Sequence

from companion.diagnostics import divergent_draws
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
    ValueError
        If the last dimension of `draws` does not match `x`, or a probability is out of range.
    """
    draws = np.asarray(draws, dtype=float)
    if draws.shape[-1] != len(x):
        raise ValueError(
            f"draws must have {len(x)} columns, one per value of x, but has shape {draws.shape}."
        )
    draws = draws.reshape(-1, len(x))
    for probability in sorted(probabilities, reverse=True):
        if not 0.0 < probability < 1.0:
            raise ValueError(
                f"probabilities must lie between 0 and 1, but {probability!r} was given."
            )
        tail = (1.0 - probability) / 2.0
        low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0)
        ax.fill_between(x, low, high, color=color, alpha=0.22, linewidth=0)
    line = draws if center is None else np.asarray(center, dtype=float).reshape(-1, len(x))
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
    """
    horizontal, vertical = (
        np.asarray(idata.posterior[v] if isinstance(v, str) else v) for v in (x, y)
    )
    diverging = divergent_draws(idata)
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
