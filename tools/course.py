"""Where things are in the course, and what a notebook is made of: said once, for all tools and tests."""

from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("chapters", "solutions", "appendices", "exercises")  # the long ones first

TESTED = "nbval-check-output"  # nbval compares the stored output of such a cell with a fresh one
FOLDED = frozenset({"hide-input", "remove-input"})  # code that is not read first
SOLUTION = "solution"  # such a cell is in solutions/ only, or is replaced by its stub


def notebooks(root: Path = ROOT, folders: tuple[str, ...] = FOLDERS) -> list[Path]:
    """Return the paths of all notebooks of the course, in the order in which they are run.

    Parameters
    ----------
    root : Path
        The folder of the course.
    folders : tuple of str
        The folders to look into.

    Returns
    -------
    list of Path
    """
    return [path for folder in folders for path in sorted((root / folder).glob("*.ipynb"))]


def name_of(path: Path, root: Path = ROOT) -> str:
    """Return a path as it is written in the course: relative to its folder, with slashes."""
    return path.relative_to(root).as_posix()


def read(path: Path) -> nbformat.NotebookNode:
    """Read a notebook."""
    return nbformat.read(path, as_version=4)


def tags(cell: nbformat.NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return list(cell.metadata.get("tags", []))


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Return the code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
