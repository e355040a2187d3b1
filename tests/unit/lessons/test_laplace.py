"""The Laplace approximation against optimizers, finite differences and an exact posterior."""

from companion import datasets
from companion.lessons.laplace import logistic_laplace
from companion.posteriors import reference
import numpy as np
from numpy.testing import assert_allclose
import pytest
from scipy import optimize, stats


def made_up(n=40, seed=1, slopes=(0.3, -0.8, 1.2)):
    rng = np.random.default_rng(seed)
    predictors = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    return predictors, rng.random(n) < 1.0 / (1.0 + np.exp(-predictors @ np.array(slopes)))


def negative_log_posterior(at, predictors, response, prior_sd):
    p = 1.0 / (1.0 + np.exp(-(predictors @ at)))
    return -stats.bernoulli(p).logpmf(response).sum() - stats.norm(0, prior_sd).logpdf(at).sum()


@pytest.mark.parametrize("prior_sd", [2.0, 0.3, (10.0, 1.0, 0.1)])
def test_mode_and_curvature_are_those_of_a_general_optimizer(prior_sd):
    data = made_up()
    arguments = (*data, np.asarray(prior_sd))
    found = optimize.minimize(negative_log_posterior, np.zeros(3), arguments, tol=1e-10)
    mode, sd = logistic_laplace(*data, prior_sd)
    assert_allclose(mode, found.x, atol=2e-5)

    step = 1e-4 * np.eye(3)
    hessian = [
        [
            sum(
                sign * negative_log_posterior(mode + a * u / 2 + b * v / 2, *arguments)
                for a, b, sign in [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]
            )
            / 1e-8
            for v in step
        ]
        for u in step
    ]
    assert_allclose(sd, np.sqrt(np.diag(np.linalg.inv(hessian))), rtol=1e-4)


def test_a_single_proportion_has_a_closed_form():
    response = np.arange(100) < 73
    mode, sd = logistic_laplace(np.ones((100, 1)), response, 1e6)
    assert_allclose(mode, [np.log(73 / 27)], rtol=1e-8)
    assert_allclose(sd, [1.0 / np.sqrt(100 * 0.73 * 0.27)], rtol=1e-8)


def test_data_sets_in_a_stack_do_not_touch_each_other():
    stack = [made_up(seed=seed) for seed in range(6)]
    predictors, response = (
        np.stack(part).reshape(2, 3, 40, -1) for part in zip(*stack, strict=True)
    )
    mode, sd = logistic_laplace(predictors, response[..., 0], 2.0)
    assert mode.shape == sd.shape == (2, 3, 3)
    for i, data in enumerate(stack):
        alone = logistic_laplace(*data, 2.0)
        assert_allclose([mode.reshape(6, 3)[i], sd.reshape(6, 3)[i]], alone, rtol=1e-7)


def test_it_is_close_to_the_exact_posterior_of_the_trial():
    trial = datasets.dose_response()
    columns = trial[["age", "dose"]].to_numpy()
    z = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    mode, sd = logistic_laplace(np.column_stack([np.ones(200), z]), trial["responded"], 2.0)
    exact = reference("dose_response").loc[["intercept", "b_age", "b_dose"]]
    assert_allclose(mode, exact["mean"], atol=0.15 * exact["sd"].min())
    assert_allclose(sd, exact["sd"], rtol=0.03)
    assert np.abs(mode - exact["mean"]).max() > 1e-3, "an approximation that is exact is a copy"


def separated():
    x = np.linspace(-3.0, 3.0, 20)
    return np.column_stack([np.ones(20), x, 50.0 * x]), x > 0


@pytest.mark.parametrize("prior_sd", [0.1, 30.0])
def test_separated_data_have_a_mode_because_of_the_prior(prior_sd):
    mode, sd = logistic_laplace(*separated(), prior_sd)
    best = negative_log_posterior(mode, *separated(), prior_sd)
    assert (sd > 0).all()
    for direction in np.vstack([np.eye(3), -np.eye(3)]):
        aside = mode + 0.01 * sd * direction
        assert negative_log_posterior(aside, *separated(), prior_sd) > best


def test_full_newton_steps_overshoot_where_halved_ones_arrive():
    columns = [
        [-1.2, 6.9, 4.0, 2.6, 2.0, -1.1, -1.0, 0.4, -6.8, -1.1, -0.5, -0.4, -0.3, -0.7, 0.6],
        [0.9, -0.2, -19.9, -1.7, 1.0, 0.3, 0.6, -0.6, 0.3, 1.2, -285.5, 1.3, 1.5, -1.0, -0.1],
    ]
    predictors = np.column_stack([np.ones(15), *columns])
    response = np.isin(np.arange(15), [6, 8, 10, 13])
    mode, sd = logistic_laplace(predictors, response, 100.0)
    best = negative_log_posterior(mode, predictors, response, 100.0)
    for direction in np.vstack([np.eye(3), -np.eye(3)]):
        aside = mode + 0.01 * sd * direction
        assert negative_log_posterior(aside, predictors, response, 100.0) > best


def test_without_a_prior_to_speak_of_separated_data_have_none():
    with pytest.raises(RuntimeError, match="did not settle in 50 steps"):
        logistic_laplace(*separated(), 1e6)


BAD = {
    "shape": ((np.ones((5, 2)), np.ones(4), 1.0), r"shapes \(4,\) and \(5, 2\)"),
    "one dimension": ((np.ones(5), np.ones(5), 1.0), "shape of predictors without its last"),
    "not finite": ((np.full((5, 2), np.nan), np.ones(5), 1.0), "predictors must be finite"),
    "counts": ((np.ones((5, 2)), np.arange(5), 1.0), "0 and 1.* but 3 of its 5 values are others"),
    "missing": ((np.ones((5, 2)), np.full(5, np.nan), 1.0), "but 5 of its 5 .* or missing"),
    "zero prior": ((np.ones((5, 2)), np.ones(5), 0.0), "prior_sd must be positive"),
    "three priors": ((np.ones((5, 2)), np.ones(5), (1.0, 1.0, 1.0)), "one number or 2"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    arguments, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        logistic_laplace(*arguments)
