"""Checks of chapter 18, counts.

What is expected is computed here: in closed form, on grids, by maximum likelihood, or by a simulation
that is long enough.
"""

from __future__ import annotations

from functools import cache
import math
from typing import Any

from companion.counts import lip_cancer, pumps, traps
from companion.exercises.answers import (
    Unusable,
    by_simulation,
    choice,
    close,
    number,
    require,
    share,
)
from companion.exercises.fits import agrees, converged, draws, posterior_mean
from companion.exercises.registry import exercise
import numpy as np
from scipy import optimize, special, stats

# --- 18E1: one pump, forward -------------------------------------------------------------------------

_SHAPE, _RATE = 2.0, 2.0  # the prior of a pump's failures per thousand hours
_FAILURES, _HOURS, _LATER = 3, 5.24, 2.0


@exercise(
    "18E1",
    "One pump, forward",
    posterior_mean="posterior mean of the failures per thousand hours, a number",
    weight="weight of the pump's own rate in that mean, a number",
    no_failure="probability of no failure in the next two thousand hours, a number",
)
def one_pump(posterior_mean: Any, weight: Any, no_failure: Any) -> str:
    """Compare with the Gamma posterior, and with its negative binomial prediction."""
    mean = number("posterior_mean", posterior_mean)
    own, none = share("weight", weight), share("no_failure", no_failure)
    shape, rate = _SHAPE + _FAILURES, _RATE + _HOURS
    require(
        not close(mean, _FAILURES / _HOURS, 0.002),
        "prior-forgotten",
        "What did you know before the pump ran?",
        "3 / 5.24 is the pump's own rate. The prior Gamma(2, 2) acts like 2 failures in 2 thousand hours: add both.",
    )
    require(
        not close(mean, shape / (_RATE + 1.0), 0.002),
        "exposure-forgotten",
        "For how long did you watch this pump?",
        "The rate parameter grows by the exposure, 5.24 thousand hours, and not by 1 for one pump.",
    )
    require(
        close(mean, shape / rate, 0.005),
        "mean",
        "Which distribution is conjugate to the Poisson, and what do the data add to its two parameters?",
        "The posterior is Gamma(2 + failures, 2 + hours). Its mean is the first divided by the second.",
    )
    require(
        not close(own, _RATE / rate, 0.003),
        "weight-reversed",
        "Would a pump with a very long exposure need the prior?",
        "That is the weight of the prior's mean, the shrinkage factor. The pump's own rate has the rest.",
    )
    require(
        close(own, _HOURS / rate, 0.003),
        "weight",
        "Write the posterior mean as an average of 3 / 5.24 and of the prior's mean, 1.",
        "The weight of the own rate is exposure / (exposure + rate parameter of the prior).",
    )
    right = (rate / (rate + _LATER)) ** shape
    require(
        not close(none, math.exp(-_LATER * shape / rate), 0.005),
        "plugged-in",
        "Do you know the rate?",
        "exp(-2 * mean) takes the posterior mean for the truth. Average exp(-2 * rate) over the posterior, by draws "
        "or in closed form.",
    )
    require(
        not close(none, rate / (rate + _LATER), 0.005)
        and not close(none, (rate / (rate + 1.0)) ** shape, 0.005),
        "other-exposure",
        "What is the exposure of the prediction, and what is the shape of the posterior?",
        "A rate with posterior Gamma(a, b) gives no count in an exposure t with probability (b / (b + t)) ** a; here "
        "t is 2.",
    )
    require(
        by_simulation(none, right),
        "prediction",
        "Draw rates from the posterior, and a Poisson count from each: how many are zero?",
        "The mean of each Poisson is 2 * rate. In closed form: (b / (b + 2)) ** a, for the posterior Gamma(a, b).",
    )
    return (
        f"With the posterior mean plugged in it would be {math.exp(-_LATER * shape / rate):.2f} instead of {right:.2f}. "
        "A rate that is not known makes both zeros and many failures more likely: the prediction is a negative binomial."
    )


# --- 18E2: translate ---------------------------------------------------------------------------------

_MEAN, _VARIANCE = 4.0, 12.0


