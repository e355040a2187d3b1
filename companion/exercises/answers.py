"""The questions a check asks of an answer: is it a number, a share, one of these words?

Two ways to leave a check: `Miss` says that the answer is wrong in a way the check recognizes, and
brings two hints; `Unusable` says that the answer is not the kind of thing that was asked for.
What is asked of a fit is in `companion.exercises.fits`.
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
    "by_simulation",
    "choice",
    "close",
    "describe",
    "describe_error",
    "has",
    "number",
    "numbers",
    "require",
    "share",
    "truth",
    "whole",
]

LIMIT = 5.0
# What an answer may raise when it is looked at: a learner's object or function can even call `exit`.
FAILURES = (Exception, SystemExit)


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


def has(value: Any, *names: str) -> bool:
    """Whether a value has one of some attributes; an object that fails at the question has none."""
    try:
        return any(hasattr(value, name) for name in names)
    except FAILURES:
        return False


def _instead_of(value: Any) -> str:
    """Say what to do with a value to get a number from it."""
    if isinstance(value, str):
        return "Write the number without quotation marks."
    if has(value, "children"):
        return "That is a fit: compute the number from its draws."
    if has(value, "owner", "free_RVs", "sample_distributions"):
        return (
            "That is a part of a model: evaluate it, or compute the number from the draws of a fit."
        )
    if callable(value):
        return "Call it, and pass what it returns."
    if has(value, "shape", "__len__", "__iter__"):
        return "One number is asked for. Is it the mean of these, or one of them?"
    return ""


def _only(value: Any) -> Any:
    """Return what an array, a series or a NumPy scalar of exactly one value holds; anything else as it is.

    What is masked has no value.
    """
    try:
        if np.ma.isMaskedArray(value) and np.ma.getmaskarray(value).any():
            return value
        one = (
            np.asarray(value).item() if getattr(value, "shape", None) and value.size == 1 else value
        )
        return one.item() if getattr(one, "shape", None) == () else one
    except FAILURES:
        return value


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
    one = _only(value)
    try:
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
        if np.ma.isMaskedArray(value):
            value = np.ma.filled(value.astype(float), np.nan)
        given = np.asarray(value)
        array = given.astype(float) if given.dtype.kind in "fiuO" else None
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
    """Return an answer as True or False, also from an array with exactly one, or raise `Unusable`."""
    one = _only(value)
    if not isinstance(one, (bool, np.bool_)):
        raise Unusable(name, value, instead="Pass True or False, without quotation marks.")
    return bool(one)


def choice(name: str, value: Any, options: Sequence[str]) -> str:
    """Return an answer that must be one of a few words, in lower case, or raise `Unusable`.

    An array with exactly one word, such as `idxmax` of xarray returns, counts as the word.
    """
    one = _only(value)
    word = " ".join(str.lower(one).split()) if isinstance(one, str) else None
    if word is None or word not in options:
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
