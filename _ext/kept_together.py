"""Keep on one line what nobody parts when writing: a formula and the mark behind it, R-hat, Student-t, 1e-20, short code.

Browsers break a line on both sides of a formula, so that a comma may begin the next one; and they break after every hyphen.
What belongs together gets an element that does not let a line break in it (`_static/book.css`). The characters stay what they are, so
that whoever looks for "R-hat" on a page finds it.
"""

from collections.abc import Iterator
import re
from typing import Any

from docutils import nodes
from number_signs import VERBATIM
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

CLASS = "together"
SHORT = 20  # letters of code within a line: (chain, draw, ...)
OPENING = re.compile(r"[(\[“‘]+$")
# A mark, brackets that close, `'s`, or the hyphen of `n-th` with what follows it.
CLOSING = re.compile(r"^(?:[-‑][^\W_]+|[’']s\b)?[.,;:!?)\]”’%…]*")
WORD = re.compile(
    r"(?<![\w-])(?:[^\W\d_]-[^\W\d_]+|[^\W\d_]+-[^\W\d_]|\d+(?:\.\d+)?e-\d+)(?![\w-])"
)


def parts(text: str, pattern: re.Pattern[str] = WORD) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a text, and whether a line may not break in them.

    Parameters
    ----------
    text : str
    pattern : re.Pattern
        What stays on one line.

    Yields
    ------
    tuple of str and bool
    """
    done = 0
    for match in pattern.finditer(text):
        if match.start() > done:
            yield text[done : match.start()], False
        yield match[0], True
        done = match.end()
    if done < len(text):
        yield text[done:], False


def with_neighbors(formula: nodes.math) -> None:
    """Put a formula into one element with the marks that touch it."""
    parent = formula.parent
    place = parent.index(formula)
    before = text_at(parent, place - 1)
    after = text_at(parent, place + 1)
    opening = "".join(OPENING.findall(before))
    closing = "".join(CLOSING.findall(after))
    if not opening and not closing:
        return
    whole = nodes.inline("", "", classes=[CLASS])
    pieces: list[nodes.Node] = [whole]
    first, last = place, place + 1
    if opening:
        first -= 1
        whole += nodes.Text(opening)
        pieces.insert(0, nodes.Text(before.removesuffix(opening)))
    whole += formula
    if closing:
        last += 1
        whole += nodes.Text(closing)
        pieces.append(nodes.Text(after.removeprefix(closing)))
    parent[first:last] = pieces


def text_at(parent: nodes.Element, place: int) -> str:
    """Return the text that is a child of an element; nothing if there is another child or none."""
    child = parent[place] if 0 <= place < len(parent) else None
    return child.astext() if isinstance(child, nodes.Text) else ""


class KeepTogether(SphinxPostTransform):
    """Do so in a page, when the outputs of its cells are in it."""

    default_priority = 230
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Run over one document."""
        for formula in list(self.document.findall(nodes.math)):
            with_neighbors(formula)
        for code in self.document.findall(nodes.literal):
            if len(code.astext()) <= SHORT:
                code["classes"].append(CLASS)
        for text in list(self.document.findall(nodes.Text)):
            if isinstance(text.parent, VERBATIM) or not WORD.search(text.astext()):
                continue
            text.parent.replace(
                text,
                [
                    nodes.inline("", part, classes=[CLASS]) if whole else nodes.Text(part)
                    for part, whole in parts(text.astext())
                ],
            )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_post_transform(KeepTogether)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
