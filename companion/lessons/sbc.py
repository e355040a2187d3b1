"""Simulation-based calibration: does a program find the truth as often as it says?

Draw a truth from the prior, data from the likelihood, and fit the data. If the program is right, the
truth is one more draw from the posterior, and its rank among independent draws is uniform. This module
computes the ranks and holds them against a uniform, exactly: no simulation, no seed.

ArviZ's `plot_ecdf_pit` tests continuous values. Ranks are whole numbers, with many ties when there are
more simulations than draws, so their own distribution is used here.
"""

from __future__ import annotations

from functools import lru_cache

from companion.inputs import as_array, positive_whole
from companion.inputs import probability as check_probability
import numpy as np
import pandas as pd
from scipy import stats

__all__ = ["ecdf_difference", "rank_of_truth", "uniformity_p_value"]

# Two tail probabilities that are equal in theory may differ in their last digits.
TOLERANCE = 1e-9
BISECTIONS = 30


def rank_of_truth(
    truth: np.ndarray, draws: np.ndarray, rng: np.random.Generator | None = None
) -> np.ndarray:
    """Count, for each simulated data set, the posterior draws below the truth.

    If the truth came from the prior, its data from the likelihood, and the draws are *independent*
    draws from the posterior, each rank from 0 to the number of draws is equally likely. Draws of a
    Markov chain are not independent: thin them to about their effective sample size first, or ranks
    pile up at both ends although nothing is wrong.

    Parameters
    ----------
    truth : array, shape (simulation,)
        The value that made each data set: a parameter, or a function of parameters and data.
    draws : array, shape (simulation, draw)
        The same quantity at draws from the posterior of that data set.
    rng : numpy.random.Generator, optional
        Breaks ties, by giving each possible rank the same chance. Needed only if there are ties.

    Returns
    -------
    numpy.ndarray of int, shape (simulation,)
        Ranks from 0 to the number of draws.

    Raises
    ------
    TypeError
        If `truth` or `draws` are no numbers, or `rng` is something else than a generator.
    ValueError
        If shapes do not match, a value is not a number, or there are ties and no `rng`.

    References
    ----------
    Talts, Betancourt, Simpson, Vehtari and Gelman (2018), arXiv:1804.06788.
    Modrák, Moon, Kim, Bürkner, Huurre, Faltejsková, Gelman and Vehtari (2025), doi:10.1214/23-BA1404
    (quantities that depend on the data, and ties).
    """
    truth = as_array("truth", truth).astype(float)
    draws = as_array("draws", draws).astype(float)
    if truth.ndim != 1 or draws.ndim != 2 or len(truth) != len(draws) or draws.size == 0:
        raise ValueError(
            "truth must have the shape (simulation,) and draws (simulation, draw), but have "
            f"{truth.shape} and {draws.shape}."
        )
    for name, values in {"truth": truth, "draws": draws}.items():
        if np.isnan(values).any():
            raise ValueError(f"{name} must be numbers, but {np.isnan(values).sum()} are NaN.")
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng must be a numpy.random.Generator, but a {type(rng).__name__} was given."
        )
    below = (draws < truth[:, None]).sum(axis=1)
    ties = (draws == truth[:, None]).sum(axis=1)
    if ties.any():
        if rng is None:
            raise ValueError(
                "rng must be given, because draws equal to the truth have to be broken at random: "
                f"{np.count_nonzero(ties)} of {len(ties)} simulations have such draws."
            )
        below += rng.integers(0, ties, endpoint=True)
    return below


def ecdf_difference(ranks: np.ndarray, draws: int, probability: float = 0.95) -> pd.DataFrame:
    """Set the empirical distribution of ranks against a uniform, with a simultaneous band.

    Parameters
    ----------
    ranks : array of int, shape (simulation,)
        Ranks from 0 to `draws`.
    draws : int
        Number of posterior draws that the truth was ranked among.
    probability : float
        Probability, if ranks are independent and uniform, that the *whole* curve stays inside the
        band, between 0 and 1. Ranks are discrete, so the true probability is this or a little more.

    Returns
    -------
    pandas.DataFrame
        One row for each k = 0, ..., draws + 1 with the columns `x`, the uniform share k / (draws + 1);
        `difference`, the share of ranks below k minus `x`; and the band from `lower` to `upper`,
        both included. The curve leaves the band exactly if `uniformity_p_value` is at most
        1 - probability.

    Raises
    ------
    ValueError
        If there are no ranks, one is not a whole number from 0 to `draws`, `draws` is not a positive
        whole number, or `probability` is not between 0 and 1.

    References
    ----------
    Säilynoja, Bürkner and Vehtari (2022), doi:10.1007/s11222-022-10090-6. The bands are theirs; the
    probability of staying inside is exact here, by a sum over paths.
    """
    below = _counts_below(ranks, draws)
    check_probability("probability", probability)
    simulations = len(ranks)
    x = np.arange(draws + 2) / (draws + 1)
    low, high = _band(probability, simulations, draws)
    return pd.DataFrame(
        {
            "x": x,
            "difference": np.concatenate([[0.0], below / simulations - x[1:-1], [0.0]]),
            "lower": np.concatenate([[0.0], low / simulations - x[1:-1], [0.0]]),
            "upper": np.concatenate([[0.0], high / simulations - x[1:-1], [0.0]]),
        }
    )


