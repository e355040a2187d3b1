"""The page around the prose, as a phone shows it: figures, code, links to other pages, long pages."""

import re

import pytest
from test_accessibility import open_page
from test_pages import PAGES, soup

PHONE = 390
CHAPTER = "chapters/10-hierarchical-models"
FOLDED = {
    "appendices/c-source-map-and-errata": "errata-of-source-b",
    "appendices/d-companion-api": "companion.counts.pumps",
    "appendices/e-status": "every-page",
}
SMALLER = """(link) => {
    const image = link.querySelector("img");
    return image.clientWidth < 0.85 * image.getAttribute("width");
}"""
# How far to the right of its own line's start the code goes on; what the window has no room for.
GOES_ON = """() => [...document.querySelectorAll("article .cell_input .code-line")].flatMap((line) => {
    const text = document.createRange();
    text.selectNodeContents(line);
    const lefts = [...text.getClientRects()].filter((box) => box.width > 1);
    const rows = [...new Set(lefts.map((box) => Math.round(box.top / 8)))];
    if (rows.length < 2) return [];
    const begin = line.getBoundingClientRect().left;
    const letter = parseFloat(getComputedStyle(line).paddingLeft) / (
        Number(line.style.getPropertyValue("--starts") || 0) + 2);
    const first = Math.min(...lefts.map((box) => box.top));
    const later = lefts.filter((box) => box.top > first + 8);
    return [(Math.min(...later.map((box) => box.left)) - begin) / letter
        - Number(line.style.getPropertyValue("--starts") || 0)];
})"""


@pytest.mark.parametrize(("width", "said"), [(PHONE, True), (1440, False)])
def test_a_figure_that_was_made_smaller_says_what_a_tap_does_where_there_is_no_room(
    window, book, width, said
):
    page = open_page(window, book, CHAPTER, width)
    links = page.locator("article a.enlarge:has(img:visible)").all()
    assert len(links) > 3
    page.wait_for_function("document.querySelector('.enlarge-hint')")
    for link in links:
        hint = link.locator(".enlarge-hint")
        assert hint.is_visible() == (said and link.evaluate(SMALLER))
    page.emulate_media(media="print")
    assert not page.locator(".enlarge-hint:visible").count()


def test_a_figure_that_is_as_large_as_it_gets_promises_nothing(window, book):
    page = open_page(window, book, CHAPTER, PHONE)
    image = page.locator("article a.enlarge img").first
    image.evaluate("(one) => one.setAttribute('width', one.clientWidth)")
    page.set_viewport_size({"width": PHONE - 10, "height": 900})
    page.wait_for_function("!document.querySelector('a.enlarge').classList.contains('smaller')")
    assert not page.locator("a.enlarge .enlarge-hint").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_enlarged_figure_is_moved_about_by_keyboard_and_can_be_closed_from_anywhere(
    window, book, scheme
):
    page = open_page(window, book, CHAPTER, PHONE, color_scheme=scheme)
    link = page.locator("a.enlarge").first
    link.press("Enter")
    dialog = page.get_by_role("dialog", name="Enlarged figure")
    image = dialog.locator("img")
    page.wait_for_function("document.querySelector('dialog.enlarged img').complete")
    natural = int(link.locator("img").get_attribute("width"))
    assert image.bounding_box()["width"] >= natural  # so letters are as large as they were drawn
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('dialog.enlarged').scrollLeft > 100")
    button = dialog.get_by_role("button", name="Close")
    box = button.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE
    image.click(position={"x": natural / 2, "y": 30})
    assert dialog.is_visible(), "a tap beside its aim closes nothing"
    button.click()
    dialog.wait_for(state="detached")


def test_the_page_before_stands_above_the_next_one(window, book):
    page = open_page(window, book, CHAPTER, PHONE)
    before = page.locator("a.left-prev").bounding_box()
    after = page.locator("a.right-next").bounding_box()
    assert before["y"] + before["height"] <= after["y"]
    assert min(before["width"], after["width"]) > 0.8 * PHONE


def test_code_goes_on_to_the_right_of_where_its_own_line_starts(window, book):
    page = open_page(window, book, CHAPTER, PHONE)
    found = page.evaluate(GOES_ON)
    assert len(found) > 10
    assert all(1 < characters < 4 for characters in found), found


def test_code_that_is_copied_is_the_code(window, book):
    page = open_page(window, book, CHAPTER)
    block = page.locator("article .cell_input pre:visible").first
    assert block.locator(".code-line").count()
    assert "\n\n\n" not in block.inner_text()
    assert (
        block.text_content()
        == soup(book / f"{CHAPTER}.html")
        .select("article .cell_input pre")[
            page.locator("article .cell_input pre").evaluate_all(
                "(all) => all.findIndex((one) => one.checkVisibility())"
            )
        ]
        .get_text()
    )
    assert block.inner_text().rstrip("\n") == block.text_content().rstrip("\n")


