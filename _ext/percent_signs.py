"""Write percentages in one way: 5 %, with a space in which no line breaks; and minus signs, in what cells say.

Python's own format writes 5%, and so do the sentences that cells compute with it; prose writes 5 %. In the
text of a page, not in its code, both become the same; `data_tables` asks for the same in tables. The boxes
of exercises' checks are HTML, and get both here.
"""

import re
from typing import Any

from bs4 import BeautifulSoup
from docutils import nodes
from number_signs import with_minus
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

PERCENT = re.compile(r"(\d)[ \N{NO-BREAK SPACE}]?%(?![\w/])")
VERBATIM = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)
VERBATIM_TAGS = ["code", "kbd", "pre", "samp", "script", "style"]
CHECK = 'class="exercise-check'


def spaced(text: str) -> str:
    """Return a text whose percent signs stand apart from their numbers, on the same line."""
    return PERCENT.sub("\\1\N{NO-BREAK SPACE}%", text)


def in_a_box(html: str) -> str:
    """Return the HTML of a check's box with both signs, but in its code."""
    box = BeautifulSoup(html, "html.parser")
    for text in list(box.find_all(string=True)):
        if not text.find_parent(VERBATIM_TAGS):
            text.replace_with(with_minus(spaced(text)))
    return str(box)


class PercentSigns(SphinxPostTransform):
    """Do so in a page, when the outputs of its cells are in it."""

    default_priority = 220
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Run over one document."""
        for text in list(self.document.findall(nodes.Text)):
            if "%" in text and not isinstance(text.parent, VERBATIM):
                text.parent.replace(text, nodes.Text(spaced(text.astext())))
        for container in list(self.document.findall(nodes.container)):
            if "cell_output" in container["classes"]:
                self.sign_output(container)

    def sign_output(self, output: nodes.container) -> None:
        """Give what a cell says its minus signs, and a check's box its percent signs, too."""
        for text in list(output.findall(nodes.Text)):
            if "-" in text and not isinstance(text.parent, VERBATIM):
                text.parent.replace(text, nodes.Text(with_minus(text.astext())))
        for raw in list(output.findall(nodes.raw)):
            if CHECK in raw.astext():
                raw.replace_self(nodes.raw("", in_a_box(raw.astext()), format="html"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_post_transform(PercentSigns)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
