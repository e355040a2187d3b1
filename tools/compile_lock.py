"""Compile `requirements.txt` from `pyproject.toml`: what `make lock` does.

Every package is pinned and hashed, for all systems and both supported versions of Python. Versions
that the lock has already are kept; `python tools/compile_lock.py --upgrade` looks for newer ones.
"""

import subprocess
import sys

from course import ROOT

GROUPS = ("book", "test", "setup")


def main() -> None:
    """Run uv; the packages' registry is left out of the file, so that any mirror serves."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--quiet"]
    for group in GROUPS:
        command += ["--group", group]
    command += [
        "--universal",
        "--generate-hashes",
        "--python-version",
        "3.12",
        "--no-emit-index-url",
    ]
    command += ["--custom-compile-command", "make lock", "--output-file", "requirements.txt"]
    sys.exit(subprocess.run(command + sys.argv[1:], cwd=ROOT).returncode)


if __name__ == "__main__":
    main()
