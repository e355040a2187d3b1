"""The tables of appendix E about other seeds: how every fit fares, and how often a build would fail.

All of it is read from `runs/seeds.json`, which `make seeds` writes. What the tables say is in
`seed_tables`, which is loaded where one is asked for: it needs seconds, and one page needs it.
"""

from typing import Any

from docutils import nodes
from markdown_table import ComputedTable
from seeds import FILE
from sphinx.application import Sphinx

NOTHING = f"`{FILE.as_posix()}` is missing: no fit has been run with other seeds. Run `make seeds`."
DIRECTIVES = ("seeds-origin", "seeds-fits", "seeds-budget", "seeds-runs")


class SeedsTable(ComputedTable):
    """A table that is read from `runs/seeds.json`; its name says which."""

    def run(self) -> list[nodes.Node]:
        """Build the table, or say that there is nothing to show."""
        path = self.root / FILE
        if not path.exists():
            return self.parsed([NOTHING])
        self.depends_on(path)

        import seed_tables

        return self.parsed(seed_tables.lines(self.name, self.root, self.link) or [NOTHING])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    for name in DIRECTIVES:
        app.add_directive(name, SeedsTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
