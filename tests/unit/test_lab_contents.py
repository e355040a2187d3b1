"""What `make lab` lets JupyterLab write into the course."""

import asyncio

from lab import Contents
from learners_copies import text
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
import pytest
from tidy_notebooks import KERNEL


@pytest.fixture
def notebook():
    """Return a notebook as JupyterLab holds it after a run."""
    ran = new_code_cell("print(1)", id="answer", execution_count=3, metadata={"trusted": True})
    ran.outputs = [new_output("stream", text="1\n")]
    return new_notebook(
        cells=[new_markdown_cell("# A title", id="title"), ran],
        metadata={
            "language_info": {"name": "python", "version": "3.12.1", "mimetype": "text/x-python"}
        },
    )


@pytest.fixture
def contents(tmp_path):
    """Return the files of an empty course."""
    for folder in ("chapters", "solutions", "exercises", "work"):
        (tmp_path / folder).mkdir()
    return Contents(root_dir=str(tmp_path))


def save(contents, path, notebook):
    """Save a notebook as JupyterLab does, and return the text of its file."""
    model = {"type": "notebook", "format": "json", "content": notebook}
    asyncio.run(contents.save(model, path))
    with open(f"{contents.root_dir}/{path}", encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("folder", ["chapters", "solutions"])
def test_a_notebook_of_the_course_is_saved_tidy(contents, notebook, folder):
    tidy = new_notebook(
        cells=[new_markdown_cell("# A title", id="title"), new_code_cell("print(1)", id="answer")],
        metadata={"kernelspec": KERNEL, "language_info": {"name": "python"}},
    )
    assert save(contents, f"{folder}/01-toys.ipynb", notebook) == text(tidy)


def test_a_notebook_that_cannot_be_tidied_is_saved_as_it_is(contents, notebook):
    notebook.cells[0].source = "A citation {cite}`nobody1900`"
    assert "nobody1900" in save(contents, "chapters/01-toys.ipynb", notebook)


def test_the_learners_notebook_keeps_its_outputs(contents, notebook):
    saved = save(contents, "work/01-toys.ipynb", notebook)
    assert '"1\\n"' in saved and '"execution_count": 3' in saved


def test_exercises_are_read_only(contents, tmp_path):
    for path in ("exercises/01-toys.ipynb", "work/01-toys.ipynb", "chapters/01-toys.ipynb"):
        (tmp_path / path).write_text("{}")
        assert contents.is_writable(path) == (not path.startswith("exercises"))
    (tmp_path / "exercises.md").write_text("")
    assert contents.is_writable("exercises.md")
