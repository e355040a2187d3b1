"""The models of chapter 03, first models: both are integrated exactly."""

from __future__ import annotations

from companion import datasets
import numpy as np
import pandas as pd
from scipy import stats

from reference_posteriors.registry import model


def quantiles(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the 5 % and 95 % quantiles of a density on an even grid."""
    share = np.cumsum(weight) - weight / 2.0
    return np.interp([0.05, 0.95], share, values)


@model
def noisy_line() -> pd.DataFrame:
    """Integrate the line: given sigma, intercept and slope are jointly Normal; sigma is on a grid."""
    frame = datasets.noisy_line()
    design = np.column_stack([np.ones(len(frame)), frame["x"]])
    y = frame["y"].to_numpy()
    sigma = np.linspace(0.4, 1.6, 4001)
    gram, cross = design.T @ design, design.T @ y
    mean, variance, log_weight = [], [], []
    for s in sigma:
        precision = gram / s**2 + np.eye(2) / 10.0**2
        covariance = np.linalg.inv(precision)
        center = covariance @ cross / s**2
        mean.append(center)
        variance.append(np.diag(covariance))
        log_weight.append(
            -len(y) * np.log(s)
            - y @ y / (2.0 * s**2)
            + center @ precision @ center / 2.0
            - np.linalg.slogdet(precision)[1] / 2.0
            - s**2 / (2.0 * 5.0**2)
        )
    mean, variance, log_weight = np.array(mean), np.array(variance), np.array(log_weight)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()

    rows = {}
    for k, name in enumerate(["alpha", "beta"]):
        first = weight @ mean[:, k]
        second = weight @ (variance[:, k] + mean[:, k] ** 2)
        grid = first + np.sqrt(second - first**2) * np.linspace(-6.0, 6.0, 2001)
        density = stats.norm(mean[:, k, None], np.sqrt(variance[:, k, None])).pdf(grid)
        density = weight @ density
        rows[name] = [first, np.sqrt(second - first**2), *quantiles(grid, density / density.sum())]
    first = weight @ sigma
    spread = np.sqrt(weight @ sigma**2 - first**2)
    rows["sigma"] = [first, spread, *quantiles(sigma, weight)]
    table = pd.DataFrame(rows, index=["mean", "sd", "q05", "q95"]).T
    return table.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


@model
def dose_response() -> pd.DataFrame:
    """Integrate the logistic regression on standardized predictors over a grid of three dimensions.

    The rows `intercept_raw`, `per_year` and `per_mg` are the same posterior in the original units.
    """
    trial = datasets.dose_response()
    age, dose = trial["age"].to_numpy(), trial["dose"].to_numpy()
    sign = np.where(trial["responded"], 1.0, -1.0)
    z_age, z_dose = ((values - values.mean()) / values.std() for values in (age, dose))
    center, reach = np.array([0.63, 0.175, 0.77]), 6.5 * np.array([0.158, 0.158, 0.177])
    axes = [np.linspace(c - r, c + r, 121) for c, r in zip(center, reach, strict=True)]

    log_density = np.empty((121, 121, 121))
    for i, intercept in enumerate(axes[0]):
        for j, slope in enumerate(axes[1]):
            log_odds = intercept + slope * z_age + axes[2][:, None] * z_dose
            log_density[i, j] = -np.logaddexp(0.0, -sign * log_odds).sum(axis=1)
            log_density[i, j] -= (intercept**2 + slope**2 + axes[2] ** 2) / (2.0 * 2.0**2)
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    marginals = [weight.sum(axis=tuple({0, 1, 2} - {k})) for k in range(3)]
    mean = np.array([m @ a for m, a in zip(marginals, axes, strict=True)])
    deviations = np.meshgrid(*[a - c for a, c in zip(axes, mean, strict=True)], indexing="ij")
    covariance = np.array([[(weight * u * v).sum() for v in deviations] for u in deviations])

    rows = {}
    for k, name in enumerate(["intercept", "b_age", "b_dose"]):
        rows[name] = [mean[k], np.sqrt(covariance[k, k]), *quantiles(axes[k], marginals[k])]
    raw = {
        "intercept_raw": [1.0, -age.mean() / age.std(), -dose.mean() / dose.std()],
        "per_year": [0.0, 1.0 / age.std(), 0.0],
        "per_mg": [0.0, 0.0, 1.0 / dose.std()],
    }
    for name, combination in raw.items():
        combination = np.array(combination)
        rows[name] = [combination @ mean, np.sqrt(combination @ covariance @ combination)]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "sd", "q05", "q95"])
    return table.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")
