"""Checks of chapter 13, hierarchies in practice.

What is expected is computed here from the data, by formulas and sums over a grid.
"""

from __future__ import annotations

import math
from typing import Any

from companion import datasets
from companion.exercises.answers import choice, close, number, require, share
from companion.exercises.exact import hierarchy
from companion.exercises.fits import draws, posterior_mean, reference
from companion.exercises.registry import exercise
import numpy as np

# --- 13E1: how far a hospital moves ---------------------------------------------------------------


@exercise(
    "13E1",
    "How far does a hospital move?",
    factor_h="shrinkage factor of hospital H, a number between 0 and 1",
    factor_e="shrinkage factor of hospital E",
    move_h="hierarchical estimate of H minus its report, in mmHg",
    move_e="the same for E",
    moves_more="'E' or 'H'",
)
def moves(factor_h: Any, factor_e: Any, move_h: Any, move_e: Any, moves_more: Any) -> str:
    """Compare with the formula at mu = 8.3 and tau = 2.6."""
    table = datasets.hospitals().set_index("hospital").loc[["H", "E"]]
    error, report = table["standard_error"].to_numpy(), table["effect"].to_numpy()
    factor = error**2 / (error**2 + 2.6**2)
    move = factor * (8.3 - report)
    given = np.array([share("factor_h", factor_h), share("factor_e", factor_e)])
    require(
        np.abs(given - (1.0 - factor)).max() > 2e-3,
        "factor-reversed",
        "Which of the two hospitals has fewer patients, and which factor should be larger?",
        "This is the weight of the hospital's own report. The shrinkage factor is what is left for the "
        "population: one minus it.",
    )
    require(
        np.abs(given - error / (error + 2.6)).max() > 2e-3,
        "not-squared",
        "Do standard deviations add, or do variances?",
        "Both terms of the factor are variances: `s**2 / (s**2 + tau**2)`.",
    )
    require(
        np.abs(given - factor).max() <= 2e-3,
        "factor",
        "The factor compares the variance of the report with that of the population.",
        "Compute `s**2 / (s**2 + tau**2)` with the hospital's standard error s and tau = 2.6.",
    )
    moved = np.array([number("move_h", move_h), number("move_e", move_e)])
    require(
        np.abs(moved + move).max() > 5e-3,
        "sign",
        "Both reports lie below the mean. In which direction should they move?",
        "Take the hierarchical estimate minus the report. Toward a larger mean it is positive.",
    )
    require(
        np.abs(moved - move).max() <= 5e-3,
        "move",
        "An estimate moves by a share of its distance. A distance from what?",
        "The move is the factor times (8.3 minus the report).",
    )
    require(
        choice("moves_more", moves_more, ("e", "h")) == "e",
        "factor-for-move",
        "Compare the two moves, not the two factors.",
        "H has the larger factor and the smaller move.",
    )
    return (
        f"H gives {factor[0]:.0%} of its weight to the population and moves {move[0]:.2f} mmHg; E gives "
        f"{factor[1]:.0%} and moves {move[1]:.2f}."
    )


# --- 13E2: the next hospital -----------------------------------------------------------------------


def _chances() -> tuple[np.ndarray, np.ndarray]:
    """Return P(below 5) for the mean, the next hospital's effect and its report, by quadrature.

    And the last two again with the posterior means in place of mu and tau.
    """
    from scipy.stats import norm

    table = datasets.hospitals()
    effect, error = table["effect"].to_numpy(), table["standard_error"].to_numpy()
    tau = np.linspace(0.005, 40.0, 8000)
    weight, mu, precision = hierarchy(effect, error, tau, -0.5 * (tau / 10.0) ** 2)
    noise = 15.0**2 / 100.0
    exact = [
        weight @ norm(mu, np.sqrt(1.0 / precision + extra)).cdf(5.0)
        for extra in (0.0, tau**2, tau**2 + noise)
    ]
    center, spread = weight @ mu, weight @ tau
    plugged = norm(center, np.sqrt(spread**2 + np.array([0.0, noise]))).cdf(5.0)
    return np.array(exact), plugged


