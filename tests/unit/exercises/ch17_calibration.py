"""Chapter 17: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion.exercises import check, reset_progress
from companion.exercises.checks.ch17_calibration import (
    _four_programs,
    _ranks_by_quantity,
    _two_programs,
)
import numpy as np


def case_four_histograms():
    programs = _four_programs()

    def renamed(**words):
        new = {old.replace("_", " "): word for old, word in words.items()}
        return {"programs": {letter: new.get(word, word) for letter, word in programs.items()}}

    right = {"programs": dict(programs)}
    wrong = [
        ("narrow-and-wide-swapped", renamed(too_narrow="too wide", too_wide="too narrow")),
        ("direction-of-bias", renamed(too_high="too low")),
        ("slope-missed", renamed(too_high="right", right="too high")),
        ("flat-is-right", renamed(right="too wide", too_wide="right")),
        ("which-is-which", renamed(too_narrow="right")),
    ]
    return right, wrong


def case_cannot_fail():
    broken = _two_programs()[3]
    by_quantity = {letter: _ranks_by_quantity(letter) for letter in "AB"}
    right = {
        "ranks_a": by_quantity["A"]["right"],
        "ranks_b": list(by_quantity["B"]["right"]),
        "broken": broken,
    }
    wrong = [
        ("theta-ranked", {"ranks_a": by_quantity["A"]["theta"]}),
        ("upside-down", {"ranks_b": by_quantity["B"]["reversed"]}),
        ("five-trips", {"ranks_b": by_quantity["B"]["half"]}),
        ("prior-added", {"ranks_a": by_quantity["A"]["joint"]}),
        ("shares", {"ranks_a": by_quantity["A"]["right"] / 99.0}),
        ("log-likelihood", {"ranks_a": by_quantity["B"]["right"]}),
        ("wrong-program", {"broken": "AB"[broken == "A"].lower()}),
    ]
    return right, wrong


def case_how_many():
    right = {"outside": 0.188, "power_forty": 0.334, "data_sets": 164}
    wrong = [
        ("inside", {"outside": 0.812}),
        ("one-tail", {"outside": 0.094}),
        ("interval-widened", {"outside": 0.0398}),
        ("interval-widened", {"outside": 0.0484}),
        ("variance-reduced", {"outside": 0.141}),
        ("promise", {"outside": 0.1}),
        ("outside", {"outside": 0.3}),
        ("missed", {"power_forty": 0.666}),
        ("one-sided-power", {"power_forty": 0.487}),
        ("power-forty", {"power_forty": 0.9}),
        ("expected-count", {"data_sets": 45}),
        ("expected-count", {"data_sets": 57}),
        ("one-sided-test", {"data_sets": 135}),
        ("normal-approximation", {"data_sets": 153}),
        ("not-the-smallest", {"data_sets": 175}),
        ("not-the-smallest", {"data_sets": 165}),
        ("data-sets", {"data_sets": 250}),
    ]
    return right, wrong


def scaled(prior=1.0, likelihood=1.0):
    precision = prior / 16.0 + likelihood * 5.0 / 100.0
    return (prior * 20.0 / 16.0 + likelihood * 32.0 / 20.0) / precision, precision**-0.5


def case_power_scaling():
    (weak, sd), (strong, sd_strong) = scaled(0.8), scaled(1.25)
    right = {"mean_weak": weak + 0.1, "sd_weak": sd - 0.05, "mean_strong": np.float64(strong)}
    wrong = [
        ("weights-not-normalized", {"mean_weak": 4000.0 * weak}),
        ("weights-not-normalized", {"mean_weak": 2.0 * weak, "mean_strong": 0.4 * strong}),
        ("unweighted", {"mean_weak": scaled()[0], "sd_weak": scaled()[1]}),
        (
            "posterior-scaled",
            {
                "mean_weak": scaled()[0],
                "sd_weak": scaled()[1] / np.sqrt(0.8),
                "mean_strong": scaled()[0],
            },
        ),
        ("whole-power", {"mean_weak": scaled(1.8)[0], "mean_strong": scaled(2.25)[0]}),
        ("log-weights", {"mean_weak": 26.19, "mean_strong": 26.19}),
        (
            "likelihood-weighted",
            {
                "mean_weak": scaled(1.0, 0.8)[0],
                "sd_weak": scaled(1.0, 0.8)[1],
                "mean_strong": scaled(1.0, 1.25)[0],
            },
        ),
        ("powers-exchanged", {"mean_weak": strong, "sd_weak": sd_strong, "mean_strong": weak}),
        ("mean-weak", {"mean_weak": 28.0}),
        ("mean-strong", {"mean_strong": 21.5}),
        ("variance-given", {"sd_weak": sd**2}),
        ("sd-unweighted", {"sd_weak": scaled()[1]}),
        ("sd-weak", {"sd_weak": 4.0}),
    ]
    return right, wrong


def made_up_ranks(factor=1.0, shift=0.0, data_sets=100, seed=0):
    """Return ranks of a program whose posterior sd is too small by a factor."""
    rng = np.random.default_rng(seed)
    truth = rng.standard_normal(data_sets)
    draws = rng.normal(shift, 1.0 / factor, (data_sets, 100))
    return (draws < truth[:, None]).sum(axis=1)


def case_too_sure():
    right = {
        "ranks_before": made_up_ranks(2.0, seed=1),
        "bug": "join",
        "times": 4,
        "ranks_after": list(made_up_ranks(seed=2)),
    }
    for seed in range(100, 120):  # a right answer is right with any seed
        ranks = {
            "ranks_before": made_up_ranks(2.0, seed=seed),
            "ranks_after": made_up_ranks(seed=seed + 500),
        }
        assert check("17H1", **right | ranks).passed
    ends = np.random.default_rng(6).choice([0, 100], 100)
    few_inside = np.where(np.arange(100) % 25 == 7, 50, ends)
    assert "In 96% of the data sets" in "".join(
        [check("17H1", **right | {"ranks_before": few_inside}).hints[-1] for _ in range(2)]
    )
    reset_progress()
    wrong = [
        ("shares", {"ranks_after": made_up_ranks(seed=2) / 100.0}),
        (
            "shares-rounded",
            {"ranks_before": np.arange(80) % 2, "ranks_after": np.arange(80) % 2},
        ),
        ("few-data-sets", {"ranks_before": made_up_ranks(2.0, data_sets=60)}),
        ("bug-shared", {"ranks_before": made_up_ranks(seed=3)}),
        ("one-sided-ranks", {"ranks_before": made_up_ranks(2.0, shift=1.5)}),
        ("in-order", {"ranks_after": np.arange(101)}),
        ("in-order", {"ranks_before": [0, 100] * 50}),
        ("all-outside", {"ranks_before": np.random.default_rng(6).choice([0, 100], 100)}),
        ("too-even", {"ranks_after": np.random.default_rng(7).permutation(101)}),
        ("not-the-culprit", {"bug": "prior"}),
        ("twice", {"times": 2}),
        ("times", {"times": 48}),
        ("still-too-sure", {"ranks_after": made_up_ranks(2.0, seed=4)}),
        ("counts-lost", {"ranks_after": made_up_ranks(0.5, seed=5)}),
        ("not-uniform", {"ranks_after": made_up_ranks(shift=0.6, seed=5)}),
    ]
    return right, wrong


CASES = {
    "17E1": case_four_histograms,
    "17E2": case_cannot_fail,
    "17M1": case_how_many,
    "17M2": case_power_scaling,
    "17H1": case_too_sure,
}
