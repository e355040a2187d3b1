"""Make `posteriors.csv`: the reference posteriors that chapters and checks are held against.

    .venv/bin/python tests/reference/make_reference.py            # all models
    .venv/bin/python tests/reference/make_reference.py NAME ...   # only these

Each model is stated here a third time, in its most robust form (long runs with a high target
acceptance, groups non-centered), or integrated exactly, so that an error in a chapter cannot hide
in its own reference.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
import sys
import time

import arviz as az
import companion  # noqa: F401  (sets PyTensor's and JAX's flags before they are imported)
from companion import datasets
import numpy as np
import pandas as pd
import pymc as pm
from scipy import stats

TABLE = Path(__file__).with_name("posteriors.csv")
COLUMNS = ["mean", "sd", "mcse_mean", "mcse_sd", "q05", "q95", "method"]
MODELS: dict[str, Callable] = {}


def model(function: Callable) -> Callable:
    """Register a model under its function's name."""
    MODELS[function.__name__] = function
    return function


def empanadas() -> tuple[np.ndarray, np.ndarray]:
    days = datasets.empanadas()
    return days["customers"].to_numpy(dtype=float), days["sales"].to_numpy()


@model
def empanadas_gaussian(scale: float = 50.0) -> pm.Model:
    customers, sales = empanadas()
    with pm.Model() as m:
        beta = pm.Normal("beta", 150.0, 20.0)
        sigma = pm.HalfNormal("sigma", scale)
        pm.Normal("y", beta * customers, sigma, observed=sales)
    return m


@model
def empanadas_gaussian_wide() -> pm.Model:
    return empanadas_gaussian(10_000.0)


@model
def empanadas_student_t() -> pm.Model:
    customers, sales = empanadas()
    with pm.Model() as m:
        beta = pm.Normal("beta", 150.0, 20.0)
        sigma = pm.HalfNormal("sigma", 50.0)
        nu = pm.HalfNormal("nu", 20.0)
        pm.StudentT("y", nu=nu, mu=beta * customers, sigma=sigma, observed=sales)
    return m


@model
def empanadas_mixture() -> pm.Model:
    customers, sales = empanadas()
    with pm.Model() as m:
        beta = pm.Normal("beta", 150.0, 20.0)
        sigma = pm.HalfNormal("sigma", 500.0)
        pi = pm.Beta("pi", 1.0, 19.0)
        delta = pm.HalfNormal("delta", 100_000.0)
        sigma_out = pm.HalfNormal("sigma_out", 10_000.0)
        ordinary = pm.logp(pm.Normal.dist(beta * customers, sigma), sales)
        outlier = pm.logp(pm.Normal.dist(beta * customers + delta, sigma_out), sales)
        pm.Potential(
            "y", pm.math.logaddexp(pm.math.log1p(-pi) + ordinary, pm.math.log(pi) + outlier).sum()
        )
    return m


@model
def detector_zero_inflated() -> pm.Model:
    rng = np.random.default_rng(812)
    awake = rng.random(200) > 0.25
    counts = np.where(awake, rng.poisson(3.0, 200), 0)
    with pm.Model() as m:
        psi_0 = pm.Uniform("psi_0", 0.0, 1.0)
        rate = pm.Gamma("rate", alpha=2.0, beta=0.5)
        log_poisson = pm.math.log1p(-psi_0) + pm.logp(pm.Poisson.dist(rate), counts)
        with_zeros = pm.math.logaddexp(pm.math.log(psi_0), log_poisson)
        pm.Potential("y", pm.math.where(counts == 0, with_zeros, log_poisson).sum())
    return m


@model
def salad_hierarchical() -> pm.Model:
    data = datasets.salad_sales()
    location = data["location"].to_numpy()
    with pm.Model() as m:
        mu_beta = pm.Normal("mu_beta", 0.0, 10.0)
        tau_beta = pm.HalfNormal("tau_beta", 0.1)
        z = pm.Normal("z", 0.0, 1.0, shape=6)
        beta = pm.Deterministic("beta", mu_beta + tau_beta * z)
        sigma_h = pm.HalfNormal("sigma_h", 30.0)
        ratio = pm.HalfNormal("ratio", 1.0, shape=6)
        sigma = pm.Deterministic("sigma", sigma_h * ratio)
        mean = beta[location] * data["customers"].to_numpy(dtype=float)
        pm.Normal("y", mean, sigma[location], observed=data["sales"].to_numpy())
    return m


