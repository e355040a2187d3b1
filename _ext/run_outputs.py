"""Give each notebook the outputs of its last run, while Sphinx reads it.

The runs are those of `tools/runs.py`. Sphinx itself never runs a notebook: one without a stored run
is a warning, and so a failed build. The hook is on `source-read`, before MyST-NB parses the text.
"""

from pathlib import Path
from typing import Any

from course import code_cells
import nbformat
from runs import stored_run
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)


def fill_in(app: Sphinx, docname: str, content: list[str]) -> None:
    """Put the stored outputs into a notebook that Sphinx has just read from disk."""
    name = Path(app.env.doc2path(docname, base=False)).as_posix()
    if not name.endswith(".ipynb"):
        return
    root = Path(app.srcdir)
    notebook = nbformat.reads(content[0], as_version=4)
    run = stored_run(root, name, notebook)
    if not run.exists():
        logger.warning(
            "%s has not been run as it now stands: run `make book`.", name, location=docname
        )
        return
    executed = nbformat.read(run, as_version=4)
    for cell, done in zip(code_cells(notebook), code_cells(executed), strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    content[0] = nbformat.writes(notebook)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook."""
    app.connect("source-read", fill_in)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
