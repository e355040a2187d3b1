"""What a person is told when a notebook does not run: which cell, which error, what to do."""

from pathlib import Path
import re

from course import Unreadable, code_cells, read
from learners_copies import WORK
from make_exercises import Refused, make_exercise
import nbformat

COLORS = re.compile(r"\x1b\[[0-9;]*m")
SHOWN_LINES = 3


def plain(text: str) -> str:
    """Return a text without a terminal's colors."""
    return COLORS.sub("", text)


def is_learners(root: Path, name: str, notebook: nbformat.NotebookNode) -> bool:
    """Whether somebody has changed the code of an exercise since it was made from its solution."""
    folder, _, file = name.partition("/")
    if folder != "exercises":
        return False
    try:
        made = make_exercise(read(root / "solutions" / file))
    except (Unreadable, Refused):
        return False
    return [c.source for c in code_cells(made)] != [c.source for c in code_cells(notebook)]


def advice(root: Path, name: str, notebook: nbformat.NotebookNode) -> str:
    """Return what to do about a cell that failed.

    Parameters
    ----------
    root : Path
        The folder of the course.
    name : str
        The notebook's path in it.
    notebook : NotebookNode
        Its content.
    """
    if is_learners(root, name, notebook):
        return (
            "this is your own work in an exercise, and you can go on with it: nothing else in the book "
            f"depends on it. In {WORK}/, which `make lab` opens, no build looks at it. "
            f"`python tools/make_exercises.py` keeps your work there and restores {name}."
        )
    source = name.replace("exercises/", "solutions/")
    made = f" ({name} is made from it)" if source != name else ""
    return (
        f"run {source}{made} in JupyterLab up to this cell, correct it, and run `make book` again; "
        "notebooks that succeeded are not run a second time."
    )


def describe(root: Path, name: str, notebook: nbformat.NotebookNode, index: int, error: str) -> str:
    """Say which cell of which notebook failed, how, and what to do.

    Parameters
    ----------
    root, name, notebook
        As for `advice`.
    index : int
        The position of the cell among all cells.
    error : str
        The kind of error and its message.

    Returns
    -------
    str
        A few lines for a terminal.
    """
    cell = notebook.cells[index]
    lines = [line for line in cell.source.splitlines() if line.strip()]
    shown = [*lines[:SHOWN_LINES], *["..."] * (len(lines) > SHOWN_LINES)]
    return "\n".join(
        [
            f"{name}, cell {index + 1} (id {cell.get('id', 'none')}) failed:",
            *(f"    {line}" for line in shown),
            f"  {plain(error)}",
            f"  What to do: {advice(root, name, notebook)}",
        ]
    )
