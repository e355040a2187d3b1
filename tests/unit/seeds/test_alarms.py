"""Rates of false alarms: right where the truth is known, and never below what was seen."""

import arviz as az
from companion.diagnostics import diagnose
from companion.scalars import Scalars
import numpy as np
import pytest
from scipy import signal, special, stats
from seeds import alarms


def fit(n=21, rhat=1.003, bulk=2000.0, tail=2000.0, bfmi=0.9, divergences=0, noise=0.05, seed=1):
    """Return a fit whose statistics vary around the given ones."""
    rng = np.random.default_rng([7201, seed])
    around = {"bulk": bulk, "tail": tail, "bfmi": bfmi}
    return {
        "chains": 4,
        "draws": 1000,
        "rhat": list(1.0 + (rhat - 1.0) * np.exp(4.0 * noise * rng.standard_normal(n))),
        "divergences": list(np.broadcast_to(divergences, n)),
    } | {key: list(value * (1.0 + noise * rng.standard_normal(n))) for key, value in around.items()}


@pytest.mark.parametrize(
    ("values", "diverging"),
    [
        (np.random.default_rng(7202).standard_normal((4, 1000)), 0),
        (np.random.default_rng(7202).standard_normal((4, 1000)), 1),
        (np.random.default_rng(7203).standard_normal((4, 99)), 0),
        (np.random.default_rng(7204).standard_normal((4, 1000)) + np.arange(4)[:, None], 0),
        (np.random.default_rng(7204).standard_normal((4, 400)).cumsum(axis=1), 0),
        (np.full((4, 1000), np.nan), 0),
        (np.random.default_rng(7202).standard_normal((1, 4000)), 0),
    ],
)
def test_a_run_passes_exactly_if_diagnose_says_so(values, diverging):
    from seeds.in_kernel import statistics

    divergent = np.zeros(values.shape, dtype=bool)
    divergent[0, :diverging] = True
    energy = np.random.default_rng(7205).standard_normal(values.shape)
    tree = az.from_dict(
        {"posterior": {"x": values}, "sample_stats": {"diverging": divergent, "energy": energy}}
    )
    worst, _ = statistics(tree, None)
    run = {key: [value] for key, value in worst.items()} | {"chains": 4, "draws": values.shape[1]}
    expected = diagnose({"x": tree}, require_healthy=False).loc["problems", "x"] == "none"
    assert alarms.passes(run).tolist() == [expected]


def test_a_fit_with_slow_energies_does_not_pass():
    assert alarms.passes(fit(bfmi=0.9)).all()
    assert not alarms.passes(fit(bfmi=0.2)).any()


def test_a_sampler_without_energies_and_divergences_can_pass():
    plain = fit() | {"bfmi": [None] * 21, "divergences": [None] * 21}
    assert alarms.passes(plain).all()
    assert set(alarms.alarm_rates([plain, fit(seed=2)])[0]) == {"R-hat", "bulk ESS", "tail ESS"}


def test_a_common_variance_is_found_with_its_weight():
    rng = np.random.default_rng(7206)
    degrees = np.full(4000, 20.0)
    truth = 0.3 * 10.0 / rng.chisquare(10.0, 4000)  # scaled inverse chi-squared
    degrees_found, variance = alarms.common_variance(
        truth * rng.chisquare(20.0, 4000) / 20.0, degrees
    )
    assert degrees_found == pytest.approx(10.0, rel=0.15)
    assert variance == pytest.approx(0.3, rel=0.05)
    same = 0.3 * rng.chisquare(20.0, 4000) / 20.0
    degrees_found, variance = alarms.common_variance(same, degrees)
    assert degrees_found > 200.0
    assert variance == pytest.approx(0.3, rel=0.05)
    assert alarms.common_variance(np.array([0.3]), np.array([20.0])) == (0.0, 0.0)


def test_of_a_few_fits_variances_spread_as_much_as_of_many():
    rng = np.random.default_rng(7210)
    spreads = []
    for _ in range(1000):
        truth = 0.3 * 2.0 / rng.chisquare(2.0, 5)
        seen = truth * rng.chisquare(20.0, 5) / 20.0
        degrees, _ = alarms.common_variance(seen, np.full(5, 20.0))
        spreads.append(0.0 if np.isinf(degrees) else special.polygamma(1, degrees / 2.0))
    assert np.mean(spreads) == pytest.approx(special.polygamma(1, 1.0), rel=0.1)


