"""Checks of chapter 19, When a Model Does Not Run.

No exercise needs a sampler: what is expected is a log density, a count, or arithmetic of units.
"""

from __future__ import annotations

from collections.abc import Callable
import math
from typing import Any

from companion import datasets
from companion.exercises.answers import (
    FAILURES,
    Unusable,
    choice,
    close,
    describe_error,
    has,
    number,
    numbers,
    require,
    whole,
)
from companion.exercises.registry import exercise
import numpy as np
from scipy import stats


def fridays() -> tuple[np.ndarray, np.ndarray]:
    """Return the bills of the parties on Fridays, measured from their average, and the tips."""
    frame = datasets.tips().query("day == 'Fri'")
    bill = frame["total_bill"].to_numpy()
    return bill - bill.mean(), frame["tip"].to_numpy()


# --- 19E1: which part? ---------------------------------------------------------------------------

START = {"alpha": 0.0, "beta": -0.1, "sigma": 0.9}


def parts_at_start() -> dict[str, float]:
    """Return the log density of each variable at the colleague's start."""
    bill, tip = fridays()
    mean = START["alpha"] + START["beta"] * bill
    return {
        "alpha": float(stats.norm.logpdf(START["alpha"], 3.0, 2.0)),
        "beta": float(stats.halfnorm.logpdf(START["beta"], 0.0, 0.5)),
        "sigma": float(stats.halfnorm.logpdf(START["sigma"], 0.0, 2.0)),
        "tip": float(stats.norm.logpdf(tip, mean, START["sigma"]).sum()),
    }


@exercise(
    "19E1",
    "Which part?",
    culprit="the name of the variable whose part is minus infinity, a text",
    rest="the sum of the log densities of the other three, a number",
)
def which_part(culprit: Any, rest: Any) -> str:
    """Compare the name, and the sum of the finite parts."""
    parts = parts_at_start()
    name = choice("culprit", culprit, list(parts))
    require(
        name != "tip",
        "data-blamed",
        "Is the data's part infinite, or only far below zero?",
        "All tips have a density, a small one, under a mean of zero. Look at the parts of the priors.",
    )
    require(
        name == "beta",
        "culprit",
        "Which of the three values lies outside of the support of its prior?",
        "Print the part of each variable. A half-Normal has no density below zero.",
    )
    total, right = number("rest", rest), sum(value for value in parts.values() if value > -math.inf)
    require(
        not close(total, right + math.log(START["sigma"]), 0.01),
        "jacobian",
        "On which scale did you evaluate the part of `sigma`?",
        "`point_logps` of the model itself adds the Jacobian, log(0.9). `remove_value_transforms` takes it away.",
    )
    require(
        not close(total, right - parts["tip"], 0.01),
        "data-forgotten",
        "How many parts has a joint log density with three unknowns and data?",
        "The data's part belongs to the sum as well: `tip`.",
    )
    require(
        close(total, right, 0.01),
        "rest",
        "Add up the parts of `alpha`, `sigma` and `tip` at the start.",
        "At alpha = 0, beta = -0.1 and sigma = 0.9 the mean of a tip is -0.1 times the centered bill.",
    )
    return (
        f"{right:.1f} without `beta`, an ordinary number, so the data can live with this start and one prior cannot. "
        "Start `beta` at a positive value."
    )


# --- 19E2: other units ---------------------------------------------------------------------------


