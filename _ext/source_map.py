"""The tables of appendix C: where each item of the two sources is, and which claims did not survive.

`{source-map}` lists the rows of `chapters/source-map.csv`, or those of `chapters/additions.csv`, which are
ours and whose ids begin with C. `{errata}` lists those of
`appendices/errata.csv`; what running a claim shows is not written there but read from the stored run of
the notebook that checked it:

* `target` names the cell, such as `chapters/09-pooling.ipynb#say-one`;
* `shows` is a phrase: of a text, the sentences that contain it are quoted; of a table, the row with
  this label. A phrase that the cell's output does not contain fails the build, unless the notebook's run
  stopped before that cell.
"""

from collections.abc import Iterator
from pathlib import Path
import re
from typing import Any

from bs4 import BeautifulSoup, Tag
from data_tables import Grid, whole_numbers
from docutils import nodes
from html_classes import classes_of
from markdown_table import ComputedTable, markdown_table, rows_of
import nbformat
from run_outputs import shown_run
from sphinx.application import Sphinx

SENTENCE = re.compile(r"(?<=[.!?:*])\s+(?=[A-Z*$\\(])")
MAPS = ("chapters/source-map.csv", "chapters/additions.csv")
ERRATA = "appendices/errata.csv"
KIND = re.compile(r"^(?:Name: .*, )?dtype: .*$", re.MULTILINE)
WIDE = re.compile(r"(?<=\S) {2,}")


def title_of(root: Path, name: str) -> str:
    """Return how a page is called in a table: its number, and what kind of page it is."""
    folder, stem = Path(name).parts[-2:] if "/" in name else ("", name)
    number = Path(stem).stem.split("-")[0].upper()
    return {"chapters": f"Chapter {number}", "appendices": f"Appendix {number}"}.get(
        folder, f"{folder.capitalize()} {number}"
    )


class Printed(str):
    """A text in which columns and lines mean something."""


def spoken(printed: str) -> list[str]:
    """Return the paragraphs of a text with columns and lines, each as one line with marks between them."""
    found = []
    for paragraph in re.split(r"\n\s*\n", KIND.sub("", printed)):
        lines = [WIDE.sub(": ", line.strip()) for line in paragraph.splitlines() if line.strip()]
        marked = [line if line.endswith(tuple(".:;,")) else f"{line};" for line in lines]
        found.append(" ".join(marked).removesuffix(";"))
    return found


def texts_and_tables(cell: nbformat.NotebookNode) -> tuple[list[str], list[Tag]]:
    """Return the texts and the tables that a cell puts out."""
    texts: list[str] = []
    tables: list[Tag] = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "text/html" in data:
            tables += BeautifulSoup(data["text/html"], "html.parser").find_all("table")
        elif "text/markdown" in data:
            texts.append(data["text/markdown"])
        elif "text" in output:
            texts.append(Printed(output["text"]))
        elif "text/plain" in data:
            texts.append(Printed(data["text/plain"]))
    return texts, tables


def rows_and_columns(table: Tag) -> Iterator[tuple[str, str]]:
    """Yield the label and the content of each row of a table, then of each column."""
    heads = [
        [cell.get_text(" ", strip=True) for cell in row.find_all("th")]
        for row in (table.thead.find_all("tr") if table.thead else [])
    ]
    names = max(heads, key=lambda head: sum(map(bool, head)), default=[])
    rows = []
    for line in table.tbody.find_all("tr") if table.tbody else []:
        label = " ".join(cell.get_text(" ", strip=True) for cell in line.find_all("th"))
        values = [cell.get_text(" ", strip=True) for cell in line.find_all("td")]
        columns = names[-len(values) :] if len(names) >= len(values) else [""] * len(values)
        rows.append([(label, column, value) for column, value in zip(columns, values, strict=True)])
    for row in rows:
        said = "; ".join(f"{column}: {value}".lstrip(": ") for _, column, value in row)
        yield row[0][0] if row else "", said
    for column in zip(*rows, strict=False):
        said = "; ".join(f"{label}: {value}".lstrip(": ") for label, _, value in column)
        yield column[0][1], said


def shown(cell: nbformat.NotebookNode, phrase: str) -> str | None:
    """Return what a cell's output says about a phrase: sentences, or the row or column of a table."""
    texts, tables = texts_and_tables(cell)
    for text in texts:
        paragraphs = spoken(text) if isinstance(text, Printed) else [" ".join(text.split())]
        sentences = [part for paragraph in paragraphs for part in SENTENCE.split(paragraph)]
        if found := [sentence for sentence in sentences if phrase in sentence]:
            return " ".join(found)
    for table in tables:
        if "dataframe" in classes_of(table):
            whole_numbers(Grid.of(table))  # as the page of the notebook has them
        for label, values in rows_and_columns(table):
            if phrase == label:
                return f"{label}: {values}"
    return None


class SourceMap(ComputedTable):
    """List every item of one source, or of our own, and where the course has it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        paths = [self.root / name for name in MAPS]
        self.depends_on(*paths)
        rows = []
        for row in (row for path in paths for row in rows_of(path)):
            if row["id"].startswith(self.arguments[0]):
                place = self.link(row["target"], title_of(self.root, row["target"].split("#")[0]))
                rows.append([row["id"], row["kind"], row["title"], place, row["note"]])
        header = ["item", "kind", "in the source", "here", "what changed"]
        if self.arguments[0] == "C":
            header[2:] = ["what it is", "here", "what is new"]
        return self.parsed(markdown_table(header, rows))


class Errata(ComputedTable):
    """List the claims of one source that were run, and what running them shows."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        path = self.root / ERRATA
        self.depends_on(path)
        rows = []
        for row in rows_of(path):
            if row["source"] != self.arguments[0]:
                continue
            where = title_of(self.root, row["target"].split("#")[0]) if row["target"] else ""
            place = self.link(row["target"], where) if where else ""
            rows.append([row["id"], row["claim"], self.computed(row), row["why"], place])
        return self.parsed(
            markdown_table(["item", "the source says", "running it shows", "why", "where"], rows)
        )

    def computed(self, row: dict[str, str]) -> str:
        """Return what the book computed about a claim."""
        if not row["shows"]:
            return ""
        name, _, cell_id = row["target"].partition("#")
        run = shown_run(self.env, name)
        cells = {cell.id: cell for cell in run.notebook.cells} if run else {}
        if run is None or (run.failure and not cells[cell_id].get("outputs")):
            return "*Not known: the notebook has not run to this cell.*"
        found = shown(cells[cell_id], row["shows"])
        if found is None:
            raise self.error(
                f"errata {row['id']}: the output of {row['target']} has no {row['shows']!r}."
            )
        return found


def setup(app: Sphinx) -> dict[str, Any]:
    """Register both directives."""
    app.add_directive("source-map", SourceMap)
    app.add_directive("errata", Errata)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
