"""Checks of chapter 11, funnels.

What is expected is computed here from the data, so that it cannot disagree with them.
"""

from __future__ import annotations

import math
from typing import Any

from companion import datasets
from companion.exercises.answers import choice, close, number, require, truth, whole
from companion.exercises.exact import hierarchy
from companion.exercises.fits import (
    LARGEST_RHAT,
    LEAST_ESS,
    bfmi,
    converged,
    divergences,
    draws,
    effective_sample_size,
    estimate,
    has_variable,
    rhat,
    same_mean,
    with_variable,
)
from companion.exercises.registry import exercise
import numpy as np

# --- 4H15: non-center the mean of the slopes ------------------------------------------------------


def _holds_standardized(idata: Any, name: str, mean: np.ndarray) -> bool:
    """Return whether a scalar variable of the posterior is the mean divided by 10."""
    for variable in idata.posterior.data_vars:
        values = draws(name, idata, variable)
        if values.shape == mean.shape and np.allclose(10.0 * values, mean, rtol=1e-4, atol=1e-4):
            return True
    return False


def _has_deviations(idata: Any, name: str, mean: np.ndarray, tau: np.ndarray) -> bool:
    """Return whether the slopes are non-centered: mean + tau * z, with z in the posterior."""
    if not has_variable(name, idata, "beta"):
        return False
    slopes = draws(name, idata, "beta")
    made = [
        mean[..., None] + tau[..., None] * draws(name, idata, variable)
        for variable in idata.posterior.data_vars
        if idata.posterior[variable].shape == slopes.shape == (*mean.shape, slopes.shape[-1])
    ]
    return any(np.allclose(values, slopes, rtol=1e-4, atol=1e-4) for values in made)


@exercise(
    "4H15",
    "Non-center the mean of the slopes",
    centered_mu="the restaurant's fit with mu_beta ~ Normal(0, 10), with scalar variables `mu_beta` and "
    "`tau_beta`",
    rescaled_mu="the same with mu_beta = 10 z_mu and z_mu ~ Normal(0, 1), with `tau_beta`, `z_mu` and, if you like, `mu_beta`",
    helps="True or False: does this cure the divergences?",
)
def rescaled_mean(centered_mu: Any, rescaled_mu: Any, helps: Any) -> str:
    """Compare the two posteriors and ask what changed."""
    if has_variable("rescaled_mu", rescaled_mu, "z_mu"):
        rescaled_mu = with_variable(
            "rescaled_mu", rescaled_mu, "mu_beta", lambda p: 10.0 * p["z_mu"]
        )
    fits = {"centered_mu": centered_mu, "rescaled_mu": rescaled_mu}
    mean = {name: draws(name, idata, "mu_beta", "beta_mu") for name, idata in fits.items()}
    tau = {
        name: draws(name, idata, "tau_beta", "beta_sigma", shape=()) for name, idata in fits.items()
    }
    count = {name: divergences(name, idata) for name, idata in fits.items()}

    require(
        not _holds_standardized(centered_mu, "centered_mu", mean["centered_mu"]),
        "fits-exchanged",
        "Which of the two models has a standard normal variable behind `mu_beta`?",
        "`centered_mu` is the fit in which `mu_beta` has its Normal(0, 10) prior directly.",
    )
    require(
        _holds_standardized(rescaled_mu, "rescaled_mu", mean["rescaled_mu"]),
        "slopes-not-mean",
        "Which parameter did you non-center: the slopes of the locations, or their mean?",
        "Leave the slopes alone. Give `z_mu` a standard Normal prior (`pm.Normal`, `tfd.Normal`), and let `mu_beta` be "
        "10 z_mu: a `pm.Deterministic`, or with TFP a variable that you add to the posterior afterwards.",
    )
    require(
        _has_deviations(centered_mu, "centered_mu", mean["centered_mu"], tau["centered_mu"])
        == _has_deviations(rescaled_mu, "rescaled_mu", mean["rescaled_mu"], tau["rescaled_mu"]),
        "two-changes",
        "How many things differ between your two models?",
        "In one fit the slopes are centered, in the other they are not. Change `mu_beta` alone, or you cannot say what "
        "helped.",
    )
    for name, values in mean.items():
        # With centered slopes both fits are ill: only their means must be worth a comparison.
        converged(name, "mu_beta", values, least_ess=100, largest_rhat=1.2)
    require(
        same_mean(mean["centered_mu"], mean["rescaled_mu"])
        and same_mean(tau["centered_mu"], tau["rescaled_mu"]),
        "different-models",
        "Are the two models the same, apart from how `mu_beta` is written?",
        "Their posteriors differ by more than 5 Monte Carlo standard errors. Compare the priors: 10 z with a standard "
        "normal z is Normal(0, 10).",
    )
    frame = datasets.salad_sales()
    customers, sales = frame["customers"], frame["sales"]
    slopes = (customers * sales).groupby(frame["location"]).sum() / (customers**2).groupby(
        frame["location"]
    ).sum()
    require(
        slopes.min() < mean["rescaled_mu"].mean() < slopes.max(),
        "other-data",
        "What is a plausible number of dollars per customer here?",
        f"The locations' own slopes lie between {slopes.min():.2f} and {slopes.max():.2f}, and their mean should, too.",
    )
    require(
        not truth("helps", helps),
        "cures-divergences",
        "What is the prior scale of `mu_beta`: a number, or a parameter?",
        "A funnel needs a scale that is itself unknown, as `tau_beta` is for the slopes. The scale of `mu_beta` is the "
        "number 10, and dividing by a number only stretches an axis. Divergences: "
        f"{count['centered_mu']} before, {count['rescaled_mu']} after. Repeat with other seeds.",
    )
    return (
        "The geometry is the same up to the units of one axis, and the sampler adapts to units by itself. The funnel "
        "is between `tau_beta` and the slopes."
    )


