"""The questions a check asks of an answer.

Two ways to leave a check: `Miss` says that the answer is wrong in a way the check recognizes, and
brings two hints; `Unusable` says that the answer is not the kind of thing that was asked for.
Values are compared with posteriors in Monte Carlo standard errors (MCSE), and only after the chains
have been found long enough for that error to mean something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
from numbers import Real
from typing import Any

import numpy as np

__all__ = [
    "Miss",
    "Unusable",
    "agrees",
    "bfmi",
    "by_simulation",
    "choice",
    "close",
    "converged",
    "count_rows",
    "describe",
    "describe_error",
    "divergences",
    "draws",
    "effective_sample_size",
    "estimate",
    "has_variable",
    "is_healthy",
    "number",
    "numbers",
    "posterior_mean",
    "reference",
    "require",
    "rhat",
    "same_mean",
    "share",
    "truth",
    "whole",
]

LIMIT = 5.0
# What an answer may raise when it is looked at: a learner's object or function can even call `exit`.
FAILURES = (Exception, SystemExit)
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
    instead : str, optional
        A sentence that says what to do or to pass instead.
    """

    def __init__(self, name: str, value: Any, reason: str = "", instead: str = "") -> None:
        found = f"`{name}` is {describe(value)}{f', {reason}' if reason else ''}."
        super().__init__(f"{found} {instead}".strip())
        self.name = name


# Longer texts in a message hide what it says.
_LONGEST = 200


def describe_error(error: BaseException) -> str:
    """Return the kind and the text of an error, even of one that cannot be printed."""
    kind = type(error).__name__
    try:
        text = str(error)
    except FAILURES:
        return kind
    return f"{kind}: {text[:_LONGEST]}" if text else kind


def describe(value: Any) -> str:
    """Say in a few words what a value is; never raise.

    Parameters
    ----------
    value
        Anything.

    Returns
    -------
    str
        For example "the text 'cauchy'" or "an array of shape (4, 1000)".
    """
    kind = type(value).__name__
    named = f"{'an' if kind[:1].lower() in tuple('aeiou') else 'a'} {kind}"
    try:
        if isinstance(value, str):
            return f"the text {value[:40]!r}"
        if value is None or isinstance(value, (bool, np.bool_, Real)):
            text = f"{value}"
            return text if len(text) <= 40 else f"{text[:20]}... ({named})"
        if isinstance(getattr(value, "children", None), Mapping):
            return f"{named} with the groups {', '.join(value.children) or '(none)'}"[:_LONGEST]
        if hasattr(value, "shape"):
            return f"{named} of shape {tuple(value.shape)}"[:_LONGEST]
        if isinstance(value, (list, tuple, set, dict)):
            return f"{named} of {len(value)}"
    except FAILURES:  # an object that fails when it is looked at
        pass
    return named


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


def _has(value: Any, *names: str) -> bool:
    """Whether a value has one of some attributes; an object that fails at the question has none."""
    try:
        return any(hasattr(value, name) for name in names)
    except FAILURES:
        return False


def _instead_of(value: Any) -> str:
    """Say what to do with a value to get a number from it."""
    if isinstance(value, str):
        return "Write the number without quotation marks."
    if _has(value, "children"):
        return "That is a fit: compute the number from its draws."
    if _has(value, "owner", "free_RVs", "sample_distributions"):
        return (
            "That is a part of a model: evaluate it, or compute the number from the draws of a fit."
        )
    if callable(value):
        return "Call it, and pass what it returns."
    if _has(value, "shape", "__len__", "__iter__"):
        return "One number is asked for. Is it the mean of these, or one of them?"
    return ""


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
    try:
        one = (
            np.asarray(value).item() if getattr(value, "shape", None) and value.size == 1 else value
        )
        one = one.item() if getattr(one, "shape", None) == () else one
        result = (
            float(one) if isinstance(one, Real) and not isinstance(one, bool | np.bool_) else None
        )
    except FAILURES:
        result = None
    if result is None:
        raise Unusable(name, value, instead=_instead_of(value))
    if not math.isfinite(result):
        reason = "which is not a finite number"
        raise Unusable(name, value, reason, "Look for the step that it first appears in.")
    return result


def whole(name: str, value: Any) -> int:
    """Return an answer as a whole number; see `number`."""
    result = number(name, value)
    if not result.is_integer():
        raise Unusable(name, value, "which is not a whole number")
    return int(result)


