"""The models of chapter 11, funnels."""

from __future__ import annotations

from companion import datasets
import pandas as pd
import pymc as pm
from scipy import stats

from reference_posteriors.normal_hierarchy import named, normal_hierarchy
from reference_posteriors.registry import model


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


@model
def radon_hierarchical() -> pm.Model:
    data = datasets.radon()
    county = data["county"].astype("category").cat.codes.to_numpy()
    basement = (data["floor"] == 0).to_numpy(dtype=float)
    with pm.Model() as m:
        mu_alpha = pm.Normal("mu_alpha", 1.0, 2.0)
        sigma_alpha = pm.HalfNormal("sigma_alpha", 1.0)
        mu_beta = pm.Normal("mu_beta", 0.0, 2.0)
        sigma_beta = pm.HalfNormal("sigma_beta", 1.0)
        sigma = pm.HalfNormal("sigma", 2.0)
        z_alpha = pm.Normal("z_alpha", 0.0, 1.0, shape=85)
        z_beta = pm.Normal("z_beta", 0.0, 1.0, shape=85)
        alpha = pm.Deterministic("alpha", mu_alpha + sigma_alpha * z_alpha)
        beta = pm.Deterministic("beta", mu_beta + sigma_beta * z_beta)
        mean = alpha[county] + beta[county] * basement
        pm.Normal("y", mean, sigma, observed=data["log_radon"].to_numpy())
    return m
