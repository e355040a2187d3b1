"""Break the code in small ways, one at a time, and see whether a unit test notices.

    python tools/mutants.py                    a sample of all places in the code
    python tools/mutants.py tables prose       only of modules whose path contains one of these words

Cosmic Ray makes the mutants: `<` becomes `<=`, a number is one more, `and` is `or`. Each mutant of the sample is
another place in the code, and is killed if a test fails that passes there without it. Asked are the tests that came
by this statement, which one run of all unit tests with coverage finds out, and then those that came by the module.
What no unit test reaches is not in the sample: most of it belongs to the rendered book and to its browser, which have
tests of their own.

A survivor is a gap in the tests, or a change that changes nothing: `tests/survivors.csv` has those that were
looked at, with the reason. The command ends with status 1 if fewer than 85 of 100 are killed, those with a reason
left out.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
import csv
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from itertools import zip_longest
import os
from pathlib import Path
import random
import shutil
import subprocess
import sys
import tempfile

from command_line import whole_number
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from course import ROOT
import coverage
import machine
from processes import processes
from run_tests import QUIET
from scipy.stats import binomtest
from stopping import stoppable

CODE = ("companion", "tools", "_ext")
PARTS = ("companion/exercises/checks", *CODE)  # a path belongs to the first that it begins with
TESTS = "tests/unit"
REASONS = Path("tests") / "survivors.csv"
WANTED = 0.85  # of the mutants are to be killed
SAMPLE = 300
MOST_TESTS = 150  # that are asked about one mutant
SECONDS = 300  # after which a mutant that runs on counts as killed


@dataclass(frozen=True)
class Mutant:
    """A change of one place.

    Attributes
    ----------
    path : str
        The module, in the course.
    line : int
        Where, counted from 1.
    operator : str
        What Cosmic Ray does there.
    occurrence : int
        To which of the places of this kind in the module, counted from 0.
    tests : tuple of str
        Tests that came by, as pytest names them.
    """

    path: str
    line: int
    operator: str
    occurrence: int
    tests: tuple[str, ...]

    def changed(self, root: Path = ROOT) -> str:
        """Return the source of the module with the change."""
        code = mutate_code(
            (root / self.path).read_text("utf-8"), get_operator(self.operator)(), self.occurrence
        )
        assert code is not None
        return code

    def lines(self, root: Path = ROOT) -> tuple[str, str]:
        """Return the line that changes, as it is and as it becomes."""
        before = (root / self.path).read_text("utf-8").splitlines()
        after = self.changed(root).splitlines()
        for old, new in zip(before, after, strict=False):
            if old != new:
                return old.strip(), new.strip()
        return before[self.line - 1].strip(), ""


def annotated(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what stands where types do, which nothing reads when the code runs."""
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            if (found := getattr(node, name, None)) is not None:
                yield found


def places(source: str) -> dict[tuple[int, int], list[tuple[str, int]]]:
    """Return the operators that can change each place of a module, with the number of the place for each."""
    tree = ast.parse(source)
    typed = [
        ((each.lineno, each.col_offset), (each.end_lineno, each.end_col_offset))
        for each in annotated(tree)
    ]
    nodes = list(ast_nodes(get_ast(source)))
    found: dict[tuple[int, int], list[tuple[str, int]]] = {}
    for name in operator_names():
        operator = get_operator(name)
        if operator.arguments():  # which the others do without
            continue
        spots = (start for node in nodes for start, _ in operator().mutation_positions(node))
        for occurrence, start in enumerate(spots):
            if not any(begin <= start < end for begin, end in typed):
                found.setdefault(start, []).append((name, occurrence))
    return found


def statements(source: str) -> dict[int, range]:
    """Return, for each line in a function, the lines of the smallest statement that it belongs to."""
    found: dict[int, range] = {}
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.stmt) and node is not function:
                own = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                for line in own:
                    if line not in found or len(own) < len(found[line]):
                        found[line] = own
    return found


def tests_of(came_by: Mapping[int, Sequence[str]], lines: Iterable[int]) -> set[str]:
    """Return the tests that came by any of some lines."""
    contexts = (each for line in lines for each in came_by.get(line, ()))
    return {each.partition("|")[0] for each in contexts if each}


def in_turns(tests: set[str], rng: random.Random) -> list[str]:
    """Put tests in an order in which each test function comes once before any comes with its second row.

    Hundreds of rows of one table come by some lines, and the test that tells may be another.
    """
    functions: dict[str, list[str]] = {}
    for test in rng.sample(sorted(tests), len(tests)):
        functions.setdefault(test.partition("[")[0], []).append(test)
    turns = zip_longest(*functions.values())
    return [test for turn in turns for test in turn if test is not None]


