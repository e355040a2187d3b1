"""A report on one fit: divergences, R-hat, effective sample size and energy.

Each check returns a `Check`, which prints as a sentence and lists what failed, so that a program can
act on it and a person can read it. A statistic that cannot be computed fails its check. A constant has
no R-hat and is set aside by name.

The statistics are ArviZ's. `companion.diagnostics.diagnose` puts several fits in one table and raises.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from companion.diagnostics import LIMITS, TAIL, divergent_draws
import numpy as np
import pandas as pd
from xarray import DataTree

__all__ = [
    "Check",
    "Report",
    "check_divergences",
    "check_energy",
    "check_ess",
    "check_rhat",
    "report",
]

PASSED, FAILED, NOT_RECORDED = "passed", "failed", "not recorded"


@dataclass(frozen=True, eq=False)
class Check:
    """What one diagnostic says about one fit.

    Attributes
    ----------
    name : str
        The diagnostic.
    verdict : str
        `"passed"`, `"failed"` or `"not recorded"`, when the sampler does not store what it needs.
    message : str
        One sentence with the decisive numbers.
    table : pandas.DataFrame
        The statistics of all parameters, or of all chains; empty if there are none.
    offenders : pandas.DataFrame
        The rows that failed; empty if none did.
    constant : tuple of str
        Parameters that never change, which were left out.
    """

    name: str
    verdict: str
    message: str
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    offenders: pd.DataFrame = field(default_factory=pd.DataFrame)
    constant: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the check was made and found nothing."""
        return self.verdict == PASSED

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.verdict}. {self.message}"]
        if len(self.offenders):
            lines.append(self.offenders.to_string(float_format="{:.4g}".format))
        if self.constant:
            lines.append(f"Constant, left out: {', '.join(self.constant)}.")
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True, eq=False)
class Report:
    """All checks of one fit, and its posterior summary.

    Attributes
    ----------
    checks : tuple of Check
        Divergences, R-hat, ESS and energy, in this order.
    summary : pandas.DataFrame
        The table of `arviz.summary`, unrounded, with the tail ESS of `check_ess`.
    """

    checks: tuple[Check, ...]
    summary: pd.DataFrame

    @property
    def passed(self) -> bool:
        """Whether no check failed. What the sampler does not record cannot fail."""
        return all(check.verdict != FAILED for check in self.checks)

    def __str__(self) -> str:
        verdict = "no problem found" if self.passed else "do not use this fit yet"
        parts = [
            f"Report: {verdict}.",
            *map(str, self.checks),
            self.summary.to_string(float_format="{:.4g}".format),
        ]
        return "\n\n".join(parts)

    __repr__ = __str__


def _scalars(
    idata: DataTree, var_names: Sequence[str] | None
) -> tuple[np.ndarray, list[str], tuple[str, ...]]:
    """Return the varying scalars, shape (chain, draw, n), their names, and those of constants."""
    if not isinstance(idata, DataTree) or "posterior" not in idata.children:
        raise ValueError(
            "idata must be a DataTree with a posterior group, as fits are, but "
            f"{type(idata).__name__} was given, without that group."
        )
    posterior = idata.posterior.to_dataset()
    if var_names is not None:
        if unknown := [name for name in var_names if name not in posterior]:
            raise ValueError(
                f"var_names must name variables of the posterior, but {', '.join(unknown)} is none "
                f"of {', '.join(map(str, posterior.data_vars))}."
            )
        posterior = posterior[list(var_names)]
    arrays, names = [], []
    for name, variable in posterior.data_vars.items():
        variable = variable.transpose("chain", "draw", ...)
        labels = [variable[dim].to_numpy() for dim in variable.dims[2:]]
        for index in np.ndindex(variable.shape[2:]):
            inside = ", ".join(str(label[i]) for label, i in zip(labels, index, strict=True))
            names.append(f"{name}[{inside}]" if inside else str(name))
            arrays.append(variable.to_numpy()[(..., *index)].astype(float))
    # "Not zero" instead of "positive": the spread of draws with a NaN is NaN, and must be seen.
    varies = [np.ptp(values) != 0.0 for values in arrays]
    constant = tuple(name for name, keep in zip(names, varies, strict=True) if not keep)
    kept = [name for name, keep in zip(names, varies, strict=True) if keep]
    values = [array for array, keep in zip(arrays, varies, strict=True) if keep]
    return np.stack(values, axis=-1) if values else np.empty((0, 0, 0)), kept, constant


