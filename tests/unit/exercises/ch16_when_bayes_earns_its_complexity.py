"""Chapter 16: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion.exercises import check
from companion.exercises.checks.ch16_when_bayes_earns_its_complexity import _four_wells
import numpy as np

from tests.unit.exercises.made_up import chains, fit


def case_card():
    right = {"score": 6, "lowest": np.int64(-2), "ignored": "largest_group", "step": 2}
    wrong = [
        ("expertise-forgotten", {"score": 7}),
        ("budget-counted", {"score": 4}),
        ("score", {"score": 2}),
        ("penalties-added", {"lowest": -3}),
        ("lowest", {"lowest": 0}),
        ("field-matters", {"ignored": "expertise"}),
        ("step", {"step": 3}),
    ]
    return right, wrong


def case_rolls():
    right = {"best": 141.0, "cost_best": 7.0, "cost_mean": 9.97}
    draws = np.random.default_rng(1621).normal(120.0, 25.0, 100_000)
    assert check("16E2", **right | {"best": np.quantile(draws, 0.8)}).passed
    wrong = [
        ("mean-baked", {"best": 120}),
        ("sides-swapped", {"best": 99.0}),
        ("quantile", {"best": 161.0}),
        ("quantile", {"best": 140}),
        ("quantile", {"best": 142}),
        ("costs-exchanged", {"cost_best": 9.97, "cost_mean": 7.0}),
        ("cost-mean", {"cost_mean": 7.98}),
        ("cost-best", {"cost_best": 5.6}),
    ]
    return right, wrong


def case_lasso():
    right = {"lasso": 0.0, "mean": 0.263, "probability": 0.77}
    wrong = [
        ("mean-for-mode", {"lasso": 0.263}),
        ("ridge-penalty", {"lasso": 0.337}),
        ("threshold", {"lasso": 0.5}),
        ("mode-for-mean", {"mean": 0.0}),
        ("mean", {"mean": 0.6}),
        ("prior-forgotten", {"probability": 0.885}),
        ("probability", {"probability": 0.55}),
    ]
    return right, wrong


def wells(tau=0.0, swapped=False):
    mean, third, _ = _four_wells()
    theta = np.stack([chains(35.0 + 2.0 * j, 3.0, seed=j) for j in range(4)], axis=-1)
    theta[..., 2] += third - 39.0
    if swapped:
        theta = theta[..., ::-1]
    return fit(tau=chains(mean + tau, 2.0, seed=9), mu=(39.0, 3.0), sigma=(5.5, 1.0), theta=theta)


def case_four_wells():
    ratio = _four_wells()[2]
    right = {"tau_ml": 0.0, "idata": wells(), "width_ratio": ratio + 0.05}
    slow = np.repeat(chains(4.0, 2.0, size=(4, 50)), 20, axis=1)
    wrong = [
        ("tau-ml", {"tau_ml": 2.0}),
        ("neck-missed", {"idata": wells(tau=1.5)}),
        ("tau", {"idata": wells(tau=-1.0)}),
        ("theta-order", {"idata": wells(swapped=True)}),
        ("chains-disagree", {"idata": fit(tau=slow)}),
        ("ratio-inverted", {"width_ratio": 1.0 / ratio}),
        ("width-ratio", {"width_ratio": ratio + 1.5}),
    ]
    return right, wrong


CASES = {
    "16E1": case_card,
    "16E2": case_rolls,
    "16M1": case_lasso,
    "16H1": case_four_wells,
}
