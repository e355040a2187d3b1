"""Chapter 01: for each exercise the right answers, and wrong ones with the mistake they show."""

import math

from companion.exercises import check
import numpy as np
from scipy import stats

from tests.unit.exercises.made_up import chains, fit


def case_1e1():
    right = {
        "shape_spring": 12,
        "rate_spring": 5.2,
        "shape_both": 17,
        "rate_both": np.float64(6.3),
        "probability": 0.034766,
    }
    by_draws = np.mean(np.random.default_rng(1).gamma(17, 1 / 6.3, 100_000) > 4.0)
    assert check("1E1", **right | {"probability": by_draws}).passed
    wrong = [
        ("percent", {"probability": 3.5}),
        ("prior-forgotten", {"shape_spring": 9}),
        ("prior-forgotten", {"rate_spring": 4.2}),
        ("periods-counted", {"rate_spring": 2.0}),
        ("scale-for-rate", {"rate_spring": 1 / 5.2}),
        ("spring", {"shape_spring": 11}),
        ("prior-twice", {"shape_both": 20, "rate_both": 7.3}),
        ("spring-forgotten", {"shape_both": 8, "rate_both": 2.1}),
        ("both", {"rate_both": 1.1}),
        ("lower-tail", {"probability": 0.965234}),
        ("rate-as-scale", {"probability": 1.0}),
        ("probability", {"probability": 0.0143}),
    ]
    return right, wrong


def case_1e2():
    rng = np.random.default_rng(5)
    a, b = rng.beta(32, 178, 100_000), rng.beta(14, 136, 100_000)
    d = a - b
    right = {
        "mean": d.mean(),
        "variance": d.var(),
        "probability": np.mean(a > b),
        "low": np.quantile(d, 0.03),
        "high": np.quantile(d, 0.97),
        "mcse": d.std() / math.sqrt(d.size),
    }
    raw = rng.beta(30, 160, 100_000) - rng.beta(12, 118, 100_000)
    wrong = [
        ("difference-reversed", {"mean": -d.mean()}),
        ("prior-forgotten", {"mean": raw.mean()}),
        ("mean", {"mean": a.mean()}),
        ("sd-for-variance", {"variance": d.std()}),
        ("variances-subtracted", {"variance": a.var() - b.var()}),
        ("variance", {"variance": a.var()}),
        ("event-reversed", {"probability": np.mean(a < b)}),
        ("probability", {"probability": 0.5}),
        ("wrong-mass", {"low": np.quantile(d, 0.06), "high": np.quantile(d, 0.94)}),
        ("wrong-mass", {"low": np.quantile(d, 0.06)}),
        ("not-central", {"low": d.min(), "high": np.quantile(d, 0.94)}),
        ("sd-for-mcse", {"mcse": d.std()}),
        ("mcse", {"mcse": d.var() / d.size}),
    ]
    return right, wrong


def case_1m1():
    rng = np.random.default_rng(6)
    p = stats.beta(32, 178).sf(0.24)
    seen = rng.binomial(1000, p, size=20_000) / 1000
    hit = np.abs(seen - p) <= 1.96 * np.sqrt(seen * (1 - seen) / 1000)
    right = {
        "expected": 1000 * p,
        "none": (1 - p) ** 1000,
        "coverage": hit.mean(),
        "needed": 100 / p,
    }
    wrong = [
        ("probability-for-count", {"expected": p}),
        ("expected", {"expected": 1000 * stats.beta(30, 160).sf(0.24)}),
        ("at-least-one", {"none": 1 - (1 - p) ** 1000}),
        ("one-draw", {"none": 1 - p}),
        ("none", {"none": 0.0}),
        ("empty-runs-dropped", {"coverage": hit[seen > 0].mean()}),
        ("nominal", {"coverage": 0.95}),
        ("coverage", {"coverage": 0.1}),
        ("not-squared", {"needed": 10 / p}),
        ("absolute-error", {"needed": p * (1 - p) / 0.1**2}),
        ("needed", {"needed": 1000 / p}),
    ]
    return right, wrong


def case_1h1():
    from companion.exercises.checks.ch01_from_conjugacy_to_computation import _nested

    (tau, mu, evidence), (flat_tau, _, flat) = _nested(), _nested(flat=True)
    right = {
        "log_evidence": evidence + 0.01,
        "tau_mean": tau + 0.001,
        "idata": fit(mu=(mu, 0.17), tau=(tau, 0.15)),
    }
    wrong = [
        ("not-a-logarithm", {"log_evidence": math.exp(evidence)}),
        ("coefficients-dropped", {"log_evidence": evidence - 253.1}),
        ("priors-dropped", {"log_evidence": flat}),
        ("priors-dropped", {"tau_mean": flat_tau}),
        ("log-evidence", {"log_evidence": evidence + 2 * math.log(50)}),
        ("prior-mean", {"tau_mean": 0.399}),
        ("tau-mean", {"tau_mean": tau**2}),
        ("fit-tau", {"idata": fit(mu=(mu, 0.17), tau=(tau + 0.1, 0.15))}),
        ("fit-mu", {"idata": fit(mu=(mu + 0.1, 0.17), tau=(tau, 0.15))}),
        ("chains-too-short", {"idata": fit(tau=chains(tau, 0.15, size=(4, 60)))}),
        ("chains-disagree", {"idata": fit(tau=chains(tau, 0.05) + np.arange(4)[:, None] * 0.1)}),
    ]
    return right, wrong


CASES = {
    "1E1": case_1e1,
    "1E2": case_1e2,
    "1M1": case_1m1,
    "1H1": case_1h1,
}
