"""Say, under the title of each chapter, how long it takes to read, how long it ran, and where.

The words of the notebook are counted at 200 a minute; seconds, date and processor are those of the run
that the page shows. Nothing is written into the notebook itself.
"""

from typing import Any

from course import FOLDED, SETUP, tags
import nbformat
import nbformat.v4
from run_outputs import shown_run
from runs import Run
from sphinx.application import Sphinx

WORDS_A_MINUTE = 200


def minutes_to_read(notebook: nbformat.NotebookNode) -> int:
    """Return the minutes that a notebook's prose, and the code it shows, take to read."""
    shown = [
        cell for cell in notebook.cells if cell.id != SETUP and not FOLDED.intersection(tags(cell))
    ]
    words = sum(len(cell.source.split()) for cell in shown)
    return max(1, round(words / WORDS_A_MINUTE))


def sentence(minutes: int, run: Run | None) -> str:
    """Return the line: how long to read, and about the run, if there is a complete one."""
    line = f"About {minutes} minutes to read"
    if run is None or run.failure:
        return f"{line}."
    whose = "came with the course" if run.shipped else "was made on this machine"
    date, processor = run.record["date"], run.record["processor"]
    return (
        f"{line}; {run.record['seconds']:.0f} seconds to run. The run on this page {whose} ({date}, "
        f"{processor}): see [E · Status](../appendices/e-status.md)."
    )


def announce(app: Sphinx, docname: str, content: list[str]) -> None:
    """Put the line below the title of a chapter that Sphinx has just read."""
    if not docname.startswith("chapters/"):
        return
    notebook = nbformat.v4.reads(content[0])
    line = sentence(minutes_to_read(notebook), shown_run(app.env, f"{docname}.ipynb"))
    title, _, rest = notebook.cells[0].source.partition("\n\n")
    notebook.cells[0].source = f"{title}\n\n{{.cost}}\n{line}\n\n{rest}"
    content[0] = nbformat.v4.writes(notebook)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook, after the one that brings the outputs in and before any that adds words."""
    app.connect("source-read", announce, priority=540)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
