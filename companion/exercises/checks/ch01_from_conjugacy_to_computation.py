"""Checks of chapter 01, from conjugacy to computation.

What is expected is computed here from densities, exactly, so that no seed can make it wrong.
"""

from __future__ import annotations

from functools import cache
import math
from typing import Any

from companion.exercises.answers import by_simulation, close, number, require, share
from companion.exercises.fits import posterior_mean
from companion.exercises.registry import exercise
import numpy as np
from scipy import integrate, special, stats

# --- 1E1: learn in two steps -----------------------------------------------------------------------

# Falls, and thousands of bed-days, of another ward; the prior is Gamma(3, 1).
_SPRING, _SUMMER = (9, 4.2), (5, 1.1)


def _is_pair(shape: float, rate: float, wanted: tuple[float, float]) -> bool:
    """Return whether both parameters of a Gamma are as wanted."""
    return close(shape, wanted[0], 1e-6) and close(rate, wanted[1], 1e-6)


@exercise(
    "1E1",
    "Learn in two steps",
    shape_spring="shape of the Gamma posterior after spring, a number",
    rate_spring="rate of that posterior, a number",
    shape_both="shape of the Gamma posterior after spring and summer, a number",
    rate_both="rate of that posterior, a number",
    probability="posterior probability of more than 4 falls per 1,000 bed-days, a number",
)
def two_steps(
    shape_spring: Any, rate_spring: Any, shape_both: Any, rate_both: Any, probability: Any
) -> str:
    """Compare with the sums, then with the exact tail of the Gamma."""
    first = number("shape_spring", shape_spring), number("rate_spring", rate_spring)
    both = number("shape_both", shape_both), number("rate_both", rate_both)
    tail = share("probability", probability)
    falls, days = _SPRING
    after_spring = 3.0 + falls, 1.0 + days
    after_both = after_spring[0] + _SUMMER[0], after_spring[1] + _SUMMER[1]

    require(
        not (close(first[0], falls, 1e-6) or close(first[1], days, 1e-6)),
        "prior-forgotten",
        "What did you know before the first fall was counted?",
        "The prior Gamma(3, 1) counts like 3 falls in 1 thousand bed-days. Add them to the data of spring.",
    )
    require(
        not close(first[1], 2.0, 1e-6),
        "periods-counted",
        "How long did you watch in spring? One spring, or 4.2 of something?",
        "The rate grows by the exposure, 4.2 thousand bed-days, and not by the number of observations.",
    )
    require(
        not close(first[1], 1.0 / after_spring[1], 1e-3),
        "scale-for-rate",
        "A Gamma has a shape and a second parameter that comes in two forms. Which one do you need?",
        "You give the scale, which is one over the rate. In the chapter's Gamma(a, b) the mean is a/b.",
    )
    require(
        _is_pair(*first, after_spring),
        "spring",
        "Look at the row for the rate in the chapter's table of conjugate priors.",
        "Shape: prior shape plus falls. Rate: prior rate plus bed-days in thousands.",
    )
    require(
        not (
            close(both[0], after_both[0] + 3.0, 1e-6) or close(both[1], after_both[1] + 1.0, 1e-6)
        ),
        "prior-twice",
        "When summer begins, what do you already know?",
        "You added the prior in both steps. The posterior of spring is the prior of summer; Gamma(3, 1) is already in it.",
    )
    require(
        not _is_pair(*both, (3.0 + _SUMMER[0], 1.0 + _SUMMER[1])),
        "spring-forgotten",
        "Does your second posterior still know about spring?",
        "Start the second step from your first posterior, not from Gamma(3, 1).",
    )
    require(
        _is_pair(*both, after_both),
        "both",
        "Do the second step like the first.",
        "Add 5 falls to the shape and 1.1 thousand bed-days to the rate of your first posterior.",
    )
    exact = stats.gamma(after_both[0], scale=1.0 / after_both[1])
    require(
        not close(tail, exact.cdf(4.0), 1e-3),
        "lower-tail",
        "Is most of the posterior above 4, or below? Its mean is shape over rate.",
        "This is the probability of *less* than 4. Use `sf`, or one minus `cdf`.",
    )
    require(
        tail < 0.99,
        "rate-as-scale",
        "Can it be nearly certain that the rate is above 4, with a posterior mean near 2.7?",
        "SciPy takes a scale, by name: `stats.gamma(shape, scale=1 / rate)`. Its second positional argument is a shift.",
    )
    require(
        by_simulation(tail, exact.sf(4.0)),
        "probability",
        "Which posterior does your probability come from? After summer?",
        "`stats.gamma(shape_both, scale=1 / rate_both).sf(4)`, with the parameters after both seasons. By simulation take 100,000 draws or more.",
    )
    return (
        "Two small steps give what one large step gives: all falls added, all bed-days added. The order of "
        "the seasons does not matter either."
    )


