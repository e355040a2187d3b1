"""Ranks by hand, p-values and bands by enumeration of all outcomes, and bad input."""

from itertools import product

from companion.lessons.sbc import ecdf_difference, rank_of_truth, uniformity_p_value
from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
import pytest
from scipy import stats


def test_ranks_count_the_draws_below():
    draws = np.array([[1.0, 2.0, 3.0], [4.0, 6.0, 5.0], [0.0, -1.0, np.inf]])
    assert_array_equal(rank_of_truth(np.array([2.5, 0.0, 9.0]), draws), [2, 0, 2])


def test_only_the_order_matters():
    rng = np.random.default_rng(17001)
    truth, draws = rng.normal(size=30), rng.normal(size=(30, 20))
    assert_array_equal(rank_of_truth(truth, draws), rank_of_truth(np.exp(truth), np.exp(draws)))


def test_ties_are_broken_evenly():
    rng = np.random.default_rng(17002)
    draws = np.tile([0.0, 1.0, 1.0, 1.0, 2.0], (8000, 1))
    ranks = rank_of_truth(np.ones(8000), draws, rng)
    assert_array_equal(np.unique(ranks), [1, 2, 3, 4])
    assert np.abs(np.bincount(ranks)[1:] - 2000).max() < 5 * np.sqrt(8000 * 3 / 16)


def test_ranks_of_a_discrete_truth_are_uniform():
    rng = np.random.default_rng(17003)
    ranks = rank_of_truth(rng.poisson(1.0, 4000), rng.poisson(1.0, (4000, 9)), rng)
    assert uniformity_p_value(ranks, 9) > 0.001


def test_ties_without_a_generator_are_refused():
    with pytest.raises(ValueError, match="rng must be given.*1 of 2 simulations"):
        rank_of_truth(np.array([1.0, 2.0]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    with pytest.raises(TypeError, match="rng must be a numpy.random.Generator, but a int"):
        rank_of_truth(np.array([1.0]), np.array([[1.0]]), rng=17)


def smallest_tail(ranks, draws):
    """State the statistic once more, one k at a time."""
    tails = []
    for k in range(1, draws + 1):
        below = sum(rank < k for rank in ranks)
        n, p = len(ranks), k / (draws + 1)
        tails += [stats.binom.cdf(below, n, p), stats.binom.cdf(n - below, n, 1.0 - p)]
    return min(tails)


@pytest.mark.parametrize(("simulations", "draws"), [(1, 4), (2, 1), (4, 3), (5, 2)])
def test_the_p_value_is_that_of_all_outcomes(simulations, draws):
    outcomes = list(product(range(draws + 1), repeat=simulations))
    statistic = np.array([smallest_tail(ranks, draws) for ranks in outcomes])
    for ranks, own in zip(outcomes, statistic, strict=True):
        expected = np.mean(statistic <= own * (1.0 + 1e-9))
        assert_allclose(uniformity_p_value(np.array(ranks), draws), expected, atol=1e-12)


def leaves_the_band(ranks, draws, probability):
    table = ecdf_difference(ranks, draws, probability)
    above = table["difference"] > table["upper"] + 1e-12
    return bool((above | (table["difference"] < table["lower"] - 1e-12)).any())


@pytest.mark.parametrize("probability", [0.3, 0.8, 0.95])
def test_the_band_is_the_narrowest_that_holds_its_promise(probability):
    outcomes = np.array(list(product(range(4), repeat=4)))
    inside = np.array([not leaves_the_band(ranks, 3, probability) for ranks in outcomes])
    p_values = np.array([uniformity_p_value(ranks, 3) for ranks in outcomes])
    assert inside.mean() >= probability
    assert_array_equal(inside, p_values > 1.0 - probability)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 30),
    st.floats(0.05, 0.99),
    st.integers(0, 2**32 - 1),
)
def test_leaving_the_band_is_a_small_p_value(simulations, draws, probability, seed):
    rng = np.random.default_rng(seed)
    ranks = rng.binomial(draws, rng.uniform(), simulations)
    p_value = uniformity_p_value(ranks, draws)
    close = abs(p_value - (1.0 - probability)) < 1e-6
    assert close or leaves_the_band(ranks, draws, probability) == (p_value < 1.0 - probability)


def test_uniform_ranks_get_uniform_p_values():
    rng = np.random.default_rng(17004)
    p_values = [uniformity_p_value(rng.integers(0, 50, 200), 49) for _ in range(400)]
    for level in (0.1, 0.5, 0.9):
        assert np.mean(np.array(p_values) <= level) == pytest.approx(level, abs=0.08)


def test_the_mirror_image_is_as_surprising():
    ranks = np.random.default_rng(17005).binomial(20, 0.4, 50)
    assert_allclose(uniformity_p_value(ranks, 20), uniformity_p_value(20 - ranks, 20))


def test_the_curve_starts_and_ends_at_zero():
    table = ecdf_difference(np.array([0, 0, 1, 3]), 3)
    assert_allclose(table["x"], [0.0, 0.25, 0.5, 0.75, 1.0])
    assert_allclose(table["difference"], [0.0, 0.25, 0.25, 0.0, 0.0])
    assert (table.iloc[[0, -1]][["lower", "upper"]] == 0.0).all(axis=None)
    assert (table["lower"] <= table["upper"]).all()


@pytest.mark.parametrize(
    ("center", "spread", "found"),
    [(0.0, 1.0, False), (0.0, 0.8, True), (0.0, 1.25, True), (0.25, 1.0, True)],
)
def test_a_wrong_posterior_of_a_normal_mean_is_found(center, spread, found):
    rng = np.random.default_rng(17006)
    theta = rng.normal(size=1000)
    mean, sd = (theta + rng.normal(size=1000)) / 2.0, np.sqrt(0.5)
    draws = rng.normal((mean + center * sd)[:, None], spread * sd, (1000, 99))
    assert (uniformity_p_value(rank_of_truth(theta, draws), 99) < 1e-4) == found
