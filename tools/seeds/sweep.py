"""Run notebooks again and again: other seeds for each fit, all seeds shifted, another processor.

`run` gives every notebook to a pool of processes, or to any client that has `submit` as
`concurrent.futures` has it, such as `many_machines.Machines`. A notebook travels as text and its result
comes back as a plain dict, so workers on another machine need no shared disk.

Results stand in `_build/seeds`, one file for each notebook and task, under the digest of what the
notebook depends on. A sweep that was interrupted goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
import json
import os
from pathlib import Path
import tempfile
import time
from typing import Any, Protocol

from course import ROOT, code_cells, notebooks, read, tags
import dependencies
from failures import plain
from kernels import ENVIRONMENT, inside, warm_kernels
import machine
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
import nbformat
from processes import processes
from run_notebooks import CELL_SECONDS, START_SECONDS, duration, own_files
from run_notebooks import _manager as kernel_manager

IN_KERNEL = Path(__file__).resolve().with_name("in_kernel.py")
FOLDER = Path("_build") / "seeds"
AGAIN_SECONDS = 6 * 3600  # for all fits of a notebook with all seeds
LINE_SECONDS = 20.0
LOOK_SECONDS = 0.5
LONGEST_ERROR = 400

# XLA and numba compile for the processor they find. This is one of 2011: other instructions, so other
# roundings, so other draws.
OTHER_PROCESSOR = {"XLA_FLAGS": "--xla_cpu_max_isa=AVX", "NUMBA_CPU_NAME": "sandybridge"}


class Client(Protocol):
    """What `run` needs of a client: `submit`, which returns something with `done` and `result`."""

    def submit(self, function: Any, /, *arguments: Any) -> Any:
        """Have a function called elsewhere."""


@dataclass(frozen=True)
class Task:
    """One way to run a notebook.

    Attributes
    ----------
    seeds : int
        With how many other seeds each fit is run again afterwards.
    shift : int
        What is added to every seed of the notebook.
    simulations : bool
        Whether seeds of simulated data are shifted, too.
    other_processor : bool
        Whether code is compiled for another processor.
    """

    seeds: int = 0
    shift: int = 0
    simulations: bool = False
    other_processor: bool = False

    @property
    def name(self) -> str:
        """A short name, for files and headings."""
        parts = [f"fits-{self.seeds}"] if self.seeds else []
        parts += [f"shift-{self.shift}"] if self.shift else []
        parts += ["simulations"] if self.simulations else []
        parts += ["other-processor"] if self.other_processor else []
        return "-".join(parts) or "as-is"


Job = tuple[str, Task]


def is_run(cell: nbformat.NotebookNode) -> bool:
    """Tell whether nbclient runs a code cell."""
    return bool(cell.source.strip()) and "skip-execution" not in tags(cell)


def _sentences(cell: nbformat.NotebookNode) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the Markdown that a cell displayed, and the claims that are kept beside it."""
    texts, claims = [], []
    for output in cell.outputs:
        if text := output.get("data", {}).get("text/markdown"):
            texts.append(text)
            about = output.get("metadata", {})
            claims += about.get("text/markdown", about).get("claims", [])
    return texts, claims


def other_processor(caches: Path) -> dict[str, str]:
    """Return the environment in which code is compiled for another processor, with empty caches."""
    flags = [os.environ.get("PYTENSOR_FLAGS", ""), f"base_compiledir={caches / 'pytensor'}"]
    xla = [os.environ.get("XLA_FLAGS", ""), OTHER_PROCESSOR["XLA_FLAGS"]]
    return OTHER_PROCESSOR | {
        "XLA_FLAGS": " ".join(filter(None, xla)),
        "PYTENSOR_FLAGS": ",".join(filter(None, flags)),
        "NUMBA_CACHE_DIR": str(caches / "numba"),
        "JAX_COMPILATION_CACHE_DIR": str(caches / "xla"),
    }


def _run_cells(
    client: NotebookClient, cells: Sequence[nbformat.NotebookNode], environment: Mapping[str, str]
) -> list[list[str]]:
    """Run a notebook to its end, whatever fails, and return which cells failed and how."""
    stopped = ""
    with tempfile.TemporaryFile() as log:
        try:
            # What a library writes past the notebook, such as a progress bar, is not for here.
            client.execute(cleanup_kc=True, env=dict(environment), stdout=log, stderr=log)
        except DeadKernelError:
            stopped = "DeadKernelError: the kernel died, often for want of memory"
        except CellTimeoutError:
            stopped = "TimeoutError: a cell ran for too long"
    failures = [
        [cell.id, plain(f"{output.ename}: {output.evalue}")[:LONGEST_ERROR]]
        for cell in cells
        if "raises-exception" not in tags(cell)
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]
    if stopped:
        reached = [cell.id for cell in cells if cell.get("execution_count")]
        failures.append([reached[-1] if reached else cells[0].id, stopped])
    return failures