@pytest.mark.parametrize("limit", [1.5, 3.0])
def test_a_further_value_lies_beyond_a_limit_as_often_as_predicted(limit):
    rng = np.random.default_rng(7207)
    rates = [
        alarms.tail(rng.normal(2.0, 0.5, 21), 2.0 + 0.5 * limit, (0.0, 0.0)) for _ in range(4000)
    ]
    # The t distribution is exact: for a limit that is itself drawn the mean is the Normal's tail.
    drawn = [
        alarms.tail(rng.normal(2.0, 0.5, 21), rng.normal(2.0, 0.5), (0.0, 0.0)) for _ in range(4000)
    ]
    assert stats.kstest(drawn, "uniform").pvalue > 1e-4
    assert np.mean(rates) > stats.norm.sf(limit)  # what is not known makes the tail heavier
    assert alarms.tail(np.zeros(21), limit, (np.inf, 1.0)) == pytest.approx(
        stats.norm.sf(limit / np.sqrt(1 + 1 / 21))
    )


def test_thin_fits_have_higher_rates_than_others():
    others = [fit(seed=i) for i in range(20)]
    rates = alarms.alarm_rates(
        [fit(), fit(rhat=1.008), fit(bulk=460.0), fit(tail=460.0), fit(bfmi=0.34), *others]
    )
    for which, statistic in enumerate(alarms.STATISTICS, start=1):
        assert rates[0][statistic] < 1e-3 < rates[which][statistic] < 0.5
    assert rates[0]["divergences"] == pytest.approx(0.5 / 25 / 21)


def test_half_chains_that_all_have_the_same_mean_are_no_reason_for_an_alarm():
    least = np.nextafter(np.sqrt(1.0 - 1.0 / 500), 0.0)  # of 1,000 draws; rounded down
    rates = alarms.alarm_rates([fit() | {"rhat": [least] * 21}, *[fit(seed=i) for i in range(20)]])
    assert rates[0]["R-hat"] < 1e-3


def test_two_runs_of_a_fit_say_nothing_about_others():
    others = [fit(seed=i) for i in range(5)]
    pair = fit(n=2, noise=0.3, seed=9)
    for alone, beside in zip(
        alarms.alarm_rates(others), alarms.alarm_rates([*others, pair]), strict=False
    ):
        for statistic in alarms.STATISTICS:
            assert beside[statistic] == alone[statistic]


def test_the_rate_of_a_fit_that_fails_is_near_the_share_that_was_seen():
    failing = fit(rhat=1.01, seed=3)
    share = 1.0 - alarms.passes(failing).mean()
    assert 0.2 < share < 0.8
    assert alarms.alarm_rates([failing, *[fit(seed=i) for i in range(9)]])[0][
        "R-hat"
    ] == pytest.approx(share, abs=0.2)


def test_a_statistic_that_cannot_be_computed_is_an_alarm():
    broken = fit()
    broken["rhat"][:7] = [None] * 7
    assert not alarms.passes(broken)[:7].any()
    assert alarms.alarm_rates([broken, fit(seed=2)])[0]["R-hat"] == pytest.approx(1 / 3)
    nothing = fit() | {"rhat": [None] * 21}
    assert alarms.alarm_rates([nothing])[0]["R-hat"] == 1.0
    assert alarms.passing_rate(nothing) == 0.0


def test_divergences_add_up_to_the_posterior_of_the_total():
    fits = [fit(seed=i) for i in range(9)] + [fit(divergences=[3, 1] + [0] * 19, seed=9)]
    rates = [rate["divergences"] for rate in alarms.alarm_rates(fits)]
    assert sum(rates) == pytest.approx(stats.gamma(2 + 0.5).mean() / 21)
    assert alarms.divergences_at_most(fits) == pytest.approx(stats.gamma(2.5).ppf(0.95) / 21)
    assert alarms.divergences_at_most([]) == 0.0


