"""Make the reference posteriors that chapters and checks are held against.

    .venv/bin/python -m reference_posteriors.make            # all models
    .venv/bin/python -m reference_posteriors.make NAME ...   # only these

Each model writes one table, `companion/data/posteriors/NAME.csv`. The models stand in `ch*.py`, a module for
each chapter. Each is stated there a third time, in its most robust form (long runs with a high target
acceptance, groups non-centered), or integrated exactly, so that an error in a chapter cannot hide in
its own reference.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
import sys
import time
import zlib

import arviz as az
from companion.posteriors import FOLDER  # before PyMC: the companion sets its flags
import numpy as np
import pandas as pd
import pymc as pm

from reference_posteriors.registry import MODELS

COLUMNS = ["mean", "sd", "mcse_mean", "mcse_sd", "q05", "q95", "method"]


def long_run(m: pm.Model, seed: int) -> pd.DataFrame:
    """Sample 4 x 20,000 draws and summarize them."""
    with m:
        idata = pm.sample(
            20_000, tune=3_000, chains=4, target_accept=0.99, random_seed=seed, progressbar=False
        )
    posterior = idata.posterior.to_dataset()
    idata = az.from_dict({"posterior": {k: v.to_numpy() for k, v in posterior.items()}})
    summary = pd.DataFrame(az.summary(idata, kind="all", round_to="none"))
    worst = summary["r_hat"].max(), summary[["ess_bulk", "ess_tail"]].min().min()
    print(f"  R-hat up to {worst[0]:.4f}, ESS down to {worst[1]:.0f}", flush=True)
    assert worst[0] < 1.002 and worst[1] > 4_000, "a reference needs a better run than this"
    stacked = az.extract(idata)
    quantiles = {}
    for name in stacked.data_vars:
        values = stacked[name].to_numpy().reshape(-1, stacked.sizes["sample"])
        for i, row in enumerate(values):
            label = name if stacked[name].ndim == 1 else f"{name}[{i}]"
            quantiles[label] = np.quantile(row, [0.05, 0.95])
    table = summary[["mean", "sd", "mcse_mean", "mcse_sd"]].astype(float)
    table[["q05", "q95"]] = np.array([quantiles[name] for name in table.index])
    return table.assign(method="4 x 20,000 draws")


def main(names: list[str]) -> None:
    """Make the named references, or all."""
    for path in sorted(Path(__file__).parent.glob("ch*.py")):
        import_module(f"reference_posteriors.{path.stem}")
    if unknown := set(names) - set(MODELS):
        sys.exit(f"No model is called {', '.join(sorted(unknown))}; there are {', '.join(MODELS)}.")
    for name in names or MODELS:
        start = time.perf_counter()
        print(name, flush=True)
        made = MODELS[name]()
        table = long_run(made, zlib.crc32(name.encode())) if isinstance(made, pm.Model) else made
        table = table.reindex(columns=COLUMNS).rename_axis("variable")
        table.to_csv(FOLDER / f"{name}.csv", float_format="%.8g")
        print(f"  {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
