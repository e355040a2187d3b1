"""The models of chapter 15, StreamRec: the rates are integrated out, the rest on a fine grid."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import gammaln

from reference_posteriors.ch09_pooling import finished, population_of_rates, quantiles
from reference_posteriors.registry import model

NAMES = (
    "Comedy, Drama, Action, Thriller, Documentary, Sci-Fi, Horror, Romance, Animation, Crime, Fantasy, "
    "Musical, Mystery, Western, War, History, Sport, Biography, Adventure, Family, Art-House, "
    "World Cinema, Experimental, Short Film, Classic"
)
CATEGORIES = NAMES.split(", ")


def catalog() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the true rates, the impressions and the clicks of the published generator."""
    rng = np.random.default_rng(42)
    theta = rng.beta(3.0, 7.0, size=25)
    shown = (5000.0 * rng.pareto(1.5, size=25)).astype(int)
    shown = np.sort(shown.clip(200, 500_000))[::-1]
    return theta, shown, rng.binomial(shown, theta)


def morning() -> tuple[np.ndarray, np.ndarray]:
    """Return the impressions and the clicks of the first morning of a new market."""
    rng = np.random.default_rng(1502)
    shown = np.sort(rng.integers(5, 51, size=25))[::-1]
    return shown, rng.binomial(shown, catalog()[0])


def integrated(shown: np.ndarray, clicks: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Return the posterior of mu, kappa and, where names are given, of every rate."""
    mu, log_kappa = np.linspace(0.12, 0.54, 85), np.linspace(0.5, 9.0, 171)
    rows, weight, a, b = population_of_rates(shown, clicks, mu, log_kappa, (3.0, 1.0))

    kept = weight > 1e-7 * weight.max()
    weight, a, b = weight[kept] / weight[kept].sum(), a[kept], b[kept]
    for name, n, y in zip(names, shown, clicks, strict=False):
        center = (a + y) / (a + b + n)
        first = weight @ center
        variance = weight @ (center * (1.0 - center) / (a + b + n + 1.0) + center**2) - first**2
        grid = first + np.sqrt(variance) * np.linspace(-4.0, 4.0, 41)
        below = [weight @ stats.beta(a + y, b + n - y).cdf(value) for value in grid]
        ends = np.interp([0.05, 0.95], below, grid)
        rows[f"theta[{name}]"] = [first, np.sqrt(variance), *ends]
    return finished(rows)


@model
def streamrec() -> pd.DataFrame:
    _, shown, clicks = catalog()
    return integrated(shown, clicks, CATEGORIES)


@model
def streamrec_morning() -> pd.DataFrame:
    return integrated(*morning(), CATEGORIES)


def five_categories(log_prior: np.ndarray, log_kappa: np.ndarray) -> pd.DataFrame:
    """Return mu and kappa / (kappa + 20) after 4, 6, 7, 5 and 8 clicks in 20 impressions each."""
    mu = np.linspace(0.002, 0.998, 499)
    mean, kappa = (v.ravel() for v in np.meshgrid(mu, np.exp(log_kappa), indexing="ij"))
    a, b = mean * kappa, (1.0 - mean) * kappa
    log_weight = stats.beta(2.0, 2.0).logpdf(mean) + np.tile(log_prior, len(mu))
    for y in (4, 6, 7, 5, 8):
        log_weight += gammaln(a + y) - gammaln(a) + gammaln(b + 20 - y) - gammaln(b)
        log_weight -= gammaln(kappa + 20) - gammaln(kappa)
    weight = np.exp(log_weight - log_weight.max()).reshape(len(mu), len(log_kappa))
    weight /= weight.sum()
    shared = np.exp(log_kappa) / (np.exp(log_kappa) + 20.0)
    rows = {}
    for name, values, share in [("mu", mu, weight.sum(1)), ("shared", shared, weight.sum(0))]:
        first = share @ values
        rows[name] = [first, np.sqrt(share @ values**2 - first**2), *quantiles(values, share)]
    return finished(rows)


@model
def five_categories_pareto() -> pd.DataFrame:
    log_kappa = np.linspace(0.0, 20.0, 801)
    log_prior = -1.5 * log_kappa
    log_prior[0] += np.log(0.5)  # the density starts at kappa = 1: the trapezoidal rule
    return five_categories(log_prior, log_kappa)


@model
def five_categories_lognormal() -> pd.DataFrame:
    log_kappa = np.linspace(-4.0, 11.0, 601)
    return five_categories(stats.norm(3.0, 1.0).logpdf(log_kappa), log_kappa)
