"""A joint distribution with its data: the same whatever its class, and refused with a name."""

import companion  # noqa: F401  (before JAX)
from companion.joint import Model, ModelError, pointwise, read_model
import jax
import jax.numpy as jnp
import numpy as np
from numpy.testing import assert_allclose
import pytest
from scipy import stats
import tensorflow_probability.substrates.jax as tfp

from tests.unit.conftest import DATA, JOINT_CLASSES, joint_normal

tfd, tfb = tfp.distributions, tfp.bijectors
ZERO, ONE = jnp.float64(0.0), jnp.float64(1.0)
Root = tfd.JointDistributionCoroutine.Root
AutoBatched = tfd.JointDistributionCoroutineAutoBatched


def read(story, **pins) -> Model:
    joint = AutoBatched(story)
    return read_model(joint.experimental_pin(**pins) if pins else joint)


@pytest.mark.parametrize("kind", JOINT_CLASSES)
def test_every_class_tells_the_same_story(kind):
    model = read_model(joint_normal(kind).experimental_pin(y=DATA))
    assert sorted(model.names) == ["mu", "sigma", "y"]
    given = {"mu": jnp.float64(4.0), "sigma": jnp.float64(1.5)} | model.pins
    terms = {name: float(jnp.sum(term)) for name, term in model.log_densities(given).items()}
    assert terms["mu"] == pytest.approx(stats.norm(0, 10).logpdf(4.0))
    assert terms["sigma"] == pytest.approx(stats.halfnorm(0, 3).logpdf(1.5))
    assert terms["y"] == pytest.approx(stats.norm(4.0, 1.5).logpdf(DATA).sum())
    roles = {name: variable.role for name, variable in model.variables().items()}
    assert roles == {"mu": "free", "sigma": "free", "y": "data"}
    draw = model.sample(jax.random.key(7600), model.pins)
    assert set(draw) == {"mu", "sigma", "y"}
    assert_allclose(draw["y"], DATA)


@pytest.mark.parametrize(
    "pin",
    [
        lambda joint: joint.experimental_pin(y=DATA),
        lambda joint: joint.experimental_pin({"y": DATA}),
        lambda joint: joint.experimental_pin(None, None, DATA),
        lambda joint: joint.experimental_pin([None, None, DATA]),
        lambda joint: joint.experimental_pin(y=DATA).experimental_pin(sigma=1.0).unpin("sigma"),
    ],
)
@pytest.mark.parametrize("kind", ["JointDistributionSequential", "JointDistributionCoroutine"])
def test_data_may_be_pinned_in_any_way(kind, pin):
    model = read_model(pin(joint_normal(kind)))
    assert list(model.pins) == ["y"]
    assert_allclose(model.pins["y"], DATA)


def test_a_prior_draw_is_the_one_that_tfp_draws():
    joint = joint_normal("JointDistributionCoroutineAutoBatched")
    key = jax.random.PRNGKey(7601)
    mine, its = read_model(joint).sample(key, {}), joint.sample(seed=key)
    for name in mine:
        np.testing.assert_array_equal(mine[name], getattr(its, name))


def test_names_that_are_methods_of_tuples_and_dicts_are_names():
    def story():
        index = yield tfd.Normal(ZERO, 1.0, name="index")
        yield tfd.Normal(index, 1.0, name="keys")
        yield tfd.Normal(index, 1.0, name="seed")
        yield tfd.Poisson(jnp.exp(index) * jnp.ones(2), name="count")

    model = read(story, count=jnp.array([1.0, 3.0]))
    assert list(model.variables()) == ["index", "keys", "seed", "count"]
    assert set(model.sample(jax.random.key(7602), model.pins)) == set(model.names)


def test_computed_variables_and_factors_are_no_parameters():
    def story():
        a = yield tfd.Normal(ZERO, 1.0, name="a")
        twice = yield tfd.Independent(tfd.Deterministic(2.0 * a * jnp.ones(3)), 1, name="twice")
        shifted = yield tfd.TransformedDistribution(
            tfd.Sample(tfd.Deterministic(a), 2), tfb.Shift(ONE), name="shifted"
        )
        yield tfp.experimental.distributions.IncrementLogProb(-3.0 * a, name="penalty")
        yield tfd.Normal(twice.sum() + shifted.sum(), 1.0, name="y")

    model = read(story, y=1.0)
    roles = {name: variable.role for name, variable in model.variables().items()}
    assert roles == {
        "a": "free",
        "twice": "computed",
        "shifted": "computed",
        "penalty": "factor",
        "y": "data",
    }
    terms = model.log_densities({"a": jnp.float64(0.5)} | model.pins)
    assert float(terms["penalty"]) == -1.5
    assert float(terms["y"]) == pytest.approx(stats.norm(3.0 + 3.0, 1.0).logpdf(1.0))
    assert set(terms) == {"a", "penalty", "y"}
    assert set(model.log_densities({"a": ZERO} | model.pins, of=["y"])) == {"y"}


