"""Run notebooks, several at a time, and store what they put out.

One process talks to all kernels. So one signal ends everything: the kernels are killed, and nothing
that they had not finished is stored.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
import os
from pathlib import Path
import shutil
from statistics import median
import tempfile
import time
from typing import IO

from course import Unreadable, read
from dependencies import digest
from failures import describe, plain
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from kernels import XLA_PROGRAMS, warm_kernels
from machine import workers
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
import nbformat
from runs import keep_run, seconds_of

CELL_SECONDS = 600
START_SECONDS = 180
TICK_SECONDS = 20.0
UNKNOWN_SECONDS = 45.0  # of a notebook, where none has ever run
LAST_WORDS = 500  # characters of what a kernel wrote before it died


@dataclass
class Job:
    """A notebook that waits, runs or has run.

    Attributes
    ----------
    name : str
        Its path in the course.
    notebook : NotebookNode
        Its content; the outputs come in while it runs.
    digest : str
        What it depended on when it was started.
    expected : float
        The seconds that it took the last time.
    asked : float or None
        When a kernel was asked for, on the clock of `time.monotonic`.
    started : float or None
        When the kernel was there.
    current : int
        Index of the cell that runs.
    seconds : float or None
        How long it ran; None until it has ended.
    failed : bool
        Whether a cell failed, so that its seconds say nothing.
    """

    name: str
    notebook: nbformat.NotebookNode
    digest: str
    expected: float
    asked: float | None = None
    started: float | None = None
    current: int = 0
    seconds: float | None = None
    failed: bool = False

    def ran(self, now: float) -> float:
        """Return for how long it has run."""
        return 0.0 if self.started is None else now - self.started

    def state(self, now: float) -> str:
        """Return for how long it has run, for people to read."""
        return "starting" if self.started is None else f"{self.ran(now):.0f} s"


@dataclass
class Progress:
    """What has run, what runs and what waits: the state behind the lines that a person sees."""

    jobs: list[Job]
    at_once: int
    started: float = field(default_factory=time.monotonic)

    def remaining(self, now: float) -> float:
        """Return the seconds that the rest will take, judged by earlier runs and by this one."""
        done = [job for job in self.jobs if job.seconds is not None and not job.failed]
        expected = sum(job.expected for job in done)
        pace = sum(job.seconds or 0.0 for job in done) / expected if expected else 1.0
        left = [
            max(0.0, pace * job.expected - job.ran(now)) for job in self.jobs if job.seconds is None
        ]
        return max([sum(left) / self.at_once, *left], default=0.0)

    def line(self, now: float) -> str:
        """Return the line that says where things stand."""
        running = [job for job in self.jobs if job.asked is not None and job.seconds is None]
        names = ", ".join(f"{job.name} ({job.state(now)})" for job in running)
        done = sum(job.seconds is not None for job in self.jobs)
        return (
            f"{duration(now - self.started)}: {done} of {len(self.jobs)} done; running {names}; "
            f"about {duration(self.remaining(now))} left"
        )


def duration(seconds: float) -> str:
    """Return a number of seconds as people say it.

    Examples
    --------
    >>> duration(35.2), duration(119.8)
    ('35 s', '2 min')
    """
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def own_files(scratch: Path) -> dict[str, str]:
    """Return the environment in which kernels keep away from the files of the person at the machine.

    Parameters
    ----------
    scratch : Path
        A folder for their own. The progress of a learner and the settings of somebody's IPython are
        not the build's to read or write.
    """
    return {
        "COMPANION_PROGRESS": str(scratch / "progress.json"),
        "IPYTHONDIR": str(scratch / "ipython"),
    }


@contextmanager
def intact_programs() -> Iterator[None]:
    """Forget JAX's compiled programs if a kernel may have been killed while it wrote one.

    JAX reads half a file as an error, says so in the notebook, and never replaces it.
    """
    mark = XLA_PROGRAMS.with_name("running")
    if mark.exists():
        shutil.rmtree(XLA_PROGRAMS, ignore_errors=True)
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    yield
    mark.unlink(missing_ok=True)


def _manager(environment: dict[str, str]) -> AsyncKernelManager:
    """Return a manager that finds its kernel in this environment's folders."""
    folders = environment["JUPYTER_PATH"].split(os.pathsep)
    specs = KernelSpecManager(kernel_dirs=[str(Path(folder) / "kernels") for folder in folders])
    return AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)


