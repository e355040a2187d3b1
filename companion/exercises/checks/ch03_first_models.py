"""Checks of chapter 03, first models.

What is expected is computed here, from closed forms, from an integral over the posterior, or from a
simulation with a seed of its own.
"""

from __future__ import annotations

from functools import cache
import math
from typing import Any

from companion import datasets
from companion.exercises.answers import Miss, Unusable, close, number, numbers, require, share
from companion.exercises.fits import draws, posterior_mean
from companion.exercises.registry import exercise
from companion.lessons.laplace import logistic_laplace
import numpy as np
from scipy.special import expit, logit

# What `datasets.dose_response` was simulated from: log-odds at 0, per year, per milligram.
TRUTH = (-3.0, 0.04, 0.015)


# --- 3E1: two kinds of uncertainty ----------------------------------------------------------------


@exercise(
    "3E1",
    "Two kinds of uncertainty",
    mcse="the Monte Carlo standard error of the mean, in minutes",
    draws="number of draws, over all chains, for an MCSE half as large",
    observations="number of observations, roughly, for a posterior sd half as large",
)
def two_kinds(mcse: Any, draws: Any, observations: Any) -> str:
    """Compare with sd / sqrt(ESS), and with the square-root law for draws and for data."""
    sd, ess, kept, patients = 0.60, 900.0, 4000.0, 50.0
    error = number("mcse", mcse)
    count, size = number("draws", draws), number("observations", observations)
    require(
        not close(error, sd / math.sqrt(kept), 3e-4),
        "draws-for-ess",
        "Are 4000 draws of a chain worth 4000 independent ones?",
        "Divide by the square root of the *effective* sample size, not of the number of draws.",
    )
    require(
        not close(error, sd / ess, 1e-5) and not close(error, sd / kept, 1e-5),
        "no-root",
        "How does the error of a mean depend on the number of values in it?",
        "It falls with the square root: divide the sd by the root of the effective sample size.",
    )
    require(
        not close(error, sd / math.sqrt(patients), 5e-4),
        "observations-for-draws",
        "Which of the numbers in the table says how well the *sampler* did?",
        "The 50 patients have gone into the sd already. The MCSE comes from draws: use the ESS.",
    )
    require(
        close(error, sd / math.sqrt(ess), 5e-4),
        "mcse",
        "Which two columns does the MCSE of the mean come from?",
        "It is the posterior sd, divided by the square root of the bulk ESS.",
    )
    require(
        not (close(count, 2 * kept, 1) or close(size, 2 * patients, 1)),
        "twice-for-half",
        "If you double the number of values in a mean, does its error halve?",
        "Errors fall with the square root. To halve one you need four times as much: of draws for the MCSE, of "
        "data for the sd.",
    )
    require(
        not close(count, 4 * ess, 1),
        "ess-for-draws",
        "How many draws give that many effective ones?",
        f"An effective sample size of {4 * ess:.0f} is what you need. Each draw of this sampler is worth "
        f"{ess / kept:.3f} independent ones, and four times as many draws bring it.",
    )
    require(
        not close(size, patients, 1),
        "draws-for-data",
        "Can a longer run of the sampler tell you more about the patients?",
        "The sd is what the data leave open. Only more patients make it smaller.",
    )
    require(
        close(count, 4 * kept, 1),
        "draws",
        "By which factor must the effective sample size grow?",
        "By four, and with the same sampler the number of draws grows by the same factor.",
    )
    require(
        close(size, 4 * patients, 1),
        "observations",
        "By which factor must the number of patients grow?",
        "With a weak prior the sd of a mean falls with the square root of their number: by four.",
    )
    return (
        f"The MCSE is {error / sd:.0%} of the sd. Errors add in squares, so both together are only "
        f"{math.hypot(1.0, error / sd) - 1.0:.2%} wider than the sd alone. A longer run is not worth the wait; more "
        "patients are."
    )


# --- 3E2: one effect, three ways ------------------------------------------------------------------


