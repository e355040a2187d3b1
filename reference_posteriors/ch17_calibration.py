"""The models of chapter 17, calibration."""

from __future__ import annotations

from companion import datasets
import pandas as pd
from scipy import stats

from reference_posteriors.normal_hierarchy import named, normal_hierarchy
from reference_posteriors.registry import model


@model
def eight_schools_half_normal() -> pd.DataFrame:
    data = datasets.eight_schools()
    table = normal_hierarchy(
        data["effect"].to_numpy(),
        data["standard_error"].to_numpy(),
        10.0,
        stats.halfnorm(scale=5.0).logpdf,
        60.0,
    )
    return named(table, data["school"].tolist())
