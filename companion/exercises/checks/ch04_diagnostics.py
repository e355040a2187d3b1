"""Checks of chapter 04, diagnostics.

What is expected is computed from formulas, from the chains that `companion.datasets.mystery_chains` makes, and from the
reference posterior of the penguins.
"""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import Any

from companion.exercises.answers import (
    Unusable,
    by_simulation,
    choice,
    close,
    number,
    numbers,
    require,
    share,
)
from companion.exercises.fits import converged, draws, rhat
from companion.exercises.registry import exercise
import numpy as np


def _plain_rhat(values: np.ndarray) -> float:
    """Return R-hat in its first form, from draws of shape (chain, draw)."""
    n = values.shape[1]
    within = values.var(axis=1, ddof=1).mean()
    return float(np.sqrt((n - 1) / n + values.mean(axis=1).var(ddof=1) / within))


def _split(values: np.ndarray) -> np.ndarray:
    """Return the two halves of each chain as chains."""
    half = values.shape[1] // 2
    return np.concatenate([values[:, :half], values[:, -half:]])


# --- D4E1: how long to run -------------------------------------------------------------------------

SD, WANTED, EFFICIENCY = 3.9, 0.05, 0.2


@exercise(
    "D4E1",
    "How long must you run?",
    ess_needed="the effective sample size that brings the MCSE of the mean down to 0.05, a number",
    draws_needed="the number of draws, in all chains together, for that effective sample size",
    times_more="how many times as many draws one more decimal takes, a number",
)
def how_long(ess_needed: Any, draws_needed: Any, times_more: Any) -> str:
    """Compare with the square of the ratio of the two standard deviations."""
    ess = number("ess_needed", ess_needed)
    total, times = number("draws_needed", draws_needed), number("times_more", times_more)
    exact = (SD / WANTED) ** 2
    require(
        not close(ess, SD / WANTED, 0.5),
        "root-forgotten",
        "By what does a standard error shrink when there are four times as many draws?",
        "The MCSE is the standard deviation divided by the *square root* of the ESS. Solve that for the ESS.",
    )
    require(
        not close(ess, SD**2 / WANTED, 0.01 * exact),
        "mcse-not-squared",
        "You squared one of the two numbers. Which of them belong under the same square?",
        "Write MCSE = sd / sqrt(ESS), then square both sides: MCSE squared stands in it too.",
    )
    require(
        close(ess, exact, 0.005 * exact),
        "ess",
        "Which formula connects the MCSE of a mean with the ESS?",
        "MCSE = sd / sqrt(ESS), with sd = 3.9 and MCSE = 0.05.",
    )
    require(
        not close(total, exact * EFFICIENCY, 0.01 * exact),
        "efficiency-multiplied",
        "Does a chain with memory need more draws than independent ones, or fewer?",
        "Five draws are worth one independent draw here: divide the ESS by 0.2.",
    )
    require(
        not close(total, exact / EFFICIENCY / 4.0, 0.01 * exact),
        "per-chain",
        "Draws of one chain, or of all?",
        "Give the number for all chains together.",
    )
    require(
        close(total, exact / EFFICIENCY, 0.01 * exact),
        "draws",
        "How many draws is one effective draw worth?",
        "The efficiency is ESS divided by draws. Solve it for the draws.",
    )
    require(
        not close(times, 10.0, 0.5),
        "one-digit-ten-times",
        "Put ten times the draws into the formula. By what factor does the MCSE shrink?",
        "It shrinks by the square root of ten, about 3. One decimal more needs a factor of 10.",
    )
    require(
        close(times, 100.0, 0.5),
        "times",
        "One more decimal means an MCSE of a tenth. What happens to the ESS?",
        "The ESS goes with one over the square of the MCSE.",
    )
    return (
        f"About {exact / EFFICIENCY:,.0f} draws for a mean to one decimal, and a hundred times as many for two: print fewer "
        "digits."
    )


# --- D4E2: name the chains -------------------------------------------------------------------------


NAMES = ("healthy", "drift", "levels", "narrow chain")
MYSTERY = {"first": "narrow chain", "second": "drift", "third": "healthy", "fourth": "levels"}