@exercise(
    "18E2",
    "One distribution, three spellings",
    alpha="PyMC's `alpha`, a number",
    logits="TFP's `logits`, a number",
    p="the `p` of NumPy and SciPy, a number",
    cv="the coefficient of variation of the rates, a number",
)
def translate(alpha: Any, logits: Any, p: Any, cv: Any) -> str:
    """Compare with the moments of the negative binomial."""
    shape, log_odds = number("alpha", alpha), number("logits", logits)
    probability, variation = share("p", p), number("cv", cv)
    right = _MEAN**2 / (_VARIANCE - _MEAN)
    require(
        not close(shape, 1.0 / right, 0.002),
        "alpha-inverted",
        "Does the variance grow or fall with your parameter?",
        "Some programs write the variance as mu + alpha * mu**2. In PyMC it is mu + mu**2 / alpha: take the inverse.",
    )
    require(
        not close(shape, _MEAN**2 / _VARIANCE, 0.002),
        "poisson-part-forgotten",
        "How much of the variance would be there if all rates were the same?",
        "The Poisson alone has the variance mu. Only the rest, 12 - 4, is mu**2 / alpha.",
    )
    require(
        close(shape, right, 0.002),
        "alpha",
        "Solve the formula of the variance for alpha.",
        "mu + mu**2 / alpha = 12, with mu = 4.",
    )
    odds = math.log(_MEAN / right)
    require(
        not close(log_odds, -odds, 0.002),
        "logits-sign",
        "Does the mean rise with your `logits`?",
        "TFP's log-odds are those of one more count. They rise with the mean: log(mu) - log(alpha).",
    )
    require(
        not close(log_odds, _MEAN / (_MEAN + right), 0.002)
        and not close(log_odds, math.log(_MEAN), 0.002),
        "no-logits",
        "Is it a probability, a logarithm of a mean, or the logarithm of odds?",
        "`probs` is mu / (mu + alpha); `logits` is the logarithm of its odds, log(mu / alpha).",
    )
    require(
        close(log_odds, odds, 0.002),
        "logits",
        "Evaluate `tfd.NegativeBinomial(total_count=alpha, logits=logits).mean()`. It should be 4.",
        "The mean is total_count * exp(logits).",
    )
    require(
        not close(probability, _MEAN / (_MEAN + right), 0.002),
        "p-swapped",
        "Evaluate `stats.nbinom(alpha, p).mean()`. Is it 4?",
        "NumPy's and SciPy's `p` belongs to the event that ends the series: alpha / (mu + alpha), one minus TFP's `probs`.",
    )
    require(
        close(probability, right / (_MEAN + right), 0.002),
        "p",
        "Evaluate `stats.nbinom(alpha, p).mean()`. It should be 4.",
        "The mean is n * (1 - p) / p, with n = alpha.",
    )
    require(
        not close(variation, math.sqrt(_VARIANCE) / _MEAN, 0.002),
        "cv-of-counts",
        "Of what is it the coefficient of variation: of the counts, or of the rates behind them?",
        "sqrt(12) / 4 has the Poisson's own scatter in it. The rates are Gamma with shape alpha: 1 / sqrt(alpha).",
    )
    require(
        close(variation, right**-0.5, 0.002),
        "cv",
        "What is the standard deviation of a Gamma whose shape and rate are both alpha?",
        "It is 1 / sqrt(alpha), and its mean is 1.",
    )
    return (
        "Keep the test that helped you: the mean of the distribution as each library computes it, or one log "
        "probability."
    )


# --- 18E3: log-odds of one county and of all -----------------------------------------------------------

_LEVEL, _SPREAD, _FLOOR = -1.0, 2.0, -1.5  # log-odds: the middle county, counties' sd, first floor
_ABOVE = 0.2  # share of houses above the limit


