"""What is handed over, and what may be wrong with it: text for numbers, gaps, infinities, a wrong range.

NumPy shows what a masked array hides, and does not know the `NA` of pandas; one NaN among the numbers
turns a posterior into NaN, or stops every chain, without a word. So arrays are read here, where a gap
becomes NaN, and NaN and infinity become an error that names the argument.
"""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "as_array",
    "callable_value",
    "finite_array",
    "flag",
    "generator",
    "positive",
    "positive_whole",
    "probability",
]


def as_array(name: str, values: Any) -> np.ndarray:
    """Return numbers or truth values as a plain array, with NaN for each gap.

    Parameters
    ----------
    name : str
        The argument's name, for messages.
    values : array_like
        Also a masked array, a pandas object or a nested list, whose masked values, `NA` and `None`
        are the gaps.

    Returns
    -------
    numpy.ndarray
        Of the type that `values` have, or of floats if there are gaps.

    Raises
    ------
    TypeError
        If `values` are no real numbers.
    """
    try:
        array = np.asarray(values)
        gaps = np.ma.getmaskarray(values) if np.ma.isMaskedArray(values) else np.False_
        if array.dtype == object:
            gaps = gaps | pd.isna(array)
            array = np.where(gaps, np.nan, array).astype(float)
        elif np.any(gaps):
            array = np.where(gaps, np.nan, array)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be an array of numbers, but is none: {error}.") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must be an array of numbers, but its type is {array.dtype}.")
    return array


def finite_array(name: str, values: Any) -> np.ndarray:
    """Return numbers as a plain array, all of them finite.

    Parameters
    ----------
    name, values
        As in `as_array`.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    TypeError
        If `values` are no real numbers.
    ValueError
        If any of them is missing, NaN or infinite; the message says how many, and where the first is.
    """
    array = as_array(name, values)
    bad = ~np.isfinite(array)
    if bad.any():
        count = int(bad.sum())
        where = [int(index) for index in np.argwhere(bad)[0]]
        place = f", the first at index {where[0] if array.ndim == 1 else tuple(where)}"
        raise ValueError(
            f"{name} must be finite, but {count} of its {array.size} values "
            f"{'is' if count == 1 else 'are'} missing (NaN) or infinite{place if where else ''}."
        )
    return array


def positive_whole(name: str, value: Any) -> None:
    """Raise `ValueError`, with the name of the argument, unless its value is a whole number of at least 1."""
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < 1:
        raise ValueError(f"{name} must be a positive whole number, but {value!r} was given.")


def positive(name: str, value: Any) -> None:
    """Raise `ValueError`, with the name of the argument, unless its value is a positive number."""
    if isinstance(value, bool) or not isinstance(value, Real) or not float(value) > 0.0:
        raise ValueError(f"{name} must be a positive number, but {value!r} was given.")


def probability(name: str, value: Any) -> None:
    """Raise `ValueError`, with the name of the argument, unless its value lies between 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0.0 < float(value) < 1.0:
        raise ValueError(f"{name} must lie between 0 and 1, but {value!r} was given.")


def flag(name: str, value: Any) -> None:
    """Raise `TypeError`, with the name of the argument, unless its value is a truth value."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, but {value!r} was given.")


def callable_value(name: str, value: Any) -> None:
    """Raise `TypeError`, with the name of the argument, unless its value can be called."""
    if not callable(value):
        raise TypeError(f"{name} must be a function, but {value!r} was given.")


def generator(name: str, seed: Any) -> np.random.Generator:
    """Return the random numbers of a seed, or raise `ValueError` with the name of the argument.

    A seed is a whole number that is not negative, a list of them, or a generator. None is refused: a run
    without a seed cannot be repeated.
    """
    try:
        if seed is None or isinstance(seed, (bool, np.bool_)):
            raise TypeError("this is no seed")
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be a whole number that is not negative, or a numpy.random.Generator, but "
            f"{seed!r} was given."
        ) from error
