"""Checks of chapter 12, predicting at every level.

What is expected is integrated here from the data and the densities, so that it cannot disagree with
them.
"""

from __future__ import annotations

from functools import cache
import math
from typing import Any

from companion import datasets
from companion.exercises.answers import (
    LIMIT,
    Unusable,
    choice,
    close,
    number,
    require,
    share,
    truth,
)
from companion.exercises.exact import hierarchy
from companion.exercises.fits import converged, draws, estimate
from companion.exercises.registry import exercise
import numpy as np

# --- 12E1: a day, a month, the long run -----------------------------------------------------------

_CUSTOMERS, _SLOPE_SD, _NOISE, _DAYS = 40.0, 0.074, 27.5, 30


@exercise(
    "12E1",
    "A day, a month, the long run",
    sd_long_run="standard deviation of the average day of place 2, without noise, in dollars",
    sd_day="standard deviation of the sales of one day, in dollars",
    sd_month="standard deviation of the average of 30 days, in dollars per day",
)
def horizons(sd_long_run: Any, sd_day: Any, sd_month: Any) -> str:
    """Compare with the sums of two variances."""
    slope = _CUSTOMERS * _SLOPE_SD
    day, month = math.hypot(slope, _NOISE), math.hypot(slope, _NOISE / math.sqrt(_DAYS))
    value = number("sd_long_run", sd_long_run)
    require(
        not close(value, _SLOPE_SD, 0.005),
        "not-times-customers",
        "The slope is in dollars per customer. How many customers come?",
        "The average day is 40 times the slope, so its standard deviation is 40 times as large, too.",
    )
    require(
        close(value, slope, 0.035),
        "long-run",
        "What is still unknown about the average day when all noise has averaged out?",
        "Only the slope: 40 customers times its standard deviation of 0.074.",
    )
    value = number("sd_day", sd_day)
    require(
        not close(value, slope + _NOISE, 0.03),
        "sds-added",
        "What adds up when two independent things add up?",
        "Variances add, standard deviations do not: take the root of the sum of squares.",
    )
    require(
        not close(value, _NOISE, 0.02),
        "slope-forgotten",
        "Is the noise the only thing that you do not know about tomorrow?",
        "The slope is uncertain as well. Its part is small for one day, but not zero.",
    )
    require(
        close(value, day, 0.1),
        "day",
        "Which two uncertainties meet in a single day?",
        "That of 40 times the slope, and the noise of 27.5 dollars. Add their variances.",
    )
    value = number("sd_month", sd_month)
    require(
        not close(value, month * _DAYS, 1.0),
        "sum-not-average",
        "Is a total asked for, or an average?",
        "That is the standard deviation of the total of 30 days. Divide by 30.",
    )
    require(
        not close(value, day / math.sqrt(_DAYS), 0.1),
        "slope-averaged-away",
        "Which part of the uncertainty is new every day, and which is the same on all 30?",
        "All days share one slope, so its uncertainty is not divided by the root of 30. Only the noise is.",
    )
    require(
        close(value, month, 0.07),
        "month",
        "Write the average of 30 days as a slope part and a noise part.",
        "The slope part keeps its standard deviation; the noise part is 27.5 divided by the root of 30.",
    )
    return (
        f"A day: {day:.1f} dollars, nearly all noise. The average of a month: {month:.1f}, and never less than "
        f"{slope:.1f}, however long you wait."
    )


# --- 12E2: a variance is not a standard deviation --------------------------------------------------


