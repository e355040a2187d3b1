"""Renew `runs/`, from which everybody's book is rendered: what `make runs` does.

    python tools/renew_runs.py         put a run of this machine in place of each that is missing or stale
    python tools/renew_runs.py --all   put a run of this machine in place of every one

Notebooks that have not run here as they now stand are run first. If any fails, nothing is changed.
Runs that stay get today's prose.
"""

import argparse
import sys

from build_book import KEPT, alone, notebooks
from course import ROOT, Unreadable, read
from run_notebooks import run_notebooks
from runs import MOST_BYTES, find_run, ship, shipped_bytes, shipped_problems
from stopping import stoppable


def renew(*, everything: bool) -> None:
    """Run what is needed and copy it; leave with what failed, if anything did."""
    wanted = notebooks() if everything else list(shipped_problems(ROOT))
    found = {name: find_run(ROOT, name, read(ROOT / name), fresh=True) for name in wanted}
    pending = [name for name, run in found.items() if run is None or run.failure]
    if failed := run_notebooks(ROOT, pending):
        sys.exit(
            "\n\n".join([*failed, "runs/ stays as it was: all notebooks have to run through."])
        )
    ship(ROOT, wanted)
    size = shipped_bytes(ROOT)
    print(
        f"runs/: {len(wanted)} renewed; {size / 1e6:.1f} MB of at most {MOST_BYTES / 1e6:.0f} MB."
    )
    if size > MOST_BYTES:
        sys.exit("That is too much: make figures smaller, or tables shorter.")


def main() -> None:
    """Read the arguments, and renew."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", action="store_true", help="renew also the runs that are current")
    options = parser.parse_args()
    with stoppable(KEPT), alone():
        try:
            renew(everything=options.all)
        except Unreadable as problem:
            sys.exit(f"{problem} runs/ stays as it was.")


if __name__ == "__main__":
    main()
