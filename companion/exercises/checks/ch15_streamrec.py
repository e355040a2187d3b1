"""Checks of chapter 15, StreamRec.

Closed forms and integrals on a grid are computed here. The mean regrets of the bandit policies come
from a simulation of 6,000 runs each, by the code of the solution with other seeds.
"""

from __future__ import annotations

from functools import cache
import math
from typing import Any

from companion.exercises.answers import (
    LIMIT,
    by_simulation,
    choice,
    close,
    number,
    numbers,
    require,
    share,
)
from companion.exercises.fits import agrees, converged, draws
from companion.exercises.registry import exercise
import numpy as np
from scipy import stats
from scipy.special import gammaln

# --- 15E1: a gain before the data ------------------------------------------------------------------


@exercise(
    "15E1",
    "A gain before the data",
    gain_200="the expected relative gain at 200 impressions when kappa is 10, a number between 0 and 1",
    size_54="the number of impressions at which kappa = 10 gives a gain of 0.542, a number",
    kappa_54="the concentration at which 200 impressions give a gain of 0.542, a number",
    sd_54="the standard deviation of the rates in that population when their mean is 0.3, a number",
)
def gain_before_data(gain_200: Any, size_54: Any, kappa_54: Any, sd_54: Any) -> str:
    """Compare with kappa / (kappa + n), solved for each of its parts."""
    first, size = share("gain_200", gain_200), number("size_54", size_54)
    kappa, spread = number("kappa_54", kappa_54), number("sd_54", sd_54)
    right_kappa = 200.0 * 0.542 / 0.458
    right_spread = math.sqrt(0.21 / (right_kappa + 1.0))
    require(
        not close(first, 200.0 / 210.0, 0.005),
        "weight-of-the-data",
        "With 200 impressions of its own, does a category lean mostly on the population?",
        "That is the weight of the raw rate, n / (kappa + n). The gain is the weight of the population.",
    )
    require(
        close(first, 10.0 / 210.0, 0.001),
        "gain",
        "Which weight does the population have against 200 impressions?",
        "The expected gain is kappa / (kappa + n), with kappa = 10 and n = 200.",
    )
    require(
        not close(size, 10.0 * 0.542 / 0.458, 0.05),
        "size-of-the-complement",
        "Put your size back into the formula: which gain does it give?",
        "Your size gives a gain of 0.458. Solve 10 / (10 + n) = 0.542 for n.",
    )
    require(
        close(size, 10.0 * 0.458 / 0.542, 0.55),  # or the whole number on either side
        "size",
        "Solve kappa / (kappa + n) = 0.542 for n.",
        "Multiply out: 10 = 0.542 (10 + n).",
    )
    require(
        not close(kappa, 200.0 * 0.458 / 0.542, 1.0),
        "kappa-of-the-complement",
        "Put your concentration back into the formula: which gain does it give?",
        "Your concentration gives a gain of 0.458 at 200 impressions. Solve kappa / (kappa + 200) = 0.542.",
    )
    require(
        close(kappa, right_kappa, 1.0),
        "kappa",
        "Now n is 200, and the concentration is unknown.",
        "Multiply out: kappa = 0.542 (kappa + 200).",
    )
    require(
        not close(spread, right_spread**2, 0.0002),
        "variance",
        "Which unit has your answer?",
        "That is the variance of the rates. Take its square root.",
    )
    require(
        close(spread, right_spread, 0.0005),
        "spread",
        "Which variance has a Beta(mu kappa, (1 - mu) kappa)?",
        "It is mu (1 - mu) / (kappa + 1), with mu = 0.3 and your concentration. Its root is asked for.",
    )
    return (
        f"The printed gain needs about {size:.0f} impressions, or categories whose rates differ by only "
        f"{100 * spread:.0f} percentage points. The published program has neither."
    )


# --- 15E2: one rate, three customers ---------------------------------------------------------------


