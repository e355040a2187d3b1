"""All exercises in one table, by chapter, level and concept, and below it the concepts with their exercises.

```{exercise-list}
```

Ids, titles and levels are those of the headings in `solutions/`, names by chapter follow from their order
(`exercise_names.py`); what an exercise is about is the column `topic` of
`companion/exercises/guide.csv`. A topic that the glossary explains leads there. `_static/progress.js` adds
choices by level and concept, and boxes to tick.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path
import re
from typing import Any, NamedTuple

from apostrophes import curled
from chapter_files import stems
from course import read, title_of
from dependencies import GUIDE
from docutils import nodes
from glossary_links import GLOSSARY, terms
from markdown_table import rows_of
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

HEADING = re.compile(r"^## (\S+) \((easy|medium|hard)\b[^)]*\): (.+)$", re.MULTILINE)
ANCHOR = '<a id="{}"></a>'


class Item(NamedTuple):
    """An exercise in the list."""

    id: str
    level: str
    title: str
    chapter: str
    place: int

    @property
    def name(self) -> str:
        """Return what the exercise is called by its chapter: `06.2` is the second one of chapter 06."""
        return f"{self.chapter[:2]}.{self.place}"

    @property
    def anchor(self) -> str:
        """Return the address of the exercise in its pages."""
        return self.id.lower().replace(".", "-")


def exercises_of(root: Path, stem: str) -> Iterator[Item]:
    """Yield the exercises of a chapter, in their order."""
    path = root / f"solutions/{stem}.ipynb"
    cells = read(path).cells if path.exists() else ()
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for place, (name, level, title) in enumerate(HEADING.findall(text), start=1):
        yield Item(name, level, title.strip(), stem, place)


def topics(root: Path) -> dict[str, str]:
    """Return what each exercise is about."""
    return {row["id"]: row["topic"] for row in rows_of(root / GUIDE)}


class ExerciseList(SphinxDirective):
    """The table, and the concepts."""

    def run(self) -> list[nodes.Node]:
        """Return both as HTML."""
        root = Path(self.env.app.srcdir)
        about, known = topics(root), stems(root)
        for name in (GUIDE, f"{GLOSSARY}.md", *(f"solutions/{stem}.ipynb" for stem in known)):
            self.env.note_dependency(str(root / name))
        explained = terms(root)
        titles = {
            stem: title_of(read(root / f"chapters/{stem}.ipynb"))
            for stem in known
            if (root / f"chapters/{stem}.ipynb").exists()
        }
        items = [item for stem in titles for item in exercises_of(root, stem)]
        rows = "".join(self.row(item, about.get(item.id, ""), titles) for item in items)
        table = (
            '<table class="exercise-list" role="table">\n<caption>All exercises, in the order of the chapters</caption>\n'
            '<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Exercise</th><th role="columnheader" scope="col">Level</th><th role="columnheader" scope="col">Concept</th>'
            f'<th role="columnheader" scope="col">Chapter</th></tr></thead>\n<tbody role="rowgroup">\n{rows}</tbody></table>\n'
        )
        by_concept = "".join(
            self.concept(name, [item for item in items if about.get(item.id) == name], explained)
            for name in sorted(
                {about[item.id] for item in items if item.id in about}, key=str.lower
            )
        )
        listed = f'<dl class="exercise-concepts">\n{by_concept}</dl>\n'
        heading = nodes.rubric("", "By concept")
        return [nodes.raw("", table, format="html"), heading, nodes.raw("", listed, format="html")]

    @staticmethod
    def row(item: Item, concept: str, titles: dict[str, str]) -> str:
        """Return one exercise as a row."""
        return (
            f'<tr role="row" data-exercise="{item.id}" data-level="{item.level}" data-concept="{escape(concept)}">'
            f'<th role="rowheader" scope="row"><a href="../exercises/{item.chapter}.html#{item.anchor}">'
            f'<span class="exercise-name">{item.name}</span> · {item.id}</a> {escape(item.title)}</th><td role="cell">{item.level}</td><td role="cell">{escape(concept)}</td>'
            f'<td role="cell"><a href="../chapters/{item.chapter}.html">{item.chapter[:2]} '
            f"{escape(titles[item.chapter])}</a></td></tr>\n"
        )

    @staticmethod
    def concept(name: str, items: list[Item], explained: dict[str, str]) -> str:
        """Return one concept with its exercises."""
        term = explained.get(name.lower())
        place = (
            f"{Path(GLOSSARY).name}.html#term-{re.sub(r'[^A-Za-z0-9-]', '-', term)}" if term else ""
        )
        shown = f'<a href="{place}">{escape(name)}</a>' if term else escape(name)
        links = ", ".join(
            f'<a href="../exercises/{item.chapter}.html#{item.anchor}">{item.name} · {item.id}</a> {escape(curled(item.title))}'
            for item in items
        )
        return f"<dt>{shown}</dt><dd>{links}</dd>\n"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("exercise-list", ExerciseList)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
