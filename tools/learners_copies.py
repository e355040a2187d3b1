"""The learner's folder, `work/`: a copy of each exercise, which nothing ever overwrites.

Each exercise carries a digest of its own text in its metadata. So a copy tells from which version it
was made, and whether anybody has written in it since.
"""

import hashlib
import itertools
import json
import os
from pathlib import Path
import tempfile

from course import Unreadable, read
import nbformat
import nbformat.v4

EXERCISES = "exercises"
WORK = "work"  # git ignores it; no list of notebooks contains it
MARK = "exercise_version"  # in the metadata of an exercise and of its copies


def text(notebook: nbformat.NotebookNode) -> str:
    """Return a notebook as the text that is kept in git."""
    return nbformat.v4.writes(notebook, indent=1).rstrip("\n") + "\n"


def mark(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Write its version, a digest of everything else in it, into a notebook, in place."""
    notebook.metadata.pop(MARK, None)
    notebook.metadata[MARK] = hashlib.sha256(text(notebook).encode()).hexdigest()[:16]
    return notebook


def version(path: Path) -> str | None:
    """Return the version that a notebook carries; None if it has none or cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["metadata"][MARK]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return str(found)


def is_untouched(path: Path) -> bool:
    """Return whether a notebook is, byte for byte, as it was when its version was written into it."""
    try:
        given = path.read_bytes()
        notebook = nbformat.v4.reads(given.decode("utf-8"))
        carried = notebook.metadata[MARK]
        same = text(mark(notebook)).encode() == given
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False
    return same and notebook.metadata[MARK] == carried


def copies(work: Path, stem: str) -> list[Path]:
    """Return the copies of an exercise, under all the names that `free_name` gives."""
    return sorted({*work.glob(f"{stem}.ipynb"), *work.glob(f"{stem}.*.ipynb")})


def free_name(work: Path, stem: str, kind: str) -> Path:
    """Return where a new copy may stand: its own name, `stem.kind.ipynb`, `stem.kind-2.ipynb`, ..."""
    wanted = itertools.chain(["", f".{kind}"], (f".{kind}-{n}" for n in itertools.count(2)))
    paths = (work / f"{stem}{end}.ipynb" for end in wanted)
    # A broken link has its name, too.
    return next(path for path in paths if not os.path.lexists(path))


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet.

    Raises
    ------
    FileExistsError
        If it is there.
    """
    with path.open("xb") as file:
        file.write(content)


def replace(path: Path, content: bytes) -> None:
    """Write a file in one step, so that a reader sees the old one or the new one."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        file.write(content)
    os.replace(file.name, path)


def hand_out(root: Path) -> list[str]:
    """Put a copy of each exercise into `work/`, where there is none, and newer versions beside.

    A copy in which nothing was written is brought up to date. Any other copy stays as it is; if the
    exercise has changed since, its newer version is put beside it under another name.

    Parameters
    ----------
    root : Path
        The folder of the course.

    Returns
    -------
    list of str
        What was done, for the learner to read.
    """
    work = root / WORK
    work.mkdir(exist_ok=True)
    fresh: list[str] = []
    offered: list[str] = []
    renewed, unreadable = [], []
    for exercise in sorted((root / EXERCISES).glob("*.ipynb")):
        try:
            read(exercise)
        except Unreadable:
            unreadable.append(exercise.name)
            continue
        present = copies(work, exercise.stem)
        if version(exercise) in [version(path) for path in present]:
            continue
        content = exercise.read_bytes()
        if outdated := [path for path in present if is_untouched(path)]:
            replace(outdated[-1], content)
            renewed.append(outdated[-1].name)
        else:
            free = free_name(work, exercise.stem, "new")
            write_new(free, content)
            (offered if present else fresh).append(free.name)
    said = []
    if fresh:
        plural = "exercise notebooks" if len(fresh) > 1 else "exercise notebook"
        said.append(f"{WORK}/ has {len(fresh)} new {plural}, for you to write in.")
    if renewed:
        said.append(f"Brought up to date, since you had not begun: {', '.join(renewed)}.")
    said += [
        f"{WORK}/{name} is a newer version of an exercise; your own stays as it is."
        for name in offered
    ]
    said += [
        f"{EXERCISES}/{name} is no notebook (half saved, or with marks of a merge conflict?), so it was not "
        f"handed out. Bring it back with `git checkout {EXERCISES}/{name}`."
        for name in unreadable
    ]
    return said


def keep(root: Path, path: Path) -> str | None:
    """Before an exercise is written anew, keep in `work/` what somebody has written in it.

    Parameters
    ----------
    root : Path
        The folder of the course.
    path : Path
        The exercise, in `exercises/`.

    Returns
    -------
    str or None
        The name of the copy; None if the exercise is as it was generated.
    """
    if not path.exists() or is_untouched(path):
        return None
    (root / WORK).mkdir(exist_ok=True)
    content = path.read_bytes()
    for copy in copies(root / WORK, path.stem):
        if copy.is_file() and copy.read_bytes() == content:
            return f"{WORK}/{copy.name}"
    copy = free_name(root / WORK, path.stem, "kept")
    write_new(copy, content)
    return f"{WORK}/{copy.name}"
