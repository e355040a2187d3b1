"""The tables about other seeds on the status page."""

import re

import pytest
import seed_tables
from seeds import record
from seeds.sweep import Task
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from .made import NAME, OTHER, found_fit, keep, write

PAGE = """# Status

```{seeds-origin}
```

```{seeds-fits}
```

```{seeds-budget}
```

```{seeds-runs}
```
"""


def text_of(course):
    """Build a page with all tables, and return its text."""
    (course / "index.md").write_text(PAGE)
    with patch_docutils(course), docutils_namespace():
        app = Sphinx(
        course, None, course / "html", course / "trees", "html", status=None, warningiserror=True,
        confoverrides={"extensions": ["myst_parser", "status_seeds"], "include_patterns": ["index.md"],
                       # Sphinx shares its default among builds, and MyST-NB writes into it.
                       "source_suffix": {".md": "markdown"}},
    )  # fmt: skip
        app.build()
    return re.sub(
        r"\s+", " ", re.sub(r"<[^>]*>", " ", (course / "html" / "index.html").read_text())
    )


def test_a_missing_file_is_said_plainly(course):
    assert text_of(course).count("no fit has been run with other seeds. Run make seeds") == 4


def test_all_tables_are_there(course):
    shown = found_fit("broken", use="shown", tail=300.0, seed=3)
    keep(course, NAME, Task(seeds=20), fits=[found_fit(), found_fit(seed=2), shown])
    keep(course, NAME, Task(shift=10), failures=[["one", "an error"]])
    record.update(course)
    write(course / NAME, "changed = True")
    text = text_of(course)
    assert f"Changed since, so the numbers below are those of an earlier version: {NAME}." in text
    assert f"Not run with other seeds: {OTHER}." in text
    assert "notebooks processor date 1 abacus 2026-01-02" in text
    assert "chapters 01 fit PyMC relied on 21 of 21 pass 1.003" in text
    assert "chapters 01 broken PyMC shown 21 of 21 fail 1.003" in text
    assert "passes &lt; 0.01" in text
    assert "divergences 2 24 91" in text
    assert "comparisons of estimates 14" in text
    assert "shift 10 1 1 1 chapters/01-one one" in text


def test_the_page_says_which_notebooks_changed_and_kept_their_fits(course):
    keep(course, NAME, Task(seeds=20), fits=[found_fit()])
    record.update(course)
    write(course / NAME, "changed = 'no fit'")
    keep(course, NAME, Task(seeds=1), fits=[found_fit() | {"rows": found_fit()["rows"][:2]}])
    record.update(course)
    text = text_of(course)
    assert f"they gave the same numbers as before): {NAME}." in text
    assert "earlier version" not in text.split("Not run with other seeds")[0]
    write(course / NAME, "changed = 'again'")
    text = text_of(course)
    assert "the same numbers as before" not in text
    assert f"those of an earlier version: {NAME}." in text


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (None, ""),
        (0.0, "< 0.01"),
        (2e-5, "0.02"),
        (1.234e-3, "1.2"),
        (0.0567, "57"),
        (0.25, "250"),
        (1.0, "1000"),
    ],
)
def test_rates_are_given_in_a_thousand_runs(rate, shown):
    assert seed_tables.per_thousand(rate) == shown


def test_the_sum_is_that_of_all_rows(course):
    keep(course, NAME, Task(seeds=20), fits=[found_fit(seed=i) for i in range(5)])
    entries = record.update(course)
    *rows, (name, _, total, most) = seed_tables.budget_rows(entries)
    assert name == "**all of these**"
    budget = record.budget(entries)
    assert len(rows) == len(budget)
    assert total == f"**{seed_tables.per_thousand(sum(row.rate for row in budget))}**"
    assert most == f"**{seed_tables.per_thousand(sum(row.at_most for row in budget))}**"
