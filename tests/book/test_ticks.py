"""Ticks, the list of all exercises, and what terms mean where they are used."""

from cards import cards
from companion.exercises.registry import EXERCISES
import pytest
from test_pages import soup

FIRST = cards()[0].chapter


def go(page, book, name):
    page.goto((book / f"{name}.html").as_uri())


def test_a_chapter_that_was_read_is_ticked_in_the_contents_and_on_its_card_until_it_is_forgotten(
    window, book
):
    page = window()
    go(page, book, f"chapters/{FIRST}")
    button = page.get_by_role("button", name="I have read this chapter")
    assert button.get_attribute("aria-pressed") == "false"
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    contents = page.locator(".bd-sidebar-primary .tick")
    assert contents.count() == 1
    assert "(read)" in contents.inner_text()
    go(page, book, "index")
    assert page.locator(".chapter-card-ticks:visible").all_inner_texts() == ["✓ read"]
    assert "1 of" in page.locator("#ticks-status").inner_text()
    page.get_by_role("button", name="Forget it").click()
    assert page.locator(".chapter-card-ticks:visible").count() == 0
    assert not page.locator("#ticks-status").is_visible()
    page.reload()
    assert page.locator(".tick").count() == 0


def test_an_exercise_that_was_passed_is_ticked_wherever_it_stands(window, book):
    page = window(390)
    go(page, book, f"exercises/{FIRST}")
    box = page.get_by_role("checkbox", name="passed 1E2")
    box.check()
    page.reload()
    assert box.is_checked()
    go(page, book, "appendices/g-exercises")
    assert page.get_by_role("checkbox", name="passed 1E2").is_checked()
    assert page.locator("input.passed:checked").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    go(page, book, "index")
    count = sum(item.chapter == FIRST for item in EXERCISES.values())
    assert page.locator(".chapter-card-ticks:visible").all_inner_texts() == [
        f"1 of {count} exercises passed"
    ]


@pytest.mark.parametrize("kept", ["nonsense", '{"read": 7, "passed": null}', "[]"])
def test_what_somebody_else_has_kept_breaks_nothing(window, book, kept):
    page = window()
    go(page, book, "index")
    page.evaluate("(kept) => localStorage.setItem('course-ticks', kept)", kept)
    go(page, book, f"chapters/{FIRST}")
    page.get_by_role("button", name="I have read this chapter").click()
    assert page.locator(".tick").count() == 1


def test_the_list_has_each_exercise_once_with_level_and_concept_and_can_be_narrowed(window, book):
    rows = soup(book / "appendices/g-exercises.html").select(".exercise-list tbody tr")
    assert sorted(row["data-exercise"] for row in rows) == sorted(EXERCISES)
    for row in rows:
        item = EXERCISES[row["data-exercise"]]
        assert row["data-level"][0].upper() == item.level
        assert row["data-concept"]
        assert f"{item.chapter}.html#{item.anchor}" in row.a["href"]
    page = window()
    go(page, book, "appendices/g-exercises")
    page.get_by_label("Level", exact=True).select_option("hard")
    hard = sum(item.level == "H" for item in EXERCISES.values())
    assert page.locator(".exercise-list tbody tr:visible").count() == hard
    assert page.get_by_role("status").inner_text() == f"{hard} exercises."
    page.get_by_label("Concept", exact=True).select_option("pooling")
    assert page.locator(".exercise-list tbody tr:visible").count() < hard


def test_a_table_of_progress_stands_only_where_it_is_alive(book):
    for card in cards():
        article = soup(book / f"exercises/{card.chapter}.html").article
        tables = [table.get_text() for table in article.select(".cell_output table")]
        assert not [text for text in tables if "attempted" in text]
        assert "In JupyterLab this cell shows how far you are" in article.get_text()


def test_a_term_says_what_it_means_to_pointer_and_keyboard_and_goes_with_escape(window, book):
    page = window()
    go(page, book, "chapters/11-funnels")
    term = page.locator("article a:has(.glossary-term)").first
    box = page.get_by_role("tooltip")
    term.focus()
    box.wait_for()
    assert len(box.inner_text()) > 40
    assert term.get_attribute("aria-describedby") == box.get_attribute("id")
    assert page.locator("#glossary-box:has-text('First used in')").count() <= 1
    page.keyboard.press("Escape")
    assert not box.is_visible()
    term.hover()
    box.wait_for()
    box.hover()
    page.wait_for_timeout(400)
    assert box.is_visible(), "what is shown can be pointed at"
    page.mouse.move(5, 5)
    box.wait_for(state="hidden")


def test_meanings_name_the_chapter_that_uses_a_term_first(book):
    entry = soup(book / "appendices/a-notation-and-glossary.html").find(id="term-R-hat")
    first = entry.find_next_sibling("dd").select_one(".first-use a")
    used = [
        card.chapter
        for card in cards()
        if soup(book / f"chapters/{card.chapter}.html").select("a[href$='#term-R-hat']")
    ]
    assert f"chapters/{used[0]}.html" in first["href"]
