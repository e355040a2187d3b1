"""Chapter 19: for each exercise the right answers, and wrong ones with the mistake they show."""

import math

from companion.exercises import check
from companion.exercises.checks.ch19_when_a_model_does_not_run import (
    PLANTED,
    day_codes,
    fake_errors,
    fridays,
    parts_at_start,
)
import numpy as np


def case_19e1():
    parts = parts_at_start()
    rest = parts["alpha"] + parts["sigma"] + parts["tip"]
    right = {"culprit": "beta", "rest": rest}
    wrong = [
        ("data-blamed", {"culprit": "tip"}),
        ("culprit", {"culprit": "sigma"}),
        ("culprit", {"culprit": "alpha"}),
        ("jacobian", {"rest": rest + math.log(0.9)}),
        ("data-forgotten", {"rest": rest - parts["tip"]}),
        ("rest", {"rest": parts["tip"]}),
    ]
    return right, wrong


def case_19e2():
    right = {"alpha_mean": 4000.0, "alpha_sd": 1000.0, "beta_sd": 50.0, "sigma_scale": 1000.0}
    wrong = [
        ("alpha_mean-unchanged", {"alpha_mean": 4.0}),
        ("alpha_sd-unchanged", {"alpha_sd": 1.0}),
        ("beta_sd-unchanged", {"beta_sd": 0.5}),
        ("sigma_scale-unchanged", {"sigma_scale": 1}),
        ("alpha_sd-as-variance", {"alpha_sd": 1e6}),
        ("sigma_scale-as-variance", {"sigma_scale": math.sqrt(1000.0)}),
        ("per-centimeter", {"beta_sd": 500.0}),
        ("upside-down", {"beta_sd": 5000.0}),
        ("alpha_mean", {"alpha_mean": 400.0}),
        ("alpha_sd", {"alpha_sd": 100.0}),
        ("beta_sd", {"beta_sd": 5.0}),
        ("sigma_scale", {"sigma_scale": 100.0}),
    ]
    return right, wrong


def case_19m1():
    codes, seen, names = day_codes()
    mended = np.array([names.index(seen[code]) for code in codes])
    right = {"wrong_rows": 157, "sundays": "Fri", "mended": mended}
    wrong = [
        ("all-rows", {"wrong_rows": 244}),
        ("right-rows", {"wrong_rows": 87}),
        ("rows", {"wrong_rows": 3}),
        ("as-it-should", {"sundays": "Sun"}),
        ("backwards", {"sundays": "Thur"}),
        ("name", {"sundays": "Sat"}),
        ("unmended", {"mended": codes}),
        ("from-one", {"mended": mended + 1}),
        ("order", {"mended": 3 - mended}),
    ]
    return right, wrong


def case_19m2():
    best = math.sqrt(np.mean(fake_errors() ** 2))
    right = {"found": math.sqrt(best), "should": best, "blind": 1.0}
    wrong = [
        ("mended-already", {"found": best}),
        ("squared-again", {"found": best**2}),
        ("found", {"found": 1.0}),
        ("the-planted-value", {"should": PLANTED}),
        ("should", {"should": math.sqrt(best)}),
        ("no-spread", {"blind": 0}),
        ("blind", {"blind": PLANTED}),
    ]
    return right, wrong


def tips_pymc(learns, observed=True, scale=2.0):
    import pymc as pm

    tip = fridays()[1]
    with pm.Model() as model:
        mu = pm.Normal("mu", 3.0, 2.0)
        sigma = pm.HalfNormal("sigma", scale)
        mean = mu if learns else tip.mean()
        pm.Normal("tip", mean, sigma, observed=tip if observed else None)
    return model


def tips_tfp(learns, observed=True):
    import jax.numpy as jnp
    import tensorflow_probability.substrates.jax as tfp

    tfd, tip = tfp.distributions, fridays()[1]

    @tfd.JointDistributionCoroutineAutoBatched
    def joint():
        mu = yield tfd.Normal(jnp.float64(3.0), 2.0, name="mu")
        sigma = yield tfd.HalfNormal(jnp.float64(2.0), name="sigma")
        mean = mu if learns else jnp.float64(tip.mean())
        yield tfd.Sample(tfd.Normal(mean, sigma), len(tip), name="tip")

    return joint.experimental_pin(tip=tip) if observed else joint


def case_19h1():
    right = {"broken": tips_pymc(learns=False), "mended": tips_pymc(learns=True)}
    assert check("19H1", broken=tips_tfp(learns=False), mended=tips_tfp(learns=True)).passed
    wrong = [
        ("swapped", {"broken": tips_pymc(learns=True), "mended": tips_tfp(learns=False)}),
        ("still-learns", {"broken": tips_tfp(learns=True)}),
        ("still-deaf", {"mended": tips_tfp(learns=False)}),
        ("broken-not-observed", {"broken": tips_pymc(learns=True, observed=False)}),
        ("mended-not-observed", {"mended": tips_tfp(learns=True, observed=False)}),
        ("density", {"mended": tips_pymc(learns=True, scale=1.0)}),
    ]
    return right, wrong


CASES = {
    "19E1": case_19e1,
    "19E2": case_19e2,
    "19M1": case_19m1,
    "19M2": case_19m2,
    "19H1": case_19h1,
}
