"""What a reader sees who opens the book from a folder, without a network, in a real browser."""

import re

import pytest
from test_pages import PAGES, soup

SIDES = {"pymc": ".twin-pymc", "tfp": ".twin-tfp"}


@pytest.fixture(scope="module")
def paneled(book):
    """Return the addresses of all pages that have a panel, the shortest first."""
    has_panel = [page for page in PAGES if soup(book / f"{page}.html").select_one(".twins")]
    has_panel.sort(key=lambda page: (book / f"{page}.html").stat().st_size)
    return [address(book, page) for page in has_panel]


def address(book, page):
    """Return the file:// address of a page."""
    return (book / f"{page}.html").as_uri()


def shown(page):
    """Return which languages of the first panel can be seen."""
    return {name for name, side in SIDES.items() if page.locator(side).first.is_visible()}


def choose(page, name):
    """Click the switch."""
    page.locator(".ppl-switch label", has_text=name).click()


def test_the_switch_is_remembered_on_every_page(window, paneled):
    page = window()
    page.goto(paneled[0])
    assert shown(page) == {"pymc", "tfp"}
    choose(page, "TFP")
    assert shown(page) == {"tfp"}
    page.reload()
    assert shown(page) == {"tfp"}
    page.goto(paneled[1])
    assert shown(page) == {"tfp"}
    choose(page, "Both")
    page.goto(paneled[0])
    assert shown(page) == {"pymc", "tfp"}


def test_a_link_can_choose_the_language(window, paneled):
    page = window()
    page.goto(f"{paneled[0]}?ppl=pymc")
    assert shown(page) == {"pymc"}
    assert page.get_by_role("radio", name="PyMC").is_checked()
    page.goto(paneled[1])
    assert shown(page) == {"pymc"}, "the link's choice is remembered"
    page.goto(f"{paneled[0]}?ppl=pymc")
    choose(page, "TFP")
    page.reload()
    assert shown(page) == {"tfp"}, "a later choice is not undone by the link it came from"
    page.goto(f"{paneled[0]}?ppl=nonsense")
    assert shown(page) == {"tfp"}


def test_the_switch_works_from_the_keyboard(window, paneled):
    page = window()
    page.goto(paneled[0])
    page.get_by_role("radio", name="Both").focus()
    page.keyboard.press("ArrowLeft")
    assert shown(page) == {"tfp"}
    assert page.get_by_role("group", name="Show models in").count() == 1


def test_narrow_windows_show_tabs(window, paneled):
    page = window(390)
    page.goto(paneled[0])
    panel = page.locator(".twins").first
    assert shown(page) == {"pymc"}
    panel.get_by_role("tab", name="TensorFlow Probability").click()
    assert shown(page) == {"tfp"}
    assert panel.get_by_role("tabpanel", name="TensorFlow Probability").is_visible()
    page.keyboard.press("ArrowLeft")
    assert shown(page) == {"pymc"}
    assert panel.get_by_role("tab", name="PyMC").get_attribute("aria-selected") == "true"
    choose(page, "TFP")
    assert shown(page) == {"tfp"}
    assert not panel.get_by_role("tab").first.is_visible()


def test_paper_shows_the_chosen_language_and_a_page_without_scripts_both(window, paneled):
    page = window()
    for choice, expected in {"tfp": {"tfp"}, "both": {"pymc", "tfp"}}.items():
        page.goto(f"{paneled[0]}?ppl={choice}")
        page.emulate_media(media="print")
        assert shown(page) == expected
    bare = window(java_script_enabled=False)
    bare.goto(paneled[0])
    assert shown(bare) == {"pymc", "tfp"}


def typeset(page):
    """Wait until all formulas of a page are typeset, those too that nobody is near."""
    page.evaluate(
        "window.MathJax?.startup?.promise.then(() => MathJax.startup.document.lazyTypesetAll())"
    )


