"""Checks of chapter 14, model comparison.

In 4H14 the learner chooses the data, so its checks read the fits: they repeat the leave-one-out
comparison and hold the posterior against the truth that was simulated from. The others compare with
formulas and integrals.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from companion import datasets
from companion.exercises.answers import (
    Miss,
    Unusable,
    choice,
    close,
    number,
    numbers,
    require,
    share,
    whole,
)
from companion.exercises.comparison import paired_error
from companion.exercises.fits import converged, draws, posterior_mean
from companion.exercises.registry import exercise
from companion.lessons.scores import elpd_difference as difference_of
import numpy as np
from scipy import optimize, stats
from scipy.special import logsumexp

PRIOR_SDS = np.array([5.0, 10.0, 20.0, 50.0, 100.0])


# --- 14E1: the score of a prior -------------------------------------------------------------------


def _hospitals() -> tuple[np.ndarray, np.ndarray]:
    data = datasets.hospitals()
    return data["effect"].to_numpy(), data["standard_error"].to_numpy()


def _separate(prior_sd: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return exact elpd, lppd and p_waic of the separate model, by formula, for each prior sd."""
    y, s = _hospitals()
    sd = np.asarray(prior_sd)[:, None]
    v = 1.0 / (sd**-2.0 + s**-2.0)
    m = v * y / s**2
    elpd = stats.norm(0.0, np.hypot(sd, s)).logpdf(y).sum(axis=1)
    lppd = stats.norm(m, np.sqrt(s**2 + v)).logpdf(y).sum(axis=1)
    p = (v**2 / 2.0 + v * (y - m) ** 2) / s**4
    return elpd, lppd, p.sum(axis=1)


@exercise(
    "14E1",
    "The score of a prior",
    exact_elpd="five numbers: the exact leave-one-out elpd of the separate model for the prior "
    "standard deviations 5, 10, 20, 50 and 100",
    elpd_waic="five numbers: lppd minus p_waic for the same five priors, by formula",
    notices="'exact', 'waic', 'both' or 'neither', for which score tells a prior standard deviation of 100 "
    "from one of 10 by more than a nat",
)
def prior_score(exact_elpd: Any, elpd_waic: Any, notices: Any) -> str:
    """Compare with the closed forms."""
    exact, by_waic = numbers("exact_elpd", exact_elpd, 5), numbers("elpd_waic", elpd_waic, 5)
    noticed = choice("notices", notices, ("exact", "waic", "both", "neither"))
    y, s = _hospitals()
    elpd, lppd, p = _separate(PRIOR_SDS)

    def near(given: np.ndarray, target: np.ndarray) -> bool:
        return bool(np.abs(given - target).max() <= 0.05)

    require(
        not near(exact, stats.norm(0.0, PRIOR_SDS[:, None]).logpdf(y).sum(axis=1)),
        "error-forgotten",
        "A hospital reports its true effect plus an error. Whose standard deviation did you use?",
        "The report varies more than the true effect: its variance is the prior's plus the squared standard error.",
    )
    require(
        not near(exact, stats.norm(0.0, PRIOR_SDS[:, None] + s).logpdf(y).sum(axis=1)),
        "sds-added",
        "How do the spreads of two independent quantities add up?",
        "Variances add, standard deviations do not: use sqrt(prior_sd**2 + s**2).",
    )
    require(
        not near(exact, lppd),
        "posterior-used",
        "Which hospitals may a hospital's prediction use, in leave-one-out?",
        "That is lppd: it predicts a hospital from its own report. Leave the report out, and only the prior is left.",
    )
    require(
        near(exact, elpd),
        "exact",
        "Write down the density that the separate model gives to a hospital before it reports.",
        "It is Normal(0, sqrt(prior_sd**2 + s**2)). Sum its log density over the twelve reports.",
    )
    require(
        not near(by_waic, -2.0 * (lppd - p)),
        "deviance-scale",
        "On which scale is your second score?",
        "That is WAIC = -2 elpd_waic. Here lppd - p_waic is asked for.",
    )
    require(
        not near(by_waic, lppd),
        "no-penalty",
        "What does WAIC subtract?",
        "That is lppd. Subtract the posterior variance of the log density, summed over the hospitals.",
    )
    require(
        near(by_waic, lppd - p),
        "waic",
        "The posterior of a hospital's effect is Normal. What are its mean m and variance v?",
        "lppd_i = log Normal(y; m, sqrt(s**2 + v)), and p_i = (v**2 / 2 + v * (y - m)**2) / s**4.",
    )
    require(
        noticed in ("exact", "neither"),
        "waic-trusted",
        "By how much does the second score fall from the prior with 10 to the one with 100?",
        f"elpd_waic falls by {lppd[1] - p[1] - lppd[4] + p[4]:.2f} nats. That is not more than one.",
    )
    require(
        noticed == "exact",
        "exact-overlooked",
        "By how much does the first score fall from the prior with 10 to the one with 100?",
        f"The exact score falls by {elpd[1] - elpd[4]:.0f} nats.",
    )
    return (
        f"From a standard deviation of 10 to one of 100 the exact score falls by {elpd[1] - elpd[4]:.0f} nats and WAIC's "
        f"by {lppd[1] - p[1] - lppd[4] + p[4]:.2f}. Draws that sit at the data do not know how wide the prior was."
    )


