"""The learner's copies of the exercises: made once, never overwritten, newer ones offered beside."""

import json
import os
import shutil
import subprocess
import sys

from course import ROOT, notebooks
from learners_copies import MARK, WORK, hand_out, is_untouched, keep, mark, text, version
import make_exercises
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
import pytest

from tests.rules import test_rules

ANSWER = "answer = 3  # an evening's work"


def write(path, stub="answer = ..."):
    """Write an exercise as the generator does."""
    cells = [
        new_markdown_cell("# Exercises: toys", id="title"),
        new_code_cell(stub, id="answer"),
    ]
    path.parent.mkdir(exist_ok=True)
    path.write_text(text(mark(new_notebook(cells=cells))), encoding="utf-8", newline="\n")


def answer(path, source=ANSWER):
    """Write an answer as JupyterLab does, which keeps the notebook's own metadata."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source = source
    notebook.cells[1].execution_count = 1
    nbformat.write(notebook, path)


@pytest.fixture
def course(tmp_path):
    write(tmp_path / "exercises" / "01-toys.ipynb")
    return tmp_path


def test_each_exercise_is_copied_as_it_is(course):
    write(course / "exercises" / "02-more.ipynb")
    assert hand_out(course) == ["work/ has 2 new exercise notebooks, for you to write in."]
    for name in ("01-toys.ipynb", "02-more.ipynb"):
        given = (course / "exercises" / name).read_bytes()
        assert (course / "work" / name).read_bytes() == given


def test_a_second_time_nothing_is_done(course):
    hand_out(course)
    before = (course / "work" / "01-toys.ipynb").stat()
    assert hand_out(course) == []
    assert (course / "work" / "01-toys.ipynb").stat() == before


def test_a_newer_exercise_stands_beside_an_answer_and_is_offered_once(course):
    hand_out(course)
    mine = course / "work" / "01-toys.ipynb"
    answer(mine)
    before = mine.read_bytes()
    assert hand_out(course) == []  # the exercise is still the same
    write(course / "exercises" / "01-toys.ipynb", "better_answer = ...")
    said = hand_out(course)
    assert said == [
        "work/01-toys.new.ipynb is a newer version of an exercise; your own stays as it is."
    ]
    assert mine.read_bytes() == before
    new = course / "work" / "01-toys.new.ipynb"
    assert new.read_bytes() == (course / "exercises" / "01-toys.ipynb").read_bytes()
    assert hand_out(course) == []


def test_of_two_newer_versions_the_untouched_one_is_replaced(course):
    hand_out(course)
    answer(course / "work" / "01-toys.ipynb")
    for stub in ("second = ...", "third = ..."):
        write(course / "exercises" / "01-toys.ipynb", stub)
        said = hand_out(course)
    assert said == ["Brought up to date, since you had not begun: 01-toys.new.ipynb."]
    assert sorted(path.name for path in (course / "work").iterdir()) == [
        "01-toys.ipynb",
        "01-toys.new.ipynb",
    ]
    answer(course / "work" / "01-toys.new.ipynb")
    write(course / "exercises" / "01-toys.ipynb", "fourth = ...")
    assert "work/01-toys.new-2.ipynb is a newer version" in hand_out(course)[0]
    assert ANSWER in (course / "work" / "01-toys.ipynb").read_text()
    assert ANSWER in (course / "work" / "01-toys.new.ipynb").read_text()


def test_an_untouched_copy_is_brought_up_to_date(course):
    hand_out(course)
    write(course / "exercises" / "01-toys.ipynb", "better_answer = ...")
    assert hand_out(course) == ["Brought up to date, since you had not begun: 01-toys.ipynb."]
    assert "better_answer" in (course / "work" / "01-toys.ipynb").read_text()


def test_of_two_untouched_copies_the_one_beside_is_brought_up_to_date_and_named(course):
    hand_out(course)
    own, beside = (course / "work" / f"01-toys{end}.ipynb" for end in ("", ".new"))
    before = own.read_bytes()
    beside.write_bytes(before)
    write(course / "exercises" / "01-toys.ipynb", "better_answer = ...")
    assert hand_out(course) == ["Brought up to date, since you had not begun: 01-toys.new.ipynb."]
    assert own.read_bytes() == before and "better_answer" in beside.read_text()


def test_a_copy_that_was_only_run_is_not_replaced(course):
    hand_out(course)
    mine = course / "work" / "01-toys.ipynb"
    answer(mine, "answer = ...")
    before = mine.read_bytes()
    write(course / "exercises" / "01-toys.ipynb", "better_answer = ...")
    hand_out(course)
    assert mine.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<<<<<<< HEAD\n{}\n=======",
        b"\xff\xfe not text",
        b"[]",
        b'{"cells": [], "metadata": [], "nbformat": 4, "nbformat_minor": 5}',
        json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode(),
    ],
)
def test_whatever_stands_in_the_place_of_a_copy_stays(course, content):
    mine = course / "work" / "01-toys.ipynb"
    mine.parent.mkdir()
    mine.write_bytes(content)
    (mine.parent / "scratch.ipynb").write_bytes(content)
    hand_out(course)
    assert mine.read_bytes() == content
    assert is_untouched(course / "work" / "01-toys.new.ipynb")


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("broken", [b"", b'{"cells": [', b"<<<<<<< HEAD\n{}\n=======", b"[]"])
def test_an_exercise_that_is_broken_is_named_and_replaces_nothing(course, broken, begun):
    exercise, mine = (course / folder / "01-toys.ipynb" for folder in ("exercises", "work"))
    hand_out(course)
    if begun:
        answer(mine)
    before = mine.read_bytes()
    exercise.write_bytes(broken)
    (course / "exercises" / "02-more.ipynb").symlink_to("nowhere")
    said = hand_out(course)
    assert [line.partition(" is no notebook")[0] for line in said] == [
        "exercises/01-toys.ipynb",
        "exercises/02-more.ipynb",
    ]
    assert [path.name for path in mine.parent.iterdir()] == ["01-toys.ipynb"]
    assert mine.read_bytes() == before


def test_a_broken_link_or_a_folder_in_the_place_of_a_copy_stays(course):
    work = course / "work"
    work.mkdir()
    (work / "01-toys.ipynb").symlink_to("nowhere")
    (work / "01-toys.kept.ipynb").mkdir()
    hand_out(course)
    assert os.readlink(work / "01-toys.ipynb") == "nowhere"
    assert is_untouched(work / "01-toys.new.ipynb")
    answer(course / "exercises" / "01-toys.ipynb")
    kept = keep(course, course / "exercises" / "01-toys.ipynb")
    assert kept == "work/01-toys.kept-2.ipynb" and ANSWER in (course / kept).read_text()


def test_the_mark_is_of_the_content(course):
    path = course / "exercises" / "01-toys.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert version(path) == notebook.metadata[MARK]
    assert len(notebook.metadata[MARK]) == 16, "as in the copies that learners have"
    assert mark(notebook).metadata[MARK] == version(path)
    assert is_untouched(path)
    path.write_bytes(path.read_bytes().replace(b"answer = ...", b"answer = 12."))
    assert not is_untouched(path)


@pytest.fixture
def generated(tmp_path):
    """Return a course whose exercise was generated from its solution."""
    (tmp_path / "solutions").mkdir()
    solve(tmp_path, "answer = ...")
    return tmp_path


def solve(course, stub):
    """Write a solution, and generate its exercise."""
    title = new_markdown_cell("# Solutions: toys", id="title")
    cell = new_code_cell("answer = 3", id="answer", metadata={"tags": ["solution"], "stub": stub})
    path = course / "solutions" / "01-toys.ipynb"
    path.write_text(text(new_notebook(cells=[title, cell])), encoding="utf-8")
    return make_exercises.main(["--root", str(course)])


def test_the_generator_keeps_what_was_written_in_exercises(generated, capsys):
    assert not (generated / "work").exists()
    mine = generated / "exercises" / "01-toys.ipynb"
    answer(mine)
    written = mine.read_bytes()
    assert make_exercises.main(["--root", str(generated), "--check"]) == 1
    assert "will be kept in work/" in capsys.readouterr().out
    assert solve(generated, "answer = ...") == 0
    assert "written in it is now in work/01-toys.ipynb" in capsys.readouterr().out
    assert (generated / "work" / "01-toys.ipynb").read_bytes() == written
    assert is_untouched(mine)
    # again: other work does not replace it, and the same work is not kept twice
    for text_of_answer in ("answer = 4", "answer = 4", "answer = 5"):
        answer(mine, text_of_answer)
        solve(generated, "answer = ...")
    kept = sorted(path.name for path in (generated / "work").iterdir())
    assert kept == ["01-toys.ipynb", "01-toys.kept-2.ipynb", "01-toys.kept.ipynb"]
    assert (generated / "work" / "01-toys.ipynb").read_bytes() == written


def test_the_generator_keeps_nothing_when_only_the_solution_changed(generated, capsys):
    assert solve(generated, "better_answer = ...") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "exercises/01-toys.ipynb: written"
    assert not (generated / "work").exists()


def test_no_tool_looks_into_the_learners_folder(course, monkeypatch):
    hand_out(course)
    (course / WORK / "scratch.ipynb").write_text("half a notebook")
    (course / WORK / "scratch.py").write_text("import os, ]")
    shutil.copy(ROOT / ".gitignore", course)
    assert all(path.parent.name != WORK for path in notebooks(course))
    monkeypatch.setattr(test_rules, "ROOT", course)
    assert [path.name for path in test_rules.texts()] == ["01-toys.ipynb"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"), "."],
        cwd=course, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
