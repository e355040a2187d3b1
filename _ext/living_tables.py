"""Leave out of the book what is alive in JupyterLab only: the table of one's own progress.

The run that the book shows is nobody's: its table says of every exercise that it was not attempted. In its
place stands where the table lives, and what the page has instead (`_static/progress.js`).
"""

import re
from typing import Any

import nbformat
import nbformat.v4
from sphinx.application import Sphinx

PROGRESS = re.compile(r"^progress\(", re.MULTILINE)
INSTEAD = (
    "In JupyterLab this cell shows how far you are. On this page you can tick each exercise that you passed; "
    "[a list of all exercises](../appendices/g-exercises.md) shows what is left."
)


def leave_out(app: Sphinx, docname: str, content: list[str]) -> None:
    """Take the table out of an exercise that Sphinx has just read."""
    if not docname.startswith("exercises/"):
        return
    notebook = nbformat.v4.reads(content[0])
    cells: list[nbformat.NotebookNode] = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type == "code" and PROGRESS.search(cell.source):
            cell.outputs = []
            cells.append(nbformat.v4.new_markdown_cell(INSTEAD, id=f"{cell.id}-instead"[:64]))
    notebook.cells = cells
    content[0] = nbformat.v4.writes(notebook)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook, after the one that brings the outputs in."""
    app.connect("source-read", leave_out, priority=570)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
