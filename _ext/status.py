"""The tables of appendix E: which runs the book shows, how long they took, how well each fit sampled.

All of it is read from the runs when the book is built. A fit is a row of a table by
`companion.diagnostics.diagnose`.
"""

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from course import code_cells, in_book, name_of, title_of
from docutils import nodes
from markdown_table import ComputedTable, markdown_table
import nbformat
from run_outputs import shown_run
from runs import Run
from sphinx.application import Sphinx

RENDERED_BY = ("jupyter-book", "myst-nb", "sphinx")
SHOWN = (
    "draws", "divergences", "largest R-hat", "smallest bulk ESS", "smallest tail ESS",
    "smallest E-BFMI", "problems",
)  # fmt: skip
OF_DIAGNOSE = {"draws", "largest R-hat", "problems"}  # the columns by which its tables are known


def page_of(name: str) -> str:
    """Return how a notebook is called in a table: its folder and its number."""
    return f"{Path(name).parent} {Path(name).stem.split('-')[0]}"


def origin(run: Run) -> str:
    """Return where a run comes from, for people to read."""
    return "came with the course" if run.shipped else "made on this machine"


def fits(run: nbformat.NotebookNode) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield, for each fit that a notebook diagnosed, its cell, its name and its statistics."""
    for cell in code_cells(run):
        for output in cell.outputs:
            html = output.get("data", {}).get("text/html", "")
            if "largest R-hat" not in html:
                continue
            for table in BeautifulSoup(html, "html.parser").find_all("table"):
                header, *rows = [
                    [each.get_text(strip=True) for each in row.find_all(["th", "td"])]
                    for row in table.find_all("tr")
                ]
                for name, *values in rows if set(header) >= OF_DIAGNOSE else ():
                    yield cell.id, name, dict(zip(header[1:], values, strict=True))


class RunTable(ComputedTable):
    """A table that is computed from the runs of all notebooks."""

    def runs(self) -> Iterator[tuple[str, Run | None]]:
        """Yield the name of each notebook of the book, and its run."""
        for path in in_book(self.root):
            name = name_of(path, self.root)
            yield name, shown_run(self.env, name)


class Shown(RunTable):
    """List which runs the book shows: from where, by which processor, when, of how many pages."""

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for _, run in self.runs():
            if run is None:
                key = ("none", "", "")
            else:
                python = run.record["versions"]["python"]
                key = (origin(run), run.record["processor"], python)
            groups.setdefault(key, []).append(run.record["date"] if run else "")
        rows = [[*key, len(dates), min(dates), max(dates)] for key, dates in sorted(groups.items())]
        header = ["run", "processor", "Python", "pages", "first", "last"]
        return self.parsed(markdown_table(header, rows))


class Versions(RunTable):
    """List the versions of the libraries that ran the book, and of those that rendered it."""

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        found: dict[str, set[str]] = {}
        for _, run in self.runs():
            for package, version in run.record["versions"].items() if run else ():
                found.setdefault(package, set()).add(version)
        rows = [[package, ", ".join(sorted(versions))] for package, versions in found.items()]
        rows += [[name, metadata.version(name)] for name in RENDERED_BY]
        return self.parsed(markdown_table(["library", "version"], rows))


class Pages(RunTable):
    """List each notebook with the seconds it ran and the number of its fits."""

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        rows: list[list[object]] = []
        for name, run in self.runs():
            link = self.link(name, page_of(name))
            if run is None:
                rows.append([link, "no run", "", "", "", ""])
                continue
            ended = "stopped at an error" if run.failure else f"{run.record['seconds']:.0f}"
            rows.append(
                [
                    link,
                    title_of(run.notebook),
                    len(code_cells(run.notebook)),
                    sum(1 for _ in fits(run.notebook)),
                    ended,
                    run.record["date"],
                ]
            )
        header = ["page", "title", "cells", "fits", "seconds", "date"]
        return self.parsed(markdown_table(header, rows))


class Fits(RunTable):
    """List every fit with its diagnostics."""

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        rows = []
        for name, run in self.runs():
            for cell, fit, statistics in fits(run.notebook) if run else ():
                page = self.link(name, page_of(name))
                rows.append([page, f"`{cell}`", fit, *(statistics.get(key, "") for key in SHOWN)])
        return self.parsed(markdown_table(["page", "cell", "fit", *SHOWN], rows))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("status-shown", Shown)
    app.add_directive("status-versions", Versions)
    app.add_directive("status-pages", Pages)
    app.add_directive("status-fits", Fits)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
