"""The store of runs: the executed copy of each notebook, found by a digest of what it depends on.

Outputs are not kept in git. `tools/build_book.py` runs a notebook, and so do the tests;
both store the executed copy in `_build/cache/<key>/<folder>/<name>-<digest>.ipynb`:

* the key stands for what all notebooks depend on: `companion`, its data, the lock and the version of
  Python;
* the digest stands for what this one depends on: its own code, the reference posteriors that it names
  and, of exercises and solutions, the checks. Prose, captions, alt text and layout tags are
  not part of it, so changing them runs nothing again.
"""

import hashlib
import json
from pathlib import Path
import re
import sys

from course import code_cells
import nbformat

CACHE = Path("_build/cache")
SHARED = ("companion/**/*.py", "companion/data/*", "requirements.txt")
CHECKS = ("companion/exercises/**/*.py",)
REFERENCE = re.compile(r"""\breference(?:=|\()\s*["'](\w+)["']""")
TAGS_THAT_MATTER = {"raises-exception", "skip-execution"}


def digest_of_files(root: Path, patterns: tuple[str, ...]) -> str:
    """Return a digest of the names and contents of all files that match."""
    digest = hashlib.sha256()
    files = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    for path in sorted(path for path in files if "__pycache__" not in path.parts):
        digest.update(
            path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
        )
    return digest.hexdigest()[:16]


def cache_folder(root: Path) -> Path:
    """Return the folder of the runs that are valid for the present `companion`, data and lock."""
    version = ".".join(map(str, sys.version_info[:2]))
    return root / CACHE / f"{digest_of_files(root, SHARED)}-py{version}"


def stored_run(root: Path, name: str, notebook: nbformat.NotebookNode) -> Path:
    """Return where the run of a notebook is, or will be, stored.

    Parameters
    ----------
    root : Path
        The folder of the course.
    name : str
        The notebook's path in it, such as `chapters/08-robust-regression.ipynb`.
    notebook : nbformat.NotebookNode
        Its content.
    """
    code = [
        (cell.source, sorted(TAGS_THAT_MATTER.intersection(cell.metadata.get("tags", []))))
        for cell in code_cells(notebook)
    ]
    named = sorted({found for source, _ in code for found in REFERENCE.findall(source)})
    files = [f"companion/data/posteriors/{model}.csv" for model in named]
    if name.startswith(("exercises/", "solutions/")):
        files += CHECKS
    kernel = notebook.metadata.get("kernelspec", {}).get("name")
    own = json.dumps([kernel, code, digest_of_files(root, tuple(files))])
    digest = hashlib.sha256(own.encode()).hexdigest()[:16]
    return cache_folder(root) / f"{name.removesuffix('.ipynb')}-{digest}.ipynb"


def keep_run(root: Path, name: str, executed: nbformat.NotebookNode) -> None:
    """Store the run of a notebook in which every cell succeeded, in place of earlier ones."""
    target = stored_run(root, name, executed)
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".part")
    nbformat.write(executed, unfinished)
    unfinished.replace(target)
    for old in target.parent.glob(f"{Path(name).stem}-{'[0-9a-f]' * 16}.ipynb"):
        if old != target:
            old.unlink()
