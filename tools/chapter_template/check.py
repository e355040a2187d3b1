"""Checks of chapter 99, The Title.

What is expected is the exact posterior: the chapter's model once more, in SciPy, summed over a grid. The
chapter's reference posteriors and the cases that test this check are made from it, too.
"""

from __future__ import annotations

from typing import Any

from companion.exercises.answers import require
from companion.exercises.fits import draws, posterior_mean
from companion.exercises.registry import exercise
import numpy as np
from scipy import stats

# Minutes of twelve deliveries. Exercise 99E1 is about the first five.
DATA = np.array([31.0, 42.0, 27.0, 36.0, 45.0, 33.0, 29.0, 38.0, 24.0, 40.0, 35.0, 30.0])
PART = DATA[:5]


def exact_posterior(minutes: np.ndarray) -> dict[str, tuple[float, float]]:
    """Return the posterior mean and standard deviation of each parameter."""
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

HINTS = {  # for a wrong posterior mean: a nudge, and something more explicit
    "mu": ("Which line of your model is about the mean delivery?", "It is Normal(30, 10)."),
    "sigma": ("Which line is about how deliveries scatter?", "It is HalfNormal(10)."),
}


@exercise(
    "99E1",
    "Five deliveries",
    idata="your fit of the first five deliveries, with variables `mu` and `sigma`",
)
def five_deliveries(idata: Any) -> str:
    """Compare the posterior with the exact one, and with that of all data."""
    part, everything = exact_posterior(PART), exact_posterior(DATA)
    name = next(iter(part))
    sd, sd_part, sd_everything = (
        draws("idata", idata, name).std(),
        part[name][1],
        everything[name][1],
    )
    require(
        abs(sd - sd_part) < abs(sd - sd_everything),
        "all-data",
        "How many deliveries did your model see?",
        f"Your posterior is that of all {DATA.size}. Observe the first {PART.size} only.",
    )
    for variable, (mean, _) in part.items():
        hint, second_hint = HINTS[variable]
        posterior_mean(
            "idata", idata, variable, mean, key=variable, hint=hint, second_hint=second_hint
        )
    return (
        f"With {PART.size} deliveries the posterior standard deviation of `{name}` is {sd_part:.1f}, with "
        f"{DATA.size} it is {sd_everything:.1f}."
    )