@exercise(
    "3E2",
    "One effect, three ways",
    p="probability of a response at 120 mg, between 0 and 1",
    odds_ratio="odds at 140 mg divided by the odds at 120 mg, a number",
    points="gain in probability from 120 to 140 mg, in percentage points",
)
def three_ways(p: Any, odds_ratio: Any, points: Any) -> str:
    """Compare with the closed forms, and recognize answers on the wrong scale."""
    before = TRUTH[0] + 60.0 * TRUTH[1] + 120.0 * TRUTH[2]
    step = 20.0 * TRUTH[2]
    start, gain = float(expit(before)), 100.0 * float(expit(before + step) - expit(before))
    given, ratio, change = (
        number("p", p),
        number("odds_ratio", odds_ratio),
        number("points", points),
    )

    require(
        not close(given, before, 1e-3),
        "log-odds-as-probability",
        "Can a probability be larger than 1?",
        f"{before:.1f} is the log-odds. The probability is 1 / (1 + exp(-{before:.1f})).",
    )
    require(
        not close(given, math.exp(before), 5e-3),
        "odds-as-probability",
        "The exponential of the log-odds is the odds. What is the probability?",
        "From odds to a probability: divide the odds by one plus the odds.",
    )
    require(
        close(share("p", given), start, 1e-3),
        "probability",
        "First the log-odds, with all three coefficients; then the probability.",
        f"The log-odds are -3 + 0.04 x 60 + 0.015 x 120 = {before:.1f}.",
    )
    require(
        not close(ratio, math.exp(TRUTH[2]), 1e-3),
        "one-milligram",
        "How many milligrams more?",
        "The coefficient is for one milligram. Multiply it by 20 before you take the exponential.",
    )
    require(
        not close(ratio, step, 1e-3),
        "log-odds-ratio",
        "You have the change of the *log*-odds. By which factor do the odds change?",
        "Adding on the logarithmic scale multiplies on the other: take the exponential.",
    )
    require(
        not close(ratio, 1.0 + gain / 100.0 / start, 1e-3),
        "ratio-of-probabilities",
        "Is this a ratio of odds?",
        "You divided the probabilities. Odds are p / (1 - p), and their ratio does not depend on where you start.",
    )
    require(
        close(ratio, math.exp(step), 1e-3),
        "odds-ratio",
        "By how much do the log-odds change from 120 to 140 mg?",
        "By 20 x 0.015. The odds ratio is the exponential of that.",
    )
    require(
        not close(change, 100.0 * step, 0.2),
        "log-odds-as-points",
        "Does a step on the log-odds scale move every probability by the same amount?",
        "Compute both probabilities, at 120 and at 140 mg, and subtract.",
    )
    require(
        not close(change, 100.0 * start * (math.exp(step) - 1.0), 0.2),
        "odds-ratio-on-probability",
        "What does the odds ratio multiply?",
        "It multiplies the odds, not the probability. With it you would soon be above 100 %.",
    )
    require(
        not close(change, 100.0 * step / 4.0, 0.2),
        "rule-of-four",
        "Dividing by 4 gives the largest change that is possible. Where is it reached?",
        "Only at a probability of one half. Here compute both probabilities and subtract.",
    )
    require(
        not close(change, gain / 100.0, 2e-3),
        "fraction-for-points",
        "In which unit was the gain asked for?",
        "In percentage points: multiply the difference of the probabilities by 100.",
    )
    require(
        close(change, gain, 0.1),
        "points",
        "Compute the probability at 120 mg and at 140 mg.",
        "Subtract the first from the second, and multiply by 100.",
    )
    return (
        f"One effect, three numbers: {step:.1f} on the log-odds scale and {ratio:.2f} as an odds ratio, for every "
        f"patient; {gain:.1f} percentage points for this one."
    )


# --- 3M1: back to years and milligrams ------------------------------------------------------------


