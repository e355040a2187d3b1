"""The single numbers of a posterior, and what is computed of each before it is judged.

A variable is too coarse to judge. A correlation matrix has ones on its diagonal, which never change,
beside correlations that do; a vector may have one component that has not converged. So `scalars_of`
takes a posterior apart into scalars, each with the name that ArviZ gives it (`theta[A]`). Booleans count
as 0 and 1.

The statistics are ArviZ's. Of a scalar with a draw that is infinite or not a number there is none: all of
them are NaN then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import rankdata
from xarray import DataArray, DataTree

__all__ = [
    "TAIL",
    "Scalars",
    "as_names",
    "listed",
    "nearest",
    "real_draws",
    "scalars_of",
]

# Tail ESS is the smaller of the ESS of the 5 % and the 95 % quantile, as in Vehtari et al. (2021).
# ArviZ 1.3 takes the 11 % and the 89 % quantile unless it is told.
TAIL = (0.05, 0.95)

# The correlation of a variable with itself is 1 up to rounding. A spread of this many units in the last
# place is no spread.
ROUNDING = 8

AXES = {"chain_axis": 1, "draw_axis": 2}  # of draws of the shape (scalar, chain, draw)


@dataclass(frozen=True, eq=False)
class Scalars:
    """The draws of single numbers, and their statistics, each computed when it is first asked for.

    Attributes
    ----------
    names : tuple of str
        `mu`, `theta[A]`, ..., in the order of the posterior. Repeated labels give repeated names.
    variables : tuple of str
        The variable that each belongs to.
    draws : numpy.ndarray of float, shape (scalar, chain, draw)
        NaN throughout for a scalar with a draw that is infinite or not a number.
    constant : numpy.ndarray of bool, shape (scalar,)
        Which never change, but for rounding.
    dims : dict of str to tuple of str
        The dimensions of each variable besides chain and draw.
    """

    names: tuple[str, ...]
    variables: tuple[str, ...]
    draws: np.ndarray
    constant: np.ndarray
    dims: dict[str, tuple[str, ...]]

    def take(self, positions: Sequence[int]) -> Scalars:
        """Return the scalars at some positions."""
        return Scalars(
            tuple(self.names[i] for i in positions),
            tuple(self.variables[i] for i in positions),
            self.draws[positions],
            self.constant[positions],
            self.dims,
        )

    def _of_varying(self, statistic: Callable[[np.ndarray], np.ndarray], fill: float) -> np.ndarray:
        """Return a statistic of those that vary, and a number for constants."""
        values = np.full(len(self.names), fill)
        if not self.constant.all():
            values[~self.constant] = statistic(self.draws[~self.constant])
        return values

    @cached_property
    def _halves(self) -> np.ndarray:
        """The draws of those that vary, each chain cut in two."""
        draws = self.draws[~self.constant]
        length = draws.shape[2]
        first, second = draws[..., : length // 2], draws[..., length - length // 2 :]
        return np.concatenate([first, second], axis=1)

    @cached_property
    def _scores(self) -> np.ndarray:
        """The halves, rank-normalized. R-hat and bulk ESS both begin with them, and sorting is slow."""
        return _normal_scores(self._halves)

    @cached_property
    def rhat(self) -> np.ndarray:
        """Rank-normalized split R-hat, shape (scalar,): the larger of those of location and of scale.

        It is that of `arviz.rhat`; NaN for constants, for a single chain, and for chains of fewer than
        eight draws.
        """
        import arviz as az

        def larger(draws: np.ndarray) -> np.ndarray:
            if draws.shape[1] < 2 or draws.shape[2] < 8:
                return np.full(len(draws), np.nan)
            location = az.rhat(self._scores, method="identity", **AXES)
            folded = np.abs(self._halves - np.median(self._halves, axis=(1, 2), keepdims=True))
            # A 0/1 variable whose median is 1/2 has no scale: folded, it is constant.
            has_scale = np.ptp(folded, axis=(1, 2)) != 0.0
            scale = np.full(len(draws), -np.inf)
            scores = _normal_scores(folded[has_scale])
            scale[has_scale] = az.rhat(scores, method="identity", **AXES)
            return np.maximum(location, scale)

        return self._of_varying(larger, np.nan)

    @cached_property
    def bulk_ess(self) -> np.ndarray:
        """ESS of the ranks, shape (scalar,), as `arviz.ess`; NaN for constants."""
        import arviz as az

        return self._of_varying(
            lambda _: az.ess(self._scores, method="identity", **AXES), fill=np.nan
        )

    @cached_property
    def tail_ess(self) -> np.ndarray:
        """ESS of the quantiles in `TAIL`, whichever is smaller, shape (scalar,), as `arviz.ess`."""
        import arviz as az

        def smaller(draws: np.ndarray) -> np.ndarray:
            known = np.isfinite(draws).all(axis=(1, 2))
            ess = np.full((len(TAIL), len(draws)), np.nan)
            for row, quantile in zip(
                ess, np.quantile(draws[known], TAIL, axis=(1, 2)), strict=True
            ):
                below = self._halves[known] <= quantile[:, np.newaxis, np.newaxis]
                row[known] = az.ess(below.astype(float), method="identity", **AXES)
            return ess.min(axis=0)

        return self._of_varying(smaller, np.nan)

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Mean and sd with their Monte Carlo standard errors, a row for each scalar.

        The columns are `mean`, `sd`, `mcse_mean` and `mcse_sd`, the last three 0 for constants.
        """
        import arviz as az

        def error(kind: str) -> np.ndarray:
            return self._of_varying(lambda draws: az.mcse(draws, method=kind, **AXES), fill=0.0)

        def sd(draws: np.ndarray) -> np.ndarray:
            several = draws[0].size > 1
            return draws.std(axis=(1, 2), ddof=1) if several else np.full(len(draws), np.nan)

        return pd.DataFrame(
            {
                "mean": self.draws.mean(axis=(1, 2)),
                "sd": self._of_varying(sd, fill=0.0),
                "mcse_mean": error("mean"),
                "mcse_sd": error("sd"),
            },
            index=list(self.names),
        )


