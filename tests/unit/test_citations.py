"""Citations in their short and in their long form."""

import citations
from citations import SHORT, spelled_out
from pybtex.database import Entry, Person
import pytest


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


def test_a_work_without_authors_is_called_by_its_editors_or_its_title(monkeypatch):
    def work(**people):
        named = {role: [Person(name) for name in names] for role, names in people.items()}
        return Entry("misc", {"title": "The {Stan} manual | 2", "year": "2024"}, persons=named)

    works = {
        "nobody": work(),
        "editor": work(editor=["Ann Lee"]),
        "both": work(author=["Bo Ek", "Cy Oh"], editor=["Ann Lee"]),
    }
    monkeypatch.setattr(citations, "entries", lambda: works)
    assert [citations.label(key) for key in works] == [
        "The Stan manual | 2, 2024",
        "Lee, 2024",
        "Ek and Oh, 2024",
    ]
