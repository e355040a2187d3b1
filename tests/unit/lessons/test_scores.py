"""WAIC against hand computations, differences of scores, and what bad input is told."""

import arviz as az
from companion.lessons.scores import elpd_difference, exact_loo, pointwise_waic, waic
import numpy as np
from numpy.testing import assert_allclose
import pytest
from scipy import stats


def tree(values, name="y", group="log_likelihood"):
    return az.from_dict({"posterior": {"x": np.zeros(values.shape[:2])}, group: {name: values}})


def test_draws_that_agree_pay_nothing():
    log_density = np.array([-1.0, -2.5, -0.25])
    found = pointwise_waic(np.tile(log_density, (5, 1)))
    assert_allclose(found.lppd_i, log_density)
    assert_allclose(found.p_i, 0.0, atol=1e-15)
    assert_allclose(found.waic, 7.5)


def test_two_draws_of_a_coin_by_hand():
    # Heads and tails, with the probability of heads 1/4 in one draw and 1/2 in the other.
    found = pointwise_waic(np.log([[0.25, 0.75], [0.5, 0.5]]))
    assert_allclose(found.lppd_i, np.log([0.375, 0.625]))
    assert_allclose(found.p_i, [np.log(2.0) ** 2 / 2.0, np.log(1.5) ** 2 / 2.0])
    assert_allclose(found.elpd, found.lppd - found.p)
    assert_allclose(found.waic, -2.0 * found.elpd)
    spread = abs(found.elpd_i[0] - found.elpd_i[1])
    assert_allclose(found.se, spread)  # sqrt(2) times the sd of two numbers


@pytest.mark.parametrize("posterior_sd", [0.2, 0.5])
def test_a_normal_posterior_in_closed_form(posterior_sd):
    # theta ~ N(1, s^2) and y | theta ~ N(theta, 1). The draws are quantiles, so there is no noise.
    y, v = np.array([1.3, 0.1, 2.0]), posterior_sd**2
    grid = (np.arange(200_000) + 0.5) / 200_000
    theta = stats.norm(1.0, posterior_sd).ppf(grid)[:, None]
    found = pointwise_waic(stats.norm(theta, 1.0).logpdf(y))
    assert_allclose(found.lppd_i, stats.norm(1.0, np.sqrt(1.0 + v)).logpdf(y), atol=1e-6)
    assert_allclose(found.p_i, v**2 / 2.0 + v * (y - 1.0) ** 2, rtol=1e-3)
    assert found.unreliable == 0


def test_small_densities_do_not_underflow():
    log_density = np.array([[-1000.0, -3.0], [-1000.0 + np.log(3.0), -3.0]])
    with pytest.warns(UserWarning, match="1 of 2 observations"):
        found = pointwise_waic(log_density)
    assert_allclose(found.lppd_i, [-1000.0 + np.log(2.0), -3.0])


def test_a_variance_above_the_limit_warns_and_is_counted():
    below, above = np.sqrt(0.39 * 2.0), np.sqrt(0.41 * 2.0)  # of two draws, that far apart
    with pytest.warns(UserWarning, match="p_waic exceeds 0.4 for 1 of 2"):
        found = pointwise_waic(np.array([[0.0, 0.0], [below, above]]))
    assert_allclose(found.p_i, [0.39, 0.41])
    assert found.unreliable == 1


def test_a_tree_gives_the_same_as_its_array():
    values = np.random.default_rng(1).normal(-1.0, 0.1, size=(4, 50, 2, 3))
    found = waic(tree(values))
    by_hand = pointwise_waic(values.reshape(200, 6))
    assert_allclose(found.elpd_i, by_hand.elpd_i)
    turned = az.from_dict({"log_likelihood": {"y": values}})
    turned["log_likelihood"] = turned["log_likelihood"].to_dataset().transpose(..., "draw", "chain")
    assert_allclose(waic(turned).elpd_i, by_hand.elpd_i)


def test_waic_and_loo_agree_where_both_work():
    rng = np.random.default_rng(2)
    y = rng.standard_normal(200)
    mean = y.mean() + rng.standard_normal((4, 1000)) / np.sqrt(200)
    fit = tree(stats.norm(mean[..., None], 1.0).logpdf(y))
    assert waic(fit).elpd == pytest.approx(az.loo(fit).elpd, abs=0.01)


def test_a_bad_tree_is_refused():
    values = np.zeros((2, 5, 3))
    with pytest.raises(ValueError, match="its groups are: posterior, prior"):
        waic(tree(values, group="prior"))
    with pytest.raises(ValueError, match="its groups are: none"):
        waic(values)
    two = az.from_dict({"log_likelihood": {"a": values, "b": values}})
    with pytest.raises(ValueError, match="has a, b"):
        waic(two)
    with pytest.raises(ValueError, match="one of a, b, but 'c'"):
        waic(two, var_name="c")
    assert waic(two, var_name="b").lppd == 0.0
    flat = tree(values)
    flat["log_likelihood"] = flat["log_likelihood"].to_dataset().isel(chain=0, drop=True)
    with pytest.raises(ValueError, match="dimensions chain and draw, but has draw"):
        waic(flat)


def test_a_difference_is_paired():
    first, second = np.array([-1.0, -5.0, -3.0]), np.array([-2.0, -5.5, -3.0])
    difference, error = elpd_difference(first, second)
    assert difference == pytest.approx(1.5)
    assert error == pytest.approx(np.sqrt(3.0) * 0.5)
    assert elpd_difference(second, first) == pytest.approx((-difference, error))


def test_exact_scores_go_through_arviz():
    rng = np.random.default_rng(3)
    good, bad = rng.normal(-1.0, 0.3, 200), rng.normal(-2.0, 0.3, 200)
    table = az.compare(
        {"bad": exact_loo(bad, bad + 0.01), "good": exact_loo(good, good + 0.02)}, round_to="none"
    )
    difference, _ = elpd_difference(bad, good)
    assert list(table.index) == ["good", "bad"]
    assert table.loc["bad", "elpd_diff"] == pytest.approx(difference)
    assert table.loc["good", "p"] == pytest.approx(4.0)
    assert table["weight"].sum() == pytest.approx(1.0)


def test_exact_scores_are_shown_as_two_observations_with_the_usual_limit_of_k():
    shown = " ".join(str(exact_loo([-1.0, -2.0], [-0.9, -1.7])).split())
    assert "elpd_loo -3.00 1.00" in shown and "p_loo 0.40" in shown
    assert "(-Inf, 0.70] (good) 2 100.0% (0.70, 1] (bad) 0" in shown
