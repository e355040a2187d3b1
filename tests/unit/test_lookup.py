"""Symptoms, formulas, the index, and names of exercises: what the extensions make of their tables."""

from cell_anchors import ANCHORED, LOOKUPS, outdated, targets
from chapter_files import stems
from companion.exercises.registry import EXERCISES
from concept_index import cross_references, split, wanted
from course import ROOT
from exercise_list import exercises_of
from glossary_links import terms
from markdown_table import rows_of
import nbformat.v4 as nbf
from places import headings, place, places
import pytest


@pytest.fixture
def course(tmp_path):
    (tmp_path / "chapters").mkdir()
    notebook = nbf.new_notebook(
        cells=[
            nbf.new_markdown_cell("# A chapter", id="title"),
            nbf.new_markdown_cell("## R-hat, from *its* formula\n\nText.", id="formula"),
            nbf.new_code_cell("1", id="code"),
            nbf.new_markdown_cell(
                "More.\n\n```text\n# no heading\n```\n\n### Two `repairs`", id="more"
            ),
            nbf.new_code_cell("2", id="later"),
            nbf.new_markdown_cell("## First\n\n### Second", id="both"),
        ]
    )
    (tmp_path / "chapters/04-diagnostics.ipynb").write_text(nbf.writes(notebook))
    return tmp_path


def test_a_cell_is_called_by_the_heading_above_it_and_a_heading_by_itself(course):
    found = {
        name: each[1:] for name, each in places(course / "chapters/04-diagnostics.ipynb").items()
    }
    assert found["formula"] == ("cell-formula", "04 · R-hat, from its formula")
    assert found["code"] == ("cell-code", "04 · R-hat, from its formula")
    assert found["more"] == ("cell-more", "04 · R-hat, from its formula")
    assert found["two-repairs"] == ("two-repairs", "04 · Two repairs")
    assert found["later"] == ("cell-later", "04 · Two repairs")
    assert found["both"] == ("cell-both", "04 · First")
    assert "no-heading" not in found
    assert place(course, "04-diagnostics#code").link() == (
        '<a class="reference internal" href="../chapters/04-diagnostics.html#cell-code">'
        "04&nbsp;· R-hat, from its formula</a>"
    )


def test_headings_have_no_marks():
    assert [words for _, words in headings("## Is `k` *large*, or [bad](x.md)?")] == [
        "Is k large, or bad?"
    ]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("04-diagnostics#gone", "no cell and no heading 'gone'"),
        ("05-none#code", "no chapters/05-none.ipynb"),
    ],
)
def test_a_place_that_is_not_there_is_refused(course, target, said):
    with pytest.raises(ValueError, match=said):
        place(course, target)


@pytest.mark.parametrize("table", LOOKUPS)
def test_each_row_is_asked_for_once_has_a_name_of_its_own_and_a_place(table):
    rows = rows_of(ROOT / table)
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(all(row.values()) for row in rows)
    directive = table.removeprefix("appendices/").removesuffix(".csv")
    (page,) = (ROOT / "appendices").glob(f"?-{directive}.md")
    asked = [
        line.split()[1]
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith(f"```{{{directive}}}")
    ]
    assert len(set(asked)) == len(asked)
    assert set(asked) == {row["topic"] for row in rows}


@pytest.mark.parametrize("table", LOOKUPS)
def test_no_row_has_two_links_that_read_the_same(table):
    for row in rows_of(ROOT / table):
        labels = [place(ROOT, target).label for target in row["places"].split()]
        assert len(set(labels)) == len(labels), row["id"]


def test_there_are_symptoms_enough():
    assert len(rows_of(ROOT / LOOKUPS[0])) >= 25


def test_the_index_leads_to_entries_that_are_there():
    concepts = {concept for entries in wanted(ROOT).values() for concept, _ in entries}
    known = {*concepts, *terms(ROOT).values()}
    assert {line.split("; ")[1] for line in cross_references(ROOT)} <= known
    assert not {line.split("; ")[0] for line in cross_references(ROOT)} & known


def test_the_index_tells_concepts_from_functions():
    rate = (
        [(None, "appendices/a-notation-and-glossary.html#x")],
        [("02 · A", [("", "c.html#y")])],
        None,
    )
    band = ([(None, "appendices/d-companion-api.html#x")], [], None)
    module = ([], [("module", [(None, "appendices/d-companion-api.html#y")])], None)
    see = ([], [("see band", [])], None)
    concepts, names = split(
        [
            ("A", [("acceptance rate", rate)]),
            ("B", [("ban", see), ("band()", band)]),
            ("C", [("companion", module)]),
        ]
    )
    assert [(key, [name for name, _ in entries]) for key, entries in concepts] == [
        ("A", ["acceptance rate"]), ("B", ["ban"])
    ]  # fmt: skip
    assert [name for name, _ in names] == ["band()", "companion"]


def test_exercises_are_called_by_their_chapter_in_their_order():
    stem = "06-transforming-covariates-and-varying-variance"
    found = [(item.name, item.id) for item in exercises_of(ROOT, stem)]
    assert found == [("06.1", "4E1"), ("06.2", "4E7"), ("06.3", "4M12"), ("06.4", "4H16")]


def test_no_exercise_has_the_name_of_another():
    items = [item for stem in stems(ROOT) for item in exercises_of(ROOT, stem)]
    names = [item.name for item in items] + [item.id for item in items]
    assert len(set(names)) == len(names) == 2 * len(EXERCISES)


class Environment:
    """What `outdated` needs of Sphinx's environment."""

    def __init__(self, anchored):
        self.found_docs = {"chapters/04-diagnostics"}
        self.all_docs = dict.fromkeys(self.found_docs, 0)
        self.metadata = {"chapters/04-diagnostics": {ANCHORED: anchored}}
        self.srcdir = ROOT


def test_a_page_is_read_again_when_a_table_names_another_cell_of_it():
    now = sorted(targets(ROOT)["chapters/04-diagnostics.ipynb"])
    assert not outdated(Environment(now), Environment(now))
    assert outdated(Environment(now), Environment(now[1:])) == ["chapters/04-diagnostics"]
