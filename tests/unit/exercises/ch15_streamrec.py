"""Chapter 15: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion.exercises import check
import numpy as np
from scipy import stats

from tests.unit.exercises.made_up import chains, fit


def case_15e1():
    right = {"gain_200": 0.0476, "size_54": 8.45, "kappa_54": 236.7, "sd_54": np.float64(0.0297)}
    for size in (8, 9):  # impressions are whole
        assert check("15E1", **right | {"size_54": size}).passed
    wrong = [
        ("size", {"size_54": 10.0}),
        ("percent", {"gain_200": 4.76}),
        ("weight-of-the-data", {"gain_200": 0.952}),
        ("gain", {"gain_200": 0.05}),
        ("size-of-the-complement", {"size_54": 11.83}),
        ("size", {"size_54": 20.0}),
        ("kappa-of-the-complement", {"kappa_54": 169.0}),
        ("kappa", {"kappa_54": 100.0}),
        ("variance", {"sd_54": 0.00088}),
        ("spread", {"sd_54": 0.1382}),
    ]
    return right, wrong


def case_15e2():
    posterior = stats.beta(8.0, 14.0)
    right = {
        "squared": 0.3636,
        "absolute": posterior.median(),
        "promise": posterior.ppf(0.1),
        "price_of_raw": 0.00281,
    }
    # By 100,000 draws from the posterior: each about four standard errors off.
    simulated = {
        "squared": 0.3649,
        "absolute": posterior.median() + 0.0016,
        "promise": posterior.ppf(0.1) - 0.0019,
        "price_of_raw": 0.00267,
    }
    assert check("15E2", **simulated).passed
    wrong = [
        ("raw-rate", {"squared": 0.4167}),
        ("mode", {"squared": 0.35}),
        ("mean", {"squared": 0.3}),
        ("mean-for-both", {"absolute": 0.3636}),
        ("median", {"absolute": 0.35}),
        ("promise-too-high", {"promise": posterior.ppf(0.9)}),
        ("one-in-nine", {"promise": posterior.ppf(1.0 / 9.0)}),
        ("promise", {"promise": 0.3}),
        ("total-loss", {"price_of_raw": 0.01287}),
        ("not-squared", {"price_of_raw": 0.053}),
        ("price", {"price_of_raw": 0.02}),
    ]
    return right, wrong


def concentration(factor, seed=0, **settings):
    """Return draws of kappa whose kappa / (kappa + 20) has a given mean."""
    values = np.clip(chains(factor, 0.05, seed=seed, **settings), 0.02, 0.98)
    return 20.0 * values / (1.0 - values)


def case_15m1():
    pareto, lognormal = fit(kappa=concentration(0.3222)), fit(kappa=concentration(0.6184, seed=1))
    right = {
        "prior_extreme": 0.16,
        "idata_pareto": pareto,
        "idata_lognormal": lognormal,
        "decides": "Prior",
    }
    # 10,000 draws, as the hint asks: this far off is 3.4 standard errors.
    assert check("15M1", **right | {"prior_extreme": 0.172}).passed
    short = fit(kappa=concentration(0.3222, size=(4, 60)))
    apart = concentration(0.3222) * np.array([1.0, 1.1, 1.2, 1.3])[:, None]
    wrong = [
        ("one-end", {"prior_extreme": 0.08}),
        ("lognormal-prior", {"prior_extreme": 0.0165}),
        ("prior-share", {"prior_extreme": 0.4}),
        ("chains-too-short", {"idata_pareto": short}),
        ("chains-disagree", {"idata_pareto": fit(kappa=apart)}),
        ("swapped", {"idata_pareto": lognormal, "idata_lognormal": pareto}),
        ("same-prior", {"idata_pareto": lognormal}),
        ("same-prior", {"idata_lognormal": pareto}),
        ("pareto-fit", {"idata_pareto": fit(kappa=concentration(0.45))}),
        ("lognormal-fit", {"idata_lognormal": fit(kappa=concentration(0.75))}),
        ("data-credited", {"decides": "data"}),
    ]
    return right, wrong


def regrets(mean, sd, seed=0):
    """Return final regrets of 500 runs: positive, with a tail to the right."""
    rng = np.random.default_rng(seed)
    values = rng.gamma((mean / sd) ** 2, sd**2 / mean, size=500)
    return values * mean / values.mean()


def case_15h1():
    right = {
        "greedy": regrets(71.0, 80.0),
        "optimistic": regrets(43.5, 18.0, seed=1),
        "thompson": regrets(48.9, 21.0, seed=2),
        "overconfident": regrets(75.0, 25.0, seed=3),
    }
    wrong = [
        ("one-impression", {"thompson": right["thompson"] / 1000.0}),
        ("clicks", {"thompson": regrets(470.0, 60.0)}),
        ("clicks", {"overconfident": regrets(250.5, 20.0)}),
        ("overconfident-regret", {"overconfident": regrets(249.5, 20.0)}),
        ("realized", {"thompson": right["thompson"] - 40.0}),
        ("swapped", {"greedy": right["optimistic"], "optimistic": right["greedy"]}),
        ("prior-not-confident", {"overconfident": right["thompson"]}),
        ("greedy-regret", {"greedy": regrets(31.0, 20.0)}),
        ("optimistic-regret", {"optimistic": regrets(31.0, 20.0)}),
        ("thompson-regret", {"thompson": regrets(57.0, 20.0)}),
        ("overconfident-regret", {"overconfident": regrets(150.0, 20.0)}),
    ]
    return right, wrong


CASES = {"15E1": case_15e1, "15E2": case_15e2, "15M1": case_15m1, "15H1": case_15h1}
