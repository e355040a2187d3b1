"""Checks of chapter 08, robust regression.

What is expected is computed here from the data and from densities, so that it cannot disagree with
them.
"""

from __future__ import annotations

import math
from typing import Any

from companion import datasets
from companion.exercises.answers import Miss, by_simulation, choice, close, number, require, share
from companion.exercises.exact import straight_line
from companion.exercises.fits import converged, count_rows, draws, has_variable, posterior_mean
from companion.exercises.model_view import view
from companion.exercises.registry import exercise
import numpy as np

# --- 4E3: a robust regression for the babies -------------------------------------------------------


def _is_straight_line(means: np.ndarray, x: np.ndarray) -> bool:
    """Return whether every row is a straight line in x."""
    return means.shape[1:] == x.shape and all(
        np.abs(straight_line(x, row)[1]).max() <= 1e-6 * (1.0 + np.ptp(row)) for row in means
    )


def _largest_gain(x: np.ndarray, y: np.ndarray) -> float:
    """Return by how much a t can raise the log likelihood of the residuals above a Normal's."""
    from scipy import optimize, stats

    residuals = straight_line(x, y)[1]

    def loss(log_parameters: np.ndarray) -> float:
        nu, scale = np.exp(log_parameters)
        return -stats.t.logpdf(residuals, nu, 0.0, scale).sum()

    start = [math.log(30.0), math.log(residuals.std())]
    bounds = [(0.0, 20.0), (-3.0, 5.0)]
    best = -optimize.minimize(loss, start, method="Nelder-Mead", bounds=bounds).fun
    return max(0.0, best - stats.norm.logpdf(residuals, 0.0, residuals.std()).sum())


@exercise(
    "4E3",
    "A robust line for the babies",
    model="your model of the 800 babies with a robust likelihood: a `pm.Model`, or a joint distribution of "
    "TFP, with its data pinned or not",
    idata="the result of sampling it, with the degrees of freedom named `nu`",
    elpd_difference="LOO's elpd of the robust model minus that of the same model with a Normal "
    "likelihood, a number",
    conclusion="'needed' or 'not needed', for whether these data need the robust likelihood",
)
def babies(model: Any, idata: Any, elpd_difference: Any, conclusion: Any) -> str:
    """Check the structure of the model, then the comparison."""
    frame = datasets.babies()
    month, length = frame["month"].to_numpy(float), frame["length"].to_numpy(float)
    covariates = (np.sqrt(month), month)

    seen = view("model", model)
    require(
        seen.family == "StudentT",
        "likelihood-not-robust",
        "Which line of a regression model decides how surprising a point far from the line is?",
        f"The likelihood of your model is {seen.family}. Use a Student t with the same mean: `pm.StudentT`, or "
        "`tfd.StudentT`.",
    )
    require(
        seen.depends_on_priors(0),
        "nu-fixed",
        "How heavy should the tails be? Your model does not ask the data.",
        "`nu` is a constant in your model. Give it a prior on positive numbers, for example "
        '`pm.Gamma("nu", 2.0, 0.1)`, or `tfd.Gamma(jnp.float64(2.0), 0.1, name="nu")`.',
    )
    require(
        seen.free == 4,
        "parameter-count",
        "Count the unknown numbers in the mathematics, then those in your model.",
        f"Your model has {seen.free} unknown numbers. Four are needed: an intercept, a slope, `sigma` and `nu`.",
    )
    require(
        any(_is_straight_line(seen.parameters[1], x) for x in covariates),
        "mean-not-a-line",
        "What goes into the mean of the likelihood?",
        "The mean should be an intercept plus a slope times the month, or better its square root, for all "
        "800 babies in the order of the data.",
    )
    tails = draws("idata", idata, "nu")
    converged("idata", "nu", tails)
    require(
        tails.mean() > 10.0,
        "other-data",
        "Were all 800 babies in the fit, and an intercept in the mean?",
        f"The posterior mean of `nu` is {tails.mean():.1f}: so heavy tails do not fit these babies. Sample the "
        "model that you pass as `model`.",
    )

    difference = number("elpd_difference", elpd_difference)
    gain = max(_largest_gain(x, length) for x in covariates)
    require(
        abs(difference) < 20.0,
        "not-a-difference",
        "Is this number about one model, or about two?",
        "Subtract the two: `az.loo(idata).elpd - az.loo(idata_normal).elpd`. On 800 babies each elpd is about "
        "minus 2000, and the difference a few units at most.",
    )
    require(
        difference <= gain + 0.05,
        "difference-reversed",
        "Which of the two models comes first in your subtraction?",
        "Take the robust model minus the Normal one. Even with the best `nu` for these very babies, a t cannot "
        f"gain more than {gain:.2f} here.",
    )
    require(
        difference >= -5.0,
        "models-differ",
        "Apart from the likelihood, are the two models the same?",
        "Both need the same covariate, the same priors and all 800 babies. Then the difference is between -5 and 0.",
    )
    verdict = choice("conclusion", conclusion, ("needed", "not needed"))
    require(
        verdict == "not needed",
        "robust-by-default",
        "What would the difference be if the babies really had heavy tails? Compare the empanadas.",
        "A difference near zero or below says that heavier tails do not predict better. And a posterior of `nu` "
        "far above 10 says that the t is close to a Normal.",
    )
    return (
        "The robust model is right, and not needed: no length in this data set is surprising for a Normal. It "
        "costs one parameter and does no harm."
    )


