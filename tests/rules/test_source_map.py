"""Where each part of the two source texts went, what is ours, and what can be looked up: every target exists."""

import csv
from functools import cache
import re

from cell_anchors import CONCEPTS, LOOKUPS
from course import ROOT
import nbformat
from places import place
import pytest

from tests.rules.common import none_of, whole_course

MAP, OWN, ERRATA = "chapters/source-map.csv", "chapters/additions.csv", "appendices/errata.csv"
COLUMNS = {
    MAP: ["id", "kind", "title", "target", "note"],
    OWN: ["id", "kind", "title", "target", "note"],
    ERRATA: ["id", "source", "claim", "target", "shows", "why"],
}
IDS = {
    MAP: (r"[AB]-?[\w.]+", "an item of source A or B; what is ours stands in " + OWN),
    OWN: (r"C-\d{2}\.\d+", "C, the chapter and a number, such as C-18.1"),
    ERRATA: (r"[\w.-]+", "a word"),
}


def read(name):
    with open(ROOT / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = [(name, row) for name in COLUMNS for row in read(name)]


@cache
def anchors(path):
    """Return the places in a file that a row may name: ids of cells, and `<a id="...">`."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return set(re.findall(r'<a id="([^"]+)">', text))
    cells = nbformat.reads(text, as_version=4).cells
    inside = (re.findall(r'<a id="([^"]+)">', cell.source) for cell in cells)
    return {cell.id for cell in cells}.union(*inside)


@whole_course
@pytest.mark.parametrize("name", COLUMNS)
def test_the_columns_are_known_and_ids_unique(name):
    rows = read(name)
    pattern, meaning = IDS[name]
    problems = [] if rows else [f"{name} has no rows"]
    if any(list(row) != COLUMNS[name] or None in row.values() for row in rows):
        problems.append(
            f"{name}: the columns are {','.join(COLUMNS[name])}; quote text with commas"
        )
    ids = [row["id"] for row in rows]
    problems += [
        f"{name}: {one} is there twice" for one in sorted({x for x in ids if ids.count(x) > 1})
    ]
    problems += [
        f"{name}: {one!r} is no id here: {meaning}" for one in ids if not re.fullmatch(pattern, one)
    ]
    none_of(problems)


@whole_course
def test_errata_say_who_claims_what_and_why_it_changed():
    problems = []
    for row in read(ERRATA):
        if row["source"] not in ("A", "B"):
            problems.append(f"{row['id']}: the source is A or B, not {row['source']!r}")
        if not (row["claim"] and row["target"]):
            problems.append(f"{row['id']}: a claim has words, and a target where it was run")
        if not (row["shows"] or row["why"]):
            problems.append(f"{row['id']}: shows a phrase of the target's output, or says why")
        if row["shows"] and "#" not in row["target"]:
            problems.append(
                f"{row['id']}: the target names the cell whose output shows it, after #"
            )
    none_of(problems)


@pytest.mark.parametrize(
    ("name", "row"),
    [pytest.param(*pair, id=f"{pair[1]['id']}-{pair[1]['target']}") for pair in ROWS],
)
def test_the_target_exists(name, row):
    file, _, anchor = row["target"].partition("#")
    path = ROOT / file
    if not file or not path.is_file():
        none_of([f"{name}, {row['id']}: there is no file {file!r}"])
    if anchor and anchor not in anchors(path):
        none_of([f"{name}, {row['id']}: {file} has no cell {anchor!r} and no such anchor"])


@whole_course
def test_a_place_to_look_up_exists():
    problems = []
    for name in (*LOOKUPS, CONCEPTS):
        for row in read(name):
            for target in row["places"].split():
                try:
                    place(ROOT, target)
                except ValueError as problem:
                    problems.append(f"{name}: {problem}")
    none_of(problems)