def _normal_scores(draws: np.ndarray) -> np.ndarray:
    """Rank-normalize the draws of each scalar, as Vehtari et al. (2021) do, by the scores of Blom."""
    scalars, chains, length = draws.shape
    ranks = rankdata(draws.reshape(scalars, chains * length), axis=1).reshape(draws.shape)
    return ndtri((ranks - 3 / 8) / (chains * length + 1 / 4))


def listed(names: Iterable[object], most: int = 8) -> str:
    """Return names as part of a sentence; of a long list only the first, and how many there are."""
    texts = [str(name) for name in names]
    if len(texts) <= most:
        return ", ".join(texts)
    return f"{', '.join(texts[: most - 1])}, ... ({len(texts)} in all)"


def nearest(word: str, known: Iterable[object]) -> str:
    """Return a question that names what may have been meant, or nothing."""
    names = {str(name).lower(): name for name in known}
    close = get_close_matches(word.lower(), names, n=1)
    return f" Is {names[close[0]]!r} meant?" if close else ""


def real_draws(variable: DataArray, owner: str) -> np.ndarray:
    """Return the draws of a variable as real numbers, chains first.

    Parameters
    ----------
    variable : DataArray
        With dimensions chain and draw, in any order, and perhaps others.
    owner : str
        Where it is from, for messages: `"the posterior of idata"`.

    Returns
    -------
    numpy.ndarray of float, shape (chain, draw, ...)

    Raises
    ------
    TypeError
        If they are not real numbers.
    ValueError
        If it has no chains or draws.
    """
    if missing := [dim for dim in ("chain", "draw") if dim not in variable.dims]:
        raise ValueError(
            f"{owner} must have the dimensions chain and draw, but {variable.name!r} has "
            f"({', '.join(map(str, variable.dims))}), without {' and '.join(missing)}."
        )
    if variable.dtype.kind not in "biuf":
        raise TypeError(
            f"{owner} must hold real numbers, but {variable.name!r} is of the type {variable.dtype}."
        )
    chains, draws = variable.sizes["chain"], variable.sizes["draw"]
    if not chains * draws:
        raise ValueError(
            f"{owner} must have draws, but {variable.name!r} has {chains} chains of {draws} draws."
        )
    return variable.transpose("chain", "draw", ...).to_numpy().astype(float)


