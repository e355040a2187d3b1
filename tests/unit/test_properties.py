"""Properties that hold for any input, tried with inputs that Hypothesis makes up.

Each test states a law: detailed balance, reversibility, a rank that any order of equally likely values gives
once. Examples are always the same, so that a test that passes keeps passing.
"""

import math

from companion.lessons.mcmc import State, hmc_kernel, leapfrog, metropolis_hastings_kernel
from companion.lessons.sbc import ecdf_difference, rank_of_truth, uniformity_p_value
from companion.lessons.scores import elpd_difference, exact_loo, pointwise_waic
from companion.tables import FIGURE_SPACE, MINUS, MOST_DECIMALS, POINT_SPACE, decimals_for, table
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
import pandas as pd
import pytest

a_property = settings(
    derandomize=True,
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)

seeds = st.integers(0, 2**32 - 1)


def numbers(low, high, **shape):
    """Return a strategy for arrays of finite numbers."""
    return arrays.arrays(float, elements=st.floats(low, high), **shape)


# --- Metropolis-Hastings on a few states ----------------------------------------------------------


def flows(seed, states, corrected):
    """Return the probability flow from each state to each other, with a proposal that is not symmetric.

    States are positions 0, 1, 2, ...; each chain starts in one state and is proposed another.
    """
    rng = np.random.default_rng(seed)
    target = rng.dirichlet(np.ones(states))
    proposal = rng.dirichlet(np.ones(states), size=states)
    start, end = (part.ravel() for part in np.indices((states, states)))

    def log_density(position):
        return np.log(target)[position[:, 0].astype(int)]

    def correction(new, old):
        new, old = new[:, 0].astype(int), old[:, 0].astype(int)
        return np.log(proposal[new, old]) - np.log(proposal[old, new])

    kernel = metropolis_hastings_kernel(
        log_density,
        propose=lambda position, rng: end[:, None].astype(float),
        log_proposal_ratio=correction if corrected else None,
    )
    state, info = kernel.step(kernel.init(start[:, None].astype(float)), rng)
    assert_array_equal(state.position[:, 0], np.where(info.accepted, end, start))
    flow = target[start] * proposal[start, end] * info.acceptance
    return flow.reshape(states, states), target, proposal


@a_property
@given(seed=seeds, states=st.integers(2, 6))
def test_metropolis_hastings_is_in_detailed_balance_and_leaves_its_target_alone(seed, states):
    flow, target, proposal = flows(seed, states, corrected=True)
    assert_allclose(flow, flow.T, rtol=1e-9, atol=1e-15)
    transition = flow / target[:, None]
    transition += np.diag(1.0 - transition.sum(axis=1))
    assert (transition >= -1e-12).all()
    assert_allclose(target @ transition, target, rtol=1e-9)


@a_property
@given(seed=seeds, states=st.integers(2, 6))
def test_without_the_hastings_correction_there_is_no_balance(seed, states):
    flow, target, proposal = flows(seed, states, corrected=False)
    lopsided = np.abs(proposal - proposal.T).max() > 0.05
    assume(lopsided and target.min() > 0.02)
    assert np.abs(flow - flow.T).max() > 1e-5


# --- Hamiltonian motion ---------------------------------------------------------------------------


def quartic(position):
    """Return the gradient of a log density that is no Normal's."""
    return -(position**3) - 0.5 * position


paths = {
    "position": numbers(-2.0, 2.0, shape=3),
    "momentum": numbers(-2.0, 2.0, shape=3),
    "step_size": st.floats(0.01, 0.3),
    "steps": st.integers(1, 20),
}


@a_property
@given(**paths)
def test_the_leapfrog_goes_back_when_the_momentum_is_turned(position, momentum, step_size, steps):
    there, speed = leapfrog(position, momentum, quartic, step_size, steps)
    back, slowed = leapfrog(there[-1], -speed[-1], quartic, step_size, steps)
    assert_allclose(back[::-1], there, atol=1e-6)
    assert_allclose(-slowed[::-1], speed, atol=1e-6)


