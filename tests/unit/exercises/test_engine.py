"""The engine behind `check`: hints, sessions, the progress file, comparison in standard errors."""

from dataclasses import replace
import json
import math
import os
from pathlib import Path
import socket
import subprocess
import sys

from companion.exercises import (
    assert_all_passed,
    check,
    engine,
    guide,
    progress,
    progress_file,
    reset_progress,
)
from companion.exercises.answers import (
    Miss,
    Unusable,
    by_simulation,
    choice,
    describe_error,
    number,
    numbers,
    require,
    share,
    truth,
)
from companion.exercises.exact import straight_line
from companion.exercises.fits import bfmi, divergences, draws, posterior_mean
from companion.exercises.outcome import Link, Outcome, as_html
from companion.exercises.registry import EXERCISES, Exercise, exercise
from course import ROOT
import filelock
import numpy as np
import pymc as pm
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


PLACE = "../chapters/01-toy.ipynb#cell-id=root"
SOLUTION = "../solutions/01-toy.ipynb#cell-id=toy-question"
ROW = "01-toy,1E0.5,toy-question,roots,square <roots>,01-toy#root,A table of `roots` will do."


@pytest.fixture
def led(toy, tmp_path, monkeypatch):
    """Give the toy exercise a row in the table that says where exercises lead."""
    table = tmp_path / "guide.csv"
    table.write_text(
        f"chapter,id,asked,topic,concept,explained,another_way\n{ROW}\n", encoding="utf-8"
    )
    monkeypatch.setattr(guide, "TABLE", table)
    return toy


def test_hints_escalate_and_a_success_starts_over(toy):
    first, second, third, fourth = (check("1E0.5", -1.0) for _ in range(4))
    assert first.hints == ("Which sign?",)
    assert second.hints == third.hints == fourth.hints == ("Which sign?", "Take the positive one.")
    assert first.solution is None and second.solution is None
    assert third.solution == fourth.solution == "../solutions/01-toy.ipynb#1e0-5"
    assert check("1E0.5", 2**0.5).passed
    assert check("1E0.5", 3.0).hints == ("Square it.",)


def test_a_new_kind_of_miss_starts_with_its_first_hint(toy):
    check("1E0.5", -1.0)
    check("1E0.5", -1.0)
    other = check("1E0.5", 3.0)
    assert other.hints == ("Square it.",)
    assert other.solution == toy.solution  # three misses in all
    assert check("1E0.5", -1.0).hints == ("Which sign?", "Take the positive one.")
    assert check("1E0.5", 3.0).hints == ("Square it.", "About 1.41421356.")


def test_the_second_miss_leads_to_the_paragraph_and_the_third_to_the_solution(led):
    first, second, third = check("1E0.5", -1.0), check("1E0.5", 3.0), check("1E0.5", -1.0)
    assert first.concept is None and first.solution is None
    assert second.concept == third.concept == ("square <roots>", PLACE)
    assert second.solution is None and third.solution == SOLUTION
    assert second.hints == ("Square it.",)  # another kind of miss, so its first hint
    for outcome in (first, second, third):
        assert outcome.another_way is None and outcome.following is None
    assert "chapters" not in first._repr_html_()
    words = f'<em>Explained:</em> <a href="{PLACE}">square &lt;roots&gt;</a>.'
    last = f'<p>{words} <a href="{SOLUTION}">Look at the solution</a>.</p></div>'
    assert second._repr_html_().endswith(f"<p>{words}</p></div>")
    assert third._repr_html_().endswith(last)
    assert repr(third).endswith(
        f"  Explained: square <roots> ({PLACE}). Look at the solution ({SOLUTION})."
    )


def test_what_is_not_attempted_or_unusable_leads_nowhere(led):
    for _ in range(3):
        check("1E0.5", -1.0)
    for outcome in (check("1E0.5"), check("1E0.5", "two")):
        assert outcome.concept is outcome.solution is None


