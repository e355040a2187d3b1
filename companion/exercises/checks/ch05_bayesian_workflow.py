"""Checks of chapter 05, the Bayesian workflow.

What is expected is computed here from the data and from densities, so that it cannot disagree with
them.
"""

from __future__ import annotations

from functools import cache
import math
from typing import Any

from companion import datasets
from companion.exercises.answers import by_simulation, choice, close, number, require, share, whole
from companion.exercises.fits import converged, draws, has_variable, posterior_mean, reference
from companion.exercises.registry import exercise
import numpy as np


def _plain_concrete() -> tuple[np.ndarray, np.ndarray]:
    """Return the strength of plain concrete, and the columns of the two laws about its logarithm."""
    data = datasets.concrete()
    plain = data.query(
        "blast_furnace_slag == 0 and fly_ash == 0 and superplasticizer == 0"
    ).drop_duplicates()
    ratio = plain["water"] / plain["cement"]
    design = [np.ones(len(plain)), ratio - 0.5, 1.0 - np.sqrt(28.0 / plain["age"])]
    return plain["compressive_strength"].to_numpy(), np.column_stack(design)


# --- 5E1: a prior on trial -------------------------------------------------------------------------

WIDE = (100.0, 50.0, 50.0, 50.0)
TIGHT = (125.0, 12.0, 8.0, 15.0)


def _absurd(prior: tuple[float, float, float, float]) -> tuple[float, float]:
    """Return the prior probabilities of a blood pressure below 60 and above 200 mmHg, exactly.

    The noise has a half-Normal standard deviation, which is integrated over its quantiles.
    """
    from scipy import stats

    center, sd_intercept, sd_slope, sd_noise = prior
    noise = stats.halfnorm(scale=sd_noise).ppf((np.arange(20_000) + 0.5) / 20_000)
    pressure = stats.norm(center, np.sqrt(sd_intercept**2 + sd_slope**2 + noise**2))
    return float(pressure.cdf(60.0).mean()), float(pressure.sf(200.0).mean())


