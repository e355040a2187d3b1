from functools import partial

import arviz as az
from companion.joint import read_model
from companion.real_line import real_line
from companion.tfp_nuts import (
    _as_labels,
    _check_labels,
    _to_datatree,
    choose_starts,
    compile_nuts,
    complete,
    observe,
    transitions,
)
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from scipy import stats
import tensorflow_probability.substrates.jax as tfp

from tests.unit.conftest import DATA, tfp_normal

tfd = tfp.distributions
AutoBatched = tfd.JointDistributionCoroutineAutoBatched
ZERO, ONE = jnp.float64(0.0), jnp.float64(1.0)
KNOWN_SIGMA = 2.0


@pytest.fixture(scope="module")
def conjugate():
    """Fit a Normal mean with known sigma, whose posterior is Normal in closed form."""

    @AutoBatched
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


def line_of(story, **pins):
    joint = AutoBatched(story)
    return real_line(read_model(joint.experimental_pin(**pins) if pins else joint))


def starts_of(line, seed, chains=4):
    return jax.jit(partial(choose_starts, line, chains))(jax.random.PRNGKey(seed), line.model.pins)


def test_chains_start_at_prior_draws_that_explain_the_data():
    def story():
        mu = yield tfd.Normal(ZERO, 1000.0, name="mu")
        yield tfd.Normal(mu * jnp.ones(6), 100.0, name="y")

    vectors, faults = starts_of(line_of(story, y=DATA + 500.0), 7201, chains=40)
    assert vectors.shape == (40, 1)
    assert not np.any(faults["y"])
    # The prior's standard deviation is 1000, the posterior's 41. The best of a hundred prior draws is
    # within 40 of the data in most chains, and nearly never more than 200 away.
    assert abs(np.median(vectors) - 505.0) < 60.0
    assert np.abs(np.asarray(vectors) - 505.0).max() < 400.0


def test_without_data_the_starts_are_the_prior():
    vectors, faults = starts_of(line_of(lambda: (yield tfd.Normal(ONE, 2.0, name="x"))), 7202, 500)
    assert faults["x"].shape == (500,)
    assert stats.kstest(np.asarray(vectors)[:, 0], stats.norm(1.0, 2.0).cdf).pvalue > 1e-5


def rare_story():
    top = yield tfd.Uniform(ZERO, 1.0, name="top")
    yield tfd.Uniform(0.0, top, name="y")


def test_a_chain_without_a_start_of_its_own_takes_another_chains():
    # One prior draw in 600 has a density: of 100 for each of 30 chains, most have none.
    line = line_of(rare_story, y=1.0 - 1.0 / 600.0)
    vectors, faults = starts_of(line, 7203, chains=30)
    without = np.asarray(faults["y"]).reshape(100, 30).all(axis=0)
    assert 0 < without.sum() < 30, "this seed would not notice a fault"
    top = np.asarray(jax.vmap(lambda v: line.constrain(v, line.model.pins)["top"])(vectors))
    assert (top > 1.0 - 1.0 / 600.0).all()


def test_where_no_prior_draw_has_a_density_the_data_are_named():
    def story():
        rate = yield tfd.Gamma(2.0 * ONE, 1.0, name="rate")
        yield tfd.HalfNormal(rate * jnp.ones(4), name="wait")
        yield tfd.Normal(rate, 1.0, name="other")

    joint = AutoBatched(story).experimental_pin(wait=[1.0, 2.0, -3.0, 0.5], other=1.0)
    run = compile_nuts(joint, draws=20, tune=20)
    message = "at 400 of 400 draws from the prior wait has no finite log density. Of the 4 values of wait, 1"
    with pytest.raises(
        ValueError, match=f"{message} never have one; the index of the first is 2"
    ) as told:
        run(7204)
    assert "outside the support" in str(told.value)


