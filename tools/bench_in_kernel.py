"""Inside a notebook's kernel: for how long the processor does which kind of work.

`bench.py` calls `start` before a notebook's first cell and `finish` after its last. The notebook is not
changed, and need not know. Work inside of other work counts as that other.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from functools import wraps
import time
from types import ModuleType
from typing import Any

RESULT = "application/json"
TFP = "TFP: running"  # and what is not known to be one of the following
# The names under which JAX tells how long it was at something.
STAGES = {
    "/jax/core/compile/jaxpr_trace_duration": "TFP: tracing",
    "/jax/core/compile/jaxpr_to_mlir_module_duration": "TFP: lowering",
    "/jax/core/compile/backend_compile_duration": "TFP: compiling",
}
COMPILING = "PyMC: compiling for nutpie"
SAMPLING = "PyMC: sampling"
PREDICTING = "PyMC: predictive draws and log likelihoods"
PROOFS = "both: proofs of the same density"
REST = "the rest: imports, figures, tables, other computations"


def length(intervals: list[tuple[float, float]]) -> float:
    """Return how long some intervals are together; what lies in two of them counts once."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(intervals):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


class Clock:
    """Seconds of the processor and calls, by kind of work and by cell."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.calls: Counter[str] = Counter()
        self.cells: list[float] = []
        self.busy = False
        self.stages: list[tuple[str, float, float]] = []
        self.begun = time.process_time()

    def stage(self, event: str, duration_secs: float, **_: Any) -> None:
        """Note that JAX was at something until now."""
        if event in STAGES:
            now = time.perf_counter()
            self.stages.append((STAGES[event], now - duration_secs, now))

    def timed(self, kind: str, function: Callable) -> Callable:
        """Return a function whose seconds are counted."""

        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            if self.busy:
                return function(*arguments, **named)
            self.busy, self.stages = True, []
            clock, processor = time.perf_counter(), time.process_time()
            try:
                return function(*arguments, **named)
            finally:
                self.busy = False
                self.share(kind, time.process_time() - processor, time.perf_counter() - clock)

        return call

    def share(self, kind: str, seconds: float, elapsed: float) -> None:
        """Count seconds of the processor; those of TFP are shared out among its stages as the clock says."""
        self.calls[kind] += 1
        self.seconds[kind] += seconds
        if kind != TFP or not elapsed:
            return
        for stage in STAGES.values():
            spent = length([(begin, end) for name, begin, end in self.stages if name == stage])
            self.seconds[stage] += seconds * spent / elapsed
            self.seconds[kind] -= seconds * spent / elapsed

    def patch(self, module: ModuleType, name: str, kind: str) -> None:
        """Have the calls of a function counted."""
        setattr(module, name, self.timed(kind, getattr(module, name)))

    def compile_nuts(self, original: Callable) -> Callable:
        """Return TFP's compiler; what it returns compiles when it is first run."""

        @wraps(original)
        def compile_nuts(*arguments: Any, **named: Any) -> Callable:
            return self.timed(TFP, self.timed(TFP, original)(*arguments, **named))

        return compile_nuts

    def install(self) -> None:
        """Change the libraries of this kernel."""
        import companion  # noqa: F401  (before PyMC)

        # isort: split
        from companion import density, tfp_nuts
        import jax
        import nutpie
        import pymc

        self.patch(nutpie, "compile_pymc_model", COMPILING)
        self.patch(nutpie, "sample", SAMPLING)
        for name in ("sample_prior_predictive", "sample_posterior_predictive", "draw"):
            self.patch(pymc, name, PREDICTING)
        self.patch(pymc, "compute_log_likelihood", PREDICTING)
        self.patch(density, "assert_same_density", PROOFS)
        tfp_nuts.compile_nuts = self.compile_nuts(tfp_nuts.compile_nuts)
        jax.monitoring.register_event_duration_secs_listener(self.stage)

    def result(self) -> dict[str, Any]:
        """Return what was counted."""
        total = time.process_time() - self.begun
        rest = total - sum(self.seconds.values())
        return {
            "seconds": {REST: rest, **self.seconds},
            "calls": dict(self.calls),
            "cells": self.cells,
        }


clock = Clock()


def start() -> None:
    """Begin to count."""
    from IPython import get_ipython

    clock.install()
    events, last = get_ipython().events, [0.0]

    def begin(*_: Any) -> None:
        last[0] = time.process_time()

    def end(*_: Any) -> None:
        clock.cells.append(time.process_time() - last[0])

    events.register("pre_run_cell", begin)
    events.register("post_run_cell", end)


def finish() -> None:
    """Display what was counted."""
    from IPython.display import display

    display({RESULT: clock.result()}, raw=True)
