"""The tables that the book computes: cards in a narrow window, and a field that leaves rows with some words."""

import pytest
from test_accessibility import open_page
from test_pages import PAGES, soup

ROSETTA, ERRATA = "appendices/f-rosetta", "appendices/c-source-map-and-errata"
LONG = [ROSETTA, ERRATA, "appendices/e-status"]
FIELD, SHOWN = ".row-filter input", "table.row-cards tbody tr:visible"


def test_the_pages_with_computed_tables_are_these(book):
    found = {name for name in PAGES if soup(book / f"{name}.html").select("table.row-cards")}
    assert found == set(LONG)


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("width", [390, 320])
def test_in_a_narrow_window_each_row_is_a_card_that_says_what_it_shows(window, book, name, width):
    page = open_page(window, book, name, width)
    scrolling = """() => [...document.querySelectorAll(".computed-table, .computed-table *")]
        .filter((one) => getComputedStyle(one).overflowX === "auto" && one.scrollWidth > one.clientWidth + 1)
        .map((one) => one.outerHTML.slice(0, 80))"""
    assert not page.evaluate(scrolling)
    label = "(cell) => getComputedStyle(cell, '::before').content"
    table = page.locator("table.row-cards").first
    heads = [head.text_content().strip() for head in table.locator("thead th").all()]
    cells = table.locator("tbody tr").first.locator("td")
    for head, cell in zip(heads[1:], cells.all(), strict=True):
        assert head in cell.evaluate(label)
        shown = cell.evaluate("(one) => getComputedStyle(one).display")
        assert shown == ("flow-root" if cell.text_content().strip() else "none")


def test_in_a_wide_window_it_is_a_table(window, book):
    page = open_page(window, book, ROSETTA)
    cell = page.locator("table.row-cards td").first
    assert cell.evaluate("(one) => getComputedStyle(one).display") == "table-cell"
    assert cell.evaluate("(one) => getComputedStyle(one, '::before').content") == "none"


@pytest.mark.parametrize("width", [1440, 390])
def test_the_field_leaves_rows_with_all_words_and_says_how_many(window, book, width):
    page = open_page(window, book, ROSETTA, width)
    every = page.locator(SHOWN).count()
    field = page.get_by_role("searchbox", name="Only rows with these words, in F · Rosetta")
    field.press_sequentially("RATE pm.gamma")
    assert page.locator(SHOWN).locator("th").all_text_contents() == ["Gamma distribution"]
    assert page.get_by_role("status").text_content() == f"1 of {every} rows"
    field.fill("nothing has these words")
    assert page.locator(SHOWN).count() == 0
    assert (
        page.get_by_role("status").text_content()
        == f"0 of {every} rows: no row has all these words"
    )
    field.press("Escape")  # as in any search field
    assert page.locator(SHOWN).count() == every
    assert page.get_by_role("status").text_content() == f"{every} rows"


def test_each_table_of_errata_has_a_field_of_its_own(window, book):
    page = open_page(window, book, ERRATA)
    names = page.locator(".row-filter label").all_text_contents()
    assert len(names) == len(set(names)) > 2
    rows = page.locator("table.row-cards").nth(1).locator("tbody tr:visible")
    before = rows.count()
    page.locator(FIELD).first.fill("ESS")
    assert page.locator("table.row-cards").first.locator("tbody tr:visible").count() > 0
    assert rows.count() == before


def test_without_scripts_all_rows_are_there(window, book):
    page = window(java_script_enabled=False)
    page.goto((book / f"{ROSETTA}.html").as_uri())
    assert page.locator(SHOWN).count() == page.locator("table.row-cards tbody tr").count() > 30
    assert page.locator(FIELD).count() == 0
