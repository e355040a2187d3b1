"""A model on the real line: its density integrates to one there, whatever the support of its variables."""

from functools import partial

import companion  # noqa: F401  (before JAX)
from companion.joint import ModelError, read_model
from companion.real_line import Target, real_line
import jax
import jax.numpy as jnp
import numpy as np
from numpy.testing import assert_allclose
import pytest
import tensorflow_probability.substrates.jax as tfp

from tests.unit.conftest import DATA, JOINT_CLASSES, joint_normal

tfd, tfb = tfp.distributions, tfp.bijectors
ZERO, ONE = jnp.float64(0.0), jnp.float64(1.0)
AutoBatched = tfd.JointDistributionCoroutineAutoBatched
LABELS = tfd.Categorical(probs=jnp.array([0.3, 0.7]))


# Compiled as one: operation by operation, each would be compiled for itself.
once = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})


def line_of(story, **pins):
    joint = AutoBatched(story)
    return real_line(read_model(joint.experimental_pin(**pins) if pins else joint))


def alone(distribution):
    """Return the real line of a model with the one variable `x`."""

    def story():
        yield distribution.copy(name="x")

    return line_of(story)


SURFACE = np.sqrt(3.0)  # TFP measures the simplex of three shares as a surface
INTEGRALS = {
    "real": (lambda: tfd.StudentT(30.0 * ONE, 1.0, 2.0), 40.0, 1.0),
    "positive": (lambda: tfd.Gamma(2.0 * ONE, 1.0), 30.0, 1.0),
    "positive, TFP's float32": (lambda: tfd.InverseGaussian(2.0 * ONE, ONE), 30.0, 1.0),
    "bounded": (lambda: tfd.Uniform(-1.0 * ONE, 3.0), 40.0, 1.0),
    "without an upper bound": (lambda: tfd.TruncatedNormal(ZERO, 1.0, 0.5, np.inf), 30.0, 1.0),
    "without a lower bound": (lambda: tfd.TruncatedNormal(ZERO, 1.0, -np.inf, 0.5), 30.0, 1.0),
    "mixture": (lambda: tfd.MixtureSameFamily(LABELS, tfd.Normal(jnp.array([-2.0, 2.0]), 1.0)), 15.0, 1.0),
    "mixture of positives": (lambda: tfd.MixtureSameFamily(LABELS, tfd.Gamma(jnp.array([2.0, 4.0]), 1.0)), 30.0, 1.0),
    "correlation": (lambda: tfd.LKJ(2, 2.0 * ONE), 1e4, 1.0),
    "correlation's factor": (lambda: tfd.CholeskyLKJ(2, 2.0 * ONE), 1e4, 1.0),
    "simplex": (lambda: tfd.Dirichlet(jnp.array([2.0, 3.0, 2.5])), 20.0, SURFACE),
    "ordered": (lambda: tfd.TransformedDistribution(tfd.Sample(tfd.Normal(ZERO, 1.0), 2), tfb.Ascending()), 9.0, 1.0),
    "repeated": (lambda: tfd.Sample(tfd.TruncatedNormal(ZERO, 1.0, 0.5, np.inf), 2), 30.0, 1.0),
    "two bounds": (lambda: tfd.Sample(tfd.Uniform(jnp.array([0.0]), jnp.array([2.0])), 2), 40.0, 1.0),
}  # fmt: skip


@pytest.mark.parametrize("kind", INTEGRALS)
def test_the_density_integrates_to_one(kind):
    distribution, reach, integral = INTEGRALS[kind]
    line = alone(distribution())
    points = 200_001 if len(line.zeros) == 1 else 501
    axis = np.linspace(-reach, reach, points)
    grid = np.stack(np.meshgrid(*[axis] * len(line.zeros)), axis=-1).reshape(-1, len(line.zeros))
    density = np.exp(line.log_densities(jnp.asarray(grid), {}))
    cell = (axis[1] - axis[0]) ** len(line.zeros)
    assert density.sum() * cell == pytest.approx(integral, rel=2e-3)


