"""Notebooks run in kernels that are forked from one warm process."""

from ast import literal_eval
import os
from pathlib import Path
import time

from jupyter_client.manager import KernelManager
import kernels
import pytest

NOT_WARMED = f"""
import runpy, socket, sys
server = runpy.run_path({str(kernels.SERVER)!r})
server["serve"](socket.socket(fileno=int(sys.argv[1])))
"""


@pytest.fixture
def environment(tmp_path, monkeypatch):
    """Keep a server that has not imported anything, to save time."""
    server = tmp_path / "server.py"
    server.write_text(NOT_WARMED)
    monkeypatch.setattr(kernels, "SERVER", server)
    with kernels.warm_kernels() as environment:
        monkeypatch.setenv("JUPYTER_PATH", environment["JUPYTER_PATH"])
        yield environment


@pytest.fixture
def started(request, tmp_path):
    """Return a function that starts a kernel in `tmp_path`."""

    def start():
        manager = KernelManager(kernel_name="python3")
        manager.start_kernel(cwd=str(tmp_path), env=os.environ | {"GREETING": "hello"})
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


FACTS = """(
    __import__("os").getcwd(), __import__("os").environ["GREETING"], "kernel_server" in __import__("sys").modules
)"""


def test_a_kernel_is_forked_and_stands_in_the_folder_and_environment_that_were_asked_for(
    environment, started, tmp_path
):
    _, client = started()
    assert value(client, FACTS) == (str(tmp_path), "hello", True)


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


def test_a_kernel_ends_with_its_client(environment, started):
    manager, client = started()
    number = value(client, "__import__('os').getpid()")
    manager.provisioner.process.kill()
    for _ in range(100):
        if not Path(f"/proc/{number}").exists():
            return
        time.sleep(0.1)
    pytest.fail("the kernel is still there")


def test_without_a_server_there_is_an_ordinary_kernel(started, tmp_path, monkeypatch):
    server = tmp_path / "server.py"
    server.write_text("")
    monkeypatch.setattr(kernels, "SERVER", server)
    with kernels.warm_kernels() as environment:
        monkeypatch.setenv("JUPYTER_PATH", environment["JUPYTER_PATH"])
        time.sleep(1.0)
        _, client = started()
        assert value(client, FACTS) == (str(tmp_path), "hello", False)
