"""`progress()`, as a learner sees it: all chapters in a few lines, one chapter in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import html
from typing import TYPE_CHECKING, Any

from companion.exercises.outcome import NOT_ATTEMPTED, NOT_YET, PASSED, as_html
from companion.exercises.registry import EXERCISES, Exercise, nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Progress", "chapters", "find_chapter"]

_NEW = {"status": NOT_ATTEMPTED, "attempts": 0}


def chapters() -> dict[str, list[Exercise]]:
    """Return the exercises of each chapter, in reading order.

    Returns
    -------
    dict of str to list of Exercise
        By the stem of the chapter's notebooks.
    """
    found: dict[str, list[Exercise]] = {}
    for item in sorted(EXERCISES.values(), key=lambda item: item.chapter):
        found.setdefault(item.chapter, []).append(item)
    return found


def find_chapter(chapter: int | str) -> str:
    """Return the stem of a chapter's notebooks.

    Parameters
    ----------
    chapter : int or str
        A number (`8`, `"08"`), or the stem (`"08-robust-regression"`).

    Returns
    -------
    str
        For example `"08-robust-regression"`.

    Raises
    ------
    ValueError
        If no chapter with exercises has that number or name.
    """
    stems = list(chapters())
    given = str(chapter).strip().lower()
    number = given.zfill(2)
    for stem in stems:
        if given == stem or number == stem.split("-")[0]:
            return stem
    raise ValueError(
        f"chapter must be a number from {int(stems[0][:2])} to {int(stems[-1][:2])}, "
        f"but {chapter!r} was given{nearest(given, stems)}."
    )


def _title(chapter: str) -> str:
    """Return the number and the name of a chapter, for example "08 robust regression"."""
    return chapter.replace("-", " ")


@dataclass(frozen=True)
class Progress:
    """How far you are.

    Attributes
    ----------
    record : mapping
        For each exercise attempted: its `status` and its `attempts`.
    chapter : str or None
        The chapter that is shown in full.
    notes : tuple of str
        Remarks about the progress file, if something is wrong with it.
    """

    record: Mapping[str, Mapping[str, Any]]
    chapter: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def data(self) -> pd.DataFrame:
        """All exercises: a `pandas.DataFrame`, indexed by exercise, with columns `chapter`, `level`,
        `title`, `status` and `attempts`.
        """  # noqa: D205
        import pandas as pd

        rows = [
            {"exercise": item.id, "chapter": chapter, "level": item.level, "title": item.title}
            | {name: self._entry(item)[name] for name in _NEW}
            for chapter, items in chapters().items()
            for item in items
        ]
        return pd.DataFrame(rows).set_index("exercise")

    def _entry(self, item: Exercise) -> Mapping[str, Any]:
        return self.record.get(item.id, _NEW)

    def _counts(self, items: list[Exercise]) -> tuple[str, str, str]:
        """Return how many exercises are passed, begun and not begun, as texts."""
        states = [self._entry(item)["status"] for item in items]
        begun, new = states.count(NOT_YET), states.count(NOT_ATTEMPTED)
        return f"{states.count(PASSED)} of {len(items)}", f"{begun or ''}", f"{new or ''}"

    def _summary(self) -> list[tuple[str, ...]]:
        """Return a row for each chapter and one for all: its name and three counts."""
        found = chapters()
        rows = [(_title(chapter), *self._counts(items)) for chapter, items in found.items()]
        return [*rows, ("all chapters", *self._counts(sum(found.values(), [])))]

    def _details(self) -> list[tuple[str, ...]]:
        """Return a row for each exercise of the chosen chapter."""
        return [
            (item.id, item.title, self._entry(item)["status"], str(self._entry(item)["attempts"]))
            for item in chapters().get(self.chapter or "", [])
        ]

    def __repr__(self) -> str:
        """Return plain text for a terminal."""
        tables = [[("chapter", PASSED, NOT_YET, "to do"), *self._summary()]]
        if self.chapter:
            header = (f"{self.chapter[:2]}", "exercise", "status", "attempts")
            tables.append([header, *self._details()])
        lines = []
        for rows in tables:
            widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
            for row in rows:
                cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
                lines.append("  ".join(cells).rstrip())
            lines.append("")
        lines += [f"Note: {note}" for note in self.notes]
        return "\n".join(lines).strip()

    def _repr_html_(self) -> str:
        def table(caption: str, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
            head = "".join(f'<th scope="col">{name}</th>' for name in header)
            lines = []
            for row in rows:
                first = "strong" if row[0] == chosen else "span"
                cells = "".join(f"<td>{as_html(cell)}</td>" for cell in row[1:])
                lines.append(
                    f'<tr><th scope="row" style="text-align: left"><{first}>{html.escape(row[0])}</{first}></th>{cells}</tr>'
                )
            return (
                f'<table class="exercise-progress"><caption>{caption}</caption><thead><tr>{head}</tr></thead>'
                f"<tbody>{''.join(lines)}</tbody></table>"
            )

        chosen = _title(self.chapter) if self.chapter else ""
        parts = [table("Exercises", ("chapter", PASSED, NOT_YET, "to do"), self._summary())]
        if self.chapter:
            parts.append(
                table(chosen, ("exercise", "title", "status", "attempts"), self._details())
            )
        parts += [f"<p><em>Note:</em> {as_html(note)}</p>" for note in self.notes]
        return "".join(parts)
