"""Fold a PyMC cell and its TFP twin into one panel of the rendered book.

In Jupyter the twins are two ordinary code cells, tagged `pymc` and `tfp`, one directly below the
other. MyST-NB renders each as a container with the classes `cell tag_pymc` or `cell tag_tfp`; this
extension wraps the two containers into::

    div.twins
        div.twin.twin-pymc   label "PyMC",                    the cell with its outputs
        div.twin.twin-tfp    label "TensorFlow Probability",  the cell with its outputs
        div.twins-span.full-width   empty

That alone is a page with both languages stacked. `_static/twin_cells.css` and `.js` make columns
or tabs of it and follow the reader's choice of language. The empty last child lies over the panel
while it is two columns wide: the theme folds its list of contents away wherever something with the
class `full-width` is on the screen.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

LABELS = {"pymc": "PyMC", "tfp": "TensorFlow Probability"}

logger = logging.getLogger(__name__)


def language_of(node: nodes.Node | None) -> str | None:
    """Return the language of a rendered code cell.

    Parameters
    ----------
    node : docutils.nodes.Node or None
        Any node of a document.

    Returns
    -------
    str or None
        `"pymc"`, `"tfp"`, `"both"` for a cell that carries both tags, or None for anything else.
    """
    if not isinstance(node, nodes.container) or node.get("nb_element") != "cell_code":
        return None
    found = [language for language in LABELS if f"tag_{language}" in node["classes"]]
    return "both" if len(found) == 2 else "".join(found) or None


class FoldTwins(SphinxTransform):
    """Wrap every pair of twins; warn, and so fail the build, about a cell without its twin."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        """Run over one document."""
        for cell in list(self.document.findall(lambda node: language_of(node) is not None)):
            if isinstance(cell.parent, nodes.container) and "twin" in cell.parent["classes"]:
                continue  # the second half of a pair that is already folded
            twin = cell.next_node(descend=False, siblings=True)
            if language_of(cell) == "pymc" and language_of(twin) == "tfp":
                self.fold(cell, twin)
            else:
                self.complain(cell)

    def fold(self, *cells: nodes.container) -> None:
        """Replace the two cells by one panel."""
        panel = nodes.container(classes=["twins"])
        cells[0].replace_self(panel)
        cells[1].parent.remove(cells[1])
        for language, cell in zip(LABELS, cells, strict=True):
            label = nodes.paragraph("", LABELS[language], classes=["twin-label"])
            panel += nodes.container("", label, cell, classes=["twin", f"twin-{language}"])
        panel += nodes.container(classes=["twins-span", "full-width"])

    def complain(self, cell: nodes.container) -> None:
        """Name the notebook, the cell and what is missing."""
        problem = {
            "pymc": "is tagged `pymc`, and the next cell is not its `tfp` twin",
            "tfp": "is tagged `tfp`, and the cell above is not its `pymc` twin",
            "both": "is tagged both `pymc` and `tfp`",
        }[language_of(cell) or "both"]
        first_line = cell.astext().strip().partition("\n")[0]
        logger.warning(
            "%s, cell %d (`%s`) %s: put the two code cells directly below each other, PyMC first.",
            self.env.docname,
            cell["cell_index"] + 1,
            first_line,
            problem,
            location=self.env.docname,
            type="twin_cells",
        )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(FoldTwins)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