def test_a_table_that_scrolls_says_where_there_is_more_and_keeps_the_names_of_its_rows(
    window, book
):
    chapters = [name for name in PAGES if name.startswith("chapters/")]
    name = max(chapters, key=lambda name: len(soup(book / f"{name}.html").select(".table-scroll")))
    page = window(390)
    page.goto(address(book, name))
    page.evaluate("delete document.documentElement.dataset.predict")  # nothing is covered
    table = page.wait_for_selector(".table-scroll.names-stay[data-more=right]")
    name = table.query_selector("tbody th")
    shade = "(one) => getComputedStyle(one, '::after').opacity"
    before = name.bounding_box()["x"]
    assert table.evaluate(shade) == "1"
    table.evaluate("(one) => { one.scrollLeft = one.scrollWidth; }")
    page.wait_for_function("(one) => one.dataset.more === 'left'", arg=table)
    assert table.evaluate(shade) == "0"
    assert name.bounding_box()["x"] == before
    assert name.evaluate("(one) => getComputedStyle(one).backgroundColor") != "rgba(0, 0, 0, 0)"


def test_what_is_copied_out_of_a_table_are_numbers_for_programs(window, book):
    minus = "\N{MINUS SIGN}"
    negative = re.compile(rf"^{minus}\d")
    name = next(
        name
        for name in PAGES
        if soup(book / f"{name}.html").find("td", string=negative) is not None
    )
    page = window()
    page.goto(address(book, name))
    page.evaluate("delete document.documentElement.dataset.predict")  # nothing is covered
    cell = page.locator(".table-scroll td", has_text=negative).first
    shown = cell.text_content()
    copied = cell.evaluate(
        """(one) => {
            getSelection().selectAllChildren(one);
            const event = new ClipboardEvent("copy", {clipboardData: new DataTransfer(), bubbles: true});
            one.dispatchEvent(event);
            return event.clipboardData.getData("text/plain");
        }"""
    )
    assert copied.strip() == shown.replace(minus, "-")


NO_FORMULA_WAITS = "() => !document.querySelector('mjx-lazy')"


def with_formulas(book):
    """Return the chapter with the most formulas."""
    chapters = [name for name in PAGES if name.startswith("chapters/")]
    return max(chapters, key=lambda name: (book / f"{name}.html").read_text().count('class="math '))


def test_formulas_that_nobody_is_near_are_typeset_later_and_nothing_moves(window, book):
    name = with_formulas(book)
    last = soup(book / f"{name}.html").select("article section section[id]")[-1]["id"]
    page = window(1440)
    page.goto(f"{address(book, name)}#{last}")
    page.evaluate("window.MathJax?.startup?.promise")
    waiting = page.locator("mjx-lazy").count()
    assert 0 < waiting <= page.locator("mjx-container").count()
    top = f"document.getElementById('{last}').getBoundingClientRect().top"
    page.wait_for_timeout(500)
    before = page.evaluate(top)
    assert 0 <= before < 200  # the page has gone to the place that the address names
    page.wait_for_function(NO_FORMULA_WAITS)
    assert abs(page.evaluate(top) - before) < 3
    assert not mathematics(page)


def test_all_formulas_are_typeset_for_paper(window, book):
    page = window(1440)
    page.goto(address(book, with_formulas(book)))
    page.evaluate("window.MathJax?.startup?.promise")
    assert page.locator("mjx-lazy").count()
    page.pdf()
    assert page.evaluate(NO_FORMULA_WAITS)


def mathematics(page):
    """Return what is wrong with formulas: every one has a size, and the fonts it needs were found."""
    state = page.evaluate(
        """() => {
            const formulas = [...document.querySelectorAll("article .math")].filter((one) => one.offsetParent);
            const size = (one) => one.querySelector("mjx-container")?.getBoundingClientRect().width ?? 0;
            return {
                count: formulas.length,
                empty: formulas.filter((one) => size(one) < 1).map((one) => one.textContent),
                wrong: [...document.querySelectorAll("mjx-merror")].map((one) => one.textContent),
                // A page loads the fonts that its formulas need: not each needs italics.
                fonts: [...document.fonts].filter((one) => one.family.includes("MJX")).map((one) => one.status),
            };
        }"""
    )
    problems = [f"not typeset: {one}" for one in state["empty"]]
    problems += [f"MathJax does not understand: {one}" for one in state["wrong"]]
    if not state["count"]:
        problems.append("no formula is seen")
    if "loaded" not in state["fonts"] or "error" in state["fonts"]:
        problems.append(f"fonts of formulas: {state['fonts']}")
    return problems
