"""The table of appendix F: concept, mathematics, PyMC, TFP, chapter.

`appendices/rosetta.csv` names concepts with their formula and the call of each library. The examples
and the chapters are found in the notebooks: a pair of twins that has both calls if there is one,
otherwise the first use of each. A call that no chapter makes fails the build.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from course import Unreadable, code_cells, in_book, read
from docutils import nodes
from markdown_table import ComputedTable, markdown_table, rows_of
import nbformat
from sphinx.application import Sphinx

LONGEST = 90


@cache
def all_calls(source: str) -> dict[str, list[ast.Call]]:
    """Return the calls of some code, by the function that is called; none if it is not Python."""
    found: dict[str, list[ast.Call]] = defaultdict(list)
    try:
        tree = ast.parse(source)
    except SyntaxError:  # its run says so
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found[ast.unparse(node.func)].append(node)
    return found


def calls(source: str, name: str) -> Iterator[str]:
    """Return the calls of a function in some code, each as one line."""
    return map(ast.unparse, all_calls(source).get(name, []))


def shortest(found: list[str]) -> str:
    """Return the shortest of some calls, cut where it is too long for a table."""
    call = min(found, key=len)
    return call if len(call) <= LONGEST else f"{call[: LONGEST - 4].rstrip()} ..."


def cells_of(path: Path) -> list[nbformat.NotebookNode]:
    """Return the code cells of a chapter; none if it cannot be read, which its own page says."""
    try:
        return code_cells(read(path))
    except Unreadable:
        return []


class Rosetta(ComputedTable):
    """List concepts, and how each library writes them."""

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        table = self.root / "appendices" / "rosetta.csv"
        paths = [path for path in in_book(self.root) if path.parent.name == "chapters"]
        self.depends_on(table, *paths)
        codes = {path.stem: cells_of(path) for path in paths}
        rows = [self.row(line, codes) for line in rows_of(table)]
        return self.parsed(
            markdown_table(["concept", "mathematics", "PyMC, then TFP", "chapters"], rows)
        )

    def row(self, line: dict[str, str], codes: dict[str, list]) -> list[str]:
        """Find the examples and chapters of one concept."""
        used = [
            stem
            for stem, cells in codes.items()
            if any(any(calls(cell.source, line["pymc"])) for cell in cells)
        ]
        if not used:
            raise self.error(f"rosetta: no chapter calls {line['pymc']}.")
        chapters = " ".join(self.link(f"chapters/{stem}.ipynb", stem[:2]) for stem in used)
        examples = self.twins(line, codes) or [
            self.first(line[language], codes) for language in ("pymc", "tfp")
        ]
        return [
            line["concept"],
            f"${line['mathematics']}$" if line["mathematics"] else "",
            "<br>".join(f"`{example}`" for example in examples if example),
            chapters,
        ]

    def twins(self, line: dict[str, str], codes: dict[str, list]) -> list[str]:
        """Return an example in both languages from one pair of twins, if there is one."""
        for cells in codes.values():
            for one, other in zip(cells, cells[1:], strict=False):
                if "pymc" in one.metadata.get("tags", []) and "tfp" in other.metadata.get(
                    "tags", []
                ):
                    pair = [
                        list(calls(one.source, line["pymc"])),
                        list(calls(other.source, line["tfp"])),
                    ]
                    if all(pair):
                        return list(map(shortest, pair))
        return []

    def first(self, name: str, codes: dict[str, list]) -> str:
        """Return the first call of a function in the course."""
        if not name:
            return ""
        for cells in codes.values():
            found = [call for cell in cells for call in calls(cell.source, name)]
            if found:
                return shortest(found)
        raise self.error(f"rosetta: no chapter calls {name}.")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("rosetta", Rosetta)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
