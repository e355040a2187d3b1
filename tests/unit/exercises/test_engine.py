"""The engine behind `check`: hints, sessions, the progress file, comparison in standard errors."""

import json
import math
from pathlib import Path
import subprocess
import sys

from companion.exercises import (
    assert_all_passed,
    check,
    engine,
    progress,
    progress_file,
    reset_progress,
)
from companion.exercises.answers import Miss, posterior_mean, require
from companion.exercises.registry import EXERCISES, Exercise, exercise
from course import ROOT
import numpy as np
import pytest

from tests.unit.exercises.made_up import chains, fit


@pytest.fixture
def toy(monkeypatch):
    """Register an exercise for one test: the square root of 2."""

    def square_root(root):
        require(root > 0, "negative", "Which sign?", "Take the positive one.")
        require(abs(root**2 - 2) < 1e-6, "not-2", "Square it.", "About 1.41421356.")
        return f"{1 / root:.3f} is its inverse."

    item = Exercise(
        "1E0.5", "01-toy", "A <root> of `2`", "E", {"root": "a positive number"}, square_root
    )
    monkeypatch.setitem(EXERCISES, "1E0.5", item)
    return item


def test_hints_escalate_and_a_success_starts_over(toy):
    first, second, third, fourth = (check("1E0.5", -1.0) for _ in range(4))
    assert first.hints == ("Which sign?",)
    assert second.hints == third.hints == fourth.hints == ("Which sign?", "Take the positive one.")
    assert first.solution is None and second.solution is None
    assert third.solution == fourth.solution == "../solutions/01-toy.ipynb#1e0-5"
    assert check("1E0.5", 2**0.5).passed
    assert check("1E0.5", 3.0).hints == ("Square it.",)


def test_an_unusable_answer_costs_no_hint(toy):
    check("1E0.5", "two")
    assert check("1E0.5", -1.0).hints == ("Which sign?",)


def test_unexpected_exception_becomes_not_yet(toy):
    outcome = check("1E0.5", root="two")
    assert outcome.status == "not yet"
    assert "`root` is the text 'two', expected: a positive number" in outcome.message
    assert "TypeError" in outcome.message


def test_unknown_exercise_and_answer_are_refused(toy):
    with pytest.raises(ValueError, match="4E3, 4E5.*'9Z9' was given"):
        check("9Z9", 1)
    with pytest.raises(ValueError, match="17 was given"):
        check(17)
    with pytest.raises(TypeError, match="expects root= but square= was given"):
        check("1E0.5", square=1)
    with pytest.raises(TypeError, match="root="):
        check("1E0.5", 1.0, root=1.0)
    with pytest.raises(TypeError, match="by name: t1_matches=, "):
        check("4E5", "cauchy")
    with pytest.raises(TypeError, match="by name"):
        check("1E0.5", 1.0, 2.0)


def test_registering_twice_is_refused():
    with pytest.raises(ValueError, match="registered already"):
        exercise("4E5", chapter="x", title="x", level="E", answers={"a": "b"})
    with pytest.raises(ValueError, match="level"):
        exercise("1X1", chapter="x", title="x", level="X", answers={"a": "b"})
    with pytest.raises(ValueError, match="at least one answer"):
        exercise("1X1", chapter="x", title="x", level="E", answers={})


def test_outcome_is_readable_everywhere(toy):
    assert (
        repr(check("1E0.5", 2**0.5)) == "1E0.5 (A <root> of `2`): passed\n  0.707 is its inverse."
    )
    for _ in range(3):
        outcome = check("1E0.5", -1.0)
    page, plain, markdown = outcome._repr_html_(), repr(outcome), outcome._repr_markdown_()
    for shown in (page, plain, markdown):
        assert "not yet" in shown
        assert "Which sign?" in shown and "Take the positive one." in shown
        assert "../solutions/01-toy.ipynb#1e0-5" in shown
    assert "A &lt;root&gt; of <code>2</code>" in page and "<root>" not in page
    assert 'class="exercise-check not-yet"' in page


