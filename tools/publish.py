"""Make of the rendered book what can be handed on: an archive, or one document to print.

    python tools/publish.py zip    makes _build/practical-bayesian-modeling.zip
    python tools/publish.py pdf    makes _build/practical-bayesian-modeling.pdf
    python tools/publish.py runs   makes _build/practical-bayesian-modeling-runs.zip

The archive is a folder with the book: unpack it, open `index.html`. The document is what Chromium prints of each
page, both languages, in reading order, bound with a table of contents, page numbers and bookmarks. Render the
book first. `--pages chapters/04-diagnostics ...` binds some pages only. The runs are the executed notebooks that
came with the course.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
import io
from pathlib import Path
import posixpath
import sys
from typing import Any
from urllib.parse import unquote, urlsplit
import zipfile

from course import ROOT, pages
import machine
from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, FloatObject, NameObject, NullObject
from rendering import HTML
from runs import SHIPPED
import yaml

NAME = "practical-bayesian-modeling"
TITLE = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["title"]
LEFT_OUT = {".buildinfo", ".buildinfo.bak"}
ANY_DAY = (1980, 1, 1, 0, 0, 0)  # the same book gives the same archive
PAPER: dict[str, Any] = {"format": "A4", "print_background": True}
PAPER |= {"margin": {"top": "16mm", "bottom": "18mm", "left": "15mm", "right": "15mm"}}
OWN_NUMBERS = "@page { @bottom-center { content: none; } }"  # those of the page alone, left out
NESTED = ("exercises/", "solutions/")  # below their chapter in the contents
WIDTH, HEIGHT = "210mm", "297mm"

# A page is printed when all of it is there.
READY = """async () => {
    for (const image of document.images) image.loading = "eager";
    await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
    await window.MathJax?.startup?.promise;
    await window.MathJax?.startup?.document.lazyTypesetAll();
    await document.fonts.ready;
}"""
HEADINGS = """() => {
    const words = (heading) => {
        const copy = heading.cloneNode(true);
        copy.querySelectorAll("a.headerlink, script, mjx-assistive-mml").forEach((each) => each.remove());
        return copy.textContent.trim();
    };
    const sections = document.querySelectorAll("article.bd-article section > h2");
    return [
        words(document.querySelector("article.bd-article h1")),
        [...sections].map((heading) => [heading.parentElement.id, words(heading)]),
    ];
}"""


class Unfit(Exception):
    """The rendered book cannot be published; the text says why, and what to do."""


@dataclass
class Printed:
    """A page of the book on paper.

    Attributes
    ----------
    name : str
        The page, such as `chapters/04-diagnostics`.
    title : str
        Its title.
    document : PdfReader
        What Chromium printed.
    headings : list of tuple
        The address and the words of each section.
    first : int
        The number of its first sheet in the whole book, from 0.
    """

    name: str
    title: str
    document: PdfReader
    headings: list[tuple[str, str]] = field(default_factory=list)
    first: int = 0


def rendered(html: Path) -> list[str]:
    """Return the pages of a rendered book in reading order.

    Parameters
    ----------
    html : Path
        Its folder.

    Raises
    ------
    Unfit
        If one is missing.
    """
    found = pages(ROOT)
    missing = [name for name in found if not (html / f"{name}.html").exists()]
    if missing:
        raise Unfit(f"{missing[0]} is not rendered ({len(missing)} in all): run `make book` first.")
    return found


def pack(source: Path, target: Path, root: Path = ROOT, name: str = NAME) -> int:
    """Write a folder, such as a rendered book, as an archive, and return the number of its files.

    Parameters
    ----------
    source : Path
        The folder.
    target : Path
        The archive.
    root : Path
        The folder of the course, whose name must not be in a file.
    name : str
        The folder that it unpacks to.

    Returns
    -------
    int

    Raises
    ------
    Unfit
        If a file names the folder of the course, which is nobody's concern.
    """
    files = [path for path in sorted(source.rglob("*")) if path.is_file()]
    files = [path for path in files if path.name not in LEFT_OUT]
    told = [path for path in files if str(root).encode() in path.read_bytes()]
    if told:
        raise Unfit(
            f"{told[0].relative_to(source)} names the folder {root} ({len(told)} files in all)."
        )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in files:
            entry = zipfile.ZipInfo(f"{name}/{path.relative_to(source).as_posix()}", ANY_DAY)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return len(files)


def print_pages(page: Page, html: Path, names: Sequence[str]) -> Iterator[Printed]:
    """Yield each page of the book as Chromium prints it, in both languages."""
    for name in names:
        page.goto(f"{(html / f'{name}.html').as_uri()}?ppl=both")
        page.evaluate(READY)
        page.add_style_tag(content=OWN_NUMBERS)
        title, headings = page.evaluate(HEADINGS)
        document = PdfReader(io.BytesIO(page.pdf(**PAPER)))
        yield Printed(name, title, document, [tuple(each) for each in headings])


def contents(printed: Sequence[Printed], before: int) -> str:
    """Return the first page: the title, and each page with the number of its first sheet."""
    lines = "".join(
        f'<li class="{"nested" if one.name.startswith(NESTED) else "whole"}">'
        f"<span>{escape(one.title)}</span><i></i><b>{one.first + before + 1}</b></li>"
        for one in printed
    )
    return (
        "<!doctype html><meta charset=utf-8><style>"
        "body{font:10.5pt/1.5 sans-serif;margin:0}h1{font-size:24pt;line-height:1.25;margin:3cm 0 1.5cm}"
        "h2{font-size:14pt}ul{padding:0;margin:0}li{display:flex;break-inside:avoid}"
        "i{flex:1;margin:0 .4em .35em;border-bottom:1px dotted #888}b{font-weight:400}"
        ".nested{padding-left:2em;color:#444;font-size:9pt}.whole{margin-top:.35em}</style>"
        f"<h1>{escape(TITLE)}</h1><h2>Contents</h2><ul>{lines}</ul>"
    )


def footers(count: int) -> str:
    """Return sheets with nothing but their numbers."""
    sheets = "".join(f"<p><span>{number}</span></p>" for number in range(1, count + 1))
    return (
        f"<!doctype html><meta charset=utf-8><style>@page{{size:{WIDTH} {HEIGHT};margin:0}}body{{margin:0}}"
        f"p{{position:relative;height:{HEIGHT};margin:0;break-after:page;break-inside:avoid}}"
        "p:last-child{break-after:auto}"
        "span{position:absolute;bottom:9mm;width:100%;text-align:center;font:9pt sans-serif;color:#444}"
        f"</style>{sheets}"
    )


def on_paper(page: Page, text: str, **paper: Any) -> PdfReader:
    """Return some HTML as Chromium prints it."""
    page.set_content(text)
    return PdfReader(io.BytesIO(page.pdf(**paper)))


def place(writer: PdfWriter, sheet: int, top: float | None = None) -> ArrayObject:
    """Return a place in the bound book, for links."""
    height = NullObject() if top is None else FloatObject(top)
    reference = writer.pages[sheet].indirect_reference
    return ArrayObject([reference, NameObject("/XYZ"), NullObject(), height, NullObject()])


def places(one: Printed) -> dict[str, tuple[int, float | None]]:
    """Return the addresses in a printed page: the sheet, from 0, and how high on it."""
    found = {}
    for name, goal in one.document.named_destinations.items():
        sheet = one.document.get_destination_page_number(goal)
        if sheet is not None and sheet >= 0:
            found[name.removeprefix("/")] = (sheet, None if goal.top is None else float(goal.top))
    return found


def relink(writer: PdfWriter, html: Path, printed: Sequence[Printed]) -> None:
    """Have links to pages of the book lead to their sheets; leave out links to other files."""
    known = {one.name: (one, places(one)) for one in printed}
    for one in printed:
        base = (html / f"{one.name}.html").as_uri()
        for number in range(one.first, one.first + len(one.document.pages)):
            kept = ArrayObject()
            for reference in writer.pages[number].get("/Annots", []):
                note = reference.get_object()
                address = base
                if "/Dest" in note and not isinstance(note["/Dest"], ArrayObject):
                    address += f"#{str(note['/Dest']).removeprefix('/')}"
                elif "/A" in note and "/URI" in note["/A"]:
                    address = str(note["/A"]["/URI"])
                if not address.startswith("file:"):
                    kept.append(reference)
                    continue
                parts = urlsplit(address)
                path = posixpath.relpath(unquote(parts.path), unquote(urlsplit(html.as_uri()).path))
                goal, addresses = known.get(path.removesuffix(".html"), (None, {}))
                if goal is None:
                    continue
                sheet, top = addresses.get(unquote(parts.fragment), (0, None))
                note.pop("/A", None)
                note[NameObject("/Dest")] = place(writer, goal.first + sheet, top)
                kept.append(reference)
            if "/Annots" in writer.pages[number]:
                writer.pages[number][NameObject("/Annots")] = kept


def bookmarks(writer: PdfWriter, printed: Sequence[Printed]) -> None:
    """Add a bookmark for each page and each section, exercises and solutions below their chapter."""
    chapter = None
    for one in printed:
        parent = chapter if one.name.startswith(NESTED) else None
        mark = writer.add_outline_item(
            title=one.title, page_number=one.first, parent=parent, is_open=False
        )
        if parent is None:
            chapter = mark
        addresses = places(one)
        for address, words in one.headings:
            if address in addresses:
                writer.add_outline_item(
                    title=words,
                    page_number=one.first + addresses[address][0],
                    parent=mark,
                    is_open=False,
                )


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start headless Chromium.

    Raises
    ------
    Unfit
        If there is none on this machine.
    """
    found = machine.browser()
    if found is None:
        raise Unfit(f"Printing needs a browser: one of {', '.join(machine.BROWSERS)}.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


def bind(browser: Browser, html: Path, target: Path, names: Sequence[str]) -> int:
    """Print pages of the book and bind them as one document; return the number of its sheets.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
        A running Chromium.
    html : Path
        The folder of the rendered book.
    target : Path
        The document.
    names : sequence of str
        The pages, in reading order, without their endings.

    Returns
    -------
    int
    """
    context = browser.new_context(color_scheme="light", offline=True)
    page = context.new_page()
    printed = []
    sheets = 0
    for one in print_pages(page, html, names):
        one.first = sheets
        sheets += len(one.document.pages)
        printed.append(one)
        print(f"{one.name}: {len(one.document.pages)} sheets", flush=True)
    length = len(on_paper(page, contents(printed, 0), **PAPER).pages)
    front = on_paper(page, contents(printed, length), **PAPER)
    numbers = on_paper(page, footers(length + sheets), prefer_css_page_size=True)
    context.close()
    writer = PdfWriter()
    for document in (front, *(one.document for one in printed)):
        for sheet in document.pages:
            writer.add_page(sheet)
    for one in printed:
        one.first += length
    for sheet, number in zip(writer.pages, numbers.pages, strict=True):
        sheet.merge_page(number)
        sheet.compress_content_streams()
    relink(writer, html, printed)
    bookmarks(writer, printed)
    writer.add_metadata({"/Title": TITLE})
    writer.compress_identical_objects()
    writer.write(target)
    return length + sheets


def publish(kind: str, chosen: Sequence[str] | None, html: Path, target: Path) -> str:
    """Make an archive of the rendered book, or a document; return how large it is, for people.

    Raises
    ------
    Unfit
        If a page of the book is missing, or one of those chosen is none.
    """
    known = rendered(html)
    if unknown := [name for name in chosen or () if name not in known]:
        raise Unfit(f"--pages: {unknown[0]!r} is no page of the book, such as {known[1]!r}.")
    if kind == "zip":
        return f"{pack(html, target)} files"
    names = [name for name in known if not chosen or name in chosen]
    with chromium() as browser:
        return f"{bind(browser, html, target, names)} sheets"


def main() -> str | None:
    """Make what was asked for, and say where it is; return what went wrong, if anything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=["zip", "pdf", "runs"])
    parser.add_argument("--pages", nargs="+", metavar="PAGE", help="bind these pages only")
    options = parser.parse_args()
    html = ROOT / HTML
    name = f"{NAME}-runs" if options.kind == "runs" else NAME
    html.parent.mkdir(exist_ok=True)
    target = html.parent / f"{name}.{'pdf' if options.kind == 'pdf' else 'zip'}"
    try:
        if options.kind == "runs":
            made = f"{pack(ROOT / SHIPPED, target, name=name)} files"
        else:
            made = publish(options.kind, options.pages, html, target)
    except Unfit as problem:
        return str(problem)
    print(f"{target}: {made}, {target.stat().st_size / 1e6:.1f} MB")
    return None


if __name__ == "__main__":
    sys.exit(main())
