"""What a check tells the learner: in JupyterLab, in the rendered book and in a terminal."""

from __future__ import annotations

from dataclasses import dataclass
import html
import re
from typing import NamedTuple

__all__ = ["NOT_ATTEMPTED", "NOT_YET", "PASSED", "Link", "Outcome", "as_html"]

PASSED = "passed"
NOT_YET = "not yet"
NOT_ATTEMPTED = "not attempted yet"

# A color alone says nothing to some readers: the status is always written out as well.
_COLORS = {PASSED: "#2e7d32", NOT_YET: "#b26a00", NOT_ATTEMPTED: "#757575"}


_CODE = re.compile(r"`([^`]+)`")
_STRESSED = re.compile(r"(?<![\w*])\*(\w(?:[^*<>]*\w)?)\*(?![\w*])")


def as_html(text: str) -> str:
    """Escape text, turn `code` into <code>code</code>, and outside of it *stress* into <em>stress</em>."""
    parts = _CODE.split(html.escape(text, quote=False))
    parts[::2] = [_STRESSED.sub(r"<em>\1</em>", part) for part in parts[::2]]
    parts[1::2] = [f"<code>{part}</code>" for part in parts[1::2]]
    return "".join(parts)


class Link(NamedTuple):
    """Some words that lead somewhere.

    Attributes
    ----------
    text : str
        The words.
    target : str or None
        Where they lead, as seen from the exercise notebook. None if they lead nowhere.
    """

    text: str
    target: str | None = None


class _Part(NamedTuple):
    """A piece of a line: a label (possibly empty), words, and what ends them where they have no end of their own."""

    label: str
    words: Link
    end: str = ""

    @property
    def stop(self) -> str:
        """The full stop, if the words need one."""
        return "" if self.words.text.endswith(("?", "!", ".")) else self.end

    def told(self, words: str, label: str = "{}:") -> str:
        """Return the piece with its words and its label as some place shows them."""
        before = f"{label.format(self.label)} " if self.label else ""
        return f"{before}{words}{self.stop}"


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
    concept : Link or None
        What the exercise is about, and where the chapter explains it: from the second miss on,
        whatever their kinds, and after a success.
    solution : str or None
        Link to the solution, from the third miss on, whatever their kinds.
    another_way : str or None
        After a success: another right way, where there is one.
    following : Link or None
        After a success: the next exercise that is still to be solved, or that this was the last.
    notes : tuple of str
        Remarks about the progress file, if something is wrong with it.
    """

    exercise: str
    title: str
    status: str
    message: str
    misconception: str | None = None
    hints: tuple[str, ...] = ()
    concept: Link | None = None
    solution: str | None = None
    another_way: str | None = None
    following: Link | None = None
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the exercise is solved."""
        return self.status == PASSED

    def _where_to(self) -> list[_Part]:
        """Return the last line: the concept, and the next exercise or the solution."""
        parts = []
        if self.concept:
            parts.append(_Part("Concept" if self.passed else "Explained", self.concept, "."))
        if self.following:
            parts.append(_Part("Next" if self.following.target else "", self.following, "."))
        if self.solution:
            parts.append(_Part("", Link("Look at the solution", self.solution), "."))
        return parts

    def _lines(self) -> list[list[_Part]]:
        """Return the lines below the title, each of one part or more."""
        labels = ("Hint", "Another hint")
        lines = [[_Part("", Link(self.message))]]
        lines += [
            [_Part(label, Link(hint))] for label, hint in zip(labels, self.hints, strict=False)
        ]
        if self.another_way:
            lines.append([_Part("Another way", Link(self.another_way))])
        if where_to := self._where_to():
            lines.append(where_to)
        return [*lines, *([_Part("Note", Link(note))] for note in self.notes)]

    def __repr__(self) -> str:
        """Return plain text for a terminal."""

        def plain(part: _Part) -> str:
            text, target = part.words
            place = f" ({target})" if target and "/" in target else ""  # an id says enough
            return part.told(f"{text}{place}")

        lines = [f"  {' '.join(map(plain, line))}" for line in self._lines()]
        return "\n".join([f"{self.exercise} ({self.title}): {self.status}", *lines])

    def _repr_markdown_(self) -> str:
        def marked(part: _Part) -> str:
            text, target = part.words
            return part.told(f"[{text}]({target})" if target else text, "*{}:*")

        lines = [" ".join(map(marked, line)) for line in self._lines()]
        return "\n\n".join([f"**{self.exercise}, {self.title}: {self.status}**", *lines])

    def _repr_html_(self) -> str:
        def marked(part: _Part) -> str:
            text, target = part.words
            words = as_html(text)
            if target:
                words = f'<a href="{html.escape(target)}">{words}</a>'
            return part.told(words, "<em>{}:</em>")

        title = as_html(f"{self.exercise}, {self.title}")
        lines = [f"<strong>{title}: {self.status}</strong>"]
        lines += [" ".join(map(marked, line)) for line in self._lines()]
        paragraphs = "".join(f"<p>{line}</p>" for line in lines)
        style = f"border-left: 0.25em solid {_COLORS[self.status]}; padding: 0.1em 1em"
        kind = self.status.replace(" ", "-")
        return f'<div class="exercise-check {kind}" style="{style}">{paragraphs}</div>'
