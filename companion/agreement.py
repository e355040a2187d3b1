"""Do two samplers, and a reference, agree about a posterior?

Two Monte Carlo estimates never coincide. What can be asked is whether their difference is small
beside the Monte Carlo standard error (MCSE) of that difference. Five such errors are allowed: one
comparison in about two million fails by chance.
"""

from __future__ import annotations

from collections.abc import Sequence

from companion.reference import reference as reference_posterior
import numpy as np
import pandas as pd
from pandas.io.formats.style import Styler
from xarray import DataTree

__all__ = ["LIMIT", "compare_posteriors", "estimates"]

LIMIT = 5.0


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
    tfp: DataTree,
    reference: str | None = None,
    var_names: Sequence[str] | None = None,
    limit: float = LIMIT,
) -> Styler:
    """Set two posteriors side by side, and raise if they disagree.

    Parameters
    ----------
    pymc, tfp : DataTree
        Results of the two samplers, with variables of the same names.
    reference : str, optional
        Name of a reference posterior; see `companion.reference.reference`.
    var_names : sequence of str, optional
        Variables to compare; by default those that both results have.
    limit : float
        Largest distance allowed, in Monte Carlo standard errors of the difference.

    Returns
    -------
    pandas.io.formats.style.Styler
        A formatted table (the numbers are in its `.data`), one row per scalar parameter: mean, sd
        and MCSE of the mean of both, the reference mean and sd if there is one, and `distance`:
        the largest of the distances between the means and between the sds of all pairs, in
        standard errors of the difference.

    Raises
    ------
    AssertionError
        If a distance exceeds `limit` or is not a number.
    ValueError
        If the results have no parameter in common or the reference lacks one.
    """
    a, b = estimates(pymc, var_names), estimates(tfp, var_names)
    shared = [name for name in a.index if name in b.index]
    if not shared:
        raise ValueError(
            f"pymc and tfp must share parameters, but have {list(a.index)} and {list(b.index)}."
        )
    a, b = a.loc[shared], b.loc[shared]
    columns = {
        ("PyMC", "mean"): a["mean"],
        ("PyMC", "sd"): a["sd"],
        ("PyMC", "MCSE"): a["mcse_mean"],
        ("TFP", "mean"): b["mean"],
        ("TFP", "sd"): b["sd"],
        ("TFP", "MCSE"): b["mcse_mean"],
    }
    distances = [_distance(a, b)]
    if reference is not None:
        exact = reference_posterior(reference)
        missing = [name for name in shared if name not in exact.index]
        if missing:
            raise ValueError(f"reference {reference!r} has no row for {', '.join(missing)}.")
        exact = exact.loc[shared]
        columns[("reference", "mean")] = exact["mean"]
        columns[("reference", "sd")] = exact["sd"]
        distances += [_distance(a, exact), _distance(b, exact)]
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
