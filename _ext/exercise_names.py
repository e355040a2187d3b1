"""Say in the heading of each exercise which chapter it belongs to: `4E7` is called "06.2 · 4E7" in the book.

Ids are those of the sources, and of what `check(...)` takes; they need not begin with the number of their chapter. The
name by chapter is that number and the place among the chapter's exercises. An id has a letter and such a name has none,
so the two cannot be mistaken for one another. Notebooks are not changed.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from exercise_list import HEADING, exercises_of
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

FOLDERS = ("exercises/", "solutions/")


class NameByChapter(SphinxTransform):
    """Put the name by chapter before the id, in headings of exercises and solutions."""

    default_priority = 460

    def apply(self, **kwargs: Any) -> None:
        """Run over one document."""
        docname = self.env.docname
        if not docname.startswith(FOLDERS):
            return
        stem = Path(docname).name
        names = {item.id: item.name for item in exercises_of(Path(self.app.srcdir), stem)}
        for title in self.document.findall(nodes.title):
            found = HEADING.match(f"## {title.astext()}")
            if found and found[1] in names:
                shown = nodes.inline("", names[found[1]], classes=["exercise-name"])
                title.insert(0, [shown, nodes.Text(" · ")])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(NameByChapter)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