@cache
def _over_counties() -> tuple[float, float]:
    """Return the share above the limit over all counties, for basements and for first floors."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    shares = [
        float(weights @ special.expit(_LEVEL + shift + _SPREAD * nodes) / weights.sum())
        for shift in (0.0, _FLOOR)
    ]
    return shares[0], shares[1]


@exercise(
    "18E3",
    "An average of bent curves",
    middle="probability for a basement of the county in the middle, a number",
    average="share of basements above the limit over all counties, a number",
    slope="difference in log-odds between first floors and basements over all counties, a number",
    worth="number of measurements that 1,000 answers are worth, a number",
)
def bent_curves(middle: Any, average: Any, slope: Any, worth: Any) -> str:
    """Compare with averages over the Normal by quadrature, and with the information in closed form."""
    one, all_of_them = share("middle", middle), share("average", average)
    difference, numbers = number("slope", slope), number("worth", worth)
    basements, floors = _over_counties()
    right = float(special.logit(floors) - special.logit(basements))
    require(
        not close(one, math.exp(_LEVEL), 0.002),
        "odds",
        "Can your formula give more than 1?",
        "exp(-1) is the odds. The probability is odds / (1 + odds), that is 1 / (1 + exp(1)).",
    )
    require(
        close(one, float(special.expit(_LEVEL)), 0.002),
        "middle",
        "Which function takes log-odds to a probability?",
        "The logistic function: 1 / (1 + exp(-log_odds)), at log-odds of -1.",
    )
    require(
        not close(all_of_them, one, 0.01),
        "plugged-in",
        "Is the average of a bent curve the curve at the average?",
        "You gave the middle county again. Take the logistic function of every county's log-odds, then the mean.",
    )
    require(
        close(all_of_them, basements, 0.012),
        "average",
        "First the probability of each county, then the mean: did you do it in this order?",
        "Draw log-odds from Normal(-1, 2), with 2 as the standard deviation, and average 1 / (1 + exp(-log_odds)).",
    )
    require(
        not close(difference, _FLOOR, 0.03),
        "within-counties",
        "Whom does beta compare, and whom does the question?",
        "-1.5 is the difference within one county. Average both floors over all counties first, then take log-odds.",
    )
    require(
        not close(difference, floors - basements, 0.01),
        "difference-of-shares",
        "On which scale is your difference?",
        "That is the difference of the two shares. Take log(share / (1 - share)) of each before you subtract.",
    )
    require(
        not close(difference, math.exp(right), 0.02),
        "odds-ratio",
        "Can a difference in log-odds be positive when first floors have less radon?",
        "That is the ratio of the odds. The difference in log-odds is its logarithm.",
    )
    require(
        not close(difference, -right, 0.03),
        "sign",
        "Which floor has less radon?",
        "Subtract the basements from the first floors: the difference is negative.",
    )
    require(
        close(difference, right, 0.03),
        "slope",
        "Add -1.5 to the log-odds of each county. What share of first floors is above the limit, over all counties?",
        "logit(mean of the first floors' probabilities) - logit(mean of the basements' probabilities).",
    )
    z = float(stats.norm.ppf(1.0 - _ABOVE))
    kept = float(stats.norm.pdf(z)) ** 2 / (_ABOVE * (1.0 - _ABOVE))
    require(
        not close(numbers, kept, 0.01),
        "share-kept",
        "Of one answer or of 1,000?",
        "That is what one answer keeps of a measurement. 1,000 answers are worth 1,000 times that.",
    )
    require(
        not close(numbers, 2000.0 / math.pi, 5.0),
        "at-best",
        "Does the limit cut through the middle of these houses?",
        "2 / pi holds at z = 0. Here one house in five is above the limit: z is the 0.8 quantile of a standard Normal.",
    )
    require(
        not close(numbers, 1000.0 * _ABOVE * (1.0 - _ABOVE), 3.0),
        "variance-of-an-answer",
        "What does a measurement say about its mean, in the same unit?",
        "p (1 - p) is the variance of an answer. The information about the mean is phi(z)**2 / (p (1 - p)).",
    )
    require(
        close(numbers, 1000.0 * kept, 6.0),
        "worth",
        "Where is the limit, in standard deviations from the mean, if 20 % of a Normal lie above it?",
        "z = stats.norm.ppf(0.8), and an answer keeps stats.norm.pdf(z)**2 / (0.2 * 0.8) of a measurement.",
    )
    return (
        "Say which of the two a coefficient is when you report it. A model with effects of counties gives the one within a county; a "
        "table of shares over all of them shows the flatter one."
    )


# --- 18M1: ten pumps ---------------------------------------------------------------------------------


def _grid_of_pumps(y: np.ndarray, hours: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the posterior weights of mean rate and cv, with alpha and b, on a grid."""
    mean, cv = np.meshgrid(np.linspace(0.02, 14.0, 900), np.linspace(0.1, 5.0, 500), indexing="ij")
    alpha = cv**-2.0
    log_density = -mean - cv  # both are Exponential(1)
    for failures, time in zip(y, hours, strict=True):
        log_density += stats.nbinom.logpmf(failures, alpha, alpha / (alpha + mean * time))
    weight = np.exp(log_density - log_density.max())
    return weight / weight.sum(), alpha, alpha / mean