def vector_story():
    mu = yield Root(tfd.Normal(ZERO, 1.0, name="mu"))
    yield tfd.Normal(mu * jnp.ones(6), 1.0, name="y")


def nested_story():
    yield tfd.JointDistributionSequential([tfd.Normal(ZERO, 1.0)], name="both")


def computed_data_story():
    mu = yield tfd.Normal(ZERO, 1.0, name="mu")
    yield tfd.Deterministic(mu * jnp.ones(6), name="y")


def single_story():
    mu = yield Root(tfd.Normal(ZERO, 1.0, name="mu"))
    yield tfd.Normal(mu, 1.0, name="y")


def all_story():
    yield tfd.Normal(jnp.zeros(6), 1.0, name="y")


REFUSED = {
    "several densities": (
        lambda: tfd.JointDistributionCoroutine(vector_story).experimental_pin(y=DATA),
        r"y has log densities of shape \(6,\) for one draw.*AutoBatched.*y in tfd.Independent",
    ),
    "a batch of models": (
        lambda: AutoBatched(vector_story, batch_ndims=1).experimental_pin(y=DATA),
        "one density for one draw, but was made with batch_ndims=1",
    ),
    "data of another shape": (
        lambda: AutoBatched(single_story).experimental_pin(y=DATA),
        r"y has data of shape \(6,\), but the model draws y with the shape \(\)",
    ),
    "one value for many": (
        lambda: AutoBatched(vector_story).experimental_pin(y=1.0),
        r"y has data of shape \(\), but the model draws y with the shape \(6,\)",
    ),
    "a model in a model": (
        lambda: AutoBatched(nested_story),
        "both is itself a JointDistributionSequential: yield its variables one by one",
    ),
    "computed data": (
        lambda: AutoBatched(computed_data_story).experimental_pin(y=DATA),
        "y must not be pinned, because it is computed",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_model_without_one_density_is_refused_by_name(kind):
    model, message = REFUSED[kind]
    with pytest.raises(ModelError, match=message) as refused:
        read_model(model()).variables()
    assert not getattr(refused.value, "__notes__", None), "JAX's note hides the message"


def test_missing_data_are_counted_by_name():
    joint = AutoBatched(vector_story)
    data = DATA.copy()
    data[[1, 4]] = np.nan, np.inf
    with pytest.raises(ValueError, match="y must be finite, but 2 of its 6 values .* at index 1"):
        read_model(joint.experimental_pin(y=data))
    masked = np.ma.masked_greater(DATA, 6.0)
    with pytest.raises(ValueError, match="y must be finite, but 1 of its 6 values"):
        read_model(joint.experimental_pin(y=masked))


@pytest.mark.parametrize("given", [{"mu": 1.0}, tfd.Normal(0.0, 1.0), None])
def test_something_that_is_no_model_is_refused(given):
    with pytest.raises(TypeError, match="model must be a joint distribution"):
        read_model(given)


RNG = np.random.default_rng(7610)
ROWS = RNG.normal(size=(4, 3))
MEAN, SCALE = np.array([0.5, -1.0, 2.0]), np.array([1.0, 2.0, 0.5])
NORMAL = tfd.Normal(0.5 * ONE, 2.0)
WEIGHTS = tfd.Categorical(probs=jnp.array([0.3, 0.7]))
COUNTS = np.array([[5.0, 3.0, 2.0], [1.0, 8.0, 1.0]])
norm = stats.norm(0.5, 2.0).logpdf
rows = stats.multivariate_normal(MEAN, np.diag(SCALE**2)).logpdf
MVN = tfd.MultivariateNormalDiag(jnp.asarray(MEAN), jnp.asarray(SCALE))


def mixed(x):
    return np.log(0.3 * stats.norm(-1, 1).pdf(x) + 0.7 * stats.norm(1, 1).pdf(x))


POINTWISE = {
    "scalar": (NORMAL, np.float64(1.2), norm),
    "batch": (tfd.Normal(jnp.asarray(MEAN), 2.0), ROWS[0], stats.norm(MEAN, 2.0).logpdf),
    "Sample": (tfd.Sample(NORMAL, 3), ROWS[0], norm),
    "Sample of two dimensions": (tfd.Sample(NORMAL, (4, 3)), ROWS, norm),
    "Sample of a batch": (
        tfd.Sample(tfd.Normal(jnp.asarray(MEAN), 2.0), 4),
        ROWS.T,
        lambda x: stats.norm(MEAN[:, None], 2.0).logpdf(x),
    ),
    "Sample of Sample": (tfd.Sample(tfd.Sample(NORMAL, 3), 4), ROWS, norm),
    "Independent": (tfd.Independent(tfd.Normal(jnp.asarray(MEAN), 2.0), 1), ROWS[0],
                    stats.norm(MEAN, 2.0).logpdf),
    "Independent of Sample": (
        tfd.Independent(tfd.Sample(tfd.Normal(jnp.asarray(MEAN), 2.0), 4), 1),
        ROWS.T,
        lambda x: stats.norm(MEAN[:, None], 2.0).logpdf(x),
    ),
    "Sample of Independent": (
        tfd.Sample(tfd.Independent(tfd.Normal(jnp.asarray(MEAN), 2.0), 1), 4),
        ROWS,
        lambda x: stats.norm(MEAN, 2.0).logpdf(x),
    ),
    "Exp of Sample": (
        tfd.TransformedDistribution(tfd.Sample(NORMAL, 3), tfb.Exp()),
        np.exp(ROWS[0]),
        stats.lognorm(2.0, scale=np.exp(0.5)).logpdf,
    ),
    "Sample of LogNormal": (
        tfd.Sample(tfd.LogNormal(0.5 * ONE, 2.0), 3),
        np.exp(ROWS[0]),
        stats.lognorm(2.0, scale=np.exp(0.5)).logpdf,
    ),
    "Shift of Independent of Sample": (
        tfd.TransformedDistribution(
            tfd.Independent(tfd.Sample(tfd.Normal(jnp.asarray(MEAN), 2.0), 4), 1), tfb.Shift(3.0 * ONE)
        ),
        ROWS.T,
        lambda x: stats.norm(MEAN[:, None] + 3.0, 2.0).logpdf(x),
    ),
    "multivariate Normal": (MVN, ROWS[0], rows),
    "Sample of multivariate Normal": (tfd.Sample(MVN, 4), ROWS, rows),
    "rows of a batch of multivariate Normals": (
        tfd.Independent(tfd.MultivariateNormalDiag(jnp.zeros((4, 3)) + MEAN, jnp.asarray(SCALE)), 1),
        ROWS,
        rows,
    ),
    "Multinomial": (
        tfd.Multinomial(10.0 * jnp.ones(2), probs=jnp.array([0.2, 0.5, 0.3])),
        COUNTS,
        stats.multinomial(10, [0.2, 0.5, 0.3]).logpmf,
    ),
    "Sample of Multinomial": (
        tfd.Sample(tfd.Multinomial(10.0 * ONE, probs=jnp.array([0.2, 0.5, 0.3])), 2),
        COUNTS,
        stats.multinomial(10, [0.2, 0.5, 0.3]).logpmf,
    ),
    "mixture": (
        tfd.Sample(tfd.MixtureSameFamily(WEIGHTS, tfd.Normal(jnp.array([-1.0, 1.0]), 1.0)), 3),
        ROWS[0],
        mixed,
    ),
    "a simplex for each row": (
        tfd.TransformedDistribution(tfd.Sample(NORMAL, (4, 2)), tfb.SoftmaxCentered()),
        np.exp(ROWS) / np.exp(ROWS).sum(axis=1, keepdims=True),
        # TFP measures the simplex as a surface, whose area is sqrt(3) times that of its shadow.
        lambda p: norm(np.log(p[:, :2] / p[:, 2:])).sum(axis=1)
        - np.log(p).sum(axis=1)
        - np.log(np.sqrt(3.0)),
    ),
    "what a bijector ties together": (
        tfd.TransformedDistribution(tfd.Sample(NORMAL, 3), tfb.Cumsum()),
        ROWS[0],
        lambda x: norm(np.diff(x, prepend=0.0)).sum(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", POINTWISE)
def test_each_observation_has_its_log_density(kind):
    distribution, value, expected = POINTWISE[kind]
    found = pointwise(distribution, jnp.asarray(value))
    assert found.shape == np.shape(expected(value))
    assert_allclose(found, expected(value), rtol=1e-10, atol=1e-12)
    assert_allclose(jnp.sum(found), jnp.sum(distribution.log_prob(value)), rtol=1e-10)
