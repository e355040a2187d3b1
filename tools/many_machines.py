"""Work for many machines: a Dask scheduler hands out what `processes` hands to processes of this machine.

In the course's folder, with its environment, on one machine and then on each that is to work:

    PYTHONPATH=tools .venv/bin/dask scheduler
    PYTHONPATH=tools .venv/bin/dask worker tcp://ADDRESS:8786 --nworkers 2 --nthreads 1

Then `tools/calibrate.py` and `tools/other_seeds.py` take that address: `--scheduler tcp://ADDRESS:8786`. Workers may
come and go: what one had not finished when it died, another does again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from functools import cache
from pathlib import Path
import re
import socket
import sys
from typing import Any

from course import ROOT
import dependencies
from processes import processes

OWN = ("companion/**/*.py", "companion/data/**/*.csv", "companion/exercises/*.csv", "tools/**/*.py")
SECONDS = 30  # in which a scheduler answers


def address(given: str) -> str:
    """Read the address of a scheduler on a command line."""
    if not re.fullmatch(r"tcp://[^\s:/]+:\d+", given):
        raise argparse.ArgumentTypeError(
            f"an address such as tcp://192.168.0.7:8786, not {given!r}"
        )
    return given


@cache
def version(root: Path = ROOT) -> str:
    """Return a digest of all that a result depends on, whichever machine it comes from."""
    files = {path for pattern in OWN for path in root.glob(pattern)}
    return dependencies.digest_of(root, [root / dependencies.LOCK, *sorted(files)])


def of_this_course(wanted: str, function: Callable, /, *arguments: Any, **named: Any) -> Any:
    """Call a function on a machine that has the same version of the course as the one that asks.

    Raises
    ------
    ValueError
        If it has another one.
    """
    if version() != wanted:
        raise ValueError(
            f"{ROOT} on {socket.gethostname()} holds another version of the course than the machine that asks: "
            "bring it there and start its workers anew."
        )
    return function(*arguments, **named)


class Machines(Executor):
    """The workers of a Dask scheduler.

    Parameters
    ----------
    scheduler : str
        Its address, for example `tcp://192.168.0.7:8786`.

    Raises
    ------
    OSError
        If nobody answers there.
    """

    def __init__(self, scheduler: str) -> None:
        from distributed import Client

        host, _, port = scheduler.removeprefix("tcp://").partition(":")
        socket.create_connection((host, int(port)), SECONDS).close()
        self._client = Client(scheduler, timeout=SECONDS, set_as_default=False)
        self._executor = self._client.get_executor(pure=False)

    def submit(self, function: Callable, /, *arguments: Any, **named: Any) -> Future:
        """Have a function called by one of the workers.

        Returns
        -------
        concurrent.futures.Future
            Its exception is `distributed.KilledWorker` if workers died under this call four times.
        """
        return self._executor.submit(of_this_course, version(), function, *arguments, **named)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let go of the scheduler, and of what it has not yet handed out."""
        self._client.close()


@contextmanager
def workers(count: int, scheduler: str | None = None) -> Iterator[Executor]:
    """Keep those who do the work: workers of a scheduler, if there is one, or else processes of this machine."""
    if scheduler is None:
        with processes(count) as pool:
            yield pool
        return
    try:
        machines = Machines(scheduler)
    except OSError as error:
        sys.exit(f"No scheduler answers at {scheduler} ({error}): start one there.")
    with machines:
        yield machines