@cache
def _pumps_posterior(exposed: bool) -> tuple[dict[str, tuple[float, float]], float]:
    """Return the exact posterior of all pumps, and the weight of pump 9's own rate.

    Without exposure, each pump is taken to have run for a thousand hours.
    """
    frame = pumps()
    hours = frame["hours"].to_numpy() if exposed else np.ones(len(frame))
    weight, _, b = _grid_of_pumps(frame["failures"].to_numpy(), hours)
    return (
        exact_pumps(frame["failures"].to_numpy(), hours),
        float((weight * hours[8] / (hours[8] + b)).sum()),
    )


def exact_pumps(y: np.ndarray, hours: np.ndarray) -> dict[str, tuple[float, float]]:
    """Return the exact mean and standard deviation of each unknown of the pumps' hierarchy.

    Parameters
    ----------
    y, hours : numpy.ndarray, shape (pump,)
        Failures, and thousands of hours.

    Returns
    -------
    dict of str to (float, float)
        `mean_rate`, `cv` and `rate[1]`, `rate[2]`, ...
    """
    weight, alpha, b = _grid_of_pumps(y, hours)
    moments = {}
    for name, value in {"mean_rate": alpha / b, "cv": alpha**-0.5}.items():
        mean = (weight * value).sum()
        moments[name] = float(mean), float(np.sqrt((weight * (value - mean) ** 2).sum()))
    for i, (failures, time) in enumerate(zip(y, hours, strict=True), start=1):
        shape, rate = alpha + failures, b + time
        mean = (weight * shape / rate).sum()
        square = (weight * shape * (shape + 1.0) / rate**2).sum()
        moments[f"rate[{i}]"] = float(mean), float(np.sqrt(square - mean**2))
    return moments


@exercise(
    "18M1",
    "Ten pumps",
    idata="your fit, with variables `mean_rate`, `cv` and `rate` (one for each pump)",
    weight_9="posterior mean of the weight of pump 9's own rate, a number",
)
def ten_pumps(idata: Any, weight_9: Any) -> str:
    """Compare the fit with the exact posterior, and the weight with its exact mean."""
    own = share("weight_9", weight_9)
    exact, exact_weight = _pumps_posterior(exposed=True)
    rate = draws("idata", idata, "rate")
    if rate.ndim != 3 or rate.shape[2] != len(pumps()):
        raise Unusable("idata", idata, "whose `rate` should have ten numbers in each draw")
    means = rate.mean(axis=(0, 1))
    without, _ = _pumps_posterior(exposed=False)
    require(
        not means[3] > (exact["rate[4]"][0] + without["rate[4]"][0]) / 2.0,
        "exposure-forgotten",
        "Pump 4 failed 14 times. In how many hours?",
        "Your rates are counts per pump. The mean of each Poisson is hours * rate, with the hours in thousands.",
    )
    raw = (pumps()["failures"] / pumps()["hours"]).to_numpy()
    require(
        not abs(means[8] - raw[8]) < 0.3 * abs(raw[8] - exact["rate[9]"][0]),
        "not-pooled",
        "Pump 9 was watched for 2,100 hours. Does it learn anything from the others in your model?",
        "Your rates stay at failures / hours. All ten need one Gamma(alpha, alpha / mean_rate), with alpha and "
        "mean_rate unknown.",
    )
    hint = "Compare your model with the one in the exercise, line by line."
    for name, second in {
        "mean_rate": "mean_rate ~ Exponential(1.0), and the rates are Gamma with shape cv**-2 and rate cv**-2 / mean_rate.",
        "cv": "cv ~ Exponential(1.0), and alpha = cv**-2: the Gamma's rate parameter is alpha / mean_rate, not its inverse.",
    }.items():
        posterior_mean(
            "idata", idata, name, exact[name][0], key=name, hint=hint, second_hint=second
        )
    for i in range(len(means)):
        name = f"rate[{i + 1}]"
        converged("idata", name, rate[..., i])
        require(
            agrees(rate[..., i], exact[name][0]),
            "rates",
            f"The hyperparameters are right; look at pump {i + 1}. Are failures and hours in the same order?",
            "Take both columns from `pumps()`, and let pump i's failures be Poisson with mean hours[i] * rate[i].",
        )
    require(
        not close(own, 1.0 - exact_weight, 0.01),
        "weight-reversed",
        "Would pump 9 move toward the others more if it were watched for longer?",
        "That is the weight of the population. The weight of the pump's own rate is hours / (hours + b).",
    )
    require(
        close(own, exact_weight, 0.01),
        "weight",
        "The weight depends on b = alpha / mean_rate, and b is unknown. What do you do with the unknown?",
        "Compute 2.1 / (2.1 + b) in every draw, with b = cv**-2 / mean_rate, and take the mean.",
    )
    return (
        f"Pump 9 failed {raw[8]:.1f} times per thousand hours and moves to {means[8]:.1f}; pump 10, at {raw[9]:.1f} in five times the "
        f"hours, to {means[9]:.1f}. Weights go by exposure."
    )


