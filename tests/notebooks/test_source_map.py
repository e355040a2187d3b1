"""Where each part of the two source texts went: every target of the source map exists."""

import csv
from functools import cache
from pathlib import Path
import re

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
with open(ROOT / "chapters" / "source-map.csv", encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))


@cache
def anchors(path):
    """Return the places in a file that a row may name: ids of cells, and `<a id="...">`."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return set(re.findall(r'<a id="([^"]+)">', text))
    cells = nbformat.reads(text, as_version=4).cells
    inside = (re.findall(r'<a id="([^"]+)">', cell.source) for cell in cells)
    return {cell.id for cell in cells}.union(*inside)


def test_the_columns_are_known_and_ids_unique():
    assert ROWS
    assert all(set(row) == {"id", "kind", "title", "target", "note"} for row in ROWS)
    ids = [row["id"] for row in ROWS]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[AB]-?[\w.]+", name) for name in ids)


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_the_target_exists(row):
    name, _, anchor = row["target"].partition("#")
    path = ROOT / name
    assert name and path.is_file(), f"{row['id']}: there is no file {name!r}"
    assert not anchor or anchor in anchors(path), f"{row['id']}: {name} has no cell {anchor!r}"