def test_a_hole_inside_a_collection_is_a_hole(toy):
    assert check("1E0.5", [1, ...]).status == "not attempted yet"
    assert check("1E0.5", {"a": None}).status == "not attempted yet"


def test_assert_all_passed_looks_at_this_session(toy, monkeypatch):
    with pytest.raises(AssertionError, match=r"1E0.5 \(not attempted yet\), 4E5"):
        assert_all_passed("1E0.5", "4E5")
    check("1E0.5", 2**0.5)
    assert_all_passed("1E0.5")
    check("1E0.5", -1.0)
    with pytest.raises(AssertionError, match=r"1E0.5 \(not yet\)"):
        assert_all_passed("1E0.5")
    check("1E0.5", 2**0.5)
    monkeypatch.setattr(
        engine, "_SESSION", {}
    )  # a new kernel: the file remembers, the session does not
    assert progress().loc["1E0.5", "status"] == "passed"
    with pytest.raises(AssertionError):
        assert_all_passed("1E0.5")
    with pytest.raises(ValueError, match="at least one"):
        assert_all_passed()
    with pytest.raises(ValueError, match="9Z9"):
        assert_all_passed("9Z9")


def test_import_is_quick():
    heavy = "{'pymc', 'pytensor', 'jax', 'arviz', 'xarray', 'matplotlib'}"
    code = f"import sys, companion.exercises; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# --- Posterior means in Monte Carlo standard errors -----------------------------------------------


def ask_mean(values, mean, mcse=0.0):
    words = {"key": "mean", "hint": "?", "second_hint": "!"}
    return posterior_mean("idata", fit(x=values), "x", mean, mcse, **words)


def test_posterior_mean_is_compared_in_standard_errors():
    values = chains(10.0, 1.0)
    mean, mcse = values.mean(), 1.0 / math.sqrt(4000)
    assert ask_mean(values, mean + 4.5 * mcse) == pytest.approx(mean)
    for shift in (-6.0, 6.0):
        with pytest.raises(Miss) as miss:
            ask_mean(values, mean + shift * mcse)
        assert miss.value.key == "mean"
    ask_mean(values, mean + 6.0 * mcse, mcse=mcse)  # the reference has an error, too


def test_bad_chains_are_noticed_before_the_mean():
    with pytest.raises(Miss) as miss:
        ask_mean(chains(10.0, 1.0, memory=0.95), 0.0)
    assert miss.value.key in ("chains-too-short", "chains-disagree")
    with pytest.raises(Miss) as miss:
        ask_mean(chains(10.0, 1.0) + np.array([[0.0], [0.0], [0.0], [1.0]]), 0.0)
    assert miss.value.key == "chains-disagree"
    with pytest.raises(Miss) as miss:
        ask_mean(np.full((4, 1000), 10.0), 0.0)  # stuck
    assert miss.value.key in ("chains-disagree", "mean")


# --- Progress -------------------------------------------------------------------------------------


def test_progress_lists_all_exercises(toy):
    assert list(progress().index) == [
        item.id for item in sorted(EXERCISES.values(), key=lambda e: e.chapter)
    ]
    assert set(progress()["status"]) == {"not attempted yet"}
    check("1E0.5", -1.0)
    check("1E0.5")
    assert list(progress().loc["1E0.5"]) == ["E", "A <root> of `2`", "not yet", 1]
    check("1E0.5", 2**0.5)
    check("1E0.5", -1.0)
    assert list(progress().loc["1E0.5", ["status", "attempts"]]) == ["passed", 3]
    reset_progress()
    assert list(progress().loc["1E0.5", ["status", "attempts"]]) == ["not attempted yet", 0]
    check("1E0.5", 2**0.5)
    reset_progress()
    with pytest.raises(AssertionError):
        assert_all_passed("1E0.5")