# --- 4E5: the t's two ends -----------------------------------------------------------------------


@exercise(
    "4E5",
    "The two ends of the t",
    t1_matches="'cauchy' or 'normal'",
    tinf_matches="'cauchy' or 'normal'",
    peak_t1="height of the density of the t with nu = 1 (location 0, scale 1) at 0, a number",
    tail_t1="probability that this t is more than 3 away from 0, on either side, a number",
    tail_normal="the same probability for the t whose nu is as large as you can make it, a number",
)
def two_ends(
    t1_matches: Any, tinf_matches: Any, peak_t1: Any, tail_t1: Any, tail_normal: Any
) -> str:
    """Compare with the exact densities and tails of the Cauchy and the Normal."""
    names = ("cauchy", "normal")
    matches = choice("t1_matches", t1_matches, names), choice("tinf_matches", tinf_matches, names)
    require(
        matches != ("normal", "cauchy"),
        "swapped",
        "Which of the two curves you plotted still has visible density at 6?",
        "Small `nu` means heavy tails, and so does Cauchy. As `nu` grows, the tails become those of a Normal.",
    )
    require(
        matches == names,
        "same-answer-twice",
        "The two ends are two different distributions.",
        "Each of 'cauchy' and 'normal' is used once.",
    )

    peak = number("peak_t1", peak_t1)
    if isinstance(tail_normal, (float, np.floating)) and not math.isfinite(tail_normal):
        raise Miss(
            "nu-infinite",
            "What does your library return when you pass infinity for `nu`?",
            "The formula of the density divides infinity by infinity. Use a large number instead, such as 1e6.",
        )
    heavy, light = share("tail_t1", tail_t1), share("tail_normal", tail_normal)

    cauchy_peak, normal_peak = 1.0 / math.pi, 1.0 / math.sqrt(2.0 * math.pi)
    cauchy_tail = 1.0 - 2.0 * math.atan(3.0) / math.pi
    normal_tail = math.erfc(3.0 / math.sqrt(2.0))
    require(
        not (close(heavy, normal_tail, 5e-4) and close(light, cauchy_tail, 5e-4)),
        "swapped",
        "Which of your two tails is the heavier one?",
        "Your two tails are exchanged: the t with `nu` = 1 has the heavy one.",
    )
    require(
        not close(heavy, cauchy_tail / 2.0, 5e-4) and not close(light, normal_tail / 2.0, 5e-5),
        "one-sided-tail",
        "How many tails does the distribution have?",
        "You took one side. More than 3 away from 0 means below -3 or above 3: double it.",
    )
    require(
        not close(peak, cauchy_peak / 2.0, 5e-4),
        "other-scale",
        "Which scale does your density use?",
        "The figure in the chapter has location 5 and scale 2; here location 0 and scale 1 are asked for.",
    )
    require(
        not close(peak, normal_peak, 5e-4),
        "peak-of-the-normal",
        "Is this the peak of the curve with `nu` = 1?",
        "This is the Normal's peak. Heavy tails take their probability from the middle: the t's is lower.",
    )
    require(
        close(peak, cauchy_peak, 5e-4),
        "peak",
        "Evaluate the density itself, at its center.",
        "For example `scipy.stats.t(df=1).pdf(0)`.",
    )
    require(
        by_simulation(heavy, cauchy_tail),
        "tail",
        "A tail probability is one minus a cumulative distribution function.",
        "For example `2 * scipy.stats.t(df=1).sf(3)`.",
    )
    require(
        close(light, normal_tail, 1e-5),
        "nu-not-large",
        "Is your `nu` large enough? Make it ten times larger and see whether the tail still changes.",
        "With `nu` = 1e6, `2 * scipy.stats.t(df=1e6).sf(3)` agrees with the Normal to six digits.",
    )
    return (
        f"A value more than 3 scales away is {heavy / light:.0f} times as likely under the Cauchy as under the Normal: "
        "that is why an outlier hardly moves a t."
    )


