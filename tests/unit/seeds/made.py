"""A small course, and results of sweeps as kernels report them."""

import nbformat
import numpy as np
from seeds import sweep

NAME, OTHER = "chapters/01-one.ipynb", "solutions/01-one.ipynb"
CODE = """
diagnose({"one": fit})
compare_posteriors(fit, companion.diagnose)
assert fit is not None
assert claim(3.0, "yes")
"""


def write(path, source):
    path.parent.mkdir(exist_ok=True)
    cells = [nbformat.v4.new_code_cell(source, id="one")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def found_fit(cell="fit", use="relied on", n=21, seed=0, of=1, **around):
    """Return a fit as a kernel reports it, which passes unless it is told otherwise."""
    rng = np.random.default_rng([7301, seed])
    divergences = float(around.pop("divergences", 0))
    values = {"rhat": 1.003, "bulk": 2000.0, "tail": 2000.0, "bfmi": 0.9} | around
    rows = []
    for _ in range(n):
        noise = 1.0 + 0.03 * rng.standard_normal(4)
        rows.append({key: value * noise[i] for i, (key, value) in enumerate(values.items())})
        rows[-1]["rhat"] = 1.0 + (values["rhat"] - 1.0) * noise[0]
        rows[-1]["divergences"] = divergences
    spread = {"root mean square": 1.0, "largest": 3.0, "count": 10}
    return {
        "cell": cell, "nth": 1, "of": of, "library": "PyMC", "seed": 7, "name": "PyMC", "use": use,
        "var_names": None, "seconds": 1.5, "chains": 4, "draws": 1000, "rows": rows,
        "errors_of_estimates": spread,
    }  # fmt: skip


def result(task, fits=(), failures=(), claims=None, said=None):
    """Return what `sweep.execute` returns."""
    found = {"fits": list(fits), "untraced": [], "comparisons": {"a": 10, "b": 4}}
    return {
        "failures": list(failures),
        "sentences": said or {},
        "claims": claims or {},
        "found": found,
        "seconds": 3.0,
        "date": "2026-01-02",
        "processor": "abacus",
        "versions": {"python": "3.12"},
        "task": {
            "seeds": task.seeds,
            "shift": task.shift,
            "simulations": task.simulations,
            "other_processor": task.other_processor,
        },
    }


def keep(course, name, task, **what):
    sweep.keep(name, task, result(task, **what), course)