@exercise(
    "15E2",
    "One rate, three customers",
    squared="the report with the smallest expected squared error, a number",
    absolute="the report with the smallest expected absolute error, a number",
    promise="the report with the smallest expected cost of the promise, a number",
    price_of_raw="by how much the expected squared error grows when the raw rate is reported, a number",
)
def three_customers(squared: Any, absolute: Any, promise: Any, price_of_raw: Any) -> str:
    """Compare with mean, median and quantile of the exact posterior, Beta(8, 14)."""
    posterior = stats.beta(8.0, 14.0)
    mean, median, low = (
        number(name, value)
        for name, value in (("squared", squared), ("absolute", absolute), ("promise", promise))
    )
    price = number("price_of_raw", price_of_raw)
    require(
        not close(mean, 5.0 / 12.0, 0.001),
        "raw-rate",
        "Is the population in your answer?",
        "5/12 is the raw rate. The posterior is Beta(3 + 5, 7 + 7): take its mean.",
    )
    require(
        not close(mean, 7.0 / 20.0, 0.001),
        "mode",
        "Which point of the posterior minimizes the expected squared error?",
        "That is the mode, the answer to yet another loss. Take the mean, a / (a + b).",
    )
    require(
        close(mean, posterior.mean(), 0.002),
        "mean",
        "By conjugacy, which Beta is the posterior?",
        "Clicks add to the first parameter, impressions without a click to the second: Beta(8, 14).",
    )
    require(
        not close(median, posterior.mean(), 0.0005),
        "mean-for-both",
        "Do the two losses have the same answer for a skewed posterior?",
        "The absolute error is minimized by the median: half of the posterior on either side.",
    )
    require(
        close(median, posterior.median(), 0.002),
        "median",
        "Where does the expected absolute error stop falling?",
        "At the point with half of the posterior below it, for example `stats.beta(8, 14).median()`.",
    )
    require(
        not close(low, posterior.ppf(0.9), 0.002),
        "promise-too-high",
        "Which of the two errors is the expensive one?",
        "Promising too much costs nine times as much, so the promise must be low: kept with probability 0.9.",
    )
    require(
        not close(low, posterior.ppf(1.0 / 9.0), 0.001),
        "one-in-nine",
        "Set the derivative of the expected cost to zero: which two probabilities balance?",
        "9 P(theta < d) = 1 P(theta > d). The probabilities add up to one, so the first is 1 / (9 + 1).",
    )
    require(
        close(low, posterior.ppf(0.1), 0.002),
        "promise",
        "Raise the promise a little. Which probability makes it cost more, and which less?",
        "The derivative of the expected cost is 9 P(theta < d) - P(theta > d). It is zero at the 10 % quantile.",
    )
    gap = 5.0 / 12.0 - posterior.mean()
    require(
        not close(price, gap**2 + posterior.var(), 0.0005),
        "total-loss",
        "How large is the loss of the best report? It is not zero.",
        "You gave the whole expected squared error. Subtract the posterior variance, which every report pays.",
    )
    require(
        not close(price, gap, 0.001),
        "not-squared",
        "In which unit is a squared error?",
        "That is the distance between raw rate and mean. Square it.",
    )
    require(
        close(price, gap**2, 0.0002),
        "price",
        "Write d - theta as (d - mean) + (mean - theta), square it and take the expectation.",
        "The expected squared error of d is the posterior variance plus (d - mean) squared.",
    )
    return (
        f"One posterior, and {mean:.3f}, {median:.3f} and {low:.3f} are all right. Ask what an error costs before you "
        "report a number."
    )


# --- 15M1: a prior that decides --------------------------------------------------------------------

FEW_CLICKS, FEW_SHOWN = np.array([4, 6, 7, 5, 8]), 20


@cache
def _shrinkage(prior: str) -> float:
    """Return the exact posterior mean of kappa / (kappa + 20) for the five categories."""
    mu, log_kappa = (
        v.ravel()
        for v in np.meshgrid(
            np.linspace(0.005, 0.995, 199), np.linspace(0.0, 20.0, 801), indexing="ij"
        )
    )
    kappa = np.exp(log_kappa)
    a, b = mu * kappa, (1.0 - mu) * kappa
    log_weight = stats.beta(2.0, 2.0).logpdf(mu)
    if prior == "pareto":  # half weight at the end of the axis: the trapezoidal rule
        log_weight += -1.5 * log_kappa + np.where(log_kappa == 0.0, math.log(0.5), 0.0)
    else:
        log_weight += stats.norm(3.0, 1.0).logpdf(log_kappa)
    for y in FEW_CLICKS:
        log_weight += gammaln(a + y) - gammaln(a) + gammaln(b + FEW_SHOWN - y) - gammaln(b)
        log_weight -= gammaln(kappa + FEW_SHOWN) - gammaln(kappa)
    weight = np.exp(log_weight - log_weight.max())
    return float(weight @ (kappa / (kappa + FEW_SHOWN)) / weight.sum())


