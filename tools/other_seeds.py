"""Run every fit and every notebook with other seeds, and say what would not hold: `make seeds`.

    python tools/other_seeds.py fits                    every fit with 20 other seeds
    python tools/other_seeds.py fits --seeds 1          is what is remembered of 20 still true of the present code?
    python tools/other_seeds.py notebooks               all seeds shifted by 10,000, 20,000, ... 50,000
    python tools/other_seeds.py notebooks --shift --other-processor     own seeds, another processor
    python tools/other_seeds.py sentences               a page of all computed sentences, side by side
    python tools/other_seeds.py                         all of this

Words after the command choose notebooks whose path contains one of them: `fits chapters/15 solutions/16`.
What was run before and has not changed is not run again, so an interrupted sweep goes on where it was;
`--again` forgets. Seeds of simulated data stay as they are unless `--simulations` is given. Many machines do it with
`--scheduler tcp://ADDRESS:8786` (`tools/many_machines.py` says how).

The result is kept in `runs/seeds.json` and shown on the status page. The command ends with status 1 if a
fit that the text relies on failed with any seed, or a cell failed in any run.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
import sys
from typing import Any

from command_line import whole_number
import many_machines
from seeds import alarms, record, sentences, sweep
from seeds.sweep import Task
from stopping import stoppable

SHIFTS = (10_000, 20_000, 30_000, 40_000, 50_000)
SEEDS = 20


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "what", nargs="?", default="all", choices=("all", "fits", "notebooks", "sentences")
    )
    parser.add_argument("words", nargs="*", help="only notebooks whose path contains one of these")
    parser.add_argument(
        "--seeds", type=whole_number(1), default=SEEDS, metavar="N", help="other seeds a fit"
    )
    parser.add_argument("--shift", type=int, nargs="*", default=SHIFTS, metavar="N")
    parser.add_argument("--simulations", action="store_true", help="shift simulated data, too")
    parser.add_argument(
        "--other-processor", action="store_true", help="also own seeds for another processor"
    )
    parser.add_argument("--again", action="store_true", help="forget earlier results")
    parser.add_argument("--workers", type=whole_number(1), metavar="N", help="notebooks at a time")
    parser.add_argument(
        "--scheduler",
        type=many_machines.address,
        metavar="ADDRESS",
        help="of Dask, instead of processes here",
    )
    return parser.parse_intermixed_args(arguments)


def tasks(chosen: argparse.Namespace) -> list[Task]:
    """Return the ways in which notebooks have to run."""
    fits = [Task(seeds=chosen.seeds)]
    shifted = [Task(shift=shift, simulations=chosen.simulations) for shift in chosen.shift]
    if chosen.other_processor or chosen.what == "all":
        shifted.append(Task(other_processor=True))
    return {
        "all": fits + shifted,
        "fits": fits,
        "notebooks": shifted,
        "sentences": [Task(), *shifted],
    }[chosen.what]


def report_fits(entries: Mapping[str, Any], names: Sequence[str]) -> bool:
    """Print what the fits of some notebooks need, and return whether all that matter passed."""
    judged = [fit for fit in record.judge(entries) if fit.notebook in names]
    for fit in judged:
        if fit.remark:
            worst = fit.worst
            rate = "" if fit.rate is None else f", {1000 * fit.rate:.2g} alarms per 1,000 runs"
            print(
                f"{fit.remark:5}  {fit.notebook} {fit.cell} ({fit.name}, {fit.use}): "
                f"{fit.passed} of {fit.runs} pass; R-hat {worst['rhat']:.4f}, ESS "
                f"{worst['bulk']:.0f} and {worst['tail']:.0f}, divergences "
                f"{worst['divergences']:.0f}{rate}"
            )
    needed = [fit for fit in judged if fit.use == "relied on"]
    good = sum(fit.passed == fit.runs for fit in needed)
    thin = sum(fit.remark == "thin" for fit in needed)
    print(
        f"Of {len(needed)} fits that the text relies on {good} pass with every seed; {thin} of them are thin."
    )
    return good == len(needed)


def report_budget(entries: Mapping[str, Any]) -> None:
    """Print the expected number of false alarms of a build."""
    rows = record.budget(entries)
    print("Expected false alarms in 1,000 builds:")
    for row in rows:
        most = f" (at most {1000 * row.at_most:.3g})" if row.at_most > row.rate else ""
        print(f"{1000 * row.rate:10.3g}  {row.check}, {row.count:,}{most}")
    total = sum(row.rate for row in rows)
    print(f"{1000 * total:10.3g}  in all; designed for: {1000 * alarms.DESIGN:g}")


def report_failures(results: Mapping[sweep.Job, Mapping[str, Any]]) -> bool:
    """Print the cells that failed, and return whether there were none."""
    count = 0
    for (name, task), result in results.items():
        for cell, error in result["failures"]:
            count += 1
            print(f"{name} {cell}, {task.name}: {error}")
    print(f"{count} cells failed in {len(results)} runs of notebooks.")
    return count == 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for, and return the exit status."""
    chosen = options(arguments)
    names = sweep.names(chosen.words)
    if not names:
        print(f"No path of a chapter or solution contains {' or '.join(chosen.words)}.")
        return 1
    ways = tasks(chosen)
    with (
        stoppable("What has been run is kept; the same command goes on from there."),
        many_machines.workers(0, chosen.scheduler) if chosen.scheduler else nullcontext() as client,
    ):
        results = sweep.run(ways, names, client=client, workers=chosen.workers, again=chosen.again)
    entries = record.update()
    good = report_failures(results)
    if missing := len(ways) * len(names) - len(results):
        print(f"{missing} runs have no result: the same command repeats them.")
        good = False
    if chosen.what in ("all", "fits"):
        good &= report_fits(entries, names)
        report_budget(entries)
    if chosen.what in ("all", "sentences"):
        print(f"The sentences: {sentences.write(results)}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
