"""What is in a notebook file: ids, outputs, figures, warnings."""

import re

from course import TESTED, code_cells, name_of, notebooks, tags
import pytest
from tidy_notebooks import BY_HAND, bad_ids, read, text, tidy

from tests.rules.common import NOTEBOOKS, each_notebook, none_of, whole_course

SHADES = re.compile(
    r"\b(?:black|white|dark(?:er)?|pale|light(?:er)? (?:band|blue|color))\b", re.IGNORECASE
)
CUT = re.compile(r"^\[\d+ rows x (\d+) columns\]$", re.MULTILINE)
MOST_COLUMNS = 20  # that pandas writes in a kernel
SILENCERS = ("filterwarnings", "simplefilter", "catch_warnings", "logging.", "%%capture")


@pytest.mark.parametrize("path", notebooks(folders=BY_HAND), ids=name_of)
def test_a_notebook_is_tidy(path):
    notebook = read(path)
    problems = [f"{name}: an id is unique words, like fit-student-t" for name in bad_ids(notebook)]
    if text(tidy(notebook)) != path.read_text(encoding="utf-8"):
        problems.append("not as it is kept: run python tools/tidy_notebooks.py")
    none_of(problems)


@each_notebook
def test_a_stored_output_is_a_tested_output(path):
    problems = []
    for cell in read(path).cells:
        stored, tested = bool(cell.get("outputs")), TESTED in tags(cell)
        if stored and not tested:
            problems.append(f"{cell.id}: an output without the tag {TESTED}; tidy the notebook")
        if tested and not stored:
            problems.append(f"{cell.id}: the tag {TESTED}, but no output; run the cell and save")
    none_of(problems)


@each_notebook
def test_a_stored_table_was_made_for_no_terminal(path):
    none_of(
        f"{cell.id}: a terminal's width cut the table that nbval compares; run it in a kernel and save"
        for cell in code_cells(read(path))
        for output in cell.get("outputs", [])
        if (found := CUT.search(output.get("data", {}).get("text/plain", "")))
        and int(found[1]) <= MOST_COLUMNS
    )


@each_notebook
def test_a_stored_output_has_all_its_forms(path):
    none_of(
        f"{cell.id}: no text beside the table, as in runs/, where it is left out, and nbval compares both; "
        "run the cell and save"
        for cell in code_cells(read(path))
        for output in cell.get("outputs", [])
        if "data" in output and "text/plain" not in output.data
    )


@each_notebook
def test_figures_are_named_captioned_and_described(path):
    problems = []
    for cell in code_cells(read(path)):
        draws = "plt.show()" in cell.source
        if draws != cell.id.startswith("fig-"):
            problems.append(
                f"{cell.id}: an id starts with fig- where plt.show() ends the cell, only"
            )
        if not draws:
            continue
        information = cell.metadata.get("mystnb", {})
        figure, image = information.get("figure", {}), information.get("image", {})
        name = None if path.parent.name == "exercises" else cell.id
        if figure.get("name") != name:
            problems.append(f"{cell.id}: mystnb.figure.name in the metadata is {name!r}")
        if len(figure.get("caption", "")) <= 20:
            problems.append(f"{cell.id}: mystnb.figure.caption in the metadata is a sentence")
        if len(image.get("alt", "")) <= 40:
            problems.append(
                f"{cell.id}: mystnb.image.alt says what can be seen, in 40 letters or more"
            )
    none_of(problems)


@each_notebook
def test_a_caption_names_no_shade(path):
    none_of(
        f"{cell.id}: {word!r} is another shade in the dark; say what is drawn: a line, dots, the narrow band"
        for cell in code_cells(read(path))
        for part, key in (("figure", "caption"), ("image", "alt"))
        for word in SHADES.findall(cell.metadata.get("mystnb", {}).get(part, {}).get(key, ""))
    )


@whole_course
def test_a_figure_has_its_name_for_itself():
    places = {}
    for path in NOTEBOOKS:
        if path.parent.name != "exercises":
            for cell in code_cells(read(path)):
                if cell.id.startswith("fig-"):
                    places.setdefault(cell.id, []).append(name_of(path))
    shared = {name: where for name, where in places.items() if len(where) > 1}
    none_of(f"{name} is in {', '.join(where)}; rename one" for name, where in shared.items())


@each_notebook
def test_nothing_is_silenced(path):
    none_of(
        f"{cell.id}: {way} hides a warning; deal with what it warns of"
        for cell in code_cells(read(path))
        for way in SILENCERS
        if way in cell.source
    )