def test_a_pass_names_the_concept_another_way_and_the_next_exercise(led):
    outcome = check("1E0.5", 2**0.5)
    assert outcome.concept == ("square <roots>", PLACE)
    assert outcome.another_way == "A table of `roots` will do."
    assert outcome.following == ("2E1, in chapter 02", "02-markov-chain-monte-carlo.ipynb#2e1")
    assert outcome._repr_html_().endswith(
        "<p>0.707 is its inverse.</p>"
        "<p><em>Another way:</em> A table of <code>roots</code> will do.</p>"
        f'<p><em>Concept:</em> <a href="{PLACE}">square &lt;roots&gt;</a>. <em>Next:</em> '
        '<a href="02-markov-chain-monte-carlo.ipynb#2e1">2E1, in chapter 02</a>.</p></div>'
    )
    assert f"*Concept:* [square <roots>]({PLACE}). *Next:* [2E1" in outcome._repr_markdown_()
    assert repr(outcome).split("\n")[2:] == [
        "  Another way: A table of `roots` will do.",
        f"  Concept: square <roots> ({PLACE}). Next: 2E1, in chapter 02.",
    ]


def test_an_exercise_without_a_row_is_checked_and_leads_nowhere(toy):
    outcomes = [check("1E0.5", -1.0) for _ in range(3)]
    passed = check("1E0.5", 2**0.5)
    assert outcomes[2].solution == toy.solution and passed.passed
    for outcome in (*outcomes, passed):
        assert outcome.concept is outcome.another_way is None
        assert "chapters" not in outcome._repr_html_()


def pass_all_but(path, *left):
    """Write a record in which all other exercises are passed."""
    names = EXERCISES.keys() - set(left)
    path.write_text(json.dumps({name: {"status": "passed"} for name in names}))


def test_what_comes_next_is_in_the_chapter_then_in_the_next(progress_path):
    outcome = check("4e5", **answers_of_4e5())
    assert outcome.passed and outcome.exercise == "4E5"
    assert outcome.following == ("4M9, Anscombe's third data set", "#4m9")
    assert "Next: 4M9" in repr(outcome) and '<a href="#4m9">4M9' in outcome._repr_html_()
    pass_all_but(
        progress_path, "4E3", "9H1", "11H1"
    )  # what was left out in the chapter, before the next chapter
    assert check("4E5", **answers_of_4e5()).following.text == "4E3, A robust line for the babies"
    pass_all_but(progress_path, "9H1", "11H1")
    following = check("4E5", **answers_of_4e5()).following
    assert following == ("9H1, in chapter 09", "09-pooling.ipynb#cell-id=plug-in-question")


def test_the_last_exercise_says_so(progress_path):
    pass_all_but(progress_path, "1E1")
    outcome = check("4E5", **answers_of_4e5())
    assert outcome.following == (
        "This was the last exercise; `progress()` shows which others are open",
        None,
    )
    assert outcome._repr_html_().endswith(
        "<code>progress()</code> shows which others are open.</p></div>"
    )
    assert "Next" not in repr(outcome)
    pass_all_but(progress_path)
    following = check("4E5", **answers_of_4e5()).following
    assert following.text == "This was the last exercise, and you have passed them all"


def answers_of_4e5():
    numbers = {"peak_t1": 0.3183, "tail_t1": 0.2048, "tail_normal": 0.0026998}
    return {"t1_matches": "cauchy", "tinf_matches": "normal", **numbers}


def test_an_unusable_answer_costs_no_hint(toy):
    check("1E0.5", "two")
    assert check("1E0.5", -1.0).hints == ("Which sign?",)


def test_unexpected_exception_becomes_not_yet(toy):
    outcome = check("1E0.5", root="two")
    assert outcome.status == "not yet"
    assert "`root` is the text 'two', expected: a positive number" in outcome.message
    assert "TypeError" in outcome.message


def test_unknown_exercise_and_answer_are_refused(toy):
    with pytest.raises(ValueError, match="such as '4E3', but '9E9' was given; the nearest: "):
        check("9E9", 1)
    with pytest.raises(ValueError, match="nearest.*'4H13\\.3'"):
        check("4H13", effect=1)
    with pytest.raises(ValueError, match="'nothing like it' was given\\.$"):
        check("nothing like it", 1)
    with pytest.raises(ValueError, match="17 was given"):
        check(17)
    with pytest.raises(TypeError, match="expects root= but roots= was given; the nearest: 'root'"):
        check("1E0.5", roots=1)
    with pytest.raises(TypeError, match="root="):
        check("1E0.5", 1.0, root=1.0)
    with pytest.raises(TypeError, match="by name: t1_matches=, "):
        check("4E5", "cauchy")
    with pytest.raises(TypeError, match="by name"):
        check("1E0.5", 1.0, 2.0)