@cache
def _prior_extreme() -> float:
    """Return the probability of a rate below 0.01 or above 0.99 under the Pareto prior."""
    mu = (np.arange(400) + 0.5) / 400.0
    kappa = (1.0 - (np.arange(400) + 0.5) / 400.0) ** (-1.0 / 1.5)
    weight = stats.beta(2.0, 2.0).pdf(mu) / 400.0
    a, b = np.outer(mu, kappa), np.outer(1.0 - mu, kappa)
    both = stats.beta(a, b).cdf(0.01) + stats.beta(a, b).sf(0.99)
    return float(weight @ both.mean(axis=1))


@exercise(
    "15M1",
    "Break it: a prior that decides",
    prior_extreme="the prior probability of a rate below 0.01 or above 0.99 under the Pareto prior, a number",
    idata_pareto="the fit of the five categories with kappa ~ Pareto(1.5, 1), with the variable `kappa`",
    idata_lognormal="the same with kappa ~ LogNormal(3, 1)",
    decides="'prior' or 'data', for what decides how much these five categories share",
)
def prior_decides(prior_extreme: Any, idata_pareto: Any, idata_lognormal: Any, decides: Any) -> str:
    """Compare the posterior mean of the shrinkage factor with its integral, in MCSE."""
    extreme = share("prior_extreme", prior_extreme)
    right = _prior_extreme()
    require(
        not close(extreme, right / 2.0, 0.01),
        "one-end",
        "How many ends has the interval?",
        "You counted one end. By symmetry the other is as probable: add both.",
    )
    require(
        not close(extreme, 0.0165, 0.01),
        "lognormal-prior",
        "Which of the two priors is the question about?",
        "That is the probability under the LogNormal. Draw kappa from the Pareto, which starts at 1.",
    )
    require(
        by_simulation(extreme, right, 10_000),
        "prior-share",
        "Draw mu, then kappa, then a rate given both. How often is it extreme?",
        "NumPy's `rng.pareto(1.5)` starts at 0: add 1. Use at least 10,000 draws.",
    )
    factors = {}
    for name, idata in (("pareto", idata_pareto), ("lognormal", idata_lognormal)):
        kappa = draws(f"idata_{name}", idata, "kappa")
        converged(f"idata_{name}", "kappa", kappa)
        factors[name] = kappa / (kappa + FEW_SHOWN)
    exact = {name: _shrinkage(name) for name in factors}

    def near(name: str, target: float) -> bool:
        return agrees(factors[name], target)

    require(
        not (near("pareto", exact["lognormal"]) and near("lognormal", exact["pareto"])),
        "swapped",
        "Which of the two priors favors small values of kappa?",
        "Your two fits are exchanged.",
    )
    require(
        not near("pareto", exact["lognormal"]) and not near("lognormal", exact["pareto"]),
        "same-prior",
        "Compare the priors in your two models, line by line.",
        "Both fits have the same prior of kappa. For log kappa, one needs Exponential(1.5), the other Normal(3, 1).",
    )
    for name, statement in (
        ("pareto", "log kappa ~ Exponential(1.5)"),
        ("lognormal", "log kappa ~ Normal(3, 1)"),
    ):
        require(
            near(name, exact[name]),
            f"{name}-fit",
            f"Compare your model behind `idata_{name}` with the one in the question.",
            f"It needs mu ~ Beta(2, 2), {statement} and five categories of 20 impressions with 4, 6, 7, 5 and 8 "
            f"clicks. The mean of kappa / (kappa + 20) should be near {exact[name]:.3f}.",
        )
    require(
        choice("decides", decides, ("prior", "data")) == "prior",
        "data-credited",
        "What did you change between the two fits?",
        "The data are the same in both. Only the prior changed, and the sharing with it.",
    )
    return (
        f"The same five categories share {exact['pareto']:.0%} under the one prior and {exact['lognormal']:.0%} under the "
        "other. Five categories say little about a population, so the hyperprior is part of the answer."
    )


