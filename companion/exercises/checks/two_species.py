"""What chapters 09 and 10 share: two species of penguins, bill depth against bill length."""

from __future__ import annotations

from typing import Any

from companion import datasets
from companion.exercises.answers import require, whole
from companion.exercises.fits import draws
import numpy as np

SPECIES = ("Adelie", "Gentoo")
CENTER = 43.0


def two_species() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return species (0 or 1), bill length minus 43 mm, and bill depth, in millimeters."""
    frame = datasets.penguins(complete_cases=True)
    frame = frame[frame["species"].isin(SPECIES)]
    species = (frame["species"] == SPECIES[1]).to_numpy(int)
    return species, frame["bill_length_mm"].to_numpy() - CENTER, frame["bill_depth_mm"].to_numpy()


def entries(idata: Any, variable: str) -> np.ndarray:
    """Return draws of shape (chain, draw, number of entries): one entry if the species share it."""
    values = draws("idata", idata, variable)
    return values.reshape(*values.shape[:2], -1)


def count_parameters(given: Any, right: int, explanation: str) -> None:
    """Ask how many unknown numbers a model has."""
    require(
        whole("parameters", given) == right,
        "parameter-count",
        "Count numbers, not names: a vector with two entries is two parameters. Noise and hyperparameters are as "
        "unknown as the rest.",
        explanation,
    )