async def _run_cells(client: NotebookClient, job: Job, environment: dict[str, str], log: IO) -> str:
    """Start a kernel and run all cells in it; return the error of the cell that failed, if any."""
    try:
        # What a library writes past the notebook, such as a progress bar, is for the log.
        await client.async_start_new_kernel(env=environment, stdout=log, stderr=log)
        await client.async_start_new_kernel_client()
        job.started = time.monotonic()
        for index, cell in enumerate(job.notebook.cells):
            job.current = index
            count = client.code_cells_executed + 1
            await client.async_execute_cell(cell, index, execution_count=count)
        return ""
    except CellExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    except CellTimeoutError:
        return f"TimeoutError: the cell ran for more than {CELL_SECONDS} s"
    except (DeadKernelError, RuntimeError) as error:
        task = asyncio.current_task()
        if task and task.cancelling():  # nbclient takes a cancellation for a death
            raise asyncio.CancelledError from None
        log.seek(0)
        last = plain(log.read().decode(errors="replace")).strip()[-LAST_WORDS:]
        return f"DeadKernelError: the kernel died, often for want of memory ({last or error})"


async def run_job(root: Path, job: Job, environment: dict[str, str]) -> str:
    """Run one notebook and store its run, up to the failure if there is one.

    Returns
    -------
    str
        What failed, for a person to read; empty if nothing did.
    """
    job.asked = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        manager = _manager(environment)
        client = NotebookClient(
            job.notebook,
            km=manager,
            timeout=CELL_SECONDS,
            startup_timeout=START_SECONDS,
            resources={"metadata": {"path": str((root / job.name).parent)}},
            # Not the kernel's remark that its local ports are not encrypted.
            extra_arguments=["--log-level=ERROR"],
            record_timing=True,
        )
        with open(Path(scratch) / "log", "w+b") as log:
            try:
                whole = os.environ | environment | own_files(Path(scratch))
                error = await _run_cells(client, job, whole, log)
            finally:
                await manager.shutdown_kernel(now=True)
                if client.kc is not None:
                    client.kc.stop_channels()
    seconds = job.ran(time.monotonic())
    failure = {"index": job.current, "error": plain(error)} if error else None
    said = describe(root, job.name, job.notebook, job.current, error) if error else ""
    try:
        if digest(root, job.name, read(root / job.name)) != job.digest:
            said = f"{job.name}, or a file on which it depends, changed while it ran: run it again."
        else:
            kept = partial(keep_run, seconds=seconds, failure=failure)
            await asyncio.to_thread(kept, root, job.name, job.notebook)
    except Unreadable as problem:
        said = str(problem)
    job.seconds, job.failed = seconds, bool(said)
    return said


async def _run_all(root: Path, jobs: list[Job], at_once: int, environment: dict) -> list[str]:
    """Run all notebooks, the longest first; say what happens."""
    progress, failures = Progress(jobs, at_once), []
    waiting = iter(jobs)

    async def work() -> None:
        for job in waiting:
            said = await run_job(root, job, environment)
            print(f"{job.name}  {job.seconds:.0f} s{'  FAILED' if said else ''}", flush=True)
            failures.extend([said] if said else [])

    async def tick() -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            print(progress.line(time.monotonic()), flush=True)

    ticking = asyncio.create_task(tick())
    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())
    ticking.cancel()
    with suppress(asyncio.CancelledError):
        await ticking
    return failures


def run_notebooks(root: Path, names: Sequence[str]) -> list[str]:
    """Run notebooks, a line for each, and a line on the state of things every 20 seconds.

    Parameters
    ----------
    root : Path
        The folder of the course.
    names : sequence of str
        Their paths in it.

    Returns
    -------
    list of str
        For each that failed, what failed and what to do.
    """
    jobs, failures = [], []
    known = {name: seconds for name in names if (seconds := seconds_of(root, name))}
    usual = median(known.values()) if known else UNKNOWN_SECONDS
    for name in names:
        try:
            notebook = read(root / name)
        except Unreadable as problem:
            failures.append(str(problem))
            continue
        jobs.append(Job(name, notebook, digest(root, name, notebook), known.get(name, usual)))
    if not jobs:
        return failures
    jobs.sort(key=lambda job: -job.expected)
    at_once = min(workers(), len(jobs))
    estimate = duration(Progress(jobs, at_once).remaining(time.monotonic()))
    plural = "notebooks" if len(jobs) > 1 else "notebook"
    print(
        f"Running {len(jobs)} {plural}, {at_once} at a time: about {estimate}.",
        flush=True,
    )
    with intact_programs(), warm_kernels() as environment:
        return failures + asyncio.run(_run_all(root, jobs, at_once, environment))
