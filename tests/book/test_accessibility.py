"""Every page is for every reader: the keyboard reaches everything, and words say what is shown."""

import pytest
from test_browser import address, choose, typeset
from test_pages import PAGES, soup


def open_page(window, book, name, width=1440, **options):
    """Open a page, and wait until its formulas are typeset."""
    page = window(width, **options)
    page.goto(address(book, name))
    typeset(page)
    return page


def test_every_stop_of_the_keyboard_is_seen_and_no_formula_is_one(window, book):
    name = next(page for page in PAGES if soup(book / f"{page}.html").select_one(".twins"))
    page = open_page(window, book, name)
    assert not page.evaluate("document.querySelectorAll('mjx-container[tabindex]').length")
    unseen = []
    for _ in range(400):
        page.keyboard.press("Tab")
        stop = page.evaluate(
            """() => {
                const here = document.activeElement;
                if (here === document.body) return null;
                const shown = here.matches(".ppl-switch input") ? here.nextElementSibling : here;
                const style = getComputedStyle(shown);
                const box = shown.getBoundingClientRect();
                return {
                    name: here.outerHTML.slice(0, 100),
                    seen: parseFloat(style.outlineWidth) >= 2 && style.outlineStyle !== "none" && box.width > 0,
                };
            }"""
        )
        if stop is None:
            break
        if not stop["seen"]:
            unseen.append(stop["name"])
    else:
        pytest.fail("the tabulator key did not reach the end of the page")
    assert not unseen


def test_the_choice_is_seen_where_the_system_chooses_all_colors(window, book):
    name = next(page for page in PAGES if soup(book / f"{page}.html").select_one(".twins"))
    page = open_page(window, book, name, forced_colors="active")
    ground = "(span) => getComputedStyle(span).backgroundColor"
    for chosen in ("TFP", "Both"):
        choose(page, chosen)
        grounds = {
            label.inner_text(): label.locator("span").evaluate(ground)
            for label in page.locator(".ppl-switch label").all()
        }
        others = {color for label, color in grounds.items() if label != chosen}
        assert len(others) == 1 and grounds[chosen] not in others


def test_a_figure_is_enlarged_by_click_and_by_enter(window, book):
    name = next(page for page in PAGES if soup(book / f"{page}.html").select_one("a.enlarge"))
    page = open_page(window, book, name)
    link = page.locator("a.enlarge").first
    described = link.locator("img").get_attribute("alt")
    for act in (link.click, lambda: link.press("Enter")):
        act()
        dialog = page.get_by_role("dialog", name="Enlarged figure")
        assert dialog.locator("img").get_attribute("alt") == described
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        assert link.evaluate("(one) => document.activeElement === one")


@pytest.mark.parametrize("name", PAGES)
def test_images_keep_their_place_before_they_come(book, name):
    images = soup(book / f"{name}.html").select("article figure img, article .cell_output img")
    wrong = [
        image["src"]
        for image in images
        if image.get("loading") != "lazy" or not (image.get("width") and image.get("height"))
    ]
    assert not wrong


@pytest.mark.parametrize("name", PAGES)
def test_headers_of_tables_say_what_they_head(book, name):
    page = soup(book / f"{name}.html")
    assert not [cell for cell in page.select("article th") if not cell.get_text(strip=True)]
    for table in page.select("article table.data-table"):
        assert all(cell.get("scope") for cell in table.select("th"))
        assert table.parent["class"] == ["table-scroll"]