@exercise(
    "13E2",
    "Three questions below five",
    p_mean="probability that the mean effect of hospitals is below 5 mmHg",
    p_next="probability that the true effect of the next hospital is below 5 mmHg",
    p_report="probability that the report of the next hospital, with 100 patients, is below 5 mmHg",
)
def next_hospital(p_mean: Any, p_next: Any, p_report: Any) -> str:
    """Compare with an integral over tau."""
    exact, plugged = _chances()
    given = [
        share(name, value)
        for name, value in {"p_mean": p_mean, "p_next": p_next, "p_report": p_report}.items()
    ]
    require(
        given[0] > 0.0,
        "none-seen",
        "Is it impossible that the mean is below 5, or only rare?",
        "No draw was below 5: the probability is less than one in a thousand, but not 0. Take 10,000 draws or more, and "
        "the draws of `mu`, not their mean.",
    )
    require(
        close(given[0], exact[0], 1.5e-3),
        "mean",
        "Which of the model's unknowns is the mean effect?",
        "Take the share of the draws of `mu` that are below 5.",
    )
    require(
        not close(given[1], exact[0], 1e-2),
        "spread-left-out",
        "Will the next hospital be exactly average?",
        "Draw an effect for the next hospital: for each draw, a Normal with mean `mu` and standard deviation "
        "`tau`.",
    )
    require(
        not close(given[1], exact[2], 8e-3) or close(given[1], exact[1], 8e-3),
        "noise-in-the-effect",
        "Is this the effect, or what will be reported of it?",
        "The true effect has no sampling error. Leave 15 / sqrt(100) out of `p_next`.",
    )
    few = [abs(given[k] - exact[k]) > 5e-3 for k in (1, 2)]
    require(
        not all(few) or np.abs(given[1:] - exact[1:]).max() > 1.5e-2 or given[1] > exact[1],
        "plugged-in",
        "Did each draw bring its own `mu` and `tau`, or did you put in their means?",
        f"With the posterior means in place of `mu` and `tau` the answers are {plugged[0]:.3f} and {plugged[1]:.3f}: that "
        "forgets how uncertain both are. (If you did use the draws, there are too few to tell: take ten new hospitals for "
        "each of 10,000.)",
    )
    require(
        close(given[1], exact[1], 1.2e-2),
        "next",
        "Draw one effect of a new hospital for each posterior draw.",
        "`rng.normal(mu, tau)` with the arrays of all draws, then the share below 5. Take 4,000 draws or more.",
    )
    require(
        not close(given[2], given[1], 1e-4),
        "noise-left-out",
        "With 100 patients, is the report equal to the effect?",
        "Add the sampling error of the report: a Normal with standard deviation 15 / sqrt(100) around the effect.",
    )
    require(
        close(given[2], exact[2], 1.5e-2),
        "report",
        "How large is the standard error of a hospital with 100 patients?",
        "The standard error is 15 / sqrt(100) = 1.5 mmHg.",
    )
    return (
        f"{exact[0]:.2%}, {exact[1]:.0%} and {exact[2]:.0%}: three different questions, and only the first is "
        "about `mu` alone."
    )


# --- 13M1: a standard error with memory --------------------------------------------------------------


def _memory() -> dict[str, float]:
    """Return the pooled autocorrelation of residuals and the slope error of the Mountain region."""
    months = datasets.climate(autocorrelation=0.6)
    products = squares = raw_products = raw_squares = 0.0
    for _, part in months.groupby("region", sort=False):
        x, y = part["decade"].to_numpy(), part["anomaly"].to_numpy()
        r = y - np.polyval(np.polyfit(x, y, 1), x)
        products += r[1:] @ r[:-1]
        squares += r @ r
        raw = y - y.mean()
        raw_products += raw[1:] @ raw[:-1]
        raw_squares += raw @ raw
    x, y = (part[c].to_numpy() for c in ("decade", "anomaly"))  # the last region is the Mountain
    r = y - np.polyval(np.polyfit(x, y, 1), x)
    error = math.sqrt(r @ r / (r.size - 2) / np.sum((x - x.mean()) ** 2))
    phi = products / squares
    return {"phi": phi, "error": error, "ratio": (1.0 + phi) / (1.0 - phi), "count": float(r.size)}


