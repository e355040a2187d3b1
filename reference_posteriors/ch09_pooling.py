"""The models of chapter 09, pooling: all four are integrated exactly, on grids."""

from __future__ import annotations

from companion import datasets
import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import gammaln

from reference_posteriors.registry import model

FOODS = ("Pizza", "Sandwich", "Salad")


def quantiles(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the 5 % and 95 % quantiles of a density on an even grid."""
    share = np.cumsum(weight) - weight / 2.0
    return np.interp([0.05, 0.95], share, values)


def lines_with_common_noise(parts: list[tuple], sigma: np.ndarray) -> tuple[list, list]:
    """Return rows (mean, sd, q05, q95) of the slopes of some lines, and of their one sigma.

    The lines have no intercept; slopes are Normal(10, 10) and sigma is HalfNormal(20). Given sigma,
    each slope has a Normal posterior.
    """
    log_weight = -(sigma**2) / (2.0 * 20.0**2)
    slopes = []
    for x, y in parts:
        precision = x @ x / sigma**2 + 1.0 / 10.0**2
        center = (x @ y / sigma**2 + 10.0 / 10.0**2) / precision
        log_weight += -len(x) * np.log(sigma) - y @ y / (2.0 * sigma**2)
        log_weight += precision * center**2 / 2.0 - np.log(precision) / 2.0
        slopes.append((center, 1.0 / precision))
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()

    rows = []
    for center, variance in slopes:
        first = weight @ center
        spread = np.sqrt(weight @ (variance + center**2) - first**2)
        grid = first + spread * np.linspace(-10.0, 10.0, 4001)
        density = weight @ stats.norm(center[:, None], np.sqrt(variance)[:, None]).pdf(grid)
        rows.append([first, spread, *quantiles(grid, density / density.sum())])
    first = weight @ sigma
    spread = np.sqrt(weight @ sigma**2 - first**2)
    return rows, [first, spread, *quantiles(sigma, weight)]


def food() -> list[tuple[np.ndarray, np.ndarray]]:
    days = datasets.food_sales()
    parts = (days[days["category"] == name] for name in FOODS)
    return [(part["customers"].to_numpy(float), part["sales"].to_numpy()) for part in parts]


def finished(rows: dict[str, list]) -> pd.DataFrame:
    table = pd.DataFrame(rows, index=["mean", "sd", "q05", "q95"]).T
    return table.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


@model
def food_unpooled() -> pd.DataFrame:
    rows = {}
    for name, part in zip(FOODS, food(), strict=True):
        slopes, noise = lines_with_common_noise([part], np.linspace(0.25, 150.0, 3000))
        rows |= {f"beta[{name}]": slopes[0], f"sigma[{name}]": noise}
    return finished(rows)


@model
def food_pooled() -> pd.DataFrame:
    x, y = (np.concatenate(values) for values in zip(*food(), strict=True))
    slopes, noise = lines_with_common_noise([(x, y)], np.linspace(140.0, 240.0, 3000))
    return finished({"beta": slopes[0], "sigma": noise})


@model
def food_common_noise() -> pd.DataFrame:
    slopes, noise = lines_with_common_noise(food(), np.linspace(30.0, 50.0, 3000))
    return finished(
        {f"beta[{name}]": row for name, row in zip(FOODS, slopes, strict=True)} | {"sigma": noise}
    )


def population_of_rates(
    shown: np.ndarray,
    clicks: np.ndarray,
    mu: np.ndarray,
    log_kappa: np.ndarray,
    prior: tuple[float, float],
) -> tuple[dict[str, list[float]], np.ndarray, np.ndarray, np.ndarray]:
    """Integrate Beta-Binomial rates out on a grid; the prior is Normal for the log of kappa.

    Returns
    -------
    rows, weight, a, b
        Summaries of mu and kappa; the posterior weight and the Beta parameters of each grid point.
    """
    mean, kappa = (v.ravel() for v in np.meshgrid(mu, np.exp(log_kappa), indexing="ij"))
    a, b = mean * kappa, (1.0 - mean) * kappa
    log_weight = stats.beta(2.0, 2.0).logpdf(mean) + stats.norm(*prior).logpdf(np.log(kappa))
    for n, y in zip(shown, clicks, strict=True):
        log_weight += gammaln(a + y) - gammaln(a) + gammaln(b + n - y) - gammaln(b)
        log_weight -= gammaln(kappa + n) - gammaln(kappa)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()

    table = weight.reshape(len(mu), len(log_kappa))
    rows = {}
    for name, values, share in [
        ("mu", mu, table.sum(1)),
        ("kappa", np.exp(log_kappa), table.sum(0)),
    ]:
        first = share @ values
        rows[name] = [first, np.sqrt(share @ values**2 - first**2), *quantiles(values, share)]
    return rows, weight, a, b


@model
def fifty_rates() -> pd.DataFrame:
    """Integrate the rates out, and the population's mean and concentration on a grid."""
    rng = np.random.default_rng(42)
    theta = rng.beta(6.0, 14.0, size=50)
    shown = rng.choice([10, 20, 50, 100, 500, 1000], size=50, p=[0.25, 0.25, 0.2, 0.15, 0.1, 0.05])
    clicks = rng.binomial(shown, theta)

    mu, log_kappa = np.linspace(0.15, 0.45, 301), np.linspace(1.0, 6.5, 276)
    rows, *_ = population_of_rates(shown, clicks, mu, log_kappa, (4.0, 1.5))
    return finished(rows)
