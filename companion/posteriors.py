"""Do two samplers, and a reference, agree about a posterior?

The references, long runs and exact integrals, stand in `companion/data/posteriors`, a table for each
model. `reference_posteriors/make.py` writes them, and every chapter that shows a posterior is held
against one.

Two Monte Carlo estimates never coincide. What can be asked is whether their difference is small
beside the Monte Carlo standard error (MCSE) of that difference. Five such errors are allowed: one
comparison in about two million fails by chance.

Nothing is left out in silence. What both fits have is compared, number by number, and it is an error if
its labels differ; what only one has is named under the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

from companion.inputs import positive
from companion.scalars import Scalars, as_names, listed, nearest, scalars_of
from companion.tables import Table, decimals_for, number_text, two_digits
import numpy as np
import pandas as pd
from xarray import DataTree

__all__ = ["LIMIT", "compare_posteriors", "estimates", "reference"]

LIMIT = 5.0
FOLDER = Path(__file__).resolve().parent / "data" / "posteriors"

# References are written with eight digits: two constants that agree to seven are one.
SAME_RTOL, SAME_ATOL = 1e-7, 1e-12


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
    TypeError
        If the name is not a string.
    ValueError
        If there is no such model.
    """
    return _read_reference(model, argument="model")


def _read_reference(name: str, argument: str) -> pd.DataFrame:
    """Return a reference, and call its name what the caller calls it if there is none."""
    if not isinstance(name, str):
        raise TypeError(
            f"{argument} must be the name of a reference posterior, but {name!r} was given."
        )
    known = sorted(path.stem for path in FOLDER.glob("*.csv"))
    if name not in known:
        hint = nearest(name, known) or f" There are {', '.join(known)}."
        raise ValueError(
            f"{argument} must be the name of a reference posterior, but {name!r} is none.{hint}"
        )
    return pd.read_csv(FOLDER / f"{name}.csv", index_col="variable")


