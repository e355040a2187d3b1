"""Say, under the title of each chapter, how long it takes to read and how long it ran.

Both are measured when the book is built: the words of the notebook at 200 a minute, and the seconds
of the run that `tools/build_book.py` stored. Nothing is written into the notebook itself.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from course import code_cells
import nbformat
from runs import stored_run
from sphinx.application import Sphinx

WORDS_A_MINUTE = 200
FOLDED = {"hide-input", "remove-input"}


def minutes_to_read(notebook: nbformat.NotebookNode) -> int:
    """Return the minutes that a notebook's prose, and the code it shows, take to read."""
    shown = [
        cell for cell in notebook.cells if not FOLDED.intersection(cell.metadata.get("tags", []))
    ]
    words = sum(len(cell.source.split()) for cell in shown)
    return max(1, round(words / WORDS_A_MINUTE))


def seconds_to_run(executed: nbformat.NotebookNode) -> float:
    """Return the seconds from the start of a run's first cell to the end of its last."""
    times = [cell.metadata.get("execution", {}) for cell in code_cells(executed)]
    starts = [each["iopub.status.busy"] for each in times if "iopub.status.busy" in each]
    ends = [each["iopub.status.idle"] for each in times if "iopub.status.idle" in each]
    if not starts or not ends:
        return 0.0
    return (datetime.fromisoformat(max(ends)) - datetime.fromisoformat(min(starts))).total_seconds()


def announce(app: Sphinx, docname: str, content: list[str]) -> None:
    """Put the line below the title of a chapter that Sphinx has just read."""
    if not docname.startswith("chapters/"):
        return
    root = Path(app.srcdir)
    name = f"{docname}.ipynb"
    notebook = nbformat.reads(content[0], as_version=4)
    run = stored_run(root, name, notebook)
    if not run.exists():
        return
    seconds = seconds_to_run(nbformat.read(run, as_version=4))
    line = f"About {minutes_to_read(notebook)} minutes to read; {seconds:.0f} seconds to run."
    title, _, rest = notebook.cells[0].source.partition("\n\n")
    notebook.cells[0].source = f"{title}\n\n{{.cost}}\n{line}\n\n{rest}"
    content[0] = nbformat.writes(notebook)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook, after the one that brings the outputs in."""
    app.connect("source-read", announce, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