# --- 18M2: break it, a Poisson too sure --------------------------------------------------------------

INTERVAL_94 = float(stats.norm.ppf(0.97))


@cache
def _coverages(exposed: bool = True, sets: int = 4000) -> tuple[float, float]:
    """Return the share of 94 % intervals of a Poisson slope that hold the truth, which is 0.

    First with rates that differ (cv 0.5), then with equal rates. By maximum likelihood, for all sets at once.
    """
    frame = lip_cancer()
    expected = frame["expected"].to_numpy()
    x = (frame["outdoor"].to_numpy() - 10.0) / 10.0
    rng = np.random.default_rng(1891)
    held = []
    for factor in (rng.gamma(4.0, 0.25, (sets, len(x))), np.ones((sets, len(x)))):
        y = rng.poisson(expected * factor)
        offset = np.log(expected) if exposed else np.zeros(len(x))
        b_0, b_1 = np.log(y.sum(axis=1) / np.exp(offset).sum()), np.zeros(sets)
        for _ in range(25):
            mu = np.exp(offset + b_0[:, None] + b_1[:, None] * x)
            s_0, s_1, s_2 = mu.sum(axis=1), mu @ x, mu @ x**2
            g_0, g_1 = (y - mu).sum(axis=1), (y - mu) @ x
            determinant = s_0 * s_2 - s_1**2
            b_0 = b_0 + (s_2 * g_0 - s_1 * g_1) / determinant
            b_1 = b_1 + (s_0 * g_1 - s_1 * g_0) / determinant
        held.append(float(np.mean(np.abs(b_1) < INTERVAL_94 * np.sqrt(s_0 / determinant))))
    return held[0], held[1]


@exercise(
    "18M2",
    "Break it: a Poisson too sure",
    coverage_equal="share of 94 % intervals that hold the true slope when rates are equal, a number",
    coverage_differing="the same share when rates differ, a number",
    cause="'slope' or 'standard error': what of the Poisson fit is wrong when rates differ",
)
def too_sure(coverage_equal: Any, coverage_differing: Any, cause: Any) -> str:
    """Compare both shares with a long simulation, within five standard errors of 400 data sets."""
    equal = share("coverage_equal", coverage_equal)
    differing = share("coverage_differing", coverage_differing)
    word = choice("cause", cause, ("slope", "standard error"))
    right_differing, right_equal = _coverages()
    bare_differing, _ = _coverages(exposed=False)

    def near(value: float, wanted: float) -> bool:
        return close(value, wanted, 5.0 * math.sqrt(max(wanted * (1.0 - wanted), 0.002) / 400.0))

    require(
        not (near(equal, 1.0 - right_equal) and near(differing, 1.0 - right_differing)),
        "missed-counted",
        "What did you count: the intervals that hold the truth, or those that miss it?",
        "The true slope is 0. An interval holds it if 0 lies between its ends.",
    )
    require(
        not (near(differing, bare_differing) and not near(differing, right_differing)),
        "exposure-forgotten",
        "Nearly every interval misses. Do all districts have the same size?",
        "Without the offset log(expected) the slope compares large districts with small ones. Pass it to `poisson_fit`.",
    )
    require(
        not (near(equal, right_differing) and near(differing, right_equal)),
        "swapped",
        "In which of the two worlds is the Poisson the right model?",
        "Your two shares are exchanged: with equal rates the intervals should keep their promise.",
    )
    require(
        near(equal, right_equal),
        "equal",
        "When the model is right, what share of 94 % intervals should hold the truth?",
        "The interval is slope plus and minus 1.88 standard errors; count how often it holds 0, in all 400 data sets.",
    )
    require(
        near(differing, right_differing),
        "differing",
        "Does each district of each data set have a factor of its own?",
        "Draw a factor from Gamma with shape 4 and mean 1 for each district, and counts with mean expected * factor.",
    )
    require(
        word == "standard error",
        "slope-blamed",
        "Take the mean of your 400 slopes when rates differ. Is it far from 0?",
        "The slopes scatter around the truth, so they are not biased. They scatter more than their standard errors say.",
    )
    return (
        f"Of 94 % intervals, {right_differing:.0%} hold the truth when risks differ by half their mean. Overdispersion leaves "
        "the slope alone and makes its standard error too small: findings appear where there is nothing."
    )