@exercise(
    "13M1",
    "A standard error with memory",
    phi="autocorrelation of the residuals, from all regions together, a number",
    naive_error="standard error of the Mountain's slope by least squares, in °C per decade",
    honest_error="the same, corrected for the autocorrelation",
    effective_months="number of independent months that the Mountain's record is worth",
)
def memory(phi: Any, naive_error: Any, honest_error: Any, effective_months: Any) -> str:
    """Compare with the autocorrelation of the residuals and its formula."""
    exact = _memory()
    phi_given, naive = number("phi", phi), number("naive_error", naive_error)
    require(
        phi_given > 0.2,
        "data-without-memory",
        "Which data did you load?",
        "`datasets.climate(autocorrelation=0.6)` has months with a memory; the default has none.",
    )
    require(
        close(phi_given, exact["phi"], 0.02),
        "phi",
        "Correlate each residual with the one before, in the same region.",
        "Subtract each region's line first. The sum of `r[1:] * r[:-1]` over the regions, divided by the sum of "
        "`r**2`, is one good estimate.",
    )
    require(
        close(naive, exact["error"], 5e-4),
        "naive",
        "Least squares gives a standard error with the slope.",
        "`scipy.stats.linregress(decade, anomaly).stderr` for the region Mountain.",
    )
    honest, effective = (
        number("honest_error", honest_error),
        number("effective_months", effective_months),
    )
    target = exact["error"] * math.sqrt(exact["ratio"])
    require(
        not close(honest, exact["error"] * exact["ratio"], 0.05 * target),
        "root-forgotten",
        "Is (1 + phi) / (1 - phi) a factor of the variance, or of the standard error?",
        "The variance grows by that factor. The standard error grows by its square root.",
    )
    require(
        honest > naive,
        "too-small",
        "Do months that repeat each other say more, or less?",
        "Multiply the naive error, do not divide it.",
    )
    require(
        close(honest, target, 0.04 * target),
        "honest",
        "Which factor corrects a standard error for autocorrelation?",
        "`naive_error * sqrt((1 + phi) / (1 - phi))`.",
    )
    worth = exact["count"] / exact["ratio"]
    require(
        not close(effective, exact["count"] / math.sqrt(exact["ratio"]), 3.0),
        "root-of-the-months",
        "A standard error falls with the root of the number of months. So by which factor is the number smaller?",
        "Without the root: n * (1 - phi) / (1 + phi).",
    )
    require(
        close(effective, worth, 0.08 * worth),
        "months",
        "How many independent months would give the honest standard error?",
        f"The record has {exact['count']:.0f} months. Multiply by (1 - phi) / (1 + phi).",
    )
    return (
        f"{exact['count']:.0f} months are worth about {worth:.0f}: the Mountain's error is {target:.3f}, not "
        f"{exact['error']:.3f} °C per decade."
    )


# --- 13M2: recode the floors ---------------------------------------------------------------------------


@exercise(
    "13M2",
    "Recode the floors",
    sd_first_floor="standard deviation between counties of the level of first floors, a number",
    rho_recoded="correlation of the two effects when 1 means basement, a number",
    survives="'independent' or 'correlated', the effects whose model survives a recoding",
)
def recode(sd_first_floor: Any, rho_recoded: Any, survives: Any) -> str:
    """Compare with the rules for sums of independent variables."""
    tau_a, tau_b = 0.13, 0.32
    total = math.hypot(tau_a, tau_b)
    sd, rho = number("sd_first_floor", sd_first_floor), number("rho_recoded", rho_recoded)
    require(
        not close(sd, tau_a + tau_b, 2e-3),
        "sds-added",
        "The two effects are independent. What adds up then?",
        "Variances add: the root of 0.13 squared plus 0.32 squared.",
    )
    require(
        close(sd, total, 2e-3),
        "sd",
        "The level of first floors in county j is its basement level plus its difference.",
        "The variance of a sum of independent effects is the sum of their variances.",
    )
    require(
        abs(rho) <= 1.0,
        "not-a-correlation",
        "Between which numbers does a correlation lie?",
        "Divide the covariance by both standard deviations.",
    )
    require(
        not close(rho, 0.0, 1e-3),
        "still-zero",
        "The new intercept contains the old difference, and the new slope is minus the old difference. Are they "
        "unrelated?",
        "The covariance of a + b with -b is minus the variance of b.",
    )
    require(
        not close(rho, tau_b / total, 3e-3),
        "sign",
        "A county with a large difference: is its new intercept higher? And its new slope?",
        "The new slope is minus the old difference, so the correlation is negative.",
    )
    require(
        close(rho, -tau_b / total, 3e-3),
        "rho",
        "Compute the covariance of (a + b) and (-b) first.",
        "It is minus the variance of b. Divide by the two standard deviations, 0.32 and the one you found.",
    )
    require(
        choice("survives", survives, ("independent", "correlated")) == "correlated",
        "independence-kept",
        "After recoding, can a model with independent effects say the same about the counties?",
        "It cannot: it has no correlation to put in. A model with a free correlation can.",
    )
    return (
        f"The recoded effects correlate at {-tau_b / total:.2f}. Independence in one coding is a strong claim in the "
        "other, so let the data estimate the correlation."
    )


