"""Chapter 11: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion import datasets
from companion.exercises import check
import numpy as np
import xarray as xr

from tests.unit.exercises.made_up import chains, fit


def case_4h13_1():
    right = {"effect": 0.676, "times": 1.97}
    wrong = [
        ("sign-reversed", {"effect": -0.676}),
        ("raw-scale", {"effect": 2.5}),
        ("effect-is-a-ratio", {"effect": 1.97}),
        ("pooled", {"effect": 0.586}),
        ("effect", {"effect": 0.48}),
        ("sign-reversed", {"times": 0.51}),
        ("log-not-undone", {"times": 0.676}),
    ]
    return right, wrong


RADON = {
    "mu_alpha": (0.82, 0.07),
    "sigma_alpha": (0.28, 0.05),
    "mu_beta": (0.675, 0.075),
    "sigma_beta": (0.19, 0.03),
}


def case_4h13_2():
    county = datasets.radon()["county"]
    houses_in_small_counties = int((county.map(county.value_counts()) < 5).sum())
    right = {
        "idata": fit(**RADON),
        "counties_below_5": 39,
        "counties_one_floor": np.int64(25),
        "shrinks_most": "small counties",
    }
    wrong = [
        ("five-included", {"counties_below_5": 46}),
        ("houses-counted", {"counties_below_5": houses_in_small_counties}),
        ("count-of-small-counties", {"counties_below_5": 3}),
        ("opposite-count", {"counties_one_floor": 60}),
        ("count-of-one-floor", {"counties_one_floor": 2}),
        ("sign-reversed", {"idata": fit(**RADON | {"mu_beta": (-0.67, 0.07)})}),
        ("raw-scale", {"idata": fit(**RADON | {"mu_beta": (2.5, 0.4)})}),
        ("mean-effect", {"idata": fit(**RADON | {"mu_beta": (0.48, 0.07)})}),
        ("no-partial-pooling", {"idata": fit(**RADON | {"sigma_alpha": (2.0, 0.1)})}),
        (
            "chains-disagree",
            {"idata": fit(**RADON | {"mu_beta": chains(0.67, 0.07) + np.arange(4)[:, None]})},
        ),
        ("shrinkage-uniform", {"shrinks_most": "all alike"}),
        ("shrinkage-backwards", {"shrinks_most": "large counties"}),
    ]
    return right, wrong


def case_4h13_3():
    bad, good = (0.19, 0.03, 0.97), (0.19, 0.03, 0.5)
    right = {
        "centered": fit(diverging=20, **RADON | {"sigma_beta": bad}),
        "noncentered": fit(**RADON | {"sigma_beta": good}),
        "which": "noncentered",
        "estimates_change": False,
    }
    other = fit(**RADON | {"sigma_beta": good, "mu_beta": (0.75, 0.07)})
    wrong = [
        ("fits-exchanged", {"centered": right["noncentered"], "noncentered": right["centered"]}),
        ("fits-exchanged", {"noncentered": right["centered"]}),
        ("same-geometry", {"noncentered": fit(**RADON | {"sigma_beta": bad})}),
        ("centered-chosen", {"which": "centered"}),
        ("estimates-change", {"estimates_change": True}),
        ("different-models", {"noncentered": other}),
        (
            "sign-reversed",
            {"noncentered": fit(**RADON | {"sigma_beta": good, "mu_beta": (-0.67, 0.07)})},
        ),
    ]
    return right, wrong


def salad_fit(seed=0, mean=5.05, standardized=None, slopes=None, **options):
    mu = chains(mean, 0.072, seed=seed)
    extra = {} if standardized is None else {standardized: mu / 10.0}
    if slopes is not None:
        extra["z"] = np.random.default_rng(seed).normal(size=(4, 1000, 6))
    return fit(mu_beta=mu, tau_beta=np.abs(chains(0.07, 0.05, seed=seed + 50)), **extra, **options)


def case_4h15():
    right = {
        "centered_mu": salad_fit(1, slopes=6, diverging=5),
        "rescaled_mu": salad_fit(2, standardized="z_mu", slopes=6, diverging=9),
        "helps": False,
    }
    sampled_only = salad_fit(2, standardized="z_mu", slopes=6)
    sampled_only["posterior"] = xr.DataTree(
        sampled_only.posterior.to_dataset().drop_vars("mu_beta")
    )
    assert check("4H15", **right | {"rescaled_mu": sampled_only}).passed  # as TFP returns it
    with_slopes = salad_fit(2, standardized="z_mu", slopes=6)
    posterior = with_slopes.posterior
    posterior["beta"] = posterior["mu_beta"] + posterior["tau_beta"] * posterior["z"]
    wrong = [
        ("cures-divergences", {"helps": True}),
        ("two-changes", {"rescaled_mu": with_slopes}),
        ("slopes-not-mean", {"rescaled_mu": salad_fit(2, slopes=6)}),
        (
            "fits-exchanged",
            {"centered_mu": right["rescaled_mu"], "rescaled_mu": right["centered_mu"]},
        ),
        ("different-models", {"rescaled_mu": salad_fit(2, mean=5.2, standardized="z_mu")}),
        (
            "other-data",
            {
                "centered_mu": salad_fit(1, mean=8.1, slopes=6),
                "rescaled_mu": salad_fit(2, mean=8.1, standardized="z_mu", slopes=6),
            },
        ),
    ]
    return right, wrong


def schools(tau, **options):
    return fit(
        mu=(7.6, 4.6), tau=tau, theta=np.random.default_rng(0).normal(size=(4, 1000, 8)), **options
    )


def case_11h1():
    right = {
        "broken": schools((5.7, 3.5, 0.97), diverging=60, energy_memory=0.8),
        "hidden": schools((5.1, 3.5, 0.98), diverging=2, energy_memory=0.95),
        "trust": False,
    }
    many = {"broken": schools((5.7, 3.5, 0.97), diverging=51, energy_memory=0.8)}
    many["hidden"] = schools((5.1, 3.5, 0.98), diverging=19, energy_memory=0.95)
    assert check("11H1", **many, trust=False).passed
    half = schools((5.1, 3.5, 0.98), diverging=30, energy_memory=0.95)
    healthy = schools((4.70, 3.9), energy_memory=0.5)
    quiet_ess = schools((5.1, 3.5, 0.95), diverging=2, energy_memory=0.5)
    assert check("11H1", **right | {"hidden": quiet_ess}).passed
    wrong = [
        ("not-broken", {"broken": healthy}),
        ("still-diverging", {"hidden": right["broken"]}),
        ("still-diverging", {"hidden": half}),
        ("really-cured", {"hidden": healthy}),
        ("silence-trusted", {"trust": True}),
    ]
    return right, wrong


CASES = {
    "4H13.1": case_4h13_1,
    "4H13.2": case_4h13_2,
    "4H13.3": case_4h13_3,
    "4H15": case_4h15,
    "11H1": case_11h1,
}
