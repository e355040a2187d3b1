"""The contents beside each page: made once, and fitted to each page.

The theme makes them anew for every page, which takes a seventh of the time of a rendering. But they differ in
three ways only: links start from another folder, the current page and what it lies under are marked, and
what it lies under is open.

The theme would still make them, to find out whether this part of the sidebar is empty, before any extension
of ours is asked. So they stand in a template of another name, `_templates/contents-sidebar-nav-bs.html`.
"""

from posixpath import dirname, join, normpath, relpath
import re
from typing import Any

from bs4 import BeautifulSoup, Tag
from docutils import nodes
from html_classes import classes_of, set_classes
from sphinx.application import Sphinx

# How the current page and what it lies under are marked. In the HTML that is kept a mark is the last class,
# "@li12", or the attribute data-open="@details13".
MARKS = {"a": " current", "ul": " current", "li": " current active", "details": ' open="open"'}
MARK = re.compile(r' data-open="(@(details)\d+)"| ?(@(a|ul|li)\d+)(?=")')
LINK = re.compile(r'href="to:([^"]*)"')


class Contents:
    """The contents of the book, from which those beside any page follow.

    Parameters
    ----------
    html : str
        As the theme makes them beside one page: nested lists of links, with `details` that fold.
    pagename : str
        The name of this page, such as `chapters/01-name`.
    """

    def __init__(self, html: str, pagename: str) -> None:
        soup = BeautifulSoup(html, "html.parser")
        self.marked: dict[str, set[str]] = {}  # of each page, the marks of all that is current
        known: dict[int, str] = {}
        for number, tag in enumerate(soup(list(MARKS))):
            known[id(tag)] = f"@{tag.name}{number}"
            if tag.name == "details":
                del tag["open"]
        for tag in soup(list(MARKS)):
            if tag.name == "details":
                tag["data-open"] = known[id(tag)]
            else:
                others = [name for name in classes_of(tag) if name not in ("current", "active")]
                set_classes(tag, [*others, known[id(tag)]])
        for link in soup("a", class_="internal"):
            to = pagename
            if link["href"] != "#":
                to = normpath(join(dirname(pagename), str(link["href"]))).removesuffix(".html")
            link["href"] = f"to:{to}"
            self.marked[to] = {known[id(tag)] for tag in self._above(link)}
        self.html = str(soup)

    @staticmethod
    def _above(link: Tag) -> list[Tag]:
        """Return what is current with a page: its link, its item, what that holds, and what it lies under."""
        item = link.find_parent("li")
        if item is None:
            return [link]
        own = item.find("details", recursive=False)
        return [link, item, *([own] if own else []), *item.find_parents(list(MARKS))]

    def beside(self, pagename: str) -> str:
        """Return the contents beside a page, which need not be in them itself."""
        marked = self.marked.get(pagename, set())
        folder = dirname(pagename) or "."

        def mark(found: re.Match) -> str:
            name, kind = (part for part in found.groups() if part)
            return MARKS[kind] if name in marked else ""

        return LINK.sub(
            lambda found: (
                'href="#"' if found[1] == pagename else f'href="{relpath(found[1], folder)}.html"'
            ),
            MARK.sub(mark, self.html),
        )


def make_once(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """Let the theme make the contents for the first page, and fit them to the others."""
    make = context["generate_toctree_html"]

    def contents(kind: str, **settings: Any) -> Any:
        if kind != "sidebar":
            return make(kind, **settings)
        kept = vars(app)
        if "page_contents" not in kept:
            kept["page_contents"] = Contents(str(make(kind, **settings)), pagename)
        return kept["page_contents"].beside(pagename)

    context["generate_toctree_html"] = contents


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook, after the one of the theme that makes the function."""
    app.connect("html-page-context", make_once, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
