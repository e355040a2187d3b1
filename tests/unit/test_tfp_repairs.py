"""Each repair of TFP, by what was wrong without it."""

import companion  # noqa: F401  (before JAX)
from companion.tfp_repairs import Interval
import jax
import jax.numpy as jnp
import numpy as np
from numpy.testing import assert_allclose
import pandas as pd
import pytest
from scipy import special
import tensorflow_probability.substrates.jax as tfp

tfd, tfb = tfp.distributions, tfp.bijectors
ZERO, ONE = jnp.float64(0.0), jnp.float64(1.0)


def change(distribution):
    return distribution.experimental_default_event_space_bijector()


def test_a_simplex_has_a_change_of_variables():
    found = change(tfd.Dirichlet(jnp.ones(3))).forward(jnp.array([0.3, -0.7]))
    assert_allclose(found, special.softmax([0.3, -0.7, 0.0]))


@pytest.mark.parametrize("as_factor", [False, True])
def test_a_wishart_matrix_comes_back_in_double_precision(as_factor):
    scale = jnp.array([[1.0, 0.0], [0.5, 2.0]])
    wishart = tfd.WishartTriL(4.0 * ONE, scale, input_output_cholesky=as_factor)
    value = wishart.sample(seed=jax.random.key(7501))
    vector = change(wishart).inverse(value)
    assert vector.shape == (3,)
    # A new array: TFP remembers what it has just transformed.
    assert_allclose(change(wishart).forward(vector + 0.0), value, rtol=1e-12)


MATRICES = {
    "Wishart": (lambda: tfd.WishartTriL(5.0 * ONE, jnp.eye(3)), np.tril_indices(3)),
    "Wishart's factor": (
        lambda: tfd.WishartTriL(5.0 * ONE, jnp.eye(3), input_output_cholesky=True),
        np.tril_indices(3),
    ),
    "LKJ": (lambda: tfd.LKJ(4, 2.0 * ONE), np.tril_indices(4, -1)),
    "CholeskyLKJ": (lambda: tfd.CholeskyLKJ(4, 2.0 * ONE), np.tril_indices(4, -1)),
}


@pytest.mark.parametrize("kind", MATRICES)
def test_the_volume_of_a_matrix_is_that_of_its_free_entries(kind):
    distribution, (row, column) = MATRICES[kind]

    @jax.jit
    def volumes(vector):
        entries = jax.jacobian(lambda v: change(distribution()).forward(v)[row, column])(vector)
        mine = change(distribution()).forward_log_det_jacobian(vector, 1)
        return mine, jnp.linalg.slogdet(entries)[1]

    vector = jnp.asarray(np.random.default_rng(7502).normal(size=len(row)))
    mine, exact = volumes(vector)
    assert_allclose(mine, exact, rtol=1e-9)
    values = jax.jit(lambda v: change(distribution()).forward(v))(vector)
    assert_allclose(jax.jit(lambda x: change(distribution()).inverse(x))(values), vector, rtol=1e-7)


def test_an_inverse_gaussian_moves_on_the_positive_half_line():
    assert_allclose(change(tfd.InverseGaussian(2.0 * ONE, ONE)).forward(ZERO), np.log(2.0))


BOUNDS = {
    "both": (-1.0, 2.0, lambda x: -1.0 + 3.0 * special.expit(x)),
    "low": (-1.0, np.inf, lambda x: -1.0 + np.exp(x)),
    "high": (-np.inf, 2.0, lambda x: 2.0 - np.exp(x)),
    "none": (-np.inf, np.inf, lambda x: x),
}


@pytest.mark.parametrize("kind", BOUNDS)
def test_an_interval_may_be_open_to_either_side(kind):
    low, high, expected = BOUNDS[kind]
    interval, x = Interval(low, high), jnp.array([-2.0, 0.1, 3.0])
    assert_allclose(interval.forward(x), expected(x))
    slope = jax.vmap(jax.grad(Interval(low, high).forward))(x)
    assert_allclose(Interval(low, high).forward_log_det_jacobian(x, 0), np.log(np.abs(slope)))
    assert_allclose(Interval(low, high).inverse(jnp.asarray(expected(x))), x, rtol=1e-9)
    back = jax.vmap(jax.grad(Interval(low, high).inverse))(jnp.asarray(expected(x)))
    assert_allclose(back, 1.0 / slope, rtol=1e-9)