def _nothing_varies(name: str, constant: tuple[str, ...]) -> Check:
    return Check(name, FAILED, "There is no parameter that varies.", constant=constant)


def _limit(name: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not value > 0:
        raise ValueError(f"{name} must be a positive number, but {value!r} was given.")


def check_rhat(
    idata: DataTree,
    threshold: float = LIMITS["R-hat"],
    *,
    var_names: Sequence[str] | None = None,
) -> Check:
    """Ask whether the chains agree with each other.

    Parameters
    ----------
    idata : DataTree
        Fit with a `posterior` group of dimensions `(chain, draw, ...)`.
    threshold : float
        Rank-normalized split R-hat must be below it for each parameter.
    var_names : sequence of str, optional
        Variables to look at; all by default.

    Returns
    -------
    Check
        It fails where R-hat is not below the threshold or is not a number, and for a single chain.

    Raises
    ------
    ValueError
        If there is no posterior, no such variable, or the threshold is not positive.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), doi:10.1214/20-BA1221.
    """
    import arviz as az

    _limit("threshold", threshold)
    values, names, constant = _scalars(idata, var_names)
    if not names:
        return _nothing_varies("R-hat", constant)
    if values.shape[0] < 2:
        message = "There is a single chain, and R-hat compares chains: run at least four."
        return Check("R-hat", FAILED, message, constant=constant)
    table = pd.DataFrame({"R-hat": az.rhat(values, chain_axis=0, draw_axis=1)}, index=names)
    bad = table[~(table["R-hat"] < threshold)]
    if bad.empty:
        message = f"The largest of {len(table)} is {table['R-hat'].max():.4f}, below {threshold:g}."
        return Check("R-hat", PASSED, message, table, constant=constant)
    message = f"{len(bad)} of {len(table)} parameters are not below {threshold:g}."
    return Check("R-hat", FAILED, message, table, bad, constant)


def check_ess(
    idata: DataTree,
    min_bulk: float | None = None,
    min_tail: float | None = None,
    *,
    var_names: Sequence[str] | None = None,
) -> Check:
    """Ask whether there are enough effective draws.

    Parameters
    ----------
    idata : DataTree
        Fit with a `posterior` group of dimensions `(chain, draw, ...)`.
    min_bulk, min_tail : float, optional
        Bulk and tail effective sample size (ESS) that each parameter must exceed, in all chains
        together; 100 for each chain by default. Tail ESS is that of the 5 % or the 95 % quantile,
        whichever is smaller.
    var_names : sequence of str, optional
        Variables to look at; all by default.

    Returns
    -------
    Check
        It fails where an ESS does not exceed its minimum or is not a number. When it passes, its
        message gives the efficiency: the smallest bulk ESS as a share of the draws.

    Raises
    ------
    ValueError
        If there is no posterior, no such variable, or a minimum is not positive.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), doi:10.1214/20-BA1221.
    """
    import arviz as az

    values, names, constant = _scalars(idata, var_names)
    if not names:
        return _nothing_varies("ESS", constant)
    default = LIMITS["ESS per chain"] * values.shape[0]
    least = {
        "bulk": default if min_bulk is None else min_bulk,
        "tail": default if min_tail is None else min_tail,
    }
    for kind, value in least.items():
        _limit(f"min_{kind}", value)
    axes = {"chain_axis": 0, "draw_axis": 1}
    table = pd.DataFrame(
        {
            "bulk ESS": az.ess(values, method="bulk", **axes),
            "tail ESS": az.ess(values, method="tail", prob=TAIL, **axes),
        },
        index=names,
    )
    good = (table["bulk ESS"] > least["bulk"]) & (table["tail ESS"] > least["tail"])
    limits = f"bulk {least['bulk']:g}, tail {least['tail']:g}"
    if good.all():
        draws = values.shape[0] * values.shape[1]
        bulk, tail = table.min()
        message = (
            f"Of {draws:,} draws the smallest bulk ESS is {bulk:.0f} (efficiency {bulk / draws:.2f}), "
            f"the smallest tail ESS {tail:.0f}; asked for: {limits}."
        )
        return Check("ESS", PASSED, message, table, constant=constant)
    message = f"{(~good).sum()} of {len(table)} parameters do not exceed the minimum ({limits})."
    return Check("ESS", FAILED, message, table, table[~good], constant)


def check_divergences(idata: DataTree) -> Check:
    """Ask whether any trajectory diverged.

    Parameters
    ----------
    idata : DataTree
        A fit. Only Hamiltonian samplers record divergences, in `sample_stats`.

    Returns
    -------
    Check
        It fails if there is a divergence; its `offenders` count them by chain.
    """
    try:
        diverging = divergent_draws(idata)
    except ValueError:
        return Check("Divergences", NOT_RECORDED, "This sampler does not report them.")
    count, total = int(diverging.sum()), diverging.size
    by_chain = pd.DataFrame({"divergences": diverging.sum(axis=1)}).rename_axis("chain")
    if count == 0:
        return Check("Divergences", PASSED, f"None in {total:,} transitions.", by_chain)
    message = (
        f"{count:,} of {total:,} transitions ({count / total:.1%}). Plot where they are before you "
        "change a setting."
    )
    return Check("Divergences", FAILED, message, by_chain, by_chain[by_chain["divergences"] > 0])


def check_energy(idata: DataTree, threshold: float = LIMITS["E-BFMI"]) -> Check:
    """Ask whether the sampler can move between energies.

    Parameters
    ----------
    idata : DataTree
        A fit, with `energy` in `sample_stats`.
    threshold : float
        The energy Bayesian fraction of missing information (E-BFMI) of each chain must reach it.

    Returns
    -------
    Check
        It fails where E-BFMI is below the threshold or is not a number.

    Raises
    ------
    ValueError
        If the threshold is not positive.

    References
    ----------
    Betancourt (2017), arXiv:1701.02434, section 6.1.
    """
    import arviz as az

    _limit("threshold", threshold)
    if "sample_stats" not in idata.children or "energy" not in idata.sample_stats:
        return Check("E-BFMI", NOT_RECORDED, "This sampler does not report energies.")
    table = pd.DataFrame({"E-BFMI": az.bfmi(idata)["energy"].to_numpy()}).rename_axis("chain")
    bad = table[~(table["E-BFMI"] >= threshold)]
    if bad.empty:
        message = f"The smallest is {table['E-BFMI'].min():.2f}, not below {threshold:g}."
        return Check("E-BFMI", PASSED, message, table)
    message = f"{len(bad)} of {len(table)} chains are below {threshold:g}."
    return Check("E-BFMI", FAILED, message, table, bad)


def report(idata: DataTree, var_names: Sequence[str] | None = None) -> Report:
    """Run all checks on a fit, and summarize its posterior.

    Parameters
    ----------
    idata : DataTree
        Fit with a `posterior` group, and `sample_stats` if the sampler has any.
    var_names : sequence of str, optional
        Variables in the summary; all by default. The checks look at all variables in any case: a
        nuisance parameter that has not converged spoils the others.

    Returns
    -------
    Report
        Print it, or ask for `passed` and the single `checks`.

    Raises
    ------
    ValueError
        If there is no posterior, or no such variable.
    """
    import arviz as az

    _scalars(idata, var_names)
    ess = check_ess(idata)
    checks = (check_divergences(idata), check_rhat(idata), ess, check_energy(idata))
    summary = pd.DataFrame(az.summary(idata, var_names=var_names, round_to="none"))
    if "tail ESS" in ess.table:
        summary["ess_tail"] = ess.table["tail ESS"].reindex(summary.index)
    return Report(checks, summary)
