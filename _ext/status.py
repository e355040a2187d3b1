"""The tables of appendix E: versions, run times, and how well every fit of the book sampled.

All of it is read when the book is built: from the environment, and from the stored run of each
notebook. A fit is a column of a table by `companion.diagnostics.diagnose`.
"""

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
import platform
from typing import Any

from bs4 import BeautifulSoup
from chapter_cost import seconds_to_run
from course import FOLDERS, code_cells
from docutils import nodes
from markdown_table import ComputedTable, markdown_table
import nbformat
from runs import stored_run
from sphinx.application import Sphinx

PACKAGES = (
    "pymc", "pytensor", "nutpie", "arviz", "tensorflow-probability", "jax", "numpy", "scipy",
    "pandas", "xarray", "matplotlib", "jupyter-book", "myst-nb", "sphinx",
)  # fmt: skip
SHOWN = ("draws", "divergences", "largest R-hat", "smallest bulk ESS", "smallest tail ESS")
SHOWN += ("smallest E-BFMI", "problems")


def runs(root: Path) -> Iterator[tuple[str, Path, nbformat.NotebookNode]]:
    """Yield the name of each notebook, the file of its run, and the run."""
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*.ipynb")):
            name = path.relative_to(root).as_posix()
            run = stored_run(root, name, nbformat.read(path, as_version=4))
            if run.exists():
                yield name, run, nbformat.read(run, as_version=4)


def title_of(notebook: nbformat.NotebookNode) -> str:
    """Return the title of a notebook."""
    return notebook.cells[0].source.splitlines()[0].lstrip("# ")


def fits(run: nbformat.NotebookNode) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield, for each fit that a notebook diagnosed, its cell, its name and its statistics."""
    for cell in code_cells(run):
        for output in cell.outputs:
            html = output.get("data", {}).get("text/html", "")
            if "largest R-hat" not in html:
                continue
            for table in BeautifulSoup(html, "html.parser").find_all("table"):
                rows = [
                    [each.get_text(strip=True) for each in row.find_all(["th", "td"])]
                    for row in table.find_all("tr")
                ]
                statistics = {row[0]: row[1:] for row in rows[1:]}
                if "largest R-hat" in statistics:
                    for i, name in enumerate(rows[0][1:]):
                        yield cell.id, name, {key: value[i] for key, value in statistics.items()}


class Versions(ComputedTable):
    """List the versions of the libraries that ran the book."""

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        rows = [["Python", platform.python_version()]]
        rows += [[name, metadata.version(name)] for name in PACKAGES]
        return self.parsed(markdown_table(["library", "version"], rows))


class Pages(ComputedTable):
    """List each notebook with the seconds it ran and the number of its fits."""

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        rows = []
        for name, run, notebook in runs(self.root):
            self.depends_on(run)
            rows.append(
                [
                    self.link(name, f"{Path(name).parent} {Path(name).stem.split('-')[0]}"),
                    title_of(notebook),
                    len(code_cells(notebook)),
                    sum(1 for _ in fits(notebook)),
                    f"{seconds_to_run(notebook):.0f}",
                ]
            )
        return self.parsed(markdown_table(["page", "title", "cells", "fits", "seconds"], rows))


class Fits(ComputedTable):
    """List every fit with its diagnostics."""

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        rows = []
        for name, run, notebook in runs(self.root):
            self.depends_on(run)
            for cell, fit, statistics in fits(notebook):
                page = self.link(name, f"{Path(name).parent} {Path(name).stem.split('-')[0]}")
                rows.append([page, f"`{cell}`", fit, *(statistics.get(key, "") for key in SHOWN)])
        return self.parsed(markdown_table(["page", "cell", "fit", *SHOWN], rows))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("status-versions", Versions)
    app.add_directive("status-pages", Pages)
    app.add_directive("status-fits", Fits)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