# --- 4M9: Anscombe's third data set --------------------------------------------------------------


@exercise(
    "4M9",
    "Anscombe's third data set",
    normal_slope="posterior mean of the slope with a Normal likelihood, a number",
    robust_idata="the fit with a Student-t likelihood, with scalar variables `slope`, `sigma` and `nu`",
)
def anscombe(normal_slope: Any, robust_idata: Any) -> str:
    """Compare both slopes with least squares, with and without the outlier."""
    frame = datasets.anscombe()
    x, y = frame["x"].to_numpy(float), frame["y"].to_numpy(float)
    all_slope, residuals = straight_line(x, y)
    others = np.abs(residuals) < np.abs(residuals).max()
    others_slope = straight_line(x[others], y[others])[0]

    slope = number("normal_slope", normal_slope)
    rows = count_rows(robust_idata)
    require(
        rows in (None, x.size) and not close(slope, others_slope, 0.05),
        "point-dropped",
        "How many points did each of your models see?",
        "Keep all 11 points in both fits. A robust model copes with the outlier; deleting it is another method.",
    )
    require(
        close(slope, all_slope, 0.1),
        "normal-slope",
        "Compare your Normal fit with the least-squares line through the same points.",
        f"With weak priors the slope is near that of least squares, {all_slope:.2f}. Are the priors wide enough, "
        "and is there an intercept?",
    )

    robust, tails = (
        draws("robust_idata", robust_idata, "slope", "beta1", "beta"),
        draws("robust_idata", robust_idata, "nu"),
    )
    if robust.ndim == 3 and robust.shape[2] == 2:  # a vector of intercept and slope
        robust = robust[..., 1]
    sigma = draws("robust_idata", robust_idata, "sigma")
    # Six points lie exactly on a line, five do not: sigma ** (5 * nu - 4) must be integrable at 0.
    require(
        tails.min() > 0.6,
        "nu-unbounded",
        "How small do `nu` and `sigma` get in your draws? Look at their smallest values, and at R-hat.",
        "Six of the points lie exactly on a line. For `nu` of 0.6 or less the posterior then has infinite mass "
        "at `sigma` = 0. Give `nu` a lower bound above that: for example one plus an Exponential with mean 29.",
    )
    require(
        abs(robust.mean() - others_slope) < abs(robust.mean() - all_slope),
        "not-robust",
        "Draw the line of your robust fit on the points. Does it pass through ten of them?",
        "This slope is the Normal's. Is the likelihood of the fit you passed a Student-t, with `nu` unknown?",
    )
    converged("robust_idata", "slope", robust)
    converged("robust_idata", "sigma", sigma)
    require(
        close(float(robust.mean()), others_slope, 0.005),
        "robust-slope",
        "Draw the line of your robust fit on the points: how many does it pass through?",
        f"The slope should agree with that of the ten points in a line, {others_slope:.3f}. Are the priors wide "
        "enough, also for `sigma`, which must be able to become very small?",
    )
    return (
        f"One point of eleven moves the Normal's slope from {others_slope:.2f} to {all_slope:.2f}. The t "
        "follows the ten others, and keeps the eleventh as a surprise."
    )


