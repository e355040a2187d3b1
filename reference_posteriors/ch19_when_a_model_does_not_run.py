"""The model of chapter 19, penguins of three islands, exact: once in kilograms and once, by mistake, in grams."""

from __future__ import annotations

from companion import datasets
import numpy as np
import pandas as pd
from scipy.special import softmax

from reference_posteriors.registry import model

PRIOR_MEAN, PRIOR_SD = np.array([4.0, 4.0, 4.0, 0.0]), np.array([1.0, 1.0, 1.0, 0.5])
PRIOR_SCALE = 1.0
ISLANDS = ["Biscoe", "Dream", "Torgersen"]


def adelies() -> tuple[np.ndarray, np.ndarray]:
    """Return a column for each island and one of centered flippers (cm), and the masses (kg)."""
    frame = datasets.penguins().query("species == 'Adelie'")
    frame = frame.dropna(subset=["body_mass_g", "flipper_length_mm"])
    flipper = frame["flipper_length_mm"].to_numpy() / 10.0
    own = [(frame["island"] == name).to_numpy(dtype=float) for name in ISLANDS]
    return np.column_stack([*own, flipper - flipper.mean()]), frame["body_mass_g"].to_numpy() / 1e3


def exact(y: np.ndarray, sigma: np.ndarray) -> pd.DataFrame:
    """Integrate the model: given sigma all coefficients are jointly Normal; sigma is on a grid."""
    design = adelies()[0]
    rest = y - design @ PRIOR_MEAN
    precision = design.T @ design / sigma[:, None, None] ** 2 + np.diag(PRIOR_SD**-2.0)
    covariance = np.linalg.inv(precision)
    center = covariance @ (design.T @ rest) / sigma[:, None] ** 2
    weight = softmax(
        -len(y) * np.log(sigma)
        - rest @ rest / (2.0 * sigma**2)
        + np.einsum("si,sij,sj->s", center, precision, center) / 2.0
        - np.linalg.slogdet(precision)[1] / 2.0
        - sigma**2 / (2.0 * PRIOR_SCALE**2)
    )
    mean = weight @ center
    variance = weight @ (np.diagonal(covariance, axis1=1, axis2=2) + (center - mean) ** 2)
    spread = weight @ sigma
    names = [f"alpha[{name}]" for name in ISLANDS] + ["beta", "sigma"]
    table = pd.DataFrame(
        {
            "mean": [*(PRIOR_MEAN + mean), spread],
            "sd": [*np.sqrt(variance), np.sqrt(weight @ (sigma - spread) ** 2)],
        },
        index=names,
    )
    return table.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


@model
def debugging_islands() -> pd.DataFrame:
    return exact(adelies()[1], np.linspace(0.25, 0.7, 4001))


@model
def debugging_grams() -> pd.DataFrame:
    """The posterior of the slip: masses in grams, priors in kilograms."""
    return exact(1e3 * adelies()[1], np.linspace(205.0, 222.0, 4001))
