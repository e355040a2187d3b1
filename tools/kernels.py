"""The environment in which the notebooks and tests of the course run."""

from pathlib import Path
import sys

ROOT = Path(__file__).resolve().parent.parent
XLA_PROGRAMS = ROOT / "_build" / "xla"

ENVIRONMENT = {
    # One notebook a core: linear algebra on every core at once would only get in its own way. (XLA
    # has a switch of that kind too; it made no difference to these models' times.)
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # This environment's kernel, whatever other kernels the machine has.
    "JUPYTER_PATH": str(Path(sys.prefix) / "share" / "jupyter"),
    # A program that JAX has compiled once, for the book or for a test, is not compiled again. The
    # draws are the same.
    "JAX_COMPILATION_CACHE_DIR": str(XLA_PROGRAMS),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.3",
    # Python may keep its compiled modules, even where a machine's settings say otherwise: without
    # them each kernel needs another fifteen seconds to start.
    "PYTHONDONTWRITEBYTECODE": "",
}