def estimates(idata: DataTree, var_names: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Return posterior means and standard deviations with their Monte Carlo standard errors.

    Parameters
    ----------
    idata : DataTree
        Anything with a `posterior` group of shape `(chain, draw, ...)`.
    var_names : str or sequence of str, optional
        Variables to keep; all by default.

    Returns
    -------
    pandas.DataFrame
        One row per scalar (`beta`, `theta[A]`), columns `mean`, `sd`, `mcse_mean`, `mcse_sd`. A row is
        NaN if one of its draws is infinite or not a number.

    Raises
    ------
    TypeError
        If `idata` is not a DataTree, or a variable does not hold real numbers.
    ValueError
        If there is no posterior, no draw or no such variable.
    """
    return scalars_of(idata, var_names).estimates


def _matching(pymc: Scalars, tfp: Scalars, variable: str) -> tuple[list[int], list[int]]:
    """Return the positions of the scalars of one variable in both fits, in the order of the first."""
    rows = [[i for i, own in enumerate(fit.variables) if own == variable] for fit in (pymc, tfp)]
    labels = [[fit.names[i] for i in own] for fit, own in zip((pymc, tfp), rows, strict=True)]
    dims = pymc.dims[variable], tfp.dims[variable]
    if dims[0] != dims[1] and sorted(dims[0]) == sorted(dims[1]):
        raise ValueError(
            f"pymc and tfp must have the dimensions of {variable} in one order, but pymc has "
            f"({', '.join(dims[0])}) and tfp has ({', '.join(dims[1])})."
        )
    if labels[0] == labels[1]:
        return rows[0], rows[1]
    place = dict(zip(labels[1], rows[1], strict=True))
    if len(place) < len(rows[1]) or sorted(labels[0]) != sorted(labels[1]):
        has = [listed(own) or "none" for own in labels]
        alone = [
            list(dict.fromkeys(label for label in one if label not in other))
            for one, other in (labels, labels[::-1])
        ]
        only = "".join(
            f" Only {side} has {listed(own)}."
            for side, own in zip(("pymc", "tfp"), alone, strict=True)
            if own
        )
        raise ValueError(
            f"pymc and tfp must have the same labels for {variable}, but pymc has {has[0]} "
            f"and tfp has {has[1]}.{only} Give both the same coords and dims, or name in var_names "
            "what is to be compared."
        )
    return rows[0], [place[label] for label in labels[0]]


def _in_step(pymc: Scalars, tfp: Scalars) -> tuple[Scalars, Scalars, list[str]]:
    """Return the scalars of the variables that both fits have, in one order, and notes on others."""
    shared = [name for name in pymc.dims if name in tfp.dims]
    if not shared:
        raise ValueError(
            f"pymc and tfp must share variables, but pymc has {listed(pymc.dims)} and tfp has "
            f"{listed(tfp.dims)}."
        )
    alone = {
        "PyMC": [name for name in pymc.dims if name not in shared],
        "TFP": [name for name in tfp.dims if name not in shared],
    }
    notes = [f"Only in {side}: {', '.join(names)}." for side, names in alone.items() if names]
    pairs = [_matching(pymc, tfp, name) for name in shared]
    first, second = ([i for pair in pairs for i in pair[side]] for side in (0, 1))
    return pymc.take(first), tfp.take(second), notes


def _same_constants(sides: Mapping[str, pd.DataFrame]) -> np.ndarray:
    """Return which rows are one constant on all sides, not counting a reference that lacks the row."""
    first = sides["PyMC"]
    same = [
        (side["mean"].isna() & (name == "reference"))
        | (
            (side["sd"] == 0.0)
            & np.isclose(side["mean"], first["mean"], rtol=SAME_RTOL, atol=SAME_ATOL)
        )
        for name, side in sides.items()
    ]
    return np.all(same, axis=0)


def _distance(a: pd.DataFrame, b: pd.DataFrame) -> pd.Series:
    """Return the larger of the distances of means and of sds, in standard errors."""
    distances = []
    for value in ("mean", "sd"):
        difference = (a[value] - b[value]).abs()
        error = np.hypot(a[f"mcse_{value}"], b[f"mcse_{value}"])
        distances.append((difference / error).mask(difference == 0.0, 0.0))
    return pd.concat(distances, axis=1).max(axis=1, skipna=False)


def _complaint(table: pd.DataFrame, limit: float) -> str:
    """Say which rows are too far apart, and which cannot be compared; nothing if all agree."""
    distance = table[("distance", "in MCSE")]
    apart, undefined = table.index[distance > limit], table.index[distance.isna()]
    sentences = []
    if len(apart):
        sentences.append(
            f"The posteriors disagree by more than {limit:g} Monte Carlo standard errors in "
            f"{', '.join(apart)}"
        )
    if len(undefined):
        sentences.append(
            f"The posteriors cannot be compared in {', '.join(undefined)}, where a draw is infinite or "
            "not a number, or draws are too few for a standard error"
        )
    return f"{'. '.join(sentences)}:\n{table[~(distance <= limit)]}" if sentences else ""


def _cells(numbers: pd.DataFrame) -> pd.DataFrame:
    """Return what is shown: of each estimate the digits that its Monte Carlo error lets one believe."""
    errors = numbers.xs("MCSE", axis=1, level=1).max(axis=1)
    rows = {
        i: [
            two_digits(value)
            if name == "MCSE"
            else number_text(value, ".1f" if name == "in MCSE" else f",.{decimals_for(error)}f")
            for (_, name), value in zip(numbers.columns, numbers.iloc[i], strict=True)
        ]
        for i, error in enumerate(errors)
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=numbers.columns)


def compare_posteriors(
    pymc: DataTree,
    tfp: DataTree | None = None,
    reference: str | None = None,
    var_names: str | Sequence[str] | None = None,
    limit: float = LIMIT,
) -> Table:
    """Set two posteriors, and a reference, side by side, and raise if they disagree.

    Parameters
    ----------
    pymc, tfp : DataTree
        Results of the two samplers, with variables of the same names and labels. The second may be
        left out where there is a reference.
    reference : str, optional
        Name of a reference posterior; see the function `reference`.
    var_names : str or sequence of str, optional
        Variables to compare, which both results must have; by default those that both have.
    limit : float
        Largest distance allowed, in Monte Carlo standard errors of the difference.

    Returns
    -------
    Table
        One row for each scalar parameter (the numbers are in its `.data`): mean, sd and MCSE of the
        mean of each, the reference mean and sd if there is one, and `distance`:
        the largest of the distances between the means and between the sds of all pairs, in
        standard errors of the difference. The caption names what is not in the table: variables
        that only one result has, and parameters that are the same constant everywhere.

    Raises
    ------
    AssertionError
        If a distance exceeds `limit` or is not a number.
    TypeError
        If a result is not a DataTree, or a variable does not hold real numbers.
    ValueError
        If a result has no posterior, no draw or no such variable, the results have no parameter in
        common or label one differently, there is no such reference or it lacks a parameter, there is
        nothing to compare with, or the limit is not positive.
    """
    if tfp is None and reference is None:
        raise ValueError("tfp or reference must be given, or there is nothing to compare with.")
    positive("limit", limit)
    names = as_names(var_names)
    fits = {"PyMC": scalars_of(pymc, names, argument="pymc")}
    notes: list[str] = []
    if tfp is not None:
        fits["TFP"] = scalars_of(tfp, names, argument="tfp")
        fits["PyMC"], fits["TFP"], notes = _in_step(fits["PyMC"], fits["TFP"])
    sides = {name: fit.estimates for name, fit in fits.items()}
    labels = sides["PyMC"].index
    if reference is not None:
        exact = _read_reference(reference, argument="reference")
        sides["reference"] = exact.reindex(labels)[sides["PyMC"].columns]
    constant = _same_constants(sides)
    if constant.all():
        raise ValueError(
            f"pymc must have a parameter that varies, but these are constant: {listed(labels)}."
        )
    if constant.any():
        notes.append(f"Constant, left out: {', '.join(labels[constant])}.")
    sides = {name: side[~constant] for name, side in sides.items()}
    if reference is not None and (missing := list(labels[~constant & ~labels.isin(exact.index)])):
        raise ValueError(
            f"reference {reference!r} has no row for {listed(missing)}; it has {listed(exact.index)}."
        )
    shown = {
        "PyMC": ["mean", "sd", "MCSE"],
        "TFP": ["mean", "sd", "MCSE"],
        "reference": ["mean", "sd"],
    }
    columns = {
        (name, label): side["mcse_mean" if label == "MCSE" else label]
        for name, side in sides.items()
        for label in shown[name]
    }
    distances = [_distance(a, b) for a, b in combinations(sides.values(), 2)]
    columns[("distance", "in MCSE")] = pd.concat(distances, axis=1).max(axis=1, skipna=False)
    numbers = pd.DataFrame(columns)
    if complaint := _complaint(numbers, limit):
        raise AssertionError(complaint)
    return Table(numbers, _cells(numbers), " ".join(notes) or None)