@exercise(
    "5E1",
    "A prior on trial",
    sd_wide="standard deviation of the prior predictive distribution with the wide priors, mmHg",
    absurd_wide="with the wide priors, the probability of a pressure below 60 or above 200 mmHg, "
    "a number between 0 and 1",
    absurd_tight="the same probability with the tight priors",
    report="'range' or 'probability': which of the two does not depend on how many draws you take?",
)
def prior_on_trial(sd_wide: Any, absurd_wide: Any, absurd_tight: Any, report: Any) -> str:
    """Compare with the exact standard deviation and the exact probabilities."""
    sd = number("sd_wide", sd_wide)
    _, intercept, slope, noise = WIDE
    exact = math.sqrt(intercept**2 + slope**2 + noise**2)
    require(
        not close(sd, intercept + slope + noise, 2.0),
        "sds-added",
        "When independent quantities are added, what else is added?",
        "Variances add, standard deviations do not. Take the root of the sum of the three squares.",
    )
    require(
        not close(sd, math.hypot(intercept, slope), 2.0),
        "noise-forgotten",
        "Is this the spread of the patients, or of their expected values?",
        "The likelihood adds noise to the line. Its variance has to be added as well.",
    )
    require(
        not close(sd, exact**2, 300.0),
        "variance",
        "In which unit is your answer?",
        "This is the variance, in mmHg squared. Take its root.",
    )
    mean_noise = noise * math.sqrt(2.0 / math.pi)
    require(
        not close(sd, math.sqrt(intercept**2 + slope**2 + mean_noise**2), 1.5),
        "mean-of-sigma",
        "The variance of the noise is the mean of sigma squared. What did you square?",
        "The mean of `sigma**2` under a half-Normal prior is the square of its scale, 50 squared. It is more "
        "than the square of the mean of `sigma`.",
    )
    require(
        close(sd, exact, 2.0),
        "sd",
        "Simulate first: draw intercept, slope and sigma, then a patient, a hundred thousand times.",
        "For independent terms the variances add: that of the intercept, that of the slope (times one "
        "squared), and the mean of `sigma**2`.",
    )

    wide, tight = share("absurd_wide", absurd_wide), share("absurd_tight", absurd_tight)
    low, high = _absurd(WIDE)
    require(
        not (close(wide, 1.0 - low - high, 0.02) or close(tight, 1.0 - sum(_absurd(TIGHT)), 0.02)),
        "complement",
        "Is it the absurd patients that you counted?",
        "You counted the plausible ones. The rest is asked for.",
    )
    require(
        not (close(wide, low, 0.015) or close(wide, high, 0.015)),
        "one-sided",
        "On how many sides can a blood pressure be absurd?",
        "Count both: those below 60 and those above 200.",
    )
    require(
        close(wide, low + high, 0.02),
        "absurd-wide",
        "Count among many simulated patients those that are below 60 or above 200.",
        "For example `np.mean((y < 60) | (y > 200))` over at least 10,000 draws, each with its own intercept, slope and "
        "sigma.",
    )
    require(
        tight > 0.0,
        "none-seen",
        "Can a Normal never be above 200?",
        "None of your draws was absurd. That says that the probability is small, not that it is 0: take 100,000 draws.",
    )
    require(
        by_simulation(tight, sum(_absurd(TIGHT)), 10_000),
        "absurd-tight",
        "Did all three priors change, and the center of the intercept too?",
        "The tight priors are N(125, 12), N(0, 8) and a half-Normal with scale 15. Very few patients are absurd.",
    )
    require(
        choice("report", report, ("range", "probability")) == "probability",
        "range-reported",
        "Take ten times as many draws. Which of the two numbers keeps growing?",
        "The range is set by the two most extreme draws, and more draws find more extreme ones.",
    )
    return (
        f"Under priors that many would call weakly informative, {low + high:.0%} of the patients are absurd. The "
        f"tight ones leave {sum(_absurd(TIGHT)):.2%}, and exclude no patient you might meet."
    )


# --- 5M1: fake data find a bug ---------------------------------------------------------------------

NOISE, PRIOR_SD = 3.0, 2.0


def _coverage(z: float, buggy: bool) -> float:
    """Return the exact coverage of the intervals mean +- z sd of the exercise's program.

    Truth and estimate are jointly Normal, so the error of the estimate is Normal, too.
    """
    x = np.linspace(-1.0, 1.0, 20)
    weight = 1.0 / NOISE if buggy else 1.0 / NOISE**2
    precision = 1.0 / PRIOR_SD**2 + weight * (x @ x)
    gain = weight / precision
    error = math.hypot((gain * (x @ x) - 1.0) * PRIOR_SD, gain * NOISE * math.sqrt(x @ x))
    return math.erf(z / math.sqrt(precision) / error / math.sqrt(2.0))