def test_a_fit_that_fails_by_far_would_hardly_ever_pass():
    assert alarms.passing_rate(fit(rhat=1.2)) < 1e-6
    assert 1e-3 < alarms.passing_rate(fit(rhat=1.014)) < 0.3
    # 30 divergences, give or take: their root is 5.5, give or take 0.5.
    many = fit(divergences=np.random.default_rng(7208).poisson(30, 21))
    few = fit(divergences=np.random.default_rng(7208).poisson(3, 21))
    assert alarms.passing_rate(many) < 1e-5
    assert 0.01 < alarms.passing_rate(few) < 0.2


def test_a_fit_that_fails_is_judged_by_the_spread_of_its_own_runs():
    bad = fit(rhat=1.014)
    values, bound = alarms.toward_limit(bad, "R-hat")
    distance = (bound - values.mean()) / (values.std(ddof=1) * np.sqrt(1 + 1 / 21))
    assert alarms.passing_rate(bad) == pytest.approx(stats.t(20).cdf(distance))


def test_divergences_in_all_runs_are_judged_by_the_spread_of_their_roots():
    count = np.random.default_rng(7210).poisson(10, 21)
    roots = np.sqrt(count)
    distance = (roots.mean() - np.sqrt(0.5)) / (roots.std(ddof=1) * np.sqrt(1 + 1 / 21))
    assert count.min() > 0
    assert alarms.passing_rate(fit(divergences=count)) == pytest.approx(stats.t(20).sf(distance))


def test_a_fit_that_diverges_in_all_runs_but_one_passes_about_once_in_as_many():
    assert alarms.passing_rate(fit(divergences=[0] + [5] * 20)) == pytest.approx(1.5 / 22)


def test_calibration_counts_what_the_other_runs_make_improbable():
    fits = [fit(seed=i) for i in range(60)]
    for beyond, expected in alarms.calibration(fits, 0.05).values():
        assert expected == pytest.approx(63.0)
        assert beyond == pytest.approx(63, abs=4 * np.sqrt(63))
    heavy = [values | {"tail": list(2000 + 50 * np.random.default_rng(i).standard_t(2, 21))}
             for i, values in enumerate(fits)]  # fmt: skip
    beyond, expected = alarms.calibration(heavy, 0.001)["tail ESS"]
    assert beyond > 5 * expected


def test_comparisons_and_claims_have_the_tails_of_their_distributions():
    assert alarms.comparison_rate(1.0) == pytest.approx(5.733e-7, rel=1e-3)
    assert alarms.comparison_rate(0.5) == alarms.comparison_rate(1.0)
    assert alarms.comparison_rate(1.25) == pytest.approx(2 * stats.norm.sf(4.0))
    assert alarms.claim_rate([4.0]) == pytest.approx(stats.norm.sf(4.0 / np.sqrt(2.0)))
    assert alarms.claim_rate([4.0] * 8) == pytest.approx(stats.norm.sf(4.0 / np.sqrt(9 / 8)))
    assert alarms.claim_rate([-8.0, 4.0, 16.0]) > alarms.claim_rate([4.0, 4.0, 4.0])


def test_r_hat_exceeds_its_limit_as_often_as_contributing_says():
    # Four autoregressive chains of 1,000 draws with an ESS of 600, 500 times.
    tau, runs = 4000 / 600, 500
    phi = (tau - 1) / (tau + 1)
    rng = np.random.default_rng(7209)
    steps = np.sqrt(1 - phi**2) * rng.standard_normal((1000, runs, 4))
    steps[0] /= np.sqrt(1 - phi**2)
    draws = np.moveaxis(signal.lfilter([1.0], [1.0, -phi], steps, axis=0), 0, -1)
    names = tuple(map(str, range(runs)))
    scalars = Scalars(names, names, np.ascontiguousarray(draws), np.zeros(runs, dtype=bool), {})
    rule = stats.chi2(7).sf(600 / 53)
    assert rule == pytest.approx(0.12, abs=0.01)
    assert (scalars.rhat > 1.01).mean() == pytest.approx(rule, abs=0.05)
