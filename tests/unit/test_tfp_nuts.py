import arviz as az
from companion.joint import read_model
from companion.real_line import real_line
from companion.tfp_nuts import compile_nuts, sample_tfp
import numpy as np
import pytest
from scipy import stats

from tests.unit.conftest import DATA, tfp_normal

KNOWN_SIGMA = 2.0


@pytest.fixture(scope="module")
def conjugate():
    """Fit a Normal mean with known sigma, whose posterior is Normal in closed form."""
    import jax.numpy as jnp
    import tensorflow_probability.substrates.jax as tfp

    tfd = tfp.distributions

    @tfd.JointDistributionCoroutineAutoBatched
    def joint():
        mu = yield tfd.Normal(jnp.float64(0.0), 10.0, name="mu")
        yield tfd.Normal(mu * jnp.ones(6), KNOWN_SIGMA, name="y")

    run = compile_nuts(
        joint.experimental_pin(y=DATA),
        deterministics=lambda draw: {"mu_squared": draw.mu**2},
        posterior_predictive=True,
        coords={"row": list("abcdef")},
        dims={"y": ["row"]},
    )
    return run, run(7101)


def test_mean_and_sd_agree_with_the_closed_form(conjugate):
    _, fit = conjugate
    precision = 1.0 / 10.0**2 + len(DATA) / KNOWN_SIGMA**2
    mean, sd = DATA.sum() / KNOWN_SIGMA**2 / precision, precision**-0.5
    summary = az.summary(fit, var_names=["mu"], kind="all", round_to="none").loc["mu"]
    assert summary["ess_bulk"] > 400
    assert summary["r_hat"] < 1.01
    assert abs(summary["mean"] - mean) < 5 * summary["mcse_mean"]
    assert abs(summary["sd"] - sd) < 5 * summary["mcse_sd"]


def test_arrays_start_with_chain_and_draw_and_carry_coordinates(conjugate):
    _, fit = conjugate
    assert fit.posterior["mu"].dims == ("chain", "draw")
    assert fit.posterior["mu"].shape == (4, 1000)
    assert fit.log_likelihood["y"].dims == ("chain", "draw", "row")
    assert list(fit.posterior_predictive["row"].values) == list("abcdef")
    np.testing.assert_array_equal(fit.observed_data["y"], DATA)


def test_log_likelihood_is_pointwise(conjugate):
    _, fit = conjugate
    mu = fit.posterior["mu"].to_numpy()[..., None]
    expected = stats.norm(mu, KNOWN_SIGMA).logpdf(DATA)
    np.testing.assert_allclose(fit.log_likelihood["y"], expected, rtol=0, atol=1e-10)


def test_deterministics_belong_to_their_draws(conjugate):
    _, fit = conjugate
    np.testing.assert_allclose(fit.posterior["mu_squared"], fit.posterior["mu"] ** 2, rtol=1e-12)


def test_replicates_scatter_as_the_model_says(conjugate):
    _, fit = conjugate
    replicate = fit.posterior_predictive["y"].to_numpy()
    z = (replicate - fit.posterior["mu"].to_numpy()[..., None]) / KNOWN_SIGMA
    assert stats.kstest(z.ravel()[::4], "norm").pvalue > 1e-4
    assert abs(np.corrcoef(z[..., 0].ravel(), z[..., 1].ravel())[0, 1]) < 5 / np.sqrt(4000)


def test_the_energy_has_the_distribution_of_a_normal_models_energy(conjugate):
    # One position and one momentum, both Normal: above its minimum, the energy is half a chi-square
    # variable with two degrees of freedom, an Exponential with mean and standard deviation 1.
    _, fit = conjugate
    energy = fit.sample_stats["energy"].to_numpy()
    energy = energy - energy.min()
    assert abs(energy.mean() - 1.0) < 5 * float(az.mcse(energy))
    assert abs(energy.std() - 1.0) < 5 * float(az.mcse(energy, method="sd"))
    assert float(az.bfmi(fit)["energy"].min()) > 0.5


@pytest.fixture(scope="module")
def all_supports():
    """Return a joint distribution with a real, two positive, a bounded variable and a correlation matrix."""
    import jax.numpy as jnp
    import tensorflow_probability.substrates.jax as tfp

    tfd = tfp.distributions

    @tfd.JointDistributionCoroutineAutoBatched
    def joint():
        mu = yield tfd.Normal(jnp.float64(0.0), 1.0, name="mu")
        yield tfd.Gamma(jnp.array([2.0, 5.0]), 0.001, name="thousands")
        yield tfd.HalfNormal(jnp.exp(mu), name="sigma")
        yield tfd.Uniform(jnp.float64(-1.0), 3.0, name="bounded")
        yield tfd.CholeskyLKJ(2, jnp.float64(2.0), name="correlation")

    return joint