# --- 14M1: mixing two bad models ------------------------------------------------------------------


@cache
def _two_bad_models() -> tuple[np.ndarray, np.ndarray, float, float]:
    """Return both exact pointwise scores, the stacking weight of complete pooling, and the mixture's score."""
    y, s = _hospitals()
    kept = 1.0 - np.eye(len(y))
    precision = 20.0**-2 + kept @ s**-2.0
    mean = kept @ (y / s**2) / precision
    complete = stats.norm(mean, np.sqrt(1.0 / precision + s**2)).logpdf(y)
    separate = stats.norm(0.0, np.hypot(20.0, s)).logpdf(y)

    def loss(w: float) -> float:
        return -np.logaddexp(np.log(w) + complete, np.log1p(-w) + separate).sum()

    best = optimize.minimize_scalar(
        loss, bounds=(1e-9, 1.0 - 1e-9), method="bounded", options={"xatol": 1e-10}
    )
    return complete, separate, float(best.x), float(-best.fun)


@exercise(
    "14M1",
    "Two bad models, one better mixture",
    difference="exact elpd of complete pooling minus that of the separate model, a number",
    standard_error="standard error of that difference, from the twelve paired differences (n - 1), a number",
    weight="stacking weight of complete pooling in a mixture of the two, a number",
    mixture_elpd="leave-one-out elpd of that mixture, a number",
)
def mixing(difference: Any, standard_error: Any, weight: Any, mixture_elpd: Any) -> str:
    """Compare with the exact difference and the best mixture."""
    given = {
        "difference": number("difference", difference),
        "weight": share("weight", weight),
        "mixture_elpd": number("mixture_elpd", mixture_elpd),
    }
    complete, separate, best, score = _two_bad_models()
    gain, _ = difference_of(complete, separate)
    require(
        not close(given["difference"], -gain, 0.02),
        "reversed",
        "Which model comes first?",
        "Take complete pooling minus the separate model: the difference is negative.",
    )
    require(
        close(given["difference"], gain, 0.02),
        "difference",
        "Sum the twelve exact scores of each model before you subtract.",
        f"Complete pooling scores {complete.sum():.2f}, the separate model {separate.sum():.2f}.",
    )
    paired_error("standard_error", standard_error, complete, separate, 0.02)
    akaike = 1.0 / (1.0 + np.exp(-gain))
    require(
        not close(given["weight"], akaike, 0.005),
        "weight-by-totals",
        "Your weight depends on the two totals only. What does stacking look at?",
        "Stacking looks at every hospital: maximize the sum over hospitals of log(w * exp(complete) + (1 - w) * "
        "exp(separate)).",
    )
    require(
        not close(given["weight"], 1.0 - best, 0.005),
        "other-weight",
        "Whose weight is this?",
        "That is the weight of the separate model. Complete pooling is asked for.",
    )
    require(
        close(given["weight"], best, 0.005),
        "weight",
        "Draw the mixture's score against the weight, and look for the top.",
        "Maximize sum(log(w * exp(complete) + (1 - w) * exp(separate))) over w between 0 and 1.",
    )
    require(
        not close(
            given["mixture_elpd"], best * complete.sum() + (1.0 - best) * separate.sum(), 0.05
        ),
        "logs-averaged",
        "A mixture of two densities: which of the two do you average, the densities or their logarithms?",
        "Average the densities of each hospital, then take the logarithm, then add up.",
    )
    require(
        close(given["mixture_elpd"], score, 0.05),
        "mixture",
        "Evaluate the function that you maximized at its maximum.",
        "Sum log(w * exp(complete) + (1 - w) * exp(separate)) over the hospitals, at your weight.",
    )
    return (
        f"Two models at {complete.sum():.0f} and {separate.sum():.0f} make a mixture at {score:.0f}: each covers where the "
        "other fails. And the hierarchical model, at -30, is better than any mixture of these two."
    )


