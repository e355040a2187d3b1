"""The models of chapter 05, the Bayesian workflow."""

from __future__ import annotations

from companion import datasets
import numpy as np
import pymc as pm

from reference_posteriors.registry import model


def plain_concrete() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return water-cement ratio, age and strength of concrete without additives."""
    data = datasets.concrete()
    plain = data.query("blast_furnace_slag == 0 and fly_ash == 0 and superplasticizer == 0")
    plain = plain.drop_duplicates()
    ratio = (plain["water"] / plain["cement"]).to_numpy()
    return ratio, plain["age"].to_numpy(dtype=float), plain["compressive_strength"].to_numpy()


@model
def concrete_linear() -> pm.Model:
    ratio, age, strength = plain_concrete()
    with pm.Model() as m:
        alpha = pm.Normal("alpha", 35.0, 10.0)
        beta = pm.Normal("beta", -80.0, 40.0)
        gamma = pm.Normal("gamma", 0.1, 0.1)
        sigma = pm.HalfNormal("sigma", 10.0)
        mean = alpha + beta * (ratio - 0.5) + gamma * (age - 28.0)
        pm.Normal("y", mean, sigma, observed=strength)
    return m


def log_median(ratio: np.ndarray, age: np.ndarray):
    """Return the log of the median strength by Abrams' law and the hardening law of Eurocode 2."""
    alpha = pm.Normal("alpha", np.log(35.0), 0.3)
    beta = pm.Normal("beta", -2.5, 1.0)
    s = pm.Normal("s", 0.3, 0.1)
    return alpha + beta * (ratio - 0.5) + s * (1.0 - np.sqrt(28.0 / age))


@model
def concrete_curve() -> pm.Model:
    ratio, age, strength = plain_concrete()
    with pm.Model() as m:
        mean = pm.math.exp(log_median(ratio, age))
        pm.Normal("y", mean, pm.HalfNormal("sigma", 10.0), observed=strength)
    return m


@model
def concrete_lognormal() -> pm.Model:
    ratio, age, strength = plain_concrete()
    with pm.Model() as m:
        eta = log_median(ratio, age)
        pm.Normal("y", eta, pm.HalfNormal("sigma", 0.5), observed=np.log(strength))
    return m


@model
def concrete_student_t() -> pm.Model:
    ratio, age, strength = plain_concrete()
    with pm.Model() as m:
        eta = log_median(ratio, age)
        sigma = pm.HalfNormal("sigma", 0.5)
        nu = pm.Gamma("nu", 2.0, 0.1)
        pm.StudentT("y", nu=nu, mu=eta, sigma=sigma, observed=np.log(strength))
    return m
