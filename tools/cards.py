"""The cards of the chapters on the first page: `chapters/cards.csv`, read and examined.

Each chapter has a row: its name in files, a short name for the map, its question, the figure that stands
for it, and the chapters that it builds on, by their numbers.
"""

from collections.abc import Iterator
import csv
from dataclasses import dataclass
from pathlib import Path
import textwrap

from course import ROOT, code_cells, read

TABLE = "chapters/cards.csv"
LINE, LINES = 12, 2  # of a short name: the boxes of the map are small
LONGEST_QUESTION = 110


@dataclass(frozen=True)
class Card:
    """What the first page says about a chapter.

    Attributes
    ----------
    chapter : str
        The chapter's name in files, such as `04-diagnostics`.
    short : str
        Its name in the map.
    question : str
        What it asks.
    figure : str
        The id of the cell that draws its figure.
    needs : tuple of str
        The numbers of the chapters that it builds on, such as `("02", "03")`.
    """

    chapter: str
    short: str
    question: str
    figure: str
    needs: tuple[str, ...]

    @property
    def number(self) -> str:
        """Return the chapter's number: `04`."""
        return self.chapter[:2]

    @property
    def lines(self) -> list[str]:
        """Return the short name as the lines that stand in a box of the map."""
        return textwrap.wrap(self.short, LINE)


def cards(root: Path = ROOT) -> list[Card]:
    """Return all cards, in the order of their numbers.

    Parameters
    ----------
    root : Path
        The folder of the course.

    Returns
    -------
    list of Card
    """
    with open(root / TABLE, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = [Card(needs=tuple(row.pop("needs").split()), **row) for row in rows]
    return sorted(found, key=lambda card: card.chapter)


def problems(stem: str, root: Path = ROOT) -> Iterator[str]:
    """Yield what is wrong with the card of a chapter.

    Parameters
    ----------
    stem : str
        The chapter's name in files.
    root : Path
        The folder of the course.

    Yields
    ------
    str
        A sentence for each problem.
    """
    known = cards(root)
    own = [card for card in known if card.chapter == stem]
    if len(own) != 1:
        yield f"{TABLE} has {len(own)} rows for {stem}; it needs one: `{stem},short name,question?,fig-...,numbers`"
        return
    card = own[0]
    figures = {
        cell.id
        for cell in code_cells(read(root / f"chapters/{stem}.ipynb"))
        if "figure" in cell.metadata.get("mystnb", {})
    }
    if card.figure not in figures:
        yield f"`figure` is {card.figure!r}, but the chapter draws {', '.join(sorted(figures))}"
    if not card.question.endswith("?") or len(card.question) > LONGEST_QUESTION:
        yield f"`question` ends with ? and has at most {LONGEST_QUESTION} characters"
    if not 1 <= len(card.lines) <= LINES:
        yield f"`short` is {card.short!r}, but the map has room for {LINES} lines of {LINE} characters"
    earlier = {other.number for other in known if other.number < card.number}
    for number in card.needs:
        if number not in earlier:
            yield f"`needs` has {number!r}, but earlier chapters are {', '.join(sorted(earlier)) or 'none'}"
