"""Chapter 12: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion.exercises.checks import ch12_predicting_at_every_level as checks
import numpy as np

from tests.unit.exercises.made_up import chains, fit


def case_12e1():
    right = {"sd_long_run": 2.96, "sd_day": 27.659, "sd_month": 5.827}
    wrong = [
        ("not-times-customers", {"sd_long_run": 0.074}),
        ("long-run", {"sd_long_run": 1.0}),
        ("sds-added", {"sd_day": 30.46}),
        ("slope-forgotten", {"sd_day": 27.5}),
        ("day", {"sd_day": 20.0}),
        ("sum-not-average", {"sd_month": 174.8}),
        ("slope-averaged-away", {"sd_month": 5.05}),
        ("slope-averaged-away", {"sd_month": 5.02}),
        ("month", {"sd_month": 7.0}),
    ]
    return right, wrong


def case_12e2():
    right = {"alpha_sigma": 2.0, "y_sigma": 3, "plot_share": 4 / 13}
    wrong = [
        ("variance-passed", {"alpha_sigma": 4.0}),
        ("variance-passed", {"y_sigma": 9.0}),
        ("root", {"y_sigma": 81.0}),
        ("share-of-sds", {"plot_share": 0.4}),
        ("squared-twice", {"plot_share": 0.165}),
        ("other-share", {"plot_share": 0.692}),
        ("share", {"plot_share": 0.5}),
    ]
    return right, wrong


def seven_places(slope, places=7, **more):
    beta = np.stack([chains(5.0, 0.1, seed=j) for j in range(places)], axis=-1)
    beta[..., -1] += slope - beta[..., -1].mean()
    sigma = np.stack([chains(30.0, 3.0, seed=20 + j) for j in range(places)], axis=-1)
    hyper = {"mu_beta": (5.06, 0.07), "tau_beta": np.abs(chains(0.0, 0.1, seed=40))}
    return fit(beta=beta, sigma=sigma, sigma_h=(70.0, 5.0), **hyper)


def case_12m1():
    right_fit = seven_places(checks._new_slope(0.3))
    slope, noise = (right_fit.posterior[name].to_numpy()[..., 6] for name in ("beta", "sigma"))
    right = {"idata": right_fit, "day_width": checks._day_width(slope, noise) * 1.01}
    average = 50.0 * np.ptp(np.quantile(slope, [0.03, 0.97]))
    unseen = checks._day_width(*checks._population(right_fit))
    wrong = [
        ("new-place-missing", {"idata": seven_places(5.1, places=6)}),
        ("prior-kept", {"idata": seven_places(checks._new_slope(0.1))}),
        ("no-pooling", {"idata": seven_places(5.49)}),
        ("new-slope", {"idata": seven_places(4.9)}),
        ("average-not-day", {"day_width": average}),
        ("not-updated", {"day_width": unseen}),
        ("day-width", {"day_width": right["day_width"] / 2.0}),
    ]
    return right, wrong


def case_12m2():
    scores = checks._schools()
    right = {"elpd": -30.97, "same_as_loo": True}
    wrong = [
        ("in-sample", {"elpd": scores["known school"]}),
        ("still-in-the-population", {"elpd": scores["still in"]}),
        ("no-new-theta", {"elpd": scores["no spread"]}),
        ("elpd", {"elpd": -3.87}),
        ("loo-differs", {"same_as_loo": False}),
    ]
    return right, wrong


def case_12h1():
    study = checks._study(3)
    right = {
        "coverage_narrow": study["narrow"][0] + 0.01,
        "coverage_wide": study["wide"][0],
        "width_narrow": study["narrow"][1],
        "width_wide": study["wide"][1] * 1.03,
        "better_at_30": "wide",
    }
    wrong = [
        ("percent", {"coverage_narrow": 78.0, "coverage_wide": 100.0}),
        ("priors-exchanged", {"coverage_narrow": 0.99, "coverage_wide": 0.78}),
        (
            "interval-of-the-mean",
            {"coverage_narrow": study["narrow"][2], "coverage_wide": study["wide"][2]},
        ),
        ("coverage", {"coverage_narrow": 0.9}),
        (
            "half-width",
            {"width_narrow": study["narrow"][1] / 2, "width_wide": study["wide"][1] / 2},
        ),
        ("width", {"width_wide": 1.0}),
        ("narrow-at-thirty", {"better_at_30": "Narrow"}),
    ]
    return right, wrong


CASES = {
    "12E1": case_12e1,
    "12E2": case_12e2,
    "12M1": case_12m1,
    "12M2": case_12m2,
    "12H1": case_12h1,
}
