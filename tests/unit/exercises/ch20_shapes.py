"""Chapter 20: for each exercise the right answers, and wrong ones with the mistake they show."""

import math

from companion.exercises import check
from companion.exercises.checks.ch20_shapes import (
    AT,
    SCHOOLS,
    densities,
    raw_draws,
    school_draws,
    thursdays,
    week,
)
import numpy as np
import pytest


def case_20e1():
    right = {
        "batch": (8, 3),
        "draws": (100, 8, 3),
        "density": (100, 8),
        "copies": (8, 3, 3),
        "vectors": (8, 3),
    }
    wrong = [
        ("not-a-tuple", {"density": 100}),
        ("not-broadcast", {"batch": (8, 1)}),
        ("not-broadcast", {"batch": (3,)}),
        ("batch", {"batch": ()}),
        ("sample-not-first", {"draws": (8, 3, 100)}),
        ("draws", {"draws": (100, 8)}),
        ("event-kept", {"density": (100, 8, 3)}),
        ("density", {"density": (100,)}),
        ("copies-not-added", {"copies": (8, 3)}),
        ("copies", {"copies": (3, 8, 3)}),
        ("size-is-not-shape", {"vectors": (8,)}),
        ("vectors", {"vectors": (8, 3, 3)}),
    ]
    return right, wrong


def school_tree(draws, **words):
    import arviz as az

    return az.from_dict({"posterior": {"theta": draws}}, **words)


def case_20e2():
    theta = school_draws()
    samples = theta.reshape(2000, 8)
    right = {"mean_c": theta[..., 2].mean(), "samples": samples, "row": "theta[C]"}
    wrong = [
        ("all-schools", {"mean_c": theta.mean()}),
        ("counted-from-one", {"mean_c": theta[..., 3].mean()}),
        ("mean", {"mean_c": theta[0, :, 2].mean()}),
        ("sample-is-last", {"samples": samples.T}),
        ("samples-shape", {"samples": theta}),
        ("reshaped", {"samples": samples.T.reshape(2000, 8)}),
        ("position-for-label", {"row": "theta[2]"}),
        ("row", {"row": "theta['C']"}),
    ]
    return right, wrong


def case_20m1():
    bill, tip = thursdays()
    mean = AT["alpha"] + AT["beta"] * bill
    pairs = densities(mean[:, None], tip)
    right = {"terms": 3844, "rows": densities(mean, tip), "too_sure": math.sqrt(62)}
    wrong = [
        ("rows-counted", {"terms": 62}),
        ("terms", {"terms": 124}),
        ("all-pairs", {"rows": pairs}),
        ("rows-shape", {"rows": pairs[:, :2]}),
        ("pairs-summed", {"rows": pairs.sum(axis=1)}),
        ("pairs-summed", {"rows": pairs.mean(axis=0)}),
        ("rows", {"rows": densities(mean + 1.0, tip)}),
        ("n-times", {"too_sure": 62}),
        ("upside-down", {"too_sure": 1 / math.sqrt(62)}),
        ("factor", {"too_sure": 2.0}),
    ]
    return right, wrong


def case_20m2():
    raw = raw_draws()
    names = {"dims": {"theta": ["school"]}, "coords": {"school": SCHOOLS}}
    theta = np.swapaxes(raw, 0, 1)
    with pytest.warns(UserWarning, match="chain dimension to be longer"):
        exchanged = school_tree(raw, **names)
    bare = school_tree(theta, **names)
    bare["posterior"] = bare["posterior"].to_dataset().drop_vars("school")
    right = {"idata": school_tree(theta, **names), "ess_exchanged": 2000 * math.log10(2000)}
    wrong = [
        ("exchanged", {"idata": exchanged}),
        ("order", {"idata": school_tree(theta[:, :400], **names)}),
        ("reshaped", {"idata": school_tree(raw.reshape(4, 500, 8), **names)}),
        ("no-names", {"idata": school_tree(theta)}),
        ("no-labels", {"idata": school_tree(theta, dims={"theta": ["school"]})}),
        ("no-labels", {"idata": bare}),
        ("right-order", {"ess_exchanged": 2012.0}),
        ("ess", {"ess_exchanged": 500.0}),
    ]
    return right, wrong


def square_pymc(along, sigma=0.5, name="theta"):
    import pymc as pm

    with pm.Model() as model:
        theta = pm.Normal(name, 0.0, 1.0, shape=7)
        means = theta[:, None] if along == "place" else theta
        pm.Normal("sales", means, sigma, observed=week())
    return model


def square_tfp(along, batched=True):
    import jax.numpy as jnp
    import tensorflow_probability.substrates.jax as tfp

    tfd = tfp.distributions
    kind = tfd.JointDistributionCoroutineAutoBatched if batched else tfd.JointDistributionCoroutine

    def story():
        prior = tfd.Sample(tfd.Normal(jnp.float64(0.0), 1.0), 7, name="theta")
        theta = yield tfd.JointDistributionCoroutine.Root(prior)
        means = theta[:, None] if along == "place" else theta
        yield tfd.Normal(means + jnp.zeros((7, 7)), 0.5, name="sales")

    return kind(story).experimental_pin(sales=week())


def case_20h1():
    right = {"broken": square_pymc("day"), "mended": square_pymc("place")}
    assert check("20H1", broken=square_tfp("day"), mended=square_tfp("place")).passed
    renamed = check("20H1", **right | {"mended": square_pymc("place", name="effect")})
    assert "which should have one unknown, `theta`" in renamed.message
    wrong = [
        ("swapped", {"broken": square_pymc("place"), "mended": square_pymc("day")}),
        ("not-broken", {"broken": square_tfp("place")}),
        ("still-broken", {"mended": square_pymc("day")}),
        ("several-densities", {"mended": square_tfp("place", batched=False)}),
        ("density", {"mended": square_pymc("place", sigma=1.0)}),
        # Their densities are less than one away from that of the other model.
        ("density", {"broken": square_pymc("place", sigma=0.501)}),
        ("density", {"mended": square_pymc("day", sigma=0.501)}),
    ]
    return right, wrong


CASES = {
    "20E1": case_20e1,
    "20E2": case_20e2,
    "20M1": case_20m1,
    "20M2": case_20m2,
    "20H1": case_20h1,
}
