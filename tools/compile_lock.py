"""Compile the two locks from `pyproject.toml`: what `make lock` does.

Every package is pinned and hashed, for all systems and both supported versions of Python. Versions
that a lock has already are kept; `python tools/compile_lock.py --upgrade` looks for newer ones.

`requirements.txt` is what the course runs on: every run of a notebook depends on it. What only looks at
pages, scripts, workflows, types and tests themselves, when tests run, is in `tests/requirements.txt`, and so is what
hands work to other machines.
"""

import subprocess
import sys

from course import ROOT

COURSE = ("pyproject.toml", "--group", "book", "--group", "test", "--group", "setup")
LOCKS = {
    "requirements.txt": COURSE,
    "tests/requirements.txt": (
        "--group=pages",
        "--group=types",
        "--group=mutants",
        "--group=machines",
        "--no-deps",
    ),  # fmt: skip
}
OPTIONS = (
    "--quiet",
    "--universal",
    "--generate-hashes",
    "--python-version=3.12",
    "--no-emit-index-url",  # so that any mirror serves
    "--custom-compile-command=make lock",
)


def main() -> None:
    """Run uv for each lock, and end with its status if it fails."""
    for lock, sources in LOCKS.items():
        command = [sys.executable, "-m", "uv", "pip", "compile", *sources, *OPTIONS]
        command += ["--output-file", lock, *sys.argv[1:]]
        if status := subprocess.run(command, cwd=ROOT).returncode:
            sys.exit(status)


if __name__ == "__main__":
    main()