def normal_hierarchy(
    effect: np.ndarray, error: np.ndarray, mu_sd: float, log_prior_tau: Callable, tau_max: float
) -> pd.DataFrame:
    """Integrate a normal hierarchy with known errors exactly: mu and theta analytically, tau on a grid.

    y_j ~ N(theta_j, error_j), theta_j ~ N(mu, tau), mu ~ N(0, mu_sd) (Gelman et al., Bayesian Data
    Analysis, section 5.4).
    """
    # A cubic grid: dense near zero, where the posterior of tau is piled up.
    edge = np.linspace(0.0, 1.0, 40_001)
    tau = tau_max * ((edge[1:] + edge[:-1]) / 2.0) ** 3
    width = tau_max * (edge[1:] ** 3 - edge[:-1] ** 3)
    variance = error**2 + tau[:, None] ** 2
    precision = 1.0 / mu_sd**2 + (1.0 / variance).sum(axis=1)
    mu_mean = (effect / variance).sum(axis=1) / precision
    log_evidence = (
        -0.5 * np.log(variance).sum(axis=1)
        - 0.5 * (effect**2 / variance).sum(axis=1)
        + 0.5 * mu_mean**2 * precision
        - 0.5 * np.log(precision)
    )
    weight = log_prior_tau(tau) + log_evidence + np.log(width)
    weight = np.exp(weight - weight.max())
    weight /= weight.sum()
    shrink = error**2 / variance
    theta_mean = (1.0 - shrink) * effect + shrink * mu_mean[:, None]
    theta_variance = (1.0 - shrink) * error**2 + shrink**2 / precision[:, None]

    def row(mean, variance):
        first = weight @ mean
        return first, np.sqrt(weight @ (variance + mean**2) - first**2)

    rows = {"mu": row(mu_mean, 1.0 / precision), "tau": row(tau, 0.0 * tau)}
    for j in range(len(effect)):
        rows[f"theta[{j}]"] = row(theta_mean[:, j], theta_variance[:, j])
    table = pd.DataFrame(rows, index=["mean", "sd"]).T
    order = np.cumsum(weight)
    table.loc["tau", ["q05", "q95"]] = np.interp([0.05, 0.95], order, tau)
    return table.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


def named(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Call theta by the names of its groups, as ArviZ does."""
    return table.rename({f"theta[{j}]": f"theta[{name}]" for j, name in enumerate(names)})


@model
def eight_schools() -> pd.DataFrame:
    data = datasets.eight_schools()
    table = normal_hierarchy(
        data["effect"].to_numpy(),
        data["standard_error"].to_numpy(),
        20.0,
        stats.halfcauchy(scale=10.0).logpdf,
        2000.0,
    )
    return named(table, data["school"].tolist())


@model
def hospitals() -> pd.DataFrame:
    data = datasets.hospitals()
    table = normal_hierarchy(
        data["effect"].to_numpy(),
        data["standard_error"].to_numpy(),
        20.0,
        stats.halfnorm(scale=10.0).logpdf,
        60.0,
    )
    return named(table, data["hospital"].tolist())


def long_run(m: pm.Model, seed: int) -> pd.DataFrame:
    """Sample 4 x 20,000 draws and summarize them."""
    with m:
        idata = pm.sample(
            20_000, tune=3_000, chains=4, target_accept=0.99, random_seed=seed, progressbar=False
        )
    posterior = idata.posterior.to_dataset()
    idata = az.from_dict({"posterior": {k: v.to_numpy() for k, v in posterior.items()}})
    summary = pd.DataFrame(az.summary(idata, kind="all", round_to="none"))
    worst = summary["r_hat"].max(), summary[["ess_bulk", "ess_tail"]].min().min()
    print(f"  R-hat up to {worst[0]:.4f}, ESS down to {worst[1]:.0f}", flush=True)
    assert worst[0] < 1.002 and worst[1] > 4_000, "a reference needs a better run than this"
    stacked = az.extract(idata)
    quantiles = {}
    for name in stacked.data_vars:
        values = stacked[name].to_numpy().reshape(-1, stacked.sizes["sample"])
        for i, row in enumerate(values):
            label = name if stacked[name].ndim == 1 else f"{name}[{i}]"
            quantiles[label] = np.quantile(row, [0.05, 0.95])
    table = summary[["mean", "sd", "mcse_mean", "mcse_sd"]].astype(float)
    table[["q05", "q95"]] = np.array([quantiles[name] for name in table.index])
    return table.assign(method="4 x 20,000 draws")


def main(names: list[str]) -> None:
    """Make the named references, or all, and keep the others as they are."""
    kept = pd.read_csv(TABLE) if TABLE.exists() and names else pd.DataFrame()
    parts = [kept[~kept["model"].isin(names)]] if len(kept) else []
    for name in names or MODELS:
        start = time.perf_counter()
        print(name, flush=True)
        made = MODELS[name]()
        seed = 90_000 + list(MODELS).index(name)
        table = long_run(made, seed) if isinstance(made, pm.Model) else made
        table = table.reindex(columns=COLUMNS).rename_axis("variable").reset_index()
        table.insert(0, "model", name)
        parts.append(table)
        print(f"  {time.perf_counter() - start:.0f} s", flush=True)
    table = pd.concat(parts)
    order = {name: i for i, name in enumerate(MODELS)}
    table = table.sort_values("model", key=lambda column: column.map(order), kind="stable")
    table.to_csv(TABLE, index=False, float_format="%.8g")


if __name__ == "__main__":
    main(sys.argv[1:])