def uniformity_p_value(ranks: np.ndarray, draws: int) -> float:
    """Return how surprising ranks would be if they were uniform.

    For every k, the number of ranks below k has a binomial distribution. The statistic is the
    smallest of all its tail probabilities, over all k and both sides: where the curve of
    `ecdf_difference` is most surprising.

    Parameters
    ----------
    ranks : array of int, shape (simulation,)
        Ranks from 0 to `draws`.
    draws : int
        Number of posterior draws that the truth was ranked among.

    Returns
    -------
    float
        The probability, if ranks are independent and uniform, of a statistic at least as extreme. It
        is exact. A small value says that truth and draws do not come from one distribution; a large
        one says only that these simulations did not show it.

    Raises
    ------
    ValueError
        If there are no ranks, one is not a whole number from 0 to `draws`, or `draws` is not a
        positive whole number.

    References
    ----------
    Säilynoja, Bürkner and Vehtari (2022), doi:10.1007/s11222-022-10090-6, section 2.
    """
    below = _counts_below(ranks, draws)
    at_most, at_least = _tails(below, len(ranks), draws)
    level = min(at_most.min(), at_least.min())
    inside = _probability_inside(*_bounds(level, len(ranks), draws), len(ranks))
    return float(np.clip(1.0 - inside, 0.0, 1.0))


def _counts_below(ranks: np.ndarray, draws: int) -> np.ndarray:
    """Check ranks, and count those below k for k = 1, ..., draws."""
    positive_whole("draws", draws)
    ranks = as_array("ranks", ranks)
    if ranks.ndim != 1 or len(ranks) == 0:
        raise ValueError(f"ranks must have the shape (simulation,), but have {ranks.shape}.")
    if ranks.dtype.kind not in "iu" or ranks.min() < 0 or ranks.max() > draws:
        raise ValueError(
            f"ranks must be whole numbers from 0 to draws, here {draws}, but {ranks.dtype} from "
            f"{ranks.min()} to {ranks.max()} were given."
        )
    return np.cumsum(np.bincount(ranks, minlength=draws + 1))[:-1]


def _binomials(simulations: int, draws: int) -> stats.rv_frozen:
    """Return the distributions of the number of ranks below k, for k = 1, ..., draws."""
    return stats.binom(simulations, np.arange(1, draws + 1) / (draws + 1))


def _tails(below: np.ndarray, simulations: int, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of as few ranks below each k, and of as many."""
    binomials = _binomials(simulations, draws)
    return binomials.cdf(below), binomials.sf(below - 1)


def _bounds(level: float, simulations: int, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and the largest counts whose tail probabilities both exceed a level."""
    exceeded = min(level * (1.0 + TOLERANCE), 1.0)
    binomials = _binomials(simulations, draws)
    low = binomials.ppf(exceeded)
    low += binomials.cdf(low) <= exceeded  # ppf stops at equality
    # P(at least r) of k is P(at most n - r) of draws + 1 - k.
    return low.astype(int), (simulations - low[::-1]).astype(int)


@lru_cache(maxsize=32)
def _band(probability: float, simulations: int, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of the narrowest band that holds uniform ranks with a probability."""
    narrow, wide = 1.0, 0.0  # levels: a band too narrow, and one that is wide enough
    for _ in range(BISECTIONS):
        level = (narrow + wide) / 2.0
        if _probability_inside(*_bounds(level, simulations, draws), simulations) >= probability:
            wide = level
        else:
            narrow = level
    return _bounds(wide, simulations, draws)


def _probability_inside(low: np.ndarray, high: np.ndarray, simulations: int) -> float:
    """Return the probability that the counts below every k stay within bounds, if ranks are uniform.

    Uniform ranks fall into draws + 1 cells like independent Poisson counts whose total is known. So add
    cell after cell, and keep only the paths that are inside.
    """
    cell = stats.poisson(simulations / (len(low) + 1))
    counts, first, paths = cell.pmf(np.arange(simulations + 1)), 0, np.ones(1)
    for lowest, highest in zip(low, high, strict=True):
        if lowest > highest:
            return 0.0
        grown = np.convolve(paths, counts[: highest - first + 1])
        paths, first = grown[lowest - first : highest - first + 1], lowest
    last = counts[simulations - first - np.arange(len(paths))]
    return float(paths @ last / stats.poisson(simulations).pmf(simulations))
