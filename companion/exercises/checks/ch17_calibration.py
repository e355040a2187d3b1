"""Checks of chapter 17, calibration.

What is expected comes from closed forms, from the binomial distribution, and from the same seeded NumPy
draws as in the notebook. Ranks that a sampler produced are held against the exact band for uniform ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
import math
from typing import Any

from companion.exercises.answers import (
    Miss,
    Unusable,
    by_simulation,
    choice,
    close,
    number,
    numbers,
    require,
    share,
    whole,
)
from companion.exercises.registry import exercise
from companion.lessons.sbc import rank_of_truth, uniformity_p_value
import numpy as np
from scipy import stats


def _ranks(name: str, value: Any, draws: int, least: int) -> np.ndarray:
    """Return an answer as a vector of at least `least` ranks (or shares), or raise `Unusable`."""
    array = numbers(name, value, least=least)
    if array.min() < 0.0 or array.max() > draws:
        raise Unusable(name, value, f"where every rank should lie between 0 and {draws}")
    return array


def _require_whole(array: np.ndarray, draws: int) -> np.ndarray:
    """Return ranks as whole numbers, unless they are shares."""
    require(
        (array == np.round(array)).all(),
        "shares",
        "A rank counts draws. What did you divide by?",
        f"`rank_of_truth` returns whole numbers from 0 to {draws}. Give these, not shares between 0 and 1.",
    )
    return array.astype(int)


# --- 17E1: four histograms -------------------------------------------------------------------------

WORDS = ("right", "too narrow", "too wide", "too high", "too low")


def _four_programs() -> dict[str, str]:
    """Return what each program of the exercise is: the notebook shuffles the first four words."""
    order = np.random.default_rng(1752).permutation(4)
    return {letter: WORDS[k] for letter, k in zip("ABCD", order, strict=True)}


@exercise(
    "17E1",
    "Four histograms",
    programs="a dictionary from 'A', 'B', 'C' and 'D' to 'right', 'too narrow', 'too wide', 'too high' or "
    "'too low': what is the posterior of this program?",
)
def four_histograms(programs: Any) -> str:
    """Compare with the shuffled order."""
    if not isinstance(programs, Mapping) or set(programs) != set("ABCD"):
        raise Unusable("programs", programs)
    expected = _four_programs()
    given = {expected[letter]: choice("programs", word, WORDS) for letter, word in programs.items()}
    require(
        given["too narrow"] != "too wide" and given["too wide"] != "too narrow",
        "narrow-and-wide-swapped",
        "If a posterior is too narrow, where is the truth more often than it should be: in its middle or outside?",
        "A narrow posterior misses the truth on both sides. Its ranks pile up at both ends: a U. A hill in the middle "
        "means too wide.",
    )
    require(
        given["too high"] != "too low",
        "direction-of-bias",
        "A low rank means that few draws lie below the truth. Where are the others?",
        "If ranks are too low, the draws lie above the truth: the posterior is too high.",
    )
    require(
        given["too high"] == "too high",
        "slope-missed",
        "Does one of the histograms fall from one side to the other?",
        "A slope means a shift. Symmetric shapes, a U or a hill, mean a wrong width.",
    )
    require(
        given["right"] == "right",
        "flat-is-right",
        "Which histogram stays within the band?",
        "A right program gives every rank the same chance. Bars differ by chance, but stay within the band.",
    )
    require(
        given == {word: word for word in WORDS[:4]},
        "which-is-which",
        "Each program has one fault at most, and no two have the same. Compare the shapes.",
        "Flat: right. A U: too narrow. A hill: too wide. Falling: too high.",
    )
    return (
        "Read a rank histogram as the position of the truth within the posterior, never the other way round. Then the "
        "four shapes need no memorizing."
    )


# --- 17E2: a program that loses half of the data -----------------------------------------------------


@cache
def _two_programs() -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray], str]:
    """Return truths, data and draws of the exercise, and the letter of the program that loses half."""
    rng = np.random.default_rng(1753)
    truth = rng.normal(30.0, 5.0, 500)
    trips = rng.normal(truth[:, None], 6.0, (500, 10))
    pair = []
    for read in (trips, trips[:, :5]):
        precision = 1.0 / 5.0**2 + read.shape[1] / 6.0**2
        mean = (30.0 / 5.0**2 + read.sum(axis=1) / 6.0**2) / precision
        pair.append(rng.normal(mean[:, None], precision**-0.5, (500, 99)))
    first = int(rng.integers(2))
    return truth, trips, {"A": pair[first], "B": pair[1 - first]}, "AB"[1 - first]


def _rank_of(quantity: Any, letter: str) -> np.ndarray:
    """Return the ranks of quantity(theta, trips) for one of the two programs."""
    truth, trips, programs, _ = _two_programs()
    at_truth = quantity(truth[:, None], trips)[:, 0]
    return rank_of_truth(at_truth, quantity(programs[letter], trips))


def _log_likelihood(theta: np.ndarray, trips: np.ndarray) -> np.ndarray:
    """Return the log likelihood (without constants) of each theta, shape (data set, draw)."""
    distance = ((trips[:, None, :] - theta[:, :, None]) ** 2).sum(axis=2)
    return -distance / (2.0 * 6.0**2)


@cache
def _ranks_by_quantity(letter: str) -> dict[str, np.ndarray]:
    """Return the right ranks and those that recognized mistakes lead to."""
    right = _rank_of(_log_likelihood, letter)
    return {
        "right": right,
        "theta": _rank_of(lambda theta, trips: theta, letter),
        "reversed": 99 - right,
        "half": _rank_of(lambda theta, trips: _log_likelihood(theta, trips[:, :5]), letter),
        "joint": _rank_of(
            lambda theta, trips: (
                _log_likelihood(theta, trips) - (theta - 30.0) ** 2 / (2.0 * 5.0**2)
            ),
            letter,
        ),
    }


@exercise(
    "17E2",
    "A test that cannot fail",
    ranks_a="500 whole numbers from 0 to 99: the rank of the log likelihood for program A",
    ranks_b="500 whole numbers from 0 to 99: the rank of the log likelihood for program B",
    broken="'A' or 'B': which program loses half of the data?",
)
def cannot_fail(ranks_a: Any, ranks_b: Any, broken: Any) -> str:
    """Compare with the ranks, computed once more."""
    both = {}
    for name, letter, value in (("ranks_a", "A", ranks_a), ("ranks_b", "B", ranks_b)):
        both[letter] = _ranks(name, value, 99, 500)
        if both[letter].size != 500:
            raise Unusable(name, value)
    word = choice("broken", broken, ("a", "b")).upper()

    def given(letter: str, quantity: str) -> bool:
        expected = _ranks_by_quantity(letter)[quantity]
        return bool(np.mean(both[letter] == expected) > 0.98)

    for letter in "AB":
        _require_whole(both[letter], 99)
        require(
            not given(letter, "theta"),
            "theta-ranked",
            "Which quantity did you rank: the parameter, or a function of the parameter and the data?",
            f"The ranks of {letter} are those of theta itself. Compute the log likelihood of its data set at the truth and "
            "at each draw, and rank these.",
        )
        require(
            not given(letter, "reversed"),
            "upside-down",
            "Does your rank count the draws below the truth, or above it?",
            "Your ranks count the draws with a *larger* log likelihood. Count those with a smaller one, or check the sign.",
        )
        require(
            not given(letter, "half"),
            "five-trips",
            "How many trips does one data set have, and how many of them are in your sum?",
            "You used the first five, as the broken program does. Sum the log density over all ten.",
        )
        require(
            not given(letter, "joint"),
            "prior-added",
            "Is the prior a part of the likelihood?",
            "You ranked the joint log density. It is a test quantity too, but leave the prior out here.",
        )
        require(
            given(letter, "right"),
            "log-likelihood",
            "For data set i, evaluate the same function at `truth[i]` and at the 99 draws in row i, with the data of row i.",
            "`stats.norm.logpdf(trips[:, None, :], theta[:, :, None], 6.0).sum(axis=2)` has one row for each data set if "
            "`theta` has.",
        )
    require(
        word == _two_programs()[3],
        "wrong-program",
        "For which program are the ranks of the log likelihood far from uniform?",
        "Draws that never saw five of the trips fit these worse than the truth does. So the truth ranks high.",
    )
    return (
        "A posterior given half of the data is calibrated: it is right for what it read. Ranks of the parameter cannot see "
        "the loss; ranks of something that depends on all the data can."
    )


# --- 17M1: how many data sets? -----------------------------------------------------------------------

FACTOR, LEVEL = 0.8, 0.05
Z = float(stats.norm.ppf(0.95))


def _power(data_sets: int, outside: float, two_sided: bool = True) -> float:
    """Return the probability that the exact binomial test rejects a share of 10 %."""
    counts = np.arange(data_sets + 1)
    tail = LEVEL / 2.0 if two_sided else LEVEL
    rejects = stats.binom.sf(counts - 1, data_sets, 0.1) <= tail
    if two_sided:
        rejects |= stats.binom.cdf(counts, data_sets, 0.1) <= tail
    return float(stats.binom.pmf(counts, data_sets, outside)[rejects].sum())


@cache
def _enough(outside: float, two_sided: bool = True, power: float = 0.9) -> tuple[int, int]:
    """Return the first number of data sets with that power, and the first after which it never falls below."""
    reached = np.array([_power(n, outside, two_sided) >= power for n in range(1, 301)])
    return int(np.argmax(reached)) + 1, int(np.flatnonzero(~reached)[-1]) + 2


@exercise(
    "17M1",
    "How many data sets?",
    outside="probability that the truth lies outside the program's 90 % interval, between 0 and 1",
    power_forty="probability that the test finds the fault with 40 data sets, between 0 and 1",
    data_sets="the smallest number of data sets that finds it with probability 0.9, a whole number",
)
def how_many(outside: Any, power_forty: Any, data_sets: Any) -> str:
    """Compare with the Normal and the binomial distribution."""
    right = 2.0 * stats.norm.cdf(-Z * FACTOR)
    missed = share("outside", outside)
    require(
        not close(missed, 1.0 - right, 0.01),
        "inside",
        "Inside or outside?",
        "This is the probability that the interval contains the truth. The rest is asked for.",
    )
    require(
        not close(missed, 0.1, 0.002),
        "promise",
        "Is this what the interval promises or what it keeps?",
        "A right program misses 10 %. This one ends its interval too early, and misses more.",
    )
    require(
        not close(missed, right / 2.0, 0.004),
        "one-tail",
        "On how many sides of the interval can the truth lie?",
        "You counted one tail. The interval can miss the truth on both sides.",
    )
    require(
        not (
            close(missed, 2.0 * stats.norm.cdf(-Z / FACTOR), 0.003)
            or close(missed, 2.0 * stats.norm.cdf(-Z * 1.2), 0.003)
        ),
        "interval-widened",
        "Is an interval with too small a standard deviation narrower or wider?",
        "It ends 0.8 times as far from the center, and so it misses more than 10 %.",
    )
    require(
        not close(missed, 2.0 * stats.norm.cdf(-Z * math.sqrt(FACTOR)), 0.005),
        "variance-reduced",
        "What is 20 % too small: the standard deviation or the variance?",
        "You took the root of 0.8. The standard deviation itself is 0.8 times the right one.",
    )
    require(
        by_simulation(missed, right),
        "outside",
        "Measured in right standard deviations, the truth is standard Normal around the mean. Where does the program's "
        "interval end?",
        f"It ends at 0.8 times {Z:.3f} right standard deviations. Add the probabilities of both tails beyond.",
    )
    forty, right_forty = share("power_forty", power_forty), _power(40, right)
    require(
        not close(forty, 1.0 - right_forty, 0.02),
        "missed",
        "Is this the probability to find the fault or to miss it?",
        "The power is the probability that the test rejects. Yours is one minus it.",
    )
    require(
        not close(forty, _power(40, right, two_sided=False), 0.02),
        "one-sided-power",
        "The exercise rejects for too many and for too few. How is the 5 % divided?",
        "Each side gets 2.5 %, so it takes 9 of 40, and not 8.",
    )
    require(
        close(forty, right_forty, 0.02),
        "power-forty",
        "First find the counts that a right program reaches with 2.5 % at most. Then ask how likely the faulty one "
        "reaches them.",
        "With 40 data sets the test rejects at 0 and from 9 on. Sum the binomial probabilities of these counts for your "
        "`outside`.",
    )
    count = whole("data_sets", data_sets)
    first, always = _enough(right)
    half = _enough(right, power=0.5)
    one_first, one_always = _enough(right, two_sided=False)
    require(
        not half[0] - 15 <= count <= half[1] + 8,
        "expected-count",
        "With your number, is the *expected* count just enough to reject? How often does a count fall short of its "
        "expectation?",
        "If the expected count equals the critical one, the power is only about one half. You want 0.9.",
    )
    require(
        not one_first - 5 <= count <= one_always,
        "one-sided-test",
        "How is the 5 % divided between too many and too few?",
        "A one-sided test needs fewer data sets. With 2.5 % on each side it takes more.",
    )
    require(
        not one_always < count < first,
        "normal-approximation",
        "Did you use the binomial distribution itself, or a Normal in its place?",
        "Counts are whole, so the test rejects a right program with less than 5 %, and its power is lower as well. Sum "
        "binomial probabilities.",
    )
    require(
        not first < count <= always,
        "not-the-smallest",
        "Is there no smaller number with a power of 0.9?",
        f"The power rises in teeth: it is below 0.9 for some numbers up to {always - 1}, but exceeds it earlier for the first "
        "time. The first is asked for.",
    )
    require(
        count == first,
        "data-sets",
        "Compute the power for every number of data sets from 1 to 300, with the same function as for 40.",
        f"It exceeds 0.9 for the first time between {10 * (first // 10)} and {10 * (first // 10) + 10}.",
    )
    return (
        f"Forty data sets find this fault in {right_forty:.0%} of the cases. It takes {first} for 90 %, and from {always} on "
        "the power stays above it: counts are whole, so the curve has teeth."
    )


# --- 17M2: power-scaling by hand ---------------------------------------------------------------------

PRIOR_MEAN, PRIOR_SD, TRIPS, TRIPS_MEAN, TRIPS_SD = 20.0, 4.0, 5, 32.0, 10.0
DRAWS = 4000


def _scaled(prior_power: float = 1.0, likelihood_power: float = 1.0) -> tuple[float, float]:
    """Return mean and standard deviation of the posterior with powers of its two factors."""
    prior = prior_power / PRIOR_SD**2
    likelihood = likelihood_power * TRIPS / TRIPS_SD**2
    mean = (prior * PRIOR_MEAN + likelihood * TRIPS_MEAN) / (prior + likelihood)
    return mean, (prior + likelihood) ** -0.5


@cache
def _scaled_mcse(prior_power: float) -> tuple[float, float]:
    """Return the MCSE of weighted mean and sd from `DRAWS` draws, by an integral (delta method)."""
    base, target = stats.norm(*_scaled()), stats.norm(*_scaled(prior_power))
    grid = np.linspace(base.mean() - 9.0 * base.std(), base.mean() + 9.0 * base.std(), 20_001)
    step = grid[1] - grid[0]
    weighted = target.pdf(grid) ** 2 / base.pdf(grid) * step
    error = grid - target.mean()
    mean_error = math.sqrt(weighted @ error**2 / DRAWS)
    variance_error = math.sqrt(weighted @ (error**2 - target.var()) ** 2 / DRAWS)
    return mean_error, variance_error / (2.0 * target.std())


@exercise(
    "17M2",
    "Power-scaling by hand",
    mean_weak="posterior mean with the prior to the power 0.8, in minutes",
    sd_weak="posterior standard deviation with the prior to the power 0.8, in minutes",
    mean_strong="posterior mean with the prior to the power 1.25, in minutes",
)
def power_scaling(mean_weak: Any, sd_weak: Any, mean_strong: Any) -> str:
    """Compare with the closed forms, in Monte Carlo standard errors of the weighted draws."""
    weak, sd, strong = (
        number("mean_weak", mean_weak),
        number("sd_weak", sd_weak),
        number("mean_strong", mean_strong),
    )
    (mean, spread), (mean_up, _) = _scaled(0.8), _scaled(1.25)
    (error, error_sd), (error_up, _) = _scaled_mcse(0.8), _scaled_mcse(1.25)

    def is_weak(value: float, target: float) -> bool:
        return close(value, target, 5.0 * error)

    def is_strong(value: float, target: float) -> bool:
        return close(value, target, 5.0 * error_up)

    require(
        min(weak, strong) > PRIOR_MEAN and max(weak, strong) < TRIPS_MEAN,
        "weights-not-normalized",
        "Does your mean lie between what the prior and what the data say?",
        "A weighted mean divides by the sum of the weights: `np.average(theta, weights=w)`.",
    )
    unweighted = _scaled()[0]
    unmoved = is_weak(weak, unweighted) or is_strong(strong, unweighted)
    require(
        not (unmoved and sd > (spread + _scaled()[1]) / 2.0),
        "posterior-scaled",
        "The standard deviation has changed, the mean has not. Which factors did you raise to the power?",
        "You scaled prior and likelihood together. Weight by the prior density alone.",
    )
    require(
        not unmoved,
        "unweighted",
        "Have the weights moved anything?",
        "This is the mean of the draws as they are. Use the weights in the average, and a power other than zero.",
    )
    require(
        not (is_weak(weak, _scaled(1.8)[0]) or is_strong(strong, _scaled(2.25)[0])),
        "whole-power",
        "The draws come from the posterior. How often does it contain the prior already?",
        "The prior is in the draws once. To have it to the power alpha, weight by the prior to the power alpha - 1.",
    )
    require(
        not close(weak, strong, 0.05),
        "log-weights",
        "Both means are the same. Is your weight a density or its logarithm?",
        "The weight is `np.exp((alpha - 1) * log_prior)`. In `(alpha - 1) * log_prior` the power cancels.",
    )
    if is_weak(weak, mean_up) and is_strong(strong, mean):
        require(
            not close(sd, _scaled(1.0, 0.8)[1], 5.0 * error_sd),
            "likelihood-weighted",
            "Which factor of the posterior did you scale? A weaker prior should let the mean move towards the data.",
            "You weighted by the likelihood. Weight by the density of Normal(20, 4) at each draw.",
        )
        raise Miss(
            "powers-exchanged",
            "With a weaker prior, should the mean move towards the data or away from them?",
            "Your two means are exchanged. A power of 0.8 weakens the prior, and the mean moves towards 32.",
        )
    require(
        is_weak(weak, mean),
        "mean-weak",
        "Weight each draw by the prior density there to the power alpha - 1, and take the weighted mean.",
        "For alpha = 0.8 the weight is the density of Normal(20, 4) to the power -0.2: it is larger where the prior is small.",
    )
    require(
        is_strong(strong, mean_up),
        "mean-strong",
        "Did you compute new weights for the second power?",
        "For alpha = 1.25 the weight is the density of Normal(20, 4) to the power 0.25.",
    )
    require(
        not close(sd, spread**2, 5.0 * error_sd * 2.0 * spread),
        "variance-given",
        "In which unit is your standard deviation?",
        "This is the variance. Take its root.",
    )
    require(
        not close(sd, _scaled()[1], 2.0 * error_sd),
        "sd-unweighted",
        "A weaker prior leaves you with less information. Has the standard deviation grown?",
        "Use the weights for the standard deviation too: the weighted mean of the squared distances from the weighted mean.",
    )
    require(
        close(sd, spread, 5.0 * error_sd),
        "sd-weak",
        "Take the weighted mean of the squared distances from the weighted mean, then the root.",
        "`np.sqrt(np.average((theta - mean_weak) ** 2, weights=w))`, with the weights of alpha = 0.8.",
    )
    return (
        f"Without another fit: from {unweighted:.1f} minutes to {mean:.1f} with a weaker prior, to {mean_up:.1f} with a "
        "stronger one. The prior has a say here, and it disagrees with the data."
    )


# --- 17H1: counted too often -------------------------------------------------------------------------

RANKED = 100
VISITS = 4
DATA_SETS = 100
# Mean squares of ranks as Normal scores: 1 for a right program, 2.7 with the bug, 0.25 if three visits of four are
# lost. With 100 data sets chance passes each limit less than once in 100,000, by exact sums over the ranks.
TOO_WIDE, TOO_NARROW, AT_MOST = 0.5, 1.65, 4.3


def _squared_scores(ranks: np.ndarray) -> float:
    """Return the mean square of the Normal scores of ranks: how far truths lie out, in posterior sds."""
    return float(np.mean(stats.norm.ppf((ranks + 0.5) / (RANKED + 1)) ** 2))


@exercise(
    "17H1",
    "A program that is too sure",
    ranks_before="the ranks of beta among 100 draws of the given program, for at least 100 data sets",
    bug="'prior', 'nights', 'link' or 'join': which part of the program is wrong?",
    times="how many times each count enters the given program's likelihood, a whole number",
    ranks_after="the ranks of beta among 100 draws of the repaired program, for at least 100 data sets",
)
def too_sure(ranks_before: Any, bug: Any, times: Any, ranks_after: Any) -> str:
    """Hold both sets of ranks against a uniform; the bug is known."""
    before = _ranks("ranks_before", ranks_before, RANKED, 20)
    after = _ranks("ranks_after", ranks_after, RANKED, 20)
    word = choice("bug", bug, ("prior", "nights", "link", "join"))
    entered = whole("times", times)
    before, after = _require_whole(before, RANKED), _require_whole(after, RANKED)
    require(
        max(before.max(), after.max()) > 1,
        "shares-rounded",
        "Between which numbers does a rank among 100 draws lie?",
        "Your ranks are all 0 or 1. Do not round shares; count the draws below the truth.",
    )
    require(
        min(before.size, after.size) >= DATA_SETS,
        "few-data-sets",
        "How many data sets does it take to see a fault?",
        f"Make at least {DATA_SETS} data sets for each of the two programs.",
    )
    require(
        _squared_scores(before) > TOO_NARROW,
        "bug-shared",
        "Who made your fake data? If the program did, data and program share the bug, and the test must pass.",
        "Simulate the 48 counts with NumPy from the formulas of the exercise, put them into `catches`, and let the given "
        "`join` make the table for the fit.",
    )
    for ranks in (before, after):
        require(
            abs(np.corrcoef(ranks[1:], ranks[:-1])[0, 1]) < 4.5 / math.sqrt(ranks.size),
            "in-order",
            "Where do these ranks come from? One data set does not know the next.",
            "Neighbors in one of your lists are related: sorted, or made up. Give the ranks in the order in which the data "
            "sets were simulated.",
        )
    lean = stats.binomtest(int((before < RANKED / 2).sum()), before.size).pvalue
    require(
        lean > 1e-5,
        "one-sided-ranks",
        "Do your ranks pile up at one end only?",
        "This bug shifts nothing. Is the order of the counts that you simulate the order of `catches`, with the widths "
        "and nights that belong to them?",
    )
    require(
        _squared_scores(before) < AT_MOST,
        "all-outside",
        "Are there no truths in the middle of the draws?",
        f"In {np.mean((before < 5) | (before > RANKED - 5)):.0%} of the data sets the truth lies outside the central 90 % "
        "of the draws. The bug makes it about 40 %: simulate, and count draws below the truth.",
    )
    require(
        word == "join",
        "not-the-culprit",
        "The posterior is centered well and much too narrow. Which part decides how much information goes in?",
        "A wrong prior, link or exposure would shift the ranks. Count the rows of `join(catches, fields)`.",
    )
    require(
        entered != 2,
        "twice",
        "Have you counted the rows, or guessed?",
        "Divide the number of rows after the join by the number before it.",
    )
    require(
        entered == VISITS,
        "times",
        "How many lines does `fields` have for each field?",
        f"`len(join(catches, fields)) / len(catches)` is {VISITS}.",
    )
    require(
        _squared_scores(after) < TOO_NARROW,
        "still-too-sure",
        "Is it the repaired join that made the rows of the second fits?",
        "The truth still lies too often in the tails. After the repair there must be 48 rows: drop the duplicates of "
        "`fields` before you join.",
    )
    require(
        _squared_scores(after) > TOO_WIDE,
        "counts-lost",
        "Does the repaired program still see every count?",
        "Now the truth lies too often in the middle of the draws: they are too wide. After the repair there must be 48 "
        "rows: drop the duplicates of `fields`, not those of the table after the join.",
    )
    require(
        uniformity_p_value(after, RANKED) > 1e-5,
        "not-uniform",
        "The second set of ranks is not uniform. Are its draws independent, and was each truth drawn from the prior?",
        "Draw alpha and beta anew for each data set, and thin the chains to 100 draws in all.",
    )
    tenths = np.bincount(after * 10 // (RANKED + 1), minlength=10)
    require(
        stats.chisquare(tenths).pvalue < 1.0 - 1e-5,
        "too-even",
        "How even would you expect the bars of a histogram of random ranks to be?",
        "Yours are more even than chance ever makes them. Ranks have to be simulated, not spread out.",
    )
    return (
        f"Each count entered {VISITS} times, so the standard deviations were {math.sqrt(VISITS):.0f} times too small. No diagnostic "
        "of the sampler can see this: it sampled the wrong posterior perfectly."
    )
