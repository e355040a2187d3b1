"""The models of chapter 18, counts. All but one are exact, because their hyperparameters fit on grids.

Given these, the rates of a Gamma-Poisson have Gamma posteriors, and are integrated by their moments.
"""

from __future__ import annotations

from companion import datasets
from companion.counts import lip_cancer, pumps
from companion.exercises.checks.ch18_counts import exact_pumps
import numpy as np
import pandas as pd
import pymc as pm
from scipy import stats

from reference_posteriors.registry import model

# Values of the hyperparameters: wide enough that nothing of the posterior is left out.
BETA_0, BETA_1 = np.linspace(-0.5, 0.9, 71), np.linspace(-0.3, 1.7, 71)
CV = np.linspace(0.2, 1.3, 89)


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Return cases, expected cases, the covariate, and names."""
    frame = lip_cancer()
    x = (frame["outdoor"].to_numpy() - 10.0) / 10.0
    return frame["cases"].to_numpy(), frame["expected"].to_numpy(), x, frame["district"].tolist()


def table(moments: dict[str, tuple[float, float]]) -> pd.DataFrame:
    """Return a reference table from exact means and standard deviations."""
    rows = pd.DataFrame.from_dict(moments, orient="index", columns=["mean", "sd"])
    return rows.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


def moments_on_grid(weight: np.ndarray, **values: np.ndarray) -> dict[str, tuple[float, float]]:
    """Return mean and standard deviation of each variable, from weights that sum to 1."""
    result = {}
    for name, value in values.items():
        mean = (weight * value).sum()
        result[name] = float(mean), float(np.sqrt((weight * (value - mean) ** 2).sum()))
    return result


@model
def lip_cancer_poisson() -> pd.DataFrame:
    y, expected, x, _ = data()
    beta_0, beta_1 = np.meshgrid(np.linspace(-0.2, 0.55, 301), np.linspace(0.2, 1.25, 301))
    log_density = stats.norm.logpdf(beta_0, 0.0, 0.5) + stats.norm.logpdf(beta_1, 0.0, 0.5)
    for y_i, expected_i, x_i in zip(y, expected, x, strict=True):
        log_density += stats.poisson.logpmf(y_i, expected_i * np.exp(beta_0 + beta_1 * x_i))
    weight = np.exp(log_density - log_density.max())
    return table(moments_on_grid(weight / weight.sum(), beta_0=beta_0, beta_1=beta_1))


def posterior_of_spread() -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the weights of all hyperparameters of the negative binomial, and their grids."""
    y, expected, x, _ = data()
    grids = np.meshgrid(BETA_0, BETA_1, CV, indexing="ij")
    beta_0, beta_1, cv = grids
    alpha = cv**-2.0
    log_density = stats.norm.logpdf(beta_0, 0.0, 0.5) + stats.norm.logpdf(beta_1, 0.0, 0.5)
    log_density += stats.expon.logpdf(cv, scale=0.5)
    for y_i, expected_i, x_i in zip(y, expected, x, strict=True):
        mu = expected_i * np.exp(beta_0 + beta_1 * x_i)
        log_density += stats.nbinom.logpmf(y_i, alpha, alpha / (alpha + mu))
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    for axis in range(3):  # nothing may be left at the edges
        slices = np.moveaxis(weight, axis, 0)
        assert slices[[0, -1]].sum() < 1e-6, f"the grid of hyperparameter {axis} is too narrow"
    return weight, grids


@model
def lip_cancer_negative_binomial() -> pd.DataFrame:
    weight, (beta_0, beta_1, cv) = posterior_of_spread()
    return table(moments_on_grid(weight, beta_0=beta_0, beta_1=beta_1, cv=cv))


@model
def lip_cancer_rates() -> pd.DataFrame:
    weight, (beta_0, beta_1, cv) = posterior_of_spread()
    moments = moments_on_grid(weight, beta_0=beta_0, beta_1=beta_1, cv=cv)
    alpha = cv**-2.0
    for y_i, expected_i, x_i, name in zip(*data(), strict=True):
        shape, rate = alpha + y_i, alpha * np.exp(-(beta_0 + beta_1 * x_i)) + expected_i
        mean = (weight * shape / rate).sum()
        square = (weight * shape * (shape + 1.0) / rate**2).sum()
        moments[f"theta[{name}]"] = float(mean), float(np.sqrt(square - mean**2))
    return table(moments)


@model
def ten_pumps() -> pd.DataFrame:
    frame = pumps()
    return table(exact_pumps(frame["failures"].to_numpy(), frame["hours"].to_numpy()))


@model
def radon_above() -> pm.Model:
    """Say of each house whether it is above 4 pCi/L, where the chapter counts the houses of a floor."""
    houses = datasets.radon()
    county, names = pd.factorize(houses["county"], sort=True)
    uranium = houses["log_uranium"].to_numpy()
    with pm.Model() as m:
        mu_alpha = pm.Normal("mu_alpha", 0.0, 1.5)
        gamma = pm.Normal("gamma", 0.0, 2.0)
        beta = pm.Normal("beta", 0.0, 1.5)
        tau = pm.HalfNormal("tau", 1.0)
        z = pm.Normal("z", 0.0, 1.0, shape=len(names))
        log_odds = mu_alpha + gamma * uranium + tau * z[county] + beta * houses["floor"].to_numpy()
        pm.Bernoulli("y", logit_p=log_odds, observed=houses["log_radon"].to_numpy() > np.log(4.0))
    return m
