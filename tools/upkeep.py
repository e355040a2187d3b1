"""What the workflows in `.github/` do besides the README's own commands.

    python tools/upkeep.py keys                 print the names under which what was built is kept
    python tools/upkeep.py newest               test the course with the newest versions that pyproject.toml allows
    python tools/upkeep.py audit                ask for known vulnerabilities of the packages in both locks
    python tools/upkeep.py report LOGS          open one issue about a weekly run that failed, or add to it
    python tools/upkeep.py release TAG FILE ... attach files to the release of a tag

`newest` writes both locks and runs/ of this folder: take a copy of the course for it. `report` reads the results of
the jobs from the environment (`RESULTS`); it and `release` need GitHub's program `gh`. Any Python 3.12 or 3.13 runs
this, without the environment of the course.
"""

import argparse
from collections.abc import Callable
import hashlib
import json
import os
from pathlib import Path
import re
import subprocess
import sys

import environment
from environment import LOCK, ROOT, TESTS_LOCK
import machine

AUDITOR = "pip-audit==2.10.1"  # in an environment of its own: no package of the course needs it
LABEL = "weekly run"
TITLE = "The weekly run fails"
PIN = re.compile(r"^([\w.-]+)==([^\s;]+)", re.MULTILINE)
FAILED = "FAILED: "  # how a line of the report of tools/run_tests.py begins
MOST_LINES, LONGEST_LINE = 40, 300  # of each log, in an issue

# With other versions every run is stale. So the notebooks run before the rules, which want to see their runs.
NEWEST = (
    ("tools/compile_lock.py", "--upgrade"),
    ("tools/environment.py",),
    ("tools/run_tests.py", "unit", "notebooks"),
    ("tools/renew_runs.py",),
    ("tools/run_tests.py", "rules", "book"),
    ("tools/build_book.py",),
)


def digest(*parts: bytes) -> str:
    """Return a short digest of some contents; ends of lines do not matter."""
    whole = hashlib.sha256()
    for part in parts:
        content = part.replace(b"\r\n", b"\n")
        whole.update(b"%d:" % len(content) + content)
    return whole.hexdigest()[:16]


def keys() -> dict[str, str]:
    """Return the names under which packages and compiled programs are kept.

    Programs are those of a processor too: XLA compiles for the one that it finds, and the next machine may lack
    an instruction.
    """
    python = (ROOT / ".python-version").read_bytes()
    lock, tests_lock = LOCK.read_bytes(), TESTS_LOCK.read_bytes()
    return {
        "packages": f"packages-{sys.platform}-{digest(python, lock, tests_lock)}",
        "programs": f"programs-{sys.platform}-{digest(python, lock, machine.processor().encode())}",
    }


def pins() -> dict[str, str]:
    """Return the version of each package in both locks."""
    return {
        name: version
        for lock in environment.locks()
        for name, version in PIN.findall(lock.read_text(encoding="utf-8"))
    }


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return a line for each package whose version is another, or that only one has."""
    return [
        f"{name} {before.get(name, 'none')} -> {after.get(name, 'none')}"
        for name in sorted(before | after)
        if before.get(name) != after.get(name)
    ]


def in_course(*command: str) -> int:
    """Run a command of Python in the environment of the course; return its status."""
    return subprocess.run([environment.PYTHON, *command], cwd=ROOT).returncode


def newest() -> int:
    """Test the course with the newest versions; return the status of the first step that fails."""
    before = pins()
    for step in NEWEST:
        if status := in_course(*step):
            print(f"{FAILED}{' '.join(step)}", flush=True)
            break
    print("\n".join(["Newer than in the locks:", *differences(before, pins())]))
    return status


def audit() -> int:
    """Ask for known vulnerabilities; return a status that is not 0 if there are some, or nobody knows."""
    locks = environment.requirements()
    asked = ("pip-audit", "--strict", "--disable-pip", "--require-hashes", *locks)
    return in_course("-m", "uv", "tool", "run", "--from", AUDITOR, *asked, "--progress-spinner=off")


def told(log: Path) -> list[str]:
    """Return the lines of a log that say what failed, or its last ones if none does."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    found = [line for line in lines if line.startswith(FAILED)] or lines
    return [line[:LONGEST_LINE] for line in found[-MOST_LINES:]]


