"""Chapter 18: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion.counts import pumps
from companion.exercises import check
from companion.exercises.checks.ch18_counts import (
    _coverages,
    _gain,
    _over_counties,
    _pumps_posterior,
)
import numpy as np

from tests.unit.exercises.made_up import chains, fit


def case_18e1():
    right = {"posterior_mean": 5 / 7.24, "weight": 5.24 / 7.24, "no_failure": (7.24 / 9.24) ** 5}
    assert "plugged in it would be 0.25 instead of 0.30" in check("18E1", **right).message
    wrong = [
        ("prior-forgotten", {"posterior_mean": 3 / 5.24}),
        ("exposure-forgotten", {"posterior_mean": 5 / 3}),
        ("mean", {"posterior_mean": 7.24 / 5}),
        ("weight-reversed", {"weight": 2 / 7.24}),
        ("weight", {"weight": 0.5}),
        ("plugged-in", {"no_failure": np.exp(-2 * 5 / 7.24)}),
        ("other-exposure", {"no_failure": (7.24 / 8.24) ** 5}),
        ("other-exposure", {"no_failure": 7.24 / 9.24}),
        ("prediction", {"no_failure": 1 - (7.24 / 9.24) ** 5}),
        ("percent", {"no_failure": 29.5}),
    ]
    return right, wrong


def case_18e2():
    right = {"alpha": 2.0, "logits": np.log(2.0), "p": 1 / 3, "cv": 0.5**0.5}
    wrong = [
        ("alpha-inverted", {"alpha": 0.5}),
        ("poisson-part-forgotten", {"alpha": 16 / 12}),
        ("alpha", {"alpha": 8.0}),
        ("logits-sign", {"logits": -np.log(2.0)}),
        ("no-logits", {"logits": 2 / 3}),
        ("no-logits", {"logits": np.log(4.0)}),
        ("logits", {"logits": 0.0}),
        ("p-swapped", {"p": 2 / 3}),
        ("p", {"p": 0.5}),
        ("cv-of-counts", {"cv": 12**0.5 / 4}),
        ("cv", {"cv": 0.5}),
    ]
    return right, wrong


def case_18e3():
    basements, floors = _over_counties()
    slope = np.log(floors / (1 - floors)) - np.log(basements / (1 - basements))
    right = {"middle": 1 / (1 + np.e), "average": basements, "slope": slope, "worth": 489.9}
    wrong = [
        ("odds", {"middle": np.exp(-1.0)}),
        ("middle", {"middle": 0.5}),
        ("plugged-in", {"average": 1 / (1 + np.e)}),
        ("average", {"average": 0.31}),
        ("within-counties", {"slope": -1.5}),
        ("difference-of-shares", {"slope": floors - basements}),
        ("odds-ratio", {"slope": np.exp(slope)}),
        ("sign", {"slope": -slope}),
        ("slope", {"slope": -1.2}),
        ("share-kept", {"worth": 0.4899}),
        ("at-best", {"worth": 637}),
        ("variance-of-an-answer", {"worth": 160}),
        ("worth", {"worth": 1000}),
        ("percent", {"middle": 26.9}),
    ]
    return right, wrong


def test_18e3_takes_the_rule_of_the_chapter_for_right():
    rule = 1 / np.sqrt(1 + 0.35 * 2.0**2)
    right, _ = case_18e3()
    answers = right | {"average": 1 / (1 + np.exp(rule)), "slope": -1.5 * rule}
    assert check("18E3", **answers).passed


def pumps_fit(moments, **changed):
    """Return a made-up fit with the given means and standard deviations, and other ones for some."""
    moments = moments | changed
    rate = np.stack([chains(*moments[f"rate[{i}]"], seed=i) for i in range(1, 11)], axis=-1)
    return fit(rate=rate, mean_rate=moments["mean_rate"], cv=moments["cv"])


def case_18m1():
    exact, weight = _pumps_posterior(exposed=True)
    frame = pumps()
    raw = {
        f"rate[{i}]": (f / h, f**0.5 / h)
        for i, f, h in frame[["pump", "failures", "hours"]].itertuples(index=False)
    }
    right = {"idata": pumps_fit(exact), "weight_9": weight}
    wrong = [
        ("exposure-forgotten", {"idata": pumps_fit(_pumps_posterior(exposed=False)[0])}),
        ("not-pooled", {"idata": pumps_fit(exact, **raw)}),
        ("mean_rate", {"idata": pumps_fit(exact, mean_rate=(1.2, 0.4))}),
        ("cv", {"idata": pumps_fit(exact, cv=(0.8, 0.2))}),
        ("rates", {"idata": pumps_fit(exact, **{"rate[7]": (0.5, 0.3)})}),
        ("weight-reversed", {"weight_9": 1.0 - weight}),
        ("weight", {"weight_9": weight - 0.05}),
    ]
    return right, wrong


def case_18m2():
    differing, equal = _coverages()
    right = {"coverage_equal": equal, "coverage_differing": differing, "cause": "Standard error"}
    # A simulation of 400 data sets is not exact.
    assert check("18M2", **right | {"coverage_equal": 0.955, "coverage_differing": 0.51}).passed
    wrong = [
        (
            "missed-counted",
            {"coverage_equal": 1 - equal, "coverage_differing": 1 - differing},
        ),
        ("exposure-forgotten", {"coverage_differing": 0.0}),
        ("swapped", {"coverage_equal": differing, "coverage_differing": equal}),
        ("equal", {"coverage_equal": 0.7}),
        ("differing", {"coverage_differing": 0.93}),
        ("percent", {"coverage_equal": 94.0}),
        ("slope-blamed", {"cause": "slope"}),
    ]
    return right, wrong


def case_18h1():
    right = {"gain_a": _gain("a"), "gain_b": _gain("b"), "false_zeros": "b"}
    wrong = [
        (
            "exposure-forgotten",
            {"gain_a": _gain("a", exposed=False), "gain_b": _gain("b", exposed=False)},
        ),
        ("sign", {"gain_a": -right["gain_a"], "gain_b": -right["gain_b"]}),
        ("swapped", {"gain_a": right["gain_b"], "gain_b": right["gain_a"]}),
        ("gains", {"gain_a": right["gain_a"] - 3.0}),
        ("gains", {"gain_b": right["gain_b"] + 3.0}),
        ("wrong-verdict", {"false_zeros": "a"}),
    ]
    return right, wrong


CASES = {
    "18E1": case_18e1,
    "18E2": case_18e2,
    "18E3": case_18e3,
    "18M1": case_18m1,
    "18M2": case_18m2,
    "18H1": case_18h1,
}