# --- 4H14: data of your own, a right model and a wrong one ----------------------------------------


def _pointwise(name: str, idata: Any) -> Any:
    """Return the only variable of the log likelihood of a fit."""
    if "log_likelihood" not in getattr(idata, "children", {}):
        raise Unusable(
            name,
            idata,
            "without the group 'log_likelihood'",
            "`sample_tfp` stores it; after `pm.sample` call `pm.compute_log_likelihood(fit)` inside the model.",
        )
    variables = idata["log_likelihood"].data_vars
    if len(variables) != 1:
        raise Unusable(name, idata, "whose log likelihood should have exactly one variable")
    return next(iter(variables.values()))


def _same_data(matched: Any, mismatched: Any) -> np.ndarray:
    """Return the observations of two fits, which must be the same."""
    observed = []
    for name, idata in (("matched", matched), ("mismatched", mismatched)):
        _pointwise(name, idata)
        if "observed_data" not in idata.children:
            raise Unusable(name, idata, "without the group 'observed_data'")
        observed.append(next(iter(idata["observed_data"].data_vars.values())).to_numpy().ravel())
    first, second = observed
    require(
        first.shape == second.shape and np.allclose(first, second),
        "other-data",
        "Scores of two models can be compared when both predict the same numbers. Do yours?",
        "The observations stored in the two fits differ. Simulate once, and give the same `y` to both models.",
    )
    return first


def _scored(matched: Any, mismatched: Any, given: Any) -> float:
    """Repeat the comparison by LOO, hold the learner's number against it, and return it."""
    import arviz as az

    difference = number("elpd_difference", given)
    scores = [az.loo(idata) for idata in (matched, mismatched)]
    gain, _ = difference_of(*(score.elpd_i.to_numpy().ravel() for score in scores))
    require(
        gain > 4.0,
        "no-mismatch",
        "Draw the predictions of both models on the data. Where do they differ?",
        f"LOO sees a difference of {gain:.1f}, which is small. Is `mismatched` really wrong for these data, and "
        "are there enough data, and an effect that is large beside the noise? Are the two fits exchanged?",
    )
    require(
        not close(difference, -gain, 0.5),
        "difference-reversed",
        "Which of the two models comes first in your subtraction?",
        "Subtract the mismatched model from the matched one: a positive number says that the matched model "
        "predicts better.",
    )
    require(
        close(difference, gain, 0.5),
        "difference",
        "From which two numbers did you compute the difference?",
        f"These two fits give {gain:.1f}: `az.loo(matched).elpd - az.loo(mismatched).elpd`.",
    )
    return gain


