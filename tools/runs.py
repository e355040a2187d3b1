"""The store of runs: the executed copy of each notebook, from which the book is rendered.

There are two folders of the same form, a notebook for each notebook of the book:

* `runs/` is kept in git and ships with the course. `make runs` renews it, and writes
  `runs/manifest.json`, which lists its records;
* `_build/runs/` holds what ran on this machine.

A run carries its record in its metadata: the digest of all that it depends on (see
`dependencies.py`), processor, versions, date and seconds, and the failure if it has one. A run whose
digest is not that of its notebook today is stale, and never used.

Figures are kept as PNG files with few colors. That takes 0.37 of the bytes, changes no pixel's
color by more than rounding does on average, and on 14 of 14 figures was lighter than SVG.
"""

import base64
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
import io
import json
from pathlib import Path
import re
from typing import Any

from course import code_cells, in_book, name_of, read
from dependencies import digest
from machine import processor, versions
import nbformat
import nbformat.v4
from PIL import Image

SHIPPED = "runs"
LOCAL = "_build/runs"
MANIFEST = "runs/manifest.json"
MOST_BYTES = 8_000_000  # of all that ships
COLORS = 96

KEPT_OF_CELL = ("tags", "mystnb", "jupyter", "seconds")
KEPT_OF_NOTEBOOK = ("kernelspec", "language_info", "mystnb")
RICH = {"text/html", "text/markdown", "image/png"}
BETWEEN_CELLS = re.compile(r">\s+<(?=/?(?:table|thead|tbody|tr|td|th)\b)")
# Where this environment is, and where its Python is.
INSTALLED = re.compile(
    r"(?:~|[A-Za-z]:)?(?:[/\\][^\s/\\:\"'<>|]+)*[/\\](site-packages|python3\.\d+)[/\\]"
)
CODE_IN_KERNEL = re.compile(r"\S*ipykernel_\d+[/\\]\d+\.py")


@dataclass(frozen=True)
class Run:
    """A stored run that fits its notebook.

    Attributes
    ----------
    path : Path
        Its file.
    shipped : bool
        Whether it came with the course; otherwise it was made on this machine.
    record : dict
        `digest`, `processor`, `versions`, `date`, `seconds` and, if a cell failed, `failure`.
    notebook : NotebookNode
        The executed notebook.
    """

    path: Path
    shipped: bool
    record: dict[str, Any]
    notebook: nbformat.NotebookNode

    @property
    def failure(self) -> dict[str, Any] | None:
        """The index of the cell that failed and its error, or None if every cell succeeded."""
        return self.record.get("failure")


