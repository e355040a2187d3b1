"""Create `.venv` from the hashed locks, or do nothing when it is already current.

Run with any Python 3.12 or 3.13: `python3 tools/environment.py`. uv does the installing; it is
itself installed first, from its own hashed lines of the lock. A set-up that was interrupted is begun
anew; one that finds another at work in the same folder waits for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import hashlib
import os
from pathlib import Path
import re
import subprocess
import sys
import tempfile
import time
from typing import TextIO
import venv

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.txt"
TESTS_LOCK = ROOT / "tests" / "requirements.txt"  # programs for tests that no run depends on
STAMP = VENV / "installed"
DOOR = ROOT / ".venv.lock"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
SUPPORTED = ((3, 12), (3, 13))
AGAIN = "Mend that and run the command again; it begins the set-up anew."


class Failed(Exception):
    """The environment could not be set up; the message is for the person who asked for it."""


def locks() -> list[Path]:
    """Return the locks: the course's, and the tests' where the course was copied with its tests."""
    return [LOCK, *([TESTS_LOCK] if TESTS_LOCK.exists() else [])]


def requirements() -> list[str]:
    """Return the locks as arguments of an installer."""
    return [part for lock in locks() for part in ("-r", str(lock))]


def fingerprint() -> str:
    """Return a digest of everything the environment depends on."""
    import tomllib  # Python 3.11 or later: an older one must get as far as the sentence in `main`

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tools = project.get("tool", {}).get("setuptools")
    package = repr((project.get("build-system"), project.get("project"), tools))
    digest = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks()))
    digest.update(repr((package, str(ROOT), sys.version_info[:2])).encode())
    return digest.hexdigest()


def is_current() -> bool:
    """Return whether the environment is complete, of this lock, and its Python still there."""
    return STAMP.exists() and PYTHON.exists() and STAMP.read_text() == fingerprint()


def locked_lines(package: str) -> str:
    """Return the requirement and hashes of one package, as they stand in the lock."""
    text = LOCK.read_text(encoding="utf-8")
    match = re.search(rf"^{package}==.*?(?=^\S|\Z)", text, flags=re.M | re.S)
    if match is None:
        raise Failed(f"requirements.txt has no line for {package}; run `make lock`.")
    return "\n".join(line for line in match.group().splitlines() if "# " not in line)


def run(purpose: str, door: TextIO, *command: str | Path) -> None:
    """Run a command; if it fails, show its output and say what was being done.

    The command holds the door as well: should this process be killed, the next set-up waits for it.
    """
    held = [] if os.name == "nt" else [door.fileno()]
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, text=True, capture_output=True, pass_fds=held
    )
    if done.returncode:
        print(f"{done.stdout}{done.stderr}".rstrip(), file=sys.stderr)
        raise Failed(f"{purpose} failed; the lines above say why. {AGAIN}")


@contextmanager
def alone() -> Iterator[TextIO]:
    """Wait until no other process sets this environment up, and keep others waiting meanwhile.

    Yields the open file that is locked. The system gives the lock back when its holders end, however
    they end. Where a file system cannot lock, nobody waits.
    """
    with DOOR.open("a") as file:
        said = False
        while True:
            try:
                if sys.platform == "win32":
                    import msvcrt

                    msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
                else:
                    import fcntl

                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):
                if not said:
                    print(
                        "Another set-up is at work in this folder: waiting for it ...", flush=True
                    )
                said = True
                time.sleep(0.2)
                continue
            except OSError:
                pass
            yield file
            return


def install(door: TextIO) -> None:
    """Build a fresh environment and leave the stamp that says so."""
    uv_alone = locked_lines("uv")
    venv.create(VENV, with_pip=False, clear=True)
    run(
        "Installing pip (on Debian and Ubuntu it needs the package python3-venv)",
        door,
        PYTHON,
        "-m",
        "ensurepip",
        "--default-pip",
    )
    with tempfile.TemporaryDirectory() as folder:
        uv_lock = Path(folder) / "uv.txt"
        uv_lock.write_text(uv_alone, encoding="utf-8")
        pip = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run("Installing uv", door, *pip, "--require-hashes", "-r", uv_lock)
    uv = (PYTHON, "-m", "uv", "pip", "install", "--quiet", "--python", PYTHON)
    chosen = ("--require-hashes", "--no-deps", *requirements())
    run("Installing the packages of requirements.txt", door, *uv, *chosen)
    run("Installing this course's own package", door, *uv, "--no-deps", "--editable", ROOT)
    STAMP.write_text(fingerprint())


def main() -> str | None:
    """Install when the lock has changed since the last time; return what went wrong, if anything."""
    if sys.version_info[:2] not in SUPPORTED:
        found = ".".join(map(str, sys.version_info[:3]))
        return (
            f"This course needs Python 3.12 or 3.13, and this is Python {found}: "
            "install one of those and run, for example, `make book PYTHON=python3.12`."
        )
    if is_current():
        return None
    try:
        with alone() as door:
            if is_current():  # the one we waited for did it
                return None
            start = time.perf_counter()
            print("Installing the pinned environment into .venv ...", flush=True)
            install(door)
            print(f"Environment ready after {time.perf_counter() - start:.0f} s.", flush=True)
    except Failed as problem:
        return str(problem)
    except OSError as error:
        return f"Setting up .venv failed: {error}. {AGAIN}"
    except KeyboardInterrupt:
        return "Setting up .venv was interrupted: run the command again, and it begins anew."
    return None


if __name__ == "__main__":
    sys.exit(main())
