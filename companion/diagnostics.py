"""Did the sampler work?

`diagnose` puts the fits of a chapter in one table, and raises if one has a problem. `report` speaks of a
single fit, with a finding for each question: a sentence for a person, a verdict and a table for a
program. Both judge each scalar of the posterior, in the same way.

The statistics are ArviZ's: rank-normalized split R-hat, bulk and tail effective sample size (ESS)
and the energy Bayesian fraction of missing information (E-BFMI). The limits are those of Vehtari
et al. (2021) and of `arviz.diagnose`. A statistic that cannot be computed is a problem, never a pass. A
constant has no R-hat and is set aside by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
import re

from companion.inputs import flag, positive
from companion.scalars import TAIL, Scalars, as_names, real_draws, scalars_of
from companion.tables import Table, decimals_for, number_text, two_digits
import numpy as np
import pandas as pd
from xarray import Dataset, DataTree

__all__ = [
    "LIMITS",
    "TAIL",
    "Diagnosis",
    "Finding",
    "Report",
    "SamplerProblem",
    "check_divergences",
    "check_energy",
    "check_ess",
    "check_rhat",
    "diagnose",
    "divergent_draws",
    "report",
]

LIMITS = {"R-hat": 1.01, "ESS per chain": 100, "E-BFMI": 0.3}

PASSED, FAILED, NOT_RECORDED = "passed", "failed", "not recorded"


MARKS = {PASSED: "✓ ", FAILED: "✗ ", NOT_RECORDED: ""}

INTERVAL = re.compile(r"(?:eti|hdi)(\d+)_(lb|ub)")  # what ArviZ calls the ends of an interval
HEADERS = {
    "ess_bulk": ("ESS", "bulk"),
    "ess_tail": ("ESS", "tail"),
    "r_hat": ("", "R-hat"),
    "mcse_mean": ("MCSE of", "mean"),
    "mcse_sd": ("MCSE of", "sd"),
}
FORMS = {"ess_bulk": ",.0f", "ess_tail": ",.0f", "r_hat": ".3f"}


class SamplerProblem(AssertionError):
    """A fit failed a diagnostic that the text relies on."""


@dataclass(frozen=True, eq=False)
class Finding:
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
    problems : tuple of str
        The statistics that failed, as `diagnose` calls them; empty if none did.
    """

    name: str
    verdict: str
    message: str
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    offenders: pd.DataFrame = field(default_factory=pd.DataFrame)
    constant: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the diagnostic could be asked and found nothing."""
        return self.verdict == PASSED

    @property
    def left_out(self) -> str:
        """A sentence about the constants; empty if there are none."""
        return f"Constant, left out: {', '.join(self.constant)}." if self.constant else ""

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.verdict}. {self.message}"]
        if len(self.offenders):
            lines.append(self.offenders.to_string(float_format="{:.4g}".format))
        if self.constant:
            lines.append(self.left_out)
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True, eq=False)
class Report:
    """All findings about one fit, and its posterior summary.

    Attributes
    ----------
    findings : tuple of Finding
        Divergences, R-hat, ESS and energy, in this order.
    summary : pandas.DataFrame
        The table of `arviz.summary`, unrounded, with the tail ESS of `check_ess`.
    """

    findings: tuple[Finding, ...]
    summary: pd.DataFrame

    @property
    def passed(self) -> bool:
        """Whether nothing failed. What the sampler does not record cannot fail."""
        return all(finding.verdict != FAILED for finding in self.findings)

    @property
    def verdict(self) -> str:
        """What to think of the fit, in words."""
        return "no problem found" if self.passed else "do not use this fit yet"

    def __str__(self) -> str:
        parts = [
            f"Report: {self.verdict}.",
            *map(str, self.findings),
            repr(_for_readers(self.summary)),
        ]
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        """Return what a page shows: the findings, the parameters that failed, and the summary."""
        findings = pd.DataFrame(
            {
                "verdict": [f"{MARKS[each.verdict]}{each.verdict}" for each in self.findings],
                "what was found": [
                    f"{each.message} {each.left_out}".strip() for each in self.findings
                ],
            },
            index=[each.name for each in self.findings],
        )
        tables = [
            Table(findings, findings),
            *(
                Table(
                    each.offenders, each.offenders.map("{:.4g}".format), f"{each.name}: what failed"
                )
                for each in self.findings
                if len(each.offenders)
            ),
            _for_readers(self.summary),
        ]
        title = f"<p><strong>Report: {self.verdict}.</strong></p>"
        return title + "".join(each.to_html() for each in tables)

    __repr__ = __str__


def _header(column: str) -> tuple[str, str]:
    """Return the two rows of the header above a column of a summary."""
    if found := INTERVAL.fullmatch(column):
        return f"{found[1]} % interval", "from" if found[2] == "lb" else "to"
    return HEADERS.get(column, ("", column))


def _for_readers(summary: pd.DataFrame) -> Table:
    """Return a summary with the digits of each estimate that its Monte Carlo error lets one believe."""

    def cell(column: str, value: float, error: float) -> str:
        if column.startswith("mcse"):
            return two_digits(value)
        estimate = f",.{decimals_for(error)}f" if error > 0.0 else ".4g"
        return number_text(value, FORMS.get(column, estimate))

    rows = zip(summary.itertuples(index=False), summary["mcse_mean"], strict=True)
    cells = pd.DataFrame(
        [
            [cell(column, value, error) for column, value in zip(summary.columns, row, strict=True)]
            for row, error in rows
        ],
        index=summary.index,
    )
    header = pd.MultiIndex.from_tuples([_header(column) for column in summary.columns])
    return Table(summary.set_axis(header, axis=1), cells.set_axis(header, axis=1))


def _nothing_varies(name: str, scalars: Scalars, problems: tuple[str, ...]) -> Finding:
    message = "There is no parameter that varies."
    return Finding(name, FAILED, message, constant=scalars.names, problems=problems)


def _varying(scalars: Scalars, columns: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return a table of statistics of the scalars that vary."""
    return pd.DataFrame(columns, index=list(scalars.names))[~scalars.constant]