def test_each_element_has_bounds_of_its_own():
    interval = Interval(jnp.array([0.0, -jnp.inf]), jnp.array([1.0, 5.0]))
    assert_allclose(interval.forward(jnp.zeros(2)), [0.5, 4.0])


def test_a_truncated_normal_without_an_upper_bound_can_be_sampled_also_when_traced():
    @jax.jit
    def ends(top):
        return change(tfd.TruncatedNormal(ZERO, 1.0, 1.0, top)).forward(jnp.array([-50.0, 50.0]))

    assert_allclose(ends(jnp.inf), [1.0, 1.0 + np.exp(50.0)])
    assert_allclose(ends(3.0), [1.0, 3.0])
    assert isinstance(change(tfd.TruncatedNormal(ZERO, 1.0, 1.0, 3.0)), tfb.Sigmoid)
    assert isinstance(change(tfd.TruncatedCauchy(ZERO, 1.0, 1.0, jnp.inf)), Interval)


@pytest.mark.parametrize(
    "on_the_sphere",
    [
        lambda: tfd.VonMisesFisher(jnp.array([1.0, 0.0, 0.0]), ONE),
        lambda: tfd.PowerSpherical(jnp.array([1.0, 0.0, 0.0]), ONE),
        lambda: tfd.Sample(tfd.SphericalUniform(3, dtype=jnp.float64), 2),
    ],
)
def test_a_sphere_is_refused_with_what_to_do(on_the_sphere):
    with pytest.raises(NotImplementedError, match="Normals and divide it by its length"):
        change(on_the_sphere())


def mixture(components):
    return tfd.MixtureSameFamily(tfd.Categorical(probs=jnp.array([0.3, 0.7])), components)


def test_a_mixture_has_its_components_change_of_variables():
    half = tfd.Categorical(probs=jnp.array([0.5, 0.5]))
    assert isinstance(change(mixture(tfd.Normal(jnp.zeros(2), 1.0))), tfb.Identity)
    assert isinstance(change(mixture(tfd.Gamma(jnp.ones(2), 1.0))), tfb.Softplus)
    both = tfd.Mixture(half, [tfd.Normal(ZERO, 1.0), tfd.Cauchy(ZERO, 1.0)])
    assert isinstance(change(both), tfb.Identity)
    assert change(mixture(tfd.Poisson(jnp.ones(2)))) is None
    with pytest.raises(NotImplementedError, match="its components have none in common"):
        change(mixture(tfd.Uniform(jnp.zeros(2), jnp.array([1.0, 2.0]))))


@pytest.mark.parametrize(
    "data",
    [
        np.ma.masked_array([1.0, 2.0, 99.0], [False, False, True]),
        np.ma.masked_array([1, 2, 99], [False, False, True]),
        pd.Series([1, 2, pd.NA], dtype="Int64"),
        pd.Series([1.0, 2.0, np.nan]),
    ],
)
@pytest.mark.parametrize("kind", [tfd.Poisson, tfd.Geometric, tfd.Bernoulli])
def test_what_is_masked_stays_missing_when_it_is_pinned(data, kind):
    @tfd.JointDistributionCoroutineAutoBatched
    def joint():
        p = yield tfd.Uniform(ZERO, 1.0, name="p")
        yield kind(p * jnp.ones(3), name="y")

    assert list(np.isnan(joint.experimental_pin(y=data).pins["y"])) == [False, False, True]


def test_columns_without_gaps_are_pinned_as_they_are():
    @tfd.JointDistributionCoroutineAutoBatched
    def joint():
        mu = yield tfd.Normal(ZERO, 1.0, name="mu")
        yield tfd.Bernoulli(logits=mu * jnp.ones(2), name="y")

    for data in (pd.Series([0, 1], dtype="Int64"), pd.Series([0, 1]), pd.Series([False, True])):
        pinned = joint.experimental_pin(y=data).pins["y"]
        assert_allclose(pinned, [0, 1])
        assert pinned.dtype == np.int32
