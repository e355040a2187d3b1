"""Exact posteriors that checks of several chapters hold answers against."""

from __future__ import annotations

from companion.inputs import as_array, finite_array, positive
import numpy as np
from scipy.special import softmax

__all__ = ["hierarchy", "straight_line"]


def straight_line(x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the slope and the residuals of the least-squares line.

    Raises
    ------
    TypeError
        If `x` or `y` do not consist of numbers.
    ValueError
        If they are not finite, or not two vectors of one length of at least two.
    """
    x, y = finite_array("x", x), finite_array("y", y)
    if x.ndim != 1 or x.shape != y.shape or x.size < 2:
        raise ValueError(
            "x and y must be vectors of one length, two or more, but have the shapes "
            f"{x.shape} and {y.shape}."
        )
    slope, intercept = np.polyfit(x, y, 1)
    return float(slope), y - intercept - slope * x


def hierarchy(
    y: np.ndarray,
    s: np.ndarray,
    tau: np.ndarray,
    log_prior: np.ndarray,
    mu_mean: float = 0.0,
    mu_sd: float = 20.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Integrate a Normal hierarchy of estimates with known standard errors.

    y_j ~ Normal(theta_j, s_j), theta_j ~ Normal(mu, tau), mu ~ Normal(mu_mean, mu_sd): given tau
    everything is Normal, and tau lies on a grid.

    Parameters
    ----------
    y, s : numpy.ndarray, shape (groups,)
        Estimates and their standard errors.
    tau : numpy.ndarray, shape (g,)
        The grid.
    log_prior : numpy.ndarray, shape (g,)
        Log prior probability of each of its cells, up to a constant.
    mu_mean, mu_sd : float
        Prior of mu.

    Returns
    -------
    weight : numpy.ndarray, shape (g,)
        Posterior probabilities of the cells of tau.
    center, precision : numpy.ndarray, shape (g,)
        Mean and precision of mu given tau.

    Raises
    ------
    TypeError
        If an argument does not consist of numbers.
    ValueError
        If `s` or `mu_sd` is not positive, or shapes do not match.
    """
    y, s, tau = finite_array("y", y), finite_array("s", s), finite_array("tau", tau)
    log_prior = as_array("log_prior", log_prior)
    positive("mu_sd", mu_sd)
    if y.ndim != 1 or s.shape != y.shape or not (s > 0.0).all():
        raise ValueError(
            f"s must be positive and have the shape of y, but {s.tolist()!r} was given for "
            f"{y.size} values."
        )
    if tau.ndim != 1 or log_prior.shape != tau.shape:
        raise ValueError(
            "log_prior must have one value for each point of tau, but they have the shapes "
            f"{log_prior.shape} and {tau.shape}."
        )
    variance = s**2 + tau[:, None] ** 2
    precision = mu_sd**-2.0 + (1.0 / variance).sum(axis=1)
    center = (mu_mean / mu_sd**2 + (y / variance).sum(axis=1)) / precision
    log_weight = log_prior + 0.5 * (center**2 * precision - np.log(precision))
    log_weight -= 0.5 * (np.log(variance) + y**2 / variance).sum(axis=1)
    return softmax(log_weight), center, precision