ROUND_TRIPS = {
    "a row of simplices": lambda: tfd.Dirichlet(jnp.ones((2, 3))),
    "Sample of simplices": lambda: tfd.Sample(tfd.Dirichlet(jnp.ones(3)), 4),
    "LKJ": lambda: tfd.LKJ(3, 2.0 * ONE),
    "Wishart": lambda: tfd.WishartTriL(5.0 * ONE, jnp.eye(3)),
    "Sample of Wisharts": lambda: tfd.Sample(tfd.WishartTriL(5.0 * ONE, jnp.eye(2)), 2),
    "relaxed one-hot": lambda: tfd.RelaxedOneHotCategorical(0.5 * ONE, probs=jnp.array([0.2, 0.8])),
    "a chain of positives": lambda: tfd.MarkovChain(
        tfd.Gamma(2.0 * ONE, 1.0), lambda _, x: tfd.Gamma(2.0, x), 4
    ),
    "a mask": lambda: tfd.Masked(tfd.Normal(jnp.zeros(2), 1.0), jnp.array([True, False])),
    "multivariate Normal": lambda: tfd.MultivariateNormalTriL(jnp.zeros(3), jnp.eye(3)),
}


@pytest.mark.parametrize("kind", ROUND_TRIPS)
def test_a_draw_comes_back_from_its_vector(kind):
    line = alone(ROUND_TRIPS[kind]())

    @once
    def there(key):
        draw = line.model.sample(key, {})
        return draw["x"], line.flatten(draw, {})

    @once
    def back(vector):
        return line.constrain(vector, {})["x"], jax.grad(line.log_density)(vector, {})

    draw, vector = there(jax.random.key(7701))
    assert vector.shape == line.zeros.shape
    same, slope = back(vector)
    assert_allclose(same, draw, rtol=1e-8)
    assert np.isfinite(slope).all()


def all_supports():
    mu = yield tfd.Normal(ZERO, 1.0, name="mu")
    yield tfd.Gamma(jnp.array([2.0, 5.0]), 0.001, name="thousands")
    yield tfd.HalfNormal(jnp.exp(mu), name="sigma")
    yield tfd.Uniform(-1.0 * ONE, jnp.exp(mu), name="bounded")
    yield tfd.CholeskyLKJ(2, 2.0 * ONE, name="correlation")
    yield tfd.Deterministic(mu * jnp.ones(3), name="copies")


@pytest.fixture(scope="module")
def supports():
    """Return the line of real, positive, bounded and computed variables, some of them parents of others."""
    return line_of(all_supports)


def test_the_density_carries_its_change_of_variables(supports):
    draw = once(lambda key: supports.model.sample(key, {}))(jax.random.key(7710))
    vector = once(supports.flatten)(draw, {})
    back = supports.constrain(vector, {})
    assert list(back) == ["mu", "thousands", "sigma", "bounded", "correlation", "copies"]
    for name, value in back.items():
        assert_allclose(value, draw[name], rtol=1e-10)

    def coordinates(vector):
        *numbers, correlation, _ = supports.constrain(vector, {}).values()
        # The other entries of a Cholesky factor with unit rows follow from this one.
        return jnp.hstack([*numbers, correlation[1, 0]])

    volume = np.linalg.slogdet(np.asarray(once(jax.jacobian(coordinates))(vector)))[1]
    given = {name: value for name, value in draw.items() if name != "copies"}
    terms = once(supports.model.log_densities)(given).values()
    density = sum(float(jnp.sum(term)) for term in terms)
    assert float(once(supports.log_density)(vector, {})) == pytest.approx(
        density + volume, abs=1e-8
    )


def test_positive_variables_move_on_the_log_scale(supports):
    draw = once(lambda key: supports.model.sample(key, {}))(jax.random.key(7711))
    vector = np.asarray(once(supports.flatten)(draw, {}))
    assert list(supports.on_log_scale) == [False, True, True, True, False, False]
    assert_allclose(vector[0], draw["mu"])
    assert_allclose(vector[1:3], np.log(draw["thousands"]), rtol=1e-12)
    assert_allclose(vector[3], np.log(draw["sigma"]), rtol=1e-12)
    by_variable = supports.by_variable(jnp.asarray(vector))
    assert_allclose(by_variable["sigma"], np.log(draw["sigma"]))
    assert by_variable["thousands"].shape == (2,)