# --- 18H1: two kinds of zero ------------------------------------------------------------------------------


@cache
def _gain(column: str, exposed: bool = True) -> float:
    """Return the largest log likelihood of the negative binomial minus that of the zero-inflated Poisson."""
    frame = traps()
    y, nights = frame[column].to_numpy(), frame["nights"].to_numpy(float)
    nights = nights if exposed else np.ones(len(y))

    def spread(p: np.ndarray) -> float:
        alpha, mean = np.exp(p[1]), nights * np.exp(p[0])
        return -stats.nbinom.logpmf(y, alpha, alpha / (alpha + mean)).sum()

    def inflated(p: np.ndarray) -> float:
        counted = stats.poisson.logpmf(y, nights * np.exp(p[0])) + special.log_expit(-p[1])
        return -np.where(y == 0, np.logaddexp(special.log_expit(p[1]), counted), counted).sum()

    start = math.log(max(y.sum() / nights.sum(), 0.01))
    smallest = [
        min(
            optimize.minimize(
                loss, [start, other], method="Nelder-Mead", options={"fatol": 1e-8}
            ).fun
            for other in (-1.0, 0.0, 1.0)
        )
        for loss in (spread, inflated)
    ]
    return float(smallest[1] - smallest[0])


@exercise(
    "18H1",
    "Two kinds of zero",
    gain_a="largest log likelihood of the negative binomial minus that of the zero-inflated Poisson, for catches a",
    gain_b="the same difference for catches b",
    false_zeros="'a' or 'b': the catches with traps that were never opened",
)
def which_zeros(gain_a: Any, gain_b: Any, false_zeros: Any) -> str:
    """Compare with the two maximum likelihood fits, with and without exposure."""
    gains = number("gain_a", gain_a), number("gain_b", gain_b)
    word = choice("false_zeros", false_zeros, ("a", "b"))
    right = _gain("a"), _gain("b")
    bare = _gain("a", exposed=False), _gain("b", exposed=False)

    def same(wanted: tuple[float, float]) -> bool:
        return close(gains[0], wanted[0], 0.1) and close(gains[1], wanted[1], 0.1)

    require(
        not same(bare),
        "exposure-forgotten",
        "A trap that stood out for one night and one that stood out for forty: do you expect the same catch of both?",
        "Your means do not depend on the nights. With `nights * rate` the verdict on one of the two changes.",
    )
    require(
        not same((-right[0], -right[1])),
        "sign",
        "Which of the two log likelihoods is subtracted?",
        "Asked for is the negative binomial minus the zero-inflated Poisson. Yours has the other sign.",
    )
    require(
        not same((right[1], right[0])),
        "swapped",
        "Which column belongs to which answer?",
        "Your two differences are exchanged: `gain_a` is for the column `a`.",
    )
    require(
        same(right),
        "gains",
        "Is each of the four maxima really a maximum? Start the search from other places.",
        "Negative binomial: SciPy's n is alpha and p is alpha / (alpha + nights * rate). Zero-inflated: a zero has the "
        "probability psi + (1 - psi) * exp(-nights * rate). Search over log(rate) and the log or log-odds of the other "
        "parameter.",
    )
    require(
        word == "b",
        "wrong-verdict",
        "For which catches is the difference negative, and what does that say?",
        "A negative difference favors the zero-inflated Poisson. Look also at the traps with 20 and 40 nights.",
    )
    return (
        f"Without the nights the differences would have been {bare[0]:.0f} and {bare[1]:.0f}, in favor of the negative binomial "
        "both times. The exposure tells the zeros apart."
    )
