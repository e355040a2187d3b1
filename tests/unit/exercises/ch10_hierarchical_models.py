"""Chapter 10: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion.exercises import check
from companion.exercises.checks.ch10_hierarchical_models import (
    _all_hierarchies,
    _inverse_gamma,
    _mass,
    _one_hierarchy,
)
import numpy as np
import xarray as xr

from tests.unit.exercises.made_up import chains, fit


def made(means, sd=0.05, memory=0.0, diverging=0, **changes):
    """Return a made-up fit with the given means, with changes; None leaves a variable out."""
    values = {}
    for i, (name, mean) in enumerate((means | changes).items()):
        if mean is None:
            continue
        parts = [chains(m, sd, memory, seed=10 * i + k) for k, m in enumerate(np.atleast_1d(mean))]
        values[name] = np.stack(parts, axis=-1) if len(parts) > 1 else parts[0]
    return fit(diverging=diverging, **values)


def non_centered(offset=0.0, **changes):
    """Return a made-up non-centered fit: z follows from the other variables."""
    posterior = made(_all_hierarchies(), sd=0.002, **changes)["posterior"]
    values = {name: posterior[name].to_numpy() for name in posterior.data_vars}
    for k in ("0", "1"):
        away = values[f"beta_{k}"] - values[f"mu_{k}"][..., None]
        values[f"z_{k}"] = away / values[f"tau_{k}"][..., None] + offset
    return fit(**values)


def case_one_hierarchy():
    exact, wide = _one_hierarchy(), _one_hierarchy(20.0)["tau_0"][0]
    right = {
        "idata": made(exact),
        "parameters": 6,
        "tau_wide": wide + 0.2,
        "intercepts_move": False,
    }
    wrong = [
        ("no-hyperparameters", {"idata": made(exact, mu_0=None, tau_0=None)}),
        ("still-common", {"idata": made(exact, beta_0=17.0)}),
        ("not-common", {"idata": made(exact, sigma=np.array([1.1, 0.8]))}),
        ("posterior", {"idata": made(exact, beta_0=exact["beta_0"][::-1])}),
        ("chains-disagree", {"idata": made(exact, memory=0.99)}),
        ("parameter-count", {"parameters": 4}),
        ("same-prior", {"tau_wide": exact["tau_0"][0]}),
        ("tau-wide", {"tau_wide": 20.0}),
        ("intercepts-stay", {"intercepts_move": True}),
    ]
    return right, wrong


def case_all_hierarchies():
    exact = _all_hierarchies()
    right = {"idata": made(exact, diverging=80), "parameters": 11, "where": "tau_1 near 0"}
    sticky = made(exact, memory=0.98, sd=0.01)  # ill in another way
    assert check("4E2.5", **right | {"idata": sticky}).passed
    wrong = [
        ("no-hyperparameters", {"idata": made(exact, mu_1=None)}),
        ("sigma-left-out", {"idata": made(exact, sigma_h=None)}),
        ("still-common", {"idata": made(exact, sigma=0.98)}),
        ("healthy", {"idata": made(exact)}),
        ("healthy", {"idata": non_centered()}),
        ("posterior", {"idata": made(exact, beta_0=np.array([25.0, 24.0]), diverging=80)}),
        ("parameter-count", {"parameters": 6}),
        ("wrong-funnel", {"where": "tau_0 near 0"}),
    ]
    return right, wrong


def case_non_centered():
    exact = _all_hierarchies()
    sampled_only = non_centered()
    sampled_only["posterior"] = xr.DataTree(
        sampled_only.posterior.to_dataset().drop_vars(["beta_0", "beta_1"])
    )
    right = {
        "idata": non_centered(),
        "parameters": 11,
        "same_posterior": True,
        "harder": "Intercepts",
    }
    assert check("4E2.6", **right | {"idata": sampled_only}).passed  # as TFP returns it
    wrong = [
        ("centered", {"idata": made(exact)}),
        ("not-mu-plus-tau-z", {"idata": non_centered(offset=0.5)}),
        ("posterior", {"idata": non_centered(tau_1=2.0)}),
        ("chains-disagree", {"idata": non_centered(memory=0.99)}),
        ("parameter-count", {"parameters": 15}),
        ("same-model", {"same_posterior": False}),
        ("wrong-coordinates", {"harder": "slopes"}),
    ]
    return right, wrong


def case_mean_of_species():
    center, sd, species = _mass(1000.0)

    def masses(mu=species, mu_h=(center, sd), **more):
        mu = np.stack([chains(m, 30.0, seed=k) for k, m in enumerate(mu)], axis=-1)
        return fit(mu=mu, mu_h=mu_h, tau_h=(900.0, 300.0), **more)

    right = {
        "idata": masses(),
        "average": 4207.1,
        "mu_h_is": "the mean of species",
        "sd_narrow": _mass(300.0)[1] + 3.0,
    }
    wrong = [
        ("no-hyperparameters", {"idata": fit(mu=(4000.0, 30.0))}),
        ("species-means", {"idata": masses(mu=species + 40.0)}),
        ("posterior", {"idata": masses(mu_h=(4175.0, 141.0))}),
        ("unweighted", {"average": 4177.2}),
        ("average", {"average": 3700.0}),
        ("mean-of-penguins", {"mu_h_is": "the mean of penguins"}),
        ("same-prior", {"sd_narrow": sd}),
        ("sd-narrow", {"sd_narrow": 50.0}),
    ]
    return right, wrong


def case_knows_nothing():
    exact = np.array([_inverse_gamma(e) for e in (1.0, 0.1, 0.01, 0.001)])
    right = {
        "medians": list(exact[:, 0]),
        "below_one": exact[:, 1] + 0.005,
        "limit": "collapses to 0",
    }
    wrong = [
        ("order", {"medians": exact[::-1, 0]}),
        ("variance", {"medians": exact[:, 0] ** 2}),
        ("medians", {"medians": [3.0, 3.0, 3.0, 3.0]}),
        ("percent", {"below_one": 100 * exact[:, 1]}),
        ("below-one", {"below_one": [0.1, 0.1, 0.1, 0.1]}),
        ("limit", {"limit": "settles"}),
    ]
    return right, wrong


CASES = {
    "4E2.4": case_one_hierarchy,
    "4E2.5": case_all_hierarchies,
    "4E2.6": case_non_centered,
    "4M10": case_mean_of_species,
    "10H1": case_knows_nothing,
}
