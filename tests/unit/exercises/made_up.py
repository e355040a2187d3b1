"""Made-up fits: a check looks at draws, not at how they were made."""

import math

import numpy as np


def chains(mean, sd, memory=0.0, seed=0, size=(4, 1000)):
    """Return autocorrelated normal draws; `memory` is the correlation of neighbors."""
    steps = np.random.default_rng(seed).normal(size=size)
    values = steps.copy()
    for i in range(1, size[1]):
        values[:, i] = memory * values[:, i - 1] + math.sqrt(1 - memory**2) * steps[:, i]
    return mean + sd * values


def fit(diverging=0, energy_memory=0.0, rows=None, **posterior):
    """Return a DataTree with the given draws; a pair (mean, sd) stands for normal draws."""
    import arviz as az

    values = {
        name: chains(*value, seed=i) if isinstance(value, tuple) else value
        for i, (name, value) in enumerate(posterior.items())
    }
    flags = np.zeros((4, 1000), dtype=bool)
    flags.flat[:diverging] = True
    groups = {
        "posterior": values,
        "sample_stats": {"diverging": flags, "energy": chains(50, 5, energy_memory, seed=99)},
    }
    if rows is not None:
        groups["observed_data"] = {"y": np.zeros(rows)}
    return az.from_dict(groups)