def all_mutants(
    data: coverage.CoverageData, root: Path, words: Sequence[str], rng: random.Random
) -> Iterator[Mutant]:
    """Yield a mutant for each place in the functions that unit tests enter, of modules that words name."""
    for path in sorted(file for folder in CODE for file in (root / folder).rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if words and not any(word in name for word in words):
            continue
        came_by = data.contexts_by_lineno(str(path))
        source = path.read_text(encoding="utf-8")
        own = statements(source)
        # What is computed once and kept is seen by one test that came by, and used by others.
        module = tests_of(came_by, own)
        for (line, _), kinds in sorted(places(source).items()):
            if tests := tests_of(came_by, own.get(line, ())):
                operator, occurrence = rng.choice(kinds)
                order = (*in_turns(tests, rng), *in_turns(module - tests, rng))
                yield Mutant(name, line, operator, occurrence, order[:MOST_TESTS])


def copy_of_course(place: Path) -> Path:
    """Copy what git knows of the course to a folder, with the environment that is here."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
    (place / ".venv").symlink_to((ROOT / ".venv").resolve())
    return place


def ask(
    root: Path, *arguments: str, timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run tests of a copy of the course."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", *QUIET, *arguments],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout,
    )  # fmt: skip


def covered(place: Path) -> coverage.CoverageData:
    """Run all unit tests, and return which of them came by each line."""
    made = ask(
        copy_of_course(place), TESTS, "-n", str(machine.cores()), "--dist", "loadfile",
        *(f"--cov={folder}" for folder in CODE), "--cov-context=test", "--cov-report=",
    )  # fmt: skip
    if made.returncode:
        raise ValueError(f"the unit tests fail without any mutant:\n{made.stdout[-2000:]}")
    data = coverage.CoverageData(str(place / ".coverage"))
    data.read()
    return data


@cache
def own_copy(scratch: Path) -> Path:
    """Return the copy of the course that belongs to this process."""
    return copy_of_course(scratch / f"copy-{os.getpid()}")


def killed(scratch: Path, mutant: Mutant) -> bool:
    """Whether a test fails that came by."""
    root = own_copy(scratch)
    path, names = root / mutant.path, root / "tests-of-mutant.txt"
    before = path.read_text(encoding="utf-8")
    names.write_text("\n".join(mutant.tests), encoding="utf-8")
    path.write_text(mutant.changed(root), encoding="utf-8")
    try:
        return ask(root, "-x", "-n0", f"@{names.name}", timeout=SECONDS).returncode != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(before, encoding="utf-8")


def reasons(root: Path = ROOT) -> dict[tuple[str, str, str], str]:
    """Return why survivors may live, by module, line before and line after."""
    with open(root / REASONS, encoding="utf-8", newline="") as file:
        return {
            (row["module"], row["before"], row["after"]): row["reason"]
            for row in csv.DictReader(file)
        }


def part_of(path: str) -> str:
    """Return what part of the code a module belongs to."""
    return next(part for part in PARTS if path.startswith(part))


def told(dead: int, tried: int) -> str:
    """Return a score in words, with what it leaves open about the places that were not tried."""
    if not tried:
        return "none was tried"
    low, high = binomtest(dead, tried).proportion_ci(method="wilson")
    return f"{dead} of {tried} killed, {dead / tried:.0%} (95 % interval {low:.0%} to {high:.0%})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutants, print the survivors and the score, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", help="only modules whose path contains one of these")
    parser.add_argument(
        "--sample", type=whole_number(1), default=SAMPLE, metavar="N", help="mutants to try"
    )
    parser.add_argument(
        "--workers", type=whole_number(1), default=machine.cores(), metavar="N", help="processes"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=date.today().toordinal() // 7,
        help="another sample every week by default",
    )
    chosen = parser.parse_args(arguments)
    rng = random.Random(chosen.seed)
    results: dict[str, list[bool]] = {part: [] for part in PARTS}
    excused = 0
    with stoppable("Nothing is kept."), tempfile.TemporaryDirectory() as place:
        scratch = Path(place).resolve()  # as coverage writes it
        copy = scratch / "whole"
        whole = list(all_mutants(covered(copy), copy, chosen.words, rng))
        sample = rng.sample(whole, min(chosen.sample, len(whole)))
        print(f"{len(sample)} of {len(whole)} places, sample {chosen.seed}", flush=True)
        known = reasons()
        with processes(chosen.workers) as pool:
            for mutant, dead in zip(
                sample, pool.map(partial(killed, scratch), sample), strict=True
            ):
                found = results[part_of(mutant.path)]
                if dead:
                    found.append(True)
                    continue
                before, after = mutant.lines()
                reason = known.get((mutant.path, before, after))
                if reason is None:
                    found.append(False)
                else:
                    excused += 1
                asked = reason or f"{len(mutant.tests)} tests"
                print(
                    f"{mutant.path}:{mutant.line}  {asked}\n  - {before}\n  + {after}", flush=True
                )
    for part, found in results.items():
        print(f"{part:<29} {told(sum(found), len(found))}")
    score, tried = sum(map(sum, results.values())), sum(map(len, results.values()))
    print(f"{'together':<29} {told(score, tried)}; {excused} more may live.")
    return 0 if score >= WANTED * tried else 1


if __name__ == "__main__":
    sys.exit(main())