@a_property
@given(root=numbers(-1.0, 1.0, shape=(2, 2)), step_size=paths["step_size"], steps=paths["steps"])
def test_the_leapfrog_keeps_volume_and_areas(root, step_size, steps):
    precision = root @ root.T + 0.1 * np.eye(2)
    start = np.eye(4)  # of a Normal target the map is linear: see where the axes go
    there, speed = leapfrog(start[:, :2], start[:, 2:], lambda q: -q @ precision, step_size, steps)
    matrix = np.hstack([there[-1], speed[-1]]).T
    areas = np.block([[np.zeros((2, 2)), np.eye(2)], [-np.eye(2), np.zeros((2, 2))]])
    assert np.linalg.det(matrix) == pytest.approx(1.0, rel=1e-8)
    assert_allclose(matrix.T @ areas @ matrix, areas, atol=1e-8)


@a_property
@given(seed=seeds, step_size=st.floats(0.01, 3.0), steps=st.integers(1, 10))
def test_hmc_accepts_with_the_probability_of_its_energy_error(seed, step_size, steps):
    kernel = hmc_kernel(
        lambda q: -0.25 * (q**4).sum(axis=-1) - 0.25 * (q**2).sum(axis=-1),
        quartic,
        step_size,
        steps,
    )
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):  # a step that is far too long
        before = kernel.init(rng.standard_normal((5, 2)))
        after, info = kernel.step(before, rng)
        expected = np.exp(np.minimum(0.0, np.nan_to_num(-info.energy_error, nan=-np.inf)))
    assert_allclose(info.acceptance, expected)
    moved = info.accepted[:, None]
    assert_array_equal(after.position, np.where(moved, info.proposal, before.position))
    assert isinstance(after, State) and np.isfinite(after.log_density).all()


# --- Ranks ----------------------------------------------------------------------------------------


@a_property
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30, unique=True))
def test_each_of_several_equally_likely_values_has_another_rank(values):
    """If truth and draws are exchangeable, each of them may be the truth: every rank comes up once."""
    values = np.array(values)
    truths = np.arange(len(values))
    others = np.array([np.delete(values, i) for i in truths])
    assert_array_equal(np.sort(rank_of_truth(values, others)), truths)


@a_property
@given(
    seed=seeds,
    truth=arrays.arrays(int, 8, elements=st.integers(0, 3)),
    draws=arrays.arrays(int, (8, 12), elements=st.integers(0, 3)),
)
def test_a_tie_is_broken_between_the_ranks_that_are_possible(seed, truth, draws):
    ranks = rank_of_truth(truth, draws, np.random.default_rng(seed))
    below, equal = (draws < truth[:, None]).sum(axis=1), (draws == truth[:, None]).sum(axis=1)
    assert (below <= ranks).all() and (ranks <= below + equal).all()


@a_property
@given(truth=numbers(-50.0, 50.0, shape=4), draws=numbers(-50.0, 50.0, shape=(4, 9)), seed=seeds)
def test_a_rank_depends_on_the_order_alone(truth, draws, seed):
    assume(not (draws == truth[:, None]).any())
    ranks = rank_of_truth(truth, draws)
    shuffled = np.random.default_rng(seed).permuted(draws, axis=1)
    assert_array_equal(rank_of_truth(truth, shuffled), ranks)
    assert_array_equal(rank_of_truth(8.0 * truth, 8.0 * draws), ranks)  # 8 rounds nothing
    assert_array_equal(rank_of_truth(-truth, -draws), 9 - ranks)


@a_property
@given(
    ranks=arrays.arrays(int, st.integers(1, 40), elements=st.integers(0, 9)),
    probability=st.floats(0.5, 0.99),
)
def test_the_p_value_is_symmetric_and_goes_with_the_band(ranks, probability):
    p = uniformity_p_value(ranks, 9)
    assert 0.0 <= p <= 1.0
    assert uniformity_p_value(9 - ranks, 9) == pytest.approx(p, abs=1e-9)
    curve = ecdf_difference(ranks, 9, probability)
    outside = (curve["difference"] < curve["lower"] - 1e-12) | (
        curve["difference"] > curve["upper"] + 1e-12
    )
    assume(abs(p - (1.0 - probability)) > 1e-6)
    assert outside.any() == (p <= 1.0 - probability)


# --- Scores ---------------------------------------------------------------------------------------

tables_of_scores = numbers(-0.5, 0.5, shape=(20, 6))