def test_registering_twice_is_refused():
    with pytest.raises(ValueError, match="registered already"):
        exercise("4E5", "x", a="b")
    for name in ("1X1", "E1", "4e5", "4E"):
        with pytest.raises(ValueError, match="the level E, M or H"):
            exercise(name, "x", a="b")
    with pytest.raises(ValueError, match="at least one answer"):
        exercise("1E99", "x")


def test_chapter_and_level_follow_from_names():
    found = {
        name: (EXERCISES[name].chapter, EXERCISES[name].level) for name in ("4E3", "D4M2", "4H13.2")
    }
    assert found == {
        "4E3": ("08-robust-regression", "E"),
        "D4M2": ("04-diagnostics", "M"),
        "4H13.2": ("11-funnels", "H"),
    }


def test_outcome_is_readable_everywhere(toy):
    assert repr(check("1E0.5", 2**0.5)) == (
        "1E0.5 (A <root> of `2`): passed\n  0.707 is its inverse.\n  Next: 2E1, in chapter 02."
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


def test_an_empty_model_is_a_hole_and_one_with_anything_in_it_is_not(toy):
    with pm.Model(coords={"day": ["Fri"]}) as model:
        ...
    assert check("1E0.5", model).status == "not attempted yet"
    assert check("1E0.5", {"a": model}).status == "not attempted yet"
    with model:
        pm.Data("tip", [1.0])
    assert check("1E0.5", model).status == "not yet"


def test_words_between_stars_are_stressed_but_in_code_and_a_question_keeps_its_mark(toy):
    assert as_html("It *is* 2*3*4, `a *b* c` < *not*.") == (
        "It <em>is</em> 2*3*4, <code>a *b* c</code> &lt; <em>not</em>."
    )
    asked = Outcome("1E1", "t", "passed", "m", following=Link("2E1, Why?", "#a"))
    assert asked._repr_html_().endswith("Why?</a></p></div>") and repr(asked).endswith("Why?")


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
    assert progress().data.loc["1E0.5", "status"] == "passed"
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


# --- Any answer at all -----------------------------------------------------------------------------


class Sour:
    """An object that fails at whatever is asked of it."""

    def fail(self, *_):
        raise RuntimeError("sour")

    __repr__ = __str__ = __bool__ = __eq__ = __len__ = __iter__ = __float__ = __getattr__ = fail
    __array__ = __format__ = __lt__ = __gt__ = __call__ = __contains__ = __getitem__ = fail
    __hash__ = object.__hash__


class SourList(list):
    __iter__ = __len__ = __repr__ = __bool__ = Sour.fail


class SourText(str):
    lower = __str__ = __repr__ = __getitem__ = Sour.fail


class Quitter:
    @property
    def shape(self):
        raise SystemExit(3)


def endless():
    while True:
        yield "east"


def circle():
    inside = [1.0]
    inside.append(inside)
    return inside


def anything():
    import jax.numpy as jnp
    import pandas as pd
    import pytensor.tensor as pt
    import xarray as xr

    objects = np.empty(2, dtype=object)
    objects[1] = Sour()
    return {
        "sour": Sour(), "sour list": SourList([1.0]), "sour text": SourText("a"), "quitter": Quitter(),
        "generator": endless(), "circle": circle(), "NA": pd.NA, "NaT": pd.NaT, "array": np.zeros((3, 2)),
        "huge array": np.broadcast_to(0.0, (2**20, 2**20)), "huge number": 10**5000, "complex": 1j,
        "frame": pd.DataFrame({"a": [1.0]}), "series": pd.Series([1.0, pd.NA]), "tensor": pt.scalar("x"),
        "jax": jnp.zeros((2, 2)), "data array": xr.DataArray([1.0, 2.0]), "tree": xr.DataTree(),
        "function": Sour.fail, "class": Sour, "bytes": b"12", "text": "12", "surrogate": "\ud800",
        "masked": np.ma.masked, "objects": objects, "nan": math.nan,
    }  # fmt: skip


@pytest.mark.parametrize(
    "exercise_id", ["1E1", "2M2", "4E1", "4E3", "4E4", "8M1", "10H1", "17E1", "D4M1"]
)
def test_no_answer_makes_check_raise(exercise_id):
    names = EXERCISES[exercise_id].answers
    for label, value in anything().items():
        outcome = check(exercise_id, **dict.fromkeys(names, value))
        assert outcome.status == "not yet", label
        assert outcome.message and repr(outcome) and outcome._repr_html_(), label
        assert len(outcome.message) < 4000, label


def test_ambiguous_and_lazy_answers_in_the_engine(toy):
    assert all(check("1E0.5", root=value).status for value in anything().values())
    with pytest.raises(KeyboardInterrupt):  # the learner's own wish
        EXERCISES["1E0.5"] = replace(toy, function=interrupt)
        check("1E0.5", 1.0)


def interrupt(root):
    raise KeyboardInterrupt


# --- What to pass instead --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("1.5", "without quotation marks"),
        ([1.0, 2.0], "a list of 2. One number is asked for"),
        (np.zeros((4, 1000)), "a ndarray of shape (4, 1000). One number"),
        (len, "Call it, and pass what it returns."),
        (fit(x=(0.0, 1.0)), "That is a fit: compute the number from its draws."),
        (math.nan, "not a finite number. Look for the step"),
        (10**400, "(an int)"),
        (1j, "a complex."),
    ],
)
def test_what_is_no_number_says_what_to_pass(value, words):
    with pytest.raises(Unusable) as found:
        number("x", value)
    assert words in str(found.value)


