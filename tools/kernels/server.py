"""Start each notebook's kernel as a copy of a process that has already imported the libraries.

To import PyMC, TFP and ArviZ and to compile a first model takes a fresh process some ten seconds, most
of them in numba, which then knows how to compile. This process does that once and forks: every
notebook still has a kernel of its own, in which nothing but imports has happened. JAX is imported and
not used, because its threads would not survive a fork.

    python tools/kernels/server.py NUMBER

waits for `client.py`, which Jupyter starts in place of a kernel, at the Unix socket whose file
descriptor has this number. It ends when its standard input does, that is, when whoever started it is
gone, and with it, however it ends, end all kernels.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
import gc
import importlib
import json
import logging
import os
import select
import signal
import socket
import sys
import threading
import traceback
from typing import TextIO

# Not `matplotlib.pyplot`: it settles how figures are shown, which is each kernel's own affair.
LIBRARIES = (
    "companion",
    "IPython.core.interactiveshell",
    "arviz",
    "ipykernel.kernelapp",
    "matplotlib.figure",
    "nutpie",
    "pandas",
    "pymc",
    "scipy.stats",
    "tensorflow_probability.substrates.jax",
)


def warm_up() -> None:
    """Import the libraries and compile the smallest model there is."""
    for library in LIBRARIES:
        importlib.import_module(library)
    import nutpie
    import pandas as pd
    import pymc as pm

    # Its default in a kernel: pandas looks where it is when it is imported.
    pd.set_option("display.max_columns", 20)
    with pm.Model() as model:
        pm.Normal("y", pm.Normal("mu"), pm.HalfNormal("sigma"), observed=[0.0, 1.0])
    nutpie.compile_pymc_model(model)


@contextmanager
def ending_with(started_by: int) -> Iterator[None]:
    """End this process during the block, which forks nothing, when what started it is gone.

    Parameters
    ----------
    started_by : int
        A file descriptor on which nothing comes but the end.
    """
    enough, told = os.pipe()

    def watch() -> None:
        if started_by in select.select([started_by, enough], [], [])[0]:
            os._exit(0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        os.close(told)
        watcher.join()
        os.close(enough)


def end() -> None:
    """End this kernel and whatever it has started, at once and in silence."""
    os.killpg(0, signal.SIGKILL)


def obey(client: socket.socket, server: int) -> None:
    """Pass on interrupts; end this kernel when the process that Jupyter knows, or the server, ends."""
    with suppress(OSError):
        while server not in (ready := select.select([client.fileno(), server], [], [])[0]):
            if client.fileno() in ready and not client.recv(1):
                break
            os.kill(os.getpid(), signal.SIGINT)
    end()


def redirect_logs(before: tuple[TextIO, TextIO]) -> None:
    """Let libraries that were imported earlier log where this kernel's output goes: the notebook."""
    now = dict(zip(before, (sys.stdout, sys.stderr), strict=True))
    loggers = [logging.root, *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    for handler in {handler for logger in loggers for handler in logger.handlers}:
        if isinstance(handler, logging.StreamHandler) and handler.stream in now:
            handler.setStream(now[handler.stream])


def be_kernel(client: socket.socket, request: dict, streams: list[int], server: int) -> None:
    """Turn this copy into the kernel that was asked for."""
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    del sys.path[0]  # this file's folder; IPython puts the notebook's in its place
    # `obey` knows better than ipykernel when it is time to end.
    sys.argv = ["ipykernel_launcher", *request["arguments"], "--IPKernelApp.parent_handle=1"]
    threading.Thread(target=obey, args=(client, server), daemon=True).start()

    from ipykernel.kernelapp import IPKernelApp

    before = (sys.stdout, sys.stderr)
    kernel = IPKernelApp.instance()
    kernel.initialize()
    redirect_logs(before)
    kernel.start()


def read_request(client: socket.socket) -> tuple[dict, list[int]] | None:
    """Receive a line of JSON and the three standard streams that come with it.

    Returns
    -------
    tuple or None
        None if the client went away before the end of the line.
    """
    text, streams, _, _ = socket.recv_fds(client, 65536, 3)
    while not text.endswith(b"\n"):
        more = client.recv(65536)
        if not more:
            for stream in streams:
                os.close(stream)
            return None
        text += more
    return json.loads(text), streams


def serve(door: socket.socket, started_by: int) -> None:
    """Fork a kernel for every client, until what started this process is gone.

    Parameters
    ----------
    door : socket.socket
        Where clients come.
    started_by : int
        A file descriptor on which nothing comes but the end.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a kernel ended
    kernels_end, server_end = os.pipe()  # its second end is held by this process alone
    while started_by not in select.select([door.fileno(), started_by], [], [])[0]:
        client, _ = door.accept()
        with client, suppress(OSError):
            request = read_request(client)
            if request is None:
                continue
            if os.fork() == 0:
                try:
                    door.close()
                    os.close(server_end)
                    be_kernel(client, *request, kernels_end)
                except Exception:
                    traceback.print_exc()
                finally:
                    end()
            for stream in request[1]:
                os.close(stream)
            client.send(b"k")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started this
    with ending_with(0):
        warm_up()
    gc.freeze()  # or else a copy's garbage collector would copy every page
    serve(socket.socket(fileno=int(sys.argv[1])), 0)
