"""What the rules share: the notebooks they are about, and how they say what is wrong.

A rule collects everything that breaks it before it fails, so that one run tells all there is to do.
`CONTRIBUTING.md` has a line for each rule: why it is there, and what to do.
"""

import ast
from collections.abc import Iterable, Iterator

from course import code_cells, name_of, notebooks
from nbformat import NotebookNode
import pytest

NOTEBOOKS = notebooks()
CHAPTERS = notebooks(folders=("chapters",))
SOLUTIONS = notebooks(folders=("solutions",))

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
each_solution = pytest.mark.parametrize("path", SOLUTIONS, ids=name_of)
each_text = pytest.mark.parametrize("path", CHAPTERS + SOLUTIONS, ids=name_of)

# Rules that no single notebook can break: they run whichever chapter is tested.
whole_course = pytest.mark.whole_course


def none_of(problems: Iterable[str]) -> None:
    """Fail with all problems, a line each, if there are any."""
    listed = [f"- {problem}" for problem in problems]
    if listed:
        pytest.fail("\n".join(listed), pytrace=False)


def calls(cell: NotebookNode) -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls in a code cell, each with the name of what is called, such as `pm.sample`."""
    try:
        tree = ast.parse(cell.source)
    except SyntaxError as error:
        pytest.fail(f"- {cell.id}: line {error.lineno} is not Python ({error.msg})", pytrace=False)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def calls_in(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, str, ast.Call]]:
    """Yield the calls in all code cells of a notebook, each with its cell and its name."""
    for cell in code_cells(notebook):
        for name, call in calls(cell):
            yield cell, name, call
