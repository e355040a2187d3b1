"""The models of chapter 10, hierarchical models: all are integrated exactly, on grids."""

from __future__ import annotations

from companion import datasets
import numpy as np
import pandas as pd
from scipy.special import logsumexp

from reference_posteriors.registry import model

FOODS = ("Pizza", "Sandwich", "Salad")


def finished(rows: dict[str, list]) -> pd.DataFrame:
    """Return a reference table from rows (mean, mean square)."""
    table = pd.DataFrame(rows, index=["mean", "square"]).T
    table["sd"] = np.sqrt(table.pop("square") - table["mean"] ** 2)
    return table.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


# --- Noises of three foods ------------------------------------------------------------------------

SIGMA = np.exp(np.linspace(np.log(0.5), np.log(3000.0), 4000))
LOG_WIDTH = np.log(np.gradient(SIGMA))


def food_lines() -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return, for each food and every sigma, the log likelihood and the slope's mean and variance."""
    days = datasets.food_sales()
    lines = []
    for name in FOODS:
        part = days[days["category"] == name]
        x, y = part["customers"].to_numpy(float), part["sales"].to_numpy()
        precision = x @ x / SIGMA**2 + 1.0 / 10.0**2
        center = (x @ y / SIGMA**2 + 10.0 / 10.0**2) / precision
        log_l = -len(x) * np.log(SIGMA) - y @ y / (2.0 * SIGMA**2)
        log_l += precision * center**2 / 2.0 - np.log(precision) / 2.0
        lines.append((log_l, center, 1.0 / precision))
    return lines


def noises_from(log_populations: np.ndarray, log_prior: np.ndarray) -> tuple[np.ndarray, dict]:
    """Integrate over hyperparameters: rows of `log_populations` are log densities of sigma."""
    lines = food_lines()
    weights = [log_l + LOG_WIDTH + log_populations for log_l, _, _ in lines]
    log_evidence = [logsumexp(w, axis=1) for w in weights]
    hyper = log_prior + sum(log_evidence)
    hyper = np.exp(hyper - logsumexp(hyper))
    rows = {}
    for name, (_, center, variance), w, e in zip(FOODS, lines, weights, log_evidence, strict=True):
        share = hyper @ np.exp(w - e[:, None])
        rows[f"beta[{name}]"] = [share @ center, share @ (center**2 + variance)]
        rows[f"sigma[{name}]"] = [share @ SIGMA, share @ SIGMA**2]
    return hyper, rows


@model
def food_half_normal() -> pd.DataFrame:
    scale = np.linspace(0.2, 200.0, 1000)
    log_population = -0.5 * (SIGMA / scale[:, None]) ** 2 - np.log(scale[:, None])
    hyper, rows = noises_from(log_population, -0.5 * (scale / 20.0) ** 2)
    return finished(rows | {"sigma_h": [hyper @ scale, hyper @ scale**2]})


@model
def food_log_normal() -> pd.DataFrame:
    edge = np.linspace(0.0, 1.0, 71)
    t_cells, t_width = 4.0 * ((edge[1:] + edge[:-1]) / 2.0) ** 2, 4.0 * np.diff(edge**2)
    m, t = (v.ravel() for v in np.meshgrid(np.linspace(-1.0, 7.0, 161), t_cells, indexing="ij"))
    log_population = -0.5 * ((np.log(SIGMA) - m[:, None]) / t[:, None]) ** 2 - np.log(SIGMA)
    log_population -= logsumexp(log_population + LOG_WIDTH, axis=1)[:, None]
    log_prior = -0.5 * (m - 3.0) ** 2 - 0.5 * ((np.log(t) + 1.0) / 0.5) ** 2 - np.log(t)
    log_prior += np.log(np.resize(t_width, t.size))
    hyper, rows = noises_from(log_population, log_prior)
    return finished(rows | {"m": [hyper @ m, hyper @ m**2], "t": [hyper @ t, hyper @ t**2]})


# --- A company with markets and places ------------------------------------------------------------