def share(name: str, value: Any) -> float:
    """Return an answer that must lie between 0 and 1, a share or a probability; see `number`.

    Raises
    ------
    Miss
        `"percent"` if it looks like a percentage or a count, `"not-a-share"` if it is negative.
    """
    result = number(name, value)
    require(
        result <= 1.0,
        "percent",
        f"Between which two numbers does `{name}` have to lie?",
        f"`{name}` is asked for as a number between 0 and 1. Yours, {result:g}, looks like per cent or like a count: "
        "divide.",
    )
    require(
        result >= 0.0,
        "not-a-share",
        f"Can `{name}` be negative?",
        f"`{name}` lies between 0 and 1. Did you take a logarithm, or subtract the wrong way round?",
    )
    return result


def numbers(
    name: str, value: Any, size: int | None = None, least: int = 1, ndim: int = 1
) -> np.ndarray:
    """Return an answer as an array of finite numbers.

    Parameters
    ----------
    name : str
        Name of the answer.
    value
        The answer: a list, an array, a series, the values of a dictionary.
    size, least : int
        How many numbers it must have: exactly `size`, or at least `least`.
    ndim : int
        Its number of dimensions.

    Returns
    -------
    numpy.ndarray of float

    Raises
    ------
    Unusable
        If it is something else.
    """
    wanted = f"{size} numbers" if size is not None else f"at least {least} numbers"
    try:
        if isinstance(value, Mapping):
            value = list(value.values())
        array = np.asarray(value)
        array = array.astype(float) if array.dtype.kind in "fiuO" else None
    except FAILURES:
        array = None
    if array is None or array.ndim != ndim:
        raise Unusable(name, value, instead=f"Pass a list or an array of {wanted}.")
    if array.size != size if size is not None else array.size < least:
        raise Unusable(name, value, f"where {wanted} are expected")
    if not np.isfinite(array).all():
        raise Unusable(name, value, "with values that are not finite numbers")
    return array


def truth(name: str, value: Any) -> bool:
    """Return an answer as True or False, or raise `Unusable`."""
    if not isinstance(value, (bool, np.bool_)):
        raise Unusable(name, value, instead="Pass True or False, without quotation marks.")
    return bool(value)


def choice(name: str, value: Any, options: Sequence[str]) -> str:
    """Return an answer that must be one of a few words, in lower case, or raise `Unusable`."""
    word = " ".join(str.lower(value).split()) if isinstance(value, str) else None
    if word not in options:
        raise Unusable(name, value, f"not one of {', '.join(map(repr, options))}")
    return word


def close(value: float, target: float, tolerance: float) -> bool:
    """Return whether two numbers differ by at most a tolerance (absolute)."""
    return bool(abs(value - target) <= tolerance)


def by_simulation(value: float, probability: float, draws: int = 100_000) -> bool:
    """Return whether a share agrees with a probability within the error of a simulation.

    Parameters
    ----------
    value : float
        The share, exact or from independent draws.
    probability : float
        The exact probability.
    draws : int
        The number of draws that the learner should take at least. The tolerance is five standard
        errors of their share, so that a right simulation is refused once in two million.

    Returns
    -------
    bool
        False as well if the share is 0 and the probability is not: then more draws are needed.
    """
    error = math.sqrt(probability * (1.0 - probability) / draws)
    return close(value, probability, LIMIT * error) and (value > 0.0 or probability == 0.0)


# --- Posteriors -----------------------------------------------------------------------------------


def _group(name: str, idata: Any, group: str) -> Any:
    """Return a group of a DataTree, or raise `Unusable`."""
    children = getattr(idata, "children", None) if _has(idata, "children") else None
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
    raise Unusable(
        name,
        idata,
        f"but its posterior has no variable '{variables[0]}', only {found}",
        f"What the sampler did not return can be added: `fit.posterior['{variables[0]}'] = ...`.",
    )


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
    if values.ndim != 2:
        shape = " x ".join(map(str, values.shape[2:]))
        reason = f"where `{variable}` should be one number in each draw, not {shape}"
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
    (mean_1, mcse_1), (mean_2, mcse_2) = estimate(first), estimate(second)
    return abs(mean_1 - mean_2) <= LIMIT * math.hypot(mcse_1, mcse_2)


def count_rows(idata: Any) -> int | None:
    """Return the number of observations a fit says it was made from, or None if it does not say."""
    if "observed_data" not in getattr(idata, "children", {}):
        return None
    return max(
        (int(values.size) for values in idata["observed_data"].data_vars.values()), default=None
    )
