"""Name the bars that code is folded behind, and make one of those that follow each other.

A bar says what its code makes: "Code of Figure 4.2", "Code of the table below". Code without an output
joins the bar below it. The cell `setup` is folded as well, so that a chapter begins with its question;
the notebook itself is not changed, and in Jupyter the cell is an ordinary one.

This leans on MyST-NB: a cell that hides its input is a container with `nb_element="cell_code"` and
`hide_mode="input"`, whose first child holds the source; its post-transform of priority 199 folds that
child behind `prompt_show` and `prompt_hide`.
"""

from typing import Any

from cell_anchors import is_anchor
from course import SETUP, tags
from docutils import nodes
import nbformat
import nbformat.v4
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

HIDDEN = "hide-input"
SETUP_NAME = "Setup: imports and style"
FIGURE, TABLE, OUTPUT, HELPER = (
    "Code of Figure {}",
    "Code of the table below",
    "Code of the output below",
    "Code of what follows",
)


def fold_setup(app: Sphinx, docname: str, content: list[str]) -> None:
    """Tag the cell with the imports of a notebook that Sphinx has just read, and name its bar."""
    if not app.env.doc2path(docname, base=False).endswith(".ipynb"):
        return
    notebook = nbformat.v4.reads(content[0])
    for cell in notebook.cells:
        if cell.id == SETUP and cell.cell_type == "code" and HIDDEN not in tags(cell):
            cell.metadata["tags"] = [*tags(cell), HIDDEN]
            prompts = {"code_prompt_show": SETUP_NAME, "code_prompt_hide": SETUP_NAME}
            cell.metadata["mystnb"] = cell.metadata.get("mystnb", {}) | prompts
            content[0] = nbformat.v4.writes(notebook)


def is_bar(node: nodes.Node | None) -> bool:
    """Whether a node is a code cell whose source is folded away."""
    return (
        isinstance(node, nodes.container)
        and node.get("nb_element") == "cell_code"
        and node.get("hide_mode") == "input"
        and bool(node.children)
        and node.children[0].get("nb_element") == "cell_code_source"
    )


def below(cell: nodes.container) -> nodes.Node | None:
    """Return what follows a cell, past the empty addresses that `cell_anchors` puts between cells."""
    node = cell.next_node(descend=False, siblings=True)
    while is_anchor(node):
        node = node.next_node(descend=False, siblings=True)
    return node


def name_of(cell: nodes.container, numbers: dict[str, tuple[int, ...]]) -> str:
    """Return what the bar of a cell says.

    Parameters
    ----------
    cell : docutils.nodes.container
        The cell, as `is_bar` finds it.
    numbers : dict of str to tuple of int
        The numbers of the page's figures, by the ids that Sphinx knows them by.

    Returns
    -------
    str
    """
    if cell["prompt_show"] == SETUP_NAME:
        return SETUP_NAME
    if len(cell.children) == 1:
        return HELPER
    for figure in cell.findall(nodes.figure):
        for found in filter(None, map(numbers.get, figure["ids"])):
            return FIGURE.format(".".join(map(str, found)))
    tabular = any("<table" in raw.astext() for raw in cell.findall(nodes.raw))
    return TABLE if tabular else OUTPUT


class NameBars(SphinxPostTransform):
    """Join the bars of a page that follow each other, and name those that are left."""

    default_priority = 190
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Run over one document, while its page is written."""
        numbers = self.env.toc_fignumbers.get(self.env.docname, {}).get("figure", {})
        for cell in [node for node in self.document.findall(nodes.container) if is_bar(node)]:
            follower = below(cell)
            alone = len(cell.children) == 1 and cell["prompt_show"] != SETUP_NAME
            if alone and follower is not None and is_bar(follower):
                follower.children[0][:0] = cell.children[0].children
                cell.parent.remove(cell)
            else:
                cell["prompt_show"] = cell["prompt_hide"] = name_of(cell, numbers)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register both, the first one after the hook that brings the outputs in."""
    app.connect("source-read", fold_setup, priority=550)
    app.add_post_transform(NameBars)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
