"""Where a table of the book points: a cell of a chapter, or one of its headings.

`04-diagnostics#rhat-code` is the cell with this id, `04-diagnostics#two-repairs-of-one-problem` a heading as the book
spells its address. A link to either is called by the number of the chapter and the heading below which the place stands.
"""

from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path
import re
from typing import NamedTuple

from apostrophes import curled
from course import read
from docutils import nodes

HEADING = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1`*\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


class Place(NamedTuple):
    """Something that a link can lead to."""

    page: str
    fragment: str
    label: str

    def link(self) -> str:
        """Return a link to it, as HTML, from an appendix."""
        return (
            f'<a class="reference internal" href="../{self.page}.html#{self.fragment}">'
            f"{escape(curled(self.label), quote=False).replace(' · ', '&nbsp;· ', 1)}</a>"
        )


def plain(heading: str) -> str:
    """Return a heading without marks of Markdown."""
    return re.sub(r"[*`$]", "", LINK.sub(r"\1", heading)).strip()


def headings(text: str) -> Iterator[tuple[int, str]]:
    """Yield the position and the words of each heading in a cell of text."""
    blank = FENCE.sub(lambda fence: " " * len(fence[0]), text)
    for found in HEADING.finditer(blank):
        yield found.start(), plain(found[1])


@cache
def places(path: Path) -> dict[str, Place]:
    """Return all places of a chapter: its cells, by their ids, and its headings, by their addresses.

    Parameters
    ----------
    path : pathlib.Path
        The notebook, in `chapters/`.

    Returns
    -------
    dict
        A cell is called by the heading that it begins with, or else by the last one above it.
    """
    page, number = f"chapters/{path.stem}", path.stem[:2]
    cells: dict[str, Place] = {}
    found: dict[str, Place] = {}
    current = ""
    for cell in read(path).cells:
        inside = list(headings(cell.source)) if cell.cell_type == "markdown" else []
        if inside and not cell.source[: inside[0][0]].strip():
            current = inside[0][1]
        cells[cell.id] = Place(page, f"cell-{cell.id}", f"{number} · {current}")
        for _, current in inside:
            address = nodes.make_id(current)
            found.setdefault(address, Place(page, address, f"{number} · {current}"))
    return found | cells


def place(root: Path, target: str) -> Place:
    """Return the place that a table names.

    Parameters
    ----------
    root : pathlib.Path
        The folder of the course.
    target : str
        Such as `04-diagnostics#rhat-code`.

    Raises
    ------
    ValueError
        If there is no such chapter, cell or heading.
    """
    stem, _, name = target.partition("#")
    path = root / "chapters" / f"{stem}.ipynb"
    if not path.exists():
        raise ValueError(f"{target}: there is no chapters/{stem}.ipynb.")
    known = places(path)
    if name not in known:
        raise ValueError(f"{target}: chapters/{stem}.ipynb has no cell and no heading {name!r}.")
    return known[name]