@exercise(
    "5M1",
    "Fake data find a bug",
    coverage_before="share of 90 % intervals of the given program that contain the truth, between 0 and 1",
    bug="'prior', 'sum of squares' or 'noise': which part of the program is wrong?",
    coverage_after="the share after your repair",
)
def find_the_bug(coverage_before: Any, bug: Any, coverage_after: Any) -> str:
    """Compare with the exact coverages of the program, with and without its bug."""
    before, after = (
        share("coverage_before", coverage_before),
        share("coverage_after", coverage_after),
    )
    require(
        not close(before, _coverage(1.0, True), 0.03),
        "one-sd",
        "How many standard deviations does a 90 % interval reach to each side?",
        "You used one standard deviation. A Normal needs 1.645 of them for 90 %.",
    )
    require(
        not close(before, _coverage(1.96, True), 0.03),
        "ninety-five",
        "How many standard deviations does a 90 % interval reach to each side?",
        "1.96 belongs to 95 %. Use 1.645.",
    )
    require(
        not close(before, 0.9, 0.04),
        "bug-not-met",
        "Did you run the program as it was given, on data made with the law of the exercise?",
        "Draw a new true slope from N(0, 2) for each data set, and add noise with standard deviation 3.",
    )
    require(
        close(before, _coverage(1.645, True), 0.03),
        "coverage-before",
        "How many data sets did you make, and was the truth drawn anew for each?",
        "For each of at least 2,000 data sets: draw the slope, make the data, call the program, ask whether the slope lies "
        "within 1.645 standard deviations of the mean.",
    )
    word = choice("bug", bug, ("prior", "sum of squares", "noise"))
    require(
        word == "noise",
        "wrong-suspect",
        "The intervals are too narrow. Which term makes the posterior precision too large? Check the units.",
        "A precision is one over a *variance*. One of the terms divides by a standard deviation.",
    )
    require(
        not close(after, _coverage(1.645, True), 0.03),
        "not-repaired",
        "Is it the repaired program that you ran the second time?",
        "The coverage has not changed. Divide by the variance of the noise in both lines that use it.",
    )
    require(
        close(after, 0.9, 0.025),
        "half-repaired",
        "The noise enters in two places. Did you repair both?",
        "The precision and the mean both need `noise_sd**2`. Then 90 % of the intervals contain the truth.",
    )
    return (
        f"The intervals promised 90 % and kept {_coverage(1.645, True):.0%}. The estimates themselves looked fine: no single fit "
        "would have shown this bug."
    )


# --- 5M2: a logarithm wins -------------------------------------------------------------------------


@cache
def _elpds() -> tuple[float, float]:
    """Return LOO's elpd of the Normal model of log strength (per log unit) and of the curve (per MPa).

    With priors as weak as these, the prediction of a left-out point is very nearly a Student-t around
    the least-squares fit of the others. It is exact for a linear model with a flat prior.
    """
    from scipy import optimize, stats

    y, design = _plain_concrete()

    def leave_one_out(residual: np.ndarray, slopes: np.ndarray) -> float:
        q, _ = np.linalg.qr(slopes)
        leverage = (q**2).sum(axis=1)
        freedom = len(y) - slopes.shape[1] - 1
        error = (residual**2).sum() - residual**2 / (1.0 - leverage)
        scale = np.sqrt(error / freedom / (1.0 - leverage))
        return float(stats.t.logpdf(residual / (1.0 - leverage), freedom, 0.0, scale).sum())

    start = np.linalg.lstsq(design, np.log(y), rcond=None)[0]
    in_logs = leave_one_out(np.log(y) - design @ start, design)
    best = optimize.least_squares(lambda b: y - np.exp(design @ b), start)
    return in_logs, leave_one_out(best.fun, best.jac)


