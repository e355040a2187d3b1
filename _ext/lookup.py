"""Lists to look things up in: symptoms (appendix H) and formulas (appendix I).

```{symptoms} chains
```

lists the rows of `appendices/symptoms.csv` with this topic: what you see, what it means, what to do first.
`{formulas}` does the same with `appendices/formulas.csv`: a formula, its letters, and when it does not hold; `;;` stands
where a formula may be broken. The column `places` of both names cells and headings of chapters (`places.py`); one that is not there fails the build. Search knows each
row by its name.
"""

from pathlib import Path
from typing import Any

from cell_anchors import LOOKUPS
from docutils import nodes
from docutils.statemachine import StringList
from markdown_table import rows_of
from places import Place, place
from search_index import LOOKUP
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

SYMPTOMS, FORMULAS = LOOKUPS


class Lookup(SphinxDirective):
    """A definition list of the rows with one topic."""

    required_arguments = 1
    table = ""
    name_column = ""
    prefix = ""

    def run(self) -> list[nodes.Node]:
        """Build the list."""
        root = Path(self.env.app.srcdir)
        self.env.note_dependency(str(root / self.table))
        topic = self.arguments[0]
        rows = [row for row in rows_of(root / self.table) if row["topic"] == topic]
        if not rows:
            raise self.error(f"{self.table} has no row with the topic {topic!r}.")
        shown = nodes.definition_list(classes=[LOOKUP, self.prefix])
        for row in rows:
            try:
                found = [place(root, target) for target in row["places"].split()]
            except ValueError as problem:
                raise self.error(f"{self.table}, {row['id']}: {problem}") from problem
            for each in found:
                self.env.note_dependency(str(root / f"{each.page}.ipynb"))
            shown += self.item(row, found)
        return [shown]

    def item(self, row: dict[str, str], found: list[Place]) -> nodes.definition_list_item:
        """Return one row."""
        term = nodes.term("", "", ids=[f"{self.prefix}-{row['id']}"])
        term += self.parsed(row[self.name_column])[0].children
        leads = "; ".join(each.link() for each in found)
        see = nodes.paragraph(classes=["lookup-places"])
        see += [nodes.Text("See "), nodes.raw("", leads, format="html")]
        meaning = nodes.definition("", *self.parsed(self.text(row)), see)
        return nodes.definition_list_item("", term, meaning)

    def parsed(self, text: str) -> list[nodes.Node]:
        """Return what a text in MyST Markdown becomes."""
        box = nodes.container()
        self.state.nested_parse(StringList(text.split("\n"), self.get_source_info()[0]), 0, box)
        return box.children

    def text(self, row: dict[str, str]) -> str:
        """Return the text of a row, in Markdown."""
        raise NotImplementedError


class Symptoms(Lookup):
    """What goes wrong, in the words of whoever sees it."""

    table, name_column, prefix = SYMPTOMS, "symptom", "symptom"

    def text(self, row: dict[str, str]) -> str:
        """Return what it means, and what to do first."""
        return f"{row['meaning']}\n\n**First:** {row['first']}"


class Formulas(Lookup):
    """Formulas, with their letters and their limits."""

    table, name_column, prefix = FORMULAS, "name", "formula"

    def text(self, row: dict[str, str]) -> str:
        """Return the formula, what its letters mean, and when it does not hold."""
        pieces = " ".join(f"$\\displaystyle {each.strip()}$" for each in row["formula"].split(";;"))
        return f"{pieces}\n\n{row['letters']}\n\n**Not when** {row['not_when']}"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register both directives."""
    app.add_directive("symptoms", Symptoms)
    app.add_directive("formulas", Formulas)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
