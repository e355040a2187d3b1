"""The models of chapter 20, Shapes: a line, once with its 19 rows and once with all 361 pairs, both exact."""

from __future__ import annotations

from companion import datasets
import numpy as np
import pandas as pd

from reference_posteriors.registry import model

PRIOR_MEAN, PRIOR_SD = np.array([3.0, 0.0]), np.array([2.0, 0.5])
PRIOR_SCALE = 2.0


def fridays() -> tuple[np.ndarray, np.ndarray]:
    """Return the bills, measured from their average, and the tips of the parties on Fridays."""
    frame = datasets.tips().query("day == 'Fri'")
    bill = frame["total_bill"].to_numpy()
    return bill - bill.mean(), frame["tip"].to_numpy()


def line(x: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    """Integrate a line: given sigma, intercept and slope are jointly Normal; sigma is on a grid."""
    design = np.column_stack([np.ones_like(x), x])
    y = y - design @ PRIOR_MEAN
    sigma = np.linspace(0.3, 3.0, 4001)
    gram, cross = design.T @ design, design.T @ y
    precision = gram / sigma[:, None, None] ** 2 + np.diag(PRIOR_SD**-2.0)
    covariance = np.linalg.inv(precision)
    center = (covariance @ cross) / sigma[:, None] ** 2
    log_weight = (
        -len(y) * np.log(sigma)
        - y @ y / (2.0 * sigma**2)
        + np.einsum("si,sij,sj->s", center, precision, center) / 2.0
        - np.linalg.slogdet(precision)[1] / 2.0
        - sigma**2 / (2.0 * PRIOR_SCALE**2)
    )
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    rows = {}
    for k, name in enumerate(["alpha", "beta"]):
        mean = weight @ center[:, k]
        variance = weight @ (covariance[:, k, k] + center[:, k] ** 2) - mean**2
        rows[name] = [PRIOR_MEAN[k] + mean, np.sqrt(variance)]
    mean = weight @ sigma
    rows["sigma"] = [mean, np.sqrt(weight @ sigma**2 - mean**2)]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "sd"])
    return table.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


@model
def shapes_line() -> pd.DataFrame:
    return line(*fridays())


@model
def shapes_pairs() -> pd.DataFrame:
    """The posterior of the slip: every mean meets every tip."""
    x, y = fridays()
    return line(np.repeat(x, len(y)), np.tile(y, len(x)))
