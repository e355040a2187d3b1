"""Processes that share out work: one that dies costs time only."""

from concurrent.futures.process import BrokenProcessPool
import os
from pathlib import Path
import signal
import time

from processes import TRIES, processes
import psutil
import pytest


def square(number, deadly=None, marks=None):
    """Square a number; the first time, die at a deadly one, and mark each time when it was tried."""
    if number == deadly:
        tried = Path(marks, f"{time.monotonic_ns()}")
        first = not any(Path(marks).iterdir())
        tried.touch()
        if first:
            os.kill(os.getpid(), signal.SIGKILL)
    return number**2


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_is_computed_does_not_depend_on_a_process_that_dies(tmp_path):
    with processes(2) as pool:
        futures = [pool.submit(square, number, deadly=5, marks=tmp_path) for number in range(12)]
        assert [future.result() for future in futures] == [number**2 for number in range(12)]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_process_that_is_killed_from_outside_costs_time_only():
    with processes(2) as pool:
        futures = [pool.submit(time.sleep, 1.0) for _ in range(2)]
        while len(pool.numbers) < 2:
            time.sleep(0.05)
        os.kill(pool.numbers[0], signal.SIGKILL)
        assert list(pool.map(square, range(6))) == [0, 1, 4, 9, 16, 25]
        assert [future.result() for future in futures] == [None, None]


def test_a_call_that_kills_every_process_is_told_and_the_pool_goes_on():
    with processes(1) as pool:
        with pytest.raises(BrokenProcessPool):
            pool.submit(die).result()
        assert pool.submit(square, 3).result() == 9
    assert TRIES == 3


def test_an_error_is_an_answer_and_not_asked_for_again():
    with processes(1) as pool, pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result()


def test_after_an_interrupt_no_process_is_left():
    with pytest.raises(KeyboardInterrupt), processes(2) as pool:
        futures = [pool.submit(os.getpid), pool.submit(time.sleep, 60), pool.submit(time.sleep, 60)]
        futures[0].result()
        running = [psutil.Process(number) for number in pool.numbers]
        raise KeyboardInterrupt
    # A thread of the pool waits for its processes, too: whichever of two that wait comes second is told
    # nothing by multiprocessing's own `is_alive`, and psutil asks the system instead.
    _, left = psutil.wait_procs(running, timeout=30)
    assert running and not left
