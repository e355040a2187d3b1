"""Checks of chapter 09, pooling.

What is expected is integrated here on a grid from the data, or simulated with a seed of its own.
"""

from __future__ import annotations

from functools import cache
import math
from typing import Any

from companion.exercises.answers import choice, close, require, share, truth
from companion.exercises.checks.two_species import (
    CENTER,
    SPECIES,
    count_parameters,
    entries,
    two_species,
)
from companion.exercises.fits import agrees, converged
from companion.exercises.registry import exercise
import numpy as np
from scipy import stats
from scipy.special import gammaln

# --- 4E2: two species, a slope and an intercept ---------------------------------------------------


def _exact(design: np.ndarray, y: np.ndarray, slopes: int) -> np.ndarray:
    """Return the posterior means of the coefficients and of sigma.

    The last `slopes` coefficients have the prior Normal(0, 1), the others Normal(17, 5), and sigma is
    HalfNormal(5). Given sigma the coefficients are jointly Normal; sigma lies on a grid.
    """
    intercepts = design.shape[1] - slopes
    prior_mean = np.array([17.0] * intercepts + [0.0] * slopes)
    prior_precision = np.array([1.0 / 25.0] * intercepts + [1.0] * slopes)
    sigma = np.linspace(0.3, 5.0, 1500)
    gram, cross = design.T @ design, design.T @ y
    center, log_weight = [], []
    for s in sigma:
        precision = gram / s**2 + np.diag(prior_precision)
        mean = np.linalg.solve(precision, cross / s**2 + prior_precision * prior_mean)
        fit = -y.size * math.log(s) - y @ y / (2 * s**2) + mean @ precision @ mean / 2
        log_weight.append(fit - np.linalg.slogdet(precision)[1] / 2 - (s / 5.0) ** 2 / 2)
        center.append(mean)
    weight = np.exp(np.array(log_weight) - max(log_weight))
    weight /= weight.sum()
    return np.append(weight @ np.array(center), weight @ sigma)


@cache
def _expected(structure: str, zero: float = CENTER) -> dict[str, np.ndarray]:
    """Return posterior means by name for 'pooled', 'unpooled' or 'mixed'."""
    species, x, y = two_species()
    x = x + (CENTER - zero)
    one = np.ones_like(x)
    if structure == "pooled":
        b0, b1, s = _exact(np.column_stack([one, x]), y, 1)
        return {"beta_0": np.array([b0]), "beta_1": np.array([b1]), "sigma": np.array([s])}
    if structure == "unpooled":
        rows = np.array(
            [
                _exact(np.column_stack([one, x])[species == j], y[species == j], 1)
                for j in range(len(SPECIES))
            ]
        )
        return dict(zip(("beta_0", "beta_1", "sigma"), rows.T, strict=True))
    b0, *slopes, s = _exact(np.column_stack([one, x * (species == 0), x * (species == 1)]), y, 2)
    return {"beta_0": np.array([b0]), "beta_1": np.array(slopes), "sigma": np.array([s])}


def _own(idata: Any, variable: str) -> bool:
    """Return whether each species has its own value of a parameter."""
    return entries(idata, variable).shape[-1] > 1


def _near(values: np.ndarray, expected: np.ndarray) -> bool:
    """Return whether posterior means agree with the exact ones, in MCSE."""
    return all(agrees(values[..., k], target) for k, target in enumerate(expected))


def _compare(idata: Any, expected: dict[str, np.ndarray]) -> None:
    """Compare all parameters with the exact posterior means."""
    for variable, target in expected.items():
        values = entries(idata, variable)
        for k in range(target.size):
            converged("idata", variable, values[..., k])
        if target.size > 1:
            require(
                not _near(values, target[::-1]),
                "species-swapped",
                f"Which species does `{variable}[0]` belong to in your fit?",
                "The order asked for is Adelie, then Gentoo. Yours is the other way round.",
            )
        require(
            _near(values, target),
            "posterior",
            f"Compare your model with the equations, line by line. `{variable}` does not agree with an exact "
            "integral.",
            f"Its posterior mean should be near {', '.join(f'{t:.2f}' for t in target)}. Check the two species, the "
            "priors, and that x is the bill length minus 43 mm.",
        )


@exercise(
    "4E2.1",
    "Two species, pooled",
    idata="the fit, with scalar variables `beta_0`, `beta_1` and `sigma`",
    parameters="the number of unknown numbers in the model",
)
def pooled(idata: Any, parameters: Any) -> str:
    """Compare with the exact posterior of one line for both species."""
    require(
        not any(_own(idata, name) for name in ("beta_0", "beta_1", "sigma")),
        "not-pooled",
        "Does any parameter in your model know the species?",
        "In a pooled model `beta_0`, `beta_1` and `sigma` are single numbers, without an index for the species.",
    )
    intercept = float(entries(idata, "beta_0").mean())
    require(
        not close(intercept, _expected("pooled", 0.0)["beta_0"][0], 1.5),
        "not-centered",
        "At which bill length is your intercept the depth of the bill?",
        "Use x = bill length - 43 mm. Your intercept is the depth of a bill of length zero.",
    )
    unpooled = _expected("unpooled")
    slope = float(entries(idata, "beta_1").mean())
    require(
        min(abs(unpooled["beta_1"] - slope)) > 0.05,
        "one-species",
        "How many penguins did your model see?",
        "This is the slope of a single species. A pooled model takes both together, 265 birds.",
    )
    _compare(idata, _expected("pooled"))
    count_parameters(parameters, 3, "One intercept, one slope, one sigma.")
    return (
        f"The pooled slope is {slope:.2f}: longer bills are shallower bills. Keep that sentence in mind until the "
        "next part."
    )


