"""Citations read in JupyterLab as they do in the book."""

from citations import LINK, entries, label, year
from course import FOLDERS, ROOT, name_of, notebooks
import pytest
from tidy_notebooks import read

from tests.rules.common import none_of

PAGES = [*notebooks(), *(path for folder in FOLDERS for path in (ROOT / folder).glob("*.md"))]


def texts(path):
    """Return the sources of a page, by the cells' ids."""
    if path.suffix == ".md":
        return {"": path.read_text(encoding="utf-8")}
    return {cell.id: cell.source for cell in read(path).cells}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_citation_says_what_the_reference_is(path):
    problems = []
    for cell, source in texts(path).items():
        if "{cite" in source:
            problems.append(f"{cell}: run tools/tidy_notebooks.py, or cite by a link")
        for said, key in LINK.findall(source):
            if key not in entries():
                problems.append(f"{cell}: references.bib has no entry {key}")
            elif said not in (label(key), year(key)):
                problems.append(f"{cell}: {key} is {label(key)!r}, not {said!r}")
    none_of(problems)
