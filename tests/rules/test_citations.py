"""Citations read in JupyterLab as they do in the book."""

from citations import LINK, SHORT, entries, label, spelled_out, year
from course import FOLDERS, ROOT, name_of, notebooks
import pytest
from tidy_notebooks import read

PAGES = [*notebooks(), *(path for folder in FOLDERS for path in (ROOT / folder).glob("*.md"))]


def texts(path):
    """Return the sources of a page, by the cells' ids."""
    if path.suffix == ".md":
        return {"": path.read_text(encoding="utf-8")}
    return {cell.id: cell.source for cell in read(path).cells}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_citation_says_what_the_reference_is(path):
    for cell, source in texts(path).items():
        assert "{cite" not in source, f"{cell}: run tools/tidy_notebooks.py, or cite by a link"
        for said, key in LINK.findall(source):
            assert key in entries(), f"{cell}: references.bib has no entry {key}"
            right = (label(key), year(key))
            assert said in right, f"{cell}: {key} is {right[0]!r}, not {said!r}"


def test_short_citations_are_spelled_out():
    assert spelled_out("As {cite}`neal2003slice` said; Neal {cite:year}`neal2003slice` too.") == (
        "As ([Neal, 2003](../references.md#neal2003slice)) said; "
        "Neal ([2003](../references.md#neal2003slice)) too."
    )
    assert spelled_out("{cite}`meng1994posterior,gelman1996posterior`") == (
        "([Meng, 1994](../references.md#meng1994posterior); "
        "[Gelman et al., 1996](../references.md#gelman1996posterior))"
    )
    assert spelled_out("[wrong](../references.md#neal2003slice)") == (
        "[Neal, 2003](../references.md#neal2003slice)"
    )
    assert not SHORT.search("{cites}`neal2003slice`")
    with pytest.raises(ValueError, match="no entry 'nobody1900'"):
        spelled_out("{cite}`nobody1900`")
