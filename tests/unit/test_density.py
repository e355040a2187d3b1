from companion.density import assert_same_density
import numpy as np
import pytest

from tests.unit.conftest import DATA, pymc_normal, tfp_normal


def test_twins_have_the_same_density():
    result = assert_same_density(pymc_normal(), tfp_normal())
    assert result.points == 100
    assert result.largest_difference < 1e-6
    assert result.largest_change < 1e-8
    assert "Same density at 100 random points" in str(result)


def test_another_prior_is_another_model():
    with pytest.raises(AssertionError, match="two different models"):
        assert_same_density(pymc_normal(prior_sd=10.001), tfp_normal())


def test_a_constant_offset_within_tolerance_passes_and_beyond_fails():
    import pymc as pm

    def shifted(by):
        model = pymc_normal()
        with model:
            pm.Potential("offset", pm.math.constant(np.float64(by)))
        return model

    assert_same_density(shifted(5e-7), tfp_normal())
    with pytest.raises(AssertionError, match="two different models"):
        assert_same_density(shifted(5e-6), tfp_normal())


def test_variables_of_other_names_are_named():
    import pymc as pm

    with pm.Model() as model:
        location = pm.Normal("location", 0.0, 10.0)
        pm.Normal("y", location, 1.0, observed=DATA)
    with pytest.raises(ValueError, match="PyMC has location and TFP has mu, sigma"):
        assert_same_density(model, tfp_normal())


def test_a_log_prob_that_is_not_one_number_is_refused():
    import jax.numpy as jnp
    import tensorflow_probability.substrates.jax as tfp

    tfd = tfp.distributions

    @tfd.JointDistributionCoroutine
    def joint():
        root = tfd.JointDistributionCoroutine.Root
        mu = yield root(tfd.Normal(jnp.float64(0.0), 10.0, name="mu"))
        sigma = yield root(tfd.HalfNormal(jnp.float64(3.0), name="sigma"))
        yield tfd.Normal(mu * jnp.ones(6), sigma, name="y")

    with pytest.raises(ValueError, match=r"y has log densities of shape \(6,\)"):
        assert_same_density(pymc_normal(), joint.experimental_pin(y=DATA))


def test_near_must_name_a_variable():
    with pytest.raises(ValueError, match="near must name unobserved variables, but 'tau'"):
        assert_same_density(pymc_normal(), tfp_normal(), near={"tau": 1.0})


def test_the_integer_scale_trap_is_caught():
    # PyTensor squares an integer constant in its own small type: HalfStudentT(100, 2000) overflows.
    import jax.numpy as jnp
    import pymc as pm
    import tensorflow_probability.substrates.jax as tfp

    tfd = tfp.distributions

    @tfd.JointDistributionCoroutineAutoBatched
    def joint():
        sigma = yield tfd.HalfStudentT(jnp.float64(100.0), 0.0, 2000.0, name="sigma")
        yield tfd.Normal(jnp.zeros(6), sigma, name="y")

    def model(scale):
        with pm.Model() as m:
            sigma = pm.HalfStudentT("sigma", np.float64(100.0), scale)
            pm.Normal("y", 0.0, sigma, observed=DATA)
        return m

    pinned = joint.experimental_pin(y=DATA)
    assert_same_density(model(2000.0), pinned, near={"sigma": 1000.0})
    with pytest.raises(AssertionError, match="two different models"):
        assert_same_density(model(2000), pinned, near={"sigma": 1000.0})
