"""Exercises follow from solutions; every exercise is asked, checked and solved, and leads on."""

from chapter_files import module_of
from companion.exercises.guide import TABLE
from companion.exercises.registry import EXERCISES
from course import ROOT, name_of, notebooks
from learners_copies import text
import make_exercises
from markdown_table import rows_of
import pytest
from tidy_notebooks import read

from tests.rules.common import each_solution, none_of, whole_course

GUIDE = name_of(TABLE)
ROWS = rows_of(TABLE)
EACH_ROW = pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{row['chapter']}-{row['id']}") for row in ROWS]
)

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


@each_solution
def test_exercises_are_registered_in_the_order_of_their_notebook(path):
    code = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
    asked = list(dict.fromkeys(make_exercises.CHECKED.findall(code)))
    registered = [item.id for item in EXERCISES.values() if item.chapter == path.stem]
    module = f"companion/exercises/checks/{module_of(path.stem)}.py"
    if set(asked) == set(registered) and asked != registered:
        none_of([f"{module} has {', '.join(registered)}; the notebook asks {', '.join(asked)}"])


def wrong_place(explained):
    """Yield what is wrong with a place in a chapter."""
    chapter, _, place = explained.partition("#")
    path = ROOT / "chapters" / f"{chapter}.ipynb"
    if not path.is_file():
        yield f"there is no chapter {chapter!r}; a place is `08-name#cell-id`"
    elif place not in [cell.id for cell in read(path).cells[1:] if cell.cell_type == "markdown"]:
        yield f"{name_of(path)} has no cell {place!r} with text, below its title"


def asking(path, anchor):
    """Return the ids of the cells of a notebook that have an anchor."""
    return [cell.id for cell in read(path).cells if f'<a id="{anchor}"></a>' in cell.source]


@EACH_ROW
def test_a_row_of_the_guide_leads_to_a_place_that_exists(row):
    item, problems = EXERCISES.get(row["id"]), []
    if item is None or item.chapter != row["chapter"]:
        problems.append(f"chapter {row['chapter']!r} has no exercise {row['id']!r}")
    else:
        problems += [
            f'no cell {row["asked"]!r} of {folder}/{item.chapter}.ipynb has <a id="{item.anchor}"></a>'
            for folder in ("exercises", "solutions")
            if row["asked"] not in asking(ROOT / folder / f"{item.chapter}.ipynb", item.anchor)
        ]
    problems += wrong_place(row["explained"])
    if not 0 < len(row["concept"]) <= 60 or row["concept"].endswith("."):
        problems.append(f"a concept is a few words, without a full stop, not {row['concept']!r}")
    if not 0 < len(row["topic"].split()) <= 4:
        problems.append(f"a topic is one to four words, not {row['topic']!r}")
    if row["another_way"] and not row["another_way"].endswith("."):
        problems.append("another_way is a sentence, or empty")
    none_of(f"{GUIDE}, {row['id']}: {problem}" for problem in problems)


@whole_course
def test_the_guide_has_the_order_of_the_exercises():
    columns = ["chapter", "id", "asked", "topic", "concept", "explained", "another_way"]
    problems = []
    if any(list(row) != columns or None in row.values() for row in ROWS):
        problems.append(f"{GUIDE}: the columns are {','.join(columns)}; quote text with commas")
    ids = [row["id"] for row in ROWS]
    problems += [
        f"{GUIDE}: {one} is there twice" for one in sorted({x for x in ids if ids.count(x) > 1})
    ]
    wanted = [name for name in EXERCISES if name in ids]
    if not problems and [name for name in ids if name in EXERCISES] != wanted:
        problems.append(f"{GUIDE}: the order is {', '.join(wanted)}")
    none_of(problems)
