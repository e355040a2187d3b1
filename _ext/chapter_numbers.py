"""Put the number of a chapter before its title: the page of "Diagnostics" is called "04 · Diagnostics".

The number is the one that the file's name carries. It stands on the chapter's page, and on those of its
exercises and solutions, and so in the title of the window, in the links to the next page and in search.
The notebook itself is not changed: its links name the chapter by its title.
"""

import re
from typing import Any

import nbformat
import nbformat.v4
from sphinx.application import Sphinx

NUMBERED = re.compile(r"(?:chapters|exercises|solutions)/(\d\d)-")


def number_of(docname: str) -> str | None:
    """Return the number of the chapter that a page belongs to, such as `04`, or None."""
    found = NUMBERED.match(docname)
    return found[1] if found else None


def put_number(app: Sphinx, docname: str, content: list[str]) -> None:
    """Write the number into the title of a notebook that Sphinx has just read."""
    number = number_of(docname)
    if number is None:
        return
    notebook = nbformat.v4.reads(content[0])
    first = notebook.cells[0]
    first.source = re.sub(
        r"\A# (?=\S)", f"# [{number} ·]{{.chapter-number}} ", first.source, count=1
    )
    content[0] = nbformat.v4.writes(notebook)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook, after the one that brings the outputs in."""
    app.connect("source-read", put_number, priority=560)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