def _trial(ddof: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the standardized predictors with a column of ones, the response, means and sds.

    NumPy's `std()` has `ddof=0`, that of pandas 1: either will do.
    """
    trial = datasets.dose_response()
    columns = trial[["age", "dose"]].to_numpy(dtype=float)
    mean, sd = columns.mean(axis=0), columns.std(axis=0, ddof=ddof)
    predictors = np.column_stack([np.ones(len(trial)), (columns - mean) / sd])
    return predictors, trial["responded"].to_numpy(), mean, sd


@cache
def _exact_means() -> np.ndarray:
    """Return the exact posterior means of the chapter's model, by Gauss-Hermite quadrature."""
    predictors, response, _, _ = _trial()
    mode, sd = logistic_laplace(predictors, response, 2.0)
    nodes, weights = np.polynomial.hermite_e.hermegauss(21)
    grid = np.stack(np.meshgrid(nodes, nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 3)
    weights = np.prod(np.meshgrid(weights, weights, weights, indexing="ij"), axis=0).ravel()
    at = mode + sd * grid
    log_odds = at @ predictors.T
    log_density = -np.logaddexp(0.0, np.where(response, -log_odds, log_odds)).sum(axis=1)
    log_density -= (at**2).sum(axis=1) / 8.0
    log_weight = log_density + (grid**2).sum(axis=1) / 2.0
    weights = weights * np.exp(log_weight - log_weight.max())
    return weights @ at / weights.sum()


def _for_each_draw(name: str, value: Any, count: int) -> np.ndarray:
    """Return an answer that must have one value for each draw of the fit."""
    if np.size(value) == 1:
        number(name, value)
        raise Miss(
            "one-number",
            f"How uncertain is your `{name}`?",
            f"Compute `{name}` from every draw of the fit: keep the arrays, and take no means on the way.",
        )
    return numbers(name, np.ravel(value), count)


@exercise(
    "3M1",
    "Back to years and milligrams",
    idata="your fit of the chapter's logistic regression, with `intercept`, `b_age` and `b_dose` on "
    "standardized predictors",
    intercept_raw="the intercept in original units, one value for each draw of `idata`",
    dose_80="the dose in mg at which a patient of 50 years responds with probability 0.8, one value for "
    "each draw of `idata`",
)
def back_to_units(idata: Any, intercept_raw: Any, dose_80: Any) -> str:
    """Compare the fit with an integral, then the two quantities with its own draws."""
    a, b_age, b_dose = (draws("idata", idata, name) for name in ("intercept", "b_age", "b_dose"))
    for name, values in {"intercept": a, "b_age": b_age, "b_dose": b_dose}.items():
        if values.ndim != 2:
            raise Unusable("idata", idata, f"whose `{name}` is not one number for each draw")
    require(
        b_age.std() > 0.05,
        "raw-predictors",
        "In which unit is the slope of age in your fit?",
        f"Its posterior sd is {b_age.std():.3f}: that is a slope per year. Standardize age and dose before the fit.",
    )
    for name, exact in zip(("intercept", "b_age", "b_dose"), _exact_means(), strict=True):
        posterior_mean(
            "idata",
            idata,
            name,
            float(exact),
            key="other-posterior",
            hint="Compare your model with the chapter's, line by line: predictors, priors, likelihood.",
            second_hint=f"The exact posterior mean of `{name}` is {exact:.3f}. The priors are Normal(0, 2), both "
            "predictors are standardized, and all 200 patients are in.",
        )
    a, b_age, b_dose = a.ravel(), b_age.ravel(), b_dose.ravel()
    given = _for_each_draw("intercept_raw", intercept_raw, a.size)
    dose = _for_each_draw("dose_80", dose_80, a.size)

    def same(values: np.ndarray, other: np.ndarray) -> bool:
        return bool(np.allclose(values, other, rtol=1e-5, atol=1e-8))

    for ddof in (1, 0):
        _, _, mean, sd = _trial(ddof)
        per_year, per_mg = b_age / sd[0], b_dose / sd[1]
        expected = a - per_year * mean[0] - per_mg * mean[1]
        target = (logit(0.8) - expected - 50.0 * per_year) / per_mg
        if same(given, expected):
            break
    require(
        not same(given, a),
        "intercept-kept",
        "At which age and dose does the intercept of your fit speak, and at which the one asked for?",
        "The intercept of the fit is for the average patient. Move it to age 0 and dose 0: subtract both slopes "
        "times the means.",
    )
    require(
        not same(given, a + per_year * mean[0] + per_mg * mean[1]),
        "wrong-direction",
        "From the average patient to age 0 and dose 0: do the log-odds rise or fall?",
        "Subtract what age and dose contribute: the slopes are positive, so the log-odds fall.",
    )
    require(
        not same(given, a - b_age * mean[0] - b_dose * mean[1]),
        "sd-forgotten",
        "In which unit are the slopes that you multiplied by the means?",
        "The means are in years and mg. Divide each slope by its standard deviation first.",
    )
    require(
        same(given, expected),
        "intercept",
        "Write out the log-odds with standardized predictors, and collect all that does not depend on them.",
        "intercept - b_age * mean(age) / sd(age) - b_dose * mean(dose) / sd(dose), for every draw, in the order "
        "of the draws.",
    )
    require(
        not same(dose, (0.8 - expected - 50.0 * per_year) / per_mg),
        "probability-as-log-odds",
        "On which scale is the line that you solved for the dose?",
        "It is on the log-odds scale. Which log-odds belong to a probability of 0.8?",
    )
    require(
        not same(dose, (logit(0.8) - expected) / per_mg),
        "age-forgotten",
        "How old is the patient for whom you solved?",
        "Without the term of age this is the dose for a newborn. Subtract 50 times the slope per year as well.",
    )
    require(
        not same(dose, (target - mean[1]) / sd[1]),
        "still-standardized",
        "Is your answer in milligrams?",
        "It is in standard deviations from the average dose: multiply by the sd, and add the mean.",
    )
    require(
        same(dose, target),
        "dose",
        "Set the log-odds of a patient of 50 years equal to those of 0.8, and solve for the dose.",
        "(log(0.8 / 0.2) - intercept_raw - 50 * per_year) / per_mg, for every draw.",
    )
    low, high = np.quantile(dose, [0.03, 0.97])
    return (
        f"The dose is known no better than from {low:.0f} to {high:.0f} mg (94 %). A ratio of two uncertain "
        "quantities is skewed, and only draws show that without further work."
    )


# --- 3H1: small studies that succeed --------------------------------------------------------------


@cache
def _small_trials(patients: int, repeats: int = 4000) -> dict[str, float]:
    """Simulate trials and return what passes the filter 'interval above zero', for age."""
    rng = np.random.default_rng(321)
    age = rng.normal(55.0, 12.0, (repeats, patients))
    dose = rng.normal(100.0, 30.0, (repeats, patients))
    response = rng.random(age.shape) < expit(TRUTH[0] + TRUTH[1] * age + TRUTH[2] * dose)
    columns = [
        (v - v.mean(axis=1, keepdims=True)) / v.std(axis=1, keepdims=True) for v in (age, dose)
    ]
    predictors = np.stack([np.ones_like(age), *columns], axis=-1)
    mode, sd = logistic_laplace(predictors, response, 2.0)
    mode, sd = mode[:, 1], sd[:, 1]
    truth = TRUTH[1] * 12.0
    clear = mode > 1.8808 * sd
    return {
        "power": clear.mean(),
        "one-sided": (mode > 1.5548 * sd).mean(),
        "exaggeration": mode[clear].mean() / truth,
        "everybody": mode.mean() / truth,
    }


@exercise(
    "3H1",
    "Small studies that succeed",
    power_50="share of trials with 50 patients whose 94 % interval for age lies above zero, 0 to 1",
    exaggeration_50="mean estimate in those trials, divided by the true effect, a number",
    exaggeration_400="the same ratio for trials with 400 patients, a number",
)
def small_studies(power_50: Any, exaggeration_50: Any, exaggeration_400: Any) -> str:
    """Compare with a simulation of its own, within the error of some thousand trials."""
    power = share("power_50", power_50)
    small, large = (
        number("exaggeration_50", exaggeration_50),
        number("exaggeration_400", exaggeration_400),
    )
    expected, many = _small_trials(50), _small_trials(400, repeats=1000)
    require(
        not close(power, many["power"], 0.03),
        "other-size",
        "How many patients does each of these trials have?",
        "So large a share belongs to trials with 400 patients. Here it is 50.",
    )
    require(
        not close(power, expected["one-sided"], 0.04),
        "one-sided",
        "How much probability is left on *each* side of a 94 % interval?",
        "3 %, so the lower end is 1.88 sd below the estimate; 1.55 would leave 6 % on one side.",
    )
    require(
        close(power, expected["power"], 0.05),
        "power",
        "Take one simulated trial, and compare its Laplace interval with what NUTS or a histogram gives.",
        "Ages from Normal(55, 12), doses from Normal(100, 30), log-odds -3 + 0.04 age + 0.015 dose, predictors "
        "standardized within each trial, priors Normal(0, 2); at least 2000 trials.",
    )
    for name, value in {"exaggeration_50": small, "exaggeration_400": large}.items():
        require(
            value < 6.0,
            "per-year",
            f"Are the two effects that you divide in `{name}` in the same unit?",
            "The estimates are per standard deviation of age. So is the true effect if you take 0.04 x 12.",
        )
    require(
        not close(small, expected["everybody"], 0.12),
        "no-filter",
        "Over which trials did you take the mean?",
        "Only over those whose interval lies above zero: the ones that a journal would print.",
    )
    require(
        not close(small, 1.0 / expected["exaggeration"], 0.05),
        "upside-down",
        "Which of the two is larger, the estimate or the truth?",
        "Divide the mean estimate by the true effect, not the other way round.",
    )
    require(
        close(small, expected["exaggeration"], 0.12),
        "exaggeration",
        "Select the trials first, then average their estimates, then divide by the truth.",
        "`mode[clear, 1].mean() / 0.48`, where `clear` says which intervals lie above zero.",
    )
    require(
        close(large, many["exaggeration"], 0.05),
        "exaggeration-large",
        "With 400 patients, how many trials does the filter remove?",
        "Nearly none, so hardly anything is left to exaggerate. Did you change the number of patients in the "
        "simulation, and in nothing else?",
    )
    return (
        f"Of small trials, {power:.0%} succeed, and on average they report {small:.1f} times the true effect. With 400 "
        "patients the filter lets nearly everything through, and the exaggeration is gone."
    )
