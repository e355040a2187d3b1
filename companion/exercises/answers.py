"""The questions a check asks of an answer.

Two ways to leave a check: `Miss` says that the answer is wrong in a way the check recognizes, and
brings two hints; `Unusable` says that the answer is not the kind of thing that was asked for.
Values are compared with posteriors in Monte Carlo standard errors (MCSE), and only after the chains
have been found long enough for that error to mean something.
"""

from __future__ import annotations

from collections.abc import Sequence
import math
from numbers import Real
from typing import Any

import numpy as np

__all__ = [
    "Miss",
    "Unusable",
    "bfmi",
    "choice",
    "close",
    "converged",
    "count_rows",
    "describe",
    "divergences",
    "draws",
    "effective_sample_size",
    "estimate",
    "has_variable",
    "number",
    "posterior_mean",
    "require",
    "rhat",
    "same_mean",
    "truth",
    "whole",
]

LIMIT = 5.0
LEAST_ESS = 400
LARGEST_RHAT = 1.01


class Miss(Exception):
    """A wrong answer of a kind the check knows.

    Parameters
    ----------
    key : str
        Name of the misconception, for example `"one-sided-tail"`.
    hint, second_hint : str
        A nudge, and something more explicit.
    """

    def __init__(self, key: str, hint: str, second_hint: str) -> None:
        super().__init__(key)
        self.key = key
        self.hints = (hint, second_hint)


class Unusable(Exception):
    """An answer the check cannot work with.

    Parameters
    ----------
    name : str
        Name of the answer.
    value
        What was given.
    reason : str, optional
        What is wrong with it, if it is not simply the kind of value.
    """

    def __init__(self, name: str, value: Any, reason: str = "") -> None:
        super().__init__(f"`{name}` is {describe(value)}{f', {reason}' if reason else ''}.")
        self.name = name


def describe(value: Any) -> str:
    """Say in a few words what a value is.

    Parameters
    ----------
    value
        Anything.

    Returns
    -------
    str
        For example "the text 'cauchy'" or "an array of shape (4, 1000)".
    """
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if value is None or isinstance(value, (bool, np.bool_, Real)):
        return f"{value}"
    if hasattr(value, "children"):
        return f"a {type(value).__name__} with the groups {', '.join(value.children) or '(none)'}"
    if hasattr(value, "shape"):
        return f"a {type(value).__name__} of shape {tuple(value.shape)}"
    return f"a {type(value).__name__}"


def require(condition: Any, key: str, hint: str, second_hint: str) -> None:
    """Leave the check with a recognized mistake unless a condition holds.

    Parameters
    ----------
    condition : bool
        What must hold. NaN does not.
    key, hint, second_hint : str
        See `Miss`.

    Raises
    ------
    Miss
        If the condition does not hold.
    """
    if not condition or condition != condition:
        raise Miss(key, hint, second_hint)


def number(name: str, value: Any) -> float:
    """Return an answer as a finite float.

    Parameters
    ----------
    name : str
        Name of the answer.
    value
        The answer: a number, or an array with exactly one.

    Returns
    -------
    float

    Raises
    ------
    Unusable
        If it is no number, or not finite.
    """
    if hasattr(value, "shape") and getattr(value, "size", 0) == 1:
        value = np.asarray(value).item()
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise Unusable(name, value)
    if not math.isfinite(value):
        raise Unusable(name, value, "which is not a finite number")
    return float(value)


def whole(name: str, value: Any) -> int:
    """Return an answer as a whole number; see `number`."""
    result = number(name, value)
    if not result.is_integer():
        raise Unusable(name, value, "which is not a whole number")
    return int(result)


def truth(name: str, value: Any) -> bool:
    """Return an answer as True or False, or raise `Unusable`."""
    if not isinstance(value, (bool, np.bool_)):
        raise Unusable(name, value)
    return bool(value)


def choice(name: str, value: Any, options: Sequence[str]) -> str:
    """Return an answer that must be one of a few words, in lower case, or raise `Unusable`."""
    word = " ".join(value.lower().split()) if isinstance(value, str) else None
    if word not in options:
        raise Unusable(name, value, f"not one of {', '.join(map(repr, options))}")
    return word


