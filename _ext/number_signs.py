"""Write numbers as a book does: a true minus, 4.4 × 10⁻⁷, no minus zero; and 5 %, with a space in which no line breaks.

Python, and so every sentence that a cell computes, writes a hyphen for a minus, 4.4e-07 for a power of ten, and 5%. A
hyphen is shorter than a plus, and a line may break after it. In a page, what is no code gets one form, also in the
boxes of exercises' checks, which are HTML. There, and in all other text that Sphinx left so, quotes are curled.
`data_tables` asks for the same, and for powers of ten, in tables. What looks like code is left as it is, as are ranges
such as 1-6 and dates.
"""

from collections.abc import Callable
import re
from typing import Any

from apostrophes import QUOTED, curled, quoted
from bs4 import BeautifulSoup, Tag
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"
HYPHEN = re.compile(r"(?<![\w)\]}.,;:=/\"'\N{MINUS SIGN}-])-(?=\.?\d|inf\b)")
MINUS_ZERO = re.compile(rf"[-{MINUS}](0(?:\.0+)?(?:{SPACE}?%)?)")
POWER = re.compile(r"(?<![\w.^])(?:(\d+(?:\.\d+)?)e|10\^)([-+]?)0*(\d+)(?!\w|\.\w)")
LIST = re.compile(r"\[[-+\d., ]*\]")  # of numbers
CODE = re.compile(r"""[][{}"'`_]|=(?=\S)|[A-Za-z]\w*\.[A-Za-z]""")
RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
PERCENT = re.compile(r"(\d)[ \N{NO-BREAK SPACE}]?%(?![\w/])")
VERBATIM = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)
VERBATIM_TAGS = ["code", "kbd", "pre", "samp", "script", "style"]
CHECK = 'class="exercise-check'
GIVEN = re.compile(r"(<code>.*?</code>)")


def spaced(text: str) -> str:
    """Return a text whose percent signs stand apart from their numbers, on the same line."""
    return PERCENT.sub("\\1\N{NO-BREAK SPACE}%", text)


def with_minus(text: str) -> str:
    """Return a text whose negative numbers have a true minus."""
    return HYPHEN.sub(MINUS, text)


def in_prose(text: str) -> str:
    """Return a text whose numbers have true minus signs, raised powers of ten and a space before each percent sign."""
    return with_minus(POWER.sub(_power, spaced(text)))


def _power(found: re.Match[str]) -> str:
    """Return a power of ten as it is written by hand."""
    factor, sign, digits = found.groups()
    power = "10" + (sign.replace("+", "") + digits).translate(RAISED)
    return power if factor in (None, "1") else f"{factor}{SPACE}×{SPACE}{power}"


def in_a_cell(text: str) -> str:
    """Return a number, or words with numbers, as a cell of a table shows them.

    Parameters
    ----------
    text : str
        What a cell holds. What looks like code (brackets, quotes, `=` before a value, names with points or
        low lines) comes back as it is.

    Returns
    -------
    str
        The same, with a true minus, powers of ten with raised exponents, zeros without a sign, and curly apostrophes.
    """
    text, given = curled(text), text
    if LIST.fullmatch(text):
        return with_minus(re.sub(r"-(0(?:\.0+)?)(?=[], ])", r"\1", text))
    if CODE.search(text):
        return given
    if found := MINUS_ZERO.fullmatch(text):
        return found[1]
    return with_minus(POWER.sub(_power, text))


def rewrite(html: Tag, change: Callable[[str], str]) -> None:
    """Change, in place, every text of some HTML that is no code."""
    for text in list(html.find_all(string=True)):
        if not text.find_parent(VERBATIM_TAGS):
            text.replace_with(change(text))


def in_a_box(html: str) -> str:
    """Return the HTML of a check's box with both signs, but in its code, and with curly quotes.

    What stands in quotes in the list of what is still to be given is an answer, and so code.
    """
    if "not-attempted-yet" in html:
        parts = GIVEN.split(html)
        parts[::2] = [QUOTED.sub(r"<code>'\1'</code>", part) for part in parts[::2]]
        html = "".join(parts)
    box = BeautifulSoup(html, "html.parser")
    rewrite(box, lambda text: quoted(in_prose(text)))
    return str(box)


def in_signature(node: nodes.Node) -> bool:
    """Whether a node belongs to the line that names a function and its arguments."""
    while (node := node.parent) is not None:
        if isinstance(node, addnodes.desc_signature):
            return True
    return False


class NumberSigns(SphinxPostTransform):
    """Do so in a page, when the outputs of its cells are in it."""

    default_priority = 220
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Run over one document."""
        for text in list(self.document.findall(nodes.Text)):
            if isinstance(text.parent, VERBATIM) or in_signature(text):
                continue
            if (new := curled(in_prose(text.astext()))) != text.astext():
                text.parent.replace(text, nodes.Text(new))
        for raw in list(self.document.findall(nodes.raw)):
            if CHECK in raw.astext():
                raw.replace_self(nodes.raw("", in_a_box(raw.astext()), format="html"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_post_transform(NumberSigns)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
