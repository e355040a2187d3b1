"""Run notebooks from nothing, and say where the time goes: `make bench`.

    python tools/bench.py                    every chapter and solution
    python tools/bench.py 13 solutions/06    those whose path contains one of these words

One runs at a time, with nothing compiled before, in a kernel that counts the seconds of the processor
(`bench_in_kernel.py`). A run of everything is kept in `runs/bench.json`, so that the next person knows what was
slow; leave the machine alone meanwhile.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
import os
from pathlib import Path
import sys
import tempfile
from typing import Any

from course import ROOT, code_cells, read
from kernels import ENVIRONMENT, inside
import machine
from nbclient import NotebookClient
import nbformat
from run_notebooks import CELL_SECONDS, START_SECONDS, own_files
from run_notebooks import _manager as kernel_manager
from seeds.record import in_lines
from seeds.sweep import is_run, names
from stopping import stoppable

IN_KERNEL = Path(__file__).resolve().with_name("bench_in_kernel.py")
FILE = Path("runs") / "bench.json"
SLOWEST = 10  # cells that are named


def measure(path: Path) -> dict[str, Any]:
    """Run one notebook, and return what its kernel counted.

    Returns
    -------
    dict
        `seconds` and `calls` by kind of work, and `cells`, the seconds of each code cell by its id.
    """
    notebook = read(path)
    cells = [cell for cell in code_cells(notebook) if is_run(cell)]
    before = nbformat.v4.new_code_cell(inside.start(IN_KERNEL), id="bench-start")
    after = nbformat.v4.new_code_cell(inside.finish(IN_KERNEL), id="bench-finish")
    notebook.cells = [before, *cells, after]
    client = NotebookClient(
        notebook,
        km=kernel_manager(ENVIRONMENT),
        timeout=CELL_SECONDS,
        startup_timeout=START_SECONDS,
        shutdown_kernel="immediate",
        allow_errors=True,
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=ERROR"],
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        cold = own_files(Path(scratch)) | {"JAX_COMPILATION_CACHE_DIR": str(Path(scratch) / "xla")}
        client.execute(cleanup_kc=True, env=os.environ | ENVIRONMENT | cold)
    (found,) = [each.data["application/json"] for each in after.outputs if "data" in each]
    _, *seconds = found["cells"]  # the first is that of the cell that began to count
    return found | {"cells": {cell.id: spent for cell, spent in zip(cells, seconds, strict=True)}}


def added(found: Mapping[str, Mapping[str, Any]], what: str) -> Counter[str]:
    """Return the seconds, or the calls, of all notebooks by kind of work."""
    total: Counter[str] = Counter()
    for each in found.values():
        total.update(each[what])
    return total


def report(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what took how long, for people to read."""
    seconds, calls = added(found, "seconds"), added(found, "calls")
    whole = seconds.total()
    lines = [f"{len(found)} notebooks, {whole:.0f} s of the processor:"]
    lines += [
        f"{spent:8.0f} s {spent / whole:5.0%} {calls[kind] or '':>5}  {kind}"
        for kind, spent in seconds.most_common()
    ]
    cells = [
        (spent, name, cell) for name, each in found.items() for cell, spent in each["cells"].items()
    ]
    lines += ["Slowest cells:"]
    lines += [
        f"{spent:8.1f} s  {name}  {cell}"
        for spent, name, cell in sorted(cells)[: -SLOWEST - 1 : -1]
    ]
    return "\n".join(lines)


def kept(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what is stored: seconds and calls by kind of work, and the seconds of each notebook."""
    return {
        "date": date.today().isoformat(),
        "processor": machine.processor(),
        "versions": machine.versions(),
        "seconds": {kind: round(spent) for kind, spent in added(found, "seconds").most_common()},
        "calls": dict(added(found, "calls").most_common()),
        "notebooks": {name: round(sum(each["seconds"].values()), 1) for name, each in found.items()},
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Measure what was asked for, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", help="only notebooks whose path contains one of these")
    chosen = names(parser.parse_args(arguments).words, root)
    if not chosen:
        print("No path of a chapter or solution contains any of these words.")
        return 1
    found = {}
    with stoppable("Nothing is kept."):
        for name in chosen:
            found[name] = measure(root / name)
            print(f"{name}  {sum(found[name]['seconds'].values()):.0f} s", flush=True)
    print(report(found))
    if chosen == names(root=root):
        (root / FILE).write_text(f"{in_lines(kept(found), 2)}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