def test_the_density_on_the_real_line_carries_its_change_of_variables(all_supports):
    import jax

    line = real_line(read_model(all_supports))
    draw = all_supports.sample(seed=jax.random.key(7110))
    vector = line.flatten(draw._asdict(), {})
    back = line.constrain(vector, {})
    assert list(back) == list(draw._fields)
    for name, value in draw._asdict().items():
        np.testing.assert_allclose(back[name], value, rtol=1e-10)

    def coordinates(vector):
        *numbers, correlation = line.constrain(vector, {}).values()
        # The other entries of a Cholesky factor with unit rows follow from this one.
        return jax.numpy.hstack([*numbers, correlation[1, 0]])

    volume = np.linalg.slogdet(np.asarray(jax.jacobian(coordinates)(vector)))[1]
    expected = float(all_supports.log_prob(draw)) + volume
    assert float(line.log_density(vector, {})) == pytest.approx(expected, abs=1e-8)


def test_positive_variables_move_on_the_log_scale(all_supports):
    import jax

    draw = all_supports.sample(seed=jax.random.key(7111))
    vector = np.asarray(real_line(read_model(all_supports)).flatten(draw._asdict(), {}))
    np.testing.assert_allclose(vector[0], draw.mu)
    np.testing.assert_allclose(vector[1:3], np.log(draw.thousands), rtol=1e-12)
    np.testing.assert_allclose(vector[3], np.log(draw.sigma), rtol=1e-12)


def test_scales_in_the_thousands_have_the_right_moments(all_supports):
    summary = az.summary(
        compile_nuts(all_supports)(7112), var_names=["thousands"], kind="all", round_to="none"
    )
    assert summary["ess_bulk"].min() > 400
    assert np.all(abs(summary["mean"] - [2000.0, 5000.0]) < 5 * summary["mcse_mean"])
    sd = 1000.0 * np.sqrt([2.0, 5.0])
    assert np.all(abs(summary["sd"] - sd) < 5 * summary["mcse_sd"])


def test_a_transformed_likelihood_leaks_nothing_between_compiled_functions():
    import jax.numpy as jnp
    import tensorflow_probability.substrates.jax as tfp

    tfd = tfp.distributions

    @tfd.JointDistributionCoroutineAutoBatched
    def joint():
        mu = yield tfd.Normal(jnp.float64(0.0), 1.0, name="mu")
        yield tfd.LogNormal(mu * jnp.ones(6), 0.5, name="y")

    run = compile_nuts(joint.experimental_pin(y=np.exp(DATA)), draws=100, tune=100)
    fit = run(7120)
    mu = fit.posterior["mu"].to_numpy()[..., None]
    expected = stats.lognorm(0.5, scale=np.exp(mu)).logpdf(np.exp(DATA))
    np.testing.assert_allclose(fit.log_likelihood["y"], expected, rtol=0, atol=1e-10)


def test_statistics_have_one_value_per_draw(conjugate):
    _, fit = conjugate
    expected = {"diverging", "energy", "lp", "n_steps", "acceptance_rate", "step_size"}
    assert expected <= set(fit.sample_stats.data_vars)
    assert all(v.dims == ("chain", "draw") for v in fit.sample_stats.data_vars.values())
    assert fit.sample_stats["diverging"].dtype == bool


def test_a_seed_gives_the_same_draws_again_and_another_seed_others(conjugate):
    run, fit = conjugate
    np.testing.assert_array_equal(run(7101).posterior["mu"], fit.posterior["mu"])
    assert not np.array_equal(run(7102).posterior["mu"], fit.posterior["mu"])


def test_a_higher_target_shortens_the_steps_without_compiling_again(conjugate):
    run, fit = conjugate
    short = run(7101, 0.99)
    assert float(short.sample_stats["step_size"].mean()) < 0.6 * float(
        fit.sample_stats["step_size"].mean()
    )


