"""Is every model calibrated? Simulate from its prior, fit, rank the truths: `make calibrate`.

    python tools/calibrate.py                     every model of chapters/calibration.csv
    python tools/calibrate.py 08-robust pymc      models whose names contain each of these words
    python tools/calibrate.py --scheduler tcp://ADDRESS:8786    on the machines of `tools/many_machines.py`

What was calibrated before and has not changed is not repeated, so an interrupted command goes on where it
was; `--again` forgets. The ranks are kept in `runs/calibration.json` and shown on the status page. The command
ends with status 1 if the ranks of any quantity are not uniform, or a model could not be calibrated.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from datetime import date
from functools import partial
from pathlib import Path
import sys
from typing import Any

from calibration import record
from calibration.record import Calibrated
from command_line import whole_number
from course import ROOT
import machine
import many_machines
from stopping import stoppable


def calibrate(
    model: Calibrated, executor: Executor | None = None, root: Path = ROOT
) -> dict[str, Any]:
    """Return the entry of a model, whose ranks do not depend on who computes them.

    Parameters
    ----------
    model : Calibrated
        The model.
    executor : concurrent.futures.Executor, optional
        Computes several batches of data sets at once; by default they are computed here, in turns.
    root : pathlib.Path
        The folder of the course.
    """
    from calibration.programs import BATCH, RANKED, run_batch

    if model.data_sets % BATCH:
        raise ValueError(f"data_sets must be a multiple of {BATCH}, but is {model.data_sets}.")
    job = partial(run_batch, model, model.source(root))
    batches = list((executor.map if executor else map)(job, range(model.data_sets // BATCH)))
    return {
        "digest": model.digest(root),
        "data_sets": model.data_sets,
        "draws": RANKED,
        "divergent": sum(batch["divergent"] for batch in batches),
        "slow": sum(batch["slow"] for batch in batches),
        "seconds": round(sum(batch["seconds"] for batch in batches)),
        "date": date.today().isoformat(),
        "processor": ", ".join(sorted({batch["processor"] for batch in batches})),
        "versions": machine.versions(),
        "ranks": {
            quantity: [rank for batch in batches for rank in batch["ranks"][quantity]]
            for quantity in batches[0]["ranks"]
        },
    }


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Calibrate what was asked for, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", help="only models whose name contains all of these")
    parser.add_argument("--again", action="store_true", help="forget earlier ranks")
    parser.add_argument(
        "--workers", type=whole_number(1), default=machine.workers(), metavar="N", help="processes"
    )
    parser.add_argument(
        "--scheduler",
        type=many_machines.address,
        metavar="ADDRESS",
        help="of Dask, instead of processes here",
    )
    chosen = parser.parse_intermixed_args(arguments)
    models = [
        each for each in record.models(root) if all(word in each.key for word in chosen.words)
    ]
    if not models:
        print(f"No model's name contains {' and '.join(chosen.words)}.")
        return 1
    entries, good = record.load(root), True
    old = {each.key for each in models if chosen.again} | set(record.stale(entries, root))
    with (
        stoppable("What has been calibrated is kept; the same command goes on from there."),
        many_machines.workers(chosen.workers, chosen.scheduler)
        if chosen.workers > 1 or chosen.scheduler
        else nullcontext() as pool,
    ):
        for model in models:
            if model.key not in old:
                continue
            try:
                entries[model.key] = calibrate(model, pool, root)
            except Exception as error:  # the others go on
                print(f"{model.key}  FAILED: {type(error).__name__}: {error}", flush=True)
                good = False
                continue
            record.save(entries, root)
            print(f"{model.key}  {entries[model.key]['seconds']} s", flush=True)
    verdicts = record.judge(entries)
    wrong = [each for each in verdicts if not each.uniform]
    for each in wrong:
        print(f"not uniform: {each.quantity} of {each.model}, p = {each.p:.2g}")
    print(f"{len(verdicts) - len(wrong)} of {len(verdicts)} quantities have uniform ranks.")
    return 0 if good and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