# --- 13H1: the months that remember ----------------------------------------------------------------------


@exercise(
    "13H1",
    "The months that remember",
    idata="the fit of the joint model to the months with memory, with `mu`, `tau` and `phi`",
    naive_spread="posterior mean of tau in two stages that ignore the memory, a number",
)
def remember(idata: Any, naive_spread: Any) -> str:
    """Compare with the exact integral of the joint model, and with two naive stages."""
    exact = reference("climate_memory")
    phi = draws("idata", idata, "phi")
    require(
        phi.mean() > 0.3,
        "data-without-memory",
        "How large is `phi` in your fit, and which months did you give it?",
        "Use `datasets.climate(autocorrelation=0.6)`. With the default months `phi` is near 0.",
    )
    posterior_mean(
        "idata",
        idata,
        "phi",
        exact.loc["phi", "mean"],
        key="phi",
        hint="Does each month follow the one before it *in its own region*?",
        second_hint="The mean of a later month is its line plus `phi` times the scatter of the month before. The "
        "first month of each region has no month before.",
    )
    posterior_mean(
        "idata",
        idata,
        "mu",
        exact.loc["mu", "mean"],
        key="mu",
        hint="`phi` is right, and `mu` is not. In which unit does your model measure time?",
        second_hint="Trends are in °C per decade: use the column `decade`, minus its mean in the region.",
    )
    posterior_mean(
        "idata",
        idata,
        "tau",
        exact.loc["tau", "mean"],
        key="tau",
        hint="`phi` and `mu` are right, and `tau` is not. Which prior does it have?",
        second_hint="tau ~ HalfNormal(0.5), mu ~ Normal(0, 1), and one sigma for all regions.",
    )
    spread = number("naive_spread", naive_spread)
    two_stage = _naive_spread()
    require(
        not close(spread, exact.loc["tau", "mean"], 1e-3),
        "joint-for-naive",
        "Is this the spread of the joint model?",
        "The question is about two stages: least-squares slopes with their standard errors, then the population.",
    )
    require(
        close(spread, two_stage, 3e-3),
        "naive",
        "Take the least-squares slopes of the same months, and their standard errors as they are.",
        "The second stage has mu ~ Normal(0, 1) and tau ~ HalfNormal(0.5); the posterior mean of tau is asked for.",
    )
    return (
        f"Two stages that ignore the memory see a spread of {two_stage:.3f} between regions and rule out small ones; "
        f"the months as a whole give {exact.loc['tau', 'mean']:.3f} and do not. With standard errors that are too "
        "small, noise passes for differences."
    )


def _naive_spread() -> float:
    """Return the posterior mean of tau from slopes and their least-squares errors, by quadrature."""
    from scipy.stats import linregress

    months = datasets.climate(autocorrelation=0.6)
    fits = [
        linregress(part["decade"], part["anomaly"])
        for _, part in months.groupby("region", sort=False)
    ]
    slope, error = (np.array([getattr(fit, name) for fit in fits]) for name in ("slope", "stderr"))
    tau = np.linspace(5e-5, 1.5, 15_000)
    weight, _, _ = hierarchy(slope, error, tau, -0.5 * (tau / 0.5) ** 2, mu_sd=1.0)
    return float(weight @ tau)
