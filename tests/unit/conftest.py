"""Models and fits that several unit tests share."""

import signal

import arviz as az
import companion  # noqa: F401  (before PyMC and JAX)
import numpy as np
import pytest

# Tests press Ctrl-C. What a shell starts in the background ignores it, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

DATA = np.array([4.1, 5.9, 6.2, 3.8, 5.5, 4.7])


def pymc_normal(prior_sd=10.0):
    import pymc as pm

    with pm.Model() as model:
        mu = pm.Normal("mu", 0.0, prior_sd)
        sigma = pm.HalfNormal("sigma", 3.0)
        pm.Normal("y", mu, sigma, observed=DATA)
    return model


JOINT_CLASSES = [
    f"JointDistribution{form}{batched}"
    for form in ("Coroutine", "Sequential", "Named")
    for batched in ("", "AutoBatched")
]


def joint_normal(kind):
    """Return the model of `pymc_normal` without data, as a joint distribution of the given class."""
    import jax.numpy as jnp
    import tensorflow_probability.substrates.jax as tfp

    tfd = tfp.distributions
    mu = tfd.Normal(jnp.float64(0.0), 10.0, name="mu")
    sigma = tfd.HalfNormal(jnp.float64(3.0), name="sigma")

    def y(sigma, mu):
        values = tfd.Normal(mu * jnp.ones(6), sigma)
        return tfd.Independent(values, 1, name="y")

    def story():
        root = tfd.JointDistributionCoroutine.Root
        drawn_mu = yield root(mu)
        drawn_sigma = yield root(sigma)
        yield y(drawn_sigma, drawn_mu)

    model = [mu, sigma, y]
    if "Coroutine" in kind:
        model = story
    if "Named" in kind:
        model = {"mu": mu, "sigma": sigma, "y": y}
    return getattr(tfd, kind)(model)


def tfp_normal():
    return joint_normal("JointDistributionCoroutineAutoBatched").experimental_pin(y=DATA)


def draws_of(values, diverging=None):
    """Return a tree with one variable `x` of shape (chain, draw)."""
    groups = {"posterior": {"x": values}}
    if diverging is not None:
        groups["sample_stats"] = {"diverging": diverging}
    return az.from_dict(groups)


@pytest.fixture
def healthy():
    rng = np.random.default_rng(7001)
    return draws_of(rng.standard_normal((4, 1000)), np.zeros((4, 1000), dtype=bool))
