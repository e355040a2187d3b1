"""Have the links that a check shows lead to pages of the book.

In JupyterLab they lead to notebooks: to one cell (`../chapters/08-name.ipynb#cell-id=outlier`), to a heading
(`#heading=What-tails-do`), or to an exercise (`09-pooling.ipynb#9h1`). An output in HTML goes into a page as
it is, so the addresses are changed while Sphinx reads the page.
"""

import re
from typing import Any

from docutils.nodes import make_id
import nbformat
from sphinx.application import Sphinx

CHECK = 'class="exercise-check'
LINK = re.compile(r'(href="[^":#]+)\.ipynb#(?:(cell-id|heading)=)?([^"]+)"')


def in_book(output: str) -> str:
    """Return what a check shows, with links to pages in place of links to notebooks."""

    def page(match: re.Match[str]) -> str:
        file, kind, place = match.groups()
        names = {"cell-id": f"cell-{place}", "heading": make_id(place)}
        return f'{file}.html#{names.get(kind, place)}"'

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
