"""The models of chapter 01, from conjugacy to computation: closed forms, and an exact integral."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special, stats

from reference_posteriors.registry import model


def exact_rows(rows: dict[str, tuple[float, ...]]) -> pd.DataFrame:
    """Return a reference table from mean, sd and, where known, 5 % and 95 % quantile."""
    table = pd.DataFrame.from_dict(
        {name: (*row, *(np.nan,) * (4 - len(row))) for name, row in rows.items()},
        orient="index",
        columns=["mean", "sd", "q05", "q95"],
    )
    return table.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


@model
def ward_report() -> pd.DataFrame:
    rng = np.random.default_rng(101)
    readmitted = rng.binomial(190, 0.12)
    change = rng.normal(-9.0, 12.0, 24).round()
    bed_days = rng.uniform(0.9, 1.5, 12).round(2)
    falls = rng.poisson(3.2 * bed_days)
    precision = 1.0 / 10.0**2 + 24 / 12.0**2
    posteriors = {
        "theta": stats.beta(2 + readmitted, 18 + 190 - readmitted),
        "delta": stats.norm(change.sum() / 12.0**2 / precision, precision**-0.5),
        "rate": stats.gamma(3 + falls.sum(), scale=1.0 / (1.0 + bed_days.sum())),
    }
    return exact_rows(
        {name: (p.mean(), p.std(), *p.ppf([0.05, 0.95])) for name, p in posteriors.items()}
    )


def fifty_hospitals_data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(110)
    size = np.sort(rng.geometric(1 / 40, 50) + 5)
    hospital = np.repeat(np.arange(50), size)
    age = 5.0 * np.clip(rng.normal(72.0, 9.0, size.sum()) / 5.0, 9.0, 19.0).round()
    decades = (age - 70.0) / 10.0
    alpha = rng.normal(-2.0, 0.5, 50)
    beta = rng.normal(0.4, 0.3, 50)
    returned = rng.binomial(1, special.expit(alpha[hospital] + beta[hospital] * decades))
    return hospital, decades, returned


def midpoints(low: float, high: float, count: int) -> np.ndarray:
    """Return the centers of `count` equal cells."""
    edges = np.linspace(low, high, count + 1)
    return (edges[1:] + edges[:-1]) / 2.0


def cells_given(mu: np.ndarray, tau: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the Normal(mu, tau) probability of the cell around each point, shape (mu x tau, cells)."""
    half = (points[1] - points[0]) / 2.0
    mean, scale = (values.ravel()[:, None] for values in np.meshgrid(mu, tau, indexing="ij"))
    edges = np.append(points - half, points[-1] + half)
    return np.diff(special.ndtr((edges - mean) / scale), axis=1)


def fifty_hospitals_integral() -> tuple[pd.DataFrame, float]:
    """Integrate 104 dimensions: 50 separate pairs (alpha_j, beta_j), given four population numbers.

    Given the population, the hospitals are independent, so their 100 dimensions are 50 integrals over
    a plane; and the plane's weights are a product, so that each integral is a product of matrices.
    Returns the table and the log evidence.
    """
    hospital, decades, returned = fifty_hospitals_data()
    alpha, beta = midpoints(-6.0, 2.0, 320), midpoints(-3.0, 4.0, 280)
    axes = {
        "mu_alpha": midpoints(-3.0, -1.0, 32),
        "tau_alpha": midpoints(0.0, 1.5, 36),
        "mu_beta": midpoints(-0.6, 1.4, 32),
        "tau_beta": midpoints(0.0, 1.2, 36),
    }
    mu_a, tau_a, mu_b, tau_b = axes.values()
    in_alpha, in_beta = cells_given(mu_a, tau_a, alpha), cells_given(mu_b, tau_b, beta)

    likelihoods, offset = [], 0.0
    for j in range(50):
        ages, where = np.unique(decades[hospital == j], return_inverse=True)
        here = returned[hospital == j]
        came, stayed = np.bincount(where, here), np.bincount(where, 1 - here)
        logit = alpha[:, None, None] + beta[None, :, None] * ages
        log_likelihood = special.log_expit(logit) @ came + special.log_expit(-logit) @ stayed
        offset += log_likelihood.max()
        likelihoods.append(np.exp(log_likelihood - log_likelihood.max()))
    evidence = np.stack([in_alpha @ plane @ in_beta.T for plane in likelihoods])

    def log_prior(mu, tau, mu_mean, mu_sd):
        log_density = stats.norm(mu_mean, mu_sd).logpdf(mu)[:, None]
        log_density = log_density + stats.halfnorm(0, 0.5).logpdf(tau)
        return (log_density + np.log((mu[1] - mu[0]) * (tau[1] - tau[0]))).ravel()

    log_weight = np.log(evidence).sum(axis=0)
    log_weight += log_prior(mu_a, tau_a, -2.0, 1.0)[:, None] + log_prior(mu_b, tau_b, 0.0, 0.5)
    log_total = special.logsumexp(log_weight)
    weight = np.exp(log_weight - log_total)
    shaped = weight.reshape([len(axis) for axis in axes.values()])
    rows = {}
    for i, (name, axis) in enumerate(axes.items()):
        marginal = shaped.sum(axis=tuple(k for k in range(4) if k != i))
        edge = max(marginal[-1], marginal[0] if name.startswith("mu") else 0.0)
        assert edge < 1e-5, f"the grid of {name} is too narrow"
        mean = marginal @ axis
        below = np.cumsum(marginal) - marginal / 2.0
        rows[name] = (
            mean,
            np.sqrt(marginal @ axis**2 - mean**2),
            *np.interp([0.05, 0.95], below, axis),
        )
    for name, points, left in (("alpha", alpha, True), ("beta", beta, False)):
        for j, plane in enumerate(likelihoods):
            ratio = weight / evidence[j]
            moments = []
            for power in (1, 2):
                if left:
                    part = (in_alpha * points**power) @ plane @ in_beta.T
                else:
                    part = in_alpha @ plane @ (in_beta * points**power).T
                moments.append((ratio * part).sum())
            rows[f"{name}[{j}]"] = (moments[0], np.sqrt(moments[1] - moments[0] ** 2))
    return exact_rows(rows), float(log_total + offset)


@model
def fifty_hospitals() -> pd.DataFrame:
    table, log_evidence = fifty_hospitals_integral()
    return pd.concat([table, exact_rows({"log_evidence": (log_evidence, 0.0)})])


@model
def twelve_hospitals() -> pd.DataFrame:
    """Integrate each hospital out on 400 points of its log odds, then mu and tau on a grid."""
    n = np.array([12, 18, 25, 31, 40, 44, 52, 60, 75, 88, 110, 140])
    y = np.array([4, 1, 2, 5, 3, 11, 6, 7, 19, 8, 12, 21])
    mu, tau = midpoints(-4.5, 0.5, 200), midpoints(0.0, 3.0, 200)
    points = midpoints(-9.0, 5.0, 400)
    log_weight = stats.norm(-2.0, 1.0).logpdf(mu)[:, None] + stats.halfnorm(0, 0.5).logpdf(tau)
    likelihood = stats.binom.pmf(y, n, special.expit(points)[:, None])
    log_weight += np.log(cells_given(mu, tau, points) @ likelihood).sum(axis=1).reshape(200, 200)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    rows = {}
    for name, values, share in (("mu", mu, weight.sum(axis=1)), ("tau", tau, weight.sum(axis=0))):
        mean = share @ values
        rows[name] = mean, np.sqrt(share @ (values - mean) ** 2)
    return exact_rows(rows)