@exercise(
    "19E2",
    "The same model in grams",
    alpha_mean="prior mean of `alpha`, in grams, a number",
    alpha_sd="prior standard deviation of `alpha`, in grams, a number",
    beta_sd="prior standard deviation of `beta`, in grams per millimeter, a number",
    sigma_scale="scale of the half-Normal prior of `sigma`, in grams, a number",
)
def other_units(alpha_mean: Any, alpha_sd: Any, beta_sd: Any, sigma_scale: Any) -> str:
    """Compare with the priors of the chapter in other units."""
    given = {
        "alpha_mean": number("alpha_mean", alpha_mean),
        "alpha_sd": number("alpha_sd", alpha_sd),
        "beta_sd": number("beta_sd", beta_sd),
        "sigma_scale": number("sigma_scale", sigma_scale),
    }
    for name, kilograms in {
        "alpha_mean": 4.0,
        "alpha_sd": 1.0,
        "beta_sd": 0.5,
        "sigma_scale": 1.0,
    }.items():
        require(
            not close(given[name], kilograms, 1e-9),
            f"{name}-unchanged",
            f"Which unit has `{name}` now?",
            f"`{name}` = {kilograms:g} was said of kilograms. Change every number that has a unit, not only the data.",
        )
    for name in ("alpha_sd", "sigma_scale"):
        require(
            not close(given[name], 1e6, 1.0) and not close(given[name], math.sqrt(1000.0), 0.1),
            f"{name}-as-variance",
            f"Is `{name}` a standard deviation or a variance?",
            f"`{name}` is in the units of the mass, so it grows 1,000 times. Only a variance grows by the square.",
        )
    require(
        not close(given["beta_sd"], 500.0, 0.1),
        "per-centimeter",
        "Per which length is this slope?",
        "500 grams per *centimeter*. A millimeter of flipper brings a tenth of it.",
    )
    require(
        not close(given["beta_sd"], 5000.0, 1.0),
        "upside-down",
        "Does a millimeter of flipper bring more mass than a centimeter, or less?",
        "Less: kilograms per centimeter times 1,000, divided by 10.",
    )
    for name, right in {
        "alpha_mean": 4e3,
        "alpha_sd": 1e3,
        "beta_sd": 50.0,
        "sigma_scale": 1e3,
    }.items():
        require(
            close(given[name], right, right * 1e-6),
            name,
            f"Write the unit behind `{name}`, and replace it by the new one.",
            f"1 kg is 1,000 g and 1 cm is 10 mm. `{name}` should be {right:g}.",
        )
    return (
        "Each number with a unit is changed by that unit, and the two models give the same answers. The log density of "
        "the data differs all the same, by log(1000) for each bird: densities are per gram now."
    )


# --- 19M1: names that changed places -------------------------------------------------------------


def day_codes() -> tuple[np.ndarray, list[str], list[str]]:
    """Return the number of each party's day in order of appearance, and the names in both orders."""
    day = datasets.tips()["day"].astype(str)
    seen = list(dict.fromkeys(day))
    return np.array([seen.index(name) for name in day]), seen, sorted(seen)


@exercise(
    "19M1",
    "Names that changed places",
    wrong_rows="how many parties learn under the name of another day, a number",
    sundays="the name under which the mean of the Sundays is shown, a text",
    mended="the number of each party's day in the order of the names, an array of 244",
)
def names_and_numbers(wrong_rows: Any, sundays: Any, mended: Any) -> str:
    """Compare with the two orders of the four days."""
    codes, seen, names = day_codes()
    shown, true = np.array(names)[codes], np.array(seen)[codes]
    rows, wrong = whole("wrong_rows", wrong_rows), int((shown != true).sum())
    require(
        rows != len(codes),
        "all-rows",
        "Is any of the four days in its right place, by luck?",
        "Compare the two orders of the names, one below the other. Saturday is second in both.",
    )
    require(
        rows != len(codes) - wrong,
        "right-rows",
        "Did you count the parties with the right name, or with a wrong one?",
        "These are the parties with the right name. Asked for are the others.",
    )
    require(
        rows == wrong,
        "rows",
        "For each party, compare `days[code]` with its own day.",
        "`(np.array(days)[codes] != tips['day']).sum()` counts them.",
    )
    name = choice("sundays", sundays, [word.lower() for word in names])
    require(
        name != "sun",
        "as-it-should",
        "That is the name that it should have. Which number have the Sundays in `codes`?",
        "Sunday comes first in the data, so its number is 0. What is `days[0]`?",
    )
    require(
        name != seen[names.index("Sun")].lower(),
        "backwards",
        "Which way round? You start from a party on a Sunday.",
        "Take the number of Sundays in `codes`, and look it up in `days`, not the other way round.",
    )
    require(
        name == names[seen.index("Sun")].lower(),
        "name",
        "Follow one party: its day, its number, the label at this number.",
        "The first party of the table came on a Sunday. Print `codes[0]` and `days[codes[0]]`.",
    )
    order = numbers("mended", mended, size=len(codes))
    require(
        not np.array_equal(order, codes),
        "unmended",
        "Are these still the old numbers?",
        "`pd.factorize` counts in order of appearance. The labels are sorted.",
    )
    right = np.array([names.index(word) for word in true])
    require(
        not np.array_equal(order, right + 1.0),
        "from-one",
        "What is the smallest of your numbers?",
        "They begin with 1. In Python the first entry has the number 0, and JAX would not complain.",
    )
    require(
        np.array_equal(order, right),
        "order",
        "Does `np.array(days)[mended]` give back the days of the parties?",
        "`[days.index(name) for name in tips['day']]`, or `pd.Categorical(tips['day'], categories=days).codes`.",
    )
    return (
        f"{wrong} of {len(codes)} parties were under another day's name, and no diagnostic could know. Make labels and "
        "numbers in one step, from one list."
    )