def _constant(scalars: Scalars) -> tuple[str, ...]:
    return tuple(scalars.names[i] for i in np.flatnonzero(scalars.constant))


def _judge_rhat(scalars: Scalars, threshold: float) -> Finding:
    name, constant = "R-hat", _constant(scalars)
    if scalars.constant.all():
        return _nothing_varies(name, scalars, (name,))
    if scalars.draws.shape[1] < 2:
        message = "There is a single chain, and R-hat compares chains: run at least four."
        return Finding(name, FAILED, message, constant=constant, problems=(name,))
    table = _varying(scalars, {name: scalars.rhat})
    bad = table[~(table[name] < threshold)]
    if bad.empty:
        message = f"The largest of {len(table)} is {table[name].max():.4f}, below {threshold:g}."
        return Finding(name, PASSED, message, table, constant=constant)
    message = f"{len(bad)} of {len(table)} parameters are not below {threshold:g}."
    return Finding(name, FAILED, message, table, bad, constant, (name,))


def _judge_ess(scalars: Scalars, min_bulk: float | None, min_tail: float | None) -> Finding:
    _, chains, draws = scalars.draws.shape
    default = LIMITS["ESS per chain"] * chains
    least = pd.Series(
        {
            "bulk ESS": default if min_bulk is None else min_bulk,
            "tail ESS": default if min_tail is None else min_tail,
        }
    )
    name, constant = "ESS", _constant(scalars)
    if scalars.constant.all():
        return _nothing_varies(name, scalars, tuple(least.index))
    table = _varying(scalars, {"bulk ESS": scalars.bulk_ess, "tail ESS": scalars.tail_ess})
    bad = ~(table > least)
    limits = f"bulk {least['bulk ESS']:g}, tail {least['tail ESS']:g}"
    if not bad.any(axis=None):
        bulk, tail = table.min()
        message = (
            f"Of {chains * draws:,} draws the smallest bulk ESS is {bulk:,.0f} (efficiency "
            f"{bulk / (chains * draws):.2f}), the smallest tail ESS {tail:,.0f}; asked for: {limits}."
        )
        return Finding(name, PASSED, message, table, constant=constant)
    offends = bad.any(axis=1)
    message = f"{offends.sum()} of {len(table)} parameters do not exceed the minimum ({limits})."
    problems = tuple(bad.columns[bad.any(axis=0)])
    return Finding(name, FAILED, message, table, table[offends], constant, problems)


