"""Run all tests, in order, under one report: what `make test` does.

    python tools/run_tests.py               everything
    python tools/run_tests.py unit rules    only some of the parts
    python tools/run_tests.py --chapter 18  one chapter: rules, checks, references, notebooks

A part that fails does not keep the next from running. The report at the end counts the tests of each
part, names those that failed, were skipped or had to be tried again, and gives the seconds.
"""

import argparse
from contextlib import ExitStack
from dataclasses import dataclass, field
import os
from pathlib import Path
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

from chapter_files import NOTEBOOK_FOLDERS, stems
from command_line import whole_number
import course
from course import ROOT, in_book
from kernels import ENVIRONMENT, warm_kernels
from machine import cores, workers
from run_notebooks import intact_programs, own_files
from runs import seconds_of
from stopping import stoppable

PARALLEL = ("-n", str(cores()))
QUIET = ("-q", "--no-header", "--disable-warnings", "-p", "no:cacheprovider")

# nbval starts one kernel for each notebook and runs every cell in it; it compares the outputs of the cells
# tagged `nbval-check-output`.
NBVAL = (
    "--nbval-lax", "-p", "tests.rules.keep_runs", "--nbval-kernel-name=python3",
    "--nbval-cell-timeout=600", "-n", str(workers()), "--dist", "loadscope", "--no-loadscope-reorder",
)  # fmt: skip


def longest_first() -> list[str]:
    """Return the notebooks of the book, those first that took longest when they last ran."""
    names = [course.name_of(path) for path in in_book()]
    return sorted(names, key=lambda name: -(seconds_of(ROOT, name) or 0.0))


# What is run, in this order. The book is rendered from the runs of the notebooks.
PARTS = {
    "unit": ("the companion", ("tests/unit", *PARALLEL, "--dist", "loadfile")),
    "rules": ("exercises follow from solutions; rules of prose and code", ("tests/rules",)),
    "notebooks": (
        "every cell of every notebook",
        (*NBVAL, *longest_first()),
    ),
    # A browser on a busy machine may miss a click: what fails is tried once more, and the report says so. Long
    # tests come next to each other, so whoever has nothing left takes over what another has not begun.
    "book": (
        "the rendered book, in a browser",
        ("tests/book", *PARALLEL, "--dist", "worksteal", "--reruns=1"),
    ),
}


def parts_of(chapter: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return what is run for one chapter, such as `18-counts`: the parts of `PARTS` that it can break.

    Tests say in their names which chapter they are about; rules about all files at once have a mark.
    """
    unit = ("tests/unit/exercises/test_checks.py", "tests/unit/test_reference_posteriors.py")
    notebooks = [f"{folder}/{chapter}.ipynb" for folder in NOTEBOOK_FOLDERS]
    notebooks = [name for name in notebooks if (ROOT / name).exists()]
    parts = {
        "rules": (
            "all that this chapter needs",
            ("tests/rules", "-k", f"{chapter} or whole_course"),
        ),
        "unit": ("its checks and its reference posteriors", (*unit, "-k", chapter)),
    }
    return parts | ({"notebooks": ("every cell", (*NBVAL, *notebooks))} if notebooks else {})


@dataclass
class Result:
    """What one part found."""

    seconds: float
    count: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    tried_again: list[str] = field(default_factory=list)


def name_of(case: ElementTree.Element) -> str:
    """Name a test: of nbval's, by its notebook and the id of its cell instead of `Cell 3`."""
    import nbformat

    # pytest writes chapters/08-name.ipynb as chapters.08-name.ipynb.
    place, name = case.get("classname", ""), case.get("name", "")
    folder, _, file = place.partition(".")
    path = ROOT / folder / file
    number = name.removeprefix("Cell ")
    if path.suffix != ".ipynb" or not path.is_file() or not number.isdigit():
        return f"{place}::{name}"
    cells = [cell for cell in nbformat.read(str(path), 4).cells if cell.cell_type == "code"]
    return f"{folder}/{file}, cell {cells[int(number)].get('id', number)}"


def read_report(path: Path, seconds: float) -> Result:
    """Read pytest's report of one part."""
    result = Result(seconds)
    attempts: dict[tuple[str | None, str | None], list[ElementTree.Element]] = {}
    for case in ElementTree.parse(path).iter("testcase"):
        attempts.setdefault((case.get("classname"), case.get("name")), []).append(case)
    result.count = len(attempts)
    for *earlier, case in attempts.values():  # the last one counts
        if case.find("failure") is not None or case.find("error") is not None:
            result.failed.append(name_of(case))
        elif (skip := case.find("skipped")) is not None:
            result.skipped[name_of(case)] = skip.get("message", "")
        elif earlier:
            result.tried_again.append(name_of(case))
    return result


def run(part: str, title: str, arguments: tuple[str, ...], scratch: Path) -> Result:
    """Run one part in a process of its own."""
    print(f"\n=== {part}: {title}", flush=True)
    report = scratch / f"{part}.xml"
    start = time.perf_counter()
    command = [sys.executable, "-m", "pytest", *QUIET, f"--junitxml={report}", *arguments]
    with ExitStack() as stack:
        environment = ENVIRONMENT
        if part == "notebooks":
            stack.enter_context(intact_programs())
            environment = stack.enter_context(warm_kernels())
        whole = os.environ | environment | own_files(scratch)
        status = subprocess.run(command, cwd=ROOT, env=whole).returncode
    seconds = time.perf_counter() - start
    result = read_report(report, seconds) if report.exists() else Result(seconds)
    if status and not result.failed:
        result.failed.append(f"pytest itself stopped with status {status}, see above")
    if not result.count and not result.failed:
        result.failed.append("no test was found")
    return result


def main() -> None:
    """Run the parts, print the report, and exit with 1 if anything failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument(
        "--chapter", type=whole_number(1), metavar="N", help="test only one chapter"
    )
    options = parser.parse_intermixed_args()
    parts = PARTS
    if options.chapter is not None:
        found = stems(number=options.chapter)
        if not found:
            parser.error(
                f"there is no chapter {options.chapter}; python tools/new_chapter.py {options.chapter} "
                'name "Title" makes one'
            )
        parts = parts_of(found[0])
    chosen = options.parts or list(parts)
    if unknown := set(chosen) - set(parts):
        parser.error(
            f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(parts)}"
        )

    with tempfile.TemporaryDirectory() as scratch:
        results = {
            part: run(part, *what, Path(scratch)) for part, what in parts.items() if part in chosen
        }

    print("\n=== report")
    for part, result in results.items():
        passed = result.count - len(result.failed) - len(result.skipped)
        print(
            f"{part:<10} {passed:4d} passed  {len(result.failed):3d} failed  "
            f"{len(result.skipped):3d} skipped  {result.seconds:5.0f} s"
        )
    for result in results.values():
        for name, reason in result.skipped.items():
            print(f"skipped: {name} ({reason.splitlines()[0] if reason else 'no reason given'})")
        for name in result.tried_again:
            print(f"passed only when it was tried again: {name}")
        for name in result.failed:
            print(f"FAILED: {name}")
    failed = any(result.failed for result in results.values())
    total = sum(result.count for result in results.values())
    print(f"{total} tests: {'something failed' if failed else 'all is well'}.")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    with stoppable():
        main()