def test_numbers_of_any_library_are_numbers():
    import jax.numpy as jnp
    import pandas as pd
    import xarray as xr

    values = [2, 2.0, np.float32(2), np.array([2.0]), np.array([[2.0]]), jnp.float64(2.0)]
    for value in [*values, xr.DataArray(2.0), pd.Series([2.0]), np.array(2.0)]:
        assert number("x", value) == 2.0
    gaps = [np.ma.masked, np.ma.masked_equal([2.0], 2.0)]
    for value in (True, np.True_, np.array([True]), np.array(["2"]), None, *gaps):
        with pytest.raises(Unusable):
            number("x", value)


def test_one_truth_and_one_word_come_in_many_forms():
    import jax.numpy as jnp
    import pandas as pd
    import xarray as xr

    for value in (True, np.True_, np.array([True]), jnp.array(True), xr.DataArray(True)):
        assert truth("x", value) is True
    assert truth("x", pd.Series([False])) is False
    for value in (1, "True", np.array([True, True]), np.array(["True"])):
        with pytest.raises(Unusable, match="Pass True or False"):
            truth("x", value)
    for value in (
        "Beta ",
        np.str_("beta"),
        np.array("beta"),
        pd.Series(["beta"]),
        xr.DataArray("beta"),
    ):
        assert choice("x", value, ["alpha", "beta"]) == "beta"
    for value in (["beta"], np.array(["beta", "beta"]), None, 1, fit(x=(0.0, 1.0))):
        with pytest.raises(Unusable, match="not one of 'alpha', 'beta'"):
            choice("x", value, ["alpha", "beta"])


@pytest.mark.parametrize(
    ("value", "mistake"),
    [(0.0, None), (1.0, None), (1.0 + 1e-9, "percent"), (2.0, "percent"), (-1e-9, "not-a-share")],
)
def test_a_share_lies_from_0_to_1_and_both_belong_to_it(value, mistake):
    try:
        assert share("p", value) == value and mistake is None
    except Miss as found:
        assert found.key == mistake


def test_an_error_is_described_by_its_kind_and_the_beginning_of_its_text():
    assert describe_error(ValueError("no such day")) == "ValueError: no such day"
    assert describe_error(ValueError()) == "ValueError"
    assert describe_error(KeyError("x" * 300)) == "KeyError: '" + "x" * 199


def test_a_line_goes_through_two_points_and_none_through_one():
    slope, rest = straight_line(np.array([1.0, 3.0]), np.array([5.0, 9.0]))
    assert slope == pytest.approx(2.0) and np.allclose(rest, 0.0)
    with pytest.raises(ValueError, match="two or more"):
        straight_line(np.array([1.0]), np.array([5.0]))


def test_a_share_knows_percentages():
    assert share("p", 0.25) == 0.25
    for value, key in [(25.0, "percent"), (-0.1, "not-a-share")]:
        with pytest.raises(Miss) as miss:
            share("p", value)
        assert miss.value.key == key
    with pytest.raises(Unusable):
        share("p", math.nan)


def test_numbers_come_in_many_forms():
    for value in ([1, 2], (1.0, 2.0), np.array([1.0, 2.0]), {"a": 1, "b": 2}):
        assert numbers("x", value, 2).tolist() == [1.0, 2.0]
    for value in (
        "12",
        ["a", "b"],
        1.0,
        [1.0],
        [1.0, math.nan],
        [[1.0, 2.0]],
        [1.0, None],
        np.ma.masked_equal([1, 2], 2),
        Sour(),
    ):
        with pytest.raises(Unusable, match="`x` is"):
            numbers("x", value, 2)