def test_a_mark_behind_a_formula_stays_with_it(window, book):
    page = open_page(window, book, CHAPTER, PHONE)
    parted = page.evaluate(
        """() => [...document.querySelectorAll("article .together")].filter((one) => {
            if (!one.checkVisibility()) return false;
            const boxes = [...one.getClientRects()];
            return new Set(boxes.map((box) => Math.round(box.bottom / 12))).size > 1;
        }).map((one) => one.textContent)"""
    )
    assert page.locator("article .together .math").count() > 20
    assert not parted


@pytest.mark.parametrize("name", [page for page in PAGES if page.startswith("chapters/")])
def test_no_text_begins_with_the_mark_that_belongs_to_a_formula(book, name):
    loose = [
        str(math.next_sibling)[:20]
        for math in soup(book / f"{name}.html").select("article :not(.together) > span.math")
        if isinstance(math.next_sibling, str) and re.match(r"[.,;:!?)\]]", math.next_sibling)
    ]
    assert not loose


@pytest.mark.parametrize("name", FOLDED)
def test_a_long_page_is_folded_on_a_phone_and_a_link_opens_what_it_leads_to(window, book, name):
    page = open_page(window, book, name, PHONE)
    folds = page.locator("details.fold")
    assert folds.count() > 4
    assert not page.locator("details.fold[open]").count()
    assert page.evaluate("document.documentElement.scrollHeight") < 8_000
    folds.first.locator("summary").press("Enter")
    assert page.locator("details.fold[open]").count() == 1
    page.goto(f"{page.url}#{FOLDED[name]}")
    page.wait_for_function("document.querySelectorAll('details.fold[open]').length === 2")
    target = page.locator(f"[id='{FOLDED[name]}']")
    assert -50 < target.bounding_box()["y"] < 300
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.fold[open]").count() == folds.count()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.fold[open]").count() == 2


@pytest.mark.parametrize("name", FOLDED)
def test_a_long_page_is_whole_in_a_wide_window_and_without_scripts(window, book, name):
    page = open_page(window, book, name)
    folds = page.locator("details.fold")
    assert page.locator("details.fold[open]").count() == folds.count()
    assert not page.locator("details.fold > summary:visible").count()
    bare = window(PHONE, java_script_enabled=False)
    bare.goto((book / f"{name}.html").as_uri())
    assert bare.locator("details.fold[open]").count() == folds.count()


def test_bars_of_folded_code_throw_no_shadow(window, book):
    page = open_page(window, book, CHAPTER, color_scheme="light")
    shadow = "(bar) => getComputedStyle(bar).boxShadow"
    assert page.locator("div.cell details.hide").first.evaluate(shadow) == "none"


@pytest.mark.parametrize("width", [PHONE, 1440])
def test_names_on_the_map_stay_in_their_boxes_and_addresses_in_one_piece(window, book, width):
    page = open_page(window, book, "index", width)
    outside = page.evaluate(
        """() => [...document.querySelectorAll(".chapter-map svg a")].filter((box) => {
            const around = box.querySelector("rect").getBoundingClientRect();
            return [...box.querySelectorAll("text")].some((text) => {
                const inside = text.getBoundingClientRect();
                return inside.left < around.left + 1 || inside.right > around.right - 1
                    || Math.abs(inside.left + inside.right - around.left - around.right) > 3;
            });
        }).map((box) => box.textContent)"""
    )
    assert not outside
    for code in page.locator(".ppl-here code").all():
        assert code.evaluate("(one) => one.getClientRects().length") == 1


def test_the_list_of_references_says_what_the_text_says(book):
    listed = soup(book / "references.html").select("article .citation")
    labels = [each.select_one(".label").get_text().strip("[] ") for each in listed]
    assert "Hoffman and Gelman, 2014" in labels
    assert len(set(labels)) == len(labels) > 50
    assert all(re.search(r", \d{4}[a-z]?$", label) for label in labels)
    assert not [each.get_text() for each in listed if re.search(r"[$\\{}]", each.get_text())]


def test_see_in_the_index_is_a_link(book):
    page = soup(book / "genindex.html")
    lines = [
        item for item in page.select(".index-entries li li") if item.get_text().startswith("see ")
    ]
    assert len(lines) > 3
    for line in lines:
        assert line.a, line
        assert page.find(id=line.a["href"].removeprefix("#")).name == "li"


def test_quotes_in_the_choices_of_cards_are_curled(book):
    straight = [
        words.get_text()
        for name in PAGES
        if name.startswith("chapters/")
        for words in soup(book / f"{name}.html").select(".predict-choice label > span")
        if any(mark in "".join(words.find_all(string=True, recursive=False)) for mark in "\"'")
    ]
    assert not straight


def test_words_in_another_sense_lead_to_no_term(book):
    for name, term in (
        ("chapters/02-markov-chain-monte-carlo", "calibration"),
        ("chapters/07-interactions", "mixture"),
        ("appendices/b-datasets", "mixture"),
        ("appendices/d-companion-api", "mixture"),
        ("appendices/d-companion-api", "autocorrelation"),
    ):
        assert not soup(book / f"{name}.html").select(f"a[href$='#term-{term}']"), name
    entry = soup(book / "appendices/a-notation-and-glossary.html").find(id="term-calibration")
    first = entry.find_next_sibling("dd").select_one(".first-use a")
    assert first["href"].endswith("03-first-models.html")
