"""The tables of appendix E about other seeds: how every fit fares, and how often a build would fail.

All of it is read from `runs/seeds.json`, which `make seeds` writes. What the tables say is in
`seed_tables`, which is loaded where one is asked for: it needs seconds, and one page needs it.
"""

from collections.abc import Mapping
import json
from typing import Any

from docutils import nodes
from markdown_table import ComputedTable
from seeds import FILE
from sphinx.application import Sphinx

NOTHING = f"`{FILE.as_posix()}` is missing: no fit has been run with other seeds. Run `make seeds`."


class SeedsTable(ComputedTable):
    """A table that is read from `runs/seeds.json`."""

    def run(self) -> list[nodes.Node]:
        """Build the table, or say that there is nothing to show."""
        path = self.root / FILE
        if not path.exists():
            return self.parsed([NOTHING])
        self.depends_on(path)
        entries = json.loads(path.read_text(encoding="utf-8"))["notebooks"]
        return self.parsed(self.lines(entries) if entries else [NOTHING])

    def lines(self, entries: Mapping[str, Any]) -> list[str]:
        """Return the table in Markdown."""
        raise NotImplementedError


class Origin(SeedsTable):
    """Say when and where the seeds were run, and of which notebooks."""

    def lines(self, entries: Mapping[str, Any]) -> list[str]:
        """Return a paragraph."""
        import seed_tables

        return seed_tables.origin(self.root, entries)


class Fits(SeedsTable):
    """List every fit with what other seeds make of it."""

    def lines(self, entries: Mapping[str, Any]) -> list[str]:
        """Return the table."""
        import seed_tables

        return seed_tables.fits(entries, self.link)


class Budget(SeedsTable):
    """List how often a build would fail by chance."""

    def lines(self, entries: Mapping[str, Any]) -> list[str]:
        """Return the table, and what its tails were checked with."""
        import seed_tables

        return seed_tables.budget(self.root, entries)


class Runs(SeedsTable):
    """List the runs of whole notebooks with other seeds or for another processor."""

    def lines(self, entries: Mapping[str, Any]) -> list[str]:
        """Return the table."""
        import seed_tables

        return seed_tables.runs(entries)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("seeds-origin", Origin)
    app.add_directive("seeds-fits", Fits)
    app.add_directive("seeds-budget", Budget)
    app.add_directive("seeds-runs", Runs)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