def execute(
    text: str, folder: str, task: Task, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Run one notebook.

    Parameters
    ----------
    text : str
        The notebook, as JSON.
    folder : str
        The folder in which its kernel starts, from that of the course on.
    task : Task
        How to run it.
    environment : mapping, optional
        Where its kernel comes from (see `warm_kernels`); an ordinary kernel by default.

    Returns
    -------
    dict
        `failures` (pairs of cell and error), `sentences` (lists of texts by cell), `claims`, what
        `in_kernel.finish` found, and `seconds`, `date`, `processor` and `versions`.
    """
    begin = time.perf_counter()
    notebook = nbformat.reads(text, as_version=4)
    cells = [cell for cell in code_cells(notebook) if is_run(cell)]
    arguments = {
        "cells": [(cell.id, tags(cell)) for cell in cells],
        "shift": task.shift,
        "simulations": task.simulations,
    }
    before = nbformat.v4.new_code_cell(inside.start(IN_KERNEL, **arguments), id="seeds-start")
    after = nbformat.v4.new_code_cell(inside.finish(IN_KERNEL, seeds=task.seeds), id="seeds-finish")
    notebook.cells = [before, *notebook.cells, after]
    environment = ENVIRONMENT | dict(environment or {})
    client = NotebookClient(
        notebook,
        km=kernel_manager(environment),
        timeout_func=lambda cell: AGAIN_SECONDS if cell.id == after.id else CELL_SECONDS,
        startup_timeout=START_SECONDS,
        shutdown_kernel="immediate",
        allow_errors=True,
        resources={"metadata": {"path": str(ROOT / folder)}},
        extra_arguments=["--log-level=ERROR"],
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        whole = os.environ | environment | own_files(Path(scratch))
        if task.other_processor:
            whole |= other_processor(Path(scratch))
        failures = _run_cells(client, [before, *cells, after], whole)
    said = {cell.id: _sentences(cell) for cell in cells}
    found = [
        output.data["application/json"]
        for output in after.outputs
        if output.output_type == "display_data" and "application/json" in output.data
    ]
    return {
        "failures": failures,
        "sentences": {cell: texts for cell, (texts, _) in said.items() if texts},
        "claims": {cell: claims for cell, (_, claims) in said.items() if claims},
        "found": found[0] if found else None,
        "seconds": round(time.perf_counter() - begin, 1),
        "date": date.today().isoformat(),
        "processor": machine.processor(),
        "versions": machine.versions(),
        "task": asdict(task),
    }


def names(words: Iterable[str] = (), root: Path = ROOT) -> list[str]:
    """Return the notebooks whose path contains one of some words; all chapters and solutions by default."""
    found = [
        path.relative_to(root).as_posix() for path in notebooks(root, ("chapters", "solutions"))
    ]
    wanted = list(words)
    return [name for name in found if not wanted or any(word in name for word in wanted)]


def digest(name: str, root: Path = ROOT) -> str:
    """Return a digest of all that the run of a notebook depends on."""
    return dependencies.digest(root, name, read(root / name))


def place_of(name: str, task: Task, root: Path = ROOT) -> Path:
    """Return the file of a result."""
    stem = name.removesuffix(".ipynb")
    return root / FOLDER / task.name / f"{stem}-{digest(name, root)}.json"


def stored(name: str, task: Task, root: Path = ROOT) -> dict[str, Any] | None:
    """Return a result that is there already and still holds, or None."""
    path = place_of(name, task, root)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def all_stored(name: str, root: Path = ROOT) -> list[dict[str, Any]]:
    """Return all results of a notebook as it now stands, of whatever task."""
    file = f"*/{name.removesuffix('.ipynb')}-{digest(name, root)}.json"
    paths = sorted((root / FOLDER).glob(file))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def keep(name: str, task: Task, result: Mapping[str, Any], root: Path = ROOT) -> None:
    """Store a result in place of earlier ones."""
    path = place_of(name, task, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
    unfinished.replace(path)
    for old in path.parent.glob(f"{Path(name).stem}-{'[0-9a-f]' * 16}.json"):
        if old != path:
            old.unlink()


def progress(done: int, total: int, running: Mapping[str, float], spent: float) -> str:
    """Return a line that says what is running, and an estimate of what remains.

    Parameters
    ----------
    done, total : int
        Runs that have ended, and all.
    running : mapping of str to float
        What is running, with the seconds since it was handed out.
    spent : float
        Seconds since the first began.
    """
    left = f"about {duration(spent / done * (total - done))} left" if done else "no estimate yet"
    shown = [f"{name} ({duration(seconds)})" for name, seconds in running.items()]
    more = [f"{len(shown) - 4} more"] if len(shown) > 4 else []
    return f"{done} of {total} done, {left}; running: {', '.join(shown[:4] + more)}"


def run(
    tasks: Iterable[Task],
    notebook_names: Iterable[str] | None = None,
    *,
    client: Client | None = None,
    workers: int | None = None,
    again: bool = False,
    root: Path = ROOT,
) -> dict[Job, dict[str, Any]]:
    """Run notebooks in several ways, and return all results.

    Parameters
    ----------
    tasks : iterable of Task
        In which ways.
    notebook_names : iterable of str, optional
        Which; all chapters and solutions by default.
    client : Client, optional
        Runs the notebooks elsewhere: an executor, such as `many_machines.Machines`.
    workers : int, optional
        Without a client: how many notebooks at a time, by default one a processor core, four at most.
    again : bool
        Whether to forget earlier results first.
    root : pathlib.Path
        The folder of the course.

    Returns
    -------
    dict
        What `execute` returned, by notebook and task. A notebook that changed while it ran, or whose
        worker died, is not in it.
    """
    chosen = list(names(root=root) if notebook_names is None else notebook_names)
    jobs = [(name, task) for task in tasks for name in chosen]
    results = {}
    for name, task in jobs:
        result = None if again else stored(name, task, root)
        if result is not None:
            results[name, task] = result
    left = [job for job in jobs if job not in results]
    if left and client is not None:
        _run_jobs(left, results, client, len(left), None, root)
    elif left:
        # A kernel for another processor cannot be a copy of one for this.
        here = [job for job in left if not job[1].other_processor]
        there = [job for job in left if job[1].other_processor]
        size = workers or machine.workers()
        with processes(size) as pool:
            if here:
                with warm_kernels() as environment:
                    _run_jobs(here, results, pool, size, environment, root)
            _run_jobs(there, results, pool, size, None, root)
    return results


@dataclass
class _Handed:
    """A job that somebody works on."""

    future: Any
    digest: str  # of the notebook that was handed out
    since: float


def _collect(job: Job, handed: _Handed, root: Path) -> tuple[dict[str, Any] | None, str]:
    """Return the result of a job, or None if there is no use in it, and a remark for its line."""
    name, task = job
    try:
        result = handed.future.result()
    except Exception as error:  # a worker that died, say: the other notebooks go on
        return None, f"  FAILED: {type(error).__name__}: {error}"
    if digest(name, root) != handed.digest:
        return None, "  it, or a file on which it depends, changed while it ran: run it again"
    keep(name, task, result, root)
    failed = len(result["failures"])
    return result, f"  {failed} cells fail" if failed else ""


def _run_jobs(
    jobs: list[Job],
    results: dict[Job, dict[str, Any]],
    client: Client,
    at_once: int,
    environment: Mapping[str, str] | None,
    root: Path,
) -> None:
    """Hand out jobs, as many at once as asked, and store what comes back."""
    waiting: list[Job] = jobs[::-1]
    running: dict[Job, _Handed] = {}
    begin = said = time.monotonic()
    while waiting or running:
        while waiting and len(running) < at_once:
            name, task = waiting.pop()
            path, now = root / name, digest(name, root)
            text = path.read_text(encoding="utf-8")
            folder = Path(name).parent if root == ROOT else path.parent
            future = client.submit(execute, text, str(folder), task, environment)
            running[name, task] = _Handed(future, now, time.monotonic())
        for job in [job for job, handed in running.items() if handed.future.done()]:
            handed = running.pop(job)
            result, remark = _collect(job, handed, root)
            if result is not None:
                results[job] = result
            name, task = job
            spent = duration(time.monotonic() - handed.since)
            print(f"{name}  {task.name}  {spent}{remark}", flush=True)
        if time.monotonic() - said >= LINE_SECONDS:
            said = time.monotonic()
            going = {
                f"{name} {task.name}": said - handed.since
                for (name, task), handed in running.items()
            }
            done = len(jobs) - len(waiting) - len(running)
            print(progress(done, len(jobs), going, said - begin), flush=True)
        time.sleep(LOOK_SECONDS)
