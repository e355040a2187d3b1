"""Create `.venv` from the hashed lock, or do nothing when it is already current.

Run with any Python 3.12 or 3.13: `python3 tools/environment.py`. uv does the installing; it is
itself installed first, from its own hashed lines of the lock.
"""

import hashlib
import os
from pathlib import Path
import re
import subprocess
import sys
import tempfile
import time
import venv

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.txt"
STAMP = VENV / "installed"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
SUPPORTED = ((3, 12), (3, 13))


def fingerprint():
    """Return a digest of everything the environment depends on."""
    digest = hashlib.sha256()
    for path in (LOCK, ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    digest.update(repr((str(ROOT), sys.version_info[:2])).encode())
    return digest.hexdigest()


def locked_lines(package):
    """Return the requirement and hashes of one package, as they stand in the lock."""
    match = re.search(rf"^{package}==.*?(?=^\S|\Z)", LOCK.read_text(), flags=re.M | re.S)
    if match is None:
        sys.exit(f"requirements.txt has no line for {package}; run `make lock`.")
    return "\n".join(line for line in match.group().splitlines() if "# " not in line)


def run(*command):
    """Run a command and stop, with its output, if it fails."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, text=True, capture_output=True)
    if done.returncode:
        sys.exit(
            f"{done.stdout}{done.stderr}\nSetting up .venv failed at: {' '.join(map(str, command))}"
        )


def install():
    """Build a fresh environment and leave the stamp that says so."""
    venv.create(VENV, with_pip=True, clear=True)
    python = BIN / "python"
    with tempfile.TemporaryDirectory() as folder:
        uv_lock = Path(folder) / "uv.txt"
        uv_lock.write_text(locked_lines("uv"))
        run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", uv_lock)
    uv = (BIN / "uv", "pip", "install", "--quiet", "--python", python)
    run(*uv, "--require-hashes", "-r", LOCK)
    run(*uv, "--no-deps", "--editable", ROOT)
    STAMP.write_text(fingerprint())


def main():
    """Install when the lock has changed since the last time."""
    if sys.version_info[:2] not in SUPPORTED:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(
            f"This course needs Python 3.12 or 3.13, and this is Python {found}: "
            "install one of those and run, for example, `make book PYTHON=python3.12`."
        )
    if STAMP.exists() and STAMP.read_text() == fingerprint():
        return
    start = time.perf_counter()
    print("Installing the pinned environment into .venv ...", flush=True)
    install()
    print(f"Environment ready after {time.perf_counter() - start:.0f} s.", flush=True)


if __name__ == "__main__":
    main()
