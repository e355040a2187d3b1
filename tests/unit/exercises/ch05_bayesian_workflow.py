"""Chapter 05: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion.exercises.checks.ch05_bayesian_workflow import _first_day
import numpy as np

from tests.unit.exercises.made_up import chains, fit


def case_5e1():
    right = {"sd_wide": 86.6, "absurd_wide": 0.43, "absurd_tight": 0.006, "report": "probability"}
    wrong = [
        ("sds-added", {"sd_wide": 150.0}),
        ("noise-forgotten", {"sd_wide": 70.7}),
        ("variance", {"sd_wide": 7500.0}),
        ("mean-of-sigma", {"sd_wide": 81.2}),
        ("sd", {"sd_wide": 50.0}),
        ("percent", {"absurd_wide": 43.0}),
        ("complement", {"absurd_wide": 0.57}),
        ("complement", {"absurd_tight": 0.994}),
        ("one-sided", {"absurd_wide": 0.314}),
        ("one-sided", {"absurd_wide": 0.116}),
        ("absurd-wide", {"absurd_wide": 0.2}),
        ("none-seen", {"absurd_tight": 0.0}),
        ("absurd-tight", {"absurd_tight": 0.08}),
        ("absurd-tight", {"absurd_tight": 0.0006}),
        ("range-reported", {"report": "Range"}),
    ]
    return right, wrong


def case_5m1():
    right = {"coverage_before": 0.673, "bug": "noise", "coverage_after": np.float64(0.9)}
    wrong = [
        ("percent", {"coverage_before": 67.3}),
        ("one-sd", {"coverage_before": 0.449, "coverage_after": 0.683}),
        ("ninety-five", {"coverage_before": 0.757, "coverage_after": 0.95}),
        ("bug-not-met", {"coverage_before": 0.9}),
        ("coverage-before", {"coverage_before": 0.2}),
        ("wrong-suspect", {"bug": "prior"}),
        ("wrong-suspect", {"bug": "Sum of squares"}),
        ("not-repaired", {"coverage_after": 0.67}),
        ("half-repaired", {"coverage_after": 0.8}),
    ]
    return right, wrong


def case_5m2():
    right = {"elpd_log": 68.2, "correction": -680.263, "fair_difference": 18.3}
    wrong = [
        ("corrected-already", {"elpd_log": -612.0}),
        ("elpd-log", {"elpd_log": 80.0}),
        ("sign", {"correction": 680.263}),
        ("mean-not-sum", {"correction": -3.2705}),
        ("log-of-mean", {"correction": -706.4}),
        ("correction", {"correction": 0.0}),
        ("unfair", {"fair_difference": 698.6}),
        ("difference-reversed", {"fair_difference": -18.3}),
        ("difference", {"fair_difference": 33.0}),
    ]
    return right, wrong


def case_5h1():
    posterior = {
        "alpha": (3.6099, 0.011),
        "beta": (-2.6488, 0.0743),
        "s": (0.39145, 0.0111),
        "sigma": (0.10943, 0.00934),
        "nu": (3.5859, 0.4),
    }
    right = {"idata": fit(**posterior), "gain": 28.6, "siblings": "still failing"}
    right["first_day"] = _first_day(right["idata"], "t")
    early = _first_day(right["idata"], "median")
    assert early < right["first_day"] - 1
    # A slow chain, but the same in all halves of all chains: R-hat cannot complain.
    slow = np.tile(chains(*posterior["s"], memory=0.95, size=(1, 500)), (4, 2))
    wrong = [
        ("two-changes", {"idata": fit(**posterior, tau=(0.13, 0.02))}),
        ("chains-too-short", {"idata": fit(**posterior | {"s": slow})}),
        (
            "chains-disagree",
            {"idata": fit(**posterior | {"nu": chains(3.6, 0.4) + np.arange(4)[:, None]})},
        ),
        ("tails-missing", {"idata": fit(**posterior | {"nu": (30.0, 5.0)})}),
        ("posterior-sigma", {"idata": fit(**posterior | {"sigma": (0.17, 0.008)})}),
        ("posterior-s", {"idata": fit(**posterior | {"s": (0.3, 0.01)})}),
        ("posterior-nu", {"idata": fit(**posterior | {"nu": (5.0, 0.4)})}),
        ("one-score", {"gain": -705.0}),
        ("gain-reversed", {"gain": -28.6}),
        ("gain", {"gain": 60.0}),
        ("tails-explain-siblings", {"siblings": "repaired"}),
        ("noise-left-out", {"first_day": early}),
        ("first-day", {"first_day": 40}),
    ]
    return right, wrong


CASES = {
    "5E1": case_5e1,
    "5M1": case_5m1,
    "5M2": case_5m2,
    "5H1": case_5h1,
}
