"""Apostrophes and quotation marks as a book has them, where Sphinx leaves them straight.

Sphinx curls the quotes of Markdown. What a cell prints as HTML, what comes from a table of the book, and the
list of references it leaves alone.
"""

import re

APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])|(?<=s)'(?= [a-z])")
QUOTED = re.compile(r"(?<![^\s(])'([^'\n]+)'(?=[\s).,;:?!]|$)")


def curled(text: str) -> str:
    """Return a text that is no code with curly apostrophes."""
    return APOSTROPHE.sub("\N{RIGHT SINGLE QUOTATION MARK}", text)


def quoted(text: str) -> str:
    """Return the same, and what stands in single straight quotes in double curly ones."""
    marks = "\N{LEFT DOUBLE QUOTATION MARK}\\1\N{RIGHT DOUBLE QUOTATION MARK}"
    return curled(QUOTED.sub(marks, text))
