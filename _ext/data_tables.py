"""Make the tables that cells print readable: for the eye, for the keyboard, and for who hears them.

pandas writes tables with empty header cells, headers without a scope, and its own style sheet. Of each such
table this makes one whose headers say what they are headers of, whose columns of words and of numbers are told
apart, and whose numbers stand with their decimal points below each other: `_static/book.css` then
does the rest. A table lies in a `div.table-scroll`, which scrolls by itself where there is no room.
"""

from collections.abc import Iterator
import re
from typing import Any

from bs4 import BeautifulSoup, Tag
from docutils import nodes
from html_classes import add_class, classes_of, set_classes
from percent_signs import spaced
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

NUMBER = re.compile(
    r"[-+\N{MINUS SIGN}]?[\d,]*\.?\d+(?:e[-+]?\d+)?\s?%?|-?inf|nan|NaN|<NA>|[-\N{EN DASH}\N{EM DASH}]"
)
PLAIN = re.compile(r"[-+\N{MINUS SIGN}]?[\d,]+(?:\.(\d+))?")
POINT = 0.28  # the width of a decimal point, in widths of a digit


def span(cell: Tag, name: str) -> int:
    """Return how many columns or rows a cell has, `colspan` or `rowspan`."""
    return int(str(cell.get(name) or 1))


def placed(rows: list[Tag]) -> Iterator[tuple[int, int, Tag]]:
    """Yield each cell of some rows with its row and its first column, past the cells that span rows."""
    taken: set[tuple[int, int]] = set()
    for row, line in enumerate(rows):
        column = 0
        for cell in line.find_all(["td", "th"], recursive=False):
            while (row, column) in taken:
                column += 1
            wide, high = span(cell, "colspan"), span(cell, "rowspan")
            taken |= {(row + i, column + j) for i in range(high) for j in range(wide)}
            yield row, column, cell
            column += wide


def text_of(cell: Tag) -> str:
    """Return what is written in a cell."""
    return cell.get_text(" ", strip=True).replace("\xa0", " ").strip()


def name_headers(soup: BeautifulSoup, table: Tag) -> None:
    """Say of each header whether it is one of a column or of a row; an empty one is no header."""
    for cell in table.find_all("th"):
        if not text_of(cell):
            cell.name = "td"
        elif cell.find_parent("thead"):
            cell["scope"] = "colgroup" if span(cell, "colspan") > 1 else "col"
        else:
            cell["scope"] = "rowgroup" if span(cell, "rowspan") > 1 else "row"


def align(table: Tag) -> None:
    """Mark the columns of words, and how much is missing to the right of numbers with fewer decimals.

    A column is one of words if fewer than half of its cells have a number.
    """
    body = [row for part in table.find_all("tbody") for row in part.find_all("tr")]
    columns: dict[int, list[Tag]] = {}
    for _, column, cell in placed(body):
        columns.setdefault(column, []).append(cell)
    words = set()
    for column, cells in columns.items():
        texts = [text_of(cell) for cell in cells]
        other = [bool(text) and not NUMBER.fullmatch(text) for text in texts]
        for cell in (cell for cell, is_other in zip(cells, other, strict=True) if is_other):
            add_class(cell, "phrase")
        if sum(other) > sum(map(bool, texts)) / 2:
            words.add(column)
            for cell in cells:
                add_class(cell, "words")
            continue
        decimals = [match and len(match[1] or "") for match in map(PLAIN.fullmatch, texts)]
        most = max((count for count in decimals if count), default=0)
        for cell, count in zip(cells, decimals, strict=True):
            if count is not None and count < most:
                cell["style"] = f"--missing: {most - count + (0 if count else POINT):g}ch"
    head = [row for part in table.find_all("thead") for row in part.find_all("tr")]
    for _, column, cell in placed(head):
        if span(cell, "colspan") > 1:
            add_class(cell, "over-several")
        elif column in words:
            add_class(cell, "words")


def readable(html: str) -> str:
    """Return the HTML of an output, with readable tables.

    Parameters
    ----------
    html : str
        What a cell printed, with any number of tables in it.

    Returns
    -------
    str
        The same tables, each in a `div.table-scroll`.
    """
    soup = BeautifulSoup(html, "html.parser")
    for style in soup.find_all("style"):
        if style.has_attr("scoped") or not style.get_text(strip=True):
            style.decompose()
    for table in soup.find_all("table"):
        if table.find_parent("table"):
            continue
        for cell in table.find_all(["td", "th"]):  # companion's tables bring padding of their own
            if cell.string:
                cell.string = spaced(cell.string.strip())
        del table["border"]
        for cell in table.find_all(["tr", "th", "td"]):
            for name in ("halign", "valign", "style"):
                del cell[name]
        name_headers(soup, table)
        align(table)
        # The theme has rules of its own for pandas, which leave out what its Styler writes.
        others = [name for name in classes_of(table) if name != "dataframe"]
        set_classes(table, [*others, "data-table"])
        table.wrap(soup.new_tag("div", attrs={"class": "table-scroll"}))
    return str(soup)


class ReadableTables(SphinxPostTransform):
    """Do so in all outputs, once MyST-NB has chosen which form of each is shown."""

    default_priority = 210
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Run over one document."""
        for node in self.document.findall(nodes.raw):
            if "html" in node.get("format", "").split() and "<table" in node.astext():
                shown = nodes.raw("", readable(node.astext()), format="html")
                node.replace_self(shown)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_post_transform(ReadableTables)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
