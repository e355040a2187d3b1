"""Checks of chapter 16, when Bayes earns its complexity.

What is expected comes from closed forms and from integrals on a grid.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from companion.exercises.answers import choice, close, number, require, share, whole
from companion.exercises.fits import converged, draws, estimate, posterior_mean
from companion.exercises.registry import exercise
from companion.lessons.scorecard import HIGHEST, LOWEST, Scorecard
import numpy as np
from scipy import stats

# --- 16E1: the card ------------------------------------------------------------------------------

RADON = Scorecard(85, 1, 116, True, True, 0.05, 0)
FIELDS = (
    "groups",
    "smallest_group",
    "largest_group",
    "genuine_prior",
    "full_uncertainty",
    "budget_hours",
    "expertise",
)


@exercise(
    "16E1",
    "Question the card",
    score="the score of the radon survey, a whole number",
    lowest="the lowest score that any problem can reach, a whole number",
    ignored="the name of the field that never changes a score",
    step="how many points one more observation in the smallest group can cost, a whole number",
)
def card(score: Any, lowest: Any, ignored: Any, step: Any) -> str:
    """Compare with the card itself."""
    given = whole("score", score)
    require(
        given != RADON.score + 1,
        "expertise-forgotten",
        "Read the last field of the survey again.",
        "A team without any experience costs one point.",
    )
    require(
        given != RADON.score - 2,
        "budget-counted",
        "The budget is small. Is that enough for the penalty?",
        "The penalty for a tight budget needs more than 100 groups as well. There are 85 counties.",
    )
    require(
        given == RADON.score,
        "score",
        "Let the class do it: `Scorecard(...).score`, with the seven facts in the order of the fields.",
        "85 groups, the smallest of 1, a genuine prior, full uncertainty, 0.05 hours, expertise 0.",
    )
    bottom = whole("lowest", lowest)
    require(
        bottom != -3,
        "penalties-added",
        "Both penalties add up to -3. Can they come alone?",
        "The budget's penalty needs more than 100 groups. What do more than five groups earn?",
    )
    require(
        bottom == LOWEST,
        "lowest",
        "Try many combinations, with more than 100 groups, no budget and no experience among them.",
        "More than 100 large groups: one point. No time for them: two less. No experience: one less.",
    )
    require(
        choice("ignored", ignored, FIELDS) == "largest_group",
        "field-matters",
        "Change one field at a time and watch the score. There is one that never moves it.",
        f"`{ignored}` does change some scores. Look among the sizes.",
    )
    require(
        whole("step", step) == 2,
        "step",
        "Score two problems that differ by one observation: a smallest group of 49, and one of 50.",
        "Three points below 50, one point from 50 on.",
    )
    return (
        f"The scale runs from {LOWEST} to {HIGHEST}. A jump at 50 is a line that somebody drew, not something the "
        "world does between 49 and 50."
    )


# --- 16E2: rolls for tomorrow --------------------------------------------------------------------

DEMAND = stats.norm(120.0, 25.0)
TOO_MANY, TOO_FEW = 0.2, 0.8


def _cost(level: float) -> float:
    """Return the expected cost (dollars) of baking for a level, in closed form."""
    z = (level - DEMAND.mean()) / DEMAND.std()
    short = DEMAND.std() * (stats.norm.pdf(z) - z * stats.norm.sf(z))
    return TOO_FEW * short + TOO_MANY * (short + level - DEMAND.mean())


@exercise(
    "16E2",
    "Rolls for tomorrow",
    best="the number of rolls with the smallest expected cost",
    cost_best="its expected cost in dollars",
    cost_mean="the expected cost in dollars of baking for the mean",
)
def rolls(best: Any, cost_best: Any, cost_mean: Any) -> str:
    """Compare with a quantile and with two closed forms."""
    share = TOO_FEW / (TOO_FEW + TOO_MANY)
    target = DEMAND.ppf(share)
    level = number("best", best)
    require(
        not close(level, DEMAND.mean(), 1.5),
        "mean-baked",
        "Is a roll too many as bad as a roll too few?",
        "The mean would be best for a symmetric loss. Here a roll too few costs four times as much.",
    )
    require(
        not close(level, DEMAND.ppf(1.0 - share), 1.5),
        "sides-swapped",
        "Which error is the expensive one? In which direction should you lean?",
        "A lost sale is the expensive error, so bake more than the mean: the 80 % quantile, not the 20 % one.",
    )
    require(
        close(level, target, 0.6),
        "quantile",
        "At the best level, one more roll is sold with a probability that just pays for it.",
        "The probability to run out should be 0.20 / (0.20 + 0.80). Give one decimal; from draws take 100,000.",
    )
    at_best, at_mean = number("cost_best", cost_best), number("cost_mean", cost_mean)
    require(
        not (close(at_best, _cost(DEMAND.mean()), 0.2) and close(at_mean, _cost(target), 0.2)),
        "costs-exchanged",
        "Which of the two costs should be the smaller one?",
        "The best level has the smallest expected cost. Yours are the wrong way round.",
    )
    require(
        close(at_mean, _cost(DEMAND.mean()), 0.2),
        "cost-mean",
        "Average the cost over draws of the demand, with both kinds of error.",
        "Half of the days have rolls left over at 0.20 each, the other half lost sales at 0.80 each.",
    )
    require(
        close(at_best, _cost(target), 0.2),
        "cost-best",
        "Average the cost over draws of the demand, at your best level.",
        "Use the same function for both levels; 100,000 draws are plenty.",
    )
    return (
        f"Leaning to the safe side saves {1.0 - _cost(target) / _cost(DEMAND.mean()):.0%} of the cost, and it takes the "
        "whole distribution: the mean alone cannot say how far to lean."
    )


# --- 16M1: the lasso is a mode -------------------------------------------------------------------

ESTIMATE, ERROR, SCALE = 0.6, 0.5, 0.4


@cache
def _slope() -> tuple[float, float]:
    """Return mean and probability of a positive value under the Laplace prior."""
    grid = np.linspace(-6.0, 6.0, 240_001)
    weight = np.exp(-0.5 * ((ESTIMATE - grid) / ERROR) ** 2 - np.abs(grid) / SCALE)
    weight /= weight.sum()
    return float(weight @ grid), float(weight[grid > 0.0].sum())


@exercise(
    "16M1",
    "The lasso is a mode",
    lasso="the slope that minimizes the penalized sum",
    mean="the posterior mean of the slope",
    probability="the posterior probability that the slope is positive",
)
def lasso(lasso: Any, mean: Any, probability: Any) -> str:
    """Compare with soft thresholding and an integral."""
    exact_mean, exact_probability = _slope()
    mode = number("lasso", lasso)
    require(
        not close(mode, exact_mean, 0.02),
        "mean-for-mode",
        "The lasso minimizes. Does a mean minimize this sum?",
        "You have given the posterior mean. Look for the smallest value of the penalized sum, also at its kink.",
    )
    require(
        not close(mode, ESTIMATE / (1.0 + (ERROR / SCALE) ** 2 / 2.0), 0.02),
        "ridge-penalty",
        "Which penalty has a kink at zero?",
        "That is a ridge, with a squared penalty. The lasso's is the absolute value.",
    )
    require(
        close(mode, 0.0, 0.005),
        "threshold",
        "Draw the penalized sum near zero.",
        f"The slope is pulled by {ERROR**2 / SCALE:.3f}, the squared error over the scale, and stops at zero.",
    )
    given = number("mean", mean)
    require(
        not close(given, 0.0, 0.02),
        "mode-for-mean",
        "Is the posterior symmetric around its mode?",
        "The mode is 0, but most of the posterior lies above it. Integrate.",
    )
    require(
        close(given, exact_mean, 0.01),
        "mean",
        "Multiply likelihood and prior on a fine grid, normalize, and average.",
        "The weight is exp(-(0.6 - b)^2 / (2 * 0.25) - |b| / 0.4).",
    )
    chance = share("probability", probability)
    require(
        not close(chance, stats.norm.cdf(ESTIMATE / ERROR), 0.01),
        "prior-forgotten",
        "Which prior have you used for the probability?",
        "That is the answer under a flat prior. Use the same weights as for the mean.",
    )
    require(
        close(chance, exact_probability, 0.01),
        "probability",
        "Add up the normalized weights above zero.",
        "A probability lies between 0 and 1; here it is well above one half.",
    )
    return (
        f"The mode says 'no effect', the mean says {exact_mean:.2f}, and the odds are "
        f"{exact_probability / (1.0 - exact_probability):.1f} to 1 for a positive slope. One posterior, three summaries."
    )


# --- 16H1: four wells ----------------------------------------------------------------------------

SAMPLES = (
    (38.0, 45.0, 33.0),
    (41.0, 36.0, 44.0, 35.0),
    (47.0, 37.0),
    (40.0, 31.0, 43.0, 38.0, 36.0),
)
TWO_SAMPLES = 2


@cache
def _four_wells() -> tuple[float, float, float]:
    """Return posterior mean of tau, mean of the third well, and the ratio of the interval widths."""
    size = np.array([len(s) for s in SAMPLES])
    mean = np.array([np.mean(s) for s in SAMPLES])
    squares = sum(np.var(s) * len(s) for s in SAMPLES)
    tau, sigma = (
        v.ravel()
        for v in np.meshgrid(
            np.linspace(0.075, 59.925, 400), np.linspace(2.0, 25.0, 116), indexing="ij"
        )
    )
    noise = sigma[:, None] ** 2 / size
    variance = noise + tau[:, None] ** 2
    precision = 15.0**-2 + (1.0 / variance).sum(axis=1)
    center = (40.0 / 15.0**2 + (mean / variance).sum(axis=1)) / precision
    log_weight = -(size.sum() - 4) * np.log(sigma) - squares / (2.0 * sigma**2)
    log_weight += -0.5 * (np.log(variance) + mean**2 / variance).sum(axis=1)
    log_weight += 0.5 * center**2 * precision - 0.5 * np.log(precision)
    log_weight -= 0.5 * (tau / 10.0) ** 2 + 0.5 * (sigma / 10.0) ** 2
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean_tau = float(weight @ tau)
    kept = weight > 1e-9
    weight, tau, noise, variance = weight[kept], tau[kept], noise[kept], variance[kept]
    precision, center = precision[kept], center[kept]
    own = tau**2 / variance[:, TWO_SAMPLES]
    centers = center + own * (mean[TWO_SAMPLES] - center)
    sd = np.sqrt(own * noise[:, TWO_SAMPLES] + (1.0 - own) ** 2 / precision)
    axis = np.linspace(15.0, 65.0, 401)
    below = np.array([weight @ stats.norm.cdf(x, centers, sd) for x in axis])
    low, high = np.interp([0.05, 0.95], below, axis)
    y = np.concatenate(SAMPLES)
    plug_in = 2.0 * stats.norm.ppf(0.95) * y.std() / np.sqrt(y.size)
    return mean_tau, float(weight @ centers), float((high - low) / plug_in)


@exercise(
    "16H1",
    "Four wells, and a spread of zero",
    tau_ml="the maximum likelihood estimate of tau (mg/L)",
    idata="the fit, with `mu`, `tau`, `sigma` and `theta` of four entries",
    width_ratio="width of the posterior's 90 % interval for the third well, divided by the mixed model's",
)
def four_wells(tau_ml: Any, idata: Any, width_ratio: Any) -> str:
    """Compare with the likelihood's maximum and an exact integral."""
    exact_tau, exact_theta, exact_ratio = _four_wells()
    require(
        close(number("tau_ml", tau_ml), 0.0, 0.05),
        "tau-ml",
        "Is your best value inside the range that you tried, or could it be at its end?",
        "The wells' means differ less than samples of one well would make them. The likelihood is largest at the end.",
    )
    tau = draws("idata", idata, "tau")
    converged("idata", "tau", tau)
    mean, mcse = estimate(tau)
    require(
        mean - exact_tau < 0.5 or abs(mean - exact_tau) < 5.0 * mcse,
        "neck-missed",
        "Are there divergences? Look at tau near zero.",
        f"Your mean of tau is {mean:.1f}, too large: the funnel's neck is missing, or the prior is wider than "
        "HalfNormal(10). Write the wells non-centered.",
    )
    posterior_mean(
        "idata",
        idata,
        "tau",
        exact_tau,
        0.01,
        key="tau",
        hint="Compare your priors with the chapter's, one by one.",
        second_hint="mu ~ Normal(40, 15), tau ~ HalfNormal(10), sigma ~ HalfNormal(10).",
    )
    third, error = estimate(draws("idata", idata, "theta", shape=(4,))[..., TWO_SAMPLES])
    require(
        abs(third - exact_theta) < 5.0 * error + 0.01,
        "theta-order",
        "Does the third entry of `theta` belong to the well with two samples?",
        f"The posterior mean of the third well is {exact_theta:.1f} mg/L. Check the order of the wells.",
    )
    ratio = number("width_ratio", width_ratio)
    require(
        not close(ratio, 1.0 / exact_ratio, 0.05),
        "ratio-inverted",
        "Which of the two intervals is the wider one?",
        "Posterior over mixed model, not the other way round.",
    )
    require(
        close(ratio, exact_ratio, 0.2),
        "width-ratio",
        "With tau = 0, what is the mixed model's standard error of a well?",
        "All wells are equal then: it is sigma over the root of all 14 samples, with sigma the standard deviation of all.",
    )
    return (
        f"With tau at zero the mixed model is as sure of a well with two samples as of the mean of all 14. The posterior's "
        f"interval is {exact_ratio:.1f} times as wide, because it has not decided that the wells are equal."
    )
