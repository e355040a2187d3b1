"""Make the book: what `make book`, `make fresh` and `make bench` do.

    python tools/build_book.py           render the runs that came with the course; run what changed
    python tools/build_book.py --fresh   run everything on this machine, and render that

Whatever fails, the book is made of the rest; then this ends with status 1 and the list. `--cold`
forgets all earlier runs of this machine first; `--slowest 10` lists the ten slowest cells.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
import shutil
import sys

from command_line import whole_number
import course
from course import ROOT, Unreadable, code_cells, name_of, read
import failures
from filelock import FileLock, Timeout
from kernels import XLA_PROGRAMS
import nbformat
import rendering
from run_notebooks import run_notebooks
from runs import LOCAL, find_run, keep_run
from stopping import stoppable

__all__ = ["ROOT", "alone", "describe", "keep_run", "notebooks", "render", "run_all"]

KEPT = "The notebooks that had run through are kept: the next time only the others are run."


def notebooks() -> list[str]:
    """Return the paths of the book's notebooks, relative to the course."""
    return [name_of(path, ROOT) for path in course.in_book(ROOT)]


def describe(name: str, notebook: nbformat.NotebookNode, index: int, failure: str) -> str:
    """Say which cell of which notebook failed, how, and what to do."""
    return failures.describe(ROOT, name, notebook, index, failure)


def is_current(name: str, fresh: bool) -> bool:
    """Whether a notebook has a run, without a failure, as it now stands."""
    try:
        run = find_run(ROOT, name, read(ROOT / name), fresh=fresh)
    except Unreadable:
        return False
    return run is not None and not run.failure


def run_all(*, fresh: bool = False) -> None:
    """Run what has not been run as it now stands; leave with what failed, if anything did."""
    pending = [name for name in notebooks() if not is_current(name, fresh)]
    if failed := run_notebooks(ROOT, pending):
        sys.exit("\n\n".join(failed))


def render(*, fresh: bool = False) -> None:
    """Render the book; leave with the warnings, if there are any."""
    rendering.render(ROOT, fresh=fresh)


def print_slowest(count: int, *, fresh: bool) -> None:
    """Print the slowest cells of all notebooks, slowest first."""
    rows = []
    for name in notebooks():
        run = find_run(ROOT, name, read(ROOT / name), fresh=fresh)
        for cell in code_cells(run.notebook) if run else ():
            rows.append((cell.metadata.get("seconds", 0.0), name, cell.get("id", "")))
    print("Slowest cells:")
    for seconds, name, cell_id in sorted(rows, reverse=True)[:count]:
        print(f"{seconds:8.1f} s  {name}  cell {cell_id}")


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other command makes the book in this folder, and keep others waiting meanwhile."""
    (ROOT / "_build").mkdir(exist_ok=True)
    lock = FileLock(ROOT / "_build" / "lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print("Another command makes the book in this folder: waiting for it ...", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def attempt(step: Callable[..., None], fresh: bool) -> str:
    """Take one step; return what was wrong, if anything was."""
    try:
        step(fresh=fresh)
    except SystemExit as stopped:
        return str(stopped)
    except Unreadable as problem:
        return str(problem)
    return ""


def main() -> None:
    """Run, render, say where the book is, and what failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fresh", action="store_true", help="run everything on this machine")
    parser.add_argument("--cold", action="store_true", help="forget this machine's runs first")
    parser.add_argument(
        "--slowest", type=whole_number(1), metavar="N", help="list the N slowest cells"
    )
    options = parser.parse_args()

    with stoppable(KEPT), alone():
        if options.cold:
            for folder in (ROOT / LOCAL, XLA_PROGRAMS):
                shutil.rmtree(folder, ignore_errors=True)
        problems = [attempt(step, options.fresh) for step in (run_all, render)]
        if options.slowest:
            print_slowest(options.slowest, fresh=options.fresh)
        first_page = ROOT / rendering.HTML / "index.html"
        if first_page.exists():
            print(f"The book: {first_page}", flush=True)
        if any(problems):
            sys.exit("\n" + "\n\n".join(filter(None, problems)))


if __name__ == "__main__":
    main()
