"""Chapter 06: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion.exercises import check
import numpy as np
from scipy import interpolate

from tests.unit.exercises.made_up import chains, fit


def case_4e1():
    x = np.linspace(1.0, 10.0, 12)
    right = {
        "examples": {
            "braking": (x, 0.7 * x**2, np.square),
            "bulb": (x, 9.0 / x**2, lambda d: d**-2.0),
        }
    }
    braking = right["examples"]["braking"]
    speed, degrees = np.linspace(50.0, 100.0, 11), np.linspace(0.0, 60.0, 13)
    everyday = {
        "braking distance, 50 to 100 km/h": (speed, speed**2 / 200.0, np.square),
        "area of a pizza": (np.arange(24.0, 37.0, 2.0), np.pi / 4 * np.arange(24, 37, 2) ** 2, np.square),
        "pendulum": (degrees[2:], 2.0 * np.sqrt(degrees[2:]), np.sqrt),
        "many points": (np.linspace(1.0, 10.0, 2000), np.log(np.linspace(1.0, 10.0, 2000)), np.log),
        "a kink": (x, np.maximum(x - 4.0, 0.0), lambda v: np.maximum(v - 4.0, 0.0)),
    }  # fmt: skip
    for name, triple in everyday.items():
        assert check("4E1", examples={"bulb": right["examples"]["bulb"], name: triple}).passed, name

    known = {k: np.sqrt(k) for k in x}

    def with_second(*triple):
        return {"examples": {"braking": braking, "second": triple}}

    wrong = [
        ("one-example", {"examples": {"braking": braking}}),
        ("already-straight", with_second(x, 2.0 + 3.0 * x, np.sqrt)),
        ("transformation-fails", with_second(x, np.sqrt(x), lambda: 0.0)),
        ("not-a-function-of-x", with_second(x, np.log(x), lambda v: np.log(x))),
        ("not-a-function-of-x", with_second(x, np.log(x), lambda v: v.mean())),
        ("transformation-undefined", with_second(x - 1.0, np.sqrt(x - 1.0), np.log)),
        ("linear-transformation", with_second(x, x**2, lambda v: v - 3.0)),
        ("still-bent", with_second(x, np.exp(x), np.sqrt)),
        ("interpolation", with_second(x, np.sqrt(x), lambda v: np.interp(v, x, np.sqrt(x)))),
        ("interpolation", with_second(x, np.sqrt(x), interpolate.CubicSpline(x, np.sqrt(x)))),
        ("interpolation", with_second(x, np.sqrt(x), interpolate.interp1d(x, np.sqrt(x), "nearest"))),
        ("interpolation", with_second(x, np.sqrt(x), lambda v: np.array([known[k] for k in v]))),
        ("same-curve-twice", with_second(x, 5.0 + 2.0 * x**2, lambda v: 3.0 * v**2)),
    ]  # fmt: skip
    return right, wrong


def case_4e7():
    right = {
        "elpd_difference": 182.2,
        "difference_se": 21.2,
        "largest_k": 0.1,
        "why": "predicts better",
        "worst_month": 0,
    }
    wrong = [
        ("not-a-difference", {"elpd_difference": -1983.6}),
        ("difference-reversed", {"elpd_difference": -182.2}),
        ("deviance-scale", {"elpd_difference": -364.4}),
        ("other-models", {"elpd_difference": 30.0}),
        ("unpaired", {"difference_se": 28.2}),
        ("error-of-the-mean", {"difference_se": 0.75}),
        ("standard-error", {"difference_se": 15.0}),
        ("not-the-largest", {"largest_k": -3.0}),
        ("k-too-large", {"largest_k": 3.0}),
        ("parameters-counted", {"why": "fewer parameters"}),
        ("truth-claimed", {"why": "is true"}),
        ("misfit-overlooked", {"worst_month": 24}),
    ]
    return right, wrong


def case_4m12():
    from companion.exercises.checks.ch06_transforming_covariates_and_varying_variance import (
        _pizza_exact,
    )

    exact = _pizza_exact()
    spread = {
        "beta": (13.027, 0.032),
        "delta_0": (exact["delta_0"], 4.1),
        "delta_1": chains(exact["delta_1"], 0.068, seed=2),
    }
    tau = {"beta": (13.027, 0.032), "tau": (exact["tau"], 0.18)}
    right = {
        "idata": fit(rows=365, **spread),
        "idata_root": fit(rows=365, **tau),
        "elpd_gain": 16.0,
        "slope_moved": "no",
    }
    short = chains(exact["tau"], 0.18, size=(4, 60))
    wrong = [
        ("other-food", {"idata": fit(rows=468, **spread)}),
        ("spread-constant", {"idata": fit(beta=(13.02, 0.03), sigma=(40.3, 1.5))}),
        ("sign-free", {"idata": fit(**spread | {"delta_1": (0.1, 0.07)})}),
        ("delta-1", {"idata": fit(**spread | {"delta_1": (0.55, 0.05)})}),
        ("delta-0", {"idata": fit(**spread | {"delta_0": (20.0, 4.0)})}),
        ("spread-proportional", {"idata_root": fit(**tau | {"tau": (0.6, 0.02)})}),
        ("tau-is-sigma", {"idata_root": fit(**tau | {"tau": (40.0, 1.5)})}),
        ("chains-too-short", {"idata_root": fit(beta=short, tau=short)}),
        ("tau", {"idata_root": fit(**tau | {"tau": (5.6, 0.18)})}),
        ("not-a-difference", {"elpd_gain": -1850.0}),
        ("difference-reversed", {"elpd_gain": -16.0}),
        ("gain", {"elpd_gain": 60.0}),
        ("slope-moved", {"slope_moved": "yes"}),
    ]  # fmt: skip
    return right, wrong


def case_4h16():
    from companion.exercises.checks.ch06_transforming_covariates_and_varying_variance import (
        _fall_exact,
    )

    exact = _fall_exact()
    g, sd = exact["g"], exact["g_sd"]
    right = {
        "idata": fit(g=(g, sd), sigma=(exact["sigma"], 0.4)),
        "velocity_20": 20.0 * g,
        "velocity_20_sd": 20.0 * sd,
        "position_30": 450.0 * g,
        "position_30_sd": 450.0 * sd,
    }
    wrong = [
        ("half-missing", {"idata": fit(g=(g / 2.0, sd), sigma=(exact["sigma"], 0.4))}),
        ("sign", {"idata": fit(g=(-g, sd), sigma=(exact["sigma"], 0.4))}),
        ("gravity", {"idata": fit(g=(g + 0.02, sd), sigma=(exact["sigma"], 0.4))}),
        ("noise", {"idata": fit(g=(g, sd), sigma=(exact["sigma"] / 2.0, 0.2))}),
        ("average-velocity", {"velocity_20": 10.0 * g}),
        ("velocity", {"velocity_20": 30.0 * g}),
        ("differences", {"velocity_20_sd": 80.0}),
        ("velocity-sd", {"velocity_20_sd": sd}),
        ("position", {"position_30": 900.0 * g}),
        ("reading-not-position", {"position_30_sd": float(np.hypot(450.0 * sd, exact["sigma"]))}),
        ("position-sd", {"position_30_sd": 30.0 * sd}),
    ]
    return right, wrong


CASES = {
    "4E1": case_4e1,
    "4E7": case_4e7,
    "4M12": case_4m12,
    "4H16": case_4h16,
}
