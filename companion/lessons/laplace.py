"""The Laplace approximation of a logistic regression: a posterior without a sampler.

Near its highest point the logarithm of a smooth posterior is a parabola, and a Normal has a parabola
for its log density. So take the mode for the mean, and the inverse of the curvature at the mode for the
covariance. With many observations and few parameters this is close, and it costs microseconds: thousands
of simulated data sets can be analyzed while a sampler handles one. Check it against the sampler before
you rely on it.
"""

from __future__ import annotations

from collections.abc import Sequence

from companion.inputs import as_array, finite_array
import numpy as np
from scipy.special import expit

__all__ = ["logistic_laplace"]

ITERATIONS = 50
HALVINGS = 30
TOLERANCE = 1e-8


def logistic_laplace(
    predictors: np.ndarray, response: np.ndarray, prior_sd: float | Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return mode and standard deviations of the coefficients of logistic regressions.

    The model is P(response = 1) = 1 / (1 + exp(-predictors @ coefficients)), with independent
    Normal(0, prior_sd) priors. Many data sets of the same size can be given at once.

    Parameters
    ----------
    predictors : array, shape (..., n, k)
        One row per observation. Include a column of ones for the intercept.
    response : array, shape (..., n)
        0 or 1, or truth values; leading dimensions as in `predictors`.
    prior_sd : float or sequence of k floats
        Standard deviations of the priors, positive.

    Returns
    -------
    mode, sd : array, shape (..., k)
        Mode of the posterior, and the standard deviations of the Normal with the same curvature there.

    Raises
    ------
    TypeError
        If an argument does not consist of numbers.
    ValueError
        If shapes do not match, `response` has other values than 0 and 1, `predictors` or `prior_sd`
        are missing or infinite, or `prior_sd` is not positive.
    RuntimeError
        If Newton's iteration does not settle.

    References
    ----------
    Gelman, Carlin, Stern, Dunson, Vehtari and Rubin (2013), Bayesian Data Analysis, third edition,
    sections 4.1 (the Normal approximation) and 16.2 (Newton's method for logistic regression).
    """
    x = finite_array("predictors", predictors).astype(float)
    y = as_array("response", response)
    if x.ndim < 2 or y.shape != x.shape[:-1]:
        raise ValueError(
            "response must have the shape of predictors without its last dimension, but they have "
            f"the shapes {y.shape} and {x.shape}."
        )
    if not np.isin(y, (0, 1)).all():
        raise ValueError(
            "response must consist of 0 and 1, or of truth values, but "
            f"{np.sum(~np.isin(y, (0, 1)))} of its {y.size} values are others or missing."
        )
    scale = finite_array("prior_sd", prior_sd).astype(float)
    if scale.shape not in ((), (x.shape[-1],)) or not (scale > 0.0).all():
        raise ValueError(
            f"prior_sd must be positive, one number or {x.shape[-1]}, but {prior_sd!r} was given."
        )

    y = y.astype(float)
    prior_precision = np.broadcast_to(scale**-2.0, x.shape[-1:])
    transposed = np.swapaxes(x, -1, -2)

    def log_posterior(at: np.ndarray) -> np.ndarray:
        log_odds = (x @ at[..., None])[..., 0]
        log_likelihood = (y * log_odds - np.logaddexp(0.0, log_odds)).sum(axis=-1)
        return log_likelihood - 0.5 * (prior_precision * at**2).sum(axis=-1)

    mode = np.zeros(x.shape[:-2] + x.shape[-1:])
    height = log_posterior(mode)
    for _ in range(ITERATIONS):
        probability = expit((x @ mode[..., None])[..., 0])
        gradient = (transposed @ (y - probability)[..., None])[..., 0] - prior_precision * mode
        weight = probability * (1.0 - probability)
        curvature = (transposed * weight[..., None, :]) @ x + np.diag(prior_precision)
        step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        if np.abs(step).max() < TOLERANCE:
            return mode, np.sqrt(np.diagonal(np.linalg.inv(curvature), axis1=-2, axis2=-1))
        # The log posterior is concave, so a step that is short enough climbs. Halve those that do not.
        for _ in range(HALVINGS):
            reached = log_posterior(mode + step)
            too_far = reached < height - TOLERANCE
            if not too_far.any():
                break
            step = np.where(too_far[..., None], step / 2.0, step)
        mode, height = mode + step, reached
    raise RuntimeError(f"Newton's iteration did not settle in {ITERATIONS} steps.")
