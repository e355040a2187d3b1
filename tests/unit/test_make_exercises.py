"""The tools that make the exercises and tidy the notebooks, on tiny notebooks."""

from course import FOLDERS
import make_exercises
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
import pytest
import tidy_notebooks

STUB = ["answer = ...", 'check("1E1", answer)']


def markdown(source, id, **metadata):
    return new_markdown_cell(source, id=id, metadata=metadata)


def code(source, id, **metadata):
    return new_code_cell(source, id=id, metadata=metadata)


@pytest.fixture
def solution():
    """Return a solution notebook with one of everything."""
    result = new_output("execute_result", {"text/plain": "3"}, execution_count=7)
    cells = [
        markdown("# Solutions: toys\n\nSolutions: two.", "title"),
        code("import companion", "imports", tags=["pymc"]),
        markdown("What is one and two?", "question"),
        code('answer = 3\ncheck("1E1", answer)', "answer", tags=["solution", "tfp"], stub=STUB),
        markdown("Because they add up.", "why", tags=["solution"]),
        markdown("It is 3.", "in-words", tags=["solution"], stub="*Write your reason here.*"),
        code("assert_all_passed('1E1')", "all-passed", tags=["solution"]),
        new_code_cell(
            "1 + 2", id="sum", outputs=[result], metadata={"tags": [tidy_notebooks.TESTED]}
        ),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


@pytest.fixture
def course(tmp_path, solution):
    """Return the folder of a course with one tidy solution."""
    (tmp_path / "solutions").mkdir()
    text = tidy_notebooks.text(tidy_notebooks.tidy(solution))
    (tmp_path / "solutions" / "01-toys.ipynb").write_text(text, encoding="utf-8")
    return tmp_path


def run(tool, course, *options):
    return tool.main([*options, "--root", str(course)])


def exercise_of(course):
    return nbformat.read(course / "exercises" / "01-toys.ipynb", as_version=4)


def change(path, change_cells):
    notebook = tidy_notebooks.read(path)
    change_cells(notebook.cells)
    path.write_text(tidy_notebooks.text(notebook), encoding="utf-8")


def test_solution_cells_become_stubs_or_go(course):
    assert run(make_exercises, course) == 0
    notebook = exercise_of(course)
    nbformat.validate(notebook)
    assert [(cell.id, cell.source) for cell in notebook.cells] == [
        ("title", "# Exercises: toys\n\nSolutions: two."),
        ("imports", "import companion"),
        ("question", "What is one and two?"),
        ("answer", 'answer = ...\ncheck("1E1", answer)'),
        ("in-words", "*Write your reason here.*"),
        ("sum", "1 + 2"),
    ]
    assert [dict(cell.metadata) for cell in notebook.cells] == [
        {},
        {"tags": ["pymc"]},
        {},
        {"tags": ["tfp"]},
        {},
        {},
    ]
    assert all(cell.outputs == [] for cell in notebook.cells if cell.cell_type == "code")
    assert notebook.metadata.kernelspec.name == "python3"


def test_nothing_of_a_solution_is_left(course):
    run(make_exercises, course)
    text = (course / "exercises" / "01-toys.ipynb").read_text()
    for secret in ("answer = 3", "add up", "It is 3", "assert_all_passed", "stub", '"solution"'):
        assert secret not in text


def test_bytes_are_the_same_each_time(course):
    run(make_exercises, course)
    path = course / "exercises" / "01-toys.ipynb"
    first = path.read_bytes()
    assert (
        first.startswith(b'{\n "cells": [\n')
        and first.endswith(b"}\n")
        and not first.endswith(b"\n\n")
    )
    path.unlink()
    run(make_exercises, course)
    assert path.read_bytes() == first


def test_check_names_what_differs(course, capsys):
    path = course / "exercises" / "01-toys.ipynb"
    assert run(make_exercises, course, "--check") == 1
    assert "exercises/01-toys.ipynb: differs" in capsys.readouterr().out
    assert not path.exists()
    run(make_exercises, course)
    assert run(make_exercises, course, "--check") == 0
    path.write_text(path.read_text().replace("What is one", "What was one"))
    before = path.read_bytes()
    assert run(make_exercises, course, "--check") == 1
    assert path.read_bytes() == before
    assert run(make_exercises, course) == 0
    assert run(make_exercises, course, "--check") == 0


def test_an_exercise_without_solution_is_reported(course, capsys):
    run(make_exercises, course)
    (course / "exercises" / "99-alone.ipynb").write_text("{}")
    assert run(make_exercises, course, "--check") == 1
    assert "exercises/99-alone.ipynb: has no solution" in capsys.readouterr().out


def forget_stub(cells):
    del cells[3].metadata["stub"]


def forget_tag(cells):
    cells[3].metadata["tags"] = []


def forget_title(cells):
    cells[0].source = "# Toys"


def show_assertion(cells):
    cells[6].metadata["tags"] = []


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (forget_stub, "the check of 1E1 is in no stub"),
        (forget_tag, "cell answer has a stub but not the tag"),
        (forget_title, "must start with '# Solutions: '"),
        (show_assertion, "cell all-passed has assert_all_passed"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--check",)])
def test_mistakes_are_refused(course, capsys, mistake, message, options):
    change(course / "solutions" / "01-toys.ipynb", mistake)
    assert run(make_exercises, course, *options) == 1
    printed = capsys.readouterr().out
    assert "solutions/01-toys.ipynb: " in printed and message in printed
    assert not (course / "exercises" / "01-toys.ipynb").exists()


def test_a_learner_sees_how_far_a_fit_is(course):
    quiet = "fit = pm.sample(\n    1000, chains=4,\n    progressbar=False,\n)\nf(g(fit, progressbar=False))"

    def fit(cells):
        cells[1].source = quiet
        cells[3].metadata.stub = [*STUB, "pm.sample(tune=1000, progressbar=False)"]

    change(course / "solutions" / "01-toys.ipynb", fit)
    assert run(make_exercises, course) == 0
    sources = [cell.source for cell in exercise_of(course).cells]
    assert sources[1] == "fit = pm.sample(\n    1000, chains=4,\n)\nf(g(fit))"
    assert sources[3].endswith("pm.sample(tune=1000)")


def test_tidy_removes_what_a_run_left(course, capsys):
    path = course / "solutions" / "01-toys.ipynb"
    clean = path.read_bytes()
    notebook = tidy_notebooks.read(path)
    notebook.metadata.widgets = {"state": {}}
    notebook.metadata.kernelspec.env = "x"
    notebook.metadata.language_info = {"name": "python", "version": "3.12.1"}
    for cell in notebook.cells:
        cell.metadata["collapsed"] = True
    notebook.cells[1].execution_count = 4
    notebook.cells[1].outputs = [new_output("stream", text="noise")]
    notebook.cells[7].outputs[0].execution_count = 9
    notebook.cells[7].outputs[0].metadata = {"needs_background": "light"}
    path.write_text(tidy_notebooks.text(notebook))
    assert run(tidy_notebooks, course, "--check") == 1
    assert "solutions/01-toys.ipynb: not tidy" in capsys.readouterr().out
    assert run(tidy_notebooks, course) == 0
    assert path.read_bytes() == clean
    assert run(tidy_notebooks, course, "--check") == 0


def test_tidy_keeps_tested_outputs_stubs_and_ids(course):
    run(tidy_notebooks, course)
    notebook = tidy_notebooks.read(course / "solutions" / "01-toys.ipynb")
    assert notebook.cells[7].outputs[0].data == {"text/plain": "3"}
    assert notebook.cells[7].execution_count == notebook.cells[7].outputs[0].execution_count == 1
    assert notebook.cells[3].metadata == {"tags": ["solution", "tfp"], "stub": STUB}
    assert [cell.id for cell in notebook.cells][:3] == ["title", "imports", "question"]


@pytest.mark.parametrize("tag", ["hide-input", "remove-input"])
def test_tidy_folds_in_jupyterlab_what_the_book_folds(course, tag):
    path = course / "solutions" / "01-toys.ipynb"

    def fold(cells):
        cells[1].metadata.tags = [tag]
        cells[3].metadata["jupyter"] = {"source_hidden": True}  # folded by hand, by an author

    change(path, fold)
    assert run(tidy_notebooks, course) == 0
    cells = tidy_notebooks.read(path).cells
    assert cells[1].metadata.jupyter == {"source_hidden": True}
    assert "jupyter" not in cells[3].metadata


def test_tidy_writes_citations_out(course, capsys):
    path = course / "solutions" / "01-toys.ipynb"

    def cite(key):
        def change_source(cells):
            cells[2].source = f"What is a funnel {{cite}}`{key}`?"

        return change_source

    change(path, cite("neal2003slice"))
    assert run(tidy_notebooks, course) == 0
    source = tidy_notebooks.read(path).cells[2].source
    assert source == "What is a funnel ([Neal, 2003](../references.md#neal2003slice))?"
    change(path, cite("nobody1900"))
    assert run(tidy_notebooks, course) == 1
    assert "references.bib has no entry 'nobody1900'" in capsys.readouterr().out


@pytest.mark.parametrize("folder", [name for name in FOLDERS if name != "exercises"])
def test_tidy_looks_into_every_folder_that_is_written_by_hand(course, folder):
    (course / folder).mkdir(exist_ok=True)
    (course / folder / "02-x.ipynb").write_text(
        '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    assert run(tidy_notebooks, course, "--check") == 1


@pytest.mark.parametrize(
    "bad",
    ["3f2a91bc", "deadbeef", "Fit", "fit_t", "12", "f0f0f0f0-1234-4321-abcd-0123456789ab", "title"],
)
def test_cell_ids_must_be_unique_words(course, capsys, bad):
    def rename(cells):
        cells[2].id = bad

    change(course / "solutions" / "01-toys.ipynb", rename)
    for options in ((), ("--check",)):
        assert run(tidy_notebooks, course, *options) == 1
        assert f"unique words (kebab-case), not {bad}" in capsys.readouterr().out


@pytest.mark.parametrize("good", ["fit-student-t", "4e5", "4h13-1", "face", "fit2"])
def test_words_are_good_cell_ids(good):
    assert tidy_notebooks.bad_ids(new_notebook(cells=[markdown("x", good)])) == []


def test_tidy_leaves_exercises_to_the_generator(course):
    run(make_exercises, course)
    path = course / "exercises" / "01-toys.ipynb"
    path.write_text(path.read_text().replace("1 + 2", "1 + 2  # an answer"), encoding="utf-8")
    before = path.read_bytes()
    assert run(tidy_notebooks, course) == 0
    assert path.read_bytes() == before
