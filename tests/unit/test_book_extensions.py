"""The parts of the book's Sphinx extensions that work without Sphinx."""

import cell_anchors
import check_links
from companion.exercises.outcome import PASSED, Link, Outcome
from course import ROOT
from docutils import nodes
import glossary_links
from markdown_table import markdown_table
import nbformat.v4 as nbf
import rosetta
import source_map
import status

TABLE = """<table><thead><tr><td></td><th>draws</th><th>largest R-hat</th><th>problems</th></tr></thead>
<tbody><tr><th>PyMC</th><td>4000</td><td>1.002</td><td>✓ none</td></tr>
<tr><th>TFP</th><td>2000</td><td>1.004</td><td>✗ tail ESS</td></tr></tbody></table>"""


def cell(**data):
    return nbf.new_code_cell("", outputs=[nbf.new_output("display_data", data=data)])


def test_a_table_escapes_what_would_end_a_cell():
    assert markdown_table(["a", "b"], [["x | y", "two\nlines"]]) == [
        "| a | b |",
        "| --- | --- |",
        "| x \\| y | two lines |",
    ]


def test_errata_quote_whole_sentences_that_have_the_phrase():
    text = "The first falls to 9 %.\nThe *second* stays,\nat 2.5 points. And a third."
    output = cell(**{"text/markdown": text})
    assert source_map.shown(output, "second* stays") == "The *second* stays, at 2.5 points."
    assert source_map.shown(output, "fourth") is None


def test_errata_quote_what_a_cell_prints_with_marks_between_columns_and_lines():
    printed = "scale at 8   7.39\nscale at -6  0.22\ndtype: float64\n\nanother"
    output = cell(**{"text/plain": printed})
    assert source_map.shown(output, "at 8") == "scale at 8: 7.39; scale at -6: 0.22"


def test_errata_quote_the_row_or_the_column_of_a_table():
    output = cell(**{"text/html": TABLE})
    assert source_map.shown(output, "draws") == "draws: PyMC: 4000; TFP: 2000"
    said = "TFP: draws: 2000; largest R-hat: 1.004; problems: ✗ tail ESS"
    assert source_map.shown(output, "TFP") == said
    assert source_map.shown(output, "draw") is None


def test_every_fit_of_a_table_of_diagnostics_is_found():
    notebook = nbf.new_notebook(cells=[cell(**{"text/html": TABLE}), cell(**{"text/html": "<p>"})])
    found = [(name, statistics["largest R-hat"]) for _, name, statistics in status.fits(notebook)]
    assert found == [("PyMC", "1.002"), ("TFP", "1.004")]


def test_another_table_with_r_hat_is_no_table_of_diagnostics():
    other = TABLE.replace("problems", "in MCSE")
    assert other != TABLE
    assert not list(status.fits(nbf.new_notebook(cells=[cell(**{"text/html": other})])))


def test_calls_are_found_by_their_name_and_not_by_their_beginning():
    source = "x = pm.Normal('x', 0.0, f(1))\npm.NormalMixture('y', w)"
    assert list(rosetta.calls(source, "pm.Normal")) == ["pm.Normal('x', 0.0, f(1))"]


def test_the_glossary_is_found_by_longer_terms_first(tmp_path):
    (tmp_path / "appendices").mkdir()
    page = tmp_path / f"{glossary_links.GLOSSARY}.md"
    page.write_text(":::{glossary}\nprior\n  before\nprior check\n  looking\n:::\n")
    match = glossary_links.pattern(tmp_path).search("Two Prior checks, not a priority.")
    assert match[1] == "Prior check" and match[2] == "s"
    assert glossary_links.pattern(tmp_path).search("a priority") is None


def test_what_a_check_shows_leads_to_pages_of_the_book():
    outcome = Outcome(
        "8E1", "Tails", PASSED, "Right.",
        concept=Link("tails", "../chapters/08-a.ipynb#cell-id=what-tails-do"),
        following=Link("9E1, in chapter 09", "09-b.ipynb#cell-id=nine"),
    )  # fmt: skip
    page = check_links.in_book(outcome._repr_html_())
    assert '<a href="../chapters/08-a.html#cell-what-tails-do">tails</a>' in page
    assert '<a href="09-b.html#cell-nine">9E1, in chapter 09</a>' in page
    here = '<a href="#8e2">8E2</a> <a href="https://a.b/c.ipynb#d">d</a>'
    assert check_links.in_book(here) == here


def test_the_cells_that_exercises_point_to_have_addresses():
    targets = cell_anchors.targets(ROOT)
    assert "outlier" in targets["chapters/08-robust-regression.ipynb"]
    assert "anscombe-question" in targets["solutions/08-robust-regression.ipynb"]


def test_a_phrase_in_another_sense_is_known_over_the_lines_of_its_source():
    lines = [
        nodes.Text(each)
        for each in ("It is known from its", "\n", "calibration. Read of", "\n", "calibration.")
    ]
    nodes.paragraph("", "", *lines)
    inside = [
        any(start <= 0 < end for start, end in glossary_links.in_other_senses(each))
        for each in lines
    ]
    assert inside == [False, True, True, False, False]
