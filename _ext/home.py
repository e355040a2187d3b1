"""The first page: a card for each chapter, and the map of what builds on what.

```{chapter-cards}
```

```{chapter-map}
```

Both come from `chapters/cards.csv`. Titles and minutes are the notebooks', and the figures are those of
the runs that the book shows, made small. This extension also gives each page its description.
"""

import base64
from collections.abc import Sequence
from html import escape
from io import BytesIO
from itertools import count
from pathlib import Path
import re
from typing import Any

from apostrophes import curled
from cards import TABLE, Card, cards
from chapter_cost import minutes_to_read
from course import read, title_of
from docutils import nodes
from exercise_list import exercises_of
import nbformat
from PIL import Image
from run_outputs import shown_run
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

THUMBS = "_images/cards"
WIDTH, HEIGHT = 560, 320  # of a small figure at most, in pixels: it is shown at half of it
QUALITY = 65
DESCRIPTION = 200  # characters at most

# The map, in its own units: one is a pixel where the window is narrow.
BOX_WIDTH, BOX_HEIGHT, GAP, STEP = 74, 50, 8, 78
COLUMNS = 4


def figure_of(notebook: nbformat.NotebookNode, name: str) -> Image.Image | None:
    """Return the picture that a cell of a run has drawn, or None."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()) if cell.id == name else ():
            for kind in ("image/png", "image/webp", "image/jpeg"):
                if kind in output.get("data", {}):
                    return Image.open(BytesIO(base64.b64decode(output["data"][kind])))
    return None


def caption_of(notebook: nbformat.NotebookNode, name: str) -> str:
    """Return the caption of a figure, as plain words."""
    for cell in notebook.cells:
        if cell.id == name:
            caption = cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")
            return re.sub(r"[$`*]", "", caption)
    return ""


def as_list(items: Sequence[str]) -> str:
    """Return items as words: `a, b and c`."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


class FirstPage(SphinxDirective):
    """What both directives share."""

    @property
    def root(self) -> Path:
        """The folder of the course."""
        return Path(self.env.app.srcdir)

    def all_cards(self) -> list[Card]:
        """Return the cards, and have Sphinx read this page again when they change."""
        self.env.note_dependency(str(self.root / TABLE))
        return cards(self.root)

    def notebook(self, card: Card) -> nbformat.NotebookNode:
        """Return a chapter, and have Sphinx read this page again when it changes."""
        path = self.root / f"chapters/{card.chapter}.ipynb"
        self.env.note_dependency(str(path))
        return read(path)


class ChapterCards(FirstPage):
    """A list of cards."""

    def run(self) -> list[nodes.Node]:
        """Return the list as HTML."""
        known = self.all_cards()
        notebooks = {card.number: self.notebook(card) for card in known}
        titles = {number: title_of(notebook) for number, notebook in notebooks.items()}
        stems = {card.number: card.chapter for card in known}
        items = [self.item(card, notebooks[card.number], titles, stems) for card in known]
        listed = f'<ol class="chapter-cards" role="list">\n{"".join(items)}</ol>'
        return [nodes.raw("", listed, format="html")]

    def item(
        self,
        card: Card,
        notebook: nbformat.NotebookNode,
        titles: dict[str, str],
        stems: dict[str, str],
    ) -> str:
        """Return one card."""
        page = f"chapters/{card.chapter}"
        needs = [
            f'<a href="chapters/{stems[number]}.html" title="{escape(titles[number])}">{number}</a>'
            for number in card.needs
        ]
        exercises = " ".join(item.id for item in exercises_of(self.root, card.chapter))
        after = f"after {as_list(needs)}" if needs else "a good place to start"
        return (
            f'<li class="chapter-card" data-page="{page}" data-exercises="{exercises}">\n'
            f"{self.picture(card, notebook)}"
            f'<p class="chapter-card-title"><a href="{page}.html">'
            f'<span class="chapter-number">{card.number}</span> {escape(titles[card.number])}</a></p>\n'
            f'<p class="chapter-card-question">{escape(curled(card.question), quote=False)}</p>\n'
            f'<p class="chapter-card-facts"><span>{minutes_to_read(notebook)} minutes</span> '
            f'<span>{after}</span> <a href="exercises/{card.chapter}.html" '
            f'aria-label="Exercises of chapter {card.number}">exercises</a></p>\n</li>\n'
        )

    def picture(self, card: Card, notebook: nbformat.NotebookNode) -> str:
        """Write the figure of a chapter, made small; return its tag, or nothing without a run."""
        run = shown_run(self.env, f"chapters/{card.chapter}.ipynb")
        figure = figure_of(run.notebook, card.figure) if run else None
        if figure is None:
            return ""
        figure = figure.convert("RGB")
        figure.thumbnail((WIDTH, HEIGHT))
        place = Path(self.env.app.outdir) / THUMBS / f"{card.chapter}.webp"
        place.parent.mkdir(parents=True, exist_ok=True)
        figure.save(place, quality=QUALITY, method=6)
        width, height = figure.size
        return (
            f'<img src="{THUMBS}/{place.name}" width="{width}" height="{height}" loading="lazy" '
            f'decoding="async" alt="A figure of this chapter: {escape(caption_of(notebook, card.figure))}">\n'
        )


def levels(known: Sequence[Card]) -> dict[str, int]:
    """Return how many steps each chapter is away from one that needs nothing, the longest way."""
    found: dict[str, int] = {}
    for card in known:
        found[card.number] = max((found[number] + 1 for number in card.needs), default=0)
    return found