def _truth_found(idata: Any, variable: str, truth: float | np.ndarray, shape: tuple = ()) -> None:
    """Ask whether the posterior of a variable covers the truth."""
    values = draws("matched", idata, variable)
    if values.shape[2:] != shape:
        size = "one number" if shape == () else f"{shape[0]} numbers"
        raise Unusable("matched", idata, f"whose variable '{variable}' should be {size}")
    columns = values.reshape(*values.shape[:2], -1)
    for j in range(columns.shape[2]):
        converged("matched", variable, columns[..., j])
    distance = np.abs(columns.mean(axis=(0, 1)) - truth) / columns.std(axis=(0, 1))
    require(
        distance.max() <= 4.0,
        "truth-missed",
        f"Compare the posterior of `{variable}` with the value you simulated from.",
        f"The true `{variable}` lies {distance.max():.0f} posterior standard deviations from the posterior mean. Is "
        "the matched model the one that made the data, with wide enough priors?",
    )


def _noise_found(idata: Any, observed: np.ndarray) -> None:
    """Ask whether the simulated data have noise."""
    sigma = draws("matched", idata, "sigma")
    require(
        sigma.mean() > 1e-3 * observed.std(),
        "noise-free",
        "How far do your simulated points lie from the line that made them?",
        "Points exactly on a line leave nothing for `sigma`: its posterior runs to 0, and the density has no "
        "bound. Add noise when you simulate.",
    )


_FITS = {
    "matched": "the fit of the model that made the data, with a log likelihood",
    "mismatched": "the fit of a model that did not, to the same data, with a log likelihood",
    "elpd_difference": "LOO's elpd of the matched model minus that of the mismatched one, a number",
}


def _one_slope(matched: Any, mismatched: Any, true_slope: Any, elpd_difference: Any) -> float:
    truth = number("true_slope", true_slope)
    observed = _same_data(matched, mismatched)
    number("elpd_difference", elpd_difference)
    _noise_found(matched, observed)
    _truth_found(matched, "slope", truth)
    return _scored(matched, mismatched, elpd_difference)


@exercise(
    "4H14.1",
    "A straight line and a parabola",
    **_FITS,
    true_slope="the slope that you simulated with, a number; in `matched` it is called `slope`",
    revealed_by="'convergence' or 'prediction', for what tells you that the second model is wrong",
)
def straight_line(
    matched: Any, mismatched: Any, elpd_difference: Any, true_slope: Any, revealed_by: Any
) -> str:
    """Check recovery and comparison, then the lesson."""
    answer = choice("revealed_by", revealed_by, ("convergence", "prediction"))
    gain = _one_slope(matched, mismatched, true_slope, elpd_difference)
    require(
        answer == "prediction",
        "convergence-trusted",
        "Look at R-hat and at the effective sample sizes of the wrong model.",
        "A sampler can explore a wrong posterior as well as a right one. R-hat and ESS ask whether it did.",
    )
    return (
        f"The wrong model loses {gain:.0f} nats and samples just as well: diagnostics of the sampler are "
        "about the sampler."
    )


@exercise(
    "4H14.2",
    "A transformed covariate",
    **_FITS,
    true_slope="the coefficient of the transformed covariate that you simulated with, a number; in "
    "`matched` it is called `slope`",
)
def transformed(matched: Any, mismatched: Any, elpd_difference: Any, true_slope: Any) -> str:
    """Check recovery and comparison."""
    gain = _one_slope(matched, mismatched, true_slope, elpd_difference)
    return (
        f"The straight line loses {gain:.0f} nats. Its residuals have a shape, and its `sigma` has swallowed "
        "that shape."
    )


@exercise(
    "4H14.3",
    "An interaction",
    **_FITS,
    true_slope="the coefficient of the product that you simulated with, a number; in `matched` it is "
    "called `slope`",
)
def interaction(matched: Any, mismatched: Any, elpd_difference: Any, true_slope: Any) -> str:
    """Check recovery and comparison."""
    gain = _one_slope(matched, mismatched, true_slope, elpd_difference)
    return (
        f"Without the product the model loses {gain:.0f} nats, although its main effects look reasonable: each "
        "is an average over the other covariate."
    )


