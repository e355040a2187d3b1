"""Let each long line of code go on to the right of its own start, where a window is too narrow for it.

A style sheet can indent what goes on, but only by as much in all lines of a block: in a function, what goes on then stands
to the left of the statements around it, and looks like a new one. So each line that may be too long gets an element of its
own, which says at which column the line starts; `_static/book.css` does the rest. No character of the code changes, so that
copied code is the same.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

PYTHON = ("ipython", "ipython3", "python", "python3")
FITS = 30  # characters, which every window has room for
NEAR = 18  # characters before a line, up to which it has more room than what goes on below it
TAG = re.compile(r"<[^>]*>")
ENTITY = re.compile(r"&[#\w]+;")
BLOCK = re.compile(r"(<pre>(?:<span></span>)?)(.*?)(</pre>)", re.DOTALL)


def marked(line: str) -> str:
    """Return a line of highlighted code, in an element that says where it starts if it is long.

    Parameters
    ----------
    line : str
        The line as HTML, with its end; Pygments lets no element go over the end of a line.

    Returns
    -------
    str
    """
    code = line.rstrip("\n")
    text = ENTITY.sub("&", TAG.sub("", code))
    if len(text) <= FITS:
        return line
    start = len(text) - len(text.lstrip(" "))
    style = f' style="--starts: {start}"' if start else ""
    end = line[len(code) :]
    if 0 < start <= NEAR and code.startswith(" " * start):
        code = f'<span class="code-start">{" " * start}</span>{code[start:]}'
    return f'<span class="code-line"{style}>{code}</span>{end}'


def in_lines(html: str) -> str:
    """Return a block of highlighted code whose long lines say where they start."""

    def block(match: re.Match[str]) -> str:
        return match[1] + "".join(map(marked, match[2].splitlines(keepends=True))) + match[3]

    return BLOCK.sub(block, html, count=1)


def visit_literal_block(writer: Any, node: nodes.literal_block) -> None:
    """Write a block as the writer does, then mark its lines."""
    start = len(writer.body)
    try:
        type(writer).visit_literal_block(writer, node)
    finally:  # the writer leaves by an exception
        if node.get("language") in PYTHON:
            writer.body[start:] = map(in_lines, writer.body[start:])


def depart_literal_block(writer: Any, node: nodes.literal_block) -> None:
    """Leave a block as the writer does."""
    type(writer).depart_literal_block(writer, node)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the writer of blocks."""
    app.add_node(
        nodes.literal_block, override=True, html=(visit_literal_block, depart_literal_block)
    )
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