# --- 1E2: a difference without a formula -----------------------------------------------------------

_WARD_A, _WARD_B = stats.beta(32, 178), stats.beta(14, 136)
_DRAWS = 100_000


@cache
def _difference_cdf(value: float) -> float:
    """Return the posterior probability that the share of A minus that of B is below a value."""
    return integrate.quad(
        lambda b: _WARD_B.pdf(b) * _WARD_A.cdf(b + value), 0.0, 1.0, points=[0.05, 0.1, 0.2]
    )[0]


@exercise(
    "1E2",
    "A difference without a formula",
    mean="posterior mean of the difference A minus B, a number",
    variance="its posterior variance, a number",
    probability="posterior probability that A's share is the larger one, a number",
    low="lower end of the central 94 % interval, a number",
    high="upper end of that interval, a number",
    mcse="Monte Carlo standard error of your mean, a number",
)
def difference(mean: Any, variance: Any, probability: Any, low: Any, high: Any, mcse: Any) -> str:
    """Compare with integrals, in standard errors of 100,000 independent draws."""
    given = number("mean", mean)
    spread = number("variance", variance)
    chance = share("probability", probability)
    ends = number("low", low), number("high", high)
    error = number("mcse", mcse)
    exact = _WARD_A.mean() - _WARD_B.mean()
    exact_variance = _WARD_A.var() + _WARD_B.var()
    exact_chance = 1.0 - _difference_cdf(0.0)
    exact_mcse = math.sqrt(exact_variance / _DRAWS)

    require(
        given > 0.0,
        "difference-reversed",
        "Which ward comes first in the question?",
        "A minus B is asked for, and A's share of readmissions is the larger one.",
    )
    require(
        not close(given, 30 / 190 - 12 / 130, 10.0 * exact_mcse),
        "prior-forgotten",
        "From which distribution did you draw? Write its two parameters down.",
        "Your mean is the difference of the raw shares. Add the prior: A's posterior is Beta(2 + 30, 18 + 160).",
    )
    require(
        close(given, exact, 5.0 * exact_mcse),
        "mean",
        "Draw from each ward's posterior, subtract draw by draw, average.",
        "A's posterior is Beta(32, 178) and B's is Beta(14, 136). With 100,000 draws the first three digits are certain.",
    )
    require(
        not close(spread, math.sqrt(exact_variance), 0.1 * math.sqrt(exact_variance)),
        "sd-for-variance",
        "In which unit is your variance: in shares, or in shares squared?",
        "This is the standard deviation. The variance is its square.",
    )
    require(
        not close(spread, _WARD_A.var() - _WARD_B.var(), 0.02 * exact_variance),
        "variances-subtracted",
        "Is the difference of two uncertain numbers more certain than either of them?",
        "Take the variance of the differences of the draws. For independent quantities it is the *sum* of the variances.",
    )
    require(
        close(spread, exact_variance, 0.03 * exact_variance),
        "variance",
        "Average the squared distances of the differences from their mean.",
        "`np.var(a - b)`, with the draws of both wards.",
    )
    require(
        not close(chance, 1.0 - exact_chance, 0.01),
        "event-reversed",
        "The mean of the difference is positive. Can the event be so improbable?",
        "Count the draws with A above B: `np.mean(a > b)`.",
    )
    require(
        by_simulation(chance, exact_chance, _DRAWS),
        "probability",
        "An event's probability is a fraction of draws. Which event?",
        "`np.mean(a > b)`, draw by draw.",
    )
    below, beyond = _difference_cdf(ends[0]), 1.0 - _difference_cdf(ends[1])
    require(
        close(below + beyond, 0.06, 0.005),
        "wrong-mass",
        "How much of the posterior lies outside a 94 % interval, on both sides together?",
        f"Your interval holds {1.0 - below - beyond:.1%}. Cut 3 % off each end: `np.quantile(a - b, [0.03, 0.97])`.",
    )
    require(
        close(below, 0.03, 0.004),
        "not-central",
        "Does your interval leave equally much on both sides?",
        f"It leaves {below:.1%} below and {beyond:.1%} above. A central interval leaves 3 % on each side.",
    )
    require(
        not close(error, math.sqrt(exact_variance), 0.1 * math.sqrt(exact_variance)),
        "sd-for-mcse",
        "Would your number become smaller with more draws? The MCSE must.",
        "This is the posterior standard deviation: what the data leave open. Divide it by the root of the number of draws.",
    )
    require(
        close(error, exact_mcse, 0.05 * exact_mcse),
        "mcse",
        "The chapter gives the standard deviation of an average of S independent draws.",
        "The standard deviation of the differences, divided by the square root of 100,000.",
    )
    return (
        f"A is the worse ward with probability {exact_chance:.2f}. Both posteriors are conjugate, and still their difference "
        "is in no family. The draws did not mind."
    )