def test_a_parameter_that_is_nan_is_named():
    def story():
        a = yield tfd.Normal(ZERO, 1.0, name="a")
        yield tfd.Normal(jnp.log(-1.0 - a**2), 1.0, name="b")
        yield tfd.Normal(a, 1.0, name="y")

    with pytest.raises(ValueError, match="No chain can start: .* b has no finite log density"):
        compile_nuts(AutoBatched(story).experimental_pin(y=1.0), draws=20, tune=20)(7205)


def test_transitions_keep_a_normal_distribution():
    line = line_of(lambda: (yield tfd.Normal(jnp.array([3.0, -1.0]), 2.0, name="x")))
    move = jax.jit(partial(transitions, line, 1000, 500))
    vectors, found = move(jnp.zeros((4, 2)), jax.random.PRNGKey(7206), 0.8, {})
    assert vectors.shape == (1000, 4, 2)
    assert found["n_steps"].shape == found["energy"].shape == (1000, 4)
    draws = np.moveaxis(np.asarray(vectors), 0, 1)
    for k, mean in enumerate((3.0, -1.0)):
        assert abs(draws[..., k].mean() - mean) < 5 * float(az.mcse(draws[..., k]))
        assert abs(draws[..., k].std() - 2.0) < 5 * float(az.mcse(draws[..., k], method="sd"))


def test_every_pinned_variable_has_noise_of_its_own():
    def story():
        mu = yield tfd.Normal(ZERO, 1.0, name="mu")
        yield tfd.Sample(tfd.Normal(mu, 1.0), 2000, name="y")
        yield tfd.Sample(tfd.Normal(mu, 1.0), 2000, name="z")

    model = line_of(story, y=np.zeros(2000), z=np.zeros(2000)).model
    see = jax.jit(partial(observe, model, replicate=True))
    log_likelihood, replicates = see({"mu": ONE}, jax.random.key(7207), model.pins)
    assert log_likelihood["y"].shape == (2000,)
    np.testing.assert_allclose(log_likelihood["z"], stats.norm(1.0, 1.0).logpdf(0.0))
    assert stats.kstest(replicates["z"], stats.norm(1.0, 1.0).cdf).pvalue > 1e-5
    assert abs(np.corrcoef(replicates["y"], replicates["z"])[0, 1]) < 5.0 / np.sqrt(2000.0)
    assert observe(model, {"mu": ONE}, jax.random.key(7207), model.pins, replicate=False)[1] == {}


def test_what_belongs_to_the_draws_is_completed():
    def story():
        scale = yield tfd.HalfNormal(ONE, name="scale")
        twice = yield tfd.Deterministic(2.0 * scale, name="twice")
        yield tfd.MultivariateNormalDiag(jnp.zeros((3, 2)), twice * jnp.ones(2), name="rows")

    rows = np.arange(6.0).reshape(3, 2)
    line = line_of(story, rows=rows)
    finish = jax.jit(partial(complete, line, lambda draw: {"sum": draw.scale + draw.twice}, True))
    vectors = jnp.log(jnp.array([[[1.0], [2.0]]] * 5))
    found = finish(vectors, jax.random.key(7208), line.model.pins)
    np.testing.assert_allclose(found["draws"]["twice"], [[2.0, 4.0]] * 5)
    np.testing.assert_allclose(found["deterministics"]["sum"], [[3.0, 6.0]] * 5)
    exact = stats.multivariate_normal(np.zeros(2), 4.0).logpdf(rows)
    np.testing.assert_allclose(found["log_likelihood"]["rows"][:, 0], [exact] * 5)
    assert found["posterior_predictive"]["rows"].shape == (5, 2, 3, 2)


