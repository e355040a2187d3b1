"""Fold the sections of the longest appendices: in a narrow window their pages are a hundred windows long.

What a section holds below its heading goes into a `<details>` that says how much that is. In the page it is open; where the
window is narrow `_static/folds.js` closes it, until the reader, a link, or paper opens it. So nothing is hidden without scripts, in
a wide window, or from who looks for a word.
"""

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

PAGES = (
    "appendices/c-source-map-and-errata",
    "appendices/d-companion-api",
    "appendices/e-status",
)


def counted(section: nodes.section) -> str:
    """Return in words how much a section holds."""
    names = [each for each in section.findall(addnodes.desc) if not inside_name(each)]
    if names:
        return f"{len(names)} name{'s' * (len(names) > 1)}"
    rows = sum(len(body.children) for body in section.findall(nodes.tbody))
    return f"{rows} row{'s' * (rows != 1)}" if rows else "Text"


def inside_name(node: nodes.Node) -> bool:
    """Whether a node belongs to the description of another name, as a method does."""
    while (node := node.parent) is not None:
        if isinstance(node, addnodes.desc):
            return True
    return False


def fold(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put what is below the headings of the second level into `<details>`."""
    if docname not in PAGES:
        return
    for section in list(doctree.findall(nodes.section)):
        if not isinstance(section.parent, nodes.section) or section.parent.parent is not doctree:
            continue
        opening = f'<details class="fold" open><summary>{counted(section)}</summary>\n'
        section.insert(1, nodes.raw("", opening, format="html"))
        section.append(nodes.raw("", "</details>\n", format="html"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook."""
    app.connect("doctree-resolved", fold)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