# --- 8M1: what sets the Gaussian sigma -----------------------------------------------------------


def _exact_sigma(prior_scale: float) -> float:
    """Return the posterior mean of sigma in the Gaussian empanada model, by quadrature.

    Given sigma, the slope has a Normal posterior, so it can be integrated out exactly; what is left
    is an integral over sigma alone. Priors: slope Normal(150, 20), sigma HalfNormal(prior_scale).
    """
    frame = datasets.empanadas()
    n, y = frame["customers"].to_numpy(float), frame["sales"].to_numpy(float)
    sigma = np.linspace(100.0, 40_000.0, 20_001)
    precision = n @ n / sigma**2 + 1.0 / 20.0**2
    mean = (n @ y / sigma**2 + 150.0 / 20.0**2) / precision
    log_density = -n.size * np.log(sigma) - 0.5 * (y @ y) / sigma**2
    log_density += (
        0.5 * precision * mean**2 - 0.5 * np.log(precision) - 0.5 * (sigma / prior_scale) ** 2
    )
    weight = np.exp(log_density - log_density.max())
    return float(weight @ sigma / weight.sum())


@exercise(
    "8M1",
    "What sets sigma?",
    idata_wide="the Gaussian fit of all 200 days with sigma ~ HalfNormal(10000), with variables `sigma` "
    "and `beta`",
    binding="'prior' or 'likelihood', for what kept sigma so small in the chapter's first fit",
)
def prior_conflict(idata_wide: Any, binding: Any) -> str:
    """Compare with the exact posterior means under the wide and under the narrow prior."""
    require(
        not has_variable("idata_wide", idata_wide, "nu"),
        "likelihood-changed",
        "How many things did you change? Only one is asked for.",
        "Your fit has a `nu`: keep the Normal likelihood and change the prior of `sigma` only.",
    )
    sigma, narrow = draws("idata_wide", idata_wide, "sigma"), _exact_sigma(50.0)
    require(
        not close(float(sigma.mean()), narrow, 0.05 * narrow),
        "prior-kept",
        "Compare the prior of `sigma` in the model you sampled with the one asked for.",
        f"`sigma` is still near {narrow:,.0f}: the prior is HalfNormal(50). Change its scale to 10000 and sample again.",
    )
    require(
        sigma.mean() > 1000.0,
        "outliers-dropped",
        "How many days did your model see?",
        "So small a `sigma` means that the five outliers were left out. Keep all 200 days.",
    )
    posterior_mean(
        "idata_wide",
        idata_wide,
        "sigma",
        _exact_sigma(10_000.0),
        key="sigma",
        hint="Compare your model with the chapter's, line by line.",
        second_hint="Keep beta ~ Normal(150, 20) and the Normal likelihood, and let sigma ~ HalfNormal(10000.0).",
    )
    require(
        choice("binding", binding, ("prior", "likelihood")) == "prior",
        "likelihood-blamed",
        "You changed one thing, and `sigma` moved. Which thing?",
        "The data and the likelihood are the same in both fits. Only the prior changed, and `sigma` became "
        f"{sigma.mean() / narrow:.1f} times as large. How many prior scales from 0 is {narrow:,.0f} under HalfNormal(50)?",
    )
    return (
        f"With a prior on the scale of the data sigma is {sigma.mean():,.0f}. The chapter's {narrow:,.0f} is a "
        "compromise that satisfies neither prior nor data; its small standard deviation shows no trace of it."
    )