# --- 4H13: radon in Minnesota --------------------------------------------------------------------


def _radon() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return county numbers, basement (1 if measured there, else 0) and log radon."""
    frame = datasets.radon()
    county = frame["county"].astype("category").cat.codes.to_numpy()
    return county, (frame["floor"] == 0).to_numpy(float), frame["log_radon"].to_numpy(float)


def _county_effect(log_scale: bool = True) -> float:
    """Return the basement effect given one free intercept per county, by least squares.

    The intercepts have a Normal(1, 2) prior and the effect a Normal(0, 2) prior; the noise is set to
    its least-squares estimate. Without `log_scale`, the activity itself is the response.
    """
    county, basement, y = _radon()
    y = y if log_scale else np.exp(y) - 0.1
    design = np.column_stack([county[:, None] == np.arange(county.max() + 1), basement])
    prior_mean = np.append(np.ones(design.shape[1] - 1), 0.0)
    residuals = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    variance = residuals @ residuals / (y.size - design.shape[1])
    precision = design.T @ design / variance + np.eye(prior_mean.size) / 4.0
    return float(np.linalg.solve(precision, design.T @ y / variance + prior_mean / 4.0)[-1])


def _pooled_effect() -> float:
    """Return the difference of the mean log radon, basement minus first floor, over all counties."""
    _, basement, y = _radon()
    return float(y[basement == 1.0].mean() - y[basement == 0.0].mean())


def _check_effect_is_log_and_signed(effect: float) -> None:
    """Recognize the two mistakes that both parts about the effect share."""
    require(
        effect > -0.3,
        "sign-reversed",
        "Say it in words: what is compared with what? And is there more radon in a basement, or less?",
        "`floor` is 1 on the first floor. The effect of the basement is its opposite: use `floor == 0`.",
    )
    require(
        effect < 1.2,
        "raw-scale",
        "In which unit is your effect?",
        f"On the raw scale the difference is about {_county_effect(log_scale=False):.1f} pCi/L, ruled by a few very "
        "high houses. Model `log_radon`.",
    )


@exercise(
    "4H13.1",
    "Radon: a basement, county by county",
    effect="posterior mean of the basement's effect on log radon, with one intercept for each county and no "
    "pooling, a number",
    times="how many times as much radon that is in a basement as on the first floor, a number",
)
def radon_unpooled(effect: Any, times: Any) -> str:
    """Compare with regularized least squares."""
    value, target, pooled = number("effect", effect), _county_effect(), _pooled_effect()
    require(
        not close(value, math.exp(target), 0.06),
        "effect-is-a-ratio",
        "There are two scales in this exercise. Which one is `effect` on?",
        "`effect` is a difference of logarithms; its exponential is `times`.",
    )
    _check_effect_is_log_and_signed(value)
    require(
        not close(value, pooled, 0.03),
        "pooled",
        "Do all counties in your model share one intercept?",
        "One intercept for all counties mixes the basements with the places where they are common. Give each of the "
        "85 counties its own.",
    )
    require(
        close(value, target, 0.04),
        "effect",
        "How many intercepts and how many effects does your model have?",
        "85 intercepts, Normal(1, 2) each, and one effect, Normal(0, 2), shared by all counties. If you estimated 85 "
        "effects, their average is drawn to 0 by the counties that have no comparison to offer.",
    )
    ratio = number("times", times)
    require(
        not close(ratio, math.exp(-value), 0.02),
        "sign-reversed",
        "Is there more radon in a basement, or less?",
        "Your ratio compares the first floor with the basement. Turn it round.",
    )
    require(
        close(ratio, math.exp(value), 0.06),
        "log-not-undone",
        "How do you get from a difference of logarithms back to a ratio?",
        "The exponential of a difference of logarithms is a ratio: `np.exp(effect)`.",
    )
    return (
        f"A basement has about {ratio:.1f} times the radon of a first floor in the same county. With one intercept "
        f"for all counties the effect would have been {pooled:.2f} on the log scale."
    )


@exercise(
    "4H13.2",
    "Radon: why a hierarchy",
    idata="the hierarchical fit, with scalar variables `mu_alpha`, `sigma_alpha`, `mu_beta` (basement effect) "
    "and `sigma_beta`",
    counties_below_5="number of counties with fewer than 5 houses",
    counties_one_floor="number of counties whose houses were all measured on the same floor",
    shrinks_most="'small counties', 'large counties' or 'all alike': whose intercepts move most towards "
    "`mu_alpha`?",
)
def radon_hierarchical(
    idata: Any, counties_below_5: Any, counties_one_floor: Any, shrinks_most: Any
) -> str:
    """Count in the data, and compare the mean effect with the unpooled one."""
    frame = datasets.radon()
    houses = frame["county"].value_counts()
    floors = frame.groupby("county")["floor"].nunique()
    few, one_floor = int((houses < 5).sum()), int((floors == 1).sum())

    below = whole("counties_below_5", counties_below_5)
    require(
        below != (houses <= 5).sum(),
        "five-included",
        "Does 'fewer than 5' include 5?",
        "Counties with exactly 5 houses are not among those with fewer than 5. (By chance, as many counties have 5 "
        "houses or more as have 5 or fewer.)",
    )
    require(
        below != (frame["county"].map(houses) < 5).sum(),
        "houses-counted",
        "What is one unit of your count?",
        "You counted houses. Count counties: `(radon.county.value_counts() < 5).sum()`.",
    )
    require(
        below == few,
        "count-of-small-counties",
        "Count the houses of each county first.",
        "`radon.county.value_counts()` has one row for each county. How many are below 5?",
    )
    single = whole("counties_one_floor", counties_one_floor)
    require(
        single != floors.size - one_floor,
        "opposite-count",
        "Which counties can tell you nothing about a basement's effect?",
        "You counted the counties with both floors. The question is about those with only one.",
    )
    require(
        single == one_floor,
        "count-of-one-floor",
        "How many different values does `floor` take in each county?",
        '`radon.groupby("county").floor.nunique()` has one row for each county. How many are 1?',
    )

    scales = [draws("idata", idata, name) for name in ("sigma_alpha", "sigma_beta")]
    effect, intercept = draws("idata", idata, "mu_beta"), draws("idata", idata, "mu_alpha")
    for name, values in (("mu_alpha", intercept), ("mu_beta", effect)):
        # The exercise comes before the one about sampling it well: 100 effective draws will do here.
        converged("idata", name, values, least_ess=100, largest_rhat=1.05)
    _check_effect_is_log_and_signed(float(effect.mean()))
    require(
        close(float(effect.mean()), _county_effect(), 0.1),
        "mean-effect",
        "Compare your mean effect with the one of part 1: the data are the same.",
        "`mu_beta` is the mean of the counties' basement effects, with `floor == 0` as the covariate and `log_radon` "
        "as the response.",
    )
    require(
        all(0.02 < values.mean() < 0.6 for values in scales),
        "no-partial-pooling",
        "Are the two population standard deviations learned from the data?",
        "`sigma_alpha` and `sigma_beta` need priors on the scale of log radon, such as HalfNormal(1), and must be the "
        "scales of the counties' intercepts and effects.",
    )
    word = choice("shrinks_most", shrinks_most, ("small counties", "large counties", "all alike"))
    require(
        word != "all alike",
        "shrinkage-uniform",
        "Plot how far each county's intercept moved against its number of houses.",
        "Partial pooling weighs a county's own data against the population. The weight of its data grows with its "
        "number of houses.",
    )
    require(
        word == "small counties",
        "shrinkage-backwards",
        "Whose own mean can you trust more: of 2 houses, or of 100?",
        "A large county speaks for itself. A small one borrows from the others, and moves.",
    )
    return (
        f"{few} of {floors.size} counties have fewer than 5 houses, and {one_floor} cannot compare floors at all: "
        "without a hierarchy, only the priors would separate their intercept from their effect."
    )


@exercise(
    "4H13.3",
    "Radon: which parameterization",
    centered="the hierarchical fit with centered intercepts and effects",
    noncentered="the same model and number of draws, with non-centered intercepts and effects",
    which="'centered' or 'noncentered': which one do you need for the effects?",
    estimates_change="True or False: is the posterior of the non-centered model a different one?",
)
def radon_parameterization(
    centered: Any, noncentered: Any, which: Any, estimates_change: Any
) -> str:
    """Compare the effective sample sizes of the scale of the effects, and the means."""
    fits = {"centered": centered, "noncentered": noncentered}
    scale = {name: draws(name, idata, "sigma_beta", shape=()) for name, idata in fits.items()}
    effect = {name: draws(name, idata, "mu_beta") for name, idata in fits.items()}
    ess = {name: effective_sample_size(values) for name, values in scale.items()}
    diverging = {name: divergences(name, idata) for name, idata in fits.items()}
    for name, values in effect.items():
        # The centered fit is ill on purpose: only its means must be worth a comparison.
        converged(name, "mu_beta", values, least_ess=50, largest_rhat=1.1)
        _check_effect_is_log_and_signed(float(values.mean()))
    require(
        ess["noncentered"] > ess["centered"] or diverging["noncentered"] < diverging["centered"],
        "fits-exchanged",
        "Look at the bulk ESS of `sigma_beta` in both fits. Which is which?",
        "The fit passed as `centered` is the better one. Did you exchange the two, or pass the same fit twice?",
    )
    require(
        ess["noncentered"] > 1.5 * ess["centered"],
        "same-geometry",
        "What do the effects of the counties look like in each of your two models?",
        "The effective sample sizes of `sigma_beta` hardly differ. In the non-centered model the effects are "
        "`mu_beta + sigma_beta * z` with standard normal `z`; the intercepts alone do not change this.",
    )
    require(
        choice("which", which, ("centered", "noncentered")) == "noncentered",
        "centered-chosen",
        "Which fit has the larger bulk ESS of `sigma_beta`?",
        f"The ESS of `sigma_beta` is {ess['centered']:.0f} centered and {ess['noncentered']:.0f} non-centered. Many "
        "counties say little about their own effect, so that its prior rules, and the prior is a funnel.",
    )
    require(
        not truth("estimates_change", estimates_change),
        "estimates-change",
        "Do the two models give the same density to the same intercepts, effects and scales?",
        "Only the coordinates change in which the sampler moves. If the summaries differ, that is Monte Carlo error, "
        "large in the fit that samples badly.",
    )
    require(
        same_mean(effect["centered"], effect["noncentered"]),
        "different-models",
        "Are the priors of your two models the same, word for word?",
        "The means of `mu_beta` differ by more than 5 Monte Carlo standard errors: these are two different models.",
    )
    return (
        f"Same posterior, other coordinates: the ESS of `sigma_beta` went from {ess['centered']:.0f} to "
        f"{ess['noncentered']:.0f}."
    )


# --- 11H1: break it, then hide it ----------------------------------------------------------------


def _exact_tau() -> float:
    """Return the posterior mean of tau in eight schools, by quadrature.

    Priors: mu Normal(0, 20), tau HalfCauchy(10). Effects and mu are integrated out exactly; the sum
    is over equally likely quantiles of the prior of tau.
    """
    frame = datasets.eight_schools()
    y, error = frame["effect"].to_numpy(float), frame["standard_error"].to_numpy(float)
    quantile = (np.arange(4000) + 0.5) / 4000
    tau = 10.0 * np.tan(0.5 * np.pi * quantile)
    weight, _, _ = hierarchy(y, error, tau, np.zeros_like(tau))
    return float(weight @ tau)


@exercise(
    "11H1",
    "Break it, then hide it",
    broken="a centered fit of the eight schools with at least 10 divergences, with variables `mu`, `tau` and "
    "`theta`",
    hidden="a centered fit of the same model with a higher `target_accept`, such as 0.995, with less than half "
    "as many divergences",
    trust="True or False: would you report the second fit?",
)
def break_it(broken: Any, hidden: Any, trust: Any) -> str:
    """Ask for a fit that is visibly ill, and one whose illness only other diagnostics show."""
    loud, quiet = divergences("broken", broken), divergences("hidden", hidden)
    fits = {"broken": broken, "hidden": hidden}
    tau = {name: draws(name, idata, "tau", shape=()) for name, idata in fits.items()}
    for name, idata in fits.items():
        draws(name, idata, "theta", shape=(8,))
    require(
        loud >= 10,
        "not-broken",
        "Which parameterization has the funnel, and does your sampler step into its neck?",
        f"Your first fit has {loud} divergences. Use theta ~ Normal(mu, tau) and the default `target_accept` of 0.8, "
        "and try another seed or more draws.",
    )
    require(
        quiet < loud / 2,
        "still-diverging",
        "What does a smaller step size do to divergences? And to how often they occur from one seed to the next?",
        f"The second fit has {quiet} divergences, the first {loud}. Raise `target_accept` to 0.995 or more, run a few "
        "seeds, and pass the quietest: that is how one hides something.",
    )
    values = tau["hidden"]
    mean, mcse = estimate(values)
    target = _exact_tau()
    symptoms = {
        "an E-BFMI below 0.3": bfmi("hidden", hidden) < 0.3,
        f"an R-hat above {LARGEST_RHAT}": rhat(values) > LARGEST_RHAT,
        f"a bulk ESS below {LEAST_ESS}": effective_sample_size(values) < LEAST_ESS,
        f"a mean of tau more than 3 MCSE from {target:.2f}": abs(mean - target) > 3.0 * mcse,
    }
    found = [symptom for symptom, is_there in symptoms.items() if is_there]
    require(
        found,
        "really-cured",
        "Did you hide the symptom, or remove the cause?",
        "This fit is healthy: its energy moves freely and tau is right. That is what the non-centered model does. "
        "Hide the divergences of the centered one instead.",
    )
    require(
        not truth("trust", trust),
        "silence-trusted",
        "Few divergences, yes. Look at E-BFMI, and at R-hat and the ESS of `tau`.",
        f"The fit has {', '.join(found)}. A smaller step lets the sampler into the neck of the funnel, where it gets "
        "stuck. It does not widen the neck.",
    )
    return f"Quiet is not healthy: {loud} divergences became {quiet}, and there is still {', '.join(found)}."
