"""Notebooks in git: exercises follow from solutions, and nothing untested is stored."""

from companion.exercises.registry import EXERCISES
from course import ROOT, TESTED, name_of, notebooks, tags
import make_exercises
import pytest
import tidy_notebooks

NOTEBOOKS = notebooks()


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_exercises_follow_from_solutions(capsys):
    status = make_exercises.main(["--check"])
    assert status == 0, capsys.readouterr().out


def test_notebooks_are_tidy(capsys):
    status = tidy_notebooks.main(["--check"])
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_a_stored_output_is_a_tested_output(path):
    for cell in tidy_notebooks.read(path).cells:
        stored = bool(cell.get("outputs"))
        tested = TESTED in tags(cell)
        assert tested or not stored, f"cell {cell.id} has an output but not the tag {TESTED}"
        assert stored or not tested, f"cell {cell.id} has the tag {TESTED} but no output"


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_every_registered_exercise_is_asked_and_solved(exercise_id):
    item = EXERCISES[exercise_id]
    for folder in ("exercises", "solutions"):
        path = ROOT / folder / f"{item.chapter}.ipynb"
        assert path.exists(), f"{folder}/{item.chapter}.ipynb is missing"
        cells = tidy_notebooks.read(path).cells
        assert exercise_id in make_exercises.checked(cells)
        anchor = f'<a id="{item.anchor}"></a>'
        assert any(anchor in cell.source for cell in cells if cell.cell_type == "markdown"), anchor
        for answer in item.answers:
            assert any(f"{answer}=" in cell.source for cell in cells if "check(" in cell.source), (
                answer
            )


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*.ipynb")), ids=name_of)
def test_every_check_is_registered_and_must_pass(path):
    cells = tidy_notebooks.read(path).cells
    asked = make_exercises.checked(cells)
    assert asked <= set(EXERCISES)
    last = cells[-1].source
    assert "assert_all_passed(" in last
    assert all(f'"{exercise_id}"' in last for exercise_id in asked)
