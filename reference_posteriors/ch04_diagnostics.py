"""The models of chapter 04, diagnostics. Eight schools is among the models of chapter 11."""

from __future__ import annotations

from companion import datasets
import numpy as np
import pymc as pm

from reference_posteriors.registry import model


@model
def penguins_two_kinds() -> pm.Model:
    """Return the mixture with its two kinds in order: exchangeable Normals, sorted by a transform."""
    birds = datasets.penguins().dropna(subset=["flipper_length_mm"])
    flipper = birds.loc[birds["island"] == "Biscoe", "flipper_length_mm"].to_numpy(float)
    with pm.Model() as m:
        means = pm.Normal(
            "means",
            200.0,
            20.0,
            shape=2,
            transform=pm.distributions.transforms.ordered,
            initval=np.array([190.0, 215.0]),
        )
        scales = pm.LogNormal("scales", np.log(7.0), 0.4, shape=2)
        share = pm.Beta("share", 2.0, 2.0)
        for i, kind in enumerate(("small", "large")):
            pm.Deterministic(f"mu[{kind}]", means[i])
            pm.Deterministic(f"sigma[{kind}]", scales[i])
        small = pm.math.log1p(-share) + pm.logp(pm.Normal.dist(means[0], scales[0]), flipper)
        large = pm.math.log(share) + pm.logp(pm.Normal.dist(means[1], scales[1]), flipper)
        pm.Potential("y", pm.math.logaddexp(small, large).sum())
    return m
