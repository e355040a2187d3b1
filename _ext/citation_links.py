"""Turn links to the list of references into citations, so that the list holds what is cited.

A notebook cites by a plain link, `([Rubin, 1981](../references.md#rubin1981parallel))`, which reads as
well in JupyterLab (`tools/citations.py`). The hook works on the text of a page before MyST-NB parses
it, also on outputs that are Markdown, and leans on sphinxcontrib-bibtex alone: `{cite:alp}` prints
authors and year without brackets, `{cite:year}` the year.
"""

from collections.abc import Iterable, Iterator
import re
from typing import Any

from citations import LINK, label
import nbformat
from pybtex.database import Entry, Person
from pybtex.plugin import register_plugin
from pybtex.style.formatting.unsrt import Style
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.sorting.author_year_title import SortingStyle
from sphinx.application import Sphinx

REFERENCES = "references"  # outside of the book a plain list of all


class AsCited(BaseLabelStyle):
    """Labels that say what the text says: `Hoffman and Gelman, 2014`."""

    def format_labels(self, sorted_entries: Iterable[Entry]) -> Iterator[str]:
        """Yield the label of each entry; the second of the same authors and year ends with `b`."""
        seen: dict[str, int] = {}
        for entry in sorted_entries:
            said = label(entry.key)
            seen[said] = seen.get(said, 0) + 1
            yield said if seen[said] == 1 else said + "abcdefgh"[seen[said] - 1]


class ByName(SortingStyle):
    """The order of the authors; the braces around an institution do not count."""

    def person_key(self, person: Person) -> str:
        """Return what an author is sorted by."""
        return super().person_key(person).replace("{", "")


class ListedAsCited(Style):
    """A list in the order of the authors, under these labels."""

    default_sorting_style = "by_name"
    default_label_style = AsCited


def cited(text: str) -> str:
    """Return a text with citations in place of links to the list of references."""

    def role(match: re.Match[str]) -> str:
        said, key = match.groups()
        return f"{{cite:{'year' if said.isdigit() else 'alp'}}}`{key}`"

    return LINK.sub(role, text)


def cite(app: Sphinx, docname: str, content: list[str]) -> None:
    """Put citations into a page that Sphinx has just read, or their list into the page of references."""
    if docname == REFERENCES:
        content[0] = content[0].partition("\n")[0] + "\n\n```{bibliography}\n```\n"
        return
    if not LINK.search(content[0]):
        return
    if not app.env.doc2path(docname).endswith(".ipynb"):
        content[0] = cited(content[0])
        return
    notebook = nbformat.reads(content[0], as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cited(cell.source)
        for output in cell.get("outputs", []):
            if "text/markdown" in output.get("data", {}):
                output.data["text/markdown"] = cited(output.data["text/markdown"])
    content[0] = nbformat.writes(notebook)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook, after the one that brings the outputs in."""
    register_plugin("pybtex.style.sorting", "by_name", ByName)
    register_plugin("pybtex.style.formatting", "as_cited", ListedAsCited)
    app.connect("source-read", cite, priority=800)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
