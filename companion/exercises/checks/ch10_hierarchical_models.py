"""Checks of chapter 10, hierarchical models.

What is expected is integrated here from the data: given the spreads, everything is Normal.
"""

from __future__ import annotations

from functools import cache
import math
from typing import Any

from companion import datasets
from companion.exercises.answers import LIMIT, choice, close, number, numbers, require, truth
from companion.exercises.checks.two_species import count_parameters, entries, two_species
from companion.exercises.exact import hierarchy
from companion.exercises.fits import (
    converged,
    divergences,
    estimate,
    has_variable,
    is_healthy,
    with_variable,
)
from companion.exercises.registry import exercise
import numpy as np

WIDE = 20.0

# --- 4E2: two species, now from a population ------------------------------------------------------


def _cells(count: int, top: float) -> tuple[np.ndarray, np.ndarray]:
    """Return midpoints and widths of cells that are narrower near zero."""
    edge = np.linspace(0.0, 1.0, count + 1)
    return top * ((edge[1:] + edge[:-1]) / 2.0) ** 2, top * np.diff(edge**2)


def _normal_posterior(
    gram: np.ndarray, cross: np.ndarray, prior_precision: np.ndarray, prior_shift: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return means and log evidence of many linear models with known noise, stacked in front.

    `gram` and `cross` are X'X and X'y over the variance of the noise. The log evidence leaves out y'y, the
    noise and the determinant of the prior.
    """
    precision = gram + prior_precision
    total = cross + prior_shift
    mean = np.linalg.solve(precision, total[..., None])[..., 0]
    return mean, 0.5 * (mean * total).sum(-1) - 0.5 * np.linalg.slogdet(precision)[1]


def _population(precision: np.ndarray, mu: int, members: list[int], tau: np.ndarray) -> None:
    """Add to stacked prior precisions that the members are Normal(mu, tau)."""
    weight = 1.0 / tau**2
    precision[..., mu, mu] += len(members) * weight
    for k in members:
        precision[..., k, k] += weight
        precision[..., mu, k] -= weight
        precision[..., k, mu] -= weight


@cache
def _one_hierarchy(scale: float = 5.0) -> dict[str, np.ndarray]:
    """Return posterior means for a population of intercepts, a common slope and a common noise."""
    species, x, y = two_species()
    tau, tau_width = _cells(300, 15.0 * scale)
    sigma = np.linspace(0.8, 1.25, 61)
    tau, sigma = (v.ravel() for v in np.meshgrid(tau, sigma, indexing="ij"))
    # Unknowns: mu_0, beta_0 of both species, beta_1.
    design = np.column_stack([0 * x, species == 0, species == 1, x])
    prior = np.zeros((tau.size, 4, 4))
    prior[:, 0, 0] += 1.0 / 25.0
    prior[:, 3, 3] += 1.0
    _population(prior, 0, [1, 2], tau)
    variance = sigma[:, None] ** 2
    mean, log_weight = _normal_posterior(
        design.T @ design / variance[..., None],
        design.T @ y / variance,
        prior,
        np.array([17.0 / 25.0, 0.0, 0.0, 0.0]),
    )
    log_weight += -y.size * np.log(sigma) - y @ y / (2.0 * sigma**2) - 2.0 * np.log(tau)
    log_weight += -0.5 * (tau / scale) ** 2 - 0.5 * (sigma / 5.0) ** 2
    log_weight += np.log(np.repeat(tau_width, 61))
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean = weight @ mean
    return {
        "mu_0": mean[:1],
        "tau_0": np.array([weight @ tau]),
        "beta_0": mean[1:3],
        "beta_1": mean[3:],
        "sigma": np.array([weight @ sigma]),
    }


@cache
def _all_hierarchies() -> dict[str, np.ndarray]:
    """Return posterior means with populations of intercepts, of slopes and of noises."""
    species, x, y = two_species()
    tau_0, width_0 = _cells(50, 30.0)
    tau_1, width_1 = _cells(40, 0.6)
    noises = np.linspace(0.86, 1.44, 15), np.linspace(0.56, 0.98, 15)
    scale = np.linspace(0.05, 40.0, 2000)
    # Unknowns: mu_0, mu_1, then intercept and slope of Adelie, then of Gentoo.
    t0, t1 = (v.ravel() for v in np.meshgrid(tau_0, tau_1, indexing="ij"))
    prior = np.zeros((t0.size, 6, 6))
    prior[:, 0, 0] += 1.0 / 25.0
    prior[:, 1, 1] += 1.0
    _population(prior, 0, [2, 4], t0)
    _population(prior, 1, [3, 5], t1)
    shift = np.array([17.0 / 25.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    log_prior = -0.5 * (t0 / 5.0) ** 2 - 0.5 * (t1 / 0.1) ** 2 - 2.0 * np.log(t0) - 2.0 * np.log(t1)
    log_prior += np.log(np.outer(width_0, width_1).ravel())
    log_weights, moments = [], []
    for first in noises[0]:
        for second in noises[1]:
            s = np.where(species == 0, first, second)
            design = np.zeros((y.size, 6))
            rows = np.arange(y.size)
            design[rows, 2 + 2 * species], design[rows, 3 + 2 * species] = 1.0, x
            scaled = design / s[:, None]
            mean, log_weight = _normal_posterior(
                scaled.T @ scaled, scaled.T @ (y / s), prior, shift
            )
            log_weight = log_weight + log_prior - np.log(s).sum() - 0.5 * (y / s) @ (y / s)
            above = np.exp(-0.5 * (scale / 5.0) ** 2 - 0.5 * (first**2 + second**2) / scale**2)
            above /= scale**2
            log_weights.append(log_weight + math.log(above.sum()))
            fixed = [t0, t1, 0 * t0 + first, 0 * t0 + second, 0 * t0 + above @ scale / above.sum()]
            moments.append(np.column_stack([mean, *fixed]))
    log_weight = np.concatenate(log_weights)
    weight = np.exp(log_weight - log_weight.max())
    mean = weight / weight.sum() @ np.concatenate(moments)
    return {
        "mu_0": mean[[0]],
        "tau_0": mean[[6]],
        "beta_0": mean[[2, 4]],
        "mu_1": mean[[1]],
        "tau_1": mean[[7]],
        "beta_1": mean[[3, 5]],
        "sigma_h": mean[[10]],
        "sigma": mean[[8, 9]],
    }


def _needs_hyperparameters(idata: Any, names: tuple[str, ...]) -> None:
    missing = [name for name in names if not has_variable("idata", idata, name)]
    require(
        not missing,
        "no-hyperparameters",
        "What is it that the two species share in a hierarchy? It must be unknown, and have a name in your fit.",
        f"The numbers in the prior of a group must become parameters with priors of their own: "
        f"`{', '.join(missing)}` is missing.",
    )


def _shapes(idata: Any, shapes: dict[str, int]) -> None:
    """Ask of each variable whether it is common or specific to the species."""
    for variable, size in shapes.items():
        given = entries(idata, variable).shape[-1]
        require(
            given >= size,
            "still-common",
            f"Should the two species share `{variable}`, or does each have its own?",
            f"`{variable}` has one entry in your fit. Each species needs its own, drawn from the population.",
        )
        require(
            given <= size,
            "not-common",
            f"How many values does the model have for `{variable}`?",
            f"`{variable}` has {given} entries in your fit and should be a single number.",
        )


def _compare(idata: Any, expected: dict[str, np.ndarray], slack: float = 0.0) -> None:
    """Compare posterior means with exact ones, in MCSE, or in posterior sds if the fit need not be healthy."""
    for variable, target in expected.items():
        values = entries(idata, variable)
        for k in range(target.size):
            one = values[..., k]
            if not slack:
                converged("idata", variable, one)
            mean, mcse = estimate(one)
            require(
                abs(mean - target[k]) <= max(LIMIT * mcse, slack * float(one.std())),
                "posterior",
                f"Compare your model with the equations, line by line. `{variable}` does not agree with an exact "
                "integral.",
                f"Its posterior mean should be near {', '.join(f'{t:.2f}' for t in target)}. Check the priors, the order "
                "of the species (Adelie first), and that x is the bill length minus 43 mm.",
            )


@exercise(
    "4E2.4",
    "Two species, a population of intercepts",
    idata="the fit, with `mu_0`, `tau_0`, `beta_1`, `sigma` and `beta_0` of two entries, Adelie first",
    parameters="the number of unknown numbers in the model",
    tau_wide="posterior mean of `tau_0` with the prior HalfNormal(20) in place of HalfNormal(5)",
    intercepts_move="True or False: do the intercepts move by more than 0.1 mm when you change that prior?",
)
def one_hierarchy(idata: Any, parameters: Any, tau_wide: Any, intercepts_move: Any) -> str:
    """Compare with the exact posterior of a hierarchy of two intercepts."""
    _needs_hyperparameters(idata, ("mu_0", "tau_0"))
    _shapes(idata, {"beta_0": 2, "beta_1": 1, "sigma": 1})
    _compare(idata, _one_hierarchy())
    count_parameters(parameters, 6, "mu_0, tau_0, two intercepts, one slope, one sigma.")
    narrow, wide = (_one_hierarchy(scale)["tau_0"][0] for scale in (5.0, WIDE))
    given = number("tau_wide", tau_wide)
    require(
        not close(given, narrow, 0.6),
        "same-prior",
        "Which prior did `tau_0` have in the fit that this number comes from?",
        f"{narrow:.1f} is what HalfNormal(5.0) gives. Change the scale to 20.0 and fit again.",
    )
    require(
        close(given, wide, 0.15 * wide),
        "tau-wide",
        "Change nothing but the scale of the prior of `tau_0`, and take the posterior mean.",
        f"It should be about {wide:.0f} mm. Is the scale 20.0, and is the fit long enough?",
    )
    require(
        not truth("intercepts_move", intercepts_move),
        "intercepts-stay",
        "Compare the posterior means of `beta_0` in the two fits, in millimeters.",
        "More than a hundred birds of each species pin its intercept down; the population hardly matters to them.",
    )
    return (
        f"The spread between species is {narrow:.1f} or {wide:.1f} mm, depending on whom you ask: two groups say little "
        "about a population. The intercepts do not care, because their own birds have settled them."
    )


@exercise(
    "4E2.5",
    "Two species, everything from populations",
    idata="the centered fit, with `mu_0`, `tau_0`, `mu_1`, `tau_1`, `sigma_h`, and `beta_0`, `beta_1` and "
    "`sigma` of two entries, Adelie first",
    parameters="the number of unknown numbers in the model",
    where="'tau_0 near 0' or 'tau_1 near 0': where the divergent draws crowd",
)
def all_hierarchies(idata: Any, parameters: Any, where: Any) -> str:
    """Compare with the exact posterior of three hierarchies; divergences are expected."""
    _needs_hyperparameters(idata, ("mu_0", "tau_0", "mu_1", "tau_1"))
    require(
        has_variable("idata", idata, "sigma_h"),
        "sigma-left-out",
        "All parameters were to come from a population. Which one of yours does not?",
        "The noise is a parameter as well: sigma_h ~ HalfNormal(5.0), and each sigma ~ HalfNormal(sigma_h).",
    )
    _shapes(idata, {"beta_0": 2, "beta_1": 2, "sigma": 2})
    expected = _all_hierarchies()
    named = {name: entries(idata, name)[..., 0] for name in ("tau_1", "mu_1")}
    ill = [name for name, values in named.items() if not is_healthy(values)]
    require(
        divergences("idata", idata) or ill,
        "healthy",
        "Is the fit that you passed the centered one?",
        "Nothing diverged, and the chains of `tau_1` are long and agree. That is what a non-centered program does. Here "
        "sample `beta_1` ~ Normal(mu_1, tau_1) itself: the illness is the point.",
    )
    # A fit with divergences is biased where they are. What the birds settle must be right anyway.
    _compare(idata, {name: expected[name] for name in ("beta_0", "sigma")}, slack=0.25)
    count_parameters(
        parameters,
        11,
        "Five hyperparameters (two for intercepts, two for slopes, one for noises) and 3 x 2.",
    )
    require(
        choice("where", where, ("tau_0 near 0", "tau_1 near 0")) == "tau_1 near 0",
        "wrong-funnel",
        "Plot `beta_0` against `tau_0` and `beta_1` against `tau_1`, with the divergent draws marked. Which of the two "
        "spreads may be zero?",
        "The intercepts are five millimeters apart, so `tau_0` cannot be near 0. The slopes are nearly alike.",
    )
    found = divergences("idata", idata)
    tail = f"Your fit has {found} divergent draws: do not report its `tau_1`." if found else ""
    return f"Eleven numbers, and two groups to learn five hyperparameters from. {tail}".strip()


@exercise(
    "4E2.6",
    "Two species, non-centered",
    idata="the non-centered fit, with the variables of 4E2.5 and `z_0` and `z_1` of two entries (`beta_0` and `beta_1` may be left out)",
    parameters="the number of unknown numbers that are sampled",
    same_posterior="True or False: is the posterior of the intercepts, slopes and noises the same as in 4E2.5?",
    harder="'intercepts' or 'slopes': which of the two does non-centering make harder to sample here?",
)
def non_centered(idata: Any, parameters: Any, same_posterior: Any, harder: Any) -> str:
    """Compare with the exact posterior, and z with what it must be."""
    _needs_hyperparameters(idata, ("mu_0", "tau_0", "mu_1", "tau_1", "sigma_h"))
    missing = [name for name in ("z_0", "z_1") if not has_variable("idata", idata, name)]
    require(
        not missing,
        "centered",
        "In a non-centered program, which variables does the sampler see?",
        f"Sample `{', '.join(missing)}` ~ Normal(0, 1) and compute the coefficient as mu + tau z.",
    )
    _shapes(idata, {"mu_0": 1, "tau_0": 1, "mu_1": 1, "tau_1": 1, "z_0": 2, "z_1": 2})
    for k in ("0", "1"):

        def place(p: Any, k: str = k) -> Any:
            return p[f"mu_{k}"] + p[f"tau_{k}"] * p[f"z_{k}"]

        idata = with_variable("idata", idata, f"beta_{k}", place)
    _shapes(idata, {"beta_0": 2, "beta_1": 2, "sigma": 2})
    for k in ("0", "1"):
        gap = entries(idata, f"beta_{k}") - entries(idata, f"mu_{k}")
        gap = gap - entries(idata, f"tau_{k}") * entries(idata, f"z_{k}")
        require(
            np.abs(gap).max() < 1e-6,
            "not-mu-plus-tau-z",
            f"How do you get `beta_{k}` back from `z_{k}`?",
            f"`beta_{k}` must be mu_{k} + tau_{k} * z_{k}. Did you leave one of them out, or sample `beta_{k}` as well?",
        )
    _compare(idata, _all_hierarchies())
    count_parameters(parameters, 11, "The two z take the places of the two beta: still 11.")
    require(
        truth("same_posterior", same_posterior),
        "same-model",
        "A change of coordinates: does it change the model, or the way in which the sampler sees it?",
        "mu + tau z with z ~ Normal(0, 1) is Normal(mu, tau). The two programs are one model.",
    )
    require(
        choice("harder", harder, ("intercepts", "slopes")) == "intercepts",
        "wrong-coordinates",
        "Look at the smallest effective sample sizes. Do they belong to the variables with 0 or with 1 in their names?",
        "The birds pin the two intercepts down to 0.2 mm while mu_0 and tau_0 may move by millimeters. So mu_0, tau_0 and "
        "z_0 must move together, on a thin ridge.",
    )
    return (
        "The same posterior, without the funnel of the slopes, and at the price of long trajectories for the "
        "intercepts: non-center what knows little, center what knows much."
    )


# --- 4M10: the mass of three species --------------------------------------------------------------


@cache
def _mass(tau_scale: float) -> tuple[float, float, np.ndarray]:
    """Return mean and sd of mu_h, and the means of the three species' masses, for tau ~ HalfNormal."""
    frame = datasets.penguins(complete_cases=True)
    masses = [part.to_numpy(float) for _, part in frame.groupby("species")["body_mass_g"]]
    mu = np.linspace(2500.0, 6500.0, 1601)
    sigma = np.linspace(200.0, 800.0, 301)
    likelihood = []
    for y in masses:
        log_l = -y.size * np.log(sigma[:, None]) - 0.5 * (sigma[:, None] / 2000.0) ** 2
        log_l = (
            log_l - 0.5 * ((y**2).sum() - 2 * mu * y.sum() + y.size * mu**2) / sigma[:, None] ** 2
        )
        likelihood.append(np.exp(log_l - log_l.max()).sum(0))
    centers = [(like @ mu) / like.sum() for like in likelihood]
    spreads = [
        math.sqrt((like @ mu**2) / like.sum() - c**2)
        for like, c in zip(likelihood, centers, strict=True)
    ]
    raw, error = np.array(centers), np.array(spreads)
    # Each likelihood is Normal to high accuracy; the rest is a Normal hierarchy with known errors.
    tau, width = _cells(4000, 6.0 * tau_scale)
    log_prior = -0.5 * (tau / tau_scale) ** 2 + np.log(width)
    weight, mean, precision = hierarchy(raw, error, tau, log_prior, 4000.0, 3000.0)
    center = weight @ mean
    share = error**2 / (error**2 + tau[:, None] ** 2)
    species = weight @ ((1 - share) * raw + share * mean[:, None])
    return float(center), float(math.sqrt(weight @ (1 / precision + mean**2) - center**2)), species


@exercise(
    "4M10",
    "The mean of a population of three species",
    idata="the fit, with `mu_h`, `tau_h` and `mu` of three entries",
    average="the average mass of all 333 penguins, in grams",
    mu_h_is="'the mean of penguins' or 'the mean of species': what `mu_h` estimates",
    sd_narrow="posterior standard deviation of `mu_h` with the prior tau_h ~ HalfNormal(300)",
)
def mean_of_species(idata: Any, average: Any, mu_h_is: Any, sd_narrow: Any) -> str:
    """Compare with the exact posterior of the population of species."""
    _needs_hyperparameters(idata, ("mu_h", "tau_h"))
    _shapes(idata, {"mu": 3, "mu_h": 1, "tau_h": 1})
    center, sd, species = _mass(1000.0)
    given = entries(idata, "mu")
    for k in range(3):
        converged("idata", "mu", given[..., k])
    require(
        np.allclose(np.sort(given.mean((0, 1))), np.sort(species), atol=12.0),
        "species-means",
        "What does a typical penguin of each species weigh in your fit, and in the data?",
        "The means should be near "
        + ", ".join(f"{m:.0f}" for m in species)
        + " g. Use the 333 complete rows, and "
        "write float scales such as 2000.0.",
    )
    values = entries(idata, "mu_h")[..., 0]
    converged("idata", "mu_h", values)
    mean, mcse = estimate(values)
    require(
        abs(mean - center) <= LIMIT * mcse + 5.0 and close(float(values.std()), sd, 0.15 * sd),
        "posterior",
        "Check the two hyperpriors: mu_h ~ Normal(4000, 3000), tau_h ~ HalfNormal(1000).",
        f"mu_h should have a mean near {center:.0f} g and a standard deviation near {sd:.0f} g.",
    )
    frame = datasets.penguins(complete_cases=True)
    everyone = float(frame["body_mass_g"].mean())
    unweighted = float(frame.groupby("species")["body_mass_g"].mean().mean())
    empirical = number("average", average)
    require(
        not close(empirical, unweighted, 5.0),
        "unweighted",
        "How many penguins of each species are there, and how much does each bird count in your average?",
        "You averaged the three means of the species. The average of all penguins counts every bird once.",
    )
    require(
        close(empirical, everyone, 6.0),
        "average",
        "The average of all 333 rows with complete measurements, in grams.",
        "`datasets.penguins(complete_cases=True)['body_mass_g'].mean()`.",
    )
    options = ("the mean of penguins", "the mean of species")
    require(
        choice("mu_h_is", mu_h_is, options) == "the mean of species",
        "mean-of-penguins",
        "If a thousand more Adelies were weighed, would `mu_h` move toward the Adelies?",
        "No: the population in the model consists of species. Each of the three counts about once, however many birds "
        "it has.",
    )
    narrow = _mass(300.0)[1]
    given_sd = number("sd_narrow", sd_narrow)
    require(
        not close(given_sd, sd, 0.15 * sd),
        "same-prior",
        "Which prior did `tau_h` have in the fit that this number comes from?",
        f"{sd:.0f} g belongs to HalfNormal(1000.0). Change the scale to 300.0 and fit again.",
    )
    require(
        close(given_sd, narrow, 0.15 * narrow),
        "sd-narrow",
        "Change nothing but the scale of the prior of `tau_h`, and take the posterior sd of `mu_h`.",
        f"It should be about {narrow:.0f} g.",
    )
    return (
        f"mu_h is {center:.0f} g, give or take {sd:.0f}; the average penguin weighs {everyone:.0f} g, known to within 50. "
        "They answer different questions, and only the second has 333 observations; the first has three."
    )


# --- 10H1: a prior that claims to know nothing ----------------------------------------------------


@cache
def _inverse_gamma(epsilon: float) -> tuple[float, float, float]:
    """Return median of tau, P(tau < 1) and the mean of school A for tau^2 ~ InverseGamma(eps, eps)."""
    frame = datasets.eight_schools()
    y, s = frame["effect"].to_numpy(), frame["standard_error"].to_numpy()
    log_tau = np.linspace(-20.0, 7.0, 20_001)
    tau = np.exp(log_tau)
    log_prior = -2.0 * epsilon * log_tau - epsilon / tau**2
    weight, mu, _ = hierarchy(y, s, tau, log_prior)
    share = s[0] ** 2 / (s[0] ** 2 + tau**2)
    school_a = weight @ ((1 - share) * y[0] + share * mu)
    median = math.exp(np.interp(0.5, np.cumsum(weight), log_tau))
    return median, float(weight[tau < 1.0].sum()), float(school_a)


@exercise(
    "10H1",
    "Break it: a prior that claims to know nothing",
    medians="the posterior medians of tau for epsilon = 1, 0.1, 0.01 and 0.001, in this order",
    below_one="P(tau < 1 | y) for the same four values",
    limit="'settles', 'collapses to 0' or 'grows without bound': what the posterior of tau does as epsilon "
    "goes to 0",
)
def knows_nothing(medians: Any, below_one: Any, limit: Any) -> str:
    """Compare with an exact integral on the scale of log tau."""
    epsilons = (1.0, 0.1, 0.01, 0.001)
    exact = np.array([_inverse_gamma(e) for e in epsilons])
    given = {
        "medians": numbers("medians", medians, 4),
        "below_one": numbers("below_one", below_one, 4),
    }
    require(
        not np.allclose(given["medians"][::-1], exact[:, 0], rtol=0.1),
        "order",
        "Which epsilon does your first number belong to?",
        "The order asked for is 1, 0.1, 0.01, 0.001.",
    )
    require(
        not np.allclose(given["medians"], exact[:, 0] ** 2, rtol=0.1),
        "variance",
        "Is it the spread or the variance that you report?",
        "Your medians are those of tau squared. Take the square root.",
    )
    require(
        np.allclose(given["medians"], exact[:, 0], rtol=0.08),
        "medians",
        "The prior is on the variance. What is then the density of tau, or of log tau, on your grid?",
        "If tau^2 ~ InverseGamma(eps, eps), the density of log tau is proportional to tau^(-2 eps) exp(-eps / tau^2). On "
        "an even grid of log tau use just that; let the grid begin well below 0.01.",
    )
    require(
        np.all(given["below_one"] <= 1.0),
        "percent",
        "In which unit are your probabilities?",
        "They lie between 0 and 1: 40 % is 0.4.",
    )
    require(
        np.allclose(given["below_one"], exact[:, 1], atol=0.03),
        "below-one",
        "Add up the posterior weights of all grid points with tau below 1.",
        "They should be about " + ", ".join(f"{p:.2f}" for p in exact[:, 1]) + ".",
    )
    require(
        choice("limit", limit, ("settles", "collapses to 0", "grows without bound"))
        == "collapses to 0",
        "limit",
        "Try epsilon = 1e-6 and 1e-12. Does the median come to rest?",
        "It goes on falling. In the limit the prior is flat in log tau, and between 0 and any small number there is an "
        "infinite amount of log tau.",
    )
    return (
        f"P(tau < 1) grows from {exact[0, 1]:.0%} to {exact[-1, 1]:.0%}, and school A falls to {exact[-1, 2]:.1f}. A prior "
        "that looks flat has decided that the schools are alike, and by how much depends on a number nobody thought about."
    )
