"""Make the tables that the book computes usable in a narrow window: there, each row is a card.

A card names what it shows: each cell gets the words of its column's header, which `_static/appendices.css` writes
before it. Shown as cards, a table would be none for who hears it; roles say that it is one all the same. The first cell of a
row is its header. `_static/filter.js` adds a field that leaves the rows with some words.
"""

from typing import Any

from bs4 import BeautifulSoup, Tag
from docutils import nodes
from html_classes import add_class
from sphinx.application import Sphinx

BOX = "computed-table"
FEWEST = 3  # columns: two have room everywhere


def label_rows(table: Tag) -> None:
    """Say in each cell of a table what it is, and which column it belongs to."""
    add_class(table, "row-cards")
    table["role"] = "table"
    for part in table.find_all(["thead", "tbody"]):
        part["role"] = "rowgroup"
    heads = table.thead.find_all(["th", "td"]) if table.thead else []
    for head in heads:
        head["role"] = "columnheader"
        head["scope"] = "col"
    names = [head.get_text(" ", strip=True) for head in heads]
    for row in table.find_all("tr"):
        row["role"] = "row"
    for row in table.tbody.find_all("tr") if table.tbody else ():
        first, *others = row.find_all(["th", "td"], recursive=False)
        first.name = "th"
        first["scope"] = "row"
        first["role"] = "rowheader"
        for cell, name in zip(others, names[1:], strict=False):
            cell["role"] = "cell"
            cell["data-label"] = name
            if not cell.get_text(strip=True):
                add_class(cell, "nothing")


def as_cards(body: str) -> str:
    """Return the body of a page whose computed tables can be shown as cards.

    Parameters
    ----------
    body : str
        The page as HTML.

    Returns
    -------
    str
        The same page; the very same text if it has no such table.
    """
    if BOX not in body:
        return body
    soup = BeautifulSoup(body, "html.parser")
    for table in soup.select(f".{BOX} table"):
        first = table.find("tr")
        if first is not None and len(first.find_all(["th", "td"])) >= FEWEST:
            label_rows(table)
    return str(soup)


def on_page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Do so in a page that is about to be written."""
    if tree is not None:
        context["body"] = as_cards(context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook."""
    app.connect("html-page-context", on_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
