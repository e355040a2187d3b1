"""Keep the notebooks in git small and readable: no outputs, no counters, no editor's notes.

    python tools/tidy_notebooks.py            rewrite what needs it
    python tools/tidy_notebooks.py --check    only say what needs it, and exit 1

What stays: sources, cell ids, the tags of a cell and its `stub`, and the outputs of cells tagged
`nbval-check-output`, because nbval compares those with a fresh run. A stored output is a tested
output. What is written for the author: citations in their long form (`citations.py`), and that
JupyterLab folds the code that the book folds.
Cell ids must be words (`fit-student-t`, not `3f2a91bc`), so that a diff or a failing test names the
cell: a tool cannot invent them, so it only complains.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
import re
import sys
from typing import Any

from citations import BIBLIOGRAPHY, list_of_references, spelled_out
from course import FOLDED, FOLDERS, ROOT, TESTED, name_of, notebooks, tags
from learners_copies import EXERCISES, text
import nbformat
import nbformat.v4

KEPT_OF_NOTEBOOK = ("mystnb",)
# As JupyterLab writes it, so that a notebook that was only opened is as before.
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
BY_HAND = tuple(folder for folder in FOLDERS if folder != EXERCISES)  # the others are made tidy
KEPT_OF_CELL = ("mystnb", "stub", "tags")

WORDS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?|[0-9]+|[0-9a-f]{32}")


def keep(metadata: Mapping[str, Any], names: Iterable[str]) -> nbformat.NotebookNode:
    """Return the entries of `metadata` that are named and not empty."""
    return nbformat.from_dict({name: metadata[name] for name in names if metadata.get(name)})


def tidy(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Remove, in place, everything that a run or an editor left behind; return the notebook."""
    notebook.metadata = keep(notebook.metadata, KEPT_OF_NOTEBOOK)
    notebook.metadata.kernelspec = nbformat.from_dict(KERNEL)
    notebook.metadata.language_info = nbformat.from_dict({"name": "python"})
    for cell in notebook.cells:
        cell.metadata = keep(cell.metadata, KEPT_OF_CELL)
        if cell.cell_type == "markdown":
            cell.source = spelled_out(cell.source)
        if cell.cell_type != "code":
            continue
        if FOLDED.intersection(tags(cell)):
            cell.metadata["jupyter"] = nbformat.from_dict({"source_hidden": True})
        if TESTED not in tags(cell):
            cell.outputs = []
        # nbval compares a stored output only if the cell says that it was run.
        cell.execution_count = 1 if cell.outputs else None
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = 1
            if "metadata" in output:
                output.metadata = nbformat.from_dict({})
    return notebook


def bad_ids(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the cell ids that are not unique words."""
    ids = [cell.get("id", "") for cell in notebook.cells]
    return [
        name or "(none)"
        for name in dict.fromkeys(ids)
        if not WORDS.fullmatch(name) or RANDOM.fullmatch(name) or ids.count(name) > 1
    ]


def read(path: Path) -> nbformat.NotebookNode:
    """Read a notebook as it is: `nbformat.read` would replace missing or doubled ids by random ones."""
    return nbformat.v4.reads(path.read_text(encoding="utf-8"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Tidy, or check, all notebooks; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if untidy")
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of the course")
    options = parser.parse_args(arguments)
    problems = 0
    for path in notebooks(options.root, BY_HAND):
        name = name_of(path, options.root)
        notebook = read(path)
        if wrong := bad_ids(notebook):
            print(f"{name}: cell ids must be unique words (kebab-case), not {', '.join(wrong)}")
            problems += 1
        try:
            wanted = text(tidy(notebook))
        except ValueError as reason:
            print(f"{name}: {reason}")
            problems += 1
            continue
        if wanted == path.read_text(encoding="utf-8"):
            continue
        if options.check:
            print(f"{name}: not tidy; run python tools/tidy_notebooks.py")
            problems += 1
        else:
            path.write_text(wanted, encoding="utf-8", newline="\n")
            print(f"{name}: tidied")
    page = BIBLIOGRAPHY.with_suffix(".md")
    if options.root == ROOT and page.read_text(encoding="utf-8") != (list_ := list_of_references()):
        if options.check:
            print(f"{page.name}: not as {BIBLIOGRAPHY.name}; run python tools/tidy_notebooks.py")
            problems += 1
        else:
            page.write_text(list_, encoding="utf-8", newline="\n")
            print(f"{page.name}: written")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
