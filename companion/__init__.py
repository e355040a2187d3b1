"""The small package behind the course: data, adapters, checks and plots.

Import it before PyMC and JAX. It sets two switches that both libraries read once, when they are
first imported:

* PyTensor's numba backend runs without `fastmath`, so that the same seed gives the same draws
  whether or not compiled code is already cached;
* JAX computes in float64, as PyMC does.

The modules, each one idea: `datasets`, `density` (are two models the same?), `tfp_nuts` (TFP's NUTS,
returned as ArviZ expects it; below it are `joint`, `real_line` and `tfp_repairs`), `scalars` (a fit,
number by number), `diagnostics`, `posteriors` (two posteriors and a reference), `plots`, `prose` (computed
numbers in sentences), `inputs` (arrays that are handed over), `lessons` (what one chapter teaches, to
read) and `exercises` (checks that answer back).
"""

import logging
import os
import sys
import warnings

__all__ = ["FLAGS"]

FLAGS = {"PYTENSOR_FLAGS": "numba__fastmath=False", "JAX_ENABLE_X64": "1"}


def _set_flags() -> None:
    """Set both switches in the environment, and say so if it is too late for one of them."""
    pytensor_flags = os.environ.get("PYTENSOR_FLAGS", "")
    if "numba__fastmath" not in pytensor_flags:
        os.environ["PYTENSOR_FLAGS"] = ",".join(
            filter(None, [pytensor_flags, FLAGS["PYTENSOR_FLAGS"]])
        )
    os.environ["JAX_ENABLE_X64"] = FLAGS["JAX_ENABLE_X64"]
    if "jax" in sys.modules and not sys.modules["jax"].config.jax_enable_x64:
        sys.modules["jax"].config.update("jax_enable_x64", True)
        if _jax_has_arrays():
            _warn_too_late("JAX", "its arrays that are already there have 32 bits, and new ones 64")
    if "pytensor" in sys.modules and sys.modules["pytensor"].config.numba__fastmath:
        _warn_too_late("PyMC", "a first and a later run of the same seed may differ")


def _jax_has_arrays() -> bool:
    """Whether JAX has been used, and not only imported, which ArviZ does, too."""
    # To ask for arrays would start JAX, and that takes a tenth of a second.
    from jax._src.xla_bridge import backends_are_initialized

    return backends_are_initialized() and bool(sys.modules["jax"].live_arrays())


def _warn_too_late(library: str, consequence: str) -> None:
    warnings.warn(
        f"companion was imported after {library}, so {consequence}: restart the kernel and import "
        "companion first.",
        stacklevel=4,
    )


_set_flags()
# PyMC announces every run on stderr; its warnings still get through.
for _announcer in ("pymc.sampling", "pymc.variational"):
    logging.getLogger(_announcer).setLevel(logging.WARNING)
