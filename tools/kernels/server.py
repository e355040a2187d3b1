"""Start each notebook's kernel as a copy of a process that has already imported the libraries.

To import PyMC, TFP and ArviZ and to compile a first model takes a fresh process some ten seconds, most
of them in numba, which then knows how to compile. This process does that once and forks: every
notebook still has a kernel of its own, in which nothing but imports has happened. JAX is imported and
not used, because its threads would not survive a fork.

    python tools/kernels/server.py NUMBER

waits for `client.py`, which Jupyter starts in place of a kernel, at the Unix socket whose file
descriptor has this number.
"""

import gc
import importlib
import json
import os
import signal
import socket
import sys
import threading

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


def obey(client: socket.socket) -> None:
    """Pass on interrupts, and end this kernel when the process that Jupyter knows has ended."""
    while client.recv(1):
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(0)


def be_kernel(client: socket.socket, request: dict, streams: list[int]) -> None:
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
    parent = f"--IPKernelApp.parent_handle={os.getppid()}"
    sys.argv = ["ipykernel_launcher", *request["arguments"], parent]
    threading.Thread(target=obey, args=(client,), daemon=True).start()

    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


def read_request(client: socket.socket) -> tuple[dict, list[int]]:
    """Receive a line of JSON and the three standard streams that come with it."""
    text, streams, _, _ = socket.recv_fds(client, 65536, 3)
    while not text.endswith(b"\n"):
        text += client.recv(65536)
    return json.loads(text), streams


def serve(door: socket.socket) -> None:
    """Fork a kernel for every client, until this process is told to stop."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a kernel ended
    while True:
        client, _ = door.accept()
        request, streams = read_request(client)
        if os.fork() == 0:
            door.close()
            be_kernel(client, request, streams)
            os._exit(0)
        for stream in streams:
            os.close(stream)
        client.close()


if __name__ == "__main__":
    warm_up()
    gc.freeze()  # or else a copy's garbage collector would copy every page
    serve(socket.socket(fileno=int(sys.argv[1])))
