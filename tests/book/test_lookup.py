"""Symptoms, formulas and the index, as a reader meets them; exercises by both of their names."""

import re
from urllib.parse import unquote

from cell_anchors import LOOKUPS
from course import ROOT
from exercise_list import exercises_of
from glossary_links import terms
from markdown_table import rows_of
import pytest
from test_pages import anchors, soup
from test_search import search

PAGES = {LOOKUPS[0]: "appendices/h-symptoms", LOOKUPS[1]: "appendices/i-formulas"}


@pytest.mark.parametrize("table", LOOKUPS)
def test_each_row_stands_on_its_page_and_leads_to_places_that_are_there(book, table):
    page = book / f"{PAGES[table]}.html"
    items = soup(page).select("dl.lookup > dt")
    assert [item["id"].partition("-")[2] for item in items] == [
        row["id"]
        for topic in topics(table)
        for row in rows_of(ROOT / table)
        if row["topic"] == topic
    ]
    for item in items:
        links = item.find_next_sibling("dd").select(".lookup-places a")
        assert links
        for link in links:
            path, _, fragment = unquote(link["href"]).partition("#")
            assert fragment in anchors((page.parent / path).resolve()), link


def topics(table):
    """Return the topics of a table in the order of its page."""
    text = (ROOT / f"{PAGES[table]}.md").read_text(encoding="utf-8")
    return re.findall(r"^```\{(?:symptoms|formulas)\} (\w+)$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("R-hat below 1", "R-hat below 1"),
        ("chains stuck", "My chains are stuck at the start, or all walk one way"),
        ("cost 4 to 1", "Cost 4 to 1, or 19 to 1: which number do I report?"),
        ("sampler creeps", "The sampler creeps: slow waves, tiny steps, few effective draws"),
    ],
)
def test_a_symptom_is_found_in_its_words(window, book, query, title):
    found = search(window(), book, query)
    assert any(title in text.split("\n")[0] for text in found["Appendices"][:3]), found


@pytest.mark.parametrize("query", ["06.2", "4E7"])
def test_an_exercise_is_found_by_either_name(window, book, query):
    first = search(window(), book, query)["Exercises"][0]
    assert "06.2 · 4E7 (easy): Justify the square root" in first


@pytest.mark.parametrize("folder", ["exercises", "solutions"])
def test_headings_name_each_exercise_twice(book, folder):
    for path in sorted((ROOT / folder).glob("*.ipynb")):
        shown = [tag.get_text() for tag in soup(book / folder / f"{path.stem}.html").select("h2")]
        for item in exercises_of(ROOT, path.stem):
            begins = f"{item.name} · {item.id} ({item.level}"
            assert sum(text.startswith(begins) for text in shown) == 1, begins


def test_the_index_leads_from_each_concept_to_the_chapters_that_explain_it(book):
    page = soup(book / "genindex.html")
    found = {
        item.find("a").get_text(strip=True): item.select("ul a")
        for item in page.select(".index-entries > li:has(> a)")
    }
    unexplained = {term for term in terms(ROOT).values() if not found.get(term)}
    assert unexplained <= {"Bayes factor", "typical set"}  # words of the field, not of a chapter
    for links in found.values():
        for link in links:
            path, _, fragment = unquote(link["href"]).partition("#")
            assert fragment in anchors((book / (path or "genindex.html")).resolve()), link
    assert any("companion." in item.get_text() for item in page.select("#companion ~ ul > li"))
    assert any(link["href"].endswith("genindex.html") for link in soup(book / "index.html")("a"))