@exercise(
    "5M2",
    "A logarithm wins",
    elpd_log="LOO's elpd of the Normal model of the logarithm of strength, as ArviZ reports it",
    correction="what has to be added to it to make it a score of strength in MPa, a number",
    fair_difference="corrected elpd of the model of logarithms minus elpd of the curve model",
)
def logarithm(elpd_log: Any, correction: Any, fair_difference: Any) -> str:
    """Compare the correction with the data, the scores with nearly exact ones."""
    y, _ = _plain_concrete()
    jacobian = -float(np.log(y).sum())
    in_logs, curve = _elpds()
    score, added, difference = (
        number("elpd_log", elpd_log),
        number("correction", correction),
        number("fair_difference", fair_difference),
    )
    require(
        not close(score, in_logs + jacobian, 3.0),
        "corrected-already",
        "Is this the number that ArviZ reported for the model of the logarithm?",
        "It contains the correction already. Pass the bare score here, and the correction by itself.",
    )
    require(
        close(score, in_logs, 3.0),
        "elpd-log",
        "Which variable is observed in this model, and how many specimens?",
        "Observe `np.log(strength)` with a Normal (`pm.Normal`, `tfd.Normal`), with the priors of the chapter's lognormal model, and "
        "all 208 specimens.",
    )
    require(
        not close(added, -jacobian, 1.0),
        "sign",
        "A step of one log unit is how many MPa wide? Is a density per MPa larger or smaller?",
        "The density of y is that of log y *divided* by y, so the sum of the logarithms is subtracted.",
    )
    require(
        not close(added, jacobian / len(y), 0.05),
        "mean-not-sum",
        "An elpd is a sum over specimens. What is your correction?",
        "Each specimen contributes its own term. Add up all 208.",
    )
    require(
        not close(added, -math.log(y.mean()) * len(y), 1.0),
        "log-of-mean",
        "Is the logarithm of the mean the mean of the logarithms?",
        "Take the logarithm of each strength, then the sum.",
    )
    require(
        close(added, jacobian, 0.5),
        "correction",
        "If z = log y, what is the density of y in terms of that of z?",
        "By the change of variables, p(y) = p(z) dz/dy = p(z) / y. Take logarithms and sum over the specimens.",
    )
    require(
        not close(difference, in_logs - curve, 5.0),
        "unfair",
        "Which unit does each of the two scores have?",
        "You subtracted a score per MPa from a score per log unit. Correct the first one before.",
    )
    require(
        not close(difference, curve - in_logs - jacobian, 3.0) or difference > 0,
        "difference-reversed",
        "Which model comes first in the subtraction?",
        "Corrected score of the model of logarithms, minus score of the curve.",
    )
    require(
        close(difference, in_logs + jacobian - curve, 4.0),
        "difference",
        "Which two scores did you subtract?",
        "Take `elpd_log + correction`, and subtract `az.loo(curve_fit).elpd`, where the curve is the chapter's "
        "model with Normal errors in MPa.",
    )
    return (
        f"Unfairly, the logarithm wins by about {in_logs - curve:.0f}; fairly, by about {in_logs + jacobian - curve:.0f}, which is the "
        "LogNormal's difference in the chapter. A Normal for log y *is* a LogNormal for y."
    )


# --- 5H1: one more turn ----------------------------------------------------------------------------


@cache
def _largest_gain() -> float:
    """Return by how much a t can raise the log likelihood of log strength above a Normal's."""
    from scipy import optimize, stats

    y, design = _plain_concrete()
    z = np.log(y)
    line = np.linalg.lstsq(design, z, rcond=None)[0]
    spread = (z - design @ line).std()

    def loss(p: np.ndarray) -> float:
        return -stats.t.logpdf(z - design @ p[:3], math.exp(p[3]), 0.0, math.exp(p[4])).sum()

    start = [*line, math.log(4.0), math.log(0.7 * spread)]
    best = -optimize.minimize(
        loss, start, method="Nelder-Mead", options={"maxiter": 4000, "maxfev": 4000}
    ).fun
    return float(best - stats.norm.logpdf(z - design @ line, 0.0, spread).sum())


def _first_day(idata: Any, kind: str) -> int:
    """Return the first day on which 20 MPa are 95 % sure, from the draws of a fit.

    `kind` is "t" for a specimen with Student-t errors, "normal" for one with Normal errors of the same
    scale, "median" for the median curve.
    """
    from scipy import stats

    names = ("alpha", "s", "sigma", "nu")
    alpha, s, sigma, nu = (draws("idata", idata, name).ravel()[::4] for name in names)
    days = np.arange(1.0, 121.0)[:, None]
    margin = alpha + s * (1.0 - np.sqrt(28.0 / days)) - math.log(20.0)
    if kind == "median":
        sure = margin > 0.0
    elif kind == "normal":
        sure = stats.norm.cdf(margin / sigma)
    else:
        sure = stats.t.cdf(margin / sigma, nu)
    enough = sure.mean(axis=1) >= 0.95
    return int(days[np.argmax(enough), 0])


