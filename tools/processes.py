"""Processes that share out work. One that dies costs time only: what it had not finished is done again.

`concurrent.futures` gives up a whole pool when one of its processes dies, out of memory, say, and with it
everything that the others were at. `Processes` is such a pool that sets up another one and hands out anew
what was lost. Functions that are handed to it have to give the same result whoever computes them.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from threading import Lock
from typing import Any

TRIES = 3  # for one call, which may itself be what kills each process that it is given to


class Processes(Executor):
    """A pool of processes that outlives them.

    Parameters
    ----------
    workers : int
        How many processes.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._lock = Lock()
        self._stopped = False
        self._broken: list[ProcessPoolExecutor] = []
        self._pool = self._new()

    def _new(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._workers, mp_context=get_context("spawn"))

    @property
    def numbers(self) -> list[int]:
        """The numbers of the processes that are alive."""
        return list(self._pool._processes or {})

    def submit(self, function: Callable, /, *arguments: Any, **named: Any) -> Future:
        """Have a function called by one of the processes.

        Returns
        -------
        concurrent.futures.Future
            Its exception is `BrokenProcessPool` if processes died under this call three times.
        """
        promised: Future = Future()
        promised.set_running_or_notify_cancel()
        self._hand(promised, TRIES, function, arguments, named)
        return promised

    def _hand(
        self, promised: Future, tries: int, function: Callable, arguments: tuple, named: dict
    ) -> None:
        """Hand out a call, and hand it out again if its process dies."""
        pool = self._pool
        try:
            given = pool.submit(function, *arguments, **named)
        except BrokenProcessPool:
            pool = self._instead_of(pool)
            given = pool.submit(function, *arguments, **named)

        def settle(done: Future) -> None:
            problem = InterruptedError("it was stopped") if done.cancelled() else done.exception()
            if problem is None:
                promised.set_result(done.result())
            elif isinstance(problem, BrokenProcessPool) and tries > 1 and not self._stopped:
                self._instead_of(pool)
                self._hand(promised, tries - 1, function, arguments, named)
            else:
                promised.set_exception(problem)

        given.add_done_callback(settle)

    def _instead_of(self, broken: ProcessPoolExecutor) -> ProcessPoolExecutor:
        """Return the pool that takes the place of a broken one.

        The broken one calls this while it holds its own lock, which whoever asks it for anything waits for. So
        does its end as an object: therefore it is kept.
        """
        with self._lock:
            if self._pool is broken:
                self._broken.append(broken)
                self._pool = self._new()
            return self._pool

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the processes end, at once or when all calls have."""
        self._pool.shutdown(wait, cancel_futures=cancel_futures)

    def stop(self) -> None:
        """End the processes now."""
        self._stopped = True
        running = list((self._pool._processes or {}).values())
        self.shutdown(wait=False, cancel_futures=True)
        for process in running:
            process.terminate()  # nbclient hears that, and ends its kernel


@contextmanager
def processes(workers: int) -> Iterator[Processes]:
    """Keep processes while something runs; after an interrupt nothing is left of them."""
    pool = Processes(workers)
    try:
        yield pool
    except BaseException:
        pool.stop()
        raise
    pool.shutdown()
