"""`check`: take the answers, ask the exercise's check, say what it found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
import warnings

from companion.exercises import progress_file
from companion.exercises.answers import Miss, Unusable, describe
from companion.exercises.outcome import NOT_ATTEMPTED, NOT_YET, PASSED, Outcome
from companion.exercises.registry import EXERCISES, Exercise, find

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["assert_all_passed", "check", "progress", "reset_progress"]

# Latest status of each exercise in this session, whatever the file says.
_SESSION: dict[str, str] = {}


def _is_missing(value: Any) -> bool:
    """Whether an answer is still the placeholder: `...`, None, or a collection with such a hole."""
    if value is ... or value is None:
        return True
    if isinstance(value, (list, tuple, set)):
        return any(_is_missing(item) for item in value)
    return isinstance(value, dict) and any(_is_missing(item) for item in value.values())


def _name_answers(
    exercise: Exercise, positional: tuple, named: Mapping[str, Any]
) -> dict[str, Any]:
    """Return all answers by name, with None for those not given, or raise `TypeError`."""
    expected = ", ".join(f"{name}=" for name in exercise.answers)
    if positional and (len(exercise.answers) > 1 or len(positional) > 1):
        raise TypeError(f"exercise {exercise.id} takes its answers by name: {expected}")
    given = dict(zip(exercise.answers, positional, strict=False))
    unknown = [name for name in named if name not in exercise.answers or name in given]
    if unknown:
        raise TypeError(
            f"exercise {exercise.id} expects {expected} but {', '.join(unknown)}= was given."
        )
    return dict.fromkeys(exercise.answers) | given | dict(named)


def _unexpected(exercise: Exercise, answers: Mapping[str, Any], error: Exception) -> str:
    """Say which answers a check stumbled over, when it did not say so itself."""
    listed = "; ".join(
        f"`{name}` is {describe(value)}, expected: {exercise.answers[name]}"
        for name, value in answers.items()
    )
    return f"The check could not work with these answers ({type(error).__name__}: {error}). Compare: {listed}."


def _remember(exercise: Exercise, status: str, miss: bool) -> tuple[int, tuple[str, ...]]:
    """Record an attempt; return the misses since the last success, and notes about the file."""
    record, notes = progress_file.load()
    entry = record.get(exercise.id, {"status": NOT_YET, "attempts": 0, "misses": 0})
    entry["attempts"] += 1
    entry["misses"] = 0 if status == PASSED else entry["misses"] + miss
    entry["status"] = PASSED if PASSED in (status, entry["status"]) else status
    record[exercise.id] = entry
    return entry["misses"], notes + progress_file.save(record)


def check(exercise_id: str, /, *answer: Any, **answers: Any) -> Outcome:
    """Check the answers to one exercise.

    Parameters
    ----------
    exercise_id : str
        For example `"4E5"`.
    *answer
        The answer, if the exercise has only one. Otherwise give the answers by name.
    **answers
        The answers. `...` or None stands for an answer you do not have yet.

    Returns
    -------
    Outcome
        Its `status` is "passed", "not yet" or "not attempted yet". A wrong answer never raises.
        The first miss shows a hint, the second another, the third a link to the solution.

    Raises
    ------
    ValueError
        If there is no such exercise.
    TypeError
        If the exercise has no answer of that name.
    """
    exercise = find(exercise_id)
    given = _name_answers(exercise, answer, answers)
    missing = [
        f"`{name}` ({exercise.answers[name]})"
        for name, value in given.items()
        if _is_missing(value)
    ]
    if missing:
        _SESSION[exercise.id] = NOT_ATTEMPTED
        return Outcome(
            exercise.id, exercise.title, NOT_ATTEMPTED, f"Still to be given: {'; '.join(missing)}."
        )

    key, hints, miss = None, (), False
    try:
        status, message = PASSED, exercise.function(**given)
    except Miss as found:
        status, message, key, hints, miss = (
            NOT_YET,
            "This is not it yet.",
            found.key,
            found.hints,
            True,
        )
    except Unusable as found:
        status, message, key = (
            NOT_YET,
            f"{found} Expected: {exercise.answers[found.name]}.",
            "unusable-answer",
        )
    except Exception as error:  # an answer nobody thought of must not end in a traceback
        status, message, key = NOT_YET, _unexpected(exercise, given, error), "unusable-answer"

    _SESSION[exercise.id] = status
    misses, notes = _remember(exercise, status, miss)
    return Outcome(
        exercise.id,
        exercise.title,
        status,
        message,
        misconception=key,
        hints=hints[: min(misses, 2)],
        solution=exercise.solution if miss and misses >= 3 else None,
        notes=notes,
    )


def progress() -> pd.DataFrame:
    """Show all exercises and how far you are.

    Returns
    -------
    pandas.DataFrame
        Indexed by exercise, with columns `level`, `title`, `status` and `attempts`.
    """
    import pandas as pd

    record, notes = progress_file.load()
    for note in notes:
        warnings.warn(note, stacklevel=2)
    new = {"status": NOT_ATTEMPTED, "attempts": 0}
    rows = [
        {
            "exercise": item.id,
            "level": item.level,
            "title": item.title,
            "status": record.get(item.id, new)["status"],
            "attempts": record.get(item.id, new)["attempts"],
        }
        for item in sorted(EXERCISES.values(), key=lambda item: item.chapter)
    ]
    return pd.DataFrame(rows).set_index("exercise")


def reset_progress() -> None:
    """Forget all attempts, in this session and in the progress file."""
    _SESSION.clear()
    for note in progress_file.clear():
        warnings.warn(note, stacklevel=2)


def assert_all_passed(*exercise_ids: str) -> None:
    """Raise unless the latest check of each exercise in this session passed.

    For solution notebooks, so that a broken solution fails its notebook.

    Parameters
    ----------
    *exercise_ids : str
        For example `"4E3", "4E5"`.

    Raises
    ------
    AssertionError
        If one of them was not checked or did not pass; the message names it.
    ValueError
        If no id is given, or an unknown one.
    """
    if not exercise_ids:
        raise ValueError("exercise_ids must name at least one exercise.")
    found = {name: _SESSION.get(find(name).id, NOT_ATTEMPTED) for name in exercise_ids}
    failed = [f"{name} ({status})" for name, status in found.items() if status != PASSED]
    if failed:
        raise AssertionError(f"Not passed in this session: {', '.join(failed)}.")
