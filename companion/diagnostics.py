"""Did the sampler work? One table for all fits of a chapter.

The statistics are ArviZ's: rank-normalized split R-hat, bulk and tail effective sample size (ESS)
and the energy Bayesian fraction of missing information (E-BFMI). The limits are those of Vehtari
et al. (2021) and of `arviz.diagnose`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from xarray import DataTree

__all__ = ["LIMITS", "TAIL", "SamplerProblem", "diagnose", "divergent_draws"]

LIMITS = {"R-hat": 1.01, "ESS per chain": 100, "E-BFMI": 0.3}

# Tail ESS is the smaller of the ESS of the 5 % and the 95 % quantile, as in Vehtari et al. (2021).
# ArviZ 1.3 takes the 11 % and the 89 % quantile unless it is told.
TAIL = (0.05, 0.95)


class SamplerProblem(AssertionError):
    """A fit failed a diagnostic that the text relies on."""


def _worst(statistic: DataTree, largest: bool) -> float:
    """Return the extreme value over all parameters; NaN if any parameter's is NaN."""
    values = np.concatenate([np.ravel(v) for v in statistic.to_dataset().data_vars.values()])
    return float(values.max() if largest else values.min())


def divergent_draws(idata: DataTree) -> np.ndarray:
    """Return which draws ended a divergent trajectory.

    Parameters
    ----------
    idata : DataTree
        Fit with a `sample_stats` group that has `diverging`.

    Returns
    -------
    numpy.ndarray of bool, shape (chain, draw)

    Raises
    ------
    ValueError
        If the fit does not record divergences (only Hamiltonian samplers do).
    """
    if "sample_stats" not in idata.children or "diverging" not in idata.sample_stats:
        raise ValueError(
            "idata must have sample_stats with the variable 'diverging', as fits by NUTS do, but has "
            f"the groups {', '.join(idata.children)}."
        )
    return idata.sample_stats["diverging"].transpose("chain", "draw").to_numpy().astype(bool)


def _summary(idata: DataTree, var_names: Sequence[str] | None) -> dict[str, float]:
    import arviz as az

    posterior = idata.posterior.to_dataset()
    if var_names is not None:
        posterior = posterior[list(var_names)]
    # "Not zero" instead of "positive": the spread of draws with a NaN is NaN, and must be seen.
    varying = [name for name, values in posterior.items() if np.ptp(values.to_numpy()) != 0.0]
    tree = DataTree.from_dict({"posterior": posterior[varying]})
    draws = posterior.sizes["chain"] * posterior.sizes["draw"]
    row = {
        "chains": posterior.sizes["chain"],
        "draws": draws,
        "divergences": np.nan,
        "largest R-hat": _worst(az.rhat(tree), largest=True),
        "smallest bulk ESS": _worst(az.ess(tree, method="bulk"), largest=False),
        "smallest tail ESS": _worst(az.ess(tree, method="tail", prob=TAIL), largest=False),
        "smallest E-BFMI": np.nan,
    }
    if "sample_stats" in idata.children:
        if "diverging" in idata.sample_stats:
            row["divergences"] = int(divergent_draws(idata).sum())
        if "energy" in idata.sample_stats:
            row["smallest E-BFMI"] = float(az.bfmi(idata)["energy"].min())
    return row


def _problems(row: Mapping[str, float]) -> list[str]:
    """Name the limits that a fit exceeds. A NaN statistic is a problem, never a pass."""
    ess_limit = LIMITS["ESS per chain"] * row["chains"]
    checks = {
        "divergences": not row["divergences"] > 0,
        "R-hat": row["largest R-hat"] < LIMITS["R-hat"],
        "bulk ESS": row["smallest bulk ESS"] > ess_limit,
        "tail ESS": row["smallest tail ESS"] > ess_limit,
        "E-BFMI": not row["smallest E-BFMI"] < LIMITS["E-BFMI"],
    }
    found = [name for name, passed in checks.items() if not passed]
    return found + ["single chain"] * (row["chains"] < 2)


def diagnose(
    fits: Mapping[str, DataTree],
    *,
    var_names: Sequence[str] | None = None,
    require_healthy: bool = True,
) -> pd.DataFrame:
    """Return one table of sampler diagnostics, a column for each fit.

    Parameters
    ----------
    fits : mapping of str to DataTree
        Fits by name: `{"PyMC": idata_pymc, "TFP": idata_tfp}`.
    var_names : sequence of str, optional
        Parameters to look at; all by default. Constant ones are left out: they have no R-hat.
    require_healthy : bool
        Whether to raise when a fit has a problem. A chapter that shows a bad fit on purpose passes
        False.

    Returns
    -------
    pandas.DataFrame
        Rows `chains`, `draws`, `divergences`, `largest R-hat`, `smallest bulk ESS`, `smallest tail
        ESS`, `smallest E-BFMI` and `problems`. A statistic that a sampler does not record is NaN.

    Raises
    ------
    SamplerProblem
        If `require_healthy` and a fit has divergences, R-hat of 1.01 or more, bulk or tail ESS of
        100 per chain or less, E-BFMI below 0.3, or a single chain.
    TypeError
        If `fits` is not a mapping.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), doi:10.1214/20-BA1221.
    Betancourt (2017), arXiv:1701.02434, section 6.1 (E-BFMI).
    """
    if isinstance(fits, DataTree) or not isinstance(fits, Mapping):
        raise TypeError(
            f"fits must be a dict of fits by name, but a {type(fits).__name__} was given."
        )
    rows = {name: _summary(idata, var_names) for name, idata in fits.items()}
    problems = {name: _problems(row) for name, row in rows.items()}
    unhealthy = {name: found for name, found in problems.items() if found}
    if require_healthy and unhealthy:
        listing = "; ".join(f"{name}: {', '.join(found)}" for name, found in unhealthy.items())
        raise SamplerProblem(f"The text relies on these fits, and they have problems. {listing}.")
    formats = {"largest R-hat": "{:.3f}", "smallest E-BFMI": "{:.2f}"}
    table = {
        name: {
            key: "not recorded" if np.isnan(value) else formats.get(key, "{:.0f}").format(value)
            for key, value in row.items()
        }
        | {"problems": ", ".join(problems[name]) or "none"}
        for name, row in rows.items()
    }
    return pd.DataFrame(table)