# --- 19M2: fake data -----------------------------------------------------------------------------

PLANTED = 3.0


def fake_errors() -> np.ndarray:
    """Return the fake data: 500 errors with a known standard deviation."""
    return PLANTED * np.random.default_rng(1952).standard_normal(500)


@exercise(
    "19M2",
    "A truth that was planted",
    found="the sigma at which the colleague's log likelihood is largest, a number",
    should="the sigma at which the mended one is largest, a number",
    blind="the planted sigma with which this test finds nothing, a number",
)
def planted_truth(found: Any, should: Any, blind: Any) -> str:
    """Compare with the closed forms of both maxima."""
    best = float(np.sqrt(np.mean(fake_errors() ** 2)))
    at = number("found", found)
    require(
        not close(at, best, 0.03),
        "mended-already",
        "Is this the colleague's function, as it stands?",
        "This is the maximum of a sound likelihood. The colleague's has `sigma**2` in the place of the standard deviation.",
    )
    require(
        not close(at, best**2, 0.1),
        "squared-again",
        "Which sigma makes `sigma**2` equal to the spread of the data?",
        "You have squared the spread. The maximum is where sigma *squared* is the spread.",
    )
    require(
        close(at, math.sqrt(best), 0.02),
        "found",
        "Evaluate the log likelihood on a fine grid of sigma, and take the best point.",
        "A grid from 0.5 to 5 in steps of 0.01 will do: `grid[np.argmax([...])]`.",
    )
    right = number("should", should)
    require(
        right != PLANTED,
        "the-planted-value",
        "Is the maximum for these 500 errors exactly the planted value?",
        "3 was planted. The best sigma for this sample is its root mean square, close to 3.",
    )
    require(
        close(right, best, 0.03),
        "should",
        "Mend the function, and look for the maximum once more.",
        "With sigma as the standard deviation the maximum is the root mean square of the errors.",
    )
    fixed = number("blind", blind)
    require(
        fixed != 0.0,
        "no-spread",
        "Zero is its own square. But can you draw errors with this sigma?",
        "With sigma 0 all errors are 0, and no likelihood has a maximum. There is another number that is its own square.",
    )
    require(
        close(fixed, 1.0, 1e-6),
        "blind",
        "For which planted sigma do sigma and sigma squared agree?",
        "Solve sigma = sigma**2 for a positive sigma.",
    )
    return (
        f"The wrong function finds {math.sqrt(best):.2f} where {PLANTED:g} was planted. Had you planted 1, it would have "
        "passed: plant values that no slip leaves as they are, so neither 0 nor 1."
    )


# --- 19H1: data that teach nothing ---------------------------------------------------------------

CENTERS, SCALES = (1.0, 3.0, 4.5), (0.7, 1.0, 2.0)


def log_density(mu: float, sigma: float) -> float:
    """Return the joint log density of the sound model."""
    tip = fridays()[1]
    prior = stats.norm.logpdf(mu, 3.0, 2.0) + stats.halfnorm.logpdf(sigma, 0.0, 2.0)
    return float(prior + stats.norm.logpdf(tip, mu, sigma).sum())