@exercise(
    "12E2",
    "A variance is not a standard deviation",
    alpha_sigma="the second argument of `pm.Normal`, or of `tfd.Normal`, for the intercepts, a number",
    y_sigma="the same for the measurements, a number",
    plot_share="share of the variance of a measurement that is due to plots, between 0 and 1",
)
def notation(alpha_sigma: Any, y_sigma: Any, plot_share: Any) -> str:
    """Compare with the roots of 4 and 9, and with 4 / 13."""
    first, second = number("alpha_sigma", alpha_sigma), number("y_sigma", y_sigma)
    require(
        not (close(first, 4.0, 1e-6) or close(second, 9.0, 1e-6)),
        "variance-passed",
        "What does the second argument mean in the paper, and what does it mean in your library?",
        "The paper writes variances, PyMC and TFP want standard deviations: take the root.",
    )
    require(
        close(first, 2.0, 1e-6) and close(second, 3.0, 1e-6),
        "root",
        "Which numbers have the squares that the paper states?",
        "The root of 4 for the intercepts, the root of 9 for the measurements. (TFP wants the same numbers.)",
    )
    part = share("plot_share", plot_share)
    require(
        not close(part, 2.0 / 5.0, 0.005),
        "share-of-sds",
        "Which of the two add up to the whole, the variances or the standard deviations?",
        "Standard deviations do not add up. Divide variances: those of plots by the sum.",
    )
    require(
        not close(part, 16.0 / 97.0, 0.005),
        "squared-twice",
        "Did you square something that was squared already?",
        "4 and 9 are the variances. Do not square them again.",
    )
    require(
        not close(part, 9.0 / 13.0, 0.005),
        "other-share",
        "Whose share did you compute?",
        "That is the share of the measurements within a plot. The plots have the rest.",
    )
    require(
        close(part, 4.0 / 13.0, 0.005),
        "share",
        "Add the two variances. Which part of the sum comes from the plots?",
        "The variance of the intercepts, divided by the sum of both variances.",
    )
    return "Read as standard deviations, the plots would get 16 % of the variance instead of 31 %."


# --- 12M1: a seventh place, two days old -----------------------------------------------------------

_NEW_CUSTOMERS, _NEW_SALES = np.array([45.0, 80.0]), np.array([262.0, 431.0])
_MU = np.linspace(3.6, 6.6, 121)
_ROOT_TAU = (np.arange(70) + 0.5) / 70 * 1.1
_SIGMA = np.geomspace(1.5, 500.0, 120)
_SIGMA_H = np.geomspace(6.0, 300.0, 40)


