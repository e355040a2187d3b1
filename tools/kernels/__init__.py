"""The environment and the kernels in which the notebooks of the course run."""

from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def warm_kernels() -> Iterator[dict[str, str]]:
    """Keep a server of kernels while notebooks run (see `server.py`).

    Yields
    ------
    dict
        The environment in which Jupyter finds these kernels. Where processes cannot be forked it is
        `ENVIRONMENT`, and notebooks run in ordinary kernels.
    """
    if not hasattr(os, "fork"):
        yield ENVIRONMENT
        return
    with tempfile.TemporaryDirectory(prefix="kernels-") as folder:
        door = str(Path(folder) / "door")
        spec = Path(folder) / "kernels" / "python3" / "kernel.json"
        client = [sys.executable, "-S", str(CLIENT), door]
        spec.parent.mkdir(parents=True)
        spec.write_text(
            json.dumps(
                {
                    "argv": [*client, "-f", "{connection_file}"],
                    "display_name": "Python 3",
                    "language": "python",
                }
            )
        )
        environment = ENVIRONMENT | {"JUPYTER_PATH": os.pathsep.join((folder, JUPYTER))}
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(door)
            listening.listen()  # whoever comes before the server is warm waits
            number = listening.fileno()
            server = subprocess.Popen(
                [sys.executable, str(SERVER), str(number)],
                env=os.environ | SERVER_ENVIRONMENT,
                pass_fds=[number],
                stdin=subprocess.DEVNULL,
            )
        try:
            yield environment
        finally:
            server.terminate()
            server.wait()
