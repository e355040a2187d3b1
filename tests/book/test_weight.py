"""What a page of the book does not load, it does not need."""

from pathlib import Path
import re

import pytest
from test_accessibility import open_page
from test_pages import PAGES, soup


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
