"""Linear regression with Normal noise, integrated instead of sampled.

Given the noise, a linear model with Normal priors has a Normal posterior, and everything about its
coefficients is a formula. What is left unknown, the noise, has one or two dimensions, and can be
summed over a grid. So posterior, leave-one-out score and the posterior without each observation in
turn are exact to the width of the grid, without draws and without refitting.

This is no substitute for a sampler: it knows one family of models. It is something to hold a sampler
against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from companion.inputs import finite_array
import numpy as np

__all__ = ["LinearPosterior", "linear_posterior"]

EDGE = 1e-6  # of the largest weight: what the first and the last point of a grid may have
EVEN = 1e-6  # relative difference of the steps of an even grid


@dataclass(frozen=True)
class LinearPosterior:
    """The posterior of a linear model, as a weighted sum of Normals.

    Attributes
    ----------
    mean, sd : array, shape (k,)
        Posterior means and standard deviations of the coefficients.
    covariance : array, shape (k, k)
        Their posterior covariance.
    weight : array, shape (g,)
        Posterior probability of each point of the grid of noises; they sum to 1.
    centers, covariances : array, shape (g, k) and (g, k, k)
        Mean and covariance of the coefficients at each point of the grid.
    elpd_i : array, shape (n,)
        Log density of each observation, predicted from all others: exact leave-one-out scores (nats).
    mean_without : array, shape (n, k)
        Posterior means of the coefficients without each observation in turn.
    """

    mean: np.ndarray
    sd: np.ndarray
    covariance: np.ndarray
    weight: np.ndarray
    centers: np.ndarray
    covariances: np.ndarray
    elpd_i: np.ndarray
    mean_without: np.ndarray


def _check_shapes(
    x: np.ndarray,
    y: np.ndarray,
    center: np.ndarray,
    scale: np.ndarray,
    noise: np.ndarray,
    log_prior: np.ndarray,
) -> None:
    if x.ndim != 2 or y.shape != x.shape[:1] or 0 in x.shape:
        raise ValueError(
            "design and response must have shapes (n, k) and (n,), but have "
            f"{x.shape} and {y.shape}."
        )
    for name, values in {"prior_mean": center, "prior_sd": scale}.items():
        if values.shape != x.shape[1:]:
            raise ValueError(
                f"{name} must have {x.shape[1]} values, one per column of design, but has shape "
                f"{values.shape}."
            )
    if not (scale > 0.0).all():
        raise ValueError(f"prior_sd must be positive, but {scale.tolist()} was given.")
    if noise.shape not in ((len(noise),), (len(noise), len(y))) or noise.size == 0:
        raise ValueError(
            f"sigma must have shape (g,) or (g, {len(y)}), but has shape {noise.shape}."
        )
    if not (noise > 0.0).all():
        raise ValueError(f"sigma must be positive, but has a smallest value of {noise.min():g}.")
    steps = np.diff(noise)
    if noise.ndim == 1 and not np.allclose(steps, steps[:1], rtol=EVEN, atol=0.0):
        raise ValueError(
            "sigma must be an even grid, because its points are summed with equal weights, but its steps "
            f"reach from {steps.min():g} to {steps.max():g}."
        )
    if log_prior.shape != noise.shape[:1]:
        raise ValueError(
            f"log_prior must have {len(noise)} values, one per noise, but has shape {log_prior.shape}."
        )


def linear_posterior(
    design: np.ndarray,
    response: np.ndarray,
    prior_mean: Sequence[float],
    prior_sd: Sequence[float],
    sigma: np.ndarray,
    log_prior: np.ndarray,
) -> LinearPosterior:
    """Integrate response ~ Normal(design @ coefficients, sigma), with Normal priors, over sigma.

    Parameters
    ----------
    design : array, shape (n, k)
        One row per observation, one column per coefficient; include ones for an intercept.
    response : array, shape (n,)
        What was observed.
    prior_mean, prior_sd : sequence of k floats
        Of the coefficients' independent Normal priors.
    sigma : array, shape (g,) or (g, n)
        An even grid of noise standard deviations, one for all observations or one for each. It must
        cover the posterior.
    log_prior : array, shape (g,)
        Log prior density at each point of the grid, up to a constant.

    Returns
    -------
    LinearPosterior

    Raises
    ------
    TypeError
        If an argument does not consist of numbers.
    ValueError
        If values are missing, infinite or out of range, shapes do not match, or a one-dimensional grid is
        uneven or cuts the posterior of sigma off.

    References
    ----------
    Gelman, Carlin, Stern, Dunson, Vehtari and Rubin (2013), Bayesian Data Analysis, third edition,
    sections 14.2 and 14.8. The leave-one-out identity p(y_i | others) = 1 / E[1 / p(y_i | sigma,
    others)], with the expectation over p(sigma | y), follows from Bayes' theorem.
    """
    x, y, center, scale, noise, log_prior = (
        np.atleast_1d(finite_array(name, values)).astype(float)
        for name, values in {
            "design": design,
            "response": response,
            "prior_mean": prior_mean,
            "prior_sd": prior_sd,
            "sigma": sigma,
            "log_prior": log_prior,
        }.items()
    )
    _check_shapes(x, y, center, scale, noise, log_prior)
    one_dimensional = noise.ndim == 1
    noise = noise[:, None] if one_dimensional else noise

    # Given sigma: a Normal posterior of the coefficients, and the density of all data.
    precision = np.broadcast_to(noise**-2.0, (len(noise), len(y)))
    residual = y - x @ center
    information = np.einsum("gn,ni,nj->gij", precision, x, x, optimize=True) + np.diag(scale**-2.0)
    covariances = np.linalg.inv(information)
    pull = (precision * residual) @ x
    shift = np.einsum("gij,gj->gi", covariances, pull)
    centers = center + shift
    log_weight = log_prior + 0.5 * (
        np.log(precision).sum(axis=1)
        - np.linalg.slogdet(information)[1]
        - precision @ residual**2
        + np.einsum("gi,gi->g", shift, pull)
    )
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    if one_dimensional and max(weight[0], weight[-1]) > EDGE * weight.max():
        raise ValueError(
            f"sigma must cover its posterior, but the grid from {noise[0, 0]:g} to "
            f"{noise[-1, 0]:g} cuts it off."
        )
    mean = weight @ centers
    spread = centers - mean
    covariance = np.einsum("g,gij->ij", weight, covariances)
    covariance += np.einsum("g,gi,gj->ij", weight, spread, spread)

    # Given sigma, leaving an observation out changes a Normal posterior by a formula, too.
    gain = np.einsum("gij,nj->gni", covariances, x, optimize=True) * precision[:, :, None]
    leverage = np.einsum("gni,ni->gn", gain, x)
    error = (y - centers @ x.T) / (1.0 - leverage)
    variance = 1.0 / (precision * (1.0 - leverage))
    log_density = -0.5 * (np.log(2.0 * np.pi * variance) + error**2 / variance)
    without = np.log(np.maximum(weight, np.finfo(float).tiny))[:, None] - log_density
    elpd_i = -np.logaddexp.reduce(without, axis=0)
    weight_without = np.exp(without + elpd_i)
    mean_without = weight_without.T @ centers
    mean_without -= np.einsum("gn,gni,gn->ni", weight_without, gain, error, optimize=True)
    return LinearPosterior(
        mean=mean,
        sd=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        weight=weight,
        centers=centers,
        covariances=covariances,
        elpd_i=elpd_i,
        mean_without=mean_without,
    )
