"""Concepts in the index: where the chapters explain them, not only where the glossary defines them.

A term of the glossary gets a line for each chapter that explains it: that has it in a heading, or in bold. The lines of
`appendices/index.csv` add concepts that the glossary has not, and places that neither rule finds: `places` names cells
or headings of chapters (`places.py`). A line with `see` in the place of `places` leads to another entry. So an entry of the
index reads "R-hat", and below it the chapters. `_templates/genindex.html` is the page.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
import re
from typing import Any

from apostrophes import curled
from cell_anchors import CONCEPTS
from docutils import nodes
from glossary_links import GLOSSARY, pattern, terms
from markdown_table import rows_of
from places import place
from search_index import API
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

HOME = "chapters/"


@cache
def wanted(root: Path) -> dict[str, list[tuple[str, str]]]:
    """Return the entries that the table adds to each page, with their addresses in it.

    Parameters
    ----------
    root : pathlib.Path
        The folder of the course.

    Returns
    -------
    dict
        Concepts and addresses, by the name of the page.

    Raises
    ------
    ValueError
        If a place is not there.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows_of(root / CONCEPTS):
        for target in row["places"].split():
            where = place(root, target)
            found.setdefault(where.page, []).append((row["concept"], where.fragment))
    return found


def cross_references(root: Path) -> Iterator[str]:
    """Yield the lines that lead to other entries: `HMC; Hamiltonian Monte Carlo`."""
    for row in rows_of(root / CONCEPTS):
        if row["see"]:
            yield f"{row['concept']}; {row['see']}"


class IndexConcepts(SphinxTransform):
    """Note the concepts that a chapter explains. It runs before terms become links to the glossary."""

    default_priority = 440

    def apply(self, **kwargs: Any) -> None:
        """Run over one document."""
        docname, root = self.env.docname, Path(self.app.srcdir)
        if docname == GLOSSARY:
            self.env.note_dependency(str(root / CONCEPTS))
            self.note([("see", line, "", "", None) for line in cross_references(root)])
        if not docname.startswith(HOME):
            return
        title = self.document.next_node(nodes.title).astext()
        found: dict[str, str] = {}
        named = wanted(root).get(docname, ())
        for term, address in (*named, *self.headings(root), *self.explained(root)):
            found.setdefault(term, address)
        self.note(
            [
                ("single", f"{curled(term)}; {title}", address, "", None)
                for term, address in found.items()
            ]
        )

    def note(self, entries: list[tuple[str, str, str, str, None]]) -> None:
        """Hand entries to Sphinx, which collects them."""
        self.document.insert(0, addnodes.index("", entries=entries))

    def headings(self, root: Path) -> Iterator[tuple[str, str]]:
        """Yield each term that stands in a heading, and the address of its section."""
        for section in self.document.findall(nodes.section):
            if section.parent is not self.document:
                for match in pattern(root).finditer(section.next_node(nodes.title).astext()):
                    yield terms(root)[match[1].lower()], section["ids"][0]

    def explained(self, root: Path) -> Iterator[tuple[str, str]]:
        """Yield each term that stands in bold, after giving it an address."""
        for strong in self.document.findall(nodes.strong):
            match = pattern(root).fullmatch(strong.astext().strip(" .,:"))
            if match and not inside_card(strong):
                term = terms(root)[match[1].lower()]
                address = f"explains-{re.sub(r'[^a-z0-9]+', '-', term.lower())}"
                if address not in self.document.ids:
                    strong["ids"].append(address)
                    self.document.ids[address] = strong
                    yield term, address


def inside_card(node: nodes.Node) -> bool:
    """Whether a node belongs to a question whose answer is not yet to be read."""
    while (node := node.parent) is not None:
        if any(name.startswith("predict") for name in node.get("classes", ())):
            return True
    return False


def split(letters: list[tuple[str, list]]) -> tuple[list[tuple[str, list]], list]:
    """Return the concepts of the index, by letter, and the names of the companion.

    Parameters
    ----------
    letters : list of tuple
        What Sphinx lists: a letter, and its entries, each a word with its links.

    Returns
    -------
    tuple
        Letters and entries as before, without those that Sphinx made from docstrings; and these.
    """
    concepts = [
        (letter, [entry for entry in entries if not is_name(entry)]) for letter, entries in letters
    ]
    names = [entry for _, entries in letters for entry in entries if is_name(entry)]
    return [(letter, entries) for letter, entries in concepts if entries], names


def is_name(entry: tuple[str, tuple]) -> bool:
    """Whether all that an entry of the index leads to is documentation of the companion."""
    _, (own, below, _) = entry
    links = [link for links in (own, *(places for _, places in below)) for _, link in links]
    return bool(links) and all(API in link for link in links)


def address_of(word: str) -> str:
    """Return the address of an entry of the index in its page."""
    return "entry-" + re.sub(r"[^\w]+", "-", word.lower()).strip("-")


def on_page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document | None
) -> None:
    """Hand both parts to the template."""
    if page == "genindex":
        context["index_concepts"], context["index_names"] = split(context["genindexentries"])
        entries = [entry for _, listed in context["index_concepts"] for entry in listed]
        context["index_places"] = {word.lower(): address_of(word) for word, _ in entries}


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform, and what the page needs."""
    app.add_transform(IndexConcepts)
    app.connect("html-page-context", on_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