def _recorded(idata: DataTree, name: str, argument: str) -> np.ndarray | None:
    """Return what the sampler recorded, shape (chain, draw), or None.

    Chains of the posterior of which nothing was recorded are NaN.
    """
    if not isinstance(idata, DataTree):
        raise TypeError(
            f"{argument} must be a DataTree, but an object of the type {type(idata).__name__} was given."
        )
    if "sample_stats" not in idata.children or name not in idata["sample_stats"].data_vars:
        return None
    values = real_draws(idata["sample_stats"].data_vars[name], f"the sample_stats of {argument}")
    if values.ndim > 2:
        raise ValueError(
            f"the sample_stats of {argument} must have one {name!r} for each draw, but it has the "
            f"shape {values.shape}."
        )
    posterior = idata["posterior"].sizes if "posterior" in idata.children else {}
    missing = max(0, posterior.get("chain", 0) - len(values))
    return np.pad(values, ((0, missing), (0, 0)), constant_values=np.nan)


def divergent_draws(idata: DataTree) -> np.ndarray:
    """Return which draws ended a divergent trajectory.

    Parameters
    ----------
    idata : DataTree
        Fit with a `sample_stats` group that has `diverging`.

    Returns
    -------
    numpy.ndarray of bool, shape (chain, draw)
        Where the record is not a number, the draw counts as divergent: nobody knows that it is not.

    Raises
    ------
    TypeError
        If `idata` is not a DataTree.
    ValueError
        If the fit does not record divergences (only Hamiltonian samplers do).
    """
    diverging = _recorded(idata, "diverging", "idata")
    if diverging is None:
        raise ValueError(
            "idata must have sample_stats with the variable 'diverging', as fits by NUTS do, but has "
            f"the groups {', '.join(idata.children)}."
        )
    return diverging != 0.0


def _judge_divergences(idata: DataTree, argument: str) -> Finding:
    name = "Divergences"
    diverging = _recorded(idata, "diverging", argument)
    if diverging is None:
        return Finding(name, NOT_RECORDED, "This sampler does not report them.")
    by_chain = (diverging != 0.0).sum(axis=1)
    count, total, unknown = by_chain.sum(), diverging.size, np.isnan(diverging).sum()
    table = pd.DataFrame({"divergences": by_chain}).rename_axis("chain")
    if count == 0:
        return Finding(name, PASSED, f"None in {total:,} transitions.", table)
    message = (
        f"{count:,} of {total:,} transitions ({count / total:.1%}). Plot where they are before you "
        "change a setting."
    )
    if unknown:
        message += f" Of {unknown:,} there is no record: they are counted as divergent."
    bad = table[table["divergences"] > 0]
    return Finding(name, FAILED, message, table, bad, problems=("divergences",))


def _judge_energy(idata: DataTree, threshold: float, argument: str) -> Finding:
    import arviz as az

    name = "E-BFMI"
    energy = _recorded(idata, "energy", argument)
    if energy is None:
        return Finding(name, NOT_RECORDED, "This sampler does not report energies.")
    known = np.isfinite(energy).all(axis=1)
    known[known] = np.ptp(energy[known], axis=1) > 0.0
    ebfmi = np.full(len(energy), np.nan)
    if known.any():
        ebfmi[known] = az.bfmi(energy[known], chain_axis=0, draw_axis=1)
    table = pd.DataFrame({name: ebfmi}).rename_axis("chain")
    bad = table[~(table[name] >= threshold)]
    if bad.empty:
        message = f"The smallest is {table[name].min():.2f}, not below {threshold:g}."
        return Finding(name, PASSED, message, table)
    message = f"{len(bad)} of {len(table)} chains do not reach {threshold:g}."
    return Finding(name, FAILED, message, table, bad, problems=(name,))


def check_rhat(
    idata: DataTree,
    threshold: float = LIMITS["R-hat"],
    *,
    var_names: str | Sequence[str] | None = None,
) -> Finding:
    """Ask whether the chains agree with each other.

    Parameters
    ----------
    idata : DataTree
        Fit with a `posterior` group of dimensions `(chain, draw, ...)`.
    threshold : float
        Rank-normalized split R-hat must be below it for each parameter.
    var_names : str or sequence of str, optional
        Variables to look at; all by default.

    Returns
    -------
    Finding
        It fails where R-hat is not below the threshold or is not a number, and for a single chain.

    Raises
    ------
    TypeError
        If `idata` is not a DataTree, or a variable does not hold real numbers.
    ValueError
        If there is no posterior, no draw, no such variable, or the threshold is not positive.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), doi:10.1214/20-BA1221.
    """
    positive("threshold", threshold)
    return _judge_rhat(scalars_of(idata, var_names), threshold)


