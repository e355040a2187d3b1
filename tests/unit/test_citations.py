"""Citations in their short and in their long form."""

from citations import SHORT, spelled_out
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
