"""A check sees the same in a model whichever library, and whichever form, it is written in."""

import companion  # noqa: F401  (before PyMC and JAX)
from companion.exercises.answers import Unusable
from companion.exercises.model_view import view
import numpy as np
import pytest

X = np.linspace(0.0, 5.0, 40)
Y = 2.0 * X


def in_pymc(nu=None, observed=True, other_data=False):
    import pymc as pm

    with pm.Model() as model:
        beta = pm.Normal("beta", 0.0, 10.0, shape=2)
        sigma = pm.HalfNormal("sigma", 3.0)
        nu = pm.Gamma("nu", 2.0, 0.1) if nu is None else nu
        if other_data:
            pm.Normal("z", sigma, 1.0, observed=[1.0])
        mu = beta[0] + beta[1] * X
        pm.StudentT("y", nu=nu, mu=mu, sigma=sigma, observed=Y if observed else None)
    return model


def in_tfp(kind, nu=None):
    import jax.numpy as jnp
    import tensorflow_probability.substrates.jax as tfp

    tfd = tfp.distributions
    beta = tfd.Sample(tfd.Normal(jnp.float64(0.0), 10.0), 2)
    sigma = tfd.HalfNormal(jnp.float64(3.0))
    dof = tfd.Gamma(jnp.float64(2.0), 0.1)

    def likelihood(nu_, sigma, beta):
        return tfd.StudentT(nu_, beta[..., 0] + beta[..., 1] * X, sigma)

    def generate():
        beta = yield tfd.Sample(tfd.Normal(jnp.float64(0.0), 10.0), 2, name="beta")
        sigma = yield tfd.HalfNormal(jnp.float64(3.0), name="sigma")
        nu_ = nu or (yield tfd.Gamma(jnp.float64(2.0), 0.1, name="nu"))
        yield tfd.StudentT(nu_, beta[0] + beta[1] * X, sigma, name="y")

    def with_roots():
        root = tfd.JointDistributionCoroutine.Root
        beta = yield root(tfd.Sample(tfd.Normal(jnp.float64(0.0), 10.0), 2, name="beta"))
        sigma = yield root(tfd.HalfNormal(jnp.float64(3.0), name="sigma"))
        nu_ = yield root(tfd.Gamma(jnp.float64(2.0), 0.1, name="nu"))
        yield tfd.Independent(likelihood(nu_, sigma, beta), 1, name="y")

    match kind:
        case "coroutine, auto-batched":
            return tfd.JointDistributionCoroutineAutoBatched(generate)
        case "coroutine":
            return tfd.JointDistributionCoroutine(with_roots)
        case "named, auto-batched" | "named":
            parts = {"beta": beta, "sigma": sigma, "nu": dof}
            parts["y"] = lambda nu, sigma, beta: tfd.Independent(likelihood(nu, sigma, beta), 1)
            if kind == "named":
                return tfd.JointDistributionNamed(parts)
            return tfd.JointDistributionNamedAutoBatched(parts)
        case "sequential":
            return tfd.JointDistributionSequentialAutoBatched(
                [
                    tfd.Sample(tfd.Normal(jnp.float64(0.0), 10.0), 2, name="beta"),
                    tfd.HalfNormal(jnp.float64(3.0), name="sigma"),
                    tfd.Gamma(jnp.float64(2.0), 0.1, name="nu"),
                    lambda nu, sigma, beta: tfd.StudentT(
                        nu, beta[0] + beta[1] * X, sigma, name="y"
                    ),
                ]
            )


KINDS = ["coroutine, auto-batched", "coroutine", "named, auto-batched", "named", "sequential"]


@pytest.mark.parametrize("kind", ["PyMC", *KINDS, f"{KINDS[0]}, pinned", f"{KINDS[-1]}, pinned"])
def test_both_libraries_look_alike(kind):
    pinned = kind.endswith(", pinned")
    model = in_pymc() if kind == "PyMC" else in_tfp(kind.removesuffix(", pinned"))
    found = view("model", model.experimental_pin(y=Y) if pinned else model)
    assert found.priors == {
        "beta": "Normal",
        "sigma": "HalfNormal",
        "nu": "Gamma",
    }
    assert found.sizes == {"beta": 2, "sigma": 1, "nu": 1} and found.free == 4
    assert found.family == "StudentT" and len(found.parameters) == 3
    assert found.depends_on_priors(0) and found.depends_on_priors(1)
    mean = found.parameters[1]
    assert mean.shape == (3, 40)
    assert np.allclose(np.diff(mean, n=2, axis=1), 0.0, atol=1e-6)


@pytest.mark.parametrize(
    "model", [lambda: in_pymc(nu=4.0), lambda: in_tfp("coroutine, auto-batched", 4.0)]
)
def test_a_constant_does_not_depend_on_priors(model):
    found = view("model", model())
    assert found.free == 3
    assert not found.depends_on_priors(0) and found.depends_on_priors(2)


def test_the_largest_observed_variable_is_the_likelihood():
    assert view("model", in_pymc(other_data=True)).family == "StudentT"


def test_what_is_no_model_says_what_to_pass():
    import pymc as pm

    for value in (None, 3, "model", len, np.zeros(3)):
        with pytest.raises(Unusable, match="a `pm.Model`, or a joint distribution of TFP"):
            view("model", value)
    with pytest.raises(Unusable, match="no observed variable"):
        view("model", in_pymc(observed=False))
    with pm.Model() as improper:
        pm.Normal("y", pm.Flat("mu"), 1.0, observed=Y)
    with pytest.raises(Unusable, match="cannot be simulated from its priors"):
        view("model", improper)
