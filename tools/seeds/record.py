"""What is remembered of sweeps: `runs/seeds.json`, and what it says about each fit and about a build.

The file is in git. Each part of a notebook's entry, its fits and each shifted run, says of which version of the
notebook it speaks (by digest), when and where it was made. A part stays until it is made anew: a new
caption costs no hours of other seeds, and the status page says what is of an earlier version. A notebook whose
code has changed, but not its fits, need not run them with all seeds again: where a short sweep gives the numbers
with which a longer one began, to the last digit kept, the longer one holds for the present version, too.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import json
import math
from pathlib import Path
from typing import Any

from course import ROOT, code_cells, read
import numpy as np

from seeds import FILE, alarms
from seeds.sweep import Task, all_stored, digest, names

ROUNDED = {"rhat": 4, "bulk": 0, "tail": 0, "bfmi": 3, "divergences": 0}
CHECKS = ("diagnose", "compare_posteriors", "assert_same_density", "claim", "check")
MADE = ("date", "processor")


def load(root: Path = ROOT) -> dict[str, Any]:
    """Return what is remembered: entries by notebook."""
    path = root / FILE
    return json.loads(path.read_text(encoding="utf-8"))["notebooks"] if path.exists() else {}


def in_lines(value: Any, depth: int) -> str:
    """Return JSON with a line for each item, down to a depth; what is deeper is on the line of its item."""
    if depth == 0 or not value or not isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, list):
        return "[\n" + ",\n".join(in_lines(each, 0) for each in value) + "\n]"
    pairs = (f"{json.dumps(key)}: {in_lines(each, depth - 1)}" for key, each in value.items())
    return "{\n" + ",\n".join(pairs) + "\n}"


def save(entries: Mapping[str, Any], root: Path = ROOT) -> None:
    """Write entries, each fit on a line of its own."""
    path = root / FILE
    path.parent.mkdir(exist_ok=True)
    text = in_lines({"notebooks": dict(sorted(entries.items()))}, 4)
    path.write_text(f"{text}\n", encoding="utf-8")


def _column(rows: Iterable[Mapping[str, Any]], key: str, digits: int) -> list[float | int | None]:
    values = [row.get(key) for row in rows]
    return [
        None if value is None else round(value, digits) if digits else round(value)
        for value in values
    ]


def _fit(found: Mapping[str, Any]) -> dict[str, Any]:
    rows = found["rows"]
    kept = {key: value for key, value in found.items() if key not in ("rows", "seconds")}
    errors = sorted({row["error"] for row in rows if "error" in row})
    columns = {key: _column(rows, key, digits) for key, digits in ROUNDED.items()}
    return kept | columns | ({"errors": errors} if errors else {})


def _begins(short: list[dict[str, Any]], long: list[dict[str, Any]]) -> bool:
    """Tell whether fits are those of an earlier sweep, and gave the same numbers with its first seeds."""

    def first(fit: Mapping[str, Any], count: int) -> dict[str, Any]:
        # How far estimates stray is known from all seeds only.
        kept = {key: value for key, value in fit.items() if key != "errors_of_estimates"}
        return json.loads(json.dumps(kept | {key: fit[key][:count] for key in ROUNDED}))

    return len(short) == len(long) and all(
        len(new["rhat"]) < len(old["rhat"])
        and first(new, len(new["rhat"])) == first(old, len(new["rhat"]))
        for new, old in zip(short, long, strict=True)
    )


def _claims(results: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return each claim with its margins in all runs; those of a cell are told apart by their order."""
    claims: dict[tuple[str, int], dict[str, Any]] = {}
    for result in results:
        for cell, made in result["claims"].items():
            for i, claim in enumerate(made):
                kept = claims.setdefault(
                    (cell, i),
                    {"cell": cell, "yes": claim["yes"], "margins": [], "guarded": True},
                )
                kept["guarded"] &= claim["otherwise"] is not None
                if claim["margin"] is not None:
                    kept["margins"].append(round(claim["margin"], 2))
    return [claim for claim in claims.values() if claim["margins"]]


def update(root: Path = ROOT) -> dict[str, Any]:
    """Put the results that stand in `_build/seeds` into the file, and return all entries.

    Parameters
    ----------
    root : pathlib.Path
        The folder of the course.

    Returns
    -------
    dict
        Entries by notebook. One of a notebook that is no longer there is gone; a part that speaks of
        another version of a notebook is replaced as soon as there is a result of the present one.
    """
    before, entries = load(root), {}
    for name in names(root=root):
        results = all_stored(name, root)
        if not results and name not in before:
            continue
        entry, now = before.get(name, {}), digest(name, root)
        for result in sorted(results, key=lambda each: each["task"]["seeds"]):
            made = {"digest": now} | {key: result[key] for key in MADE}
            task = Task(**result["task"])
            if task.seeds and result["found"]:
                fits = [_fit(fit) for fit in result["found"]["fits"]]
                if fits and _begins(fits, entry.get("fits", [])):
                    entry["made"] |= {"digest": now, "confirmed": result["date"]}
                else:
                    entry["fits"] = fits
                    entry["made"] = made | {"versions": result["versions"]}
                entry["untraced"] = result["found"]["untraced"]
                entry["comparisons"] = sum(result["found"]["comparisons"].values())
            if task.shift or task.other_processor:
                kept = made | {"failures": result["failures"]}
                entry.setdefault("shifted", {})[task.name] = kept
        if results:
            entry["claims"] = _claims(results)
        entries[name] = entry
    save(entries, root)
    return entries


