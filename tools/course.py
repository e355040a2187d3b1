"""Where things are in the course, and what a notebook is made of: said once, for all tools and tests."""

from collections.abc import Iterator
import json
from pathlib import Path
import re

import nbformat
import nbformat.v4
from nbformat.validator import iter_validate
import yaml

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("chapters", "solutions", "appendices", "exercises")  # the long ones first

TESTED = "nbval-check-output"  # nbval compares the stored output of such a cell with a fresh one
FOLDED = frozenset({"hide-input", "remove-input"})  # code that is not read first
SETUP = "setup"  # the id of the cell with the imports
SOLUTION = "solution"  # such a cell is in solutions/ only, or is replaced by its stub

CONFLICT = re.compile(r"^(<{7}|={7}|>{7})( |$)", re.MULTILINE)


class Unreadable(ValueError):
    """A file is not a notebook that the course can use; the text says why, and what to do."""


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


def in_book(root: Path = ROOT) -> list[Path]:
    """Return the paths of the notebooks that the book consists of, in the order of `notebooks`.

    A notebook that `_toc.yml` does not name, such as a scratch pad, is not one of them.

    Parameters
    ----------
    root : Path
        The folder of the course. Without a table of contents all its notebooks are in the book.

    Returns
    -------
    list of Path

    Raises
    ------
    Unreadable
        If the table of contents is not YAML.
    """
    if not (root / "_toc.yml").exists():
        return notebooks(root)
    named = set(pages(root))
    return [path for path in notebooks(root) if name_of(path.with_suffix(""), root) in named]


def pages(root: Path = ROOT) -> list[str]:
    """Return the pages that `_toc.yml` names, without their endings.

    Raises
    ------
    Unreadable
        If it is not YAML.
    """
    try:
        return list(_pages(yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))))
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        problem = " ".join(str(error).split())
        raise Unreadable(f"_toc.yml cannot be read: {problem}") from None


def _pages(entry: object) -> Iterator[str]:
    """Yield the pages that a part of the table of contents names."""
    for value in entry if isinstance(entry, list) else ():
        yield from _pages(value)
    for key, value in entry.items() if isinstance(entry, dict) else ():
        if key in ("root", "file"):
            yield str(value).removesuffix(".ipynb")
        else:
            yield from _pages(value)


def name_of(path: Path, root: Path = ROOT) -> str:
    """Return a path as it is written in the course: relative to its folder, with slashes."""
    return path.relative_to(root).as_posix()


def read(path: Path) -> nbformat.NotebookNode:
    """Read a notebook.

    Parameters
    ----------
    path : Path
        Its file.

    Returns
    -------
    NotebookNode

    Raises
    ------
    Unreadable
        If it is no notebook of format 4: the text names it, and says what is wrong and what to do.
    """
    name = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"{name} is not text in UTF-8 (byte {error.start + 1}); restore it."
        ) from None
    except OSError as error:
        raise Unreadable(f"{name} cannot be opened: {error.strerror}.") from None
    if found := CONFLICT.search(text):
        line = text[: found.start()].count("\n") + 1
        raise Unreadable(
            f"{name} has the marks of a merge conflict (line {line}); keep one of the two versions."
        )
    if not text.strip():
        raise Unreadable(f"{name} is empty; restore or delete it.")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{name} is not JSON ({error}); restore it.") from None
    version = content.get("nbformat") if isinstance(content, dict) else None
    if version != 4:
        raise Unreadable(
            f"{name} has the notebook format {version!r}, not 4; open it in JupyterLab and save it."
        )
    cells = content.get("cells")
    for number, cell in enumerate(cells if isinstance(cells, list) else (), 1):
        if isinstance(cell, dict):
            cell.setdefault("id", f"cell-{number}")  # older editors gave none
    content["nbformat_minor"] = 5
    for fault in iter_validate(content):
        problem = str(fault).partition("\n")[0]
        raise Unreadable(f"{name} is not a valid notebook ({problem}); restore it.")
    return nbformat.v4.to_notebook(content)


def tags(cell: nbformat.NotebookNode) -> list[str]:
    """Return the tags of a cell."""
    return list(cell.metadata.get("tags", []))


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Return the code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def title_of(notebook: nbformat.NotebookNode) -> str:
    """Return the title of a notebook: its first line, without the mark of a heading."""
    return notebook.cells[0].source.partition("\n")[0].removeprefix("# ").strip()