@exercise(
    "4E2.2",
    "Two species, unpooled",
    idata="the fit, with `beta_0`, `beta_1` and `sigma` of two entries each, Adelie first",
    parameters="the number of unknown numbers in the model",
    reversal="True or False: within each species, does the slope have the other sign than the pooled one?",
)
def unpooled(idata: Any, parameters: Any, reversal: Any) -> str:
    """Compare with the exact posteriors of one line for each species."""
    shared = [name for name in ("beta_0", "beta_1") if not _own(idata, name)]
    require(
        not shared,
        "still-pooled",
        "In an unpooled model nothing is shared. Is there still something without an index?",
        f"`{', '.join(shared)}` is a single number in your fit. Give it two entries (`shape=2`, or `tfd.Sample(..., 2)`), one for each species.",
    )
    require(
        _own(idata, "sigma"),
        "sigma-shared",
        "Which parameter do the two species still share?",
        "`sigma` is common in your fit. Unpooled means all parameters, the noise included.",
    )
    _compare(idata, _expected("unpooled"))
    count_parameters(parameters, 6, "Two intercepts, two slopes, two sigmas.")
    require(
        truth("reversal", reversal),
        "reversal-missed",
        "Compare the signs of the three slopes: one from 4E2.1, two from here.",
        "The pooled slope is negative, both slopes within a species are positive.",
    )
    return (
        "Within a species longer bills are deeper bills. The pooled line saw the difference between the species and "
        "took it for a slope: Simpson's paradox."
    )


@exercise(
    "4E2.3",
    "Two species, a common intercept",
    idata="the fit, with scalar `beta_0` and `sigma` and `beta_1` of two entries, Adelie first",
    parameters="the number of unknown numbers in the model",
    moving_zero="'changes the fit' or 'changes nothing', for measuring x from 0 mm instead of 43 mm",
)
def mixed(idata: Any, parameters: Any, moving_zero: Any) -> str:
    """Compare with the exact posterior of two lines that meet at x = 0."""
    require(
        not _own(idata, "beta_0"),
        "intercept-not-shared",
        "Which parameter shall the species have in common?",
        "`beta_0` has an entry for each species in your fit. Here it is one number.",
    )
    require(
        _own(idata, "beta_1"),
        "slope-shared",
        "Which parameter shall differ between the species?",
        "`beta_1` is a single number in your fit. Give it two entries (`shape=2`, or `tfd.Sample(..., 2)`), one for each species.",
    )
    require(
        not _own(idata, "sigma"),
        "sigma-not-shared",
        "The equations have one noise. How many does your fit have?",
        "Both versions are mixed models; this exercise asks for a common `sigma`.",
    )
    intercept = float(entries(idata, "beta_0").mean())
    require(
        not close(intercept, _expected("mixed", 0.0)["beta_0"][0], 1.5),
        "not-centered",
        "At which bill length do your two lines meet?",
        "Use x = bill length - 43 mm. Yours meet at a length of zero, which is another model.",
    )
    _compare(idata, _expected("mixed"))
    count_parameters(parameters, 4, "One intercept, two slopes, one sigma.")
    require(
        choice("moving_zero", moving_zero, ("changes the fit", "changes nothing"))
        == "changes the fit",
        "zero-is-harmless",
        "Two lines with a common intercept meet at x = 0. Where is that on the axis of bill lengths?",
        "With separate intercepts the choice of zero is bookkeeping. With a common one it decides where the "
        "lines must meet.",
    )
    return (
        "A common intercept says that the species are equal at x = 0. At 43 mm they are five millimeters apart, so "
        "the slopes bend to make up for it, and both get the wrong sign."
    )


# --- 4E6: which regression for heights ------------------------------------------------------------

TOOLS = ("pooled", "unpooled", "partially pooled", "interaction")


