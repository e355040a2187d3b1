"""The models of chapter 16: all have exact posteriors."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import optimize, stats

from reference_posteriors.registry import model


def row(mean: float, sd: float, below) -> list[float]:
    """Return mean, sd, 5 % and 95 % quantile of a distribution with a given cumulative function."""
    ends = [
        optimize.brentq(lambda x, p=p: below(x) - p, mean - 12.0 * sd, mean + 12.0 * sd)
        for p in (0.05, 0.95)
    ]
    return [mean, sd, *ends]


def finished(rows: dict[str, list]) -> pd.DataFrame:
    table = pd.DataFrame(rows, index=["mean", "sd", "q05", "q95"]).T
    return table.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


def wells(samples: list[np.ndarray]) -> pd.DataFrame:
    """Sum over a grid of tau and sigma; given both, mu and the wells are jointly Normal."""
    sizes = np.array([len(s) for s in samples])
    mean = np.array([s.mean() for s in samples])
    squares = sum(((s - s.mean()) ** 2).sum() for s in samples)

    tau_axis, sigma_axis = np.linspace(0.0, 45.0, 901)[1:] - 0.025, np.linspace(2.0, 25.0, 461)
    tau, sigma = (v.ravel() for v in np.meshgrid(tau_axis, sigma_axis, indexing="ij"))
    noise = sigma[:, None] ** 2 / sizes
    variance = noise + tau[:, None] ** 2
    precision = 1.0 / 15.0**2 + (1.0 / variance).sum(axis=1)
    center = (40.0 / 15.0**2 + (mean / variance).sum(axis=1)) / precision
    log_weight = stats.halfnorm(0, 10).logpdf(tau) + stats.halfnorm(0, 10).logpdf(sigma)
    log_weight += -(sizes.sum() - len(sizes)) * np.log(sigma) - squares / (2.0 * sigma**2)
    log_weight += -0.5 * (np.log(variance) + mean**2 / variance).sum(axis=1)
    log_weight += 0.5 * center**2 * precision - 0.5 * np.log(precision)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()

    def mixture(centers, variances):
        first = weight @ centers
        sd = np.sqrt(weight @ (variances + centers**2) - first**2)
        return row(first, sd, lambda x: weight @ stats.norm.cdf(x, centers, np.sqrt(variances)))

    rows = {"mu": mixture(center, 1.0 / precision)}
    table = weight.reshape(len(tau_axis), len(sigma_axis))
    for name, axis, share in [
        ("tau", tau_axis, table.sum(1)),
        ("sigma", sigma_axis, table.sum(0)),
    ]:
        first = share @ axis
        ends = np.interp([0.05, 0.95], np.cumsum(share) - share / 2.0, axis)
        rows[name] = [first, np.sqrt(share @ axis**2 - first**2), *ends]
    own = tau[:, None] ** 2 / variance
    for j in range(len(sizes)):
        centers = center + own[:, j] * (mean[j] - center)
        variances = own[:, j] * noise[:, j] + (1.0 - own[:, j]) ** 2 / precision
        rows[f"theta[{j}]"] = mixture(centers, variances)
    return finished(rows)


@model
def eight_wells() -> pd.DataFrame:
    sizes = np.array([2, 2, 2, 2, 3, 3, 4, 6])
    rng = np.random.default_rng(1601)
    truth = rng.normal(40.0, 4.0, 8)
    return wells(np.split(rng.normal(np.repeat(truth, sizes), 8.0), np.cumsum(sizes)[:-1]))


@model
def four_wells() -> pd.DataFrame:
    samples = [[38, 45, 33], [41, 36, 44, 35], [47, 37], [40, 31, 43, 38, 36]]
    return wells([np.array(s, dtype=float) for s in samples])


@model
def two_pages() -> pd.DataFrame:
    """A flat prior and a Normal likelihood, far from the ends of the prior, give a Normal."""
    error = 12.0 / np.sqrt(500_000)
    earned = np.random.default_rng(1610).normal([3.00, 3.02], error)
    tail = stats.norm.ppf(0.95) * error
    return finished(
        {f"worth[{i}]": [mean, error, mean - tail, mean + tail] for i, mean in enumerate(earned)}
    )
