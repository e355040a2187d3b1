"""Cards that ask before the page tells, in a real browser, from a folder and without a network."""

import re

from playwright.sync_api import expect
import pytest
from test_pages import PAGES, soup

CHOICES = '.predict[data-kind="choice"]'


def lightest(book, selector, fewest=1):
    """Return the address of the lightest page on which a selector finds so many things."""
    paths = [book / f"{page}.html" for page in PAGES]
    found = [path for path in paths if len(soup(path).select(selector)) >= fewest]
    return min(found, key=lambda path: path.stat().st_size).as_uri()


@pytest.fixture(scope="module")
def page_with_cards(book):
    """Return the address of a page that has two cards with choices."""
    return lightest(book, CHOICES, fewest=2)


class Card:
    """The first or another card with choices on a page, and what it covers."""

    def __init__(self, page, index=0):
        self.page = page
        self.form = page.locator(CHOICES).nth(index)
        self.id = self.form.get_attribute("id")
        self.output = page.locator(f".{self.id}-answer .cell_output > *").first
        self.right = self.form.locator("[data-right] .predict-word")
        self.wrong = self.form.locator(".predict-choice:not([data-right])").first

    def pick(self, right):
        """Choose, and commit."""
        choice = self.form.locator("[data-right]") if right else self.wrong
        choice.get_by_role("radio").check()
        self.form.get_by_role("button", name="Commit and look").click()

    @property
    def open(self):
        """Whether the word on the right choice, and the first output, are seen; both or neither."""
        seen = {self.right.is_visible(), self.output.is_visible()}
        assert len(seen) == 1
        return seen.pop()


def test_a_card_covers_its_answer_until_the_reader_commits_and_is_remembered(
    window, page_with_cards
):
    page = window()
    page.goto(page_with_cards)
    card, other = Card(page), Card(page, 1)
    word = card.wrong.locator(".predict-word")
    commit = card.form.get_by_role("button", name="Commit and look")
    assert not card.open and not word.is_visible() and commit.is_disabled()
    card.wrong.get_by_role("radio").check()
    assert not card.open, "to choose is not to commit"
    commit.click()
    assert card.open and word.is_visible() and not other.open
    assert "Not this one" in card.form.inner_text()
    page.reload()
    assert card.open and word.is_visible() and not other.open
    assert card.wrong.get_by_role("radio").is_checked()
    assert "✗ Your choice" in card.wrong.inner_text()
    card.form.get_by_role("button", name="Predict again").click()
    assert not card.open and not word.is_visible()
    card.pick(right=True)
    assert card.open and not word.is_visible() and "You had it" in card.form.inner_text()


def test_all_predictions_can_be_forgotten(window, page_with_cards):
    page = window()
    page.goto(page_with_cards)
    card, other = Card(page), Card(page, 1)
    card.pick(right=True)
    other.form.get_by_role("button", name="I have my own answer").click()
    assert card.open and other.open
    card.form.get_by_role("button", name="Forget all").click()
    assert not card.open and not other.open
    page.reload()
    assert not card.open and not other.open


def test_a_card_works_from_the_keyboard_and_has_names(window, page_with_cards):
    page = window()
    page.goto(page_with_cards)
    card = Card(page)
    question = card.form.locator(".predict-question").inner_text()
    assert card.form.get_by_role("group").get_attribute("aria-labelledby") == f"{card.id}-question"
    assert question
    card.form.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert card.form.get_by_role("radio").nth(1).is_checked() and not card.open
    outline = "getComputedStyle(document.activeElement.closest('label')).outlineStyle"
    assert page.evaluate(outline) == "solid"
    page.keyboard.press("Enter")
    assert card.open
    assert page.evaluate("document.activeElement.textContent") == "Predict again"


def test_nothing_below_a_cover_moves_when_it_is_opened(window, page_with_cards):
    page = window()
    page.goto(page_with_cards)
    card = Card(page)
    height = "e => e.closest('.cell_output').getBoundingClientRect().height"
    covered = card.output.evaluate(height)
    card.pick(right=True)
    assert abs(card.output.evaluate(height) - covered) <= 4