@exercise(
    "D4E2",
    "Name the chains",
    **{
        name: f"what the {name} run shows: 'healthy', 'drift', 'levels' or 'narrow chain'"
        for name in MYSTERY
    },
)
def name_the_chains(first: Any, second: Any, third: Any, fourth: Any) -> str:
    """Compare with how the runs were made."""
    given = {
        name: choice(name, value, NAMES)
        for name, value in zip(MYSTERY, (first, second, third, fourth), strict=True)
    }
    require(
        given["first"] != "healthy",
        "spread-overlooked",
        "In the first run, draw the four chains one by one, on the same axis. Are they equally wide?",
        "One chain of the first run stays near the middle. Its mean is right and its spread is not.",
    )
    require(
        given["second"] != "healthy",
        "drift-overlooked",
        "In the second run, compare the first hundred draws of each chain with the last hundred.",
        "All chains of the second run rise together, so that their means agree. Their halves do not.",
    )
    require(
        given["third"] == "healthy",
        "healthy-suspected",
        "Compute R-hat of the third run. Does anything speak against it?",
        "The third run is independent noise. Noise is what a healthy trace looks like.",
    )
    require(
        (given["second"], given["fourth"]) != ("levels", "drift"),
        "drift-and-levels-exchanged",
        "Which of the two changes with time, and which with the chain?",
        "A drift is within every chain; levels differ between chains. You have exchanged the two.",
    )
    require(
        given["first"] == "narrow chain",
        "first",
        "Compute the mean and the standard deviation of each chain of the first run.",
        "The means agree. One of the four standard deviations is a quarter of the others.",
    )
    require(
        given["second"] == "drift",
        "second",
        "Average the second run over its chains and plot the result against the draw.",
        "The average rises from the first draw to the last.",
    )
    require(
        given["fourth"] == "levels",
        "fourth",
        "Compute the mean of each chain of the fourth run.",
        "One of the four means lies apart from the others.",
    )
    return "Plain R-hat finds only the levels, the split one also the drift, and only folding finds the narrow chain."


# --- D4M1: write split R-hat ------------------------------------------------------------------------


def _trial(function: Callable, values: np.ndarray) -> float:
    """Return what the learner's function gives for some draws, or raise `Unusable`."""
    if not callable(function):
        raise Unusable("split_rhat", function)
    try:
        result = function(values.copy())
    except Exception as error:
        raise Unusable(
            "split_rhat",
            function,
            f"which raises {type(error).__name__} ({error}) for an array of shape {values.shape}",
        ) from error
    if hasattr(result, "shape") and getattr(result, "size", 0) == 1:
        result = np.asarray(result).item()
    if not isinstance(result, (int, float)) or not math.isfinite(result):
        raise Unusable("split_rhat", function, f"which returns {result!r} instead of a number")
    return float(result)


@exercise(
    "D4M1",
    "Split R-hat in five lines",
    split_rhat="a function that takes draws of shape (chain, draw) and returns the split R-hat, without "
    "ranks",
)
def write_split_rhat(split_rhat: Any) -> str:
    """Try the function on draws that tell the usual mistakes apart."""
    rng = np.random.default_rng(431)
    values = rng.standard_normal((4, 20)) + np.arange(4)[:, None] / 2 + np.linspace(0, 1, 20)
    exact = _plain_rhat(_split(values))
    given = _trial(split_rhat, values)
    n = values.shape[1] // 2
    halves = _split(values)
    within = halves.var(axis=1, ddof=1).mean()
    between = halves.mean(axis=1).var(ddof=1)

    def is_near(value: float) -> bool:
        return close(given, value, 1e-6)

    require(
        not is_near(_plain_rhat(values)),
        "not-split",
        "Does your function see a drift that all chains share?",
        "This is R-hat of the whole chains. Cut each in two first, so that there are twice as many.",
    )
    require(
        not is_near(exact**2),
        "no-root",
        "Compare the units of numerator and denominator with those of the formula.",
        "The formula ends with a square root of the ratio of variances.",
    )
    require(
        not is_near(np.sqrt((n - 1) / n + halves.mean(axis=1).var() / halves.var(axis=1).mean())),
        "divided-by-n",
        "How does NumPy compute a variance unless you tell it otherwise?",
        "Use `ddof=1` in both variances, so that they are divided by n - 1.",
    )
    require(
        not is_near(np.sqrt((n - 1) / n + n * between / within)),
        "between-not-divided",
        "What is B, and what is B divided by n?",
        "The variance of the chains' means *is* B / n. You have multiplied by n without dividing.",
    )
    interleaved = np.concatenate([values[:, ::2], values[:, 1::2]])
    require(
        not is_near(_plain_rhat(interleaved)),
        "every-second-draw",
        "Which draws go into the first half?",
        "You took every second draw. Early draws must be held against late ones.",
    )
    require(
        not is_near(rhat(values)),
        "ranks",
        "The formula was asked for, without the ranks.",
        "You returned ArviZ's default. `az.rhat(draws, method='split')` is what your function should reproduce.",
    )
    require(
        is_near(exact),
        "formula",
        "Compare your function with `az.rhat(draws, method='split')` on a small array, part by part.",
        "Split along the draws; W is the mean of the chains' variances, B / n the variance of their means.",
    )
    return "Your function agrees with the formula, and with ArviZ's `method='split'`."


# --- D4M2: fool the old R-hat -----------------------------------------------------------------------