def load(root: Path, folder: str, name: str) -> Run | None:
    """Return the run of a notebook in one of the two folders, current or stale, or None.

    A file that cannot be read counts as no run.
    """
    path = root / folder / name
    try:
        notebook = nbformat.v4.reads(path.read_text(encoding="utf-8"))
        record = dict(notebook.metadata["run"])
        record["digest"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Run(path, folder == SHIPPED, record, notebook)


def _code(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the code of a notebook."""
    return [cell.source for cell in code_cells(notebook)]


def find_run(
    root: Path, name: str, notebook: nbformat.NotebookNode, *, fresh: bool = False
) -> Run | None:
    """Return the run of a notebook as it now stands.

    Parameters
    ----------
    root : Path
        The folder of the course.
    name : str
        The notebook's path in it, such as `chapters/08-robust-regression.ipynb`.
    notebook : NotebookNode
        Its content.
    fresh : bool
        Whether only runs of this machine count.

    Returns
    -------
    Run or None
        The run that shipped with the course; if that is missing or stale, the one of this machine.
        The latter may have failed.
    """
    wanted = digest(root, name, notebook)
    for folder in (LOCAL,) if fresh else (SHIPPED, LOCAL):
        run = load(root, folder, name)
        if run and run.record["digest"] == wanted and _code(run.notebook) == _code(notebook):
            return run
    return None


def seconds_of(root: Path, name: str) -> float | None:
    """Return how long a notebook took when it last ran through, even if it has changed since then."""
    for folder in (LOCAL, SHIPPED):
        run = load(root, folder, name)
        if (
            run
            and not run.failure
            and isinstance(seconds := run.record.get("seconds"), (int, float))
        ):
            return float(seconds)
    return None


def with_outputs(
    notebook: nbformat.NotebookNode, executed: nbformat.NotebookNode
) -> nbformat.NotebookNode:
    """Return a copy of a notebook with the outputs of its run, whose code is the same."""
    filled = deepcopy(notebook)
    for cell, done in zip(code_cells(filled), code_cells(executed), strict=True):
        cell.outputs, cell.execution_count = deepcopy(done.outputs), done.execution_count
        if "seconds" in done.metadata:
            cell.metadata["seconds"] = done.metadata["seconds"]
    return filled


def _seconds_of_cell(cell: nbformat.NotebookNode) -> float | None:
    """Return how long a cell ran, from the times that the kernel noted."""
    times = cell.metadata.get("execution", {})
    ends = [times.get(f"iopub.status.{state}") for state in ("busy", "idle")]
    if not all(ends):
        return None
    busy, idle = map(datetime.fromisoformat, ends)
    return round((idle - busy).total_seconds(), 2)


def lighter(png: str) -> str:
    """Return a PNG image, in base64 as it is in notebooks, with few colors."""
    with Image.open(io.BytesIO(base64.b64decode(png))) as image:
        few = image.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    file = io.BytesIO()
    few.save(file, "png", optimize=True)
    found = base64.b64encode(file.getvalue()).decode()
    return found if len(found) < len(png) else png


def _without_paths(value: Any, root: Path) -> Any:
    """Return a part of an output without the names of folders of this machine."""
    if isinstance(value, dict):
        return nbformat.from_dict({key: _without_paths(each, root) for key, each in value.items()})
    if isinstance(value, list):
        return [_without_paths(each, root) for each in value]
    if not isinstance(value, str):
        return value
    home = Path.home()
    places = [str(root)]
    if root.is_relative_to(home):  # as IPython writes it
        places.append(str(Path("~") / root.relative_to(home)))
    value = INSTALLED.sub(r"\1/", CODE_IN_KERNEL.sub("cell", value))
    for place in places:
        value = re.sub(rf"{re.escape(place)}[/\\]", "", value)
    return value


def clean(root: Path, notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Take from outputs, in place, what nobody reads: this machine's folders, second forms, white space."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            if RICH.intersection(data):
                data.pop("text/plain", None)
            for kind in data.keys() - {"image/png"}:
                data[kind] = _without_paths(data[kind], root)
            if "text/html" in data:
                data["text/html"] = BETWEEN_CELLS.sub("><", data["text/html"])
            for part in ("text", "traceback", "evalue"):
                if part in output:
                    output[part] = _without_paths(output[part], root)
    return notebook


def bare(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Take from a notebook, in place, the metadata that a run needs not; return it."""

    def keep(metadata: nbformat.NotebookNode, names: tuple[str, ...]) -> nbformat.NotebookNode:
        return nbformat.from_dict({name: metadata[name] for name in names if name in metadata})

    notebook.metadata = keep(notebook.metadata, KEPT_OF_NOTEBOOK)
    for cell in notebook.cells:
        cell.metadata = keep(cell.metadata, KEPT_OF_CELL)
    return notebook


def slim(root: Path, executed: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a run as it is stored: light figures, no paths of this machine, no editor's notes."""
    notebook = clean(root, deepcopy(executed))
    for cell in code_cells(notebook):
        if (seconds := _seconds_of_cell(cell)) is not None:
            cell.metadata["seconds"] = seconds
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = lighter(data["image/png"])
    return bare(notebook)


def _write(path: Path, notebook: nbformat.NotebookNode) -> None:
    """Write a notebook: whoever reads it finds the old one or the new one, never half of it."""
    text = nbformat.v4.writes(notebook).rstrip("\n") + "\n"
    if path.is_file() and path.read_text(encoding="utf-8", errors="replace") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    unfinished.replace(path)


def keep_run(
    root: Path,
    name: str,
    executed: nbformat.NotebookNode,
    *,
    seconds: float = 0.0,
    failure: dict[str, Any] | None = None,
) -> None:
    """Store a run that was made on this machine, in place of the earlier one.

    Parameters
    ----------
    root : Path
        The folder of the course.
    name : str
        The notebook's path in it.
    executed : NotebookNode
        The notebook with its outputs: of all cells, or of those up to the failure.
    seconds : float
        How long it ran.
    failure : dict, optional
        `index` of the cell that failed, and its `error`.
    """
    kept = slim(root, executed)
    for cell in kept.cells[failure["index"] + 1 :] if failure else ():
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    kept.metadata["run"] = {
        "digest": digest(root, name, executed),
        "processor": processor(),
        "versions": versions(),
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(seconds, 1),
    } | ({"failure": _without_paths(failure, root)} if failure else {})
    _write(root / LOCAL / name, kept)


def shipped_problems(root: Path) -> dict[str, str]:
    """Return what is wrong with the runs that ship: for each notebook, `missing` or `stale`."""
    problems = {}
    for path in in_book(root):
        name = name_of(path, root)
        run = load(root, SHIPPED, name)
        if run is None:
            problems[name] = "missing"
        elif run.record["digest"] != digest(root, name, read(path)) or run.failure:
            problems[name] = "stale"
    return problems


def manifest_of(root: Path) -> str:
    """Return the text of the manifest: the record of each run that ships."""
    names = [name_of(path, root) for path in in_book(root)]
    found = {name: load(root, SHIPPED, name) for name in names}
    records = {name: run.record for name, run in sorted(found.items()) if run}
    return json.dumps(records, indent=1) + "\n"


def strays(root: Path) -> list[Path]:
    """Return the runs in `runs/` that belong to no notebook of the book."""
    wanted = {root / SHIPPED / name_of(path, root) for path in in_book(root)}
    return sorted(set((root / SHIPPED).rglob("*.ipynb")) - wanted)


def shipped_bytes(root: Path) -> int:
    """Return the size of all that ships in `runs/`."""
    return sum(path.stat().st_size for path in (root / SHIPPED).rglob("*") if path.is_file())


def ship(root: Path, names: list[str]) -> None:
    """Copy runs of this machine to `runs/`, with today's prose, and write the manifest.

    Parameters
    ----------
    root : Path
        The folder of the course.
    names : list of str
        Notebooks whose run on this machine is current and did not fail.
    """
    for path in in_book(root):
        name = name_of(path, root)
        notebook = read(path)
        run = find_run(root, name, notebook, fresh=name in names)
        if run is None or run.failure:
            continue
        filled = bare(clean(root, with_outputs(notebook, run.notebook)))
        filled.metadata["run"] = run.record
        _write(root / SHIPPED / name, filled)
    for path in strays(root):
        path.unlink()
    (root / MANIFEST).write_text(manifest_of(root), encoding="utf-8", newline="\n")
