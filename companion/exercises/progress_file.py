"""What is remembered about the exercises, and where.

One small JSON file: `.progress.json` in the folder of the course, or
`.bayes-course-progress.json` in the home folder when the package was installed elsewhere. The
environment variable `COMPANION_PROGRESS` names another file, or says `off`: then nothing is
written (a build of the book must not mark your exercises as solved).

Nothing here raises because of the file, and nothing waits for one that is not a file (a pipe, a
device). A file that cannot be read is set aside, not overwritten; entries that a newer version of
the course wrote are kept as they are; attempts that cannot be written stay in memory and are
written as soon as they can be. Either way a note says so. Several kernels may write at once: each
adds its attempts to what it finds, under a lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
import json
import os
from pathlib import Path
import stat
import tempfile
from typing import Any, NamedTuple

from companion.exercises.outcome import NOT_ATTEMPTED, NOT_YET, PASSED
from companion.exercises.registry import EXERCISES

__all__ = ["Attempt", "Record", "add", "clear", "load", "location"]

# For each exercise: its best status so far, complete attempts, misses since the last success, and
# how many of these showed each misconception.
Record = dict[str, dict[str, Any]]

_NEW: dict[str, Any] = {"status": NOT_ATTEMPTED, "attempts": 0, "misses": 0, "kinds": {}}
LARGEST_FILE = 2**24  # bytes; a record of all exercises has some 10,000
LONGEST_WAIT = 10.0  # seconds, for another kernel that writes


class Attempt(NamedTuple):
    """One check of one exercise.

    Attributes
    ----------
    exercise : str
        Id of the exercise.
    status : str
        `"passed"` or `"not yet"`.
    misconception : str or None
        The mistake that was recognized, if it counts as a miss.
    """

    exercise: str
    status: str
    misconception: str | None = None


@dataclass
class _Kept:
    """What this kernel knows of one file: its last content, and attempts that are not in it yet."""

    record: Record = field(default_factory=dict)
    pending: list[Attempt] = field(default_factory=list)


_MEMORY: dict[Path | None, _Kept] = {}


def location() -> tuple[Path | None, tuple[str, ...]]:
    """Return where progress is kept.

    Returns
    -------
    path : pathlib.Path or None
        See the module's docstring. None if progress is kept in memory only.
    notes : tuple of str
        What the learner should know: a home folder that cannot be found.
    """
    chosen = os.environ.get("COMPANION_PROGRESS", "").strip()
    if chosen.lower() == "off":
        return None, ()
    root = Path(__file__).resolve().parents[2]
    try:
        if chosen:
            return Path(chosen).expanduser(), ()
        if (root / "pyproject.toml").exists() and (root / "exercises").is_dir():
            return root / ".progress.json", ()
        return Path.home() / ".bayes-course-progress.json", ()
    except (OSError, RuntimeError):  # no such person, or a person without a home
        where = f" in COMPANION_PROGRESS ({chosen})" if chosen else ""
        return None, (
            f"The home folder{where} cannot be found: progress is kept until this kernel stops.",
        )


def _is_entry(entry: Any) -> bool:
    """Whether a value of the record is an entry; fields that we do not know are welcome."""
    if not isinstance(entry, dict) or not isinstance(entry.get("status"), str):
        return False
    counts = [entry.get("attempts", 0), entry.get("misses", 0)]
    kinds = entry.get("kinds", {})
    counts += kinds.values() if isinstance(kinds, dict) else [None]
    return all(isinstance(count, int) and not isinstance(count, bool) for count in counts)


def _parse(text: str) -> Record:
    """Return the record in a text, or raise `ValueError`."""
    record = json.loads(text)
    if not isinstance(record, dict) or not all(
        _is_entry(entry) for name, entry in record.items() if name in EXERCISES
    ):
        raise ValueError("not a record of progress")
    return record


def _read(path: Path) -> Record | None:
    """Return the record in a file, None if there is none, or raise `OSError` or `ValueError`."""
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(0, "it is a folder")
        if not stat.S_ISREG(found.st_mode):
            raise OSError(0, "it is not an ordinary file")
        if found.st_size > LARGEST_FILE:
            raise ValueError("too large for a record of progress")
        # What was a file a moment ago may be a pipe now: never wait for it.
        with open(
            os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), encoding="utf-8-sig"
        ) as file:
            return _parse(file.read())
    except FileNotFoundError:
        return None


def _write(path: Path, record: Record) -> None:
    """Write the record in one step, or raise `OSError`."""
    target = Path(os.path.realpath(path))  # a link stays a link
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(0, "it is read-only")
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            encoding="utf-8",
            dir=target.parent,
            prefix=target.name,
            suffix=".new",
            delete=False,
        ) as file:
            temporary = Path(file.name)
            json.dump(record, file, indent=1, sort_keys=True)
            file.write("\n")
        os.replace(temporary, target)
    except OSError:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise


def _set_aside(path: Path) -> Path:
    """Rename a broken file, without overwriting an earlier one, and return its new name."""
    number, aside = 1, path.with_name(f"{path.name}.broken")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.broken-{number}")
    path.rename(aside)
    return aside


def _fold(record: Record, attempts: list[Attempt]) -> Record:
    """Return a record with some attempts added."""
    result = {
        name: dict(entry) if isinstance(entry, dict) else entry for name, entry in record.items()
    }
    for name, status, misconception in attempts:
        entry = _NEW | result.get(name, {})
        entry["attempts"] += 1
        if status == PASSED:
            entry.update(status=PASSED, misses=0, kinds={})
        elif entry["status"] == NOT_ATTEMPTED:
            entry["status"] = NOT_YET
        if misconception is not None:
            entry["misses"] += 1
            entry["kinds"] = entry["kinds"] | {
                misconception: entry["kinds"].get(misconception, 0) + 1
            }
        result[name] = entry
    return result


def _known(record: Record) -> Record:
    """Return the entries of the exercises that this version of the course has."""
    return {name: _NEW | record[name] for name in record if name in EXERCISES}


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _load(path: Path | None, kept: _Kept) -> tuple[Record, tuple[str, ...], bool]:
    """Return the record with this kernel's attempts, notes, and whether the file may be written."""
    base, writable = kept.record, True
    notes: tuple[str, ...] = ()
    if path is not None:
        try:
            found = _read(path)
            base = kept.record if found is None else found
            if any(name not in EXERCISES and not _is_entry(base[name]) for name in base):
                notes = (
                    f"The progress file {path} has entries of a newer version of the course. They are kept.",
                )
        except OSError as error:
            writable = False
            notes = (f"The progress file {path} could not be read ({_reason(error)}).",)
        except (ValueError, RecursionError):
            base = kept.record
            try:
                aside = _set_aside(path)
                notes = (
                    f"The progress file was damaged. It is kept as {aside}, and a new one was started.",
                )
            except OSError as error:
                writable = False
                notes = (
                    f"The progress file {path} is damaged and cannot be renamed ({_reason(error)}).",
                )
    return _fold(base, kept.pending), notes, writable