def close(value: float, target: float, tolerance: float) -> bool:
    """Return whether two numbers differ by at most a tolerance (absolute)."""
    return bool(abs(value - target) <= tolerance)


# --- Posteriors -----------------------------------------------------------------------------------


def _group(name: str, idata: Any, group: str) -> Any:
    """Return a group of a DataTree, or raise `Unusable`."""
    if not hasattr(idata, "children") or group not in idata.children:
        raise Unusable(name, idata, f"without the group '{group}' of a fit")
    return idata[group]


def has_variable(name: str, idata: Any, variable: str) -> bool:
    """Return whether the posterior of a fit has a variable of that name."""
    return variable in _group(name, idata, "posterior").data_vars


def draws(name: str, idata: Any, *variables: str) -> np.ndarray:
    """Return the posterior draws of the first of some variables that is there.

    Parameters
    ----------
    name : str
        Name of the answer.
    idata : DataTree
        The answer: a fit.
    *variables : str
        Accepted names of the variable, the preferred one first.

    Returns
    -------
    numpy.ndarray, shape (chain, draw, ...)

    Raises
    ------
    Unusable
        If there is no such variable, or it has missing values.
    """
    posterior = _group(name, idata, "posterior")
    for variable in variables:
        if variable in posterior.data_vars:
            values = posterior[variable].transpose("chain", "draw", ...).to_numpy()
            if not np.isfinite(values).all():
                raise Unusable(
                    name, idata, f"whose variable '{variable}' has values that are not finite"
                )
            return values
    found = ", ".join(map(str, posterior.data_vars))
    raise Unusable(name, idata, f"but its posterior has no variable '{variables[0]}', only {found}")


def divergences(name: str, idata: Any) -> int:
    """Return the number of divergent transitions of a fit, over all chains."""
    statistics = _group(name, idata, "sample_stats")
    if "diverging" not in statistics.data_vars:
        raise Unusable(name, idata, "whose sample_stats do not record divergences")
    return int(statistics["diverging"].sum())


def bfmi(name: str, idata: Any) -> float:
    """Return the smallest E-BFMI over the chains of a fit."""
    import arviz as az

    if "energy" not in _group(name, idata, "sample_stats").data_vars:
        raise Unusable(name, idata, "whose sample_stats do not record the energy")
    return float(az.bfmi(idata)["energy"].min())


def effective_sample_size(values: np.ndarray) -> float:
    """Return the bulk ESS of draws of one quantity, of shape (chain, draw)."""
    import arviz as az

    return float(az.ess(values, method="bulk", chain_axis=0, draw_axis=1))


def rhat(values: np.ndarray) -> float:
    """Return the rank-normalized split R-hat of draws of one quantity, of shape (chain, draw)."""
    import arviz as az

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
    if values.ndim != 2 or values.shape[0] < 2 or values.shape[1] < 4:
        shape = " x ".join(map(str, values.shape))
        raise Unusable(
            name, values, f"where `{variable}` should be one number in several chains, not {shape}"
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

    return float(values.mean()), float(az.mcse(values, method="mean", chain_axis=0, draw_axis=1))


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
    mean, mcse = estimate(values)
    distance = abs(mean - reference_mean) / math.hypot(mcse, reference_mcse)
    require(distance <= LIMIT, key, hint, second_hint)
    return mean


def same_mean(first: np.ndarray, second: np.ndarray) -> bool:
    """Return whether two sets of draws, each (chain, draw), agree in mean within 5 MCSE."""
    (mean_1, mcse_1), (mean_2, mcse_2) = estimate(first), estimate(second)
    return abs(mean_1 - mean_2) <= LIMIT * math.hypot(mcse_1, mcse_2)


def count_rows(idata: Any) -> int | None:
    """Return the number of observations a fit says it was made from, or None if it does not say."""
    if "observed_data" not in getattr(idata, "children", {}):
        return None
    return max(
        (int(values.size) for values in idata["observed_data"].data_vars.values()), default=None
    )