def test_shares_and_a_computed_variable_in_a_plain_sequence_have_the_exact_posterior():
    votes = np.array([5.0, 3.0, 2.0])
    joint = tfd.JointDistributionSequential(
        [
            tfd.Dirichlet(jnp.ones(3), name="share"),
            lambda share: tfd.Deterministic(share[0] - share[1], name="lead"),
            lambda lead, share: tfd.Multinomial(10.0 * ONE, probs=share, name="count"),
        ]
    )
    fit = compile_nuts(
        joint.experimental_pin(None, None, votes),
        dims={"share": "party"},
        coords={"party": list("abc")},
    )(7209)
    assert list(fit.posterior.data_vars) == ["share", "lead"]
    np.testing.assert_allclose(fit.posterior["share"].sum("party"), 1.0)
    lead = fit.posterior["share"].sel(party="a") - fit.posterior["share"].sel(party="b")
    np.testing.assert_allclose(fit.posterior["lead"], lead, atol=1e-12)
    exact = stats.dirichlet(1.0 + votes)
    summary = az.summary(fit, var_names=["share"], kind="all", round_to="none")
    assert summary["ess_bulk"].min() > 400
    assert np.all(abs(summary["mean"] - exact.mean()) < 5 * summary["mcse_mean"])
    assert np.all(abs(summary["sd"] - np.sqrt(exact.var())) < 5 * summary["mcse_sd"])
    assert fit.log_likelihood["count"].shape == (4, 1000)


def test_scales_in_the_thousands_have_the_right_moments():
    def story():
        yield tfd.Gamma(jnp.array([2.0, 5.0]), 0.001, name="thousands")

    summary = az.summary(compile_nuts(AutoBatched(story))(7112), kind="all", round_to="none")
    assert summary["ess_bulk"].min() > 400
    assert np.all(abs(summary["mean"] - [2000.0, 5000.0]) < 5 * summary["mcse_mean"])
    sd = 1000.0 * np.sqrt([2.0, 5.0])
    assert np.all(abs(summary["sd"] - sd) < 5 * summary["mcse_sd"])


def test_a_transformed_likelihood_leaks_nothing_between_compiled_functions():
    @AutoBatched
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
        ({"y": np.where(DATA > 6, np.nan, DATA)}, "y must be finite, but 1 of its 6 values"),
        ({"y": np.ma.masked_greater(DATA, 5)}, "y must be finite, but 3 of its 6 values"),
        (
            {"y": pd.Series([4, 5, None, 3, 5, 4], dtype="Int64")},
            "y must be finite, but 1 of its 6",
        ),
    ],
)
def test_other_data_that_do_not_fit_are_refused(conjugate, data, message):
    with pytest.raises(ValueError, match=message):
        conjugate[0](7104, **data)


def test_a_seed_fits_into_64_bits(conjugate):
    for seed in (2**63, -(2**63) - 1):
        with pytest.raises(ValueError, match=f"seed must fit into 64 bits, but {seed}"):
            conjugate[0](seed)
    for seed in (2**63 - 1, -(2**63)):
        conjugate[0](seed)


def test_a_seed_is_a_whole_number(conjugate):
    with pytest.raises(ValueError, match="seed must be a whole number, but 1.5"):
        conjugate[0](1.5)


