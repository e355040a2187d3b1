"""The models of chapter 07, interactions: all are integrated, none is sampled."""

from __future__ import annotations

from companion import datasets
from companion.lessons.linear import LinearPosterior, linear_posterior
import numpy as np
import pandas as pd
from scipy import stats

from reference_posteriors.registry import model


def tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the bill (in tens of dollars, from its mean), whether there was a smoker, and the tip."""
    frame = datasets.tips()
    bill = frame["total_bill"].to_numpy()
    smoker = (frame["smoker"] == "Yes").to_numpy(dtype=float)
    return (bill - bill.mean()) / 10.0, smoker, frame["tip"].to_numpy()


def rows(
    names: list[str], found: LinearPosterior, noise: str, sigma: np.ndarray
) -> dict[str, list[float]]:
    """Return mean, sd and the 5 % and 95 % quantiles of coefficients and noise."""
    table = {}
    for k, name in enumerate(names):
        grid = found.mean[k] + found.sd[k] * np.linspace(-7.0, 7.0, 2801)
        spread = np.sqrt(found.covariances[:, k, k])
        share = found.weight @ stats.norm(found.centers[:, k, None], spread[:, None]).cdf(grid)
        table[name] = [found.mean[k], found.sd[k], *np.interp([0.05, 0.95], share, grid)]
    mean = found.weight @ sigma
    sd = np.sqrt(found.weight @ (sigma - mean) ** 2)
    share = np.cumsum(found.weight) - found.weight / 2.0
    table[noise] = [mean, sd, *np.interp([0.05, 0.95], share, sigma)]
    return table


def finished(table: dict[str, list[float]]) -> pd.DataFrame:
    columns = pd.DataFrame(table, index=["mean", "sd", "q05", "q95"]).T
    return columns.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


def line(columns, response, priors, scale, sigma, names, noise="sigma") -> dict[str, list[float]]:
    """Integrate one regression with a half-Normal prior on its noise."""
    mean, sd = zip(*priors, strict=True)
    log_prior = stats.halfnorm(0.0, scale).logpdf(sigma)
    found = linear_posterior(np.column_stack(columns), response, mean, sd, sigma, log_prior)
    return rows(names, found, noise, sigma)


@model
def tips_additive() -> pd.DataFrame:
    bill, smoker, tip = tables()
    columns = [np.ones_like(bill), bill, smoker]
    priors = [(3.0, 1.0), (1.5, 1.0), (0.0, 1.0)]
    names = ["intercept", "slope", "smoking"]
    return finished(line(columns, tip, priors, 1.0, np.linspace(0.6, 1.6, 2001), names))


@model
def tips_interaction() -> pd.DataFrame:
    bill, smoker, tip = tables()
    columns = [np.ones_like(bill), bill, smoker, smoker * bill]
    priors = [(3.0, 1.0), (1.5, 1.0), (0.0, 1.0), (0.0, 0.5)]
    names = ["intercept", "slope", "smoking", "interaction"]
    return finished(line(columns, tip, priors, 1.0, np.linspace(0.6, 1.6, 2001), names))


@model
def tips_by_table() -> pd.DataFrame:
    """Two regressions that never see each other's tables."""
    bill, smoker, tip = tables()
    table = {}
    for j in (0, 1):
        part = smoker == j
        columns = [np.ones(part.sum()), bill[part]]
        names, noise = [f"intercept[{j}]", f"slope[{j}]"], f"sigma[{j}]"
        sigma = np.linspace(0.4, 2.4, 4001)
        priors = [(3.0, 1.0), (1.5, 1.0)]
        table |= line(columns, tip[part], priors, 1.0, sigma, names, noise)
    return finished(table)


@model
def concrete_cement_age() -> pd.DataFrame:
    frame = datasets.concrete()
    additives = ["blast_furnace_slag", "fly_ash", "superplasticizer"]
    frame = frame[(frame[additives] == 0.0).all(axis=1)].drop_duplicates()
    frame = frame[frame["age"].between(3, 90)]
    cement = (frame["cement"].to_numpy() - 350.0) / 100.0
    doublings = np.log2(frame["age"].to_numpy() / 28.0)
    columns = [np.ones_like(cement), cement, doublings, cement * doublings]
    priors = [(35.0, 10.0), (5.0, 5.0), (5.0, 5.0), (0.0, 2.0)]
    names = ["intercept", "cement", "doubling", "interaction"]
    strength = frame["compressive_strength"].to_numpy()
    return finished(line(columns, strength, priors, 10.0, np.linspace(3.0, 9.0, 4001), names))


@model
def tips_growing_noise() -> pd.DataFrame:
    """The logarithm of the noise is a line in the bill: two dimensions are on a grid."""
    bill, smoker, tip = tables()
    level, growth = np.meshgrid(np.linspace(-0.5, 0.25, 91), np.linspace(-0.1, 0.7, 91))
    level, growth = level.ravel(), growth.ravel()
    log_prior = stats.norm(0.0, 0.5).logpdf(level) + stats.norm(0.0, 0.5).logpdf(growth)
    found = linear_posterior(
        np.column_stack([np.ones_like(bill), bill, smoker, smoker * bill]),
        tip,
        [3.0, 1.5, 0.0, 0.0],
        [1.0, 1.0, 1.0, 0.5],
        np.exp(level[:, None] + growth[:, None] * bill),
        log_prior,
    )
    table = rows(["intercept", "slope", "smoking", "interaction"], found, "level", level)
    for name, values in {"level": level, "growth": growth}.items():
        mean = found.weight @ values
        table[name] = [mean, np.sqrt(found.weight @ (values - mean) ** 2), np.nan, np.nan]
    return finished(table)
