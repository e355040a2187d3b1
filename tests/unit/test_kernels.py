"""Notebooks run in kernels that are forked from one warm process, and end with it in silence."""

from ast import literal_eval
from contextlib import ExitStack
import os
from pathlib import Path
import signal
import socket
import subprocess
import sys
import tempfile
import time
from uuid import uuid4

from course import ROOT
from jupyter_client.manager import KernelManager
import kernels
import psutil
import pytest

# A server that has imported nothing but what logs, to save time.
NOT_WARMED = f"""
import logging, os, runpy, signal, socket, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
logging.getLogger("library").addHandler(logging.StreamHandler())
os.environ["WARMED"] = "yes"
sys.warmed = True
server = runpy.run_path({str(kernels.SERVER)!r})
server["serve"](socket.socket(fileno=int(sys.argv[1])), 0)
"""
SECONDS_TO_END = 5


@pytest.fixture
def not_warmed(tmp_path, monkeypatch):
    """Let the server be one that has imported nothing, and return where it is."""
    server = tmp_path / "server.py"
    server.write_text(NOT_WARMED)
    monkeypatch.setattr(kernels, "SERVER", server)
    return server


@pytest.fixture
def environment(not_warmed, monkeypatch):
    """Keep a server that has not imported anything."""
    with kernels.warm_kernels() as environment:
        monkeypatch.setenv("JUPYTER_PATH", environment["JUPYTER_PATH"])
        yield environment


@pytest.fixture
def started(request, tmp_path):
    """Return a function that starts a kernel in `tmp_path`."""

    def start():
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(
            cwd=str(tmp_path),
            env=os.environ | {"GREETING": "hello"},
            extra_arguments=["--log-level=ERROR"],
        )
        client = manager.client()
        client.start_channels()
        request.addfinalizer(client.stop_channels)
        request.addfinalizer(lambda: manager.shutdown_kernel(now=True))
        client.wait_for_ready(timeout=60)
        return manager, client

    return start


def value(client, expression):
    """Return what an expression evaluates to in a kernel."""
    reply = client.execute_interactive(
        "", user_expressions={"value": expression}, store_history=False, timeout=60
    )
    return literal_eval(reply["content"]["user_expressions"]["value"]["data"]["text/plain"])


def gone(number, seconds=SECONDS_TO_END):
    """Return whether a process has ended, or does within some seconds."""
    limit = time.monotonic() + seconds
    while Path(f"/proc/{number}").exists():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


FACTS = """(
    __import__("os").getcwd(), __import__("os").environ["GREETING"], hasattr(__import__("sys"), "warmed")
)"""
NUMBER = "__import__('os').getpid()"


def test_a_kernel_is_forked_and_stands_in_the_folder_and_environment_that_were_asked_for(
    environment, started, tmp_path
):
    _, client = started()
    assert value(client, FACTS) == (str(tmp_path), "hello", True)
    assert value(client, "__import__('os').environ.get('WARMED')") is None


def test_kernels_share_nothing(environment, started):
    (_, one), (_, other) = started(), started()
    one.execute_interactive("import builtins; builtins.secret = 1", timeout=60)
    assert value(one, "hasattr(__import__('builtins'), 'secret')") is True
    assert value(other, "hasattr(__import__('builtins'), 'secret')") is False


def test_an_interrupt_reaches_the_kernel(environment, started):
    manager, client = started()
    request = client.execute("import time; time.sleep(60)")
    time.sleep(1.0)
    manager.interrupt_kernel()
    while (reply := client.get_shell_msg(timeout=20))["parent_header"]["msg_id"] != request:
        pass
    assert reply["content"]["ename"] == "KeyboardInterrupt"


def test_what_a_library_logs_that_the_server_imported_is_in_the_notebook(environment, started):
    _, client = started()
    said = []
    client.execute_interactive(
        "import logging; logging.getLogger('library').warning('the chains diverged')",
        output_hook=lambda message: said.append(message["content"].get("text", "")),
        timeout=60,
    )
    assert "the chains diverged\n" in said


def test_a_kernel_and_what_it_started_end_with_its_client(environment, started):
    manager, client = started()
    client.execute_interactive(
        "import subprocess; child = subprocess.Popen(['sleep', '600'])", timeout=60
    )
    number, child = value(client, NUMBER), value(client, "child.pid")
    manager.provisioner.process.kill()
    assert gone(number)
    assert gone(child)


def test_kernels_end_with_the_server(not_warmed, started, monkeypatch):
    with kernels.warm_kernels() as environment:
        monkeypatch.setenv("JUPYTER_PATH", environment["JUPYTER_PATH"])
        (one_manager, one), (_, other) = started(), started()
        numbers = [value(one, NUMBER), value(other, NUMBER)]
    assert all(gone(number) for number in numbers)
    assert one_manager.provisioner.process.wait(timeout=SECONDS_TO_END) == 0


@pytest.mark.parametrize("when", ["before it answers", "in the middle of a request"])
def test_a_server_that_fails_leaves_ordinary_kernels(
    started, not_warmed, tmp_path, monkeypatch, when
):
    failing = "import time; time.sleep(1.0)"
    if when != "before it answers":
        failing += (
            "; import socket, sys; socket.socket(fileno=int(sys.argv[1])).accept(); sys.exit()"
        )
    not_warmed.write_text(failing)
    with kernels.warm_kernels() as environment:
        monkeypatch.setenv("JUPYTER_PATH", environment["JUPYTER_PATH"])
        _, client = started()
        assert value(client, FACTS) == (str(tmp_path), "hello", False)


