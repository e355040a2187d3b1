"""The models of chapter 06 and its solutions: given the spread, every mean is linear in its coefficients.

So the coefficients are integrated with pen and paper, and only the parameters of the spread are on a
grid. The data of the babies enter through the count, the sum and the sum of squares of each month.
"""

from __future__ import annotations

from companion import datasets
import numpy as np
import pandas as pd
from scipy import stats

from reference_posteriors.registry import model

MONTH = np.arange(25.0)


def weighted_quantiles(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the 5 % and 95 % quantiles of a density on an even grid."""
    share = np.cumsum(weight) - weight / 2.0
    return np.interp([0.05, 0.95], share / weight.sum(), values)


def integrate(
    columns: list[np.ndarray],
    slope_sds: list[float],
    axes: dict[str, np.ndarray],
    log_prior: np.ndarray,
    sigma: np.ndarray,
) -> pd.DataFrame:
    """Integrate a model whose mean is linear in `columns`, with an intercept of Normal(50, 10).

    `axes` are even grids of the other parameters; `log_prior`, of the shape of the grid, is their
    log density, and `sigma`, of that shape plus (25,), the spread in each month.
    """
    frame = datasets.babies()
    length, row = frame["length"].to_numpy(), frame["month"].to_numpy()
    count = np.bincount(row).astype(float)
    total, squares = np.bincount(row, length), np.bincount(row, length**2)
    design = np.column_stack([np.ones(25), *columns])
    center, sd = np.array([50.0] + [0.0] * len(columns)), np.array([10.0, *slope_sds])

    flat = sigma.reshape(-1, 25)
    weight = 1.0 / flat**2
    precision = np.einsum("gm,mi,mj->gij", weight * count, design, design) + np.diag(sd**-2.0)
    covariance = np.linalg.inv(precision)
    mean = np.einsum("gij,gj->gi", covariance, (weight * total) @ design + center / sd**2)
    log_mass = (
        log_prior.ravel()
        - np.log(flat) @ count
        - weight @ squares / 2.0
        + np.einsum("gi,gij,gj->g", mean, precision, mean) / 2.0
        - np.linalg.slogdet(precision)[1] / 2.0
    )
    mass = np.exp(log_mass - log_mass.max())
    mass /= mass.sum()

    rows = {}
    for k in range(design.shape[1]):
        first = mass @ mean[:, k]
        spread = np.sqrt(mass @ (covariance[:, k, k] + mean[:, k] ** 2) - first**2)
        grid = first + spread * np.linspace(-6.0, 6.0, 1201)
        kept = mass > mass.max() * 1e-9
        density = mass[kept] @ stats.norm(
            mean[kept, k, None], np.sqrt(covariance[kept, k, k])[:, None]
        ).pdf(grid)
        rows[f"beta[{k}]"] = [first, spread, *weighted_quantiles(grid, density)]
    return finish(rows, mass.reshape(sigma.shape[:-1]), axes)


def integrate_slope(
    x: np.ndarray,
    y: np.ndarray,
    prior: tuple[float, float],
    name: str,
    axes: dict[str, np.ndarray],
    log_prior: np.ndarray,
    sigma: np.ndarray,
) -> pd.DataFrame:
    """Integrate a model whose mean is a slope times `x`; `sigma` has the shape of the grid plus (n,)."""
    center, sd = prior
    flat = sigma.reshape(-1, len(y))
    precision = flat**-2.0 @ x**2 + sd**-2.0
    mean = (flat**-2.0 @ (x * y) + center / sd**2) / precision
    log_mass = log_prior.ravel() - np.log(flat).sum(axis=1) - flat**-2.0 @ y**2 / 2.0
    log_mass += precision * mean**2 / 2.0 - np.log(precision) / 2.0
    mass = np.exp(log_mass - log_mass.max())
    mass /= mass.sum()

    first = mass @ mean
    spread = np.sqrt(mass @ (1.0 / precision + mean**2) - first**2)
    grid = first + spread * np.linspace(-6.0, 6.0, 1201)
    kept = mass > mass.max() * 1e-9
    density = mass[kept] @ stats.norm(mean[kept, None], precision[kept, None] ** -0.5).pdf(grid)
    rows = {name: [first, spread, *weighted_quantiles(grid, density)]}
    return finish(rows, mass.reshape(sigma.shape[:-1]), axes)


def finish(
    rows: dict[str, list[float]], table: np.ndarray, axes: dict[str, np.ndarray]
) -> pd.DataFrame:
    """Add the parameters of the spread, whose joint mass is `table`, to the rows of the others."""
    for k, (name, values) in enumerate(axes.items()):
        marginal = table.sum(axis=tuple(i for i in range(table.ndim) if i != k))
        assert marginal[-1] < 1e-9, f"the grid of {name} is too short"
        first = marginal @ values
        spread = np.sqrt(marginal @ values**2 - first**2)
        rows[name] = [first, spread, *weighted_quantiles(values, marginal)]
    result = pd.DataFrame(rows, index=["mean", "sd", "q05", "q95"]).T
    return result.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


def constant_spread(column: np.ndarray, slope_sd: float) -> pd.DataFrame:
    sigma = np.linspace(2.0, 5.0, 1501)
    log_prior = stats.halfnorm(0.0, 10.0).logpdf(sigma)
    spread = np.repeat(sigma[:, None], 25, axis=1)
    return integrate([column], [slope_sd], {"sigma": sigma}, log_prior, spread)


def log_spread(columns: list[np.ndarray], slope_sds: list[float]) -> pd.DataFrame:
    delta_0, delta_1 = np.linspace(0.7, 1.4, 241), np.linspace(-0.3, 0.6, 241)
    log_prior = (
        stats.norm(1.0, 1.0).logpdf(delta_0)[:, None] + stats.norm(0.0, 0.5).logpdf(delta_1)[None]
    )
    years = (MONTH - 12.0) / 12.0
    sigma = np.exp(delta_0[:, None, None] + delta_1[None, :, None] * years)
    axes = {"delta[0]": delta_0, "delta[1]": delta_1}
    return integrate(columns, slope_sds, axes, log_prior, sigma)


@model
def babies_line() -> pd.DataFrame:
    return constant_spread(MONTH, 2.0)


@model
def babies_root() -> pd.DataFrame:
    return constant_spread(np.sqrt(MONTH), 10.0)


@model
def babies_linear_spread() -> pd.DataFrame:
    delta_0, delta_1 = np.linspace(1.6, 3.6, 241), (np.arange(300) + 0.5) * 0.12 / 300
    log_prior = (
        stats.halfnorm(0.0, 10.0).logpdf(delta_0)[:, None]
        + stats.halfnorm(0.0, 0.5).logpdf(delta_1)[None]
    )
    sigma = delta_0[:, None, None] + delta_1[None, :, None] * MONTH
    axes = {"delta[0]": delta_0, "delta[1]": delta_1}
    return integrate([np.sqrt(MONTH)], [10.0], axes, log_prior, sigma)


@model
def babies_root_log_spread() -> pd.DataFrame:
    return log_spread([np.sqrt(MONTH)], [10.0])


@model
def babies_growth_chart() -> pd.DataFrame:
    return log_spread([np.log1p(MONTH), MONTH], [15.0, 2.0])


@model
def pizza_linear_spread() -> pd.DataFrame:
    frame = datasets.food_sales()
    frame = frame[frame["category"] == "Pizza"]
    x, y = frame["customers"].to_numpy(float), frame["sales"].to_numpy()
    delta_0, delta_1 = (np.arange(160) + 0.5) * 40.0 / 160, (np.arange(160) + 0.5) * 0.9 / 160
    log_prior = (
        stats.halfnorm(0.0, 20.0).logpdf(delta_0)[:, None]
        + stats.halfnorm(0.0, 2.0).logpdf(delta_1)[None]
    )
    sigma = delta_0[:, None, None] + delta_1[None, :, None] * x
    axes = {"delta_0": delta_0, "delta_1": delta_1}
    return integrate_slope(x, y, (10.0, 10.0), "beta", axes, log_prior, sigma)
