"""Citations in a form that reads in JupyterLab, on a forge and in the book.

A notebook cites by a link to the list of references, whose text is what the book prints:

    ([Rubin, 1981](../references.md#rubin1981parallel))
    Neal ([2003](../references.md#neal2003slice)) calls it ...

Write the short form ``{cite}`rubin1981parallel` `` (or, after the authors' names, ``{cite:year}``) and
let `tools/tidy_notebooks.py` write the long one; it also writes `references.md`, the list to which the
links lead outside of the book, from `references.bib`. In the book the Sphinx hook `_ext/citation_links.py`
turns the links into citations and that page into the list of what is cited.
"""

from functools import cache
import html
from pathlib import Path
import re

from course import ROOT
from pybtex.database import Entry, parse_file
from pybtex.plugin import find_plugin

BIBLIOGRAPHY = ROOT / "references.bib"
SHORT = re.compile(r"\{cite(:year)?\}`([\w, ]+)`")
LINK = re.compile(r"\[([^][]+)\]\((?:\.\./)?references\.md#(\w+)\)")


@cache
def entries(path: Path = BIBLIOGRAPHY) -> dict[str, Entry]:
    """Return the entries of a file of references, by their keys."""
    return dict(parse_file(str(path), "bibtex").entries)


def label(key: str) -> str:
    """Return what a citation says: `Rubin, 1981`, `Hoffman and Gelman, 2014` or `Yao et al., 2018`.

    Raises
    ------
    ValueError
        If `references.bib` has no entry of that key.
    """
    if key not in entries():
        raise ValueError(f"references.bib has no entry {key!r}")
    entry = entries()[key]
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [" ".join(str(name) for name in person.rich_last_names) for person in people]
    if len(names) > 2:
        who = f"{names[0]} et al."
    else:
        who = " and ".join(names) or entry.fields["title"].translate({123: None, 125: None})
    return f"{who}, {year(key)}"


def year(key: str) -> str:
    """Return the year in which a reference appeared."""
    return entries()[key].fields["year"]


def list_of_references() -> str:
    """Return the page of references as plain Markdown, with an address for each entry."""
    style = find_plugin("pybtex.style.formatting", "unsrt")()
    markdown = find_plugin("pybtex.backends", "markdown")()
    listed = {}
    for entry in style.format_entries(entries().values()):
        escaped = entry.text.render(markdown).replace("\n", " ")
        listed[entry.key] = re.sub(r"\\([\\.()-])", r"\1", html.unescape(escaped))
    keys = sorted(listed, key=lambda key: label(key).casefold())
    items = [f'<a id="{key}"></a>**{label(key)}.** {listed[key]}' for key in keys]
    return "\n\n".join(["# References", *items]) + "\n"


def spelled_out(source: str) -> str:
    """Return a cell's text with short citations made long, and the long ones made right.

    Raises
    ------
    ValueError
        If `references.bib` has no entry of a key.
    """

    def lengthen(match: re.Match[str]) -> str:
        keys = [key.strip() for key in match[2].split(",")]
        said = [(label(key), year(key))[bool(match[1])] for key in keys]
        links = [f"[{text}](../references.md#{key})" for text, key in zip(said, keys, strict=True)]
        return f"({'; '.join(links)})"

    def correct(match: re.Match[str]) -> str:
        text, key = match.groups()
        right = label(key)
        return match[0] if text == year(key) else match[0].replace(f"[{text}]", f"[{right}]")

    return LINK.sub(correct, SHORT.sub(lengthen, source))