def test_a_share_from_draws_is_held_against_the_error_of_the_draws():
    p = 0.0009
    error = math.sqrt(p * (1 - p) / 100_000)
    assert by_simulation(p + 4.9 * error, p) and not by_simulation(p + 5.1 * error, p)
    assert not by_simulation(0.0, 1e-6)
    assert by_simulation(0.0, 0.0)


def test_a_record_that_is_not_a_number_is_never_a_pass():
    import arviz as az

    record = {"diverging": np.zeros((4, 100)), "energy": chains(0.0, 1.0, size=(4, 100))}
    healthy = az.from_dict({"posterior": {"x": record["energy"]}, "sample_stats": record})
    assert divergences("fit", healthy) == 0 and 0.5 < bfmi("fit", healthy) < 2.0
    for values in record.values():
        values[2, 7] = np.nan
    unknown = az.from_dict({"posterior": {"x": record["energy"]}, "sample_stats": record})
    assert divergences("fit", unknown) == 1
    with pytest.raises(Unusable, match="energies are not all finite"):
        bfmi("fit", unknown)


def test_draws_are_real_numbers():
    import arviz as az

    x = chains(0.0, 1.0, size=(4, 100))
    posterior = {"coin": x > 0.0, "wave": x + 1j, "word": np.full(x.shape, "a")}
    given = az.from_dict({"posterior": posterior})
    assert draws("fit", given, "coin").mean() == (x > 0.0).mean()
    assert draws("fit", given, "coin").dtype == float
    for variable in ("wave", "word"):
        with pytest.raises(Unusable, match=f"'{variable}' does not consist of real numbers"):
            draws("fit", given, variable)


def test_one_chain_is_told_to_be_four():
    with pytest.raises(Unusable) as found:
        ask_mean(chains(0.0, 1.0, size=(1, 200)), 0.0)
    assert "has 1 chain of 200 draws. Use 4 chains" in str(found.value)
    with pytest.raises(Unusable, match="one number in each draw, not 3"):
        ask_mean(np.zeros((4, 100, 3)), 0.0)


# --- Progress -------------------------------------------------------------------------------------


def test_progress_data_lists_all_exercises(toy):
    assert list(progress().data.index) == [
        item.id for item in sorted(EXERCISES.values(), key=lambda e: e.chapter)
    ]
    assert set(progress().data["status"]) == {"not attempted yet"}
    check("1E0.5", -1.0)
    check("1E0.5")
    columns = ["level", "title", "status", "attempts"]
    assert list(progress().data.loc["1E0.5", columns]) == ["E", "A <root> of `2`", "not yet", 1]
    check("1E0.5", 2**0.5)
    check("1E0.5", -1.0)
    assert list(progress().data.loc["1E0.5", ["status", "attempts"]]) == ["passed", 3]
    reset_progress()
    assert list(progress().data.loc["1E0.5", ["status", "attempts"]]) == ["not attempted yet", 0]
    check("1E0.5", 2**0.5)
    reset_progress()
    with pytest.raises(AssertionError):
        assert_all_passed("1E0.5")


def test_progress_shows_all_chapters_and_one_in_full(toy):
    for shown in (repr(progress()), progress()._repr_html_()):
        assert "08 robust regression" in shown and "17 calibration" in shown
        assert "A robust line for the babies" not in shown  # nothing was checked yet
    check("4E5", **answers_of_4e5())
    check("4E5", **answers_of_4e5() | {"tail_t1": 0.1024})
    for shown in (repr(progress()), progress()._repr_html_()):
        assert "A robust line for the babies" in shown
        assert "1 of 4" in shown and f"1 of {len(EXERCISES)}" in shown
    rows = [line.split() for line in repr(progress()).splitlines()]
    assert ["4E5", "The", "two", "ends", "of", "the", "t", "passed", "2"] in rows
    assert ["08", "exercise", "status", "attempts"] in rows
    check("1E0.5", -1.0)  # the latest check decides
    assert progress().chapter == "01-toy"
    check("4E5")
    assert progress().chapter == "08-robust-regression"
    page = progress("01-toy")._repr_html_()
    assert "A &lt;root&gt; of <code>2</code>" in page


