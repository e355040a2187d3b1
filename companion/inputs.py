"""Arrays and counts that are handed over, and what may be wrong with them: text, gaps, infinities.

NumPy shows what a masked array hides, and does not know the `NA` of pandas; one NaN among the numbers
turns a posterior into NaN, or stops every chain, without a word. So arrays are read here, where a gap
becomes NaN, and NaN and infinity become an error that names the argument.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["as_array", "finite_array", "positive_whole"]


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
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a positive whole number, but {value!r} was given.")
