"""A new chapter holds all rules as it stands, and can be taken away again."""

import os
import shutil
import subprocess
import sys

from course import ROOT
import new_chapter
from new_chapter import Chapter, Refused, with_line
import pytest

PARTS = (
    ".gitignore", "CONTRIBUTING.md", "_ext", "_toc.yml", "appendices", "chapters", "companion", "exercises",
    "pyproject.toml", "reference_posteriors", "references.bib", "solutions", "tests", "tools",
)  # fmt: skip
MADE_UP = Chapter(98, "bus-stops", "Bus stops: waiting, and when not to")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return a copy of what the rules look at, with a new chapter in it."""
    root = tmp_path_factory.mktemp("copy") / "course"
    root.mkdir()
    skip = shutil.ignore_patterns("__pycache__", ".*")
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=skip)
        else:
            shutil.copy2(ROOT / name, root / name)
    new_chapter.write(root, MADE_UP)
    return root


def pytest_in(root, *arguments):
    """Run pytest in a copy of the course, with the copy's own companion."""
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider"]
    return subprocess.run(
        [*command, *arguments],
        cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, capture_output=True, text=True,
    )  # fmt: skip


def test_all_rules_hold_for_it_and_its_checks_tell_right_from_wrong(course):
    done = pytest_in(
        course, "tests/rules", "tests/unit/exercises/test_checks.py",
        "tests/unit/test_reference_posteriors.py", "-k", MADE_UP.stem,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert " skipped" not in done.stdout


def test_a_missing_row_and_a_missing_case_are_told_in_one_message(course):
    toc, cases = course / "_toc.yml", course / f"tests/unit/exercises/{MADE_UP.module}.py"
    guide = course / new_chapter.GUIDE
    kept = toc.read_text(), cases.read_text(), guide.read_text()
    listed = f"          - file: solutions/{MADE_UP.stem}\n            title: Solutions\n"
    assert kept[0].count(listed) == 1
    toc.write_text(kept[0].replace(listed, ""))
    guide.write_text("".join(row for row in kept[2].splitlines(True) if "98E1" not in row))
    cases.unlink()
    done = pytest_in(
        course, "tests/rules/test_chapters.py", "tests/unit/exercises/test_checks.py",
        "-k", f"complete and {MADE_UP.stem} or 98E1 or 1E1",
    )  # fmt: skip
    toc.write_text(kept[0])
    cases.write_text(kept[1])
    guide.write_text(kept[2])
    message, _, checks = done.stdout.partition("test_stub_is_not_attempted")
    assert f"- _toc.yml, solutions: `- file: solutions/{MADE_UP.stem}`" in message
    assert f"- tests/unit/exercises/{MADE_UP.module}.py is missing: CASES" in message
    assert (
        f"- {new_chapter.GUIDE}: a row `{MADE_UP.stem},98E1,cell-that-asks,topic,concept,"
        in message
    )
    assert "-98E1]" in done.stdout
    assert not any("-1E1]" in line for line in done.stdout.split("\n") if "FAILED" in line)


def test_nothing_of_the_template_is_left(course):
    for name in (*new_chapter.texts(MADE_UP), *new_chapter.made(MADE_UP)):
        text = (course / name).read_text(encoding="utf-8")
        for word in ("the-slug", "the_slug", "The Title", "99E", "99e", "hapter 99", "9901"):
            assert word not in text, f"{name}: {word}"


def test_it_overwrites_nothing(course):
    before = (course / "chapters/cards.csv").read_text(encoding="utf-8")
    with pytest.raises(Refused, match=f"already .*chapters/{MADE_UP.stem}.ipynb"):
        new_chapter.write(course, Chapter(98, "another-name", "Another name"))
    assert (course / "chapters/cards.csv").read_text(encoding="utf-8") == before
    assert not (course / "chapters/98-another-name.ipynb").exists()


def test_what_was_changed_is_not_removed_and_what_was_not_is(course):
    check = course / f"companion/exercises/checks/{MADE_UP.module}.py"
    check.write_text(f"{check.read_text()}\n")
    with pytest.raises(Refused, match=f"not as they were made: companion.*{MADE_UP.module}.py"):
        new_chapter.remove(course, MADE_UP)
    check.write_text(check.read_text()[:-1])
    new_chapter.remove(course, MADE_UP)
    left = [path.name for path in course.rglob("*bus?stops*")]
    assert not [name for name in left if not name.endswith(".pyc")]
    for name in new_chapter.rows(MADE_UP):
        assert (course / name).read_bytes() == (ROOT / name).read_bytes()


def test_all_that_is_wrong_with_the_arguments_is_told_at_once():
    with pytest.raises(
        Refused, match="number must be .* 99 .*name must be .* 'My Name' .*title must be"
    ):
        Chapter(99, "My Name", "A | B")


def test_a_number_has_two_digits_and_is_not_that_of_the_template():
    assert [Chapter(number, "counts", "Counts").stem for number in (1, 98)] == [
        "01-counts", "98-counts",
    ]  # fmt: skip
    for number in (0, 99):
        with pytest.raises(Refused, match=f"from 1 to 98, but {number} was given"):
            Chapter(number, "counts", "Counts")


@pytest.mark.parametrize(("number", "after"), [(1, ""), (3, "02"), (9, "05")])
def test_lines_stand_in_the_order_of_their_numbers(number, after):
    content = "head\n| 02 | a |\n| 05 | b |\ntail\n"
    lines = with_line(content, f"| {number:02d} | new |\n", r"\| (\d\d) \| .*\n", number).split(
        "\n"
    )
    place = lines.index(f"| {number:02d} | new |")
    assert after in lines[place - 1]
    assert sorted(lines[1:4]) == lines[1:4]