@contextmanager
def _alone(path: Path | None) -> Iterator[bool]:
    """Keep other kernels out; give False if one of them does not let go."""
    import filelock

    lock = None
    if path is not None and os.path.isdir(path.parent):  # False where nobody may look
        lock = filelock.FileLock(path.with_name(f"{path.name}.lock"), timeout=LONGEST_WAIT)
        try:
            lock.acquire()
        except filelock.Timeout:
            yield False
            return
        except (OSError, NotImplementedError):  # a read-only folder, a disk without locks
            lock = None
    try:
        yield True
    finally:
        if lock is not None:
            lock.release()


def _store(path: Path | None, kept: _Kept, record: Record) -> tuple[str, ...]:
    """Write a record and note what this kernel knows, or say why that did not work."""
    try:
        if path is not None:
            _write(path, record)
    except OSError as error:
        return (
            f"Progress could not be saved in {path} ({_reason(error)}): it is kept until this kernel stops.",
        )
    kept.record, kept.pending = record, []
    return ()


def load() -> tuple[Record, tuple[str, ...]]:
    """Read the record of progress.

    Returns
    -------
    record : dict
        For each exercise attempted: `status`, `attempts`, `misses` and `kinds`.
    notes : tuple of str
        What the learner should know: a file that could not be read.
    """
    path, notes = location()
    record, more, _ = _load(path, _MEMORY.setdefault(path, _Kept()))
    return _known(record), notes + more


def add(attempt: Attempt) -> tuple[Record, tuple[str, ...]]:
    """Remember an attempt.

    Parameters
    ----------
    attempt : Attempt
        What was found.

    Returns
    -------
    record : dict
        As from `load`.
    notes : tuple of str
        What the learner should know: a file that could not be read or written.
    """
    path, notes = location()
    kept = _MEMORY.setdefault(path, _Kept())
    kept.pending.append(attempt)
    with _alone(path) as alone:
        record, more, writable = _load(path, kept)
        if not alone:
            more += (
                f"Another notebook keeps {path} to itself: this attempt is saved with the next.",
            )
        elif writable:
            more += _store(path, kept, record)
        else:
            more += (f"Progress could not be saved in {path}: it is kept until this kernel stops.",)
    return _known(record), notes + more


def clear() -> tuple[str, ...]:
    """Forget everything.

    Returns
    -------
    tuple of str
        What the learner should know: a file that could not be read or written.
    """
    path, notes = location()
    kept = _MEMORY[path] = _Kept()
    with _alone(path):
        _, more, writable = _load(path, kept)  # sets a damaged file aside
        return notes + more + (_store(path, kept, {}) if writable else ())
