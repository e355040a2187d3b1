"""The integrated linear model against a sampler-free brute force, refits, and bad input."""

from companion import datasets
from companion.lessons.linear import linear_posterior
from companion.posteriors import reference
import numpy as np
from numpy.testing import assert_allclose
import pytest
from scipy import integrate, stats

SIGMA = np.linspace(0.02, 8.0, 4001)


def made_up(n=12, seed=1):
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(n), rng.normal(size=n)])
    return design, design @ [1.0, -0.5] + 0.7 * rng.standard_normal(n)


def fit(design, response, sigma=SIGMA, scale=1.0):
    log_prior = stats.halfnorm(0.0, scale).logpdf(sigma)
    return linear_posterior(design, response, [0.5, 0.0], [1.0, 2.0], sigma, log_prior)


def test_the_line_of_chapter_3_has_its_reference_posterior():
    line = datasets.noisy_line()
    design = np.column_stack([np.ones(len(line)), line["x"]])
    sigma = np.linspace(0.4, 1.6, 2001)
    found = linear_posterior(
        design, line["y"], [0.0, 0.0], [10.0, 10.0], sigma, stats.halfnorm(0, 5).logpdf(sigma)
    )
    exact = reference("noisy_line")
    assert_allclose(found.mean, exact.loc[["alpha", "beta"], "mean"], rtol=1e-6)
    assert_allclose(found.sd, exact.loc[["alpha", "beta"], "sd"], rtol=1e-6)
    assert_allclose(found.weight @ sigma, exact.loc["sigma", "mean"], rtol=1e-6)


@pytest.mark.parametrize("left_out", [0, 7])
def test_leaving_out_by_formula_is_leaving_out(left_out):
    design, response = made_up()
    everything = fit(design, response)
    kept = np.arange(len(response)) != left_out
    rest = fit(design[kept], response[kept])
    assert_allclose(everything.mean_without[left_out], rest.mean, rtol=1e-8)

    row = design[left_out]
    spread = np.sqrt(SIGMA**2 + np.einsum("i,gij,j->g", row, rest.covariances, row))
    density = rest.weight @ stats.norm(rest.centers @ row, spread).pdf(response[left_out])
    assert_allclose(everything.elpd_i[left_out], np.log(density), rtol=1e-8)


def test_a_multivariate_normal_gives_the_same_weights():
    design, response = made_up(n=5)
    found = fit(design, response)

    def density(sigma):
        covariance = design @ np.diag([1.0, 4.0]) @ design.T + sigma**2 * np.eye(5)
        likelihood = stats.multivariate_normal(design @ [0.5, 0.0], covariance).pdf(response)
        return likelihood * stats.halfnorm.pdf(sigma)

    total = integrate.quad(density, 0.02, 8.0)[0]
    first = integrate.quad(lambda sigma: sigma * density(sigma), 0.02, 8.0)[0]
    # So few data leave the noise open: the grid ends inside its posterior, and says so.
    with pytest.raises(ValueError, match="cuts it off"):
        fit(design, response, np.linspace(0.2, 1.0, 50))
    assert_allclose(found.weight @ SIGMA, first / total, rtol=1e-5)


def test_one_noise_for_each_observation():
    design, response = made_up()
    ratio = np.linspace(0.5, 2.0, len(response))
    log_prior = stats.halfnorm.logpdf(SIGMA)
    prior = ([0.0, 0.0], [1.0, 2.0])
    found = linear_posterior(design, response, *prior, SIGMA[:, None] * ratio, log_prior)
    # Dividing a row by its noise ratio makes the noises equal.
    scaled = linear_posterior(design / ratio[:, None], response / ratio, *prior, SIGMA, log_prior)
    assert_allclose(found.mean, scaled.mean)
    assert_allclose(found.covariance, scaled.covariance)
    assert_allclose(found.mean_without, scaled.mean_without)
    assert_allclose(found.elpd_i, scaled.elpd_i - np.log(ratio))
