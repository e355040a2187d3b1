"""The environment and the kernels in which the notebooks of the course run."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
import json
import os
from pathlib import Path
import socket
import subprocess
import sys
import tempfile

from course import ROOT

HERE = Path(__file__).resolve().parent
SERVER = HERE / "server.py"
CLIENT = HERE / "client.py"
XLA_PROGRAMS = ROOT / "_build" / "xla"
JUPYTER = str(Path(sys.prefix) / "share" / "jupyter")

ENVIRONMENT = {
    # One notebook a core: linear algebra on every core at once would only get in its own way. (XLA
    # has a switch of that kind too; it made no difference to these models' times.)
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # This environment's kernel, whatever other kernels the machine has.
    "JUPYTER_PATH": JUPYTER,
    # A program that JAX has compiled once, for the book or for a test, is not compiled again. The
    # draws are the same.
    "JAX_COMPILATION_CACHE_DIR": str(XLA_PROGRAMS),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.3",
    # Python may keep its compiled modules, even where a machine's settings say otherwise: without
    # them each kernel needs another fifteen seconds to start.
    "PYTHONDONTWRITEBYTECODE": "",
}

SERVER_ENVIRONMENT = ENVIRONMENT | {
    # What a kernel sets for itself before it imports Matplotlib.
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    # No threads before the fork: pyarrow's allocator would start one.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}


LONGEST_SOCKET = 100  # bytes of the path of a Unix socket; systems allow 104 or 108


def short_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a temporary folder in which there can be a Unix socket.

    Raises
    ------
    OSError
        If there is none.
    """
    usual = tempfile.TemporaryDirectory(prefix="kernels-")
    if len(os.fsencode(usual.name)) + len("/door") <= LONGEST_SOCKET:
        return usual
    usual.cleanup()
    return tempfile.TemporaryDirectory(prefix="kernels-", dir="/tmp")


def write_spec(folder: str, door: str) -> None:
    """Tell Jupyter to start `client.py` where a notebook asks for a kernel of Python."""
    spec = Path(folder) / "kernels" / "python3" / "kernel.json"
    client = [sys.executable, "-S", str(CLIENT), door]
    content = {
        "argv": [*client, "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
    }
    spec.parent.mkdir(parents=True)
    spec.write_text(json.dumps(content), encoding="utf-8")


def open_door(stack: ExitStack) -> tuple[str, socket.socket]:
    """Return a temporary folder and a listening socket in it, which is where clients come.

    Raises
    ------
    OSError
        If there is no place for a socket.
    """
    folder = stack.enter_context(short_folder())
    listening = stack.enter_context(socket.socket(socket.AF_UNIX))
    door = str(Path(folder) / "door")
    listening.bind(door)
    listening.listen()  # whoever comes before the server is warm waits
    write_spec(folder, door)
    return folder, listening


@contextmanager
def running_server(listening: socket.socket) -> Iterator[None]:
    """Let a server answer at a socket during the block; however this process ends, it ends."""
    number = listening.fileno()
    server = subprocess.Popen(
        [sys.executable, str(SERVER), str(number)],
        env=os.environ | SERVER_ENVIRONMENT,
        pass_fds=[number],
        stdin=subprocess.PIPE,  # its end tells the server that this process is gone
        start_new_session=True,  # Ctrl-C is for this process
    )
    listening.close()
    try:
        yield
    finally:
        server.kill()
        server.wait()
        if server.stdin is not None:
            server.stdin.close()


@contextmanager
def warm_kernels() -> Iterator[dict[str, str]]:
    """Keep a server of kernels while notebooks run (see `server.py`).

    However this process ends, server and kernels end with it.

    Yields
    ------
    dict
        The environment in which Jupyter finds these kernels. Where processes cannot be forked, or where
        there is no place for a Unix socket, it is `ENVIRONMENT`, and notebooks run in ordinary kernels.
    """
    with ExitStack() as stack:
        environment = ENVIRONMENT
        if hasattr(os, "fork"):
            try:
                folder, listening = open_door(stack)
            except OSError as error:
                print(f"Kernels start ten seconds later than they could: no socket ({error}).")
            else:
                stack.enter_context(running_server(listening))
                environment = ENVIRONMENT | {"JUPYTER_PATH": os.pathsep.join((folder, JUPYTER))}
        yield environment
