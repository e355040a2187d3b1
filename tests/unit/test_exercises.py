"""Every exercise is checked three ways: right answers, the stub, typical wrong answers.

Posteriors are made up around their known means: a check looks at draws, not at how they were made.
"""

from functools import cache
import json
import math
from pathlib import Path
import subprocess
import sys

from companion import datasets
from companion.exercises import (
    assert_all_passed,
    check,
    engine,
    progress,
    progress_file,
    reset_progress,
)
from companion.exercises.answers import Miss, posterior_mean, require
from companion.exercises.registry import EXERCISES, Exercise, exercise, find
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def progress_path(tmp_path, monkeypatch):
    """Keep the progress of the tests away from the learner's."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv("COMPANION_PROGRESS", str(path))
    monkeypatch.setattr(engine, "_SESSION", {})
    monkeypatch.setattr(progress_file, "_MEMORY", {})
    return path


# --- Made-up fits ---------------------------------------------------------------------------------


def chains(mean, sd, memory=0.0, seed=0, size=(4, 1000)):
    """Return autocorrelated normal draws; `memory` is the correlation of neighbors."""
    steps = np.random.default_rng(seed).normal(size=size)
    values = steps.copy()
    for i in range(1, size[1]):
        values[:, i] = memory * values[:, i - 1] + math.sqrt(1 - memory**2) * steps[:, i]
    return mean + sd * values


def fit(diverging=0, energy_memory=0.0, rows=None, **posterior):
    """Return a DataTree with the given draws; a pair (mean, sd) stands for normal draws."""
    import arviz as az

    values = {
        name: chains(*value, seed=i) if isinstance(value, tuple) else value
        for i, (name, value) in enumerate(posterior.items())
    }
    flags = np.zeros((4, 1000), dtype=bool)
    flags.flat[:diverging] = True
    groups = {
        "posterior": values,
        "sample_stats": {"diverging": flags, "energy": chains(50, 5, energy_memory, seed=99)},
    }
    if rows is not None:
        groups["observed_data"] = {"y": np.zeros(rows)}
    return az.from_dict(groups)


# --- Answers: for each exercise the right ones, and wrong ones with the misconception they show -----


def babies_model(likelihood="t", nu="free", slope=True, transform=np.sqrt, intercept=True):
    import pymc as pm

    frame = datasets.babies()
    x = transform(frame["month"].to_numpy(float))
    with pm.Model() as model:
        mu = pm.Normal("beta0", 50.0, 10.0) if intercept else 0.0
        mu = mu + pm.Normal("beta1", 0.0, 10.0) * x if slope else mu
        sigma = pm.HalfNormal("sigma", 10.0)
        if likelihood == "normal":
            pm.Normal("length", mu, sigma, observed=frame["length"])
        else:
            nu = pm.Gamma("nu", 2.0, 0.1) if nu == "free" else nu
            pm.StudentT("length", nu=nu, mu=mu, sigma=sigma, observed=frame["length"])
    return model


def case_4e3():
    right = {
        "model": babies_model(),
        "idata": fit(nu=(32.0, 5.0)),
        "elpd_difference": -0.4,
        "conclusion": "not needed",
    }
    wrong = [
        ("likelihood-not-robust", {"model": babies_model("normal")}),
        ("nu-fixed", {"model": babies_model(nu=30.0)}),
        ("parameter-count", {"model": babies_model(slope=False)}),
        ("mean-not-a-line", {"model": babies_model(transform=np.square)}),
        ("other-data", {"idata": fit(nu=(1.3, 0.1))}),
        ("chains-disagree", {"idata": fit(nu=chains(32, 5) + np.arange(4)[:, None] * 3)}),
        ("chains-too-short", {"idata": fit(nu=chains(32, 5, size=(4, 60)))}),
        ("not-a-difference", {"elpd_difference": -1985.3}),
        ("difference-reversed", {"elpd_difference": 0.4}),
        ("models-differ", {"elpd_difference": -12.0}),
        ("robust-by-default", {"conclusion": "Needed"}),
    ]
    return right, wrong


def case_4e5():
    right = {
        "t1_matches": "Cauchy",
        "tinf_matches": "normal",
        "peak_t1": 0.3183,
        "tail_t1": 0.2048,
        "tail_normal": np.float64(0.0026998),
    }
    wrong = [
        ("swapped", {"t1_matches": "normal", "tinf_matches": "cauchy"}),
        ("same-answer-twice", {"tinf_matches": "cauchy"}),
        ("nu-infinite", {"tail_normal": float("nan")}),
        ("swapped", {"tail_t1": 0.0027, "tail_normal": 0.2048}),
        ("one-sided-tail", {"tail_t1": 0.1024}),
        ("one-sided-tail", {"tail_normal": 0.00135}),
        ("other-scale", {"peak_t1": 0.1592}),
        ("peak-of-the-normal", {"peak_t1": 0.3989}),
        ("peak", {"peak_t1": 0.5}),
        ("tail", {"tail_t1": 0.5}),
        ("nu-not-large", {"tail_normal": 0.0071}),
    ]
    return right, wrong


def case_4m9():
    robust = {"slope": (0.3453, 0.0005), "sigma": (0.0032, 0.0005), "rows": 11}
    right = {"normal_slope": 0.489, "robust_idata": fit(nu=(1.6, 0.1), **robust)}
    vector = np.stack([chains(4.0, 0.004), chains(0.3453, 0.0005, seed=1)], axis=-1)
    assert check(
        "4M9", normal_slope=0.5, robust_idata=fit(beta=vector, sigma=(1.0, 0.1), nu=(1.6, 0.1))
    ).passed
    wrong = [
        ("point-dropped", {"normal_slope": 0.3454}),
        ("point-dropped", {"robust_idata": fit(nu=(30.0, 2.0), **robust | {"rows": 10})}),
        ("normal-slope", {"normal_slope": 0.1}),
        ("nu-unbounded", {"robust_idata": fit(nu=(0.09, 0.001), **robust)}),
        ("not-robust", {"robust_idata": fit(nu=(30.0, 2.0), slope=(0.49, 0.1), sigma=(1.4, 0.1))}),
        (
            "robust-slope",
            {"robust_idata": fit(nu=(1.6, 0.1), slope=(0.37, 0.001), sigma=(0.1, 0.01))},
        ),
        (
            "chains-disagree",
            {"robust_idata": fit(nu=(1.6, 0.1), **robust | {"slope": (0.3453, 0.0005, 0.95)})},
        ),
    ]
    return right, wrong


def case_8m1():
    right = {"idata_wide": fit(sigma=(12766.0, 643.0), beta=(191.4, 10.9)), "binding": "prior"}
    wrong = [
        ("prior-kept", {"idata_wide": fit(sigma=(2951.0, 24.7))}),
        ("likelihood-changed", {"idata_wide": fit(sigma=(165.0, 14.0), nu=(1.3, 0.1))}),
        ("outliers-dropped", {"idata_wide": fit(sigma=(239.0, 12.0))}),
        ("sigma", {"idata_wide": fit(sigma=(10303.0, 361.0))}),
        ("chains-too-short", {"idata_wide": fit(sigma=chains(12766.0, 643.0, size=(4, 60)))}),
        ("likelihood-blamed", {"binding": "likelihood"}),
    ]
    return right, wrong


def case_4h13_1():
    right = {"effect": 0.676, "times": 1.97}
    wrong = [
        ("sign-reversed", {"effect": -0.676}),
        ("raw-scale", {"effect": 2.5}),
        ("effect-is-a-ratio", {"effect": 1.97}),
        ("pooled", {"effect": 0.586}),
        ("effect", {"effect": 0.48}),
        ("sign-reversed", {"times": 0.51}),
        ("log-not-undone", {"times": 0.676}),
    ]
    return right, wrong


RADON = {
    "mu_alpha": (0.82, 0.07),
    "sigma_alpha": (0.28, 0.05),
    "mu_beta": (0.675, 0.075),
    "sigma_beta": (0.19, 0.03),
}


def case_4h13_2():
    county = datasets.radon()["county"]
    houses_in_small_counties = int((county.map(county.value_counts()) < 5).sum())
    right = {
        "idata": fit(**RADON),
        "counties_below_5": 39,
        "counties_one_floor": np.int64(25),
        "shrinks_most": "small counties",
    }
    wrong = [
        ("five-included", {"counties_below_5": 46}),
        ("houses-counted", {"counties_below_5": houses_in_small_counties}),
        ("count-of-small-counties", {"counties_below_5": 3}),
        ("opposite-count", {"counties_one_floor": 60}),
        ("count-of-one-floor", {"counties_one_floor": 2}),
        ("sign-reversed", {"idata": fit(**RADON | {"mu_beta": (-0.67, 0.07)})}),
        ("raw-scale", {"idata": fit(**RADON | {"mu_beta": (2.5, 0.4)})}),
        ("mean-effect", {"idata": fit(**RADON | {"mu_beta": (0.48, 0.07)})}),
        ("no-partial-pooling", {"idata": fit(**RADON | {"sigma_alpha": (2.0, 0.1)})}),
        (
            "chains-disagree",
            {"idata": fit(**RADON | {"mu_beta": chains(0.67, 0.07) + np.arange(4)[:, None]})},
        ),
        ("shrinkage-uniform", {"shrinks_most": "all alike"}),
        ("shrinkage-backwards", {"shrinks_most": "large counties"}),
    ]
    return right, wrong


def case_4h13_3():
    bad, good = (0.19, 0.03, 0.97), (0.19, 0.03, 0.5)
    right = {
        "centered": fit(diverging=20, **RADON | {"sigma_beta": bad}),
        "noncentered": fit(**RADON | {"sigma_beta": good}),
        "which": "noncentered",
        "estimates_change": False,
    }
    other = fit(**RADON | {"sigma_beta": good, "mu_beta": (0.75, 0.07)})
    wrong = [
        ("fits-exchanged", {"centered": right["noncentered"], "noncentered": right["centered"]}),
        ("fits-exchanged", {"noncentered": right["centered"]}),
        ("same-geometry", {"noncentered": fit(**RADON | {"sigma_beta": bad})}),
        ("centered-chosen", {"which": "centered"}),
        ("estimates-change", {"estimates_change": True}),
        ("different-models", {"noncentered": other}),
        (
            "sign-reversed",
            {"noncentered": fit(**RADON | {"sigma_beta": good, "mu_beta": (-0.67, 0.07)})},
        ),
    ]
    return right, wrong


def salad_fit(seed=0, mean=5.05, standardized=None, slopes=None, **options):
    mu = chains(mean, 0.072, seed=seed)
    extra = {} if standardized is None else {standardized: mu / 10.0}
    if slopes is not None:
        extra["z"] = np.random.default_rng(seed).normal(size=(4, 1000, 6))
    return fit(mu_beta=mu, tau_beta=np.abs(chains(0.07, 0.05, seed=seed + 50)), **extra, **options)


def case_4h15():
    right = {
        "centered_mu": salad_fit(1, slopes=6, diverging=5),
        "rescaled_mu": salad_fit(2, standardized="z_mu", slopes=6, diverging=9),
        "helps": False,
    }
    wrong = [
        ("cures-divergences", {"helps": True}),
        ("slopes-not-mean", {"rescaled_mu": salad_fit(2, slopes=6)}),
        (
            "fits-exchanged",
            {"centered_mu": right["rescaled_mu"], "rescaled_mu": right["centered_mu"]},
        ),
        ("different-models", {"rescaled_mu": salad_fit(2, mean=5.2, standardized="z_mu")}),
        (
            "other-data",
            {
                "centered_mu": salad_fit(1, mean=8.1, slopes=6),
                "rescaled_mu": salad_fit(2, mean=8.1, standardized="z_mu", slopes=6),
            },
        ),
    ]
    return right, wrong


def schools(tau, **options):
    return fit(
        mu=(7.6, 4.6), tau=tau, theta=np.random.default_rng(0).normal(size=(4, 1000, 8)), **options
    )


def case_11h1():
    right = {
        "broken": schools((5.7, 3.5, 0.97), diverging=60, energy_memory=0.8),
        "hidden": schools((5.1, 3.5, 0.98), diverging=2, energy_memory=0.95),
        "trust": False,
    }
    healthy = schools((4.70, 3.9), energy_memory=0.5)
    quiet_ess = schools((5.1, 3.5, 0.95), diverging=2, energy_memory=0.5)
    assert check("11H1", **right | {"hidden": quiet_ess}).passed
    wrong = [
        ("not-broken", {"broken": healthy}),
        ("still-diverging", {"hidden": right["broken"]}),
        ("really-cured", {"hidden": healthy}),
        ("silence-trusted", {"trust": True}),
    ]
    return right, wrong


CASES = {
    "4E3": cache(case_4e3),
    "4E5": cache(case_4e5),
    "4M9": cache(case_4m9),
    "8M1": cache(case_8m1),
    "4H13.1": cache(case_4h13_1),
    "4H13.2": cache(case_4h13_2),
    "4H13.3": cache(case_4h13_3),
    "4H15": cache(case_4h15),
    "11H1": cache(case_11h1),
}


def test_every_exercise_has_a_case():
    assert set(CASES) == set(EXERCISES)


@pytest.mark.parametrize("exercise_id", CASES)
def test_right_answers_pass(exercise_id):
    right, _ = CASES[exercise_id]()
    outcome = check(exercise_id, **right)
    assert outcome.passed, outcome
    assert outcome.message.endswith(".")
    assert outcome.hints == () and outcome.solution is None
    assert_all_passed(exercise_id)


@pytest.mark.parametrize("exercise_id", CASES)
@pytest.mark.parametrize("hole", [..., None])
def test_stub_is_not_attempted(exercise_id, hole, progress_path):
    answers = find(exercise_id).answers
    for outcome in (check(exercise_id, **dict.fromkeys(answers, hole)), check(exercise_id)):
        assert outcome.status == "not attempted yet"
        assert all(f"`{name}`" in outcome.message for name in answers)
    assert not progress_path.exists()


@pytest.mark.parametrize("exercise_id", CASES)
def test_one_missing_answer_is_named(exercise_id):
    right, _ = CASES[exercise_id]()
    last = list(right)[-1]
    outcome = check(exercise_id, **right | {last: ...})
    assert outcome.status == "not attempted yet"
    assert f"`{last}`" in outcome.message


@pytest.mark.parametrize("exercise_id", CASES)
def test_wrong_answers_get_their_own_hints(exercise_id):
    right, wrong = CASES[exercise_id]()
    hints = {}
    for key, changes in wrong:
        reset_progress()
        outcome = check(exercise_id, **right | changes)
        assert (outcome.status, outcome.misconception) == ("not yet", key), outcome
        assert len(outcome.hints) == 1
        second = check(exercise_id, **right | changes)
        assert second.hints[0] == outcome.hints[0] and len(set(second.hints)) == 2
        hints.setdefault(key, set()).add(second.hints[1])
    assert len(hints) >= 2
    texts = [text for texts in hints.values() for text in texts]
    assert len(texts) == len(set(texts)), "two misconceptions share a hint"


BAD_VALUES = [
    "no such thing",
    float("nan"),
    math.inf,
    np.zeros((2, 3)),
    [1, 2],
    object(),
    {"posterior": 1},
]


@pytest.mark.parametrize("exercise_id", CASES)
def test_unusable_answers_are_named_and_never_raise(exercise_id):
    right, _ = CASES[exercise_id]()
    for name in right:
        for value in BAD_VALUES:
            outcome = check(exercise_id, **right | {name: value})
            assert outcome.status == "not yet", (name, value)
            if (name, outcome.misconception) == ("tail_normal", "nu-infinite"):
                continue  # 4E5 knows this one
            assert outcome.misconception == "unusable-answer", (name, value)
            assert f"`{name}` is" in outcome.message
            assert find(exercise_id).answers[name] in outcome.message
            assert outcome.hints == ()


def test_fit_without_a_variable_or_with_nan_says_so():
    right, _ = CASES["8M1"]()
    outcome = check("8M1", **right | {"idata_wide": fit(scale=(1.0, 0.1))})
    assert "no variable 'sigma', only scale" in outcome.message
    outcome = check("8M1", **right | {"idata_wide": fit(sigma=np.full((4, 1000), np.nan))})
    assert "not finite" in outcome.message
    outcome = check("8M1", **right | {"idata_wide": fit(sigma=np.ones((4, 1000, 3)) * 12766.0)})
    assert outcome.misconception == "unusable-answer"


# --- The engine -----------------------------------------------------------------------------------


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
    heavy = "{'pymc', 'pytensor', 'jax', 'arviz', 'xarray', 'scipy', 'matplotlib'}"
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
