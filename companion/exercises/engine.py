"""`check`: take the answers, ask the exercise's check, say what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
import sys
from typing import Any
import warnings

from companion.exercises import progress_file
from companion.exercises.answers import FAILURES, Miss, Unusable, describe, describe_error
from companion.exercises.guide import lead_of
from companion.exercises.outcome import NOT_ATTEMPTED, NOT_YET, PASSED, Link, Outcome
from companion.exercises.overview import Progress, chapters, find_chapter
from companion.exercises.progress_file import Attempt
from companion.exercises.registry import EXERCISES, Exercise, find, nearest

__all__ = ["Verdict", "assert_all_passed", "check", "progress", "reset_progress"]

# Latest status of each exercise in this session, whatever the file says; the latest check last.
_SESSION: dict[str, str] = {}


@dataclass(frozen=True)
class Verdict:
    """What a check says of some answers, whatever was said before.

    Attributes
    ----------
    status : str
        `"passed"`, `"not yet"` or `"not attempted yet"`.
    message : str
        What there is to say in any case.
    misconception : str or None
        Name of the mistake that was recognized.
    hints : tuple of str
        All hints for that mistake.
    """

    status: str
    message: str
    misconception: str | None = None
    hints: tuple[str, ...] = ()


def _is_missing(value: Any, depth: int = 0) -> bool:
    """Whether an answer is still the placeholder: `...`, None, an empty model, or a collection with such a hole."""
    if value is ... or value is None:
        return True
    kind = type(value)
    pymc = sys.modules.get("pymc")  # without it nobody has made a model
    if pymc is not None and issubclass(kind, pymc.Model):
        return not value.named_vars
    if depth > 10 or not issubclass(kind, (list, tuple, set, dict)):
        return False
    try:
        items = value.values() if issubclass(kind, dict) else value
        return any(_is_missing(item, depth + 1) for item in items)
    except FAILURES:  # a list of the learner's own making; the check will say what is wrong
        return False


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
            f"exercise {exercise.id} expects {expected} but {', '.join(unknown)}= was given"
            f"{nearest(unknown[0], exercise.answers)}."
        )
    return dict.fromkeys(exercise.answers) | given | dict(named)


def _unexpected(exercise: Exercise, answers: Mapping[str, Any], error: BaseException) -> str:
    """Say which answers a check stumbled over, when it did not say so itself."""
    listed = "; ".join(
        f"`{name}` is {describe(value)}, expected: {exercise.answers[name]}"
        for name, value in answers.items()
    )
    return (
        f"The check could not work with these answers ({describe_error(error)}). Compare: {listed}."
    )


def _judge(exercise: Exercise, answers: Mapping[str, Any]) -> Verdict:
    """Ask an exercise's check; never raise, whatever the answers are."""
    missing = [
        f"`{name}` ({exercise.answers[name]})" for name in answers if _is_missing(answers[name])
    ]
    if missing:
        return Verdict(NOT_ATTEMPTED, f"Still to be given: {'; '.join(missing)}.")
    try:
        return Verdict(PASSED, exercise.function(**answers))
    except Miss as found:
        return Verdict(NOT_YET, "This is not it yet.", found.key, found.hints)
    except Unusable as found:
        message = f"{found} Expected: {exercise.answers[found.name]}."
    except FAILURES as error:  # an answer nobody thought of must not end in a traceback
        message = _unexpected(exercise, answers, error)
    return Verdict(NOT_YET, message, "unusable-answer")


def _following(exercise: Exercise, record: Mapping[str, Any]) -> Link:
    """Return what to try next: the rest of this chapter, then what comes after it."""
    by_chapter = chapters()
    own = by_chapter[exercise.chapter]
    place = own.index(exercise)
    ahead = [*own[place + 1 :], *own[:place]]
    for chapter, items in by_chapter.items():
        ahead += items if chapter > exercise.chapter else []
    for item in ahead:
        if record.get(item.id, {}).get("status") == PASSED:
            continue
        if item.chapter == exercise.chapter:
            return Link(f"{item.id}, {item.title}", f"#{item.anchor}")
        lead = lead_of(item.id)
        target = lead.question if lead else f"{item.chapter}.ipynb#{item.anchor}"
        return Link(f"{item.id}, in chapter {item.chapter[:2]}", target)
    everything = all(record.get(name, {}).get("status") == PASSED for name in EXERCISES)
    return Link(
        "This was the last exercise, and you have passed them all"
        if everything
        else "This was the last exercise; `progress()` shows which others are open"
    )


def check(exercise_id: str, /, *answer: Any, **answers: Any) -> Outcome:
    """Check the answers to one exercise.

    Parameters
    ----------
    exercise_id : str
        For example `"4E5"`; `"4e5"` is accepted as well.
    *answer
        The answer, if the exercise has only one. Otherwise give the answers by name.
    **answers
        The answers. `...` or None stands for an answer you do not have yet.

    Returns
    -------
    Outcome
        Its `status` is "passed", "not yet" or "not attempted yet". No answer makes it raise. The
        first miss of a kind shows a hint, the second another. After two misses in all there is a
        link to the paragraph that explains it, after three one to the solution. A success names the
        concept and the next exercise.

    Raises
    ------
    ValueError
        If there is no such exercise.
    TypeError
        If the exercise has no answer of that name.
    """
    exercise = find(exercise_id)
    given = _name_answers(exercise, answer, answers)
    verdict = _judge(exercise, given)
    _SESSION.pop(exercise.id, None)
    _SESSION[exercise.id] = verdict.status
    outcome = Outcome(exercise.id, exercise.title, verdict.status, verdict.message)
    if verdict.status == NOT_ATTEMPTED:
        return outcome

    missed = verdict.misconception if verdict.hints else None
    record, notes = progress_file.add(Attempt(exercise.id, verdict.status, missed))
    entry, passed = record[exercise.id], verdict.status == PASSED
    misses = entry["misses"] if missed else 0
    lead = lead_of(exercise.id)
    return replace(
        outcome,
        misconception=verdict.misconception,
        hints=verdict.hints[: entry["kinds"].get(missed, 0)],
        concept=Link(lead.concept, lead.explanation) if lead and (passed or misses >= 2) else None,
        solution=(lead or exercise).solution if misses >= 3 else None,
        another_way=(lead.another_way or None) if lead and passed else None,
        following=_following(exercise, record) if passed else None,
        notes=notes,
    )


def progress(chapter: int | str | None = None) -> Progress:
    """Show how far you are: each chapter in a line, one chapter in full.

    Parameters
    ----------
    chapter : int or str, optional
        The chapter to show in full, for example `8` or `"08"`. By default that of the latest check
        in this session.

    Returns
    -------
    Progress
        Its `data` is a `pandas.DataFrame` of all exercises.

    Raises
    ------
    ValueError
        If there is no such chapter.
    """
    if chapter is not None:
        chapter = find_chapter(chapter)
    elif _SESSION:
        chapter = find(list(_SESSION)[-1]).chapter
    record, notes = progress_file.load()
    return Progress(record, chapter, notes)


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
        raise ValueError("exercise_ids must name at least one exercise, but none was given.")
    found = {name: _SESSION.get(find(name).id, NOT_ATTEMPTED) for name in exercise_ids}
    failed = [f"{name} ({status})" for name, status in found.items() if status != PASSED]
    if failed:
        raise AssertionError(f"Not passed in this session: {', '.join(failed)}.")