def prior_of_mu(mu: float) -> float:
    """Return the log density of the prior of `mu`."""
    return float(stats.norm.logpdf(mu, 3.0, 2.0))


def _opened(name: str, model: Any) -> tuple[list[str], int, Callable[[float, float], Any]]:
    """Return the unknowns of a model of either library, how many data it has, and its log density."""
    if has(model, "free_RVs"):
        from pymc.model.transform.conditioning import remove_value_transforms

        free = [variable.name for variable in model.free_RVs]
        data = sum(int(v.size.eval(mode="FAST_COMPILE")) for v in model.observed_RVs)
        compiled = remove_value_transforms(model).compile_logp(mode="FAST_COMPILE")
        return (
            free,
            data,
            lambda mu, sigma: compiled({"mu": np.array(mu), "sigma": np.array(sigma)}),
        )
    if has(model, "unnormalized_log_prob"):
        pins = getattr(model, "pins", {})
        free, data = list(model.dtype._fields), sum(int(np.size(value)) for value in pins.values())
        return free, data, lambda mu, sigma: model.unnormalized_log_prob(mu=mu, sigma=sigma)
    instead = "Pass a `pm.Model`, or a joint distribution of TFP with its data pinned."
    raise Unusable(name, model, instead=instead)


def _evaluated(name: str, model: Any) -> np.ndarray:
    """Return what a model says on a grid of `mu` (rows) and `sigma` (columns)."""
    try:
        free, data, density = _opened(name, model)
    except FAILURES as error:
        if isinstance(error, Unusable):
            raise
        reason = f"which cannot be opened ({describe_error(error)})"
        raise Unusable(name, model, reason) from error
    require(
        data == len(fridays()[1]),
        f"{name}-not-observed",
        f"How many observed numbers has `{name}`?",
        f"`{name}` should observe the 19 tips. It observes {data}: a model without data is another bug than this one.",
    )
    if sorted(free) != ["mu", "sigma"]:
        raise Unusable(name, model, f"whose unknowns are {', '.join(free)}, not `mu` and `sigma`")
    try:
        grid = [[float(density(mu, sigma)) for sigma in SCALES] for mu in CENTERS]
    except FAILURES as error:
        reason = f"which has no single density at a point ({describe_error(error)})"
        raise Unusable(name, model, reason) from error
    return np.array(grid)


@exercise(
    "19H1",
    "Break it: data that teach nothing",
    broken="a model that observes the tips, and whose `mu` learns nothing from them",
    mended="the model as it should be",
)
def nothing_learned(broken: Any, mended: Any) -> str:
    """Ask how the density changes with `mu`: in the broken model as its prior does, and no more."""
    found = {
        name: _evaluated(name, model)
        for name, model in {"broken": broken, "mended": mended}.items()
    }
    right = np.array([[log_density(mu, sigma) for sigma in SCALES] for mu in CENTERS])
    prior = np.array([[prior_of_mu(mu)] for mu in CENTERS])

    def deaf(grid: np.ndarray) -> bool:
        return bool(np.ptp(grid - prior, axis=0).max() < 1e-4)

    require(
        not (deaf(found["mended"]) and not deaf(found["broken"])),
        "swapped",
        "Which of your two models is the broken one?",
        "They are exchanged.",
    )
    require(
        deaf(found["broken"]),
        "still-learns",
        "Change `mu` in `broken`, and leave `sigma` as it is. Does the data's part of the log density change?",
        "It must not: the mean of the tips may be anything but `mu`, such as a number that overwrote it.",
    )
    require(
        not deaf(found["mended"]),
        "still-deaf",
        "Does the data's part of `mended` change with `mu`?",
        "It does not: the tips have to be Normal around `mu`.",
    )
    require(
        np.abs(found["mended"] - right).max() < 1e-4,
        "density",
        "Compare `mended` with the three formulas, line by line.",
        f"At mu = 3 and sigma = 1 its log density is {found['mended'][1, 1]:.2f}, and it should be {right[1, 1]:.2f}.",
    )
    return (
        "Observed, and not listened to: the posterior of `mu` is its prior, and every diagnostic passes. What finds it is "
        "the data's part at two values of `mu`."
    )