def test_progress_of_a_chapter_by_number():
    for name in (8, "8", "08", " 08-Robust-regression "):
        assert progress(name).chapter == "08-robust-regression"
    last = int(max(exercise.chapter for exercise in EXERCISES.values())[:2])
    with pytest.raises(ValueError, match=f"from 1 to {last}, but 99 was given"):
        progress(99)
    with pytest.raises(ValueError, match="nearest: '08-robust-regression'"):
        progress("robust-regression")


def test_progress_is_shared_with_other_kernels(toy, progress_path):
    check("1E0.5", -1.0)
    record = json.loads(progress_path.read_text())
    assert record == {
        "1E0.5": {"attempts": 1, "kinds": {"negative": 1}, "misses": 1, "status": "not yet"}
    }
    record["4E5"] = {"attempts": 2, "misses": 0, "status": "passed"}  # as older versions wrote it
    progress_path.write_text(json.dumps(record))
    check("1E0.5", -1.0)
    assert progress().data.loc["4E5", "attempts"] == 2
    assert progress().data.loc["1E0.5", "attempts"] == 2


def test_two_kernels_at_once_lose_nothing(progress_path):
    code = (
        "import sys; from companion.exercises import check\n"
        "for _ in range(20): check('4E5', t1_matches=1, tinf_matches=1, peak_t1=1, tail_t1=1, tail_normal=1)"
    )
    both = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    assert json.loads(progress_path.read_text())["4E5"]["attempts"] == 40


def test_another_kernel_that_does_not_let_go(toy, progress_path, monkeypatch):
    monkeypatch.setattr(progress_file, "LONGEST_WAIT", 0.1)
    with filelock.FileLock(progress_path.with_name("progress.json.lock")):
        assert "Another notebook" in check("1E0.5", -1.0).notes[0]
        assert not progress_path.exists()
    assert check("1E0.5", -1.0).notes == ()
    assert json.loads(progress_path.read_text())["1E0.5"]["attempts"] == 2


@pytest.mark.parametrize(
    "broken",
    ["{", "[]", '{"4E5": 3}', '{"4E5": {"attempts": 1}}', '{"4E5": {"status": "passed", "misses": "1"}}']
    + ['{"4E5": {"status": "passed", "kinds": [1]}}', "", "[" * 100_000, b"\xff\xfe\x00".decode("latin1")],
)  # fmt: skip
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
    assert "damaged" in progress().notes[0]
    assert aside.read_bytes() == broken.encode("latin1")
    assert progress_path.with_name("progress.json.broken-2").read_text() == "again"


def test_a_file_of_a_newer_version_keeps_what_is_new(toy, progress_path):
    newer = {
        "version": 3,
        "exercises": {"99Z1": ["a", "b"]},
        "99Z2": {"status": "passed", "attempts": 1, "misses": 0, "stars": 5},
        "4E5": {"status": "mastered", "attempts": 4, "misses": 0, "stars": 5},
    }
    progress_path.write_text(json.dumps(newer))
    outcome = check("1E0.5", -1.0)
    assert "newer version" in outcome.notes[0]
    after = json.loads(progress_path.read_text())
    assert {name: after[name] for name in newer} == newer and after["1E0.5"]["attempts"] == 1
    check("4E5", **answers_of_4e5() | {"tail_t1": 0.1024})
    after = json.loads(progress_path.read_text())["4E5"]
    assert (after["status"], after["attempts"], after["stars"]) == ("mastered", 5, 5)
    assert progress().data.loc["4E5", "status"] == "mastered" and "mastered" in repr(progress("8"))


def test_unwritable_file_keeps_the_record_in_memory(toy, tmp_path, monkeypatch):
    (tmp_path / "a-file").write_text("")
    monkeypatch.setenv("COMPANION_PROGRESS", str(tmp_path / "a-file" / "progress.json"))
    outcome = check("1E0.5", -1.0)
    assert "could not be saved" in outcome.notes[-1]
    assert len(check("1E0.5", -1.0).hints) == 2
    assert check("1E0.5", 2**0.5).passed
    assert progress().data.loc["1E0.5", "attempts"] == 3
    assert "could not be read" in repr(progress())
    (tmp_path / "a-file").unlink()
    (tmp_path / "a-file").mkdir()  # as soon as it can be written, it is, with all attempts
    assert check("1E0.5", 2**0.5).notes == ()
    record = json.loads((tmp_path / "a-file" / "progress.json").read_text())
    assert record["1E0.5"]["attempts"] == 4


