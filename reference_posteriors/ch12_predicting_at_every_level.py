"""The models of chapter 12, predicting at every level: the salad places, each left out in turn.

Everything that the places have in common is integrated on a grid. A place enters through its
least-squares slope, which is Normal around the population's mean, and its residuals.
"""

from __future__ import annotations

from collections.abc import Callable

from companion import datasets
import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import logsumexp

from reference_posteriors.registry import MODELS

# Even steps in the mean, the square root of the spread of slopes, and the logarithms of noises.
MU = np.linspace(4.0, 6.2, 221)
ROOT_TAU = (np.arange(160) + 0.5) / 160 * np.sqrt(0.8)
SIGMA_H = np.geomspace(5.0, 300.0, 160)
SIGMA = np.geomspace(1.0, 700.0, 300)


def place_density(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the log density of a place's sales on the grid (mu, tau, sigma_h), up to a constant."""
    slope = x @ y / (x @ x)
    residual = np.sum((y - slope * x) ** 2)
    variance = ROOT_TAU[:, None] ** 4 + SIGMA**2 / (x @ x)
    log_slope = stats.norm(MU[:, None, None], np.sqrt(variance)).logpdf(slope)
    log_rest = -residual / (2.0 * SIGMA**2) - (len(x) - 1) * np.log(SIGMA)
    log_density = log_slope + log_rest
    top = log_density.max(axis=-1, keepdims=True)
    prior = stats.halfnorm.pdf(SIGMA[:, None] / SIGMA_H) / SIGMA_H * SIGMA[:, None]
    return np.log(np.exp(log_density - top) @ prior) + top


def posterior(places: list[int]) -> pd.DataFrame:
    """Integrate the hyperparameters of the salad model, given some of the places."""
    frame = datasets.salad_sales()
    log_post = stats.norm(0.0, 10.0).logpdf(MU)[:, None, None]
    log_post = log_post + (stats.halfnorm(0.0, 0.1).logpdf(ROOT_TAU**2) + np.log(ROOT_TAU))[:, None]
    log_post = log_post + stats.halfnorm(0.0, 30.0).logpdf(SIGMA_H) + np.log(SIGMA_H)
    for j in places:
        here = frame[frame["location"] == j]
        log_post = log_post + place_density(
            here["customers"].to_numpy(dtype=float), here["sales"].to_numpy()
        )
    weight = np.exp(log_post - logsumexp(log_post))
    rows = {}
    axes = {"mu_beta": MU, "tau_beta": ROOT_TAU**2, "sigma_h": SIGMA_H}
    for k, (name, values) in enumerate(axes.items()):
        marginal = weight.sum(axis=tuple(i for i in range(3) if i != k))
        edges = marginal[-1] if name == "tau_beta" else marginal[[0, -1]]
        assert np.max(edges) < 1e-6 * marginal.max(), f"the grid cuts {name} off"
        mean = marginal @ values
        sd = np.sqrt(marginal @ (values - mean) ** 2)
        low, high = np.interp([0.05, 0.95], np.cumsum(marginal) - marginal / 2.0, values)
        rows[name] = {"mean": mean, "sd": sd, "q05": low, "q95": high}
    return pd.DataFrame(rows).T.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


def without(place: int) -> Callable[[], pd.DataFrame]:
    return lambda: posterior([j for j in range(6) if j != place])


for _place in range(6):
    MODELS[f"salad_without_{_place}"] = without(_place)