def places(known: Sequence[Card]) -> dict[str, tuple[float, int]]:
    """Return the middle of each chapter's box from the left, and its row from the top."""
    level = levels(known)
    found: dict[str, tuple[float, int]] = {}
    rows = count()
    for depth in sorted(set(level.values())):
        numbers = [card.number for card in known if level[card.number] == depth]
        height = -(-len(numbers) // COLUMNS)
        width = -(-len(numbers) // height)
        for start in range(0, len(numbers), width):
            row = next(rows)
            part = numbers[start : start + width]
            for place, number in enumerate(part):
                middle = COLUMNS / 2 + place - (len(part) - 1) / 2
                found[number] = (middle * (BOX_WIDTH + GAP), row)
    return found


def implied(known: Sequence[Card], card: Card) -> set[str]:
    """Return the chapters that all who need a chapter need anyway, because another that it needs does."""
    needs = {each.number: each.needs for each in known}
    found: set[str] = set()
    waiting = [further for number in card.needs for further in needs[number]]
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += needs[number]
    return found


class ChapterMap(FirstPage):
    """A drawing of which chapter builds on which, whose boxes are links, and the same in words."""

    def run(self) -> list[nodes.Node]:
        """Return the map as HTML."""
        known = self.all_cards()
        titles = {card.number: title_of(self.notebook(card)) for card in known}
        spots = places(known)
        width = COLUMNS * (BOX_WIDTH + GAP)
        height = (max(row for _, row in spots.values()) + 1) * STEP - (STEP - BOX_HEIGHT) + 4
        lines = [
            self.line(spots[need], spots[card.number])
            for card in known
            for need in card.needs
            if need not in implied(known, card)  # its line would run behind the boxes between
        ]
        boxes = [self.box(card, titles, spots[card.number]) for card in known]
        words = [
            f'<li><a href="chapters/{card.chapter}.html">{card.number} {escape(titles[card.number])}</a>: '
            f"{self.needs(card)}</li>"
            for card in known
        ]
        drawn = (
            f'<figure class="chapter-map">\n<svg viewBox="0 0 {width} {height}" role="group" '
            'aria-label="Map of the chapters: a line leads from each chapter to those that build on it">\n'
            f"{''.join(lines)}{''.join(boxes)}</svg>\n"
            "<figcaption>Read from the top; each line leads to a chapter that builds on the one above it."
            "</figcaption>\n"
            f"<details><summary>The map in words</summary>\n<ul>\n{''.join(words)}</ul></details>\n</figure>"
        )
        return [nodes.raw("", drawn, format="html")]

    @staticmethod
    def needs(card: Card) -> str:
        """Return in words what a chapter builds on."""
        return f"builds on {as_list(card.needs)}" if card.needs else "needs no other chapter"

    @staticmethod
    def line(start: tuple[float, int], end: tuple[float, int]) -> str:
        """Return a line from the lower edge of a box to the upper edge of another."""
        x1, y1, x2, y2 = start[0], start[1] * STEP + BOX_HEIGHT + 2, end[0], end[1] * STEP + 2
        bend = y2 - (STEP - BOX_HEIGHT) / 2
        return f'<path d="M{x1:g} {y1:g}C{x1:g} {bend:g} {x2:g} {bend:g} {x2:g} {y2:g}"/>\n'

    def box(self, card: Card, titles: dict[str, str], spot: tuple[float, int]) -> str:
        """Return the box of a chapter."""
        x, y = spot[0], spot[1] * STEP + 2
        name = f"{card.number} {card.short}: {titles[card.number]}, {self.needs(card)}"
        first = y + 30 if len(card.lines) == 2 else y + 35
        # Each line a text of its own: in one text the space between two would count, and put the second off center.
        text = " ".join(
            f'<text class="line" x="{x:g}" y="{first + 12 * place:g}">{escape(line)}</text>'
            for place, line in enumerate(card.lines)
        )
        return (
            f'<a href="chapters/{card.chapter}.html" data-page="chapters/{card.chapter}" '
            f'aria-label="{escape(name)}"><rect x="{x - BOX_WIDTH / 2:g}" y="{y:g}" width="{BOX_WIDTH}" '
            f'height="{BOX_HEIGHT}" rx="6"/><text class="number" x="{x:g}" y="{y + 16:g}">{card.number}</text> '
            f"{text}</a>\n"
        )


def description_of(app: Sphinx, pagename: str, doctree: nodes.document) -> str:
    """Return what a page is about: a chapter's question, or the first paragraph of another page."""
    folder, _, stem = pagename.partition("/")
    if folder == "chapters":
        return next((card.question for card in cards(Path(app.srcdir)) if card.chapter == stem), "")
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if len(text) > 40:
            short = text if len(text) <= DESCRIPTION else text[:DESCRIPTION].rpartition(" ")[0]
            return short if short == text else f"{short} ..."
    return ""


def describe(
    app: Sphinx,
    pagename: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give a page its description."""
    if doctree is not None and (text := description_of(app, pagename, doctree)):
        tag = f'<meta name="description" content="{escape(text)}">\n'
        context["metatags"] = context.get("metatags", "") + tag


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives, and the description of each page."""
    app.add_directive("chapter-cards", ChapterCards)
    app.add_directive("chapter-map", ChapterMap)
    app.connect("html-page-context", describe)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
