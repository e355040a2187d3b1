"""Where each part of the two source texts went: every target of the source map and the errata exists."""

import csv
from functools import cache
import re

from course import ROOT
import nbformat
import pytest


def read(name):
    with open(ROOT / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = read("chapters/source-map.csv")
ERRATA = read("appendices/errata.csv")


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


def test_errata_say_who_claims_what_and_why_it_changed():
    assert ERRATA
    assert all(set(row) == {"id", "source", "claim", "target", "shows", "why"} for row in ERRATA)
    ids = [row["id"] for row in ERRATA]
    assert len(ids) == len(set(ids))
    for row in ERRATA:
        assert row["source"] in ("A", "B"), row["id"]
        assert row["claim"] and row["target"], row["id"]
        assert row["shows"] or row["why"], f"{row['id']} has neither a computed value nor a reason"
        assert not row["shows"] or "#" in row["target"], f"{row['id']}: whose output shows it?"


@pytest.mark.parametrize("row", ROWS + ERRATA, ids=[row["id"] for row in ROWS + ERRATA])
def test_the_target_exists(row):
    name, _, anchor = row["target"].partition("#")
    path = ROOT / name
    assert name and path.is_file(), f"{row['id']}: there is no file {name!r}"
    assert not anchor or anchor in anchors(path), f"{row['id']}: {name} has no cell {anchor!r}"
