"""The posterior of a Normal hierarchy with known errors, by quadrature."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd


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