@exercise(
    "4H14.4",
    "Four groups, one intercept",
    **_FITS,
    true_slopes="the four slopes that you simulated with; in `matched` they are the vector `slope`, and "
    "the four standard deviations of the noise are the vector `sigma`",
)
def four_groups(matched: Any, mismatched: Any, elpd_difference: Any, true_slopes: Any) -> str:
    """Check recovery and comparison."""
    truth = numbers("true_slopes", true_slopes, 4)
    observed = _same_data(matched, mismatched)
    number("elpd_difference", elpd_difference)
    require(
        np.ptp(truth) > 0.0,
        "one-slope",
        "What does 'unpooled slope' ask of the four numbers?",
        "Your four true slopes are equal, so a model with one slope is right. Let them differ.",
    )
    _noise_found(matched, observed)
    _truth_found(matched, "slope", truth, (4,))
    if draws("matched", matched, "sigma").shape[2:] != (4,):
        raise Miss(
            "one-noise",
            "How many standard deviations of the noise does the matched model have?",
            "The noise is unpooled as well: `sigma` needs one value for each group, like the slope.",
        )
    gain = _scored(matched, mismatched, elpd_difference)
    return (
        f"One slope and one noise for all lose {gain:.0f} nats. Look at which group pays, and "
        "whether its slope or its noise is to blame."
    )


@exercise(
    "4H14.5",
    "A hierarchy",
    **_FITS,
    true_mu="the mean of the groups that you simulated with, a number; in `matched` it is called `mu`",
    true_tau="their standard deviation, a number; in `matched` it is called `tau`",
    for_new_group="'observations' or 'groups', for what to leave out if you want to predict a group that is "
    "not in the data",
)
def hierarchy(
    matched: Any,
    mismatched: Any,
    elpd_difference: Any,
    true_mu: Any,
    true_tau: Any,
    for_new_group: Any,
) -> str:
    """Check recovery and comparison, then what to leave out."""
    mu, tau = number("true_mu", true_mu), number("true_tau", true_tau)
    answer = choice("for_new_group", for_new_group, ("observations", "groups"))
    observed = _same_data(matched, mismatched)
    number("elpd_difference", elpd_difference)
    _noise_found(matched, observed)
    _truth_found(matched, "mu", mu)
    require(
        tau > 0.0,
        "no-spread",
        "What would `tau` = 0 say about the groups?",
        "Groups that do not differ are one group, and complete pooling is the right model. Simulate with a "
        "positive `tau`.",
    )
    _truth_found(matched, "tau", tau)
    gain = _scored(matched, mismatched, elpd_difference)
    require(
        answer == "groups",
        "observations-left-out",
        "When one observation of a group is left out, what do the others of that group tell about it?",
        "The parameter of the group stays where its other observations hold it. A new group has none: leave "
        "out all observations of a group together.",
    )
    return (
        f"One mean for all loses {gain:.0f} nats on further observations of the same groups. About new groups "
        "that number says nothing."
    )


# --- 14H1: break PSIS with a count model ----------------------------------------------------------


def station_calls() -> np.ndarray:
    """Return the calls of one night at 40 fire stations, simulated as in the exercise."""
    rng = np.random.default_rng(1431)
    rate = rng.gamma(2.0, 10.0 / 2.0, size=40)
    return rng.poisson(rate)


@cache
def _exact_counts() -> tuple[float, float, float]:
    """Return the posterior means of mu and alpha, and the exact leave-one-out elpd, on a grid."""
    y = station_calls()
    grid = np.meshgrid(np.linspace(4.0, 30.0, 400), np.linspace(0.2, 14.0, 400), indexing="ij")
    mu, alpha = grid[0].ravel(), grid[1].ravel()
    log_weight = stats.halfnorm(0.0, 20.0).logpdf(mu) + stats.halfnorm(0.0, 5.0).logpdf(alpha)
    pointwise = stats.nbinom(alpha[:, None], (alpha / (alpha + mu))[:, None]).logpmf(y)
    log_weight += pointwise.sum(axis=1)
    weight = np.exp(log_weight - logsumexp(log_weight))
    without = log_weight[:, None] - pointwise
    without -= logsumexp(without, axis=0)
    elpd = logsumexp(without + pointwise, axis=0).sum()
    return float(weight @ mu), float(weight @ alpha), float(elpd)


