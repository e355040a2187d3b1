"""Do two samplers, and a reference, agree about a posterior?

The references, long runs and exact integrals, stand in `companion/data/posteriors`, a table for each
model. `reference_posteriors/make.py` writes them, and every chapter that shows a posterior is held
against one.

Two Monte Carlo estimates never coincide. What can be asked is whether their difference is small
beside the Monte Carlo standard error (MCSE) of that difference. Five such errors are allowed: one
comparison in about two million fails by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.io.formats.style import Styler
from xarray import DataTree

__all__ = ["LIMIT", "compare_posteriors", "estimates", "reference"]

LIMIT = 5.0
FOLDER = Path(__file__).resolve().parent / "data" / "posteriors"


def reference(model: str) -> pd.DataFrame:
    """Return the reference posterior of one model.

    Parameters
    ----------
    model : str
        Name of a table, for example `"empanadas_student_t"`.

    Returns
    -------
    pandas.DataFrame
        Indexed by variable (`beta`, `theta[A]`, ...), with columns `mean`, `sd`, `mcse_mean`,
        `mcse_sd` (both 0 for an exact integral), `q05`, `q95` and `method`.

    Raises
    ------
    ValueError
        If there is no such model.
    """
    known = sorted(path.stem for path in FOLDER.glob("*.csv"))
    if model not in known:
        raise ValueError(f"model must be one of {', '.join(known)}, but {model!r} was given.")
    return pd.read_csv(FOLDER / f"{model}.csv", index_col="variable")


# `compare_posteriors` has an argument of the same name.
_reference = reference


def estimates(idata: DataTree, var_names: Sequence[str] | None = None) -> pd.DataFrame:
    """Return posterior means and standard deviations with their Monte Carlo standard errors.

    Parameters
    ----------
    idata : DataTree
        Anything with a `posterior` group of shape `(chain, draw, ...)`.
    var_names : sequence of str, optional
        Variables to keep; all by default.

    Returns
    -------
    pandas.DataFrame
        One row per scalar (`beta`, `theta[A]`), columns `mean`, `sd`, `mcse_mean`, `mcse_sd`.
    """
    import arviz as az

    table = az.summary(idata, var_names=var_names, kind="all", round_to="none")
    return pd.DataFrame(table)[["mean", "sd", "mcse_mean", "mcse_sd"]].astype(float)


def _distance(a: pd.DataFrame, b: pd.DataFrame) -> pd.Series:
    """Return the larger of the distances of means and of sds, in standard errors."""
    distances = [
        (a[value] - b[value]).abs() / np.hypot(a[f"mcse_{value}"], b[f"mcse_{value}"])
        for value in ("mean", "sd")
    ]
    return pd.concat(distances, axis=1).max(axis=1, skipna=False)


def compare_posteriors(
    pymc: DataTree,
    tfp: DataTree | None = None,
    reference: str | None = None,
    var_names: Sequence[str] | None = None,
    limit: float = LIMIT,
) -> Styler:
    """Set two posteriors, and a reference, side by side, and raise if they disagree.

    Parameters
    ----------
    pymc, tfp : DataTree
        Results of the two samplers, with variables of the same names. The second may be left out
        where there is a reference.
    reference : str, optional
        Name of a reference posterior; see `reference`.
    var_names : sequence of str, optional
        Variables to compare; by default those that both results have.
    limit : float
        Largest distance allowed, in Monte Carlo standard errors of the difference.

    Returns
    -------
    pandas.io.formats.style.Styler
        A formatted table (the numbers are in its `.data`), one row per scalar parameter: mean, sd
        and MCSE of the mean of each, the reference mean and sd if there is one, and `distance`:
        the largest of the distances between the means and between the sds of all pairs, in
        standard errors of the difference.

    Raises
    ------
    AssertionError
        If a distance exceeds `limit` or is not a number.
    ValueError
        If the results have no parameter in common, the reference lacks one, or there is nothing to
        compare with.
    """
    if tfp is None and reference is None:
        raise ValueError("tfp or reference must be given, or there is nothing to compare with.")
    sides = {"PyMC": estimates(pymc, var_names)}
    if tfp is not None:
        sides["TFP"] = estimates(tfp, var_names)
    names = [list(side.index) for side in sides.values()]
    shared = [name for name in names[0] if name in names[-1]]
    if not shared:
        raise ValueError(f"pymc and tfp must share parameters, but have {names[0]} and {names[1]}.")
    sides = {name: side.loc[shared] for name, side in sides.items()}
    columns = {
        (name, label): side[value]
        for name, side in sides.items()
        for label, value in [("mean", "mean"), ("sd", "sd"), ("MCSE", "mcse_mean")]
    }
    if reference is not None:
        exact = _reference(reference)
        missing = [name for name in shared if name not in exact.index]
        if missing:
            raise ValueError(f"reference {reference!r} has no row for {', '.join(missing)}.")
        sides["reference"] = exact.loc[shared]
        columns[("reference", "mean")] = sides["reference"]["mean"]
        columns[("reference", "sd")] = sides["reference"]["sd"]
    distances = [_distance(a, b) for a, b in combinations(sides.values(), 2)]
    columns[("distance", "in MCSE")] = pd.concat(distances, axis=1).max(axis=1, skipna=False)
    table = pd.DataFrame(columns)
    distance = table[("distance", "in MCSE")]
    apart = table.index[~(distance <= limit)]
    if len(apart):
        raise AssertionError(
            "The posteriors disagree by more than "
            f"{limit:g} Monte Carlo standard errors in {', '.join(apart)}:\n{table.loc[apart]}"
        )
    return table.style.format(
        {
            column: "{:.1f}"
            if column[0] == "distance"
            else "{:.5g}"
            if column[1] == "mean"
            else "{:.2g}"
            for column in table
        }
    )
