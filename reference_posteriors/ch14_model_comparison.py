"""The models of chapter 14, model comparison: Normal posteriors, by formula.

The hierarchical model of the same hospitals is `hospitals`, of chapter 11. Integrating theta out leaves
its mu and tau as they are.
"""

from __future__ import annotations

from companion import datasets
import numpy as np
import pandas as pd
from scipy import stats

from reference_posteriors.registry import model


def normal_table(names: list[str], mean: np.ndarray, sd: np.ndarray) -> pd.DataFrame:
    shapes = stats.norm(mean, sd)
    table = pd.DataFrame(
        {"mean": mean, "sd": sd, "q05": shapes.ppf(0.05), "q95": shapes.ppf(0.95)}, index=names
    )
    return table.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


@model
def hospitals_complete() -> pd.DataFrame:
    data = datasets.hospitals()
    weight = data["standard_error"].to_numpy() ** -2.0
    precision = weight.sum() + 20.0**-2.0
    mean = weight @ data["effect"].to_numpy() / precision
    return normal_table(["mu"], np.array([mean]), np.array([precision**-0.5]))


@model
def hospitals_separate() -> pd.DataFrame:
    data = datasets.hospitals()
    weight = data["standard_error"].to_numpy() ** -2.0
    precision = weight + 20.0**-2.0
    names = [f"theta[{name}]" for name in data["hospital"]]
    return normal_table(names, weight * data["effect"].to_numpy() / precision, precision**-0.5)
