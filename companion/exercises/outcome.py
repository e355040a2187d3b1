"""What a check tells the learner: in JupyterLab, in the rendered book and in a terminal."""

from __future__ import annotations

from dataclasses import dataclass
import html
import re

__all__ = ["NOT_ATTEMPTED", "NOT_YET", "PASSED", "Outcome", "as_html"]

PASSED = "passed"
NOT_YET = "not yet"
NOT_ATTEMPTED = "not attempted yet"

# A color alone says nothing to some readers: the status is always written out as well.
_COLORS = {PASSED: "#2e7d32", NOT_YET: "#b26a00", NOT_ATTEMPTED: "#757575"}


def as_html(text: str) -> str:
    """Escape text and turn `code` into <code>code</code>."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


@dataclass(frozen=True)
class Outcome:
    """The result of one check.

    Attributes
    ----------
    exercise : str
        Id of the exercise.
    title : str
        Its title.
    status : str
        `"passed"`, `"not yet"` or `"not attempted yet"`.
    message : str
        What there is to say in any case.
    misconception : str or None
        Name of the mistake that was recognized.
    hints : tuple of str
        Hints shown: one after the first miss of this kind, two from the second on.
    solution : str or None
        Link to the solution, from the third miss on, whatever their kinds.
    following : str or None
        After a success: the next exercise of the chapter that is still to be solved.
    notes : tuple of str
        Remarks about the progress file, if something is wrong with it.
    """

    exercise: str
    title: str
    status: str
    message: str
    misconception: str | None = None
    hints: tuple[str, ...] = ()
    solution: str | None = None
    following: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the exercise is solved."""
        return self.status == PASSED

    def _paragraphs(self) -> list[tuple[str, str]]:
        """Return pairs of a label (possibly empty) and a text."""
        labels = ("Hint", "Another hint")
        hints = zip(labels, self.hints, strict=False)
        following = [("Next", self.following)] if self.following else []
        notes = [("Note", note) for note in self.notes]
        return [("", self.message), *hints, *following, *notes]

    def __repr__(self) -> str:
        """Return plain text for a terminal."""
        lines = [f"{self.exercise} ({self.title}): {self.status}"]
        lines += [
            f"  {label}: {text}" if label else f"  {text}" for label, text in self._paragraphs()
        ]
        if self.solution:
            lines.append(f"  Solution: {self.solution}")
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        parts = [f"**{self.exercise}, {self.title}: {self.status}**"]
        parts += [f"*{label}:* {text}" if label else text for label, text in self._paragraphs()]
        if self.solution:
            parts.append(f"[Look at the solution]({self.solution})")
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        parts = [
            f"<p><strong>{as_html(f'{self.exercise}, {self.title}')}: {self.status}</strong></p>"
        ]
        for label, text in self._paragraphs():
            prefix = f"<em>{label}:</em> " if label else ""
            parts.append(f"<p>{prefix}{as_html(text)}</p>")
        if self.solution:
            parts.append(f'<p><a href="{html.escape(self.solution)}">Look at the solution</a></p>')
        style = f"border-left: 0.25em solid {_COLORS[self.status]}; padding: 0.1em 1em"
        kind = self.status.replace(" ", "-")
        return f'<div class="exercise-check {kind}" style="{style}">{"".join(parts)}</div>'
