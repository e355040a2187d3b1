"""The models of chapter 08, robust regression."""

from __future__ import annotations

from companion import datasets
import numpy as np
import pymc as pm

from reference_posteriors.registry import model


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
def anscombe_robust() -> pm.Model:
    frame = datasets.anscombe()
    x, y = frame["x"].to_numpy(float), frame["y"].to_numpy(float)
    with pm.Model() as m:
        intercept = pm.Normal("intercept", 0.0, 10.0)
        slope = pm.Normal("slope", 0.0, 10.0)
        sigma = pm.HalfNormal("sigma", 10.0)
        nu_minus_one = pm.Exponential("nu_minus_one", scale=29.0)
        nu = pm.Deterministic("nu", 1.0 + nu_minus_one)
        pm.StudentT("y", nu=nu, mu=intercept + slope * (x - x.mean()), sigma=sigma, observed=y)
    return m