@exercise(
    "5H1",
    "One more turn",
    idata="the fit of log strength with Student-t errors, with variables `alpha`, `beta`, `s`, "
    "`sigma` and `nu`",
    gain="LOO's elpd of this model minus that of the model with Normal errors of log strength",
    siblings="'repaired' or 'still failing': the share of residual variation between mixes",
    first_day="first day on which a specimen with ratio 0.5 has 20 MPa with 95 % probability, whole",
)
def one_more_turn(idata: Any, gain: Any, siblings: Any, first_day: Any) -> str:
    """Compare the posterior with a long run, the gain with the data, the day with the learner's draws."""
    require(
        not has_variable("idata", idata, "tau"),
        "two-changes",
        "How many things did you change since the chapter's last model?",
        "Change the likelihood only. The mixes get their own effects in a later chapter.",
    )
    nu = draws("idata", idata, "nu")
    for name in ("alpha", "beta", "s", "sigma"):
        converged("idata", name, draws("idata", idata, name))
    converged("idata", "nu", nu)
    require(
        nu.mean() < 15.0,
        "tails-missing",
        "How many specimens did the model see, and on which scale is it a t?",
        f"The posterior mean of `nu` is {nu.mean():.0f}: such tails are Normal. Observe `np.log(strength)` of all 208 "
        "specimens.",
    )
    for name in ("sigma", "s", "nu"):
        row = reference("concrete_student_t").loc[name]
        posterior_mean(
            "idata",
            idata,
            name,
            row["mean"],
            row["mcse_mean"],
            key=f"posterior-{name}",
            hint=f"The posterior of `{name}` is not the one of this model. Compare the priors, line by line.",
            second_hint=f"`{name}` should have a posterior mean of {row['mean']:.3f}. The priors are those of the "
            "chapter's lognormal model, and `nu ~ Gamma(2, 0.1)`.",
        )

    difference, largest = number("gain", gain), _largest_gain()
    require(
        abs(difference) < 200.0,
        "one-score",
        "Is this number about one model or two, and do both predict the same variable?",
        "Both models must observe `np.log(strength)`, or both `strength`. Then subtract.",
    )
    require(
        difference > 0.0,
        "gain-reversed",
        "Which model comes first in the subtraction?",
        "The Student-t first. It predicts much better: most errors are smaller than the Normal thought.",
    )
    require(
        largest - 8.0 <= difference <= largest + 5.0,
        "gain",
        "Are the two models the same apart from the likelihood?",
        f"With the best `nu` the log likelihood rises by {largest:.1f}, and the gain of LOO is within a few units of that.",
    )
    require(
        choice("siblings", siblings, ("repaired", "still failing")) == "still failing",
        "tails-explain-siblings",
        "Compute the statistic of the chapter for replicates of this model. What is p?",
        "Heavy tails treat each specimen by itself. Replicates have no more likeness between siblings than before.",
    )
    day = whole("first_day", first_day)
    exact = _first_day(idata, "t")
    require(
        day != _first_day(idata, "median"),
        "noise-left-out",
        "Is your probability one of a specimen, or of the median of all specimens?",
        "Add the error of a specimen: average `stats.t.cdf(margin / sigma, nu)` over the draws.",
    )
    require(
        abs(day - exact) <= 1,
        "first-day",
        "For each day, average the probability over the draws. Which is the first with at least 0.95?",
        "Margin: `alpha + s * (1 - sqrt(28 / day)) - log(20)`. Probability: `stats.t.cdf(margin / sigma, nu)`, averaged.",
    )
    return (
        f"The t gains {difference:.0f} and moves the day to {exact}: a smaller scale brings it forward, heavier tails hold "
        "it back. And the siblings say that the loop must turn again."
    )