def body(results: dict[str, str], logs: Path, where: str) -> str:
    """Return the text of an issue: which jobs failed, where to look, and the ends of their logs.

    Parameters
    ----------
    results : dict of str to str
        The result of each job, such as `success`.
    logs : Path
        A folder with the logs of jobs; those of the job `locked` have names that begin with it.
    where : str
        The address of the run.
    """
    parts = [f"{where}\n", "| job | result |\n|---|---|"]
    parts += [f"| {job} | {result} |" for job, result in results.items()]
    for job, result in results.items():
        if result == "success":
            continue
        for log in sorted(logs.glob(f"{job}*.log")):
            lines = "\n".join(told(log)).replace("````", "'''")
            parts.append(f"\n{log.stem}:\n\n````text\n{lines}\n````")
    return "\n".join(parts) + "\n"


def gh(*arguments: str, text: str | None = None) -> str:
    """Run GitHub's program; return what it prints.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails; why stands on the standard error.
    """
    done = subprocess.run(
        ["gh", *arguments], input=text, text=True, encoding="utf-8", stdout=subprocess.PIPE
    )
    done.check_returncode()
    return done.stdout


def open_issue() -> str | None:
    """Return the number of the open issue about the weekly run, if there is one."""
    listed = json.loads(
        gh("issue", "list", "--label", LABEL, "--state", "open", "--json", "number")
    )
    return str(min(each["number"] for each in listed)) if listed else None


def report(results: dict[str, str], logs: Path, where: str) -> None:
    """Open an issue about what failed, or add to the one that is open; close it if nothing did."""
    number = open_issue()
    if all(result == "success" for result in results.values()):
        if number:
            gh("issue", "close", number, "--comment", f"All is well again: {where}")
        return
    text = body(results, logs, where)
    if number:
        gh("issue", "comment", number, "--body-file", "-", text=text)
        return
    gh("label", "create", LABEL, "--force", "--description", "What the weekly run found")
    gh("issue", "create", "--title", TITLE, "--label", LABEL, "--body-file", "-", text=text)


def release(tag: str, files: list[str]) -> None:
    """Attach files to the release of a tag, which is made if it is not there."""
    known = subprocess.run(["gh", "release", "view", tag], stdout=subprocess.DEVNULL)
    if known.returncode:
        gh("release", "create", tag, "--verify-tag", "--generate-notes", *files)
    else:
        gh("release", "upload", tag, "--clobber", *files)


def said(name: str) -> str:
    """Return a variable of the environment.

    Raises
    ------
    ValueError
        If it is not set.
    """
    if value := os.environ.get(name):
        return value
    raise ValueError(f"{name} is not set: the workflow that calls this sets it.")


def report_jobs(logs: Path) -> None:
    """Report what the environment says about the jobs of a workflow.

    Raises
    ------
    ValueError
        If it says nothing, or if `RESULTS` is not what `toJSON(needs)` gives.
    """
    where, needs = said("RUN"), said("RESULTS")
    try:
        results = {job: str(facts["result"]) for job, facts in json.loads(needs).items()}
    except (ValueError, AttributeError, TypeError, KeyError):
        raise ValueError(f"RESULTS is not what toJSON(needs) gives: {needs!r}.") from None
    report(results, logs, where)


def main() -> int | str:
    """Do what was asked for; return the status, or what went wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(dest="what", required=True)
    alone: dict[str, Callable[[], int]] = {"newest": newest, "audit": audit}
    for name in ("keys", *alone):
        kinds.add_parser(name)
    kinds.add_parser("report").add_argument("logs", type=Path)
    released = kinds.add_parser("release")
    released.add_argument("tag")
    released.add_argument("files", nargs="+")
    options = parser.parse_args()
    try:
        if options.what == "keys":
            print("\n".join(f"{name}={value}" for name, value in keys().items()))
        elif options.what == "report":
            report_jobs(options.logs)
        elif options.what == "release":
            release(options.tag, options.files)
        else:
            if problem := environment.main():
                return problem
            return alone[options.what]()
    except ValueError as problem:
        return str(problem)
    except subprocess.CalledProcessError as problem:
        return f"{' '.join(map(str, problem.cmd[:3]))} failed with status {problem.returncode}."
    except FileNotFoundError as problem:
        return f"{problem.filename} is not here."
    return 0


if __name__ == "__main__":
    sys.exit(main())