def _place(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the log density of one place at (mu, tau, sigma), its slope integrated out."""
    slope = x @ y / (x @ x)
    variance = _ROOT_TAU[:, None] ** 4 + _SIGMA**2 / (x @ x)
    rest = -np.sum((y - slope * x) ** 2) / (2.0 * _SIGMA**2) - (len(x) - 1) * np.log(_SIGMA)
    return rest - 0.5 * (np.log(variance) + (slope - _MU[:, None, None]) ** 2 / variance)


@cache
def _new_slope(tau_scale: float) -> float:
    """Return the posterior mean of the seventh slope, by integration on a grid."""
    frame = datasets.salad_sales()
    tau = _ROOT_TAU**2
    noise = np.exp(-0.5 * (_SIGMA[:, None] / _SIGMA_H) ** 2) * _SIGMA[:, None] / _SIGMA_H
    log_post = -0.5 * (_MU[:, None, None] / 10.0) ** 2 - 0.5 * (tau[:, None] / tau_scale) ** 2
    log_post = log_post + np.log(_ROOT_TAU)[:, None] - 0.5 * (_SIGMA_H / 30.0) ** 2
    log_post = log_post + np.log(_SIGMA_H)
    for _, here in frame.groupby("location"):
        place = _place(here["customers"].to_numpy(float), here["sales"].to_numpy(float))
        top = place.max(axis=-1, keepdims=True)
        log_post = log_post + np.log(np.exp(place - top) @ noise) + top
    x, y = _NEW_CUSTOMERS, _NEW_SALES
    last = _place(x, y)
    weight = np.exp(log_post - log_post.max()) @ noise.T * np.exp(last - last.max())
    own, shared = x @ x / _SIGMA**2, 1.0 / tau[:, None] ** 2
    mean = (x @ y / _SIGMA**2 + shared * _MU[:, None, None]) / (own + shared)
    return float((weight * mean).sum() / weight.sum())


def _day_width(slope: np.ndarray, noise: np.ndarray) -> float:
    """Return the width of the 94 % interval of a day with 50 customers."""
    fresh = np.random.default_rng(12).standard_normal((10, *slope.shape))
    return float(np.ptp(np.quantile(50.0 * slope + noise * fresh, [0.03, 0.97])))


@exercise(
    "12M1",
    "A seventh place, two days old",
    idata="the fit of all seven places, with `mu_beta`, `beta` and `sigma`; `beta` and `sigma` with seven values, the "
    "new place last",
    day_width="width of the 94 % interval of the sales of one day with 50 customers at the new place, in dollars",
)
def seventh_place(idata: Any, day_width: Any) -> str:
    """Compare the new slope with an integral, and the width with the fit's own draws."""
    beta, sigma = draws("idata", idata, "beta"), draws("idata", idata, "sigma")
    for name, values in (("beta", beta), ("sigma", sigma)):
        if values.ndim != 3:
            raise Unusable("idata", idata, f"where `{name}` should be one number for each place")
    require(
        beta.shape[2] != 6 and sigma.shape[2] != 6,
        "new-place-missing",
        "How many places have records now?",
        "`beta` has six values. Append the two days to the data, with location 6, and make the dimension 7 long "
        "*before* you fit.",
    )
    if beta.shape[2] != 7 or sigma.shape[2] != 7:
        raise Unusable("idata", idata, "where `beta` and `sigma` should have 7 values each")
    slope, noise = beta[..., 6], sigma[..., 6]
    converged("idata", "beta[6]", slope)
    mean, mcse = estimate(slope)
    target, published = _new_slope(0.3), _new_slope(0.1)
    own = float(_NEW_CUSTOMERS @ _NEW_SALES / (_NEW_CUSTOMERS @ _NEW_CUSTOMERS))
    allowed = LIMIT * math.hypot(mcse, 0.001)
    require(
        abs(mean - published) > allowed,
        "prior-kept",
        "Which prior does the exercise ask for?",
        "With the published prior HalfNormal(0.1) the new slope is held closer to the others. Use HalfNormal(0.3) for "
        "`tau_beta`.",
    )
    require(
        abs(mean - own) > 0.06,
        "no-pooling",
        "Two days say something about the new place. Do the other 43 say nothing?",
        "Your new slope is nearly what its own two days give. It should come from Normal(mu_beta, tau_beta), like the "
        "others.",
    )
    require(
        abs(mean - target) <= allowed,
        "new-slope",
        "Compare your model with the chapter's, line by line, and the new days with those in the exercise.",
        f"The posterior mean of the new slope should be near {target:.2f}. The new days are (45, 262) and (80, 431), in "
        "customers and dollars.",
    )
    width, right = number("day_width", day_width), _day_width(slope, noise)
    only_average = float(50.0 * np.ptp(np.quantile(slope, [0.03, 0.97])))
    require(
        abs(width / only_average - 1.0) > 0.05,
        "average-not-day",
        "Is that the interval of a day, or of the average day?",
        "Add the noise: for each draw of the slope, one draw from Normal(50 beta, sigma) of the new place.",
    )
    unknown = _day_width(*_population(idata))
    require(
        abs(width / right - 1.0) < 0.08,
        "day-width" if abs(width / unknown - 1.0) > 0.08 else "not-updated",
        "Whose slope and whose noise did you use, and which probability?"
        if abs(width / unknown - 1.0) > 0.08
        else "Has the new place still no records?",
        "The range from the 3 % to the 97 % quantile of draws from Normal(50 beta[6], sigma[6])."
        if abs(width / unknown - 1.0) > 0.08
        else "Its slope and noise have learned from two days: use `beta[6]` and `sigma[6]`, not new draws from the "
        "population.",
    )
    return (
        f"Its own two days say {own:.2f} dollars per customer, the model says {mean:.2f}: two days move a new place, and the "
        "population holds it back."
    )


def _population(idata: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return slopes and noises of a place without records, from the hyperparameters if they are there."""
    rng = np.random.default_rng(13)
    names = ("mu_beta", "tau_beta", "sigma_h")
    if not all(name in idata.posterior.data_vars for name in names):
        return np.zeros((1, 1)), np.full((1, 1), 1e9)
    mu, tau, scale = (draws("idata", idata, name, shape=()) for name in names)
    return rng.normal(mu, tau), np.abs(rng.standard_normal(scale.shape)) * scale


# --- 12M2: leave out a school ----------------------------------------------------------------------


@cache
def _schools() -> dict[str, float]:
    """Return the exact leave-one-school-out score, and three scores that it is mistaken for."""
    frame = datasets.eight_schools()
    effect, error = frame["effect"].to_numpy(float), frame["standard_error"].to_numpy(float)
    tau = 200.0 * ((np.arange(3000) + 0.5) / 3000) ** 3
    log_prior = np.log(np.gradient(tau)) - np.log1p((tau / 10.0) ** 2)

    def given_tau(y: np.ndarray, s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return hierarchy(y, s, tau, log_prior)

    def log_score(weight: np.ndarray, y: float, mean: np.ndarray, variance: np.ndarray) -> float:
        density = np.exp(-0.5 * (y - mean) ** 2 / variance) / np.sqrt(2.0 * np.pi * variance)
        return float(np.log(weight @ density))

    scores = dict.fromkeys(("exact", "known school", "still in", "no spread"), 0.0)
    everything = given_tau(effect, error)
    for j in range(len(effect)):
        y, s = effect[j], error[j]
        weight, center, precision = given_tau(np.delete(effect, j), np.delete(error, j))
        scores["exact"] += log_score(weight, y, center, s**2 + tau**2 + 1.0 / precision)
        scores["no spread"] += log_score(weight, y, center, s**2 + 1.0 / precision)
        weight, center, precision = everything
        scores["still in"] += log_score(weight, y, center, s**2 + tau**2 + 1.0 / precision)
        pull = s**2 / (s**2 + tau**2)
        mean = (1.0 - pull) * y + pull * center
        variance = (1.0 - pull) * s**2 + pull**2 / precision
        scores["known school"] += log_score(weight, y, mean, variance + s**2)
    return scores


@exercise(
    "12M2",
    "Leave out a school",
    elpd="sum over the eight schools of the log density of each, predicted from the other seven, a number",
    same_as_loo="True or False: is leaving one observation out the same as leaving one group out here?",
)
def schools(elpd: Any, same_as_loo: Any) -> str:
    """Compare with exact integrals."""
    value, scores = number("elpd", elpd), _schools()
    require(
        not close(value, scores["known school"], 0.1),
        "in-sample",
        "Has the school that you predict been left out?",
        "You predicted each school from its own `theta`, fitted to it. Refit without the school, eight times.",
    )
    require(
        not close(value, scores["still in"], 0.08),
        "still-in-the-population",
        "Where did `mu` and `tau` get their posterior from?",
        "A new `theta` is drawn, which is right, but `mu` and `tau` have still seen the school. Leave it out of their fit, "
        "too.",
    )
    require(
        not close(value, scores["no spread"], 0.08),
        "no-new-theta",
        "What varies between schools?",
        "You predicted with `mu`. A new school has its own `theta`, from Normal(mu, tau): add the variance tau squared.",
    )
    require(
        close(value, scores["exact"], 0.08),
        "elpd",
        "For each school: the log of the *average* density over the posterior of the other seven.",
        "Average the density Normal(y_j | mu, sqrt(s_j^2 + tau^2)) over draws, or a grid, of mu and tau without school j; then "
        "take the logarithm; then add up.",
    )
    require(
        truth("same_as_loo", same_as_loo),
        "loo-differs",
        "How many observations does each school have?",
        "One. To leave it out is to leave the school out.",
    )
    return (
        f"The exact score is {scores['exact']:.2f}. Predicting each school from its own fit would have claimed "
        f"{scores['known school']:.2f}."
    )


# --- 12H1: a prior for three groups ----------------------------------------------------------------


@cache
def _study(groups: int) -> dict[str, tuple[float, float, float]]:
    """Return coverage, median width and coverage of the mean's interval, for both priors."""
    rng = np.random.default_rng(12)
    size = 1000 if groups < 10 else 300
    estimate_ = rng.normal(rng.normal(5.0, 0.2, (size, groups)), 0.2)
    tau = 3.0 * ((np.arange(80) + 0.5) / 80) ** 2
    points = 5.0 + 0.1 * np.sinh(np.linspace(-5.0, 5.0, 201))
    variance = 0.2**2 + tau**2
    precision = groups / variance + 1.0 / 10.0**2
    center = estimate_.sum(axis=1)[:, None] / variance / precision
    log_like = 0.5 * (center**2 * precision - np.log(precision) - groups * np.log(variance))
    log_like = log_like - 0.5 * (estimate_**2).sum(axis=1)[:, None] / variance
    like = np.exp(log_like - log_like.max(axis=1, keepdims=True))
    result = {}
    for name, scale in (("narrow", 0.1), ("wide", 1.0)):
        weight = like * np.exp(-0.5 * (tau / scale) ** 2) * np.gradient(tau)
        weight /= weight.sum(axis=1, keepdims=True)
        values = []
        for spread in (tau**2 + 1.0 / precision, 1.0 / precision):
            z = (points - center[..., None]) / np.sqrt(spread)[:, None]
            below = np.einsum("dt,dtp->dp", weight, _normal_cdf(z))
            values.append(np.array([np.interp([0.03, 0.97], row, points) for row in below]))
        ends, mean_ends = values
        covered = np.diff(_normal_cdf((ends - 5.0) / 0.2), axis=1).mean()
        covered_by_mean = np.diff(_normal_cdf((mean_ends - 5.0) / 0.2), axis=1).mean()
        width = np.median(np.diff(ends, axis=1))
        result[name] = float(covered), float(width), float(covered_by_mean)
    return result


def _normal_cdf(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return ndtr(z)


@exercise(
    "12H1",
    "A prior for three groups",
    coverage_narrow="mean coverage of the 94 % interval of a new group under HalfNormal(0.1), between 0 and 1",
    coverage_wide="the same under HalfNormal(1), between 0 and 1",
    width_narrow="median width of the interval under HalfNormal(0.1)",
    width_wide="the same under HalfNormal(1)",
    better_at_30="'narrow' or 'wide': whose coverage is closer to 94 % with thirty groups?",
)
def three_groups(
    coverage_narrow: Any,
    coverage_wide: Any,
    width_narrow: Any,
    width_wide: Any,
    better_at_30: Any,
) -> str:
    """Compare with a study of our own."""
    study = _study(3)
    coverages = {
        "narrow": share("coverage_narrow", coverage_narrow),
        "wide": share("coverage_wide", coverage_wide),
    }
    require(
        coverages["narrow"] < coverages["wide"],
        "priors-exchanged",
        "Which of the two priors lets groups differ more?",
        "HalfNormal(1) allows larger spreads, so its intervals are wider and cover more. Are the two exchanged?",
    )
    require(
        not all(close(coverages[name], study[name][2], 0.04) for name in study)
        and coverages["narrow"] > study["narrow"][2] + 0.04,
        "interval-of-the-mean",
        "Is your interval one for the mean of the population, or for a new group?",
        "A new group has a deviation of its own: its variance, given tau, is that of mu *plus* tau squared.",
    )
    require(
        all(close(coverages[name], study[name][0], 0.035) for name in study),
        "coverage",
        "For each data set: which share of new groups, from Normal(5, 0.2), falls into the interval?",
        f"With three groups the coverages are near {study['narrow'][0]:.2f} and {study['wide'][0]:.2f}. Check the grid of tau near 0 and "
        "far out, and that the truth is not used in the fit.",
    )
    widths = {
        "narrow": number("width_narrow", width_narrow),
        "wide": number("width_wide", width_wide),
    }
    require(
        not all(close(2.0 * widths[name] / study[name][1], 1.0, 0.1) for name in study),
        "half-width",
        "From where to where does an interval reach?",
        "Those are half widths. Take the upper end minus the lower.",
    )
    require(
        all(close(widths[name] / study[name][1], 1.0, 0.1) for name in study),
        "width",
        "Take the 3 % and the 97 % quantile in each data set, and the median of their differences.",
        f"The median widths are near {study['narrow'][1]:.2f} and {study['wide'][1]:.2f}. If only the wide one is off, your grid of tau "
        "may end too early.",
    )
    at_thirty = _study(30)
    require(
        choice("better_at_30", better_at_30, ("narrow", "wide")) == "wide",
        "narrow-at-thirty",
        "Run the same study with thirty groups.",
        f"With thirty groups the coverages are {at_thirty['narrow'][0]:.2f} (narrow) and {at_thirty['wide'][0]:.2f} (wide).",
    )
    return (
        f"Three groups: {study['narrow'][0]:.0%} or an interval {study['wide'][1] / study['narrow'][1]:.1f} times as wide. Thirty groups forgive the wide prior and "
        "not quite the narrow one."
    )