def as_names(var_names: str | Iterable[str] | None) -> list[str] | None:
    """Return the variables that are asked for, each once, or None for all.

    Raises
    ------
    TypeError
        If `var_names` is neither a name nor several.
    ValueError
        If it is empty.
    """
    if var_names is None:
        return None
    names = [var_names] if isinstance(var_names, str) else var_names
    names = list(names) if isinstance(names, Iterable) else [names]
    if not all(isinstance(name, str) for name in names):
        raise TypeError(
            f"var_names must be a name or a list of names, but {var_names!r} was given."
        )
    if not names:
        raise ValueError("var_names must name at least one variable, but it is empty.")
    return list(dict.fromkeys(names))


def _names_of(variable: DataArray, dims: Sequence[str]) -> list[str]:
    """Return the name of each scalar of a variable, with its labels along some dimensions."""
    labels = [variable[dim].to_numpy() for dim in dims]
    names = []
    for index in np.ndindex(tuple(len(label) for label in labels)):
        inside = ", ".join(str(label[i]) for label, i in zip(labels, index, strict=True))
        names.append(f"{variable.name}[{inside}]" if dims else str(variable.name))
    return names


def _never_change(draws: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return which scalars never change. Of a single draw that cannot be said."""
    unit = np.finfo(dtype).eps if dtype.kind == "f" else 0.0
    size = np.abs(draws).max(axis=(1, 2))
    return (np.ptp(draws, axis=(1, 2)) <= ROUNDING * unit * size) & (draws[:1].size != 1)


def scalars_of(
    idata: DataTree, var_names: str | Sequence[str] | None = None, *, argument: str = "idata"
) -> Scalars:
    """Take the posterior of a fit apart.

    Parameters
    ----------
    idata : DataTree
        Fit with a `posterior` group of dimensions `(chain, draw, ...)`.
    var_names : str or sequence of str, optional
        Variables to take; all by default.
    argument : str
        What the caller's own caller calls the fit, for messages.

    Returns
    -------
    Scalars

    Raises
    ------
    TypeError
        If `idata` is not a DataTree, or a variable does not hold real numbers.
    ValueError
        If there is no posterior, no draw, no such variable or no number, or a variable lacks the
        dimension chain or draw.
    """
    if not isinstance(idata, DataTree):
        raise TypeError(
            f"{argument} must be a DataTree with a posterior group, as pm.sample and sample_tfp return "
            f"it, but an object of the type {type(idata).__name__} was given. "
            "arviz.convert_to_datatree makes one of many things."
        )
    if "posterior" not in idata.children:
        raise ValueError(
            f"{argument} must be a DataTree with a posterior group, but it has "
            f"{f'only {listed(idata.children)}' if idata.children else 'no group at all'}."
        )
    posterior = idata.children["posterior"].to_dataset()
    owner = f"the posterior of {argument}"
    if not posterior.data_vars:
        raise ValueError(f"{owner} must hold variables, but there is none.")
    known, asked_for = list(posterior.data_vars), as_names(var_names)
    if unknown := [name for name in asked_for or () if name not in known]:
        raise ValueError(
            f"var_names must name variables of {owner}, but {listed(unknown)} is none of "
            f"{listed(known)}.{nearest(unknown[0], known)}"
        )
    names, variables, draws, constant, dims = [], [], [], [], {}
    for name in asked_for or known:
        variable = posterior[name]
        values = real_draws(variable, owner)
        own_dims = [str(dim) for dim in variable.dims if dim not in ("chain", "draw")]
        dims[str(name)] = tuple(own_dims)
        own_names = _names_of(variable, own_dims)
        values = np.moveaxis(values.reshape(*values.shape[:2], len(own_names)), -1, 0)
        values[~np.isfinite(values).all(axis=(1, 2))] = np.nan
        names += own_names
        variables += [str(name)] * len(own_names)
        draws.append(values)
        constant.append(_never_change(values, variable.dtype))
    if not names:
        raise ValueError(f"{owner} must hold numbers, but its variables are empty.")
    return Scalars(
        tuple(names),
        tuple(variables),
        np.ascontiguousarray(np.concatenate(draws)),
        np.concatenate(constant),
        dims,
    )
