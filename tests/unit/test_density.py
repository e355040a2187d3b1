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


def test_the_terms_that_differ_are_named_and_the_others_are_counted():
    import pymc as pm

    with pytest.raises(
        AssertionError, match=r"differ in the term of mu \(.*\); the other 2 agree\."
    ):
        assert_same_density(pymc_normal(prior_sd=3.0), tfp_normal())
    with pm.Model() as model:
        mu = pm.Normal("mu", 0.0, 3.0)
        sigma = pm.HalfNormal("sigma", 1.0)
        pm.Normal("y", mu, sigma, observed=DATA)
    with pytest.raises(AssertionError, match=r"the terms of .*; the other one agrees\.") as raised:
        assert_same_density(model, tfp_normal())
    assert "mu (by" in str(raised.value) and "sigma (by" in str(raised.value)


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


def test_models_in_the_wrong_order_are_named():
    twin, joint = pymc_normal(), tfp_normal()
    with pytest.raises(TypeError, match="pymc_model must be a PyMC model, but a JointDist"):
        assert_same_density(joint, twin)
    with pytest.raises(TypeError, match="model must be a joint distribution.*a Model was given"):
        assert_same_density(twin, twin)


def uniform_twins(y):
    import jax.numpy as jnp
    import pymc as pm
    import tensorflow_probability.substrates.jax as tfp

    tfd = tfp.distributions

    @tfd.JointDistributionCoroutineAutoBatched
    def joint():
        top = yield tfd.Gamma(jnp.float64(2.0), 1.0, name="top")
        yield tfd.Uniform(0.0, top * jnp.ones(3), name="y")

    with pm.Model() as twin:
        top = pm.Gamma("top", 2.0, 1.0)
        pm.Uniform("y", 0.0, top, observed=y * np.ones(3))
    return twin, joint.experimental_pin(y=y * np.ones(3))


def test_points_outside_the_support_of_both_are_not_two_models():
    with pytest.raises(ValueError, match="At 100 of 100 random points neither .* are those of y"):
        assert_same_density(*uniform_twins(50.0))
    assert assert_same_density(*uniform_twins(50.0), near={"top": 200.0}).outside == 0
    some = assert_same_density(*uniform_twins(2.0))
    assert some.points + some.outside == 100 and 10 <= some.points < 100
    with pytest.raises(
        AssertionError, match="only one of them has a density. TFP has none in .* y"
    ):
        assert_same_density(uniform_twins(2.0)[0], uniform_twins(50.0)[1])


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