def make_special(kind, path):
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "loop":
            path.symlink_to(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "nothing":
            path.symlink_to("/dev/null")
        case "huge":
            # A record, but with more spaces after it than anyone should read.
            path.write_bytes(b"{}" + b" " * progress_file.LARGEST_FILE)
        case "socket":
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            listener.close()


@pytest.mark.skipif(sys.platform == "win32", reason="special files of Unix")
@pytest.mark.parametrize("kind", ["folder", "pipe", "loop", "device", "nothing", "huge", "socket"])
def test_what_is_no_file_is_left_alone_and_never_waited_for(toy, kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    path = tmp_path / "p"
    make_special(kind, Path("p"))
    before = os.lstat(path)
    monkeypatch.setenv("COMPANION_PROGRESS", str(path))
    first, second = check("1E0.5", -1.0), check("1E0.5", -1.0)
    assert len(second.hints) == 2
    if kind == "huge":
        assert "damaged" in first.notes[0]
        return
    assert (
        "could not be read" in first.notes[0] and "kept until this kernel stops" in first.notes[1]
    )
    after = os.lstat(path)
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert progress().data.loc["1E0.5", "attempts"] == 2
    with pytest.warns(UserWarning, match="could not be read"):
        reset_progress()


def test_a_link_stays_a_link(toy, tmp_path, monkeypatch):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    monkeypatch.setenv("COMPANION_PROGRESS", str(tmp_path / "link"))
    assert check("1E0.5", -1.0).notes == ()
    assert (tmp_path / "link").is_symlink() and "1E0.5" in (tmp_path / "target").read_text()


@pytest.mark.parametrize("denied", ["folder", "file"])
def test_read_only_places(toy, progress_path, monkeypatch, denied):
    check("1E0.5", -1.0)
    before = progress_path.read_text()
    if denied == "file":
        monkeypatch.setattr(progress_file.os, "access", lambda *_: False)
    else:

        def refuse(*_, **__):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(progress_file.tempfile, "NamedTemporaryFile", refuse)
        monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    outcome = check("1E0.5", -1.0)
    assert "could not be saved" in outcome.notes[0] and len(outcome.hints) == 2
    assert progress_path.read_text() == before


def test_a_place_where_nobody_may_look_is_a_note(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_PROGRESS", str(tmp_path / ("x" * 300) / "progress.json"))
    assert "could not be read" in check("1E0.5", -1.0).notes[0]
    assert len(check("1E0.5", -1.0).hints) == 2


def test_no_half_written_file_is_left(toy, progress_path, monkeypatch):
    check("1E0.5", -1.0)
    before = progress_path.read_text()

    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(progress_file.os, "replace", no_space)
    assert "No space left" in check("1E0.5", -1.0).notes[0]
    assert progress_path.read_text() == before
    found = {path.name for path in progress_path.parent.iterdir()}
    assert found <= {"progress.json", "progress.json.lock"}


def test_off_writes_nothing(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_PROGRESS", "off")
    check("1E0.5", -1.0)
    assert len(check("1E0.5", -1.0).hints) == 2
    assert list(tmp_path.iterdir()) == []
    assert progress_file.location() == (None, ())


def test_default_location(tmp_path, monkeypatch):
    monkeypatch.delenv("COMPANION_PROGRESS")
    assert progress_file.location()[0] == ROOT / ".progress.json"
    monkeypatch.setattr(progress_file, "__file__", str(tmp_path / "a" / "b" / "c.py"))
    assert progress_file.location()[0] == Path.home() / ".bayes-course-progress.json"


def test_a_home_that_cannot_be_found_is_a_note(toy, tmp_path, monkeypatch):
    monkeypatch.setenv("COMPANION_PROGRESS", "~no-such-person/progress.json")
    outcome = check("1E0.5", -1.0)
    assert "home folder in COMPANION_PROGRESS (~no-such-person/progress.json)" in outcome.notes[0]
    assert len(check("1E0.5", -1.0).hints) == 2

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("COMPANION_PROGRESS")
    monkeypatch.setattr(progress_file, "__file__", str(tmp_path / "a" / "b" / "c.py"))
    monkeypatch.setattr(progress_file.Path, "home", homeless)
    assert "home folder cannot be found" in check("1E0.5", -1.0).notes[0]
    assert "home folder" in repr(progress())


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
