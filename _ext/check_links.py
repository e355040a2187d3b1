"""Have the links that a check shows lead to pages of the book.

In JupyterLab they lead to cells of notebooks: `../chapters/08-name.ipynb#cell-id=outlier`. An output in HTML goes
into a page as it is, so the addresses are changed while Sphinx reads the page; `cell_anchors` makes those of the
cells.
"""

import re
from typing import Any

import nbformat
from sphinx.application import Sphinx

CHECK = 'class="exercise-check'
LINK = re.compile(r'(href="[^":#]+)\.ipynb#(cell-id=)?([^"]+)"')


def in_book(output: str) -> str:
    """Return what a check shows, with links to pages in place of links to notebooks."""

    def page(match: re.Match[str]) -> str:
        file, is_cell, place = match.groups()
        return f'{file}.html#{"cell-" if is_cell else ""}{place}"'

    return LINK.sub(page, output)


def change_links(app: Sphinx, docname: str, content: list[str]) -> None:
    """Change the links in a page that Sphinx has just read."""
    if CHECK.replace('"', '\\"') not in content[0]:
        return
    notebook = nbformat.reads(content[0], as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            shown = output.get("data", {}).get("text/html", "")
            if CHECK in shown:
                output.data["text/html"] = in_book(shown)
    content[0] = nbformat.writes(notebook)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook, after the one that brings the outputs in."""
    app.connect("source-read", change_links, priority=800)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
