"""Make the book: what `make book` and `make fresh` do.

    python tools/build_book.py           render the runs that came with the course; run what changed
    python tools/build_book.py --fresh   run everything on this machine, and render that

Whatever fails, the book is made of the rest; then this ends with status 1 and the list.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
import sys

import course
from course import ROOT, Unreadable, name_of, read
import failures
from filelock import FileLock, Timeout
import nbformat
import rendering
from run_notebooks import run_notebooks
from runs import find_run, keep_run
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
    options = parser.parse_args()

    with stoppable(KEPT), alone():
        problems = [attempt(step, options.fresh) for step in (run_all, render)]
        first_page = ROOT / rendering.HTML / "index.html"
        if first_page.exists():
            print(f"The book: {first_page}", flush=True)
        if any(problems):
            sys.exit("\n" + "\n\n".join(filter(None, problems)))


if __name__ == "__main__":
    main()