@model
def salad_company() -> pd.DataFrame:
    """Integrate places, markets and the company by conjugacy, the three spreads on a grid."""
    rng = np.random.default_rng(1023)
    market_of = np.repeat(np.arange(8), [6, 5, 4, 4, 3, 2, 1, 1])
    true_market = rng.normal(8.0, 0.8, 8)
    true_place = rng.normal(true_market[market_of], 0.4)
    place = np.repeat(np.arange(26), np.resize([2, 20, 3, 5, 10], 26))
    n = rng.integers(31, 101, len(place)).astype(float)
    y = rng.normal(true_place[place] * n, 5.0 * np.sqrt(n))

    served = np.bincount(place, n)
    raw = np.bincount(place, y) / served
    residual = np.sum((y - raw[place] * n) ** 2 / n)
    belongs = (market_of[:, None] == np.arange(8)).astype(float)

    def spread_cells(cells: int, top: float) -> tuple[np.ndarray, np.ndarray]:
        edge = np.linspace(0.0, 1.0, cells + 1)
        return top * ((edge[1:] + edge[:-1]) / 2.0) ** 1.5, top * np.diff(edge**1.5)

    (tau_m, width_m), (tau_p, width_p) = spread_cells(160, 5.0), spread_cells(120, 2.5)
    s = np.linspace(3.5, 7.0, 71)
    moments, log_weight = [], []
    for spread, cell in zip(tau_p, width_p, strict=True):
        for noise in s:
            # Places given markets, then markets given the company, for all tau_m at once.
            error = noise**2 / served
            total = error + spread**2
            market_precision = belongs.T @ (1.0 / total)
            market_raw = belongs.T @ (raw / total) / market_precision
            within = -0.5 * np.sum(np.log(total)) - 0.5 * np.sum(
                (raw - market_raw[market_of]) ** 2 / total
            )
            variance = 1.0 / market_precision + tau_m[:, None] ** 2
            precision = 1.0 / 25.0 + (1.0 / variance).sum(axis=1)
            mu = (10.0 / 25.0 + (market_raw / variance).sum(axis=1)) / precision
            between = -0.5 * np.log(variance * market_precision).sum(axis=1) - 0.5 * np.log(
                precision
            )
            between -= 0.5 * (
                (market_raw**2 / variance).sum(axis=1) + 100.0 / 25.0 - mu**2 * precision
            )
            noise_part = -(len(y) - 26) * np.log(noise) - residual / (2.0 * noise**2)
            prior = -0.5 * (tau_m**2 + spread**2 + (noise / 10.0) ** 2)
            log_weight.append(within + between + noise_part + prior + np.log(width_m * cell))

            share = (1.0 / market_precision) / variance  # of the company in each market
            alpha = (1.0 - share) * market_raw + share * mu[:, None]
            alpha_var = (1.0 - share) / market_precision + share**2 / precision[:, None]
            own = error / total  # of the market in each place
            theta = (1.0 - own) * raw + own * alpha[:, market_of]
            theta_var = (1.0 - own) * error + own**2 * alpha_var[:, market_of]
            columns = [
                mu,
                tau_m,
                np.full_like(mu, spread),
                np.full_like(mu, noise),
                *alpha.T,
                *theta.T,
            ]
            extra = [1.0 / precision, 0 * mu, 0 * mu, 0 * mu, *alpha_var.T, *theta_var.T]
            moments.append((np.array(columns), np.array(extra)))
    top = max(w.max() for w in log_weight)
    weights = [np.exp(w - top) for w in log_weight]
    norm = sum(w.sum() for w in weights)
    first = sum(v @ w for (v, _), w in zip(moments, weights, strict=True)) / norm
    second = sum((v**2 + e) @ w for (v, e), w in zip(moments, weights, strict=True)) / norm
    names = ["mu", "tau_market", "tau_place", "s"]
    names += [f"alpha[{k}]" for k in range(8)] + [f"theta[{k}]" for k in range(26)]
    return finished({k: [a, b] for k, a, b in zip(names, first, second, strict=True)})