@exercise(
    "4E6",
    "Four covariates for a height",
    noise="'pooled', 'unpooled', 'partially pooled' or 'interaction', for the vector of random noise",
    gender="the same for gender",
    family="the same for the family",
    weight="the same for weight",
)
def heights(noise: Any, gender: Any, family: Any, weight: Any) -> str:
    """Compare with the sets of tools that can be defended."""
    noise, gender, family, weight = (
        choice(name, value, TOOLS)
        for name, value in (
            ("noise", noise),
            ("gender", gender),
            ("family", family),
            ("weight", weight),
        )
    )
    require(
        gender != "interaction" and family != "interaction",
        "interaction-of-one",
        "What is it that interacts in an interaction?",
        "An interaction is between two covariates: the slope of one depends on the other. A set of groups alone has "
        "nothing to interact with.",
    )
    require(
        noise == "pooled",
        "noise-modeled",
        "What does a person's random number tell about their height?",
        "Nothing. Splitting or connecting the data by it costs data and buys nothing. Keep everyone together.",
    )
    require(
        gender != "pooled",
        "gender-ignored",
        "Are women and men equally tall on average?",
        "The two groups differ clearly, and each has many people. Give each its own parameters.",
    )
    require(
        family != "unpooled",
        "family-alone",
        "How many people are there in one family?",
        "A mean from two or three people is mostly chance. Families are many, small and alike.",
    )
    require(
        family == "partially pooled",
        "family-ignored",
        "Are the members of a family more alike than strangers?",
        "Heights run in families. A common mean throws that away; separate means are too noisy. Take what is between.",
    )
    require(
        weight not in ("unpooled", "partially pooled"),
        "weight-as-groups",
        "Is weight a set of groups?",
        "Weight is a number with an order. It gets a slope, and all people together estimate it.",
    )
    last = (
        "an interaction, for example with gender, lets that slope differ"
        if weight == "pooled"
        else "with weight alone there is one slope for all; your interaction needs a second covariate, such as gender"
    )
    return (
        "Ask of each covariate: does it carry information, does it form groups, how many, and how large? Weight forms "
        f"none: it has a slope, and {last}."
    )


# --- 9H1: what a plug-in forgets ------------------------------------------------------------------


@cache
def _plug_in(worlds: int = 3000) -> tuple[float, float]:
    """Return the coverage of plug-in 90 % intervals, and how often the concentration runs away."""
    means, sizes = np.meshgrid(
        np.linspace(0.02, 0.98, 49), np.geomspace(1.0, 1000.0, 40), indexing="ij"
    )
    kappa, a = sizes.ravel(), (means * sizes).ravel()
    b, count = kappa - a, np.arange(31)[:, None]
    table = gammaln(a + count) - gammaln(a) + gammaln(b + 30 - count) - gammaln(b)
    table -= gammaln(kappa + 30) - gammaln(kappa)
    rng = np.random.default_rng(99)
    inside, runaway = [], []
    for _ in range(worlds):
        k, m = rng.lognormal(3.0, 1.0), rng.beta(2.0, 2.0)
        theta = rng.beta(m * k, (1.0 - m) * k, size=8)
        y = rng.binomial(30, theta)
        best = table[y].sum(axis=0).argmax()
        below = stats.beta.cdf(theta, a[best] + y, b[best] + 30 - y)
        inside.append(np.mean(np.abs(below - 0.5) < 0.45))
        runaway.append(kappa[best] > 999.0)
    return float(np.mean(inside)), float(np.mean(runaway))


@exercise(
    "9H1",
    "What a plug-in forgets",
    plug_in="share of rates inside their 90 % interval, with mu and kappa of the largest marginal likelihood",
    full="the same share for full Bayes",
    runaway="share of worlds in which the marginal likelihood is largest at the upper end of the kappa grid",
)
def forgets(plug_in: Any, full: Any, runaway: Any) -> str:
    """Compare with a simulation, and full Bayes with its promise."""
    shares = {"plug_in": plug_in, "full": full, "runaway": runaway}
    shares = {name: share(name, value) for name, value in shares.items()}
    covered, escaped = _plug_in()
    require(
        shares["plug_in"] < shares["full"],
        "swapped",
        "Which of the two knows that `mu` and `kappa` are uncertain?",
        "Full Bayes has the wider intervals, so it cannot cover less often. Are the two exchanged?",
    )
    require(
        close(shares["full"], 0.90, 0.03),
        "full",
        "Worlds drawn from the prior, intervals from the posterior of that very prior: how often must they cover?",
        "In 90 % of the cases, on average, by construction. Check that the simulation and the weights use the same "
        "priors, and that you average over the grid of mu and kappa before you take the quantiles.",
    )
    require(
        close(shares["plug_in"], covered, 0.04),
        "plug-in",
        "For the plug-in, which single point of the grid do you take, and what are the two numbers of its Beta?",
        "Take the point where the *likelihood* is largest, without the prior. Then theta_j is "
        "Beta(mu kappa + y_j, (1 - mu) kappa + 30 - y_j), and the interval runs from its 5 % to its 95 % quantile.",
    )
    require(
        close(shares["runaway"], escaped, 0.06),
        "runaway",
        "In how many worlds is the best kappa the last value of the grid?",
        "Count `kappa[best] == kappa.max()` over the worlds and divide by their number. The grid ends at 1000.",
    )
    return (
        f"Eight categories often look as if all were alike: in {escaped:.0%} of the worlds the plug-in believes that "
        "kappa is at least 1000, and its intervals shrink to next to nothing."
    )
