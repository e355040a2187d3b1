"""What the tables of appendix E about other seeds say, in Markdown.

It estimates rates from all fits, and loads the statistics for it, which takes seconds: only the page that
shows the tables does (`status_seeds`).
"""

from collections.abc import Callable, Mapping
import math
from pathlib import Path
from typing import Any

from markdown_table import markdown_table
from seeds import alarms, record
from seeds.sweep import digest, names

STATISTICS = {"rhat": ".4f", "bulk": ".0f", "tail": ".0f", "bfmi": ".2f", "divergences": ".0f"}
HEADER = (
    "page", "cell", "fit", "in the text", "seeds", "largest R-hat", "smallest bulk ESS",
    "smallest tail ESS", "smallest E-BFMI", "most divergences", "alarms per 1,000 runs", "remark",
)  # fmt: skip


def per_thousand(rate: float | None) -> str:
    """Return a rate for a table, in 1,000 runs."""
    if rate is None:
        return ""
    return "< 0.01" if rate < 1e-5 else f"{1000 * rate:.2g}" if rate < 0.1 else f"{1000 * rate:.0f}"


def row_of(fit: record.Judged, page: str) -> list[str]:
    """Return the row of a fit."""
    if fit.use == "shown" and fit.passed < fit.runs:
        seeds = f"{fit.runs - fit.passed} of {fit.runs} fail"
        rate = f"passes {per_thousand(fit.passing)}" if fit.passing is not None else ""
    else:
        seeds, rate = f"{fit.passed} of {fit.runs} pass", per_thousand(fit.rate)
    worst = [
        "" if math.isnan(value := fit.worst[key]) else f"{value:{form}}"
        for key, form in STATISTICS.items()
    ]
    return [page, f"`{fit.cell}`", fit.name, fit.use, seeds, *worst, rate, fit.remark]


def budget_rows(entries: Mapping[str, Any]) -> list[list[str]]:
    """Return the rows of the table of false alarms, with the sum."""
    rows = record.budget(entries)
    table = [
        [row.check, f"{row.count:,}", per_thousand(row.rate), per_thousand(row.at_most)]
        for row in rows
    ]
    sums = (sum(row.rate for row in rows), sum(row.at_most for row in rows))
    return [*table, ["**all of these**", "", *(f"**{per_thousand(each)}**" for each in sums)]]


def failure_rows(root: Path, entries: Mapping[str, Any]) -> list[list[object]]:
    """Return a row for each way in which whole notebooks were run: which cells failed."""
    runs: dict[str, list[tuple[bool, list[str]]]] = {}
    for name, entry in entries.items():
        now = present(root, name)
        for task, run in entry.get("shifted", {}).items():
            failed = [f"{Path(name).with_suffix('')} `{cell}`" for cell, _ in run["failures"]]
            runs.setdefault(task, []).append((run["digest"] != now, failed))
    return [
        [
            task.replace("-", " "),
            len(made),
            sum(earlier for earlier, _ in made),
            sum(len(cells) for _, cells in made),
            ", ".join(each for _, cells in made for each in cells),
        ]
        for task, made in sorted(runs.items())
    ]


def present(root: Path, name: str) -> str:
    """Return the digest of a notebook as it now stands; of one that is no longer there, nothing."""
    return digest(name, root) if (root / name).exists() else ""


def lines(directive: str, root: Path, link: Callable[[str, str], str]) -> list[str]:
    """Return the table of a directive, or nothing if no seeds are remembered; `link` makes links to pages."""
    entries = record.load(root)
    if not entries:
        return []
    tables = {
        "seeds-origin": lambda: origin(root, entries),
        "seeds-fits": lambda: fits(entries, link),
        "seeds-budget": lambda: budget(root, entries),
        "seeds-runs": lambda: runs(root, entries),
    }
    return tables[directive]()


def origin(root: Path, entries: Mapping[str, Any]) -> list[str]:
    """Say when and where the seeds were run, and of which notebooks."""
    made: dict[tuple[str, str], list[str]] = {}
    for name, entry in entries.items():
        if "made" in entry:
            key = (entry["made"]["processor"], entry["made"]["date"])
            made.setdefault(key, []).append(name)
    rows = [[len(found), *key] for key, found in sorted(made.items())]
    changed = [
        name
        for name, entry in entries.items()
        if "made" in entry and entry["made"]["digest"] != present(root, name)
    ]
    confirmed = [
        name
        for name, entry in entries.items()
        if "confirmed" in entry.get("made", {}) and name not in changed
    ]
    missing = [name for name in names(root=root) if "fits" not in entries.get(name, {})]
    said = [
        f"{what}: {', '.join(found)}."
        for what, found in (
            (
                "Changed since in ways that leave the fits alone (with their own seed and others they "
                "gave the same numbers as before)",
                confirmed,
            ),
            ("Changed since, so the numbers below are those of an earlier version", changed),
            ("Not run with other seeds", missing),
        )
        if found
    ]
    return [*markdown_table(["notebooks", "processor", "date"], rows), "", *said]


def fits(entries: Mapping[str, Any], link: Callable[[str, str], str]) -> list[str]:
    """List every fit with what other seeds make of it."""
    rows = []
    for fit in record.judge(entries):
        path = Path(fit.notebook)
        page = link(fit.notebook, f"{path.parent} {path.stem.split('-')[0]}")
        rows.append(row_of(fit, page))
    return markdown_table(HEADER, rows)


def budget(root: Path, entries: Mapping[str, Any]) -> list[str]:
    """List how often a build would fail by chance, and what the tails were checked with."""
    found = alarms.calibration(record.relied_on(entries))
    beyond = sum(count for count, _ in found.values())
    expected = sum(expectation for _, expectation in found.values())
    others = record.count_checks(root)
    return [
        *markdown_table(
            ["check", "count", "alarms per 1,000 builds", "at most"], budget_rows(entries)
        ),
        "",
        f"The distributions from which these rates come call {expected:.0f} of the values above "
        f"improbable (one in 100, judged by the other seeds of the same fit); there are {beyond}. "
        f"Estimates of different seeds lie {record.spread_of_estimates(entries):.2f} Monte Carlo "
        "standard errors apart, as a root mean square; 1 would be perfect. "
        f"Not in the table are {others['assert']} assertions, {others['check']} answers to exercises "
        f"and {others['claim']} claims, most of which have other words or hold by far, and "
        f"{others['assert_same_density']} proofs of densities, which draw nothing.",
    ]


def runs(root: Path, entries: Mapping[str, Any]) -> list[str]:
    """List the runs of whole notebooks with other seeds or for another processor."""
    header = ["run", "notebooks", "of an earlier version", "cells that fail", "which"]
    return markdown_table(header, failure_rows(root, entries))
