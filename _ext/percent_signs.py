"""Write percentages in one way: 5 %, with a space in which no line breaks.

Python's own format writes 5%, and so do the sentences that cells compute with it; prose writes 5 %. In the
text of a page, not in its code, both become the same; `data_tables` asks for the same in tables.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

PERCENT = re.compile(r"(\d)[ \N{NO-BREAK SPACE}]?%(?![\w/])")
VERBATIM = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)


def spaced(text: str) -> str:
    """Return a text whose percent signs stand apart from their numbers, on the same line."""
    return PERCENT.sub("\\1\N{NO-BREAK SPACE}%", text)


class PercentSigns(SphinxPostTransform):
    """Do so in a page, when the outputs of its cells are in it."""

    default_priority = 220
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Run over one document."""
        for text in list(self.document.findall(nodes.Text)):
            if "%" in text and not isinstance(text.parent, VERBATIM):
                text.parent.replace(text, nodes.Text(spaced(text.astext())))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_post_transform(PercentSigns)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
