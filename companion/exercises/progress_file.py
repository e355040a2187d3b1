"""What is remembered about the exercises, and where.

One small JSON file: `.progress.json` in the folder of the course, or
`.bayes-course-progress.json` in the home folder when the package was installed elsewhere. The
environment variable `COMPANION_PROGRESS` names another file, or says `off`: then nothing is
written (a build of the book must not mark your exercises as solved).

Nothing here raises because of the file. A file that cannot be read is set aside, not overwritten;
a file that cannot be written leaves the record in memory; either way a note says so.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
import tempfile

__all__ = ["Record", "clear", "load", "location", "save"]

# For each exercise: its best status so far, complete attempts, and misses since the last success.
Record = dict[str, dict[str, str | int]]

_MEMORY: dict[Path | None, Record] = {}


def location() -> Path | None:
    """Return where progress is kept, or None if it is kept in memory only.

    Returns
    -------
    pathlib.Path or None
        See the module's docstring.
    """
    chosen = os.environ.get("COMPANION_PROGRESS", "").strip()
    if chosen.lower() == "off":
        return None
    if chosen:
        return Path(chosen).expanduser()
    root = Path(__file__).resolve().parents[2]
    if (root / "pyproject.toml").exists() and (root / "exercises").is_dir():
        return root / ".progress.json"
    return Path.home() / ".bayes-course-progress.json"


def _parse(text: str) -> Record:
    """Return the record in a text, or raise `ValueError`."""
    record = json.loads(text)
    kinds = {"status": str, "attempts": int, "misses": int}
    if not isinstance(record, dict) or not all(
        isinstance(entry, dict)
        and all(isinstance(entry.get(name), kind) for name, kind in kinds.items())
        for entry in record.values()
    ):
        raise ValueError("not a record of progress")
    return record


def _set_aside(path: Path) -> Path:
    """Rename a broken file, without overwriting an earlier one, and return its new name."""
    number, aside = 1, path.with_name(f"{path.name}.broken")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.broken-{number}")
    path.rename(aside)
    return aside


def load() -> tuple[Record, tuple[str, ...]]:
    """Read the record of progress.

    Returns
    -------
    record : dict
        For each exercise attempted: `status`, `attempts` and `misses`.
    notes : tuple of str
        What the learner should know: a file that could not be read.
    """
    path = location()
    remembered = {name: dict(entry) for name, entry in _MEMORY.get(path, {}).items()}
    if path is None:
        return remembered, ()
    try:
        return _parse(path.read_text(encoding="utf-8")), ()
    except FileNotFoundError:
        return remembered, ()
    except OSError as error:
        return remembered, (f"The progress file {path} could not be read ({error.strerror}).",)
    except (ValueError, RecursionError):
        pass
    try:
        aside = _set_aside(path)
    except OSError as error:
        return remembered, (
            f"The progress file {path} is damaged and cannot be renamed ({error.strerror}).",
        )
    return remembered, (
        f"The progress file was damaged. It is kept as {aside}, and a new one was started.",
    )


def save(record: Record) -> tuple[str, ...]:
    """Write the record, replacing the file in one step.

    Parameters
    ----------
    record : dict
        As returned by `load`.

    Returns
    -------
    tuple of str
        What the learner should know: a file that could not be written.
    """
    path = location()
    _MEMORY[path] = {name: dict(entry) for name, entry in record.items()}
    if path is None:
        return ()
    temporary = None
    try:
        if path.exists():
            _parse(path.read_text(encoding="utf-8"))  # never write over what we could not read
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=path.name, suffix=".new", delete=False
        ) as file:
            temporary = Path(file.name)
            json.dump(record, file, indent=1, sort_keys=True)
            file.write("\n")
        os.replace(temporary, path)
    except (OSError, ValueError) as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or "it is damaged"
        return (
            f"Progress could not be saved in {path} ({reason}): it is kept until this kernel stops.",
        )
    return ()


def clear() -> tuple[str, ...]:
    """Forget everything.

    Returns
    -------
    tuple of str
        As `save`.
    """
    load()  # sets a damaged file aside
    return save({})
