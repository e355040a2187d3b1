import arviz as az
from companion.report import check_divergences, check_energy, check_ess, check_rhat, report
import numpy as np
import pytest

from tests.unit.conftest import draws_of

rng = np.random.default_rng(7301)
GOOD = rng.standard_normal((4, 1000))
WITH_NAN = np.where(np.arange(4000).reshape(4, 1000) == 17, np.nan, GOOD)
BAD = {
    "a chain at another level": GOOD + np.array([0, 0, 0, 1.0])[:, None],
    "a chain of another scale": GOOD * np.array([1, 1, 1, 4.0])[:, None],
    "a stuck chain": np.where(np.arange(4)[:, None] == 3, 0.0, GOOD),
    "slow chains": np.cumsum(GOOD, axis=1),
}


def fit(energy=GOOD, diverging=0, **posterior):
    flags = np.zeros((4, 1000), dtype=bool)
    flags[2, :diverging] = True
    stats = {"energy": energy, "diverging": flags}
    return az.from_dict({"posterior": posterior or {"x": GOOD}, "sample_stats": stats})


def test_a_healthy_fit_passes_every_check():
    result = report(fit())
    assert result.passed and all(check.passed for check in result.checks)
    assert all(len(check.table) and check.offenders.empty for check in result.checks)
    assert "no problem found" in str(result) and "x" in result.summary.index


def test_the_statistics_are_arviz_own():
    tree = fit(x=GOOD, v=rng.standard_normal((4, 1000, 2)).cumsum(axis=1))
    table = check_rhat(tree).offenders["R-hat"]
    assert list(table.index) == ["v[0]", "v[1]"]
    assert table.to_numpy() == pytest.approx(az.rhat(tree)["v"].to_numpy(), rel=1e-12)
    table = check_ess(tree).offenders
    bulk = az.ess(tree, method="bulk")["v"].to_numpy()
    assert table["bulk ESS"].to_numpy() == pytest.approx(bulk, rel=1e-12)
    ends = [az.ess(tree, method="quantile", prob=p)["v"].to_numpy() for p in (0.05, 0.95)]
    assert table["tail ESS"].to_numpy() == pytest.approx(np.minimum(*ends), rel=1e-12)


@pytest.mark.parametrize("name", BAD)
def test_bad_chains_fail_here_and_in_arviz(name):
    tree = fit(good=GOOD, bad=BAD[name])
    assert az.diagnose(tree, show_diagnostics=False)
    assert not report(tree).passed
    assert "good" not in check_rhat(tree).offenders.index
    assert "bad" in {*check_rhat(tree).offenders.index, *check_ess(tree).offenders.index}


def test_healthy_fits_pass_here_and_in_arviz():
    for seed in range(5):
        tree = fit(x=np.random.default_rng(seed).standard_normal((4, 1000)))
        assert report(tree).passed
        assert not az.diagnose(tree, show_diagnostics=False)


def test_nan_fails_where_arviz_diagnose_lets_it_pass():
    tree = fit(good=GOOD, nan=WITH_NAN)
    for check in (check_rhat(tree), check_ess(tree)):
        assert check.verdict == "failed"
        assert list(check.offenders.index) == ["nan"]
    # The chapter on diagnostics says so. If this fails, ArviZ has changed: correct the chapter.
    assert not az.diagnose(tree, show_diagnostics=False)


def test_a_single_chain_fails_where_arviz_diagnose_lets_it_pass():
    tree = draws_of(GOOD[:1])
    assert check_rhat(tree).verdict == "failed" and "single chain" in str(check_rhat(tree))
    assert not report(tree).passed
    assert not az.diagnose(tree, show_diagnostics=False)


def test_the_default_minimum_counts_chains():
    two_hundred = np.random.default_rng(7302).standard_normal((2, 150))
    assert check_ess(draws_of(two_hundred)).passed
    assert not check_ess(draws_of(two_hundred), min_bulk=400, min_tail=400).passed


def test_bulk_and_tail_have_their_own_minimum():
    tree = fit()
    assert not check_ess(tree, min_bulk=1e6).passed
    assert not check_ess(tree, min_tail=1e6).passed


def test_efficiency_is_said_and_may_exceed_one():
    values = np.empty((4, 1000))
    steps = np.random.default_rng(7303).standard_normal((4, 1000))
    values[:, 0] = steps[:, 0]
    for i in range(1, 1000):
        values[:, i] = -0.5 * values[:, i - 1] + steps[:, i]
    message = check_ess(draws_of(values)).message
    assert 2.0 < float(message.split("efficiency ")[1].split(")")[0]) < 4.0


def test_constants_are_named_and_left_out():
    vector = np.stack([GOOD, np.ones((4, 1000))], axis=-1)
    tree = fit(v=vector, one=np.ones((4, 1000)))
    for check in (check_rhat(tree), check_ess(tree)):
        assert check.passed
        assert check.constant == ("v[1]", "one")
    assert "v[1], one" in str(check_rhat(tree))


def test_chains_stuck_at_different_values_are_no_constant():
    tree = fit(x=np.repeat(np.arange(4.0)[:, None], 1000, axis=1))
    assert check_rhat(tree).verdict == "failed"


def test_nothing_that_varies_is_not_a_pass():
    tree = fit(one=np.ones((4, 1000)))
    assert check_rhat(tree).verdict == check_ess(tree).verdict == "failed"


def test_divergences_are_counted_by_chain():
    check = check_divergences(fit(diverging=3))
    assert check.verdict == "failed" and "3 of 4,000 transitions (0.1%)" in check.message
    assert check.offenders["divergences"].to_dict() == {2: 3}


def test_what_a_sampler_does_not_record_is_said_and_does_not_fail():
    tree = draws_of(GOOD)
    assert check_divergences(tree).verdict == check_energy(tree).verdict == "not recorded"
    assert not check_divergences(tree).passed
    assert report(tree).passed


def test_low_and_nan_energy_fail():
    slow = np.where(np.arange(4)[:, None] == 1, np.cumsum(GOOD, axis=1), GOOD)
    assert list(check_energy(fit(energy=slow)).offenders.index) == [1]
    assert list(check_energy(fit(energy=WITH_NAN)).offenders.index) == [0]
    with pytest.raises(ValueError, match="threshold must be a positive number, but -1"):
        check_energy(fit(), threshold=-1)


def test_the_summary_is_restricted_and_the_checks_are_not():
    result = report(fit(good=GOOD, bad=BAD["slow chains"]), var_names=["good"])
    assert list(result.summary.index) == ["good"]
    assert not result.passed


def test_the_summary_has_the_same_tail_as_the_check():
    tree = fit(v=rng.standard_normal((4, 1000, 2, 2)).cumsum(axis=1), x=GOOD)
    tail = check_ess(tree).table["tail ESS"]
    assert list(tail.index) == list(report(tree).summary.index)
    assert report(tree).summary["ess_tail"].to_numpy() == pytest.approx(tail.to_numpy())


def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="idata must be a DataTree with a posterior group"):
        check_rhat({"x": GOOD})
    with pytest.raises(ValueError, match="but tau is none of x"):
        check_ess(fit(), var_names=["tau"])
    with pytest.raises(ValueError, match="threshold must be a positive number, but 'low'"):
        check_rhat(fit(), "low")
    with pytest.raises(ValueError, match="min_bulk must be a positive number, but 0"):
        check_ess(fit(), min_bulk=0)