# --- 15H1: break two policies ----------------------------------------------------------------------

# Mean regret after 1,000 impressions and its standard error; see the docstring of the module.
REGRET = {
    "greedy": (75.63, 1.11),
    "optimistic": (42.19, 0.21),
    "thompson": (47.16, 0.26),
    "overconfident": (75.99, 0.34),
}


def _final_regrets(name: str, value: Any) -> np.ndarray:
    """Return an answer as one regret for each run."""
    return numbers(name, value, least=200)


@exercise(
    "15H1",
    "Break it: two policies",
    **{
        name: f"the total regret of each run after 1,000 impressions, {what}, an array of at least 200 numbers"
        for name, what in (
            ("greedy", "greedy from Beta(3, 7)"),
            ("optimistic", "greedy from Beta(9, 1)"),
            ("thompson", "Thompson sampling from Beta(3, 7)"),
            ("overconfident", "Thompson sampling from Beta(150, 350)"),
        )
    },
)
def two_policies(greedy: Any, optimistic: Any, thompson: Any, overconfident: Any) -> str:
    """Compare mean regrets with those of a long simulation, in standard errors."""
    given = {"greedy": greedy, "optimistic": optimistic} | {
        "thompson": thompson,
        "overconfident": overconfident,
    }
    runs = {name: _final_regrets(name, value) for name, value in given.items()}
    mean = {name: values.mean() for name, values in runs.items()}
    error = {name: values.std(ddof=1) / math.sqrt(values.size) for name, values in runs.items()}
    require(
        min(mean.values()) > 1.0,
        "one-impression",
        "Is this the regret of one impression, or of all?",
        "Add up the regrets of the 1,000 impressions of each run.",
    )
    require(
        max(mean.values()) < 250.0,
        "clicks",
        "Are you counting what was gained, or what was missed?",
        "The regret of an impression is the best rate of the run minus the rate of the title that was shown.",
    )
    require(
        min(values.min() for values in runs.values()) >= 0.0,
        "realized",
        "Can the rate of the title that was shown be higher than the best one?",
        "You compared clicks, which are random. Compare rates: best rate minus rate shown, never negative.",
    )

    def near(name: str, target: str) -> bool:
        expected, its_error = REGRET[target]
        return bool(abs(mean[name] - expected) <= LIMIT * math.hypot(error[name], its_error))

    require(
        not (mean["optimistic"] > 60.0 and mean["greedy"] < 60.0),
        "swapped",
        "Which prior makes a title that was never shown look good?",
        "Beta(9, 1) is the optimistic one. Your first two answers are exchanged.",
    )
    require(
        mean["overconfident"] > 1.2 * mean["thompson"],
        "prior-not-confident",
        "After 100 clicks, how far can a posterior that started from Beta(150, 350) have moved?",
        "Start `overconfident` with a = 150 and b = 350 for every title, the others with a = 3 and b = 7.",
    )
    for name, reminder in (
        ("greedy", "Show the title with the largest a / (a + b), and break ties at random."),
        (
            "optimistic",
            "It is the greedy policy with a = 9 and b = 1 at the start. Nothing else differs.",
        ),
        ("thompson", "Draw once from every title's Beta(a, b) and show the largest draw."),
        ("overconfident", "Draw as for Thompson sampling; the start is a = 150 and b = 350."),
    ):
        require(
            near(name, name),
            f"{name}-regret",
            f"Check the simulation behind `{name}`: ten titles, rates from Beta(3, 7), 1,000 impressions.",
            f"{reminder} The mean regret should be near {REGRET[name][0]:.0f}; yours is {mean[name]:.1f}.",
        )
    return (
        f"Optimism repairs greedy ({mean['greedy']:.0f} to {mean['optimistic']:.0f} clicks), and a prior that is too "
        f"sure spoils Thompson sampling ({mean['thompson']:.0f} to {mean['overconfident']:.0f})."
    )