@dataclass(frozen=True)
class Judged:
    """A fit, and what its seeds say.

    Attributes
    ----------
    notebook, cell, name, library, use : str
        Where it is, how `diagnose` calls it, and what the text does with it: `relied on`, `shown`
        (with `require_healthy=False`), `compared` or `not checked`.
    passed, runs : int
        Seeds with which it passes, and all.
    worst : mapping of str to float
        The worst value of each statistic.
    rates : mapping of str to float
        If the text relies on it, the estimated rate of false alarms by statistic.
    passing : float or None
        If it always fails and is shown, at most how often it would pass.
    """

    notebook: str
    cell: str
    name: str
    library: str
    use: str
    passed: int
    runs: int
    worst: Mapping[str, float]
    rates: Mapping[str, float]
    passing: float | None

    @property
    def rate(self) -> float | None:
        """How often it would do what it is not meant to, all statistics together."""
        return sum(self.rates.values()) if self.rates else self.passing

    @property
    def remark(self) -> str:
        """What has to be done about it: `fails`, `thin`, `mixed` or nothing.

        A fit without divergences is not thin because of them: how rare they are, only all fits
        together can tell.
        """
        if self.use == "relied on":
            if self.passed < self.runs:
                return "fails"
            measured = sum(self.rates[name] for name in alarms.STATISTICS if name in self.rates)
            return "thin" if measured > alarms.MARGIN else ""
        return "mixed" if self.use == "shown" and 0 < self.passed < self.runs else ""


def _worst(fit: Mapping[str, Any]) -> dict[str, float]:
    largest = {key: np.nanmax for key in ("rhat", "divergences")}
    values = {key: alarms.column(fit, key) for key in ROUNDED}
    return {
        key: math.nan if np.isnan(each).all() else float(largest.get(key, np.nanmin)(each))
        for key, each in values.items()
    }


def relied_on(entries: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the fits that the text relies on, of those that could be run."""
    return [
        fit
        for entry in entries.values()
        for fit in entry.get("fits", ())
        if fit["use"] == "relied on" and fit["chains"]
    ]


def judge(entries: Mapping[str, Any]) -> list[Judged]:
    """Return all fits, judged.

    Parameters
    ----------
    entries : mapping
        What `load` or `update` returned.
    """
    rates = iter(alarms.alarm_rates(relied_on(entries)))
    found = []
    for name, entry in entries.items():
        fits = entry.get("fits", ())
        for fit in fits:
            good = alarms.passes(fit) if fit["chains"] else np.zeros(len(fit["rhat"]), dtype=bool)
            own: Mapping[str, float] = {}
            passing = None
            if fit["use"] == "relied on" and fit["chains"]:
                own = next(rates)
            elif fit["use"] == "shown" and fit["chains"] and not good.any():
                passing = alarms.passing_rate(fit)
            label = fit["name"] or fit["library"]
            if fit["of"] > 1:
                alone = sum(each["cell"] == fit["cell"] and each["of"] == 1 for each in fits)
                label += f", {fit['nth']} of {fit['of'] + alone}"
            found.append(
                Judged(
                    name, fit["cell"], label, fit["library"], fit["use"],
                    int(good.sum()), len(good), _worst(fit), own, passing,
                )
            )  # fmt: skip
    return found


@dataclass(frozen=True)
class Budget:
    """How often one kind of check would fail by chance in a build.

    Attributes
    ----------
    check : str
        What is checked.
    count : int
        How many times.
    rate : float
        Expected number of false alarms in one build.
    at_most : float
        An upper limit of it where the rate itself is hardly known, or else the rate.
    """

    check: str
    count: int
    rate: float
    at_most: float


def spread_of_estimates(entries: Mapping[str, Any]) -> float:
    """Return by how many of their own standard errors estimates stray, over all comparisons."""
    spreads = [
        fit["errors_of_estimates"]
        for entry in entries.values()
        for fit in entry.get("fits", ())
        if fit["errors_of_estimates"]
    ]
    total = sum(each["count"] for each in spreads)
    squares = sum(each["count"] * each["root mean square"] ** 2 for each in spreads)
    return math.sqrt(squares / total) if total else 1.0


def budget(entries: Mapping[str, Any]) -> list[Budget]:
    """Return the expected number of false alarms of one build, by kind of check.

    Parameters
    ----------
    entries : mapping
        What `load` or `update` returned.
    """
    fits = relied_on(entries)
    rates = alarms.alarm_rates(fits)
    rows = []
    for statistic in (*alarms.STATISTICS, "divergences"):
        each = [rate[statistic] for rate in rates if statistic in rate]
        most = alarms.divergences_at_most(fits) if statistic == "divergences" else sum(each)
        rows.append(Budget(statistic, len(each), sum(each), most))
    count = sum(entry.get("comparisons", 0) for entry in entries.values())
    rate = count * alarms.comparison_rate(spread_of_estimates(entries))
    rows.append(Budget("comparisons of estimates", count, rate, rate))
    claims = [
        claim
        for entry in entries.values()
        for claim in entry.get("claims", ())
        if not claim["guarded"]
    ]
    rate = sum(alarms.claim_rate(claim["margins"]) for claim in claims)
    rows.append(Budget("claims without other words", len(claims), rate, rate))
    return rows


def count_checks(root: Path = ROOT) -> Counter[str]:
    """Count the calls and statements in chapters and solutions that can stop a notebook."""
    counts: Counter[str] = Counter()
    for name in names(root=root):
        for cell in code_cells(read(root / name)):
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Assert):
                    counts["assert"] += 1
                elif isinstance(node, ast.Call):
                    called = getattr(node.func, "attr", getattr(node.func, "id", None))
                    if called in CHECKS:
                        counts[called] += 1
    return counts
