"""The model of chapter 02, Markov chain Monte Carlo."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from reference_posteriors.registry import model


@model
def lead_readings() -> pd.DataFrame:
    """Integrate the posterior of a Normal mean numerically: no conjugate formula, no sampler."""
    y = np.random.RandomState(42).normal(5.0, 2.0, size=20)
    mu = np.linspace(0.0, 10.0, 200_001)
    log_density = stats.norm(0.0, 10.0).logpdf(mu)
    for value in y:
        log_density += stats.norm(mu, 2.0).logpdf(value)
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    mean = weight @ mu
    quantiles = np.interp([0.05, 0.95], weight.cumsum(), mu)
    row = {
        "mean": mean,
        "sd": np.sqrt(weight @ (mu - mean) ** 2),
        "mcse_mean": 0.0,
        "mcse_sd": 0.0,
        "q05": quantiles[0],
        "q95": quantiles[1],
        "method": "integrated on a grid",
    }
    return pd.DataFrame([row], index=["mu"])