@pytest.mark.parametrize("kind", JOINT_CLASSES)
def test_every_class_of_joint_distribution_has_the_same_density(kind):
    line = real_line(read_model(joint_normal(kind).experimental_pin(y=DATA)))
    pins = line.model.pins
    draw = {"mu": jnp.float64(4.0), "sigma": jnp.float64(1.5)}
    vector = line.flatten(draw, pins)
    assert_allclose(np.sort(vector), np.sort([4.0, np.log(1.5)]))
    terms = line.model.log_densities(draw | pins).values()
    expected = sum(float(jnp.sum(term)) for term in terms) + np.log(1.5)
    assert float(line.log_density(vector, pins)) == pytest.approx(expected)
    assert float(Target(line, pins).log_prob(vector[None])[0]) == pytest.approx(expected)


def test_a_bound_that_is_data_moves_with_other_data():
    def story():
        top = yield tfd.Normal(ZERO, 10.0, name="top")
        yield tfd.Uniform(0.0, top, name="x")

    line = line_of(story, top=4.0)
    middle = line.zeros
    assert float(line.constrain(middle, {"top": jnp.float64(4.0)})["x"]) == 2.0
    assert float(line.constrain(middle, {"top": jnp.float64(10.0)})["x"]) == 5.0
    assert_allclose(line.flatten({"x": jnp.float64(5.0)}, {"top": jnp.float64(10.0)}), [0.0])


DISCRETE = {
    "Bernoulli": lambda: tfd.Bernoulli(probs=0.5 * ONE),
    "Categorical": lambda: tfd.Categorical(probs=jnp.array([0.2, 0.8])),
    "OneHotCategorical": lambda: tfd.OneHotCategorical(probs=jnp.array([0.2, 0.8])),
    "Multinomial": lambda: tfd.Multinomial(5.0 * ONE, probs=jnp.array([0.2, 0.8])),
    "Poisson": lambda: tfd.Poisson(2.0 * ONE),
    "Sample of Poisson": lambda: tfd.Sample(tfd.Poisson(2.0 * ONE), 3),
    "Independent of Bernoulli": lambda: tfd.Independent(tfd.Bernoulli(probs=jnp.ones(3) / 2), 1),
    "TransformedDistribution of Poisson": lambda: tfd.TransformedDistribution(
        tfd.Poisson(2.0 * ONE), tfb.Shift(ONE)
    ),
    "MixtureSameFamily": lambda: tfd.MixtureSameFamily(LABELS, tfd.Poisson(jnp.ones(2))),
    "QuantizedDistribution": lambda: tfd.QuantizedDistribution(tfd.Normal(ZERO, 1.0)),
}
WITHOUT_A_WAY = {
    "MarkovChain": lambda: tfd.MarkovChain(tfd.Poisson(ONE), lambda _, x: tfd.Poisson(x + 1.0), 4),
    "Blockwise": lambda: tfd.Blockwise([tfd.Sample(tfd.Normal(ZERO, 1.0), 2)] * 2),
    "BatchReshape": lambda: tfd.BatchReshape(tfd.Normal(jnp.zeros(4), 1.0), [2, 2]),
    "VonMisesFisher": lambda: tfd.VonMisesFisher(jnp.array([1.0, 0.0, 0.0]), ONE),
    "MixtureSameFamily": lambda: tfd.MixtureSameFamily(
        LABELS, tfd.Uniform(jnp.zeros(2), jnp.array([1.0, 2.0]))
    ),
}


@pytest.mark.parametrize("kind", DISCRETE)
def test_a_discrete_variable_is_named_with_its_distribution(kind):
    with pytest.raises(ModelError, match=rf"^x must be continuous.*\({kind}\) is discrete.*pin it"):
        alone(DISCRETE[kind]())


@pytest.mark.parametrize("kind", WITHOUT_A_WAY)
def test_a_variable_that_tfp_cannot_unbind_is_named_with_its_distribution(kind):
    with pytest.raises(ModelError, match=rf"^x cannot be sampled.*its distribution \({kind}\)"):
        alone(WITHOUT_A_WAY[kind]())


def test_a_model_needs_something_to_sample():
    with pytest.raises(ModelError, match="model must have a variable to sample"):
        line_of(lambda: (yield tfd.Normal(ZERO, 1.0, name="y")), y=1.0)