# --- 1M1: when an error bar lies -------------------------------------------------------------------

_RARE = float(_WARD_A.sf(0.24))
_RUN = 1000


def _exact_coverage(only_seen: bool = False) -> float:
    """Return how often p ± 1.96 MCSE contains the rare probability, over runs of 1,000 draws."""
    seen = np.arange(_RUN + 1)
    fraction = seen / _RUN
    error = np.sqrt(fraction * (1.0 - fraction) / _RUN)
    weight = stats.binom(_RUN, _RARE).pmf(seen)
    hit = np.abs(fraction - _RARE) <= 1.96 * error
    if only_seen:
        return float(weight[1:] @ hit[1:] / weight[1:].sum())
    return float(weight @ hit)


@exercise(
    "1M1",
    "When an error bar lies",
    expected="number of draws, of 1,000, that you expect to show the event, a number",
    none="probability that none of 1,000 draws shows it, a number",
    coverage="share of runs of 1,000 draws whose interval contains the exact probability, a number",
    needed="number of draws for which the MCSE is a tenth of the probability, a number",
)
def error_bar(expected: Any, none: Any, coverage: Any, needed: Any) -> str:
    """Compare with the Binomial distribution of the number of draws that show the event."""
    mean = number("expected", expected)
    empty = share("none", none)
    covered = share("coverage", coverage)
    size = number("needed", needed)
    exact_empty = (1.0 - _RARE) ** _RUN
    enough = (1.0 - _RARE) / _RARE / 0.1**2

    require(
        not close(mean, _RARE, 0.05 * _RARE),
        "probability-for-count",
        "A number of draws was asked for, out of 1,000.",
        "This is the probability for one draw. Multiply it by the number of draws.",
    )
    require(
        close(mean, _RUN * _RARE, 0.02 * _RUN * _RARE),
        "expected",
        "How probable is the event for one draw? The posterior is a Beta, so you need not simulate.",
        "`1000 * stats.beta(32, 178).sf(0.24)`.",
    )
    require(
        not close(empty, 1.0 - exact_empty, 0.005),
        "at-least-one",
        "Which of the two did you compute: none, or at least one?",
        "This is the probability that at least one draw shows the event. Take one minus it.",
    )
    require(
        not close(empty, 1.0 - _RARE, 1e-5),
        "one-draw",
        "For how many draws must the event fail to happen?",
        "This is the probability that *one* draw does not show it. All 1,000 must not: take the power.",
    )
    require(
        close(empty, exact_empty, 0.01),
        "none",
        "The draws are independent. What is the probability that all of them miss?",
        "`(1 - p) ** 1000`, with the probability p of the event for one draw.",
    )
    require(
        not close(covered, _exact_coverage(only_seen=True), 0.01),
        "empty-runs-dropped",
        "How many runs did you count, and how many did you simulate?",
        "Runs without the event count, too: their interval is 0 ± 0 and misses the exact value.",
    )
    require(
        not close(covered, 0.95, 0.02),
        "nominal",
        "Did you count, or did you quote what 1.96 promises?",
        "Simulate at least 2,000 runs and count. The promise of 95 % assumes that a run sees the event many times.",
    )
    require(
        close(covered, _exact_coverage(), 0.05),
        "coverage",
        "In each run: estimate the fraction, compute its MCSE, ask whether the interval holds the exact value.",
        "With `k = rng.binomial(1000, p, size=20_000)` and `f = k / 1000`, the MCSE is `np.sqrt(f * (1 - f) / 1000)`.",
    )
    require(
        not close(size, enough * 0.1, 0.03 * enough * 0.1),
        "not-squared",
        "To make an MCSE ten times smaller, how many times more draws does it take?",
        "Solve sqrt(p (1 - p) / S) = p / 10 for S. The ten is squared.",
    )
    require(
        size > 1000.0,
        "absolute-error",
        "A tenth of what?",
        "The MCSE must be a tenth of the probability itself, p / 10, not 0.1.",
    )
    require(
        close(size, enough, 0.03 * enough),
        "needed",
        "Set the MCSE of a fraction equal to p / 10 and solve for the number of draws.",
        "S = (1 - p) / p * 100.",
    )
    return (
        f"It takes {enough:,.0f} draws: about a hundred that show the event. That is a rule to remember: what counts is "
        "how often the draws saw it."
    )


