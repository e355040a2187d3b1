"""Make `exercises/NN-name.ipynb` from `solutions/NN-name.ipynb`.

    python tools/make_exercises.py            write the exercises
    python tools/make_exercises.py --check    only say which differ, and exit 1

One rule: a cell tagged `solution` is replaced by the `stub` in its metadata (a list of lines, or a
string), or left out if it has none. All other cells are copied, with their ids, without outputs and
without the names of figures; fits show how far they are, since a learner waits for them.
The title `# Solutions: ...` becomes `# Exercises: ...`. Exercises are for `work/` (see `learners_copies.py`); if
somebody has written in `exercises/` all the same, a copy is kept there before the file is replaced.

Two mistakes are refused. A solution whose `check("4E5", ...)` would not be in the exercise: its stub
was forgotten. An exercise that would contain `assert_all_passed`: it cannot pass there.
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
import re
import sys

from course import ROOT, SOLUTION, TESTED, tags
from learners_copies import WORK, keep, mark, text
import nbformat
from tidy_notebooks import read, tidy

TITLE = re.compile(r"\A# Solutions: (?=\S)")
QUIET = re.compile(r",\s*progressbar=False\b")
CHECKED = re.compile(r"""\bcheck\(\s*["']([^"']+)["']""")


class Refused(ValueError):
    """A solution notebook from which no exercise can be made."""


def stub_of(cell: nbformat.NotebookNode) -> str | None:
    """Return the source that the exercise shows instead of a solution cell, or None."""
    stub = cell.metadata.get("stub")
    return "\n".join(stub) if isinstance(stub, list) else stub


def checked(cells: Iterable[nbformat.NotebookNode]) -> set[str]:
    """Return the ids of the exercises that code cells check."""
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    return {name for source in code for name in CHECKED.findall(source)}


def make_exercise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Turn a solution notebook, in place, into its exercise, and return it."""
    if not notebook.cells or not TITLE.match(notebook.cells[0].source):
        raise Refused("the first cell must start with '# Solutions: ' and a title")
    in_solution = checked(notebook.cells)
    notebook.cells[0].source = TITLE.sub("# Exercises: ", notebook.cells[0].source)
    cells = []
    for cell in notebook.cells:
        kept_tags = [tag for tag in tags(cell) if tag not in (SOLUTION, TESTED)]
        if SOLUTION in tags(cell):
            stub = stub_of(cell)
            if not stub:
                continue
            cell.source = stub
        elif "stub" in cell.metadata:
            raise Refused(f"cell {cell.id} has a stub but not the tag '{SOLUTION}'")
        cell.metadata.pop("stub", None)
        cell.metadata["tags"] = kept_tags
        # A figure's name is a label of the whole book, and belongs to the solution.
        cell.metadata.get("mystnb", {}).get("figure", {}).pop("name", None)
        if cell.cell_type == "code":
            cell.source = QUIET.sub("", cell.source)
        cells.append(cell)
    notebook.cells = cells
    if lost := in_solution - checked(cells):
        raise Refused(f"the check of {', '.join(sorted(lost))} is in no stub")
    for cell in cells:
        if cell.cell_type == "code" and "assert_all_passed" in cell.source:
            raise Refused(f"cell {cell.id} has assert_all_passed: tag it '{SOLUTION}'")
    return mark(tidy(notebook))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write, or check, all exercises; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="change nothing, exit 1 if one differs"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of the course")
    options = parser.parse_args(arguments)
    solutions, exercises = options.root / "solutions", options.root / "exercises"
    problems = 0
    sources = sorted(solutions.glob("*.ipynb"))
    for path in sources:
        try:
            wanted = text(make_exercise(read(path)))
        except Refused as reason:
            print(f"solutions/{path.name}: {reason}")
            problems += 1
            continue
        target = exercises / path.name
        if target.exists() and target.read_text(encoding="utf-8") == wanted:
            continue
        if options.check:
            print(
                f"exercises/{path.name}: differs from its solution; run python tools/make_exercises.py "
                f"(what somebody wrote in it will be kept in {WORK}/)"
            )
            problems += 1
        else:
            exercises.mkdir(exist_ok=True)
            kept = keep(options.root, target)
            target.write_text(wanted, encoding="utf-8", newline="\n")
            remark = f"; what somebody had written in it is now in {kept}" if kept else ""
            print(f"exercises/{path.name}: written{remark}")
    for extra in sorted(
        {path.name for path in exercises.glob("*.ipynb")} - {p.name for p in sources}
    ):
        print(f"exercises/{extra}: has no solution of that name; delete it")
        problems += 1
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
