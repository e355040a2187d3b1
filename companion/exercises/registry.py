"""What an exercise is, and the list of all of them.

A check is a function that takes the learner's answers as keyword arguments. It returns a sentence
that confirms and adds something, or leaves with `Miss` (a mistake it knows) or `Unusable` (an
answer it cannot work with), both in `companion.exercises.answers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
import difflib
import re

__all__ = ["EXERCISES", "Exercise", "exercise", "find", "nearest"]


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Attributes
    ----------
    id : str
        For example `"4E5"`.
    chapter : str
        Stem of the notebooks it is in: `exercises/<chapter>.ipynb` and `solutions/<chapter>.ipynb`.
    title : str
        A few words.
    level : str
        `"E"`, `"M"` or `"H"`: easy, medium, hard.
    answers : mapping of str to str
        For each answer, what is expected, in words that complete "expected: ...".
    function : callable
        The check.
    """

    id: str
    chapter: str
    title: str
    level: str
    answers: Mapping[str, str]
    function: Callable[..., str]

    @property
    def anchor(self) -> str:
        """Name of the place in the solution notebook: the id in lower case, dots as hyphens."""
        return self.id.lower().replace(".", "-")

    @property
    def solution(self) -> str:
        """Link to the solution, as seen from the exercise notebook."""
        return f"../solutions/{self.chapter}.ipynb#{self.anchor}"


EXERCISES: dict[str, Exercise] = {}


def _level(exercise_id: str) -> str:
    """Return the level in an id: the letter before its last number ("D4M2" is of the appendix D4)."""
    found = re.fullmatch(r"[A-Z]?\d+([EMH])\d+(\.\d+)?", exercise_id)
    if not found:
        raise ValueError(
            "exercise_id must be the number of a chapter or section, the level E, M or H, and a number, such as "
            f"'4E5', but {exercise_id!r} was given."
        )
    return found[1]


def exercise(
    exercise_id: str, title: str, /, **answers: str
) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Register the decorated function as the check of an exercise.

    The level is in the id. The chapter is in the name of the module: an exercise in
    `checks/ch08_robust_regression.py` belongs to the notebooks `08-robust-regression`.

    Parameters
    ----------
    exercise_id : str
        A new id, for example `"4E5"`.
    title : str
        A few words.
    **answers : str
        For each argument of the function, what is expected, in words that complete "expected: ...".

    Returns
    -------
    callable
        A decorator that returns the function unchanged.

    Raises
    ------
    TypeError
        If the id is no text.
    ValueError
        If the id is taken or says no level, or no answer is named.
    """
    if not isinstance(exercise_id, str):
        raise TypeError(f"exercise_id must be text such as '4E5', but {exercise_id!r} was given.")
    if exercise_id in EXERCISES:
        raise ValueError(f"exercise_id must be new, but {exercise_id!r} is registered already.")
    level = _level(exercise_id)
    if not answers:
        raise ValueError(
            f"answers must name at least one answer of exercise {exercise_id}, but none was given."
        )

    def register(function: Callable[..., str]) -> Callable[..., str]:
        chapter = function.__module__.rpartition(".")[2].removeprefix("ch").replace("_", "-")
        EXERCISES[exercise_id] = Exercise(exercise_id, chapter, title, level, answers, function)
        return function

    return register


def nearest(given: str, names: Iterable[str], cutoff: float = 0.5) -> str:
    """Return a half-sentence with the names that look most like a given one, or nothing."""
    found = difflib.get_close_matches(given, list(names), n=3, cutoff=cutoff)
    return f"; the nearest: {', '.join(map(repr, found))}" if found else ""


def find(exercise_id: str) -> Exercise:
    """Return an exercise by its id.

    Parameters
    ----------
    exercise_id : str
        For example `"4E5"`. `"4e5"` is accepted as well.

    Returns
    -------
    Exercise

    Raises
    ------
    ValueError
        If there is no such exercise; the message names the nearest ones.
    """
    given = exercise_id.strip().upper() if isinstance(exercise_id, str) else ""
    if given not in EXERCISES:
        raise ValueError(
            "exercise_id must be the id of an exercise, such as '4E3', "
            f"but {exercise_id!r} was given{nearest(given, EXERCISES, 0.3)}."
        )
    return EXERCISES[given]
