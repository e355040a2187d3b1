"""The files of the rendered book: complete, linked, self-contained, and described in words."""

from functools import cache
import re
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from course import ROOT, code_cells, pages, read
import pytest
from runs import find_run

PAGES = pages()
NOTEBOOKS = [page for page in PAGES if (ROOT / f"{page}.ipynb").exists()]
ADDRESS = re.compile(r"^(?:https?:)?//", re.IGNORECASE)


def html_files(book):
    """Return every page, the search page among them, but not the theme's templates."""
    return sorted(path for path in book.rglob("*.html") if "_static" not in path.parts)


@cache
def soup(path):
    """Return a parsed page."""
    return BeautifulSoup(path.read_text(), "html.parser")


@cache
def anchors(path):
    """Return every place in a page that a link can point at."""
    return {
        tag[key] for tag in soup(path).find_all(True) for key in ("id", "name") if tag.has_attr(key)
    }


def cells_and_runs(page):
    """Return pairs of each code cell of a notebook, and the same cell after it ran."""
    name = f"{page}.ipynb"
    notebook = read(ROOT / name)
    executed = find_run(ROOT, name, notebook).notebook
    return list(zip(code_cells(notebook), code_cells(executed), strict=True))


def tags(cell):
    """Return the tags of a cell."""
    return cell.metadata.get("tags", [])


@pytest.mark.parametrize("page", PAGES)
def test_page_exists_and_says_something(book, page):
    article = soup(book / f"{page}.html").select_one("article")
    assert article.h1.get_text(strip=True)
    assert len(article.get_text(" ", strip=True)) > 100


def test_every_link_and_asset_inside_the_book_is_there(book):
    broken = []
    for path in html_files(book):
        for tag in soup(path).find_all(lambda tag: tag.has_attr("href") or tag.has_attr("src")):
            link = tag.get("href") or tag.get("src") or ""
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.is_file() or (
                anchor and target.suffix == ".html" and anchor not in anchors(target)
            ):
                broken.append(f"{path.relative_to(book)} -> {link}")
    assert not broken


def test_nothing_is_loaded_from_a_network(book):
    found = []
    for path in html_files(book):
        for tag in soup(path).find_all(True):
            loaded = [tag.get(key) for key in ("src", "srcset", "poster", "data")]
            loaded += [tag.get("href")] if tag.name in ("link", "use", "image") else []
            found += [
                f"{path.relative_to(book)}: {link}"
                for link in loaded
                if link and ADDRESS.match(link)
            ]
            if tag.name in ("script", "style") and re.search(r"https?://", tag.get_text()):
                found.append(f"{path.relative_to(book)}: an inline {tag.name} names an address")
    for path in sorted(book.rglob("*.css")):
        found += [
            f"{path.relative_to(book)}: {link}"
            for link in re.findall(
                r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""", path.read_text()
            )
        ]
    assert not found


@pytest.mark.parametrize("page", PAGES)
def test_every_image_is_described(book, page):
    undescribed = [
        image["src"]
        for image in soup(book / f"{page}.html").select("article img")
        if len(image.get("alt", "")) < 20 or re.search(r"\.(png|svg|jpe?g)$", image["alt"])
    ]
    assert not undescribed


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_every_cell_that_draws_carries_its_own_alt_text(book, page):
    problems = []
    for cell, done in cells_and_runs(page):
        kinds = [" ".join(output.get("data", {})) for output in done.outputs]
        images = sum("image/" in each for each in kinds)
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if images and len(alt) < 20:
            problems.append(f"cell {cell.id} needs metadata mystnb.image.alt of 20 characters")
        if images > 1:
            problems.append(f"cell {cell.id} draws {images} images with one description")
    assert not problems


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_twins_share_a_panel(book, page):
    expected = sum("pymc" in tags(cell) for cell, _ in cells_and_runs(page))
    panels = soup(book / f"{page}.html").select(".twins")
    assert len(panels) == expected
    for panel in panels:
        assert len(panel.select(":scope > .twin-pymc > .cell.tag_pymc")) == 1
        assert len(panel.select(":scope > .twin-tfp > .cell.tag_tfp")) == 1


@pytest.mark.parametrize("page", NOTEBOOKS)
def test_code_of_twins_fits_its_column(page):
    long = [
        f"cell {cell.id}: {line}"
        for cell in code_cells(read(ROOT / f"{page}.ipynb"))
        if {"pymc", "tfp"}.intersection(tags(cell))
        for line in cell.source.splitlines()
        if len(line) > 64
    ]
    assert not long
