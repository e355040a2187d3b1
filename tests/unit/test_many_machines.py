"""Work for many machines: the two commands that the course names, and what it costs when a worker dies."""

import os
from pathlib import Path
import re
import signal
import socket
import subprocess
import sys
import time

from course import ROOT
import many_machines
import pytest

from tests.unit.test_processes import square

DASK = [sys.executable, "-m", "dask"]


@pytest.fixture(scope="module")
def scheduler():
    """Start a scheduler and two workers, as the course says, on a port that is free."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    paths = {"PYTHONPATH": os.pathsep.join([str(ROOT / "tools"), str(ROOT)])}
    quiet = {"cwd": ROOT, "env": os.environ | paths, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}  # fmt: skip
    here = ["--host", "127.0.0.1", "--no-dashboard"]
    started = [
        subprocess.Popen([*DASK, "scheduler", *here, "--port", str(port)], **quiet),
        subprocess.Popen(
            [*DASK, "worker", address, *here, "--nworkers", "2", "--nthreads", "1"], **quiet
        ),
    ]
    try:
        for _ in range(300):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield address
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait()


def test_what_is_computed_is_the_same_though_a_worker_dies(scheduler, tmp_path):
    with many_machines.workers(0, scheduler) as pool:
        futures = [pool.submit(square, number, 5, tmp_path) for number in range(12)]
        assert [future.result(60) for future in futures] == [number**2 for number in range(12)]
        assert list(pool.map(square, range(4))) == [0, 1, 4, 9]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_worker_that_is_killed_from_outside_costs_time_only(scheduler):
    with many_machines.workers(0, scheduler) as pool:
        number = pool.submit(os.getpid).result(60)
        futures = [pool.submit(time.sleep, 0.5) for _ in range(4)]
        os.kill(number, signal.SIGKILL)
        assert [future.result(60) for future in futures] == [None] * 4


def test_an_error_is_an_answer(scheduler):
    with many_machines.workers(0, scheduler) as pool, pytest.raises(ZeroDivisionError):
        pool.submit(divmod, 1, 0).result(60)


def test_a_worker_with_another_version_of_the_course_refuses(scheduler, monkeypatch):
    monkeypatch.setattr(many_machines, "version", lambda: "0" * 16)
    with many_machines.workers(0, scheduler) as pool, pytest.raises(ValueError) as caught:
        pool.submit(square, 3).result(60)
    assert f"{ROOT} on {socket.gethostname()} holds another version" in str(caught.value)


def test_the_version_follows_what_results_depend_on_and_nothing_else(tmp_path):
    def version(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        many_machines.version.cache_clear()
        return many_machines.version(tmp_path)

    (tmp_path / "requirements.txt").write_text("jax")
    names = ("companion/data/a.csv", "companion/b.py", "tools/c/d.py", "requirements.txt")
    found = [version(name, "1") for name in (*names, "chapters/e.ipynb", "companion/b.py")]
    assert len(set(found)) == len(names)
    assert found[-1] == found[len(names) - 1]


def test_without_a_scheduler_processes_of_this_machine_do_the_work():
    with many_machines.workers(1) as pool:
        assert pool.submit(os.getpid).result() != os.getpid()


def test_a_scheduler_that_is_not_there_is_said():
    with pytest.raises(SystemExit, match=r"No scheduler answers at tcp://127.0.0.1:1 \(.*refused"):
        many_machines.workers(0, "tcp://127.0.0.1:1").__enter__()


def test_the_commands_are_those_of_the_page():
    page = (ROOT / "appendices" / "j-run-it-elsewhere.md").read_text("utf-8")
    told = re.findall(r"^ {4}(\S.*dask \w+.*)$", many_machines.__doc__, flags=re.M)
    assert [line.split()[2] for line in told] == ["scheduler", "worker"]
    assert all(line in page for line in told)
    # Whoever hands a call on reads it, too.
    assert all(line.startswith("PYTHONPATH=tools .venv/bin/dask ") for line in told)
    assert Path(DASK[0]).with_name("dask").exists()
