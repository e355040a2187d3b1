"""A page is light: what it loads besides its text and images, and that nothing it needs was left out."""

from pathlib import Path
import re
from urllib.parse import unquote, urlsplit

from chapter_files import NOTEBOOK_FOLDERS
from page_markup import NOT_FOR_NOTEBOOKS
import pytest
from test_accessibility import open_page
from test_pages import PAGES, soup

MOST = 1_200_000  # bytes of scripts and styles


@pytest.mark.parametrize("name", [page for page in PAGES if page.startswith("chapters/")])
def test_a_chapter_loads_few_scripts_and_styles(window, book, name):
    page = window()
    loaded = {}

    def weigh(request):
        if request.resource_type in ("script", "stylesheet"):
            path = unquote(urlsplit(request.url).path)
            loaded[path] = Path(path).stat().st_size

    page.on("request", weigh)
    page.goto((book / f"{name}.html").as_uri())
    page.evaluate("window.MathJax?.startup?.promise")
    assert any("mathjax" in path for path in loaded)
    heaviest = sorted(loaded.items(), key=lambda item: -item[1])[:5]
    assert sum(loaded.values()) <= MOST, heaviest


# The selectors of a style sheet that find something on the page.
FINDS = """(css) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    const selectors = (rule) => rule.selectorText
        ? [rule.selectorText.replaceAll(/::[\\w-]+|:(hover|focus-visible|focus-within)/g, "")]
        : [...rule.cssRules ?? []].flatMap(selectors);
    return [...sheet.cssRules].flatMap(selectors).filter((one) => document.querySelector(one));
}"""


@pytest.mark.parametrize("name", [page for page in PAGES if page.split("/")[0] in NOTEBOOK_FOLDERS])
def test_a_page_of_a_notebook_misses_no_style(window, book, name):
    page = window()
    page.goto((book / f"{name}.html").as_uri())
    for left_out in sorted(NOT_FOR_NOTEBOOKS):
        if left_out.endswith(".css"):
            found = page.evaluate(FINDS, (book / left_out).read_text())
            assert not found, f"{left_out} is not loaded here, and has styles for {found}"


@pytest.mark.parametrize("width", [1440, 390])
def test_every_icon_is_drawn(window, book, width):
    page = open_page(
        window, book, "chapters/" + Path(next(p for p in PAGES if "chapters/" in p)).name, width
    )
    page.evaluate("document.fonts.ready")
    icons = page.evaluate(
        """() => [...document.querySelectorAll("[class*='fa-']")].map((icon) => [
            icon.className, getComputedStyle(icon, "::before").content, getComputedStyle(icon).fontFamily])"""
    )
    assert len(icons) > 5
    assert not [icon for icon in icons if not re.search(r"[\uf000-\uf8ff+]", icon[1])]
    assert page.evaluate(
        "[...document.fonts].filter((one) => one.family.includes('Awesome')).map((one) => one.status)"
    ) == ["loaded"]


def test_no_page_loads_the_words_of_the_course_before_a_search(book):
    with_index = [
        path.name
        for path in sorted(book.rglob("*.html"))
        if "_static" not in path.parts and soup(path).select_one("script[src*='searchindex.js']")
    ]
    assert not with_index