@exercise(
    "D4M2",
    "Fool the old R-hat",
    fooling="an array of shape (4, 1000) whose split R-hat is below 1.01 and whose ranked and folded "
    "R-hat is above 1.1",
)
def fool_rhat(fooling: Any) -> str:
    """Compute both versions of R-hat."""
    values = numbers("fooling", fooling, 4000, ndim=2)
    if values.shape != (4, 1000):
        raise Unusable("fooling", fooling)
    require(
        (values.std(axis=1) > 0.0).all(),
        "constant-chain",
        "Does every chain move?",
        "A chain that never moves fools nobody. Give it at least a small spread.",
    )
    require(
        (np.diff(values, axis=1) != 0.0).mean(axis=1).min() > 0.05,
        "hardly-moves",
        "How many different values does each of your chains have?",
        "One of them rests at the same value for nearly all of its draws, which any trace shows. Let each chain move, "
        "and still be wrong.",
    )
    old, new = _plain_rhat(_split(values)), rhat(values)
    require(
        old < 1.01,
        "means-differ",
        "What does the old R-hat compare? Keep that equal between chains and halves.",
        f"Split R-hat of your array is {old:.3f}. Let all chains have the same mean, and differ in something else.",
    )
    require(
        new > 1.1,
        "nothing-wrong",
        "Is one of your chains really wrong? How different is it from the others?",
        f"The ranked and folded R-hat is {new:.3f}. Make one chain much narrower, or give all chains heavy tails and "
        "shift one.",
    )
    return (
        f"The old R-hat says {old:.3f}, the new one {new:.3f}. "
        "Equal means, or one enormous variance, is all that the old formula needs to be content."
    )


# --- D4H1: break a mixture, and mend it --------------------------------------------------------------


@exercise(
    "D4H1",
    "Break a mixture, and mend it",
    broken="a fit of the mixture without order, with the variable `mu` of two means per draw",
    mended="a DataTree with `mu` sorted draw by draw, and `share`, the share of the larger kind, to match",
    luck="the probability that six chains all fall into the same of two mirror modes, a number",
)
def break_and_mend(broken: Any, mended: Any, luck: Any) -> str:
    """Ask for the pathology first, then for the reference posterior."""
    from companion.posteriors import reference

    means = draws("broken", broken, "mu")
    if means.ndim != 3 or means.shape[2] != 2 or means.shape[0] < 2:
        raise Unusable("broken", broken, "whose `mu` is not two means in several chains")
    require(
        rhat(means[..., 0]) > 1.1,
        "not-broken",
        "Do your chains disagree about `mu`? Plot them.",
        "All chains have the same labeling, by an ordering, by their starts or by luck. Leave the order out, and take "
        "twelve chains: they all agree by luck once in 2,048 runs.",
    )
    sorted_means, larger = draws("mended", mended, "mu"), draws("mended", mended, "share")
    if sorted_means.ndim != 3 or sorted_means.shape[2] != 2 or larger.ndim != 2:
        raise Unusable(
            "mended", mended, "whose `mu` is not two means, or `share` not one number, in each draw"
        )
    require(
        (sorted_means[..., 0] <= sorted_means[..., 1]).all(),
        "not-sorted",
        "Is the first mean the smaller one in *every* draw?",
        "Sort along the last axis: `np.sort(mu, axis=-1)` for the means.",
    )
    require(
        not (sorted_means.shape == means.shape and close(sorted_means[..., 0].std(), 0.0, 1e-9)),
        "averaged",
        "How many different values does your smaller mean have?",
        "Sort each draw. Do not replace draws by an average.",
    )
    require(
        rhat(larger) < 1.1,
        "share-not-exchanged",
        "If kinds 1 and 2 exchange their names, what happens to the share of kind 2?",
        "Where you exchanged the means of a draw, replace its `share` by one minus `share`.",
    )
    exact = reference("penguins_two_kinds")
    require(
        not close(larger.mean(), 1.0 - exact.loc["share", "mean"], 0.1),
        "share-of-the-small",
        "Of which kind is your `share`, after sorting?",
        "It should be the share of the *larger* kind, which is the more frequent one on Biscoe.",
    )
    converged("mended", "share", larger)
    for i, kind in enumerate(("small", "large")):
        values, row = sorted_means[..., i], exact.loc[f"mu[{kind}]"]
        converged("mended", f"mu[{kind}]", values)
        require(
            close(values.mean(), row["mean"], 0.3 * row["sd"]),
            "other-posterior",
            "Are your birds those of Biscoe, all 167 of them?",
            f"The mean of the {kind} kind should be near {row['mean']:.1f} mm. Use the priors of the chapter.",
        )
    chance = share("luck", luck)
    require(
        not close(chance, 0.5**6, 1e-4),
        "one-of-two-modes",
        "In how many ways can six chains agree?",
        "All in the first mode, or all in the second: there are two ways.",
    )
    require(
        not close(chance, 0.5**5 * 4, 1e-4) and not close(chance, 0.125, 1e-4),
        "four-chains",
        "How many chains are asked for here?",
        "The chapter's 1/8 is for four chains. Here there are six.",
    )
    require(
        by_simulation(chance, 0.5**5),
        "luck",
        "Think of coins: the first chain may fall anywhere. What must the others do?",
        "Five chains must each follow the first, with probability one half.",
    )
    return (
        f"R-hat {rhat(means[..., 0]):.2f} before, {rhat(sorted_means[..., 0]):.3f} after, from the same draws. And six chains "
        "hide the second mode only once in 32 runs."
    )
