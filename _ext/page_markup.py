"""Put right what the theme and MyST-NB write into each page: its head is lighter, its body for all readers.

`_templates/layout.html` sends the parts of a page through the three filters below. What they replace are
sentences of other packages: where one of these changes, `tests/book/test_every_page.py` and
`tests/book/test_weight.py` see it. Images get their size, and load when the reader comes near them.
"""

from functools import cache
from pathlib import Path
import re
from typing import Any

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx

TAG = r"[^>]*?"
# What stands in the body of a page, and what stands there instead.
REPAIRS = [
    # A name that differs from the text confuses whoever speaks to the browser.
    (re.compile(r'<summary aria-label="[^"]*">'), "<summary>"),
    (
        re.compile(
            rf'(<button class="btn search-button-field{TAG}) title="[^"]*" aria-label="[^"]*"'
        ),
        r"\1",
    ),
    # What unfolds the pages of a chapter says of which.
    (
        re.compile(
            r'(<a [^>]*>([^<]+)</a><details[^>]*>)<summary>(?=<span class="toctree-toggle")'
        ),
        r'\1<summary aria-label="More of \2">',
    ),
    # These roles are not used any more.
    (re.compile(r'role="doc-biblioentry"'), 'role="listitem"'),
    # A cell without words heads nothing.
    (re.compile(r'<th class="(head[^"]*)">(?:<p></p>)?</th>'), r'<td class="\1"></td>'),
    # What is beside the article is a landmark too.
    (
        re.compile(r'<div id="pst-primary-sidebar" '),
        '<div id="pst-primary-sidebar" role="region" aria-label="The course" ',
    ),
    # An icon says nothing.
    (
        re.compile(r'<(i|span) class="([^"]*\bfa[srb]?(?:-\w+)? [^"]*)"'),
        r'<\1 aria-hidden="true" class="\2"',
    ),
]


# Scripts and styles of the first page, the appendices and the search.
NOT_FOR_NOTEBOOKS = {
    f"_static/{name}"
    for name in (
        "appendices.css",
        "filter.js",
        "folds.js",
        "home.css",
        "search.css",
        "search.js",
    )
}


def light_head(html: str) -> str:
    """Leave out the program that draws 2,000 icons: a font draws the few that are used."""
    return re.sub(r"<script [^>]*fontawesome\.js[^>]*></script>", "", html)


def without_search_index(html: str) -> str:
    """Leave out the words of the whole course, which only the search page needs."""
    return re.sub(
        r'<script src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"></script>', "", html
    )


def for_all_readers(html: str) -> str:
    """Repair the body of a page for the keyboard and for who hears it."""
    for wrong, right in REPAIRS:
        html = wrong.sub(right, html)
    return html


@cache
def size_of(path: Path) -> tuple[int, int] | None:
    """Return the width and height of an image in pixels; None for what is not made of pixels."""
    try:
        with Image.open(path) as image:
            return image.size
    except OSError:
        return None


def visit_image(writer: Any, node: nodes.image) -> None:
    """Write an image with its size, so that nothing moves when it comes, and as a link to itself."""
    size = size_of(Path(writer.builder.srcdir, node["uri"]))
    start = len(writer.body)
    type(writer).visit_image(writer, node)
    if len(writer.body) == start or not writer.body[-1].startswith("<img "):
        return
    known = f'width="{size[0]}" height="{size[1]}" ' if size else ""
    tag = writer.body[-1].replace("<img ", f'<img loading="lazy" decoding="async" {known}', 1)
    if size and not isinstance(node.parent, nodes.reference):
        tag = f'<a class="enlarge" href="{writer.attval(node["uri"])}">{tag.strip()}</a>\n'
    writer.body[-1] = tag


def depart_image(writer: Any, node: nodes.image) -> None:
    """Leave an image as the writer does."""
    type(writer).depart_image(writer, node)


def add_filters(app: Sphinx) -> None:
    """Hand the filters to the templates."""
    if templates := getattr(app.builder, "templates", None):
        for each in (light_head, without_search_index, for_all_readers):
            templates.environment.filters[each.__name__] = each


def only_where_used(
    app: Sphinx, pagename: str, template: str, context: dict, doctree: nodes.document | None
) -> None:
    """Leave out the book's own scripts and styles where nothing on the page is for them."""
    if pagename.startswith(("chapters/", "exercises/", "solutions/")):
        for kind in ("css_files", "script_files"):
            context[kind] = [
                file for file in context[kind] if file.filename not in NOT_FOR_NOTEBOOKS
            ]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the filters and the writer of images."""
    app.config.templates_path.append("_templates")
    app.connect("builder-inited", add_filters)
    app.connect("html-page-context", only_where_used, priority=900)  # the lists are then complete
    app.add_node(nodes.image, override=True, html=(visit_image, depart_image))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
