"""Chapter 03: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion import datasets
from companion.exercises import check
from companion.exercises.checks.ch03_first_models import _exact_means
from companion.posteriors import reference
import numpy as np
from numpy.testing import assert_allclose

from tests.unit.exercises.made_up import chains, fit


def case_3e1():
    right = {"mcse": 0.02, "draws": 16_000, "observations": 200}
    wrong = [
        ("draws-for-ess", {"mcse": 0.0095}),
        ("no-root", {"mcse": 0.6 / 900}),
        ("observations-for-draws", {"mcse": 0.0849}),
        ("mcse", {"mcse": 0.6}),
        ("twice-for-half", {"draws": 8000}),
        ("twice-for-half", {"observations": 100}),
        ("ess-for-draws", {"draws": 3600}),
        ("draws-for-data", {"observations": 50}),
        ("draws", {"draws": 40_000}),
        ("observations", {"observations": 1000}),
    ]
    return right, wrong


def case_3e2():
    right = {"p": 0.7685, "odds_ratio": 1.34986, "points": 4.906}
    wrong = [
        ("log-odds-as-probability", {"p": 1.2}),
        ("odds-as-probability", {"p": 3.32}),
        ("probability", {"p": 0.69}),
        ("one-milligram", {"odds_ratio": 1.0151}),
        ("log-odds-ratio", {"odds_ratio": 0.3}),
        ("ratio-of-probabilities", {"odds_ratio": 1.0638}),
        ("odds-ratio", {"odds_ratio": 1.2}),
        ("log-odds-as-points", {"points": 30.0}),
        ("odds-ratio-on-probability", {"points": 26.9}),
        ("rule-of-four", {"points": 7.5}),
        ("fraction-for-points", {"points": 0.049}),
        ("points", {"points": 12.0}),
    ]
    return right, wrong


def case_3m1():
    exact = reference("dose_response")
    assert_allclose(_exact_means(), exact["mean"].iloc[:3], atol=1e-4)
    names = ["intercept", "b_age", "b_dose"]
    values = {
        name: chains(*exact.loc[name, ["mean", "sd"]], seed=i) for i, name in enumerate(names)
    }
    a, b_age, b_dose = values.values()
    columns = datasets.dose_response()[["age", "dose"]].to_numpy(dtype=float)
    (mean_age, mean_dose), (sd_age, sd_dose) = columns.mean(axis=0), columns.std(axis=0)
    raw = a - b_age * mean_age / sd_age - b_dose * mean_dose / sd_dose
    per_mg, at_50 = b_dose / sd_dose, 50.0 * b_age / sd_age
    dose = (np.log(4.0) - raw - at_50) / per_mg
    right = {"idata": fit(**values), "intercept_raw": raw, "dose_80": dose.ravel()}
    # Standardized with pandas' std(), which divides by n - 1.
    wider = np.sqrt(len(columns) / (len(columns) - 1.0))
    other = {"intercept": a, "b_age": b_age * wider, "b_dose": b_dose * wider}
    assert check("3M1", idata=fit(**other), intercept_raw=raw, dose_80=dose).passed
    short = {name: value[:, :40] for name, value in values.items()}
    wrong = [
        ("raw-predictors", {"idata": fit(**values | {"b_age": chains(0.0169, 0.0151)})}),
        ("other-posterior", {"idata": fit(**values | {"b_dose": chains(0.6, 0.17)})}),
        ("chains-too-short", {"idata": fit(**short)}),
        ("one-number", {"intercept_raw": raw.mean()}),
        ("one-number", {"dose_80": 115.0}),
        ("intercept-kept", {"intercept_raw": a}),
        ("wrong-direction", {"intercept_raw": 2.0 * a - raw}),
        ("sd-forgotten", {"intercept_raw": a - b_age * mean_age - b_dose * mean_dose}),
        ("intercept", {"intercept_raw": a - b_age * mean_age / sd_age}),
        ("probability-as-log-odds", {"dose_80": (0.8 - raw - at_50) / per_mg}),
        ("age-forgotten", {"dose_80": (np.log(4.0) - raw) / per_mg}),
        ("still-standardized", {"dose_80": (dose - mean_dose) / sd_dose}),
        ("dose", {"dose_80": (np.log(4.0) + raw) / per_mg}),
    ]
    return right, wrong


def case_3h1():
    right = {"power_50": 0.32, "exaggeration_50": 1.92, "exaggeration_400": 1.01}
    for power in (0.30, 0.345):
        assert check("3H1", **right | {"power_50": power}).passed
    wrong = [
        ("percent", {"power_50": 32.0}),
        ("other-size", {"power_50": 0.992}),
        ("one-sided", {"power_50": 0.45}),
        ("power", {"power_50": 0.15}),
        ("per-year", {"exaggeration_50": 23.0}),
        ("per-year", {"exaggeration_400": 12.1}),
        ("no-filter", {"exaggeration_50": 1.06}),
        ("upside-down", {"exaggeration_50": 0.52}),
        ("exaggeration", {"exaggeration_50": 2.8}),
        ("exaggeration-large", {"exaggeration_400": 1.37}),
    ]
    return right, wrong


CASES = {
    "3E1": case_3e1,
    "3E2": case_3e2,
    "3M1": case_3m1,
    "3H1": case_3h1,
}