def check_ess(
    idata: DataTree,
    min_bulk: float | None = None,
    min_tail: float | None = None,
    *,
    var_names: str | Sequence[str] | None = None,
) -> Finding:
    """Ask whether there are enough effective draws.

    Parameters
    ----------
    idata : DataTree
        Fit with a `posterior` group of dimensions `(chain, draw, ...)`.
    min_bulk, min_tail : float, optional
        Bulk and tail effective sample size (ESS) that each parameter must exceed, in all chains
        together; 100 for each chain by default. Tail ESS is that of the 5 % or the 95 % quantile,
        whichever is smaller.
    var_names : str or sequence of str, optional
        Variables to look at; all by default.

    Returns
    -------
    Finding
        It fails where an ESS does not exceed its minimum or is not a number. When it passes, its
        message gives the efficiency: the smallest bulk ESS as a share of the draws.

    Raises
    ------
    TypeError
        If `idata` is not a DataTree, or a variable does not hold real numbers.
    ValueError
        If there is no posterior, no draw, no such variable, or a minimum is not positive.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), doi:10.1214/20-BA1221.
    """
    for name, value in {"min_bulk": min_bulk, "min_tail": min_tail}.items():
        if value is not None:
            positive(name, value)
    return _judge_ess(scalars_of(idata, var_names), min_bulk, min_tail)


def check_divergences(idata: DataTree) -> Finding:
    """Ask whether any trajectory diverged.

    Parameters
    ----------
    idata : DataTree
        A fit. Only Hamiltonian samplers record divergences, in `sample_stats`.

    Returns
    -------
    Finding
        It fails if there is a divergence, or no record of a draw; its `offenders` count them by chain.

    Raises
    ------
    TypeError
        If `idata` is not a DataTree.
    """
    return _judge_divergences(idata, "idata")


def check_energy(idata: DataTree, threshold: float = LIMITS["E-BFMI"]) -> Finding:
    """Ask whether the sampler can move between energies.

    Parameters
    ----------
    idata : DataTree
        A fit, with `energy` in `sample_stats`.
    threshold : float
        The energy Bayesian fraction of missing information (E-BFMI) of each chain must reach it.

    Returns
    -------
    Finding
        It fails where E-BFMI is below the threshold or is not a number.

    Raises
    ------
    TypeError
        If `idata` is not a DataTree.
    ValueError
        If the threshold is not positive.

    References
    ----------
    Betancourt (2017), arXiv:1701.02434, section 6.1.
    """
    positive("threshold", threshold)
    return _judge_energy(idata, threshold, "idata")


def _judge(idata: DataTree, scalars: Scalars, argument: str) -> tuple[Finding, ...]:
    """Ask all questions, with the limits of the course."""
    return (
        _judge_divergences(idata, argument),
        _judge_rhat(scalars, LIMITS["R-hat"]),
        _judge_ess(scalars, None, None),
        _judge_energy(idata, LIMITS["E-BFMI"], argument),
    )


def _summary(scalars: Scalars) -> pd.DataFrame:
    """Return the columns of `arviz.summary`, a row for each scalar."""
    import arviz as az

    draws = Dataset({"x": (("scalar", "chain", "draw"), scalars.draws)})
    table = pd.DataFrame(az.summary(draws, kind="stats", round_to="none"))
    table.index = list(scalars.names)
    table["ess_bulk"], table["ess_tail"] = scalars.bulk_ess, scalars.tail_ess
    table["r_hat"] = scalars.rhat
    for name in ("mcse_mean", "mcse_sd"):
        table[name] = scalars.estimates[name].to_numpy()
    return table


def report(idata: DataTree, var_names: str | Sequence[str] | None = None) -> Report:
    """Run all checks on a fit, and summarize its posterior.

    Parameters
    ----------
    idata : DataTree
        Fit with a `posterior` group, and `sample_stats` if the sampler has any.
    var_names : str or sequence of str, optional
        Variables in the summary; all by default. The checks look at all variables in any case: a
        nuisance parameter that has not converged spoils the others.

    Returns
    -------
    Report
        Print it, or ask for `passed` and the single `findings`.

    Raises
    ------
    TypeError
        If `idata` is not a DataTree, or a variable does not hold real numbers.
    ValueError
        If there is no posterior, no draw, or no such variable.
    """
    scalars = scalars_of(idata)
    asked_for = scalars_of(idata, var_names).dims
    rows = [i for name in asked_for for i, own in enumerate(scalars.variables) if own == name]
    return Report(_judge(idata, scalars, "idata"), _summary(scalars).iloc[rows])