def test_other_data_of_a_whole_number_variable_are_whole_numbers():
    def story():
        a = yield tfd.Normal(ZERO, 1.0, name="a")
        yield tfd.Bernoulli(logits=a * jnp.ones(3), name="y")

    run = compile_nuts(AutoBatched(story).experimental_pin(y=[0, 1, 1]), draws=20, tune=20)
    with pytest.raises(ValueError, match="y must consist of whole numbers"):
        run(7105, y=[0.0, 0.5, 1.0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"draws": 0}, "draws must be a positive whole number, but 0"),
        ({"chains": 2.5}, "chains must be a positive whole number, but 2.5"),
        ({"tune": True}, "tune must be a positive whole number, but True"),
        ({"tune": 5}, "tune must be at least 20.* but 5"),
        ({"target_accept": 1.0}, "target_accept must lie between 0 and 1, but 1.0"),
        ({"target_accept": "0.9"}, "target_accept must lie between 0 and 1, but '0.9'"),
        ({"target_accept": None}, "target_accept must lie between 0 and 1, but None"),
        ({"coords": {"row": [[1], [1, 2]]}}, "coords must give each dimension a sequence"),
        ({"coords": {"row": None}}, "coords must give each dimension a sequence"),
        (
            {"deterministics": lambda draw: {"mu": draw.sigma}},
            "names of their own, but mu is a variable",
        ),
        ({"dims": {"y": ["row", "column"]}}, r"each dimension of y, whose shape is \(6,\)"),
        (
            {"dims": {"y": "row"}, "coords": {"row": "abc"}},
            "coords must give each dimension a sequence",
        ),
        (
            {"dims": {"y": "row"}, "coords": {"row": [1, 2]}},
            "'row' of y has 6 values, and coords gives it 2",
        ),
    ],
)
def test_bad_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        compile_nuts(tfp_normal(), **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dims": "row"}, "dims must be a dict, but a str was given"),
        ({"coords": ["row"]}, "coords must be a dict, but a list was given"),
        ({"dims": {"y": None}}, "dims must give y a name or a list of names, but None"),
        ({"dims": {"y": 5}}, "dims must give y a name or a list of names, but 5"),
        ({"deterministics": {"twice": 2.0}}, "deterministics must be a function.*but a dict"),
        ({"deterministics": lambda draw: {"twice": None}}, "'twice' a number.*gives a NoneType"),
        ({"deterministics": lambda draw: {"twice": [draw.mu] * 2}}, "'twice' a number.*a list"),
        ({"deterministics": lambda draw: {2: draw.mu}}, "name quantities by text, but 2"),
    ],
)
def test_settings_of_another_type_are_named(settings, message):
    with pytest.raises(TypeError, match=message):
        compile_nuts(tfp_normal(), **settings)


def test_labels_may_be_the_keys_of_a_dict():
    keys = dict.fromkeys("abc").keys()
    assert _as_labels({"school": keys}, None) == ({"school": ["a", "b", "c"]}, {})


def test_deterministics_must_have_names():
    with pytest.raises(TypeError, match="deterministics must return a dict .* but returns a Shape"):
        compile_nuts(tfp_normal(), deterministics=lambda draw: draw.mu)


LABELS = {
    "a variable and a dimension": (
        {"school": (8,)}, {}, {"school": ["school"]}, "school must have another name: it is both",
    ),
    "a variable named as ArviZ's": ({"draw": ()}, {}, {}, "draw must have another name"),
    "ArviZ's dimension": ({"x": (4,)}, {}, {"x": ["chain"]}, "a dimension of x 'chain': ArviZ has one"),
    "two sizes": (
        {"x": (4,), "z": (3,)}, {}, {"x": ["unit"], "z": ["unit"]}, "'unit' of . has . values, and that of .",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", LABELS)
def test_labels_that_do_not_fit_are_named(kind):
    shapes, coords, dims, message = LABELS[kind]
    with pytest.raises(ValueError, match=message):
        _check_labels(shapes, coords, dims)


def test_labels_may_be_shared_with_other_models():
    _check_labels(
        {"x": (3,), "m": ()}, {"unit": "abc", "year": [1]}, {"x": ["unit"], "z": ["unit"]}
    )
    _check_labels({"x": (3, 2)}, {}, {"x": [None, "side"]})


def test_one_name_serves_for_a_list_of_one():
    assert _as_labels({"school": ["a"]}, {"theta": "school"}) == (
        {"school": ["a"]},
        {"theta": ["school"]},
    )
    groups = {"posterior": {"theta": np.zeros((10, 2, 3))}}
    tree = _to_datatree(groups, {}, {"school": ["a", "b", "c"]}, {"theta": "school"})
    assert tree.posterior["theta"].dims == ("chain", "draw", "school")
    assert tree.posterior["theta"].shape == (2, 10, 3)


def test_a_discrete_variable_is_named_before_sampling():
    def story():
        switch = yield tfd.Bernoulli(probs=0.5 * ONE, name="switch")
        yield tfd.Normal(switch * jnp.ones(6), 1.0, name="y")

    with pytest.raises(ValueError, match="switch must be continuous"):
        compile_nuts(AutoBatched(story).experimental_pin(y=DATA))


def test_something_that_is_no_model_is_refused():
    with pytest.raises(TypeError, match="model must be a joint distribution.*a dict was given"):
        compile_nuts({"mu": 1.0})
