"""Checks of chapter 99, The Title.

What is expected is the exact posterior: the chapter's model once more, in SciPy, summed over a grid.
"""

from __future__ import annotations

from typing import Any

from companion.exercises.answers import close, require
from companion.exercises.fits import draws, posterior_mean
from companion.exercises.registry import exercise
import numpy as np
from scipy import stats

MINUTES = np.array([31.0, 42.0, 27.0, 36.0, 45.0, 33.0, 29.0, 38.0, 24.0, 40.0, 35.0, 30.0])
FIRST = 5  # the deliveries of exercise 99E1


def exact_posterior(minutes: np.ndarray) -> dict[str, tuple[float, float]]:
    """Return the posterior mean and standard deviation of each parameter, in minutes."""
    mu, sigma = np.linspace(0.0, 65.0, 261)[:, None], np.linspace(0.15, 60.0, 400)
    log_density = stats.norm.logpdf(mu, 30.0, 10.0) + stats.halfnorm.logpdf(sigma, 0.0, 10.0)
    for y in minutes:
        log_density = log_density + stats.norm.logpdf(y, mu, sigma)
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    moments = {}
    for name, values in {"mu": mu, "sigma": sigma}.items():
        mean = (weight * values).sum()
        moments[name] = float(mean), float(np.sqrt((weight * (values - mean) ** 2).sum()))
    return moments


# --- 99E1: five deliveries ---------------------------------------------------------------------------


@exercise(
    "99E1",
    "Five deliveries",
    idata="your fit of the first five deliveries, with variables `mu` and `sigma`",
)
def five_deliveries(idata: Any) -> str:
    """Compare both posterior means with the exact ones."""
    five, all_twelve = exact_posterior(MINUTES[:FIRST]), exact_posterior(MINUTES)
    sigma = draws("idata", idata, "sigma")
    require(
        not close(float(sigma.std()), all_twelve["sigma"][1], 0.3),
        "all-deliveries",
        "How many deliveries did your model see?",
        f"Your posterior is that of all twelve. Observe `minutes[:{FIRST}]` only.",
    )
    posterior_mean(
        "idata",
        idata,
        "mu",
        five["mu"][0],
        key="mu",
        hint="Compare your model with the mathematics, line by line. Which line is about the mean delivery?",
        second_hint=f"The posterior mean of `mu` is {five['mu'][0]:.1f}. Its prior is Normal(30, 10).",
    )
    posterior_mean(
        "idata",
        idata,
        "sigma",
        five["sigma"][0],
        key="sigma",
        hint="The mean delivery is right. What do you say about how deliveries scatter?",
        second_hint=f"The posterior mean of `sigma` is {five['sigma'][0]:.1f}. Its prior is HalfNormal(10).",
    )
    return (
        f"With five deliveries the standard deviation of `mu` is {five['mu'][1]:.1f} minutes, with twelve "
        f"{all_twelve['mu'][1]:.1f}."
    )
