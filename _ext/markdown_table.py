"""Tables that the book computes: rows in, a MyST table out."""

from collections.abc import Iterable, Sequence
import csv
from functools import cache
from pathlib import Path
import posixpath

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective


def rows_of(path: Path) -> list[dict[str, str]]:
    """Read a table with a header."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def escape(text: object) -> str:
    """Return a text that fits into a cell of a table."""
    return str(text).replace("|", "\\|").replace("\n", " ").strip()


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Return the lines of a table in MyST Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(map(escape, line))} |" for line in lines]


@cache
def _text(path: Path) -> str:
    """Return the text of a file, read once in a build."""
    return path.read_text(encoding="utf-8", errors="replace")


class ComputedTable(SphinxDirective):
    """A directive whose content is computed from files of the course."""

    def parsed(self, lines: Sequence[str], *classes: str) -> list[nodes.Node]:
        """Turn MyST Markdown into nodes, in a box of these classes."""
        box = nodes.container(classes=["computed-table", *classes])
        self.state.nested_parse(StringList(list(lines), self.get_source_info()[0]), 0, box)
        return [box]

    @property
    def root(self) -> Path:
        """The folder of the course."""
        return Path(self.env.app.srcdir)

    def depends_on(self, *paths: Path) -> None:
        """Have Sphinx read this page again whenever one of these files changes."""
        for path in paths:
            self.env.note_dependency(str(path))

    def link(self, target: str, text: str) -> str:
        """Return a link to a page of the book, or to one cell of it: `chapters/08-name.ipynb#cell`."""
        name, _, cell = target.partition("#")
        page = posixpath.splitext(name)[0] + ".html"
        here = posixpath.dirname(self.env.docname)
        place = posixpath.relpath(page, here or ".")
        fragment = f"#{self.fragment(name, cell)}" if cell else ""
        return f'<a class="reference internal" href="{place}{fragment}">{escape(text)}</a>'

    def fragment(self, name: str, cell: str) -> str:
        """Return the address of a cell, or of an `<a id="...">`, in its page."""
        marked = f'<a id=\\"{cell}\\">' if name.endswith(".ipynb") else f'<a id="{cell}">'
        return cell if marked in _text(self.root / name) else f"cell-{cell}"