# --- 1H1: a hierarchy by nested integration --------------------------------------------------------

_PATIENTS = np.array([12, 18, 25, 31, 40, 44, 52, 60, 75, 88, 110, 140])
_RETURNED = np.array([4, 1, 2, 5, 3, 11, 6, 7, 19, 8, 12, 21])


@cache
def _nested(flat: bool = False) -> tuple[float, float, float]:
    """Return the posterior means of tau and mu and the log evidence, by nested quadrature.

    mu ~ Normal(-2, 1), tau ~ HalfNormal(0.5), log-odds of a hospital ~ Normal(mu, tau), counts
    Binomial. With `flat`, the priors of mu and tau are left out.
    """
    mu, tau = np.linspace(-4.0, 0.5, 91), (np.arange(100) + 0.5) / 40.0
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    logit = mu[:, None, None] + tau[:, None] * nodes
    came, stayed = special.log_expit(logit), special.log_expit(-logit)
    log_total = np.zeros((mu.size, tau.size))
    for n, y in zip(_PATIENTS, _RETURNED, strict=True):
        likelihood = special.comb(n, y) * np.exp(y * came + (n - y) * stayed)
        log_total += np.log(likelihood @ weights / weights.sum())
    if not flat:
        log_total += stats.norm(-2.0, 1.0).logpdf(mu)[:, None] + stats.halfnorm(0, 0.5).logpdf(tau)
    log_total += math.log((mu[1] - mu[0]) * (tau[1] - tau[0]))
    log_evidence = special.logsumexp(log_total)
    weight = np.exp(log_total - log_evidence)
    return float(weight.sum(0) @ tau), float(weight.sum(1) @ mu), float(log_evidence)


@exercise(
    "1H1",
    "A hierarchy by nested integration",
    log_evidence="logarithm of the evidence, from your integral, a number",
    tau_mean="posterior mean of tau, from your integral, a number",
    idata="a fit of the same model, with scalar variables `mu` and `tau`",
)
def nested(log_evidence: Any, tau_mean: Any, idata: Any) -> str:
    """Compare the integral with quadrature, then the sampler with the integral."""
    evidence, spread = number("log_evidence", log_evidence), number("tau_mean", tau_mean)
    exact_tau, exact_mu, exact = _nested()
    flat_tau, _, flat = _nested(flat=True)
    coefficients = float(np.log(special.comb(_PATIENTS, _RETURNED)).sum())

    require(
        evidence < 0.0,
        "not-a-logarithm",
        "Is your number the evidence or its logarithm?",
        "A probability of such particular counts is tiny, so its logarithm is far below zero.",
    )
    require(
        not close(evidence, exact - coefficients, 0.3),
        "coefficients-dropped",
        "How probable are 4 of 12 if the share is known? In which order they came back is not asked.",
        f"Your likelihood lacks the binomial coefficients, whose logarithms add up to {coefficients:.2f}. They change the "
        "evidence, though not the posterior.",
    )
    require(
        not (close(evidence, flat, 0.05) or close(spread, flat_tau, 0.003)),
        "priors-dropped",
        "Likelihood times what is integrated?",
        "You integrated the likelihood alone. Multiply it by the prior densities of mu and tau at each grid point.",
    )
    require(
        close(evidence, exact, 0.05),
        "log-evidence",
        "An integral on a grid is a sum times something. And is the grid wide and dense enough?",
        "Multiply by the width of a cell, in mu and in tau, and let the inner weights sum to 1. Then double the number of "
        "points: the result must not move.",
    )
    require(
        not close(spread, 0.5 * math.sqrt(2.0 / math.pi), 0.004),
        "prior-mean",
        "Did the data have a say?",
        "This is the prior mean of tau. Weight each grid point by its share of the evidence.",
    )
    require(
        close(spread, exact_tau, 0.004),
        "tau-mean",
        "A posterior mean is an average over the grid, with which weights?",
        "Divide each cell's contribution by their sum, and average tau with these weights.",
    )
    for variable, value in (("tau", exact_tau), ("mu", exact_mu)):
        posterior_mean(
            "idata",
            idata,
            variable,
            value,
            key=f"fit-{variable}",
            hint=f"The mean of `{variable}` in your fit and in the integral differ. Which of the two models is the one asked for?",
            second_hint=f"The integral gives {value:.3f} for `{variable}`. Compare priors and likelihood line by line: tau is a "
            "standard deviation, on the log-odds scale.",
        )
    return (
        f"The log evidence is {exact:.2f}. Fourteen dimensions became twelve lines inside a plane, because the hospitals are "
        "independent given mu and tau. NUTS used no such insight and came to the same place."
    )
