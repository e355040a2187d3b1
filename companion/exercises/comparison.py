"""What several chapters ask of a comparison of two models by their scores."""

from __future__ import annotations

import math
from typing import Any

from companion.exercises.answers import close, number, require
from companion.inputs import finite_array
import numpy as np

__all__ = ["paired_error", "score_difference"]


def score_difference(
    name: str, value: Any, exact: float, tolerance: float, first: str, second: str
) -> float:
    """Ask for the elpd of one model minus that of another, and recognize what it is mistaken for.

    Parameters
    ----------
    name : str
        Name of the answer.
    value
        The answer.
    exact, tolerance : float
        The right difference (nats), and how far an answer may be from it.
    first, second : str
        The two models, in words.

    Returns
    -------
    float

    Raises
    ------
    Miss
        `"not-a-difference"`, `"difference-reversed"` or `"deviance-scale"`; what is right to say of
        another wrong number is the exercise's own.
    """
    difference = number(name, value)
    require(
        abs(difference) <= 5.0 * abs(exact) + 20.0,
        "not-a-difference",
        "Is this number about one model, or about two?",
        "Subtract the two values of `az.loo(...).elpd`.",
    )
    require(
        not close(difference, -exact, tolerance) or close(difference, exact, tolerance),
        "difference-reversed",
        "Higher elpd is better. Which of the two models comes first in your subtraction?",
        f"Take {first} minus {second}.",
    )
    require(
        not close(abs(difference), 2.0 * abs(exact), tolerance)
        or close(difference, exact, tolerance),
        "deviance-scale",
        "On which scale does your program report LOO?",
        "This is twice the difference, the scale of a deviance. Report it on the log scale.",
    )
    return difference


def paired_error(
    name: str, value: Any, first: np.ndarray, second: np.ndarray, tolerance: float
) -> None:
    """Ask for the standard error of a difference of two scores of the same observations.

    Parameters
    ----------
    name : str
        Name of the answer.
    value
        The answer.
    first, second : numpy.ndarray, shape (n,)
        The exact scores of each observation.
    tolerance : float
        How far an answer may be from the right one (nats).

    Raises
    ------
    Miss
        `"unpaired"`, `"error-of-the-mean"`, `"divided-by-n"` or `"standard-error"`.
    """
    first, second = finite_array("first", first), finite_array("second", second)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(
            "first and second must be scores of the same observations, but have the shapes "
            f"{first.shape} and {second.shape}."
        )
    given, n = number(name, value), first.size
    error = math.sqrt(n) * float((first - second).std(ddof=1))
    unpaired = math.sqrt(n * float(first.var(ddof=1) + second.var(ddof=1)))
    by_n = error * math.sqrt(1.0 - 1.0 / n)
    if close(given, error, tolerance):
        return
    require(
        not close(given, unpaired, max(tolerance, 0.1 * abs(unpaired - error))),
        "unpaired",
        "Both models predict the same observations. Does your standard error know that?",
        "Do not combine the two standard errors. Subtract observation by observation, take the standard deviation of "
        f"the {n} differences, times the square root of {n}.",
    )
    require(
        not close(given, error / n, tolerance / n)
        and not close(given, error / math.sqrt(n), tolerance / math.sqrt(n)),
        "error-of-the-mean",
        "Is the difference a sum or a mean?",
        "The standard error of a sum of n differences is sqrt(n) times their standard deviation.",
    )
    require(
        not close(given, by_n, tolerance),
        "divided-by-n",
        "How does NumPy compute a standard deviation unless you tell it otherwise?",
        f"It divides by n. Take n - 1, with `ddof=1`: among {n} that is visible.",
    )
    require(
        False,
        "standard-error",
        "How does the difference vary from one observation to the next?",
        f"With the differences `d` of the two `elpd_i` it is `np.sqrt({n}) * d.std(ddof=1)`.",
    )
