"""Which mutants are made, which tests are asked about them, and what their score means."""

import csv
import random
import shutil

from course import ROOT
import mutants
import pytest

MODULE = '''"""A module."""

LIMIT = 3


def inside(x: int | None, low: float = 0.0) -> bool | None:
    """Whether x is inside: 1 < 2."""
    y: int | None = x
    return (
        y < LIMIT
        and y > low
    )


def outside(x):
    return not inside(x)
'''
BODY = {10: ["t::a|run", ""], 11: ["t::b|run"], 16: ["t::c|run", "t::a|setup"]}


@pytest.fixture
def course(tmp_path):
    """A course with one module, and which tests came by its lines."""

    class Coverage:
        def contexts_by_lineno(self, name):
            return BODY if name == str(tmp_path / "companion" / "module.py") else {}

    (tmp_path / "companion").mkdir()
    (tmp_path / "companion" / "module.py").write_text(MODULE)
    (tmp_path / "companion" / "unseen.py").write_text("def one():\n    return 1\n")
    return tmp_path, Coverage()


def made(course, seed=0, words=()):
    root, data = course
    return list(mutants.all_mutants(data, root, words, random.Random(seed)))


def test_places_are_found_outside_of_words_and_types():
    lines = {line for line, _ in mutants.places(MODULE)}
    assert lines == {3, 6, 10, 11, 16}, (
        "a default is a place, an annotation and a docstring are none"
    )


def test_a_place_without_tests_has_no_mutant_and_tests_that_came_by_are_asked_first(course):
    found = made(course)
    assert {each.path for each in found} == {"companion/module.py"}
    assert {each.line for each in found} == {10, 11, 16}
    assert made(course, words=["module"]) == found and not made(course, words=["other"])
    for each in found:
        first = {"t::a", "t::b"} if each.line < 16 else {"t::a", "t::c"}
        assert set(each.tests[:2]) == first and set(each.tests) == {"t::a", "t::b", "t::c"}


def test_of_a_long_table_one_row_is_asked_before_the_tests_of_other_functions_are_forgotten():
    table, single = {f"t::table[{number}]" for number in range(500)}, {"t::one", "t::two"}
    order = mutants.in_turns(table | single, random.Random(0))
    assert single < set(order[:3]) and sorted(order) == sorted(table | single)


def test_each_mutant_changes_its_own_place_and_nothing_else(course):
    root, _ = course
    for seed in range(20):
        for each in made(course, seed):
            before, after = MODULE.splitlines(), each.changed(root).splitlines()
            assert [
                n for n, pair in enumerate(zip(before, after, strict=True), 1) if len(set(pair)) > 1
            ] == [each.line]
            assert each.lines(root) == (before[each.line - 1].strip(), after[each.line - 1].strip())


@pytest.mark.parametrize(("status", "dead"), [(0, False), (1, True)])
def test_a_mutant_is_killed_by_a_test_that_fails_and_the_module_is_put_back(
    course, monkeypatch, status, dead
):
    root, _ = course
    mutant = next(each for each in made(course) if each.line == 16)
    seen = {}

    def run(place, *arguments, timeout):
        seen["code"] = (place / mutant.path).read_text()
        seen["tests"] = set((place / arguments[-1].removeprefix("@")).read_text().splitlines())
        return type("Done", (), {"returncode": status})

    monkeypatch.setattr(mutants, "own_copy", lambda scratch: root)
    monkeypatch.setattr(mutants, "ask", run)
    assert mutants.killed(root, mutant) is dead
    assert seen == {"code": mutant.changed(root), "tests": {"t::a", "t::b", "t::c"}}
    assert (root / mutant.path).read_text() == MODULE


@pytest.mark.parametrize(("killed", "status"), [(17, 0), (16, 1)])
def test_85_of_100_are_to_be_killed_and_those_with_a_reason_do_not_count(
    course, monkeypatch, capsys, killed, status
):
    lives = mutants.Mutant("companion/module.py", 17, "a", 0, ("t::a",))
    excused = mutants.Mutant("companion/module.py", 17, "b", 0, ("t::a",))
    dies = mutants.Mutant("companion/module.py", 17, "c", 0, ("t::a",))
    sample = [dies] * killed + [lives] * (20 - killed) + [excused] * 5
    monkeypatch.setattr(mutants, "all_mutants", lambda *_: sample)
    monkeypatch.setattr(mutants, "covered", lambda _: None)
    monkeypatch.setattr(mutants, "killed", lambda _, mutant: mutant is dies)
    monkeypatch.setattr(mutants.Mutant, "lines", lambda self: ("x", self.operator))
    monkeypatch.setattr(mutants, "reasons", lambda: {("companion/module.py", "x", "b"): "the same"})
    monkeypatch.setattr(mutants, "processes", InTurns)
    assert mutants.main(["--seed", "1"]) == status
    said = capsys.readouterr().out
    assert f"{killed} of 20 killed, {killed / 20:.0%}" in said and "5 more may live" in said
    assert said.count("+ a") == 20 - killed and said.count("the same") == 5


class InTurns:
    """A pool that is this process."""

    def __init__(self, _):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    map = staticmethod(map)


def test_tests_that_fail_without_a_mutant_tell_nothing_about_mutants(tmp_path, monkeypatch):
    failed = type("Done", (), {"returncode": 1, "stdout": "test_a failed"})
    monkeypatch.setattr(mutants, "copy_of_course", lambda place: place)
    monkeypatch.setattr(mutants, "ask", lambda *_: failed)
    with pytest.raises(ValueError, match="the unit tests fail without any mutant:\ntest_a failed"):
        mutants.covered(tmp_path)


@pytest.mark.skipif(
    not ((ROOT / ".git").exists() and shutil.which("git")), reason="a copy is of what git knows"
)
def test_a_copy_has_what_git_knows(tmp_path):
    place = mutants.copy_of_course(tmp_path)
    assert (place / "companion" / "tables.py").read_bytes() == (
        ROOT / "companion" / "tables.py"
    ).read_bytes()
    assert (place / ".venv" / "pyvenv.cfg").exists() and not (place / "_build").exists()


def test_each_survivor_with_a_reason_is_a_change_that_can_be_made():
    with open(ROOT / mutants.REASONS, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        lines = {line.strip() for line in (ROOT / row["module"]).read_text("utf-8").splitlines()}
        assert row["before"] in lines, f"{row['module']} has no line {row['before']}"
        assert row["after"] != row["before"] and row["reason"].endswith(".")
    assert len({(row["module"], row["before"], row["after"]) for row in rows}) == len(rows)
