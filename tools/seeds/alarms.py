"""How often a check would fail by chance: estimates from fits that were run with several seeds.

That a fit passed with 21 of 21 seeds says little: its rate of false alarms may still be 14 % (the
rule of three, 3/21). Far more is known from how *far* from the limits it stayed, and how much that
varied. So each statistic of a fit is taken for a draw of a Normal distribution whose mean and
standard deviation are estimated from the seeds, and the rate is the predictive probability, a t
distribution's tail, that a further run lies beyond the limit.

* R-hat enters as log F, where F is the ratio of the variances between and within the half-chains,
  F = n (R-hat² - 1) + 1 for n draws in each. F is defined whatever R-hat is, and its logarithm is
  nearly symmetrical. (A logarithm of a chi-squared variable has a longer left than right tail, so a
  Normal tail is on the cautious side.)
* ESS and E-BFMI enter relative to their mean over the seeds.
* Standard deviations are moderated as in Smyth (2004): each is drawn toward the one that all fits have
  in common, by as much as their similarity warrants. What 21 values say about a standard deviation
  is otherwise too little for a tail far out.
* Divergences are counted. The runs of all fits together are a Poisson count with Jeffreys' prior,
  Gamma(1/2); each fit's own share of that prior is as small as they are many. So what the fits add up
  to is exactly the posterior of the total.

The tail is an extrapolation. Whether the distribution fits where there are data, `calibration` tells.
What no statistic of these runs foreshadows, such as a chain that is stuck once in a thousand runs,
is not in the estimate; of such events one can only say that they are rarer than 3/21 for each fit.

Smyth (2004), Linear models and empirical Bayes methods, Stat. Appl. Genet. Mol. Biol. 3, article 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import math
from typing import Any

from companion.diagnostics import LIMITS
from companion.posteriors import LIMIT
import numpy as np
from scipy import optimize, special, stats

STATISTICS = ("R-hat", "bulk ESS", "tail ESS", "E-BFMI")
KEYS = {"R-hat": "rhat", "bulk ESS": "bulk", "tail ESS": "tail", "E-BFMI": "bfmi"}
MARGIN = 1e-3  # a fit that the text relies on may give a false alarm in a thousand runs, not more
DESIGN = 0.05  # of builds, all checks together
CAREFUL = 0.95  # probability of an upper limit

Fit = Mapping[str, Any]


def column(fit: Fit, key: str) -> np.ndarray:
    """Return one statistic of all runs of a fit; NaN where there is none."""
    return np.array([math.nan if value is None else value for value in fit[key]], dtype=float)


def limit(fit: Fit, statistic: str) -> float:
    """Return the limit that `diagnose` sets."""
    if statistic.endswith("ESS"):
        return LIMITS["ESS per chain"] * fit["chains"]
    return LIMITS[statistic]


def recorded(fit: Fit, key: str) -> bool:
    """Tell whether a fit has a statistic. Only Hamiltonian samplers have energies and divergences."""
    return key in ("rhat", "bulk", "tail") or not np.isnan(column(fit, key)).all()


def passes(fit: Fit) -> np.ndarray:
    """Tell for each run whether `diagnose` would pass it.

    Parameters
    ----------
    fit : mapping
        With `chains`, and lists of one value a run: `rhat`, `bulk`, `tail`, `bfmi`, `divergences`.

    Returns
    -------
    numpy.ndarray of bool
    """
    good = column(fit, "rhat") < limit(fit, "R-hat")
    for statistic in ("bulk ESS", "tail ESS"):
        good &= column(fit, KEYS[statistic]) > limit(fit, statistic)
    if recorded(fit, "bfmi"):
        good &= column(fit, "bfmi") >= limit(fit, "E-BFMI")
    if recorded(fit, "divergences"):
        good &= column(fit, "divergences") == 0
    return good  # of a single chain there is no R-hat, so it never passes


def toward_limit(fit: Fit, statistic: str) -> tuple[np.ndarray, float]:
    """Return a statistic on a scale where it is nearly Normal and grows toward its limit.

    Parameters
    ----------
    fit : mapping
        See `passes`; R-hat also needs `draws`, of each chain.
    statistic : str
        One of `STATISTICS`.

    Returns
    -------
    values : numpy.ndarray
        One value for each run in which the statistic could be computed.
    limit : float
        The limit on the same scale.
    """
    values, bound = column(fit, KEYS[statistic]), limit(fit, statistic)
    values = values[np.isfinite(values)]
    if statistic == "R-hat":
        half = fit["draws"] // 2

        def log_f(rhat: Any) -> Any:
            # Of parameters whose half-chains all have the same mean, R-hat² is 1 - 1/n.
            return np.log(np.maximum(half * (np.square(rhat) - 1.0) + 1.0, 1.0 / half))

        return log_f(values), float(log_f(bound))
    mean = values.mean() if values.size else math.nan
    return -values / mean, -bound / mean


def common_variance(variances: np.ndarray, degrees: np.ndarray) -> tuple[float, float]:
    """Fit the distribution of true variances that sample variances come from.

    Parameters
    ----------
    variances : numpy.ndarray
        Sample variances, positive.
    degrees : numpy.ndarray
        Their degrees of freedom.

    Returns
    -------
    prior_degrees : float
        The degrees of freedom that the common variance is worth: infinite if the sample variances
        differ by no more than chance, and 0 if there are fewer than two.
    prior_variance : float
        The common variance.

    Notes
    -----
    The moments of log variances, as in Smyth (2004), section 6.2.
    """
    if len(variances) < 2:
        return 0.0, 0.0
    logs = np.log(variances) - special.digamma(degrees / 2) + np.log(degrees / 2)
    excess = logs.var(ddof=1) - special.polygamma(1, degrees / 2).mean()
    if excess <= 0.0:
        return math.inf, float(np.exp(logs.mean()))

    def trigamma_minus_excess(log_half: float) -> float:
        return float(special.polygamma(1, math.exp(log_half))) - excess

    half = math.exp(optimize.brentq(trigamma_minus_excess, -20.0, 20.0))
    return 2.0 * half, float(np.exp(logs.mean() + special.digamma(half) - math.log(half)))


def tail(
    values: np.ndarray, bound: float | np.ndarray, prior: tuple[float, float]
) -> float | np.ndarray:
    """Return the probability that one more value lies beyond a limit.

    Parameters
    ----------
    values : numpy.ndarray
        At least two.
    bound : float or array
        The limit.
    prior : (float, float)
        What `common_variance` returned.
    """
    n, degrees = len(values), float(len(values) - 1)
    more, variance = prior
    if math.isinf(more):
        degrees = math.inf
    else:
        total = degrees + more
        variance = (more * variance + degrees * values.var(ddof=1)) / total
        degrees = total
    if variance == 0.0:
        return np.where(bound < values.mean(), 1.0, 0.0)[()]
    distance = (bound - values.mean()) / np.sqrt(variance * (1.0 + 1.0 / n))
    # As `scipy.stats` computes both tails, without its checks, which would take most of the time.
    return special.ndtr(-distance) if math.isinf(degrees) else special.stdtr(degrees, -distance)


def _priors(fits: Sequence[Fit]) -> dict[str, tuple[float, float]]:
    priors = {}
    for statistic in STATISTICS:
        samples = [toward_limit(fit, statistic)[0] for fit in fits]
        samples = [each for each in samples if len(each) > 2 and each.var() > 0.0]
        variances = np.array([each.var(ddof=1) for each in samples])
        degrees = np.array([len(each) - 1.0 for each in samples])
        priors[statistic] = common_variance(variances, degrees)
    return priors


def alarm_rates(fits: Sequence[Fit]) -> list[dict[str, float]]:
    """Estimate for each fit how often each diagnostic would be beyond its limit.

    Parameters
    ----------
    fits : sequence of mapping
        Fits that the text relies on; see `passes` and `toward_limit`.

    Returns
    -------
    list of dict
        For each fit, the probability by statistic, `divergences` included. Statistics that are not
        recorded are left out. Where a statistic could not be computed in some runs, the rate is at
        least the share of these.
    """
    priors = _priors(fits)
    found = []
    for fit in fits:
        rates = {}
        for statistic in STATISTICS:
            key = KEYS[statistic]
            if not recorded(fit, key):
                continue
            values, bound = toward_limit(fit, statistic)
            missing = 1.0 - len(values) / len(fit[key])
            rate = float(tail(values, bound, priors[statistic])) if len(values) > 2 else missing
            rates[statistic] = max(rate, missing)
        if recorded(fit, "divergences"):
            bad = int((column(fit, "divergences") != 0).sum())
            rates["divergences"] = (bad + 0.5 / len(fits)) / len(fit["divergences"])
        found.append(rates)
    return found


def divergences_at_most(fits: Sequence[Fit]) -> float:
    """Return an upper limit (95 %) of the expected number of fits with divergences in one build."""
    counted = [fit for fit in fits if recorded(fit, "divergences")]
    if not counted:
        return 0.0
    bad = sum(int((column(fit, "divergences") != 0).sum()) for fit in counted)
    runs = min(len(fit["divergences"]) for fit in counted)
    return float(stats.gamma.ppf(CAREFUL, bad + 0.5) / runs)


def passing_rate(fit: Fit) -> float:
    """Estimate how often a fit that is meant to fail would pass: at most this.

    Parameters
    ----------
    fit : mapping
        See `passes`.

    Returns
    -------
    float
        The smallest of the probabilities that one of the statistics alone is within its limit.
        (To pass, all have to be.)
    """
    rates = []
    for statistic in STATISTICS:
        if recorded(fit, KEYS[statistic]):
            values, bound = toward_limit(fit, statistic)
            if len(values) > 2:
                rates.append(1.0 - float(tail(values, bound, (0.0, 0.0))))
            else:
                rates.append(0.0)  # it could not be computed, and that fails
    if recorded(fit, "divergences"):
        count = column(fit, "divergences")
        none = int((count == 0).sum())
        rates.append((none + 0.5) / (len(count) + 1.0))
        if not none and len(count) > 2:
            # The root of a count is nearly Normal; half a unit below 1 begins 0.
            rates.append(float(tail(-np.sqrt(count), -np.sqrt(0.5), (0.0, 0.0))))
    return min(rates)


def calibration(fits: Sequence[Fit], rate: float = 0.01) -> dict[str, tuple[int, float]]:
    """Count runs that the others of the same fit make improbable.

    Parameters
    ----------
    fits : sequence of mapping
        See `passes`.
    rate : float
        How improbable.

    Returns
    -------
    dict
        By statistic, how many runs lie beyond the limit that the other runs of the fit are expected
        to exceed at this rate, and how many would if the distribution were right.
    """
    priors, counts = _priors(fits), {}
    for statistic in STATISTICS:
        beyond = total = 0
        for fit in fits:
            values, _ = toward_limit(fit, statistic)
            for i in range(len(values)) if len(values) > 3 else ():
                others = np.delete(values, i)
                beyond += int(tail(others, values[i], priors[statistic]) < rate)
                total += 1
        counts[statistic] = beyond, rate * total
    return counts


def comparison_rate(spread: float) -> float:
    """Return how often two estimates differ by more standard errors than `compare_posteriors` allows.

    Parameters
    ----------
    spread : float
        Root mean square of such distances between seeds. If standard errors are right it is 1; a
        smaller one is not relied on.
    """
    return float(2.0 * stats.norm.sf(LIMIT / max(spread, 1.0)))


def claim_rate(margins: Sequence[float]) -> float:
    """Return how often a claim would be false with further draws.

    Parameters
    ----------
    margins : sequence of float
        The distance by which it held, in standard errors, in each of several runs.

    Notes
    -----
    In its own standard errors a margin varies with a standard deviation of 1, or more if the
    observed one is larger.
    """
    values = np.asarray(margins, dtype=float)
    spread = max(1.0, values.std(ddof=1) if len(values) > 2 else 1.0)
    return float(stats.norm.sf(values.mean() / (spread * math.sqrt(1.0 + 1.0 / len(values)))))