def test_other_data_are_used_without_compiling_again(conjugate):
    run, _ = conjugate
    fit = run(7103, y=DATA + 100.0)
    np.testing.assert_array_equal(fit.observed_data["y"], DATA + 100.0)
    precision = 1.0 / 10.0**2 + len(DATA) / KNOWN_SIGMA**2
    summary = az.summary(fit, var_names=["mu"], kind="all", round_to="none").loc["mu"]
    expected = (DATA + 100.0).sum() / KNOWN_SIGMA**2 / precision
    assert abs(summary["mean"] - expected) < 5 * summary["mcse_mean"]
    mu = fit.posterior["mu"].to_numpy()[..., None]
    np.testing.assert_allclose(
        fit.log_likelihood["y"], stats.norm(mu, KNOWN_SIGMA).logpdf(DATA + 100.0), rtol=0, atol=1e-9
    )
    # The data that were compiled with the model are still there.
    np.testing.assert_array_equal(run(7101).observed_data["y"], DATA)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"x": DATA}, r"pinned variables \(y\), but 'x' was given"),
        ({"y": DATA[:3]}, r"y must keep the shape \(6,\).* of shape \(3,\) were given"),
    ],
)
def test_data_of_another_shape_or_name_are_refused(conjugate, data, message):
    with pytest.raises(ValueError, match=message):
        conjugate[0](7104, **data)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"draws": 0}, "draws must be a positive whole number, but 0"),
        ({"chains": 2.5}, "chains must be a positive whole number, but 2.5"),
        ({"tune": True}, "tune must be a positive whole number, but True"),
        ({"target_accept": 1.0}, "target_accept must lie between 0 and 1, but 1.0"),
    ],
)
def test_bad_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        compile_nuts(tfp_normal(), **settings)


def test_something_that_is_no_model_is_refused():
    with pytest.raises(TypeError, match="model must be a joint distribution.*a dict was given"):
        compile_nuts({"mu": 1.0})


def tiny(*variables):
    """Return a joint distribution of variables given as functions of those before them."""
    import tensorflow_probability.substrates.jax as tfp

    @tfp.distributions.JointDistributionCoroutineAutoBatched
    def joint():
        before = []
        for variable in variables:
            before.append((yield variable(*before)))

    return joint


@pytest.fixture(scope="module")
def tfd():
    import tensorflow_probability.substrates.jax as tfp

    return tfp.distributions


SHORT = {"draws": 60, "tune": 120, "chains": 2, "seed": 1}


def test_a_simplex_is_sampled(tfd):
    joint = tiny(
        lambda: tfd.Dirichlet(np.ones(3), name="p"),
        lambda p: tfd.Multinomial(10.0, probs=p, name="votes"),
    )
    fit = sample_tfp(joint.experimental_pin(votes=np.array([5.0, 3.0, 2.0])), **SHORT)
    np.testing.assert_allclose(fit.posterior["p"].sum(axis=-1), 1.0)


def test_a_discrete_unknown_is_named(tfd):
    joint = tiny(
        lambda: tfd.Bernoulli(probs=np.float64(0.5), name="switch"),
        lambda switch: tfd.Normal(switch * np.ones(5), 1.0, name="y"),
    )
    with pytest.raises((TypeError, ValueError), match="switch"):
        sample_tfp(joint.experimental_pin(y=np.ones(5)), **SHORT)


@pytest.mark.parametrize("wrap", ["Sample", "Independent", "plain"])
def test_each_observation_has_its_own_log_likelihood(tfd, wrap):
    y = np.random.default_rng(7130).normal(2.0, 1.0, 12)
    likelihood = {
        "Sample": lambda mu: tfd.Sample(tfd.Normal(mu, 1.0), 12, name="y"),
        "Independent": lambda mu: tfd.Independent(tfd.Normal(mu * np.ones(12), 1.0), 1, name="y"),
        "plain": lambda mu: tfd.Normal(mu * np.ones(12), 1.0, name="y"),
    }[wrap]
    joint = tiny(lambda: tfd.Normal(np.float64(0.0), 1.0, name="mu"), likelihood)
    fit = sample_tfp(joint.experimental_pin(y=y), **SHORT)
    mu = fit.posterior["mu"].to_numpy()[..., None]
    np.testing.assert_allclose(fit.log_likelihood["y"], stats.norm(mu, 1.0).logpdf(y))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_data_must_be_finite(tfd, bad):
    joint = tiny(
        lambda: tfd.Normal(np.float64(0.0), 1.0, name="mu"),
        lambda mu: tfd.Normal(mu * np.ones(3), 1.0, name="y"),
    )
    with pytest.raises(ValueError, match="y"):
        sample_tfp(joint.experimental_pin(y=np.array([1.0, bad, 2.0])), **SHORT)
    run = compile_nuts(joint.experimental_pin(y=np.ones(3)), draws=60, tune=120, chains=2)
    with pytest.raises(ValueError, match="y"):
        run(1, y=np.array([1.0, bad, 2.0]))


def test_a_variable_may_have_the_name_of_a_tuples_method(tfd):
    joint = tiny(
        lambda: tfd.Normal(np.float64(0.0), 1.0, name="count"),
        lambda count: tfd.Normal(count * np.ones(3), 1.0, name="index"),
    )
    fit = sample_tfp(joint.experimental_pin(index=np.ones(3)), **SHORT)
    assert fit.posterior["count"].shape == (2, 60)