def _shown(finding: Finding, column: str, worst: str, form: str = ",.0f") -> str:
    """Return the worst value of a column, and say so where there is none."""
    if finding.verdict == NOT_RECORDED:
        return "not recorded"
    values = finding.table.get(column, pd.Series([np.nan]))
    value = getattr(values, worst)(skipna=False)
    return "not defined" if np.isnan(value) else f"{value:{form}}"


def _column(
    idata: DataTree, var_names: list[str] | None, argument: str
) -> tuple[dict[str, str], list[str]]:
    """Return the column of a fit in the table of `diagnose`, and its problems."""
    scalars = scalars_of(idata, var_names, argument=argument)
    _, chains, draws = scalars.draws.shape
    findings = divergences, rhat, ess, energy = _judge(idata, scalars, argument)
    problems = [problem for finding in findings for problem in finding.problems]
    problems += ["single chain"] * (chains < 2)
    column = {
        "chains": f"{chains}",
        "draws": f"{chains * draws:,}",
        "divergences": _shown(divergences, "divergences", "sum"),
        "largest R-hat": _shown(rhat, "R-hat", "max", ".3f"),
        "smallest bulk ESS": _shown(ess, "bulk ESS", "min"),
        "smallest tail ESS": _shown(ess, "tail ESS", "min"),
        "smallest E-BFMI": _shown(energy, "E-BFMI", "min", ".2f"),
        "problems": ", ".join(problems) or "none",
    }
    return column, problems


class Diagnosis(pd.DataFrame):
    """A data frame with a column for each fit; on a page it is shown with a row for each."""

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        """Return what a part of it is: an ordinary data frame."""
        return pd.DataFrame

    def _repr_html_(self) -> str:
        """Return the table that a page shows."""
        rows = self.T
        verdicts = [f"{'✓' if text == 'none' else '✗'} {text}" for text in rows["problems"]]
        cells = rows.assign(problems=verdicts)
        return Table(rows, cells).to_html()


def diagnose(
    fits: Mapping[str, DataTree],
    *,
    var_names: str | Sequence[str] | None = None,
    require_healthy: bool = True,
) -> Diagnosis:
    """Return one table of sampler diagnostics, a column for each fit.

    Parameters
    ----------
    fits : mapping of str to DataTree
        Fits by name: `{"PyMC": idata_pymc, "TFP": idata_tfp}`.
    var_names : str or sequence of str, optional
        Parameters to look at; all by default. Constant ones are left out: they have no R-hat.
    require_healthy : bool
        Whether to raise when a fit has a problem. A chapter that shows a bad fit on purpose passes
        False.

    Returns
    -------
    Diagnosis
        A pandas data frame with rows `chains`, `draws`, `divergences`, `largest R-hat`, `smallest bulk
        ESS`, `smallest tail ESS`, `smallest E-BFMI` and `problems`. On a page each fit has a row. What a sampler does not record is "not recorded". A
        statistic that cannot be computed is "not defined", and a problem.

    Raises
    ------
    SamplerProblem
        If `require_healthy` and a fit has divergences, R-hat of 1.01 or more, bulk or tail ESS of
        100 per chain or less, E-BFMI below 0.3, or a single chain.
    TypeError
        If `fits` is not a mapping of fits, or a variable does not hold real numbers.
    ValueError
        If there is no fit, or a fit has no posterior, no draw or no such variable.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), doi:10.1214/20-BA1221.
    Betancourt (2017), arXiv:1701.02434, section 6.1 (E-BFMI).
    """
    # Trees and data sets are mappings too: of their own variables.
    if isinstance(fits, (DataTree, Dataset)) or not isinstance(fits, Mapping):
        raise TypeError(
            f"fits must be a dict of fits by name, but a {type(fits).__name__} was given."
        )
    if not fits:
        raise ValueError("fits must hold at least one fit by its name, but it is empty.")
    flag("require_healthy", require_healthy)
    names, columns, unhealthy = as_names(var_names), {}, {}
    for name, idata in fits.items():
        columns[name], problems = _column(idata, names, f"fits[{name!r}]")
        if problems:
            unhealthy[name] = problems
    if require_healthy and unhealthy:
        listing = "; ".join(f"{name}: {', '.join(found)}" for name, found in unhealthy.items())
        raise SamplerProblem(f"The text relies on these fits, and they have problems. {listing}.")
    return Diagnosis(columns)