def test_the_text_that_says_what_was_seen_is_covered_and_keeps_its_room(window, book):
    page = window()
    page.goto(lightest(book, ".predict-prose > p"))
    prose = page.locator(".predict-prose").first
    words = prose.locator("p").first
    name = re.search(r"([\w-]+)-answer", prose.get_attribute("class").replace("predict-answer", ""))
    assert not words.is_visible()
    covered = prose.bounding_box()["height"]
    page.locator(f"form#{name[1]}").get_by_role("button", name="Show me").click()
    assert words.is_visible()
    assert abs(prose.bounding_box()["height"] - covered) <= 4, "formulas may settle by pixels"


def test_a_link_into_a_covered_output_uncovers_it(window, page_with_cards):
    page = window()
    page.goto(page_with_cards)
    card = Card(page)
    card.output.evaluate("e => { e.id = 'linked'; location.hash = 'linked'; }")
    card.output.wait_for(state="visible")
    assert not card.right.is_visible(), "the question stands"


def test_paper_and_pages_without_scripts_show_all_words_and_the_right_choice(
    window, page_with_cards
):
    page = window()
    page.goto(page_with_cards)
    page.emulate_media(media="print")
    bare = window(java_script_enabled=False)
    bare.goto(page_with_cards)
    for one in (page, bare):
        card = Card(one)
        assert card.open and card.wrong.locator(".predict-word").is_visible()
        assert "Right" in card.form.locator("[data-right] label").inner_text()
        assert not card.form.get_by_role("radio").count()
        assert not card.form.get_by_role("button").count()


def test_cards_work_where_nothing_can_be_remembered(window, page_with_cards):
    page = window()
    page.add_init_script(
        """for (const what of ["getItem", "setItem"]) {
            const before = Storage.prototype[what];
            Storage.prototype[what] = function (key, ...rest) {
                if (key === "predictions") throw new Error("refused");
                return before.call(this, key, ...rest);
            };
        }"""
    )
    page.goto(page_with_cards)
    card = Card(page)
    card.pick(right=True)
    assert card.open


def test_a_finger_can_hit_what_a_card_offers(window, page_with_cards):
    page = window(320, has_touch=True)
    page.goto(page_with_cards)
    card = Card(page)
    sizes = "es => es.map(e => e.getBoundingClientRect()).map(b => Math.min(b.width, b.height))"
    assert min(card.form.locator("label, button").evaluate_all(sizes)) >= 44
    assert card.form.evaluate("e => e.getBoundingClientRect().right") <= 320


@pytest.mark.parametrize("kind", ["own", "number"])
def test_a_card_takes_a_number_or_a_thought(window, book, kind):
    select = f'.predict[data-kind="{kind}"]'
    page = window()
    page.goto(lightest(book, select))
    form = page.locator(select).first
    output = page.locator(f".{form.get_attribute('id')}-answer .cell_output > *").first
    assert not output.is_visible()
    if kind == "own":
        form.get_by_role("button", name="I have one").click()
    else:
        form.get_by_role("textbox").fill("29.5")
        page.keyboard.press("Enter")
        assert "You said 29.5" in form.inner_text()
    assert output.is_visible()
    page.reload()
    expect(form.get_by_role("button", name="Predict again")).to_be_visible()
    assert output.is_visible()


def test_a_self_check_covers_only_its_own_words(window, book):
    select = '.predict[data-kind="check"]'
    page = window()
    page.goto(lightest(book, select))
    form = page.locator(select).first
    wrong = form.locator(".predict-choice:not([data-right])").first
    words = form.locator(".predict-word")
    assert page.locator(f".{form.get_attribute('id')}-answer").count() == 0
    assert not any(word.is_visible() for word in words.all())
    wrong.get_by_role("radio").check()
    form.get_by_role("button", name="Check", exact=True).click()
    assert wrong.locator(".predict-word").is_visible()
    assert form.locator("[data-right] .predict-word").is_visible()
    page.reload()
    assert "Not this one" in form.inner_text()
    form.get_by_role("button", name="Try again").click()
    form.get_by_role("button", name="Show me").click()
    assert "The right one is marked." in form.inner_text()
