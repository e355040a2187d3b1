"""Give each cell that a table of the course points to an address of its own in the book.

A notebook's cell has an id, but its page has addresses only for headings and figures. This extension
puts an empty `<div id="cell-...">` before the cell. The tables are the source map, the errata, the guide of the exercises,
the symptoms, the formulas, and the concepts of the index. A page is read again when they point to other cells of it.
"""

from functools import cache
from pathlib import Path
import re
from typing import Any

from dependencies import GUIDE
from docutils import nodes
from markdown_table import rows_of
import nbformat
import nbformat.v4
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

ANCHOR = re.compile(r'<div id="cell-[\w-]+"></div>')
TABLES = ("chapters/source-map.csv", "chapters/additions.csv", "appendices/errata.csv")
LOOKUPS = (
    "appendices/symptoms.csv",
    "appendices/formulas.csv",
)  # places of chapters, see `places.py`
CONCEPTS = "appendices/index.csv"
ANCHORED = "anchored_cells"  # in the metadata of a page: what the tables named when it was read


@cache
def targets(root: Path) -> dict[str, set[str]]:
    """Return the ids of cells that are pointed to, for each notebook."""
    found: dict[str, set[str]] = {}
    places = [row["target"] for table in TABLES for row in rows_of(root / table)]
    guide = rows_of(root / GUIDE)
    places += [f"solutions/{row['chapter']}.ipynb#{row['asked']}" for row in guide]
    named = [row["explained"] for row in guide]
    for table in (*LOOKUPS, CONCEPTS):
        named += [place for row in rows_of(root / table) for place in row["places"].split()]
    places += [f"chapters/{place.replace('#', '.ipynb#')}" for place in named]
    for target in places:
        name, _, cell = target.partition("#")
        if cell:
            found.setdefault(name, set()).add(cell)
    return found


def is_anchor(node: nodes.Node | None) -> bool:
    """Whether a node of a page is such an address."""
    return isinstance(node, nodes.raw) and ANCHOR.fullmatch(node.astext().strip()) is not None


def add_anchors(app: Sphinx, docname: str, content: list[str]) -> None:
    """Put the addresses into a notebook that Sphinx has just read."""
    wanted = targets(Path(app.srcdir)).get(f"{docname}.ipynb")
    if not wanted:
        return
    app.env.metadata[docname][ANCHORED] = sorted(wanted)
    notebook = nbformat.v4.reads(content[0])
    cells: list[nbformat.NotebookNode] = []
    for index, cell in enumerate(notebook.cells):
        if cell.id in wanted and index > 0:
            anchor = f'<div id="cell-{cell.id}"></div>'
            if cell.cell_type == "markdown":
                cell.source = f"{anchor}\n\n{cell.source}"
            else:
                mark = nbformat.v4.new_markdown_cell(anchor, id=f"cell-{cell.id}"[:64])
                # Twins stay neighbors: the address of the second is that of the pair.
                second = "tfp" in cell.metadata.get("tags", [])
                cells.insert(len(cells) - second, mark)
        cells.append(cell)
    notebook.cells = cells
    content[0] = nbformat.v4.writes(notebook)


def outdated(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """Return the pages that lack an address which a table now names."""
    wanted = targets(Path(app.srcdir))
    return [
        docname
        for docname in env.found_docs & env.all_docs.keys()
        if sorted(wanted.get(f"{docname}.ipynb", ())) != env.metadata[docname].get(ANCHORED, [])
    ]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hooks; that on a page's text after the one that brings the outputs in."""
    app.connect("env-get-outdated", outdated)
    app.connect("source-read", add_anchors, priority=700)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