def test_a_client_that_breaks_off_does_not_keep_the_server(environment, started):
    door = Path(environment["JUPYTER_PATH"].split(os.pathsep)[0]) / "door"
    with socket.socket(socket.AF_UNIX) as rude:
        rude.connect(str(door))
        socket.send_fds(rude, [b' {"arguments"'], [0, 1, 2])
    _, client = started()
    assert value(client, "hasattr(__import__('sys'), 'warmed')") is True


def test_in_a_folder_with_a_long_path_the_socket_stands_elsewhere(
    not_warmed, started, tmp_path, monkeypatch
):
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with kernels.warm_kernels() as environment:
        monkeypatch.setenv("JUPYTER_PATH", environment["JUPYTER_PATH"])
        _, client = started()
        assert value(client, "hasattr(__import__('sys'), 'warmed')") is True
    assert not list(long.glob("kernels-*"))


def test_without_a_place_for_a_socket_there_are_ordinary_kernels_and_a_sentence(
    monkeypatch, capsys
):
    def no_place():
        raise OSError("no place")

    monkeypatch.setattr(kernels, "short_folder", no_place)
    with kernels.warm_kernels() as environment:
        assert environment == kernels.ENVIRONMENT
    assert capsys.readouterr().out == (
        "Kernels start ten seconds later than they could: no socket (no place).\n"
    )


# Two kernels in the middle of a cell: one computes, one has started a process of its own.
BUSY = """
import os, sys, time
import kernels, pathlib
from jupyter_client.manager import KernelManager

kernels.SERVER = pathlib.Path(sys.argv[1])
with kernels.warm_kernels() as environment:
    os.environ |= environment
    clients = []
    for code in ("while True: sum(range(10**6))", "import os; os.system('sleep 600')"):
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(extra_arguments=["--log-level=ERROR"])
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=60)
        client.execute(code)
        clients.append((manager, client))
    time.sleep(0.5)
    print("running", flush=True)
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        for manager, client in clients:
            manager.shutdown_kernel(now=True)
            client.stop_channels()
"""


def family(mark):
    """Return the processes that have a mark in the environment with which they were started."""
    found = []
    for process in psutil.process_iter():
        try:
            if mark in process.environ().values() and process.status() != "zombie":
                found.append(process)
        except psutil.Error:
            pass
    return found


@pytest.fixture
def busy(not_warmed, tmp_path):
    """Return a process with two kernels in the middle of a cell, a mark of all of them, and its output."""
    mark = uuid4().hex
    with ExitStack() as stack:
        output = stack.enter_context((tmp_path / "output").open("w+"))
        process = subprocess.Popen(
            [sys.executable, "-c", BUSY, str(not_warmed)],
            cwd=ROOT / "tools", env=os.environ | {"MARK": mark}, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
        limit = time.monotonic() + 120
        while "running" not in (tmp_path / "output").read_text():
            assert process.poll() is None and time.monotonic() < limit
            time.sleep(0.1)
        yield process, mark, tmp_path / "output"
        for left in family(mark):
            left.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_the_parent_leaves_no_process_and_no_word(busy, number):
    process, mark, output = busy
    assert len(family(mark)) >= 7  # parent, server, two clients, two kernels, sleep
    os.killpg(process.pid, number)  # Ctrl-C reaches all of the terminal's foreground
    limit = time.monotonic() + SECONDS_TO_END
    process.wait(timeout=SECONDS_TO_END)
    while (left := family(mark)) and time.monotonic() < limit:
        time.sleep(0.1)
    assert not left, f"after {SECONDS_TO_END} s there are {left}"
    assert output.read_text() == "running\n"


def test_a_server_that_still_imports_ends_with_its_parent(tmp_path):
    mark = uuid4().hex
    slow = tmp_path / "slow.py"
    slow.write_text(
        f"import runpy, sys, time; server = runpy.run_path({str(kernels.SERVER)!r})\n"
        "with server['ending_with'](0):\n"
        "    print('importing', flush=True)\n"
        "    time.sleep(600)\n"
    )
    program = (
        "import kernels, pathlib, sys, time; kernels.SERVER = pathlib.Path(sys.argv[1])\n"
        "with kernels.warm_kernels(): time.sleep(600)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(slow)],
        cwd=ROOT / "tools", env=os.environ | {"MARK": mark}, text=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == "importing\n"
    server = [one for one in family(mark) if one.pid != process.pid]
    process.kill()
    process.wait()
    process.stdout.close()
    assert server and all(gone(one.pid) for one in server)


def test_the_servers_watch_over_its_start_leaves_no_thread():
    done = subprocess.run(
        [
            sys.executable, "-c",
            f"import runpy, threading; server = runpy.run_path({str(kernels.SERVER)!r})\n"
            "with server['ending_with'](0): assert threading.active_count() == 2\n"
            "print(threading.active_count())",
        ],
        stdin=(held := subprocess.Popen(["sleep", "600"], stdout=subprocess.PIPE)).stdout,
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    held.kill()
    held.wait()
    held.stdout.close()
    assert (done.stdout, done.stderr) == ("1\n", "")
