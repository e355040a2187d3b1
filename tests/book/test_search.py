"""The search page, opened from a folder: what it finds, in which order, and what it shows."""

import json
import re

import pytest
from search_index import CHAPTER, EXERCISE, FILE, GLOSSARY, KINDS, SOLUTION

HEAVIEST = 1_500_000  # bytes; it is loaded by a search only


@pytest.fixture(scope="module")
def words(book):
    text = (book / FILE).read_text(encoding="utf-8")
    return json.loads(re.fullmatch(r"window\.courseWords=(.*);\n", text)[1])


def search(page, book, query):
    """Search, and return the groups of results: their names, and the titles and pages in each."""
    page.goto(f"{(book / 'search.html').as_uri()}?q={query}")
    page.wait_for_function("document.getElementById('search-status').textContent")
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("#search-results section")].map((group) => [
            group.querySelector("h2").textContent,
            [...group.querySelectorAll("li")].map((item) => item.innerText),
        ]))"""
    )


def test_no_result_gives_the_answer_of_a_card_away_or_shows_where_a_citation_stood(words):
    texts = [text for _, _, entries in words["pages"] for _, _, _, text, _ in entries]
    assert any(
        "What will this formula say of them?" in text for text in texts
    )  # the question of a card
    assert not [text for text in texts if "✓ Right" in text or " ()" in text]


@pytest.mark.parametrize("query", ["rhat", "R-hat", "r%20hat", "RHAT", "R%CC%82"])
def test_r_hat_is_found_however_it_is_written(window, book, query):
    found = search(window(), book, query)
    assert any("04 · Diagnostics" in text for text in found["Chapters"][:3])
    assert any(text.startswith("R-hat") for text in found["Glossary"])


def test_chapters_come_first_solutions_last_and_these_are_marked_and_give_nothing_away(
    window, book
):
    page = window()
    found = search(page, book, "divergence")
    assert list(found) == [kind for kind in KINDS if kind in found]
    assert {"Chapters", "Glossary", "Solutions"} <= set(found)
    for text in found["Solutions"]:
        assert "solution" in text.lower().split()
    assert page.locator("#search-results section").last.locator("li p").count() == 0
    assert page.locator("#search-results section").first.locator("li p mark").count() >= 3


def test_a_title_has_the_number_of_its_chapter(words):
    for name, title, _ in words["pages"]:
        if name.startswith("chapters/"):
            assert title.startswith(f"{name.removeprefix('chapters/')[:2]} · ")


def test_a_word_in_the_title_comes_before_a_word_in_the_text(window, book):
    found = search(window(), book, "funnel")
    assert "unnel" in found["Chapters"][0].split("\n")[0]


def test_greek_letters_are_found_by_their_names_and_code_by_its_words(window, book):
    page = window()
    by_name = search(page, book, "tau")
    assert by_name == search(page, book, "%CF%84")
    assert search(page, book, "target_accept")["Chapters"]
    assert search(page, book, "compare_posteriors")["Companion"][0].startswith("companion.")


def test_excerpts_are_text_only(words):
    texts = [
        entry[3]
        for _, _, entries in words["pages"]
        for entry in entries
        if entry[0] in (CHAPTER, EXERCISE, SOLUTION)
    ]
    assert sum(map(len, texts)) > 300_000
    for text in texts:
        assert not re.search(
            r"\bimport \w+ as\b|\bpm\.sample\(|\\(mathcal|frac|begin)|<div|\$", text
        ), text


def test_every_result_leads_to_a_place_that_is_there(book, words):
    from test_pages import anchors

    for name, _, entries in words["pages"]:
        known = anchors(book / f"{name}.html")
        assert all(not entry[1] or entry[1] in known for entry in entries), name


def test_typing_searches_and_more_can_be_asked_for(window, book):
    page = window(390)
    page.goto((book / "search.html").as_uri())
    page.get_by_role("searchbox", name="Words in titles").fill("posterior")
    page.locator("#search-results section").first.wait_for()
    assert "places" in page.get_by_role("status").inner_text()
    first = page.locator("#search-results section").first
    before = first.locator("li").count()
    first.get_by_role("button", name="more").click()
    assert first.locator("li").count() > before
    assert page.evaluate("document.activeElement.closest('li') !== null")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_words_that_no_place_has_together_are_said_so_and_nonsense_finds_nothing(window, book):
    page = window()
    assert search(page, book, "penguin%20xyzzyplugh")
    assert "No place has all" in page.get_by_role("status").inner_text()
    assert not search(page, book, "xyzzyplugh")
    assert page.get_by_role("status").inner_text() == "Nothing was found."


def test_the_words_are_light_and_no_page_loads_them_before_a_search(window, book):
    assert (book / FILE).stat().st_size < HEAVIEST
    page = window()
    page.goto((book / "chapters/04-diagnostics.html").as_uri())
    assert page.evaluate("window.courseWords") is None
    page.goto((book / "search.html").as_uri())
    assert page.evaluate("window.courseWords") is None


def test_each_chapter_and_solution_can_be_found(words):
    kinds = {name: entries[0][0] for name, _, entries in words["pages"]}
    assert {kind for name, kind in kinds.items() if name.startswith("chapters/")} == {CHAPTER}
    assert {kind for name, kind in kinds.items() if name.startswith("solutions/")} == {SOLUTION}
    terms = [entry for _, _, entries in words["pages"] for entry in entries if entry[0] == GLOSSARY]
    assert len(terms) > 50
    assert all(term[2] and term[3] for term in terms)
