"""Exercises follow from solutions; every exercise is asked, checked and solved."""

from chapter_files import module_of
from companion.exercises.registry import EXERCISES
from course import ROOT, name_of, notebooks
from exercise_list import concepts
from learners_copies import text
import make_exercises
import pytest
from tidy_notebooks import read

from tests.rules.common import each_solution, none_of, whole_course

CONCEPTS = concepts(ROOT)
EACH_EXERCISE = pytest.mark.parametrize(
    "item", [pytest.param(item, id=f"{item.chapter}-{item.id}") for item in EXERCISES.values()]
)


@each_solution
def test_exercises_follow_from_solutions(path):
    target = ROOT / "exercises" / path.name
    try:
        wanted = text(make_exercises.make_exercise(read(path)))
    except make_exercises.Refused as reason:
        none_of([str(reason)])
    if not target.exists() or target.read_text(encoding="utf-8") != wanted:
        none_of(
            [
                f"exercises/{path.name} is not what follows: run python tools/make_exercises.py, which keeps "
                "what somebody wrote in it"
            ]  # fmt: skip
        )


@pytest.mark.parametrize("path", notebooks(folders=("exercises",)), ids=name_of)
def test_an_exercise_has_a_solution(path):
    solution = ROOT / "solutions" / path.name
    none_of(
        [] if solution.exists() else [f"there is no {name_of(solution)}; write it or delete this"]
    )


@EACH_EXERCISE
def test_every_registered_exercise_is_asked_and_solved(item):
    problems = []
    for folder in ("exercises", "solutions"):
        path = ROOT / folder / f"{item.chapter}.ipynb"
        if not path.exists():
            problems.append(
                f"{name_of(path)} is missing; {item.id} says that it is in chapter {path.stem}"
            )
            continue
        cells = read(path).cells
        prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        asked = "\n".join(cell.source for cell in cells if "check(" in cell.source)
        if item.id not in make_exercises.checked(cells):
            problems.append(f'{name_of(path)}: no cell calls check("{item.id}", ...)')
        if f'<a id="{item.anchor}"></a>' not in prose:
            problems.append(f'{name_of(path)}: above its heading stands <a id="{item.anchor}"></a>')
        problems += [
            f"{name_of(path)}: no check gets {answer}=..., an answer of {item.id}"
            for answer in item.answers
            if f"{answer}=" not in asked
        ]
    none_of(problems)


@EACH_EXERCISE
def test_each_exercise_names_its_concept(item):
    named = CONCEPTS.get(item.id, "").strip()
    if not named or len(named.split()) > 4:
        none_of([f"solutions/concepts.csv: `{item.id},a concept`, of four words at most"])


@whole_course
def test_every_concept_is_of_an_exercise():
    none_of(
        f"solutions/concepts.csv has {name!r}, which is no exercise"
        for name in set(CONCEPTS) - set(EXERCISES)
    )


@each_solution
def test_every_check_is_registered_and_must_pass(path):
    cells = read(path).cells
    asked, last = make_exercises.checked(cells), cells[-1].source
    module = f"companion/exercises/checks/{module_of(path.stem)}.py"
    problems = [
        f'{name}: {module} has no @exercise("{name}", ...)' for name in asked - set(EXERCISES)
    ]
    problems += [
        f'{name}: the last cell, tagged solution, says assert_all_passed(..., "{name}")'
        for name in sorted(asked)
        if "assert_all_passed(" not in last or f'"{name}"' not in last
    ]
    none_of(problems)