@exercise(
    "14H1",
    "Break PSIS, and repair it",
    conditional="the fit with a rate for each station, with variables `mu`, `alpha` and `rate` and a log "
    "likelihood",
    marginal="the fit with the rates integrated out, with variables `mu` and `alpha` and a log likelihood",
    high_k="number of stations with a Pareto k above 0.7 in the conditional fit, a whole number",
    k_formula="the Pareto k that theory gives at mu = 10 and alpha = 2, a number",
    report="'conditional' or 'marginal', for the elpd you would report for a new station",
)
def count_model(conditional: Any, marginal: Any, high_k: Any, k_formula: Any, report: Any) -> str:
    """Compare both posteriors with the same integral, then the scores and the theory."""
    import arviz as az

    answer = choice("report", report, ("conditional", "marginal"))
    counted, tail = whole("high_k", high_k), number("k_formula", k_formula)
    mu, alpha, exact = _exact_counts()
    rates = draws("conditional", conditional, "rate")
    if rates.shape[2:] != (40,):
        raise Unusable("conditional", conditional, "whose variable 'rate' should be 40 numbers")
    for name, idata in (("conditional", conditional), ("marginal", marginal)):
        _pointwise(name, idata)
        for variable, mean in (("mu", mu), ("alpha", alpha)):
            posterior_mean(
                name,
                idata,
                variable,
                mean,
                key=f"{name}-{variable}",
                hint=f"Both models have the same posterior of `{variable}`. Do your two fits agree?",
                second_hint=f"In `{name}` the posterior mean of `{variable}` should be near {mean:.2f}. Use the priors mu ~ "
                "HalfNormal(20) and alpha ~ HalfNormal(5), and a Gamma with shape alpha and rate alpha / mu.",
            )
    loos = [az.loo(idata) for idata in (conditional, marginal)]
    require(
        abs(loos[1].elpd - exact) < 1.5,
        "marginal-elpd",
        "Is the log likelihood of the marginal fit that of a negative binomial?",
        f"LOO of the marginal model should be near {exact:.1f}. Integrate the rate out before you observe.",
    )
    found = int((loos[0].pareto_k > 0.7).sum())
    require(
        counted == found,
        "high-k",
        "Count in the result of `az.loo` on the conditional fit.",
        f"`(az.loo(conditional).pareto_k > 0.7).sum()` gives {found} for this fit.",
    )
    require(
        found >= 10,
        "not-broken",
        "Does every station have a rate of its own in the conditional model, with its own prior?",
        "With one rate for each count, most stations have a high k. Observe a Poisson with the vector `rate`.",
    )
    require(
        not close(tail, 2.0 / 12.0, 0.01),
        "k-of-the-prior",
        "Which of the two, prior or count, holds most of the information about a rate?",
        "You have the prior's share. The count's share is 1 / (1 + alpha / mu).",
    )
    require(
        close(tail, 10.0 / 12.0, 0.01),
        "k-formula",
        "Given its count a rate is Gamma with rate parameter 1 + alpha / mu. How do the weights grow with the rate?",
        "The weight grows like exp(rate) and the Gamma's tail falls like exp(-(1 + alpha / mu) rate): so k = "
        "1 / (1 + alpha / mu).",
    )
    require(
        answer == "marginal",
        "wrong-report",
        "A new station: whose rate does the conditional score use?",
        "The conditional score uses rates that have seen the counts, and its Pareto k says that it cannot be "
        "repaired by weights. Report the marginal one.",
    )
    return (
        f"Same posterior, two likelihoods: {loos[0].elpd:.1f} by broken weights, {loos[1].elpd:.1f} by sound ones. "
        f"The exact value is {exact:.1f}."
    )