def test_progress_is_shared_with_other_kernels(toy, progress_path):
    check("1E0.5", -1.0)
    record = json.loads(progress_path.read_text())
    assert record == {"1E0.5": {"attempts": 1, "misses": 1, "status": "not yet"}}
    record["4E5"] = {"attempts": 2, "misses": 0, "status": "passed"}
    progress_path.write_text(json.dumps(record))
    check("1E0.5", -1.0)
    assert progress().loc["4E5", "attempts"] == 2
    assert progress().loc["1E0.5", "attempts"] == 2


@pytest.mark.parametrize(
    "broken",
    [
        "{",
        "[]",
        '{"4E5": 3}',
        '{"4E5": {"status": "passed"}}',
        "",
        b"\xff\xfe\x00".decode("latin1"),
    ],
)
def test_damaged_file_is_set_aside(toy, progress_path, broken):
    check("1E0.5", -1.0)
    progress_path.write_bytes(broken.encode("latin1"))
    outcome = check("1E0.5", -1.0)
    aside = progress_path.with_name("progress.json.broken")
    assert aside.read_bytes() == broken.encode("latin1")
    assert (
        "damaged" in outcome.notes[0] and str(aside) in outcome.notes[0] and "Note" in repr(outcome)
    )
    assert (
        json.loads(progress_path.read_text())["1E0.5"]["attempts"] == 2
    )  # this kernel's work is kept
    assert check("1E0.5", -1.0).notes == ()
    progress_path.write_text("again")
    with pytest.warns(UserWarning, match="damaged"):
        progress()
    assert aside.read_bytes() == broken.encode("latin1")
    assert progress_path.with_name("progress.json.broken-2").read_text() == "again"


def test_unwritable_file_keeps_the_record_in_memory(toy, tmp_path, monkeypatch):
    (tmp_path / "a-file").write_text("")
    monkeypatch.setenv("COMPANION_PROGRESS", str(tmp_path / "a-file" / "progress.json"))
    outcome = check("1E0.5", -1.0)
    assert "could not be saved" in outcome.notes[-1]
    assert len(check("1E0.5", -1.0).hints) == 2
    assert check("1E0.5", 2**0.5).passed
    with pytest.warns(UserWarning, match="could not be read"):
        assert progress().loc["1E0.5", "attempts"] == 3


def test_no_half_written_file_is_left(toy, progress_path, monkeypatch):
    check("1E0.5", -1.0)
    before = progress_path.read_text()

    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(progress_file.os, "replace", no_space)
    assert "No space left" in check("1E0.5", -1.0).notes[0]
    assert progress_path.read_text() == before
    assert [path.name for path in progress_path.parent.iterdir()] == ["progress.json"]


def test_off_writes_nothing(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_PROGRESS", "off")
    check("1E0.5", -1.0)
    assert len(check("1E0.5", -1.0).hints) == 2
    assert list(tmp_path.iterdir()) == []
    assert progress_file.location() is None


def test_default_location(tmp_path, monkeypatch):
    monkeypatch.delenv("COMPANION_PROGRESS")
    assert progress_file.location() == ROOT / ".progress.json"
    monkeypatch.setattr(progress_file, "__file__", str(tmp_path / "a" / "b" / "c.py"))
    assert progress_file.location() == Path.home() / ".bayes-course-progress.json"


def test_a_damaged_file_that_cannot_be_set_aside_is_left_alone(toy, progress_path, monkeypatch):
    progress_path.write_text("precious")

    def refuse(*_):
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(progress_file.Path, "rename", refuse)
    outcome = check("1E0.5", -1.0)
    assert "cannot be renamed (Permission denied)" in outcome.notes[0]
    assert "could not be saved" in outcome.notes[1]
    assert progress_path.read_text() == "precious"
    assert len(check("1E0.5", -1.0).hints) == 2