@a_property
@given(values=tables_of_scores, seed=seeds)
def test_waic_does_not_see_the_order_of_draws(values, seed):
    rng = np.random.default_rng(seed)
    found = pointwise_waic(values)
    other = pointwise_waic(rng.permutation(values, axis=0))
    columns = rng.permutation(6)
    moved = pointwise_waic(values[:, columns])
    assert_allclose(other.lppd_i, found.lppd_i, atol=1e-12)
    assert_allclose(other.p_i, found.p_i, atol=1e-12)
    assert_allclose(moved.elpd_i, found.elpd_i[columns], atol=1e-12)
    assert moved.elpd == pytest.approx(found.elpd, abs=1e-10)


@a_property
@given(values=tables_of_scores, constant=numbers(-700.0, 700.0, shape=6))
def test_another_unit_of_an_observation_moves_its_score_and_no_penalty(values, constant):
    found, moved = pointwise_waic(values), pointwise_waic(values + constant)
    assert_allclose(moved.lppd_i, found.lppd_i + constant, atol=1e-9)
    assert_allclose(moved.p_i, found.p_i, atol=1e-9)


@a_property
@given(
    first=numbers(-50.0, 50.0, shape=7),
    second=numbers(-50.0, 50.0, shape=7),
    common=numbers(-50.0, 50.0, shape=7),
    constant=st.floats(-10.0, 10.0),
)
def test_a_difference_of_scores_has_two_sides_and_no_unit(first, second, common, constant):
    difference, error = elpd_difference(first, second)
    assert elpd_difference(second, first) == pytest.approx((-difference, error), abs=1e-9)
    assert elpd_difference(first + common, second + common) == pytest.approx(
        (difference, error), abs=1e-6
    )
    assert elpd_difference(first + constant, second) == pytest.approx(
        (difference + 7 * constant, error), abs=1e-6
    )
    loo = exact_loo(first, first + 1.0)
    assert loo.elpd == pytest.approx(first.sum()) and loo.p == pytest.approx(7.0)


# --- Tables ---------------------------------------------------------------------------------------


@a_property
@given(error=st.floats(1e-12, 1e12))
def test_decimals_end_at_the_first_digit_of_the_error(error):
    decimals = decimals_for(error)
    assert 0 <= decimals <= MOST_DECIMALS
    assert decimals == MOST_DECIMALS or 10.0**-decimals <= error * (1.0 + 1e-12)
    assert decimals == 0 or error < 10.0 ** (1 - decimals) * (1.0 + 1e-12)


@a_property
@given(error=st.sampled_from([0.0, -1.0, math.nan, math.inf, -math.inf, 5e-324, 1.7e308]))
def test_any_error_has_decimals(error):
    assert 0 <= decimals_for(error) <= MOST_DECIMALS


columns_of_numbers = st.one_of(
    st.lists(st.floats(-1e9, 1e9), min_size=3, max_size=3),
    st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=3),
    st.lists(st.integers(-(10**9), 10**9), min_size=3, max_size=3),
)


@a_property
@given(columns=st.lists(columns_of_numbers, min_size=1, max_size=4))
def test_a_number_in_a_table_is_right_to_half_a_unit(columns):
    frame = pd.DataFrame({f"c{i}": column for i, column in enumerate(columns)})
    shown = table(frame)
    assert shown.data is frame and shown.to_html().count("<td>") >= frame.size
    for name in frame:
        for text, value in zip(shown.cells[name], frame[name], strict=True):
            plain = text.replace(MINUS, "-").strip(FIGURE_SPACE + POINT_SPACE + " ")
            decimals = len(plain.partition(".")[2])
            slack = 1e-9 * abs(value)  # of the sum below, not of the table
            assert abs(float(plain) - value) <= 0.5 * 10.0**-decimals + slack
            assert not plain.startswith("-") or float(plain) < 0.0  # no minus before a zero


anything = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(),
    st.booleans(),
    st.none(),
    st.text(max_size=9),
)


@a_property
@given(rows=st.lists(st.tuples(anything, anything, st.floats()), max_size=5))
def test_a_table_of_anything_can_be_shown(rows):
    shown = table(pd.DataFrame(rows, columns=["a", "b", "c"]))
    assert shown.to_html().startswith("<table") and isinstance(repr(shown), str)
