"""The models of chapter 99, The Title: exact, because its unknowns fit on a grid.

For a model with more unknowns return a `pm.Model` in its most robust form; `make.py` then takes 4 x 20,000
draws from it.
"""

from __future__ import annotations

from companion.exercises.checks.ch99_the_slug import DATA, PART, exact_posterior
import numpy as np
import pandas as pd

from reference_posteriors.registry import model


def table(data: np.ndarray) -> pd.DataFrame:
    moments = exact_posterior(data)
    rows = pd.DataFrame.from_dict(moments, orient="index", columns=["mean", "sd"])
    return rows.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


@model
def the_slug_all() -> pd.DataFrame:
    return table(DATA)


@model
def the_slug_part() -> pd.DataFrame:
    return table(PART)
