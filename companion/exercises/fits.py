"""The questions a check asks of a fit, from either library.

Values are compared with posteriors in Monte Carlo standard errors (MCSE), and only after the chains
have been found long enough for that error to mean something.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
import math
from typing import Any

from companion.exercises.answers import LIMIT, Unusable, has, require
from companion.inputs import as_array, callable_value
import numpy as np

__all__ = [
    "agrees",
    "bfmi",
    "converged",
    "count_rows",
    "divergences",
    "draws",
    "effective_sample_size",
    "estimate",
    "has_variable",
    "is_healthy",
    "posterior_mean",
    "reference",
    "rhat",
    "same_mean",
    "with_variable",
]

LEAST_ESS = 400
LARGEST_RHAT = 1.01


def _group(name: str, idata: Any, group: str) -> Any:
    """Return a group of a DataTree, or raise `Unusable`."""
    children = getattr(idata, "children", None) if has(idata, "children") else None
    if not isinstance(children, Mapping):
        fit = "Pass a fit: what `pm.sample(...)` or `sample_tfp(...)` returns."
        raise Unusable(name, idata, instead=fit)
    if group not in children:
        raise Unusable(
            name,
            idata,
            f"without the group '{group}'",
            "Pass all that `pm.sample(...)` or `sample_tfp(...)` returns.",
        )
    return idata[group]


def has_variable(name: str, idata: Any, variable: str) -> bool:
    """Return whether the posterior of a fit has a variable of that name."""
    return variable in _group(name, idata, "posterior").data_vars


def with_variable(name: str, idata: Any, variable: str, formula: Callable[[Any], Any]) -> Any:
    """Return a fit with a variable that follows from others, unless it has it already.

    A model of TFP returns what it samples and nothing that is computed from it.

    Parameters
    ----------
    name : str
        Name of the answer.
    idata : DataTree
        The answer: a fit.
    variable : str
        Name of the variable.
    formula : callable
        From the posterior, a dataset, to the variable.

    Returns
    -------
    DataTree
    """
    callable_value("formula", formula)
    posterior = _group(name, idata, "posterior").to_dataset()
    if variable in posterior.data_vars:
        return idata
    tree = idata.copy()
    tree["posterior"] = type(tree)(posterior.assign({variable: formula(posterior)}))
    return tree


def _numbers(shape: tuple[int, ...]) -> str:
    """Return how many numbers there are in one draw, in words."""
    return f"{' x '.join(map(str, shape))} numbers" if shape else "one number"


def draws(
    name: str, idata: Any, *variables: str, shape: tuple[int, ...] | None = None
) -> np.ndarray:
    """Return the posterior draws of the first of some variables that is there.

    Parameters
    ----------
    name : str
        Name of the answer.
    idata : DataTree
        The answer: a fit.
    *variables : str
        Accepted names of the variable, the preferred one first.
    shape : tuple of int, optional
        What one draw must consist of, `()` if it is one number; by default anything.

    Returns
    -------
    numpy.ndarray, shape (chain, draw, ...)

    Raises
    ------
    Unusable
        If there is no such variable, it has missing values, or its draws have another shape.
    """
    posterior = _group(name, idata, "posterior")
    for variable in variables:
        if variable in posterior.data_vars:
            values = posterior[variable].transpose("chain", "draw", ...).to_numpy()
            if values.dtype.kind not in "biuf":
                raise Unusable(
                    name, idata, f"whose variable '{variable}' does not consist of real numbers"
                )
            if not np.isfinite(values).all():
                raise Unusable(
                    name, idata, f"whose variable '{variable}' has values that are not finite"
                )
            if shape not in (None, values.shape[2:]):
                wanted, found = _numbers(shape), _numbers(values.shape[2:])
                raise Unusable(
                    name, idata, f"where `{variable}` should be {wanted} in each draw, not {found}"
                )
            return values.astype(float) if values.dtype.kind == "b" else values
    found = ", ".join(map(str, posterior.data_vars))
    raise Unusable(
        name,
        idata,
        f"but its posterior has no variable '{variables[0]}', only {found}",
        f"What the sampler did not return can be added: `fit.posterior['{variables[0]}'] = ...`.",
    )


def divergences(name: str, idata: Any) -> int:
    """Return the number of divergent transitions of a fit, over all chains.

    One of which the record is not a number counts: nobody knows that it did not diverge.
    """
    statistics = _group(name, idata, "sample_stats")
    if "diverging" not in statistics.data_vars:
        raise Unusable(name, idata, "whose sample_stats do not record divergences")
    return int((statistics["diverging"] != 0).sum())


def bfmi(name: str, idata: Any) -> float:
    """Return the smallest E-BFMI over the chains of a fit; all energies must be finite."""
    import arviz as az

    statistics = _group(name, idata, "sample_stats")
    if "energy" not in statistics.data_vars:
        raise Unusable(name, idata, "whose sample_stats do not record the energy")
    if not np.isfinite(statistics["energy"].to_numpy()).all():
        raise Unusable(name, idata, "whose energies are not all finite")
    return float(az.bfmi(idata)["energy"].min())


def _one_quantity(name: str, values: np.ndarray) -> np.ndarray:
    """Return draws of shape (chain, draw), or raise an error that names the argument."""
    array = as_array(name, values)
    if array.ndim != 2:
        raise ValueError(f"{name} must have the shape (chain, draw), but has {array.shape}.")
    return array


def effective_sample_size(values: np.ndarray) -> float:
    """Return the bulk ESS of draws of one quantity, of shape (chain, draw)."""
    import arviz as az

    values = _one_quantity("values", values)
    return float(az.ess(values, method="bulk", chain_axis=0, draw_axis=1))


def rhat(values: np.ndarray) -> float:
    """Return the rank-normalized split R-hat of draws of one quantity, of shape (chain, draw)."""
    import arviz as az

    values = _one_quantity("values", values)
    return float(az.rhat(values, chain_axis=0, draw_axis=1))


def converged(
    name: str,
    variable: str,
    values: np.ndarray,
    least_ess: float = LEAST_ESS,
    largest_rhat: float = LARGEST_RHAT,
) -> None:
    """Ask whether chains are long enough, and agree, before their mean is looked at.

    Parameters
    ----------
    name : str
        Name of the answer.
    variable : str
        Name of the variable, for the hints.
    values : numpy.ndarray, shape (chain, draw)
        Its draws.
    least_ess, largest_rhat : float
        Limits for the bulk ESS and the rank-normalized R-hat.

    Raises
    ------
    Miss
        `"chains-disagree"` or `"chains-too-short"`.
    Unusable
        If there are fewer than two chains or four draws.
    """
    if values.ndim != 2:
        found = _numbers(values.shape[2:])
        reason = f"where `{variable}` should be one number in each draw, not {found}"
        raise Unusable(name, values, reason)
    if values.shape[0] < 2 or values.shape[1] < 4:
        counts = f"{values.shape[0]} chain{'s' * (values.shape[0] != 1)} of {values.shape[1]} draws"
        raise Unusable(
            name,
            values,
            f"where `{variable}` has {counts}",
            "Use 4 chains: one alone cannot show that it is right.",
        )
    agreement, ess = rhat(values), effective_sample_size(values)
    require(
        agreement <= largest_rhat,
        "chains-disagree",
        f"Before comparing means: do the chains of `{variable}` in `{name}` agree with each other?",
        f"R-hat of `{variable}` is {agreement:.3f}, more than {largest_rhat:g}. Look at the traces: a longer "
        "warm-up, a higher `target_accept` or another parameterization may be needed.",
    )
    require(
        ess >= least_ess,
        "chains-too-short",
        f"Before comparing means: how much does one draw of `{variable}` in `{name}` tell about the next?",
        f"The bulk ESS of `{variable}` is {ess:.0f}, less than {least_ess:g}. Take more draws, or sample better.",
    )


def estimate(values: np.ndarray) -> tuple[float, float]:
    """Return the mean of draws of shape (chain, draw), and its Monte Carlo standard error."""
    import arviz as az

    values = _one_quantity("values", values)
    return float(values.mean()), float(az.mcse(values, method="mean", chain_axis=0, draw_axis=1))


def agrees(values: np.ndarray, mean: float, mcse: float = 0.0) -> bool:
    """Return whether draws of one quantity have a given mean, within 5 MCSE of the difference."""
    found, error = estimate(values)
    return abs(found - mean) <= LIMIT * math.hypot(error, mcse)


def is_healthy(values: np.ndarray) -> bool:
    """Return whether chains of one quantity are long enough and agree; see `converged`."""
    return rhat(values) <= LARGEST_RHAT and effective_sample_size(values) >= LEAST_ESS


def posterior_mean(
    name: str,
    idata: Any,
    variable: str,
    reference_mean: float,
    reference_mcse: float = 0.0,
    *,
    key: str,
    hint: str,
    second_hint: str,
) -> float:
    """Compare a posterior mean with a reference, in Monte Carlo standard errors.

    Parameters
    ----------
    name : str
        Name of the answer.
    idata : DataTree
        The answer: a fit.
    variable : str
        Name of a scalar variable.
    reference_mean, reference_mcse : float
        Mean of the reference posterior and its MCSE; 0 for a closed form.
    key, hint, second_hint : str
        See `Miss`: what to say if the means differ by more than 5 MCSE of the difference.

    Returns
    -------
    float
        The posterior mean.

    Raises
    ------
    Miss
        If the chains are too short or disagree, or if the mean is wrong.
    """
    values = draws(name, idata, variable)
    converged(name, variable, values)
    require(agrees(values, reference_mean, reference_mcse), key, hint, second_hint)
    return float(values.mean())


def reference(name: str) -> Any:
    """Return a reference posterior; see `companion.posteriors.reference`, which is slow to import."""
    from companion.posteriors import reference

    return reference(name)


def same_mean(first: np.ndarray, second: np.ndarray) -> bool:
    """Return whether two sets of draws, each (chain, draw), agree in mean within 5 MCSE."""
    first, second = _one_quantity("first", first), _one_quantity("second", second)
    (mean_1, mcse_1), (mean_2, mcse_2) = estimate(first), estimate(second)
    return abs(mean_1 - mean_2) <= LIMIT * math.hypot(mcse_1, mcse_2)


def count_rows(idata: Any) -> int | None:
    """Return the number of observations a fit says it was made from, or None if it does not say."""
    if "observed_data" not in getattr(idata, "children", {}):
        return None
    return max(
        (int(values.size) for values in idata["observed_data"].data_vars.values()), default=None
    )
