import re

import arviz as az
from bs4 import BeautifulSoup
from companion import scalars
from companion.diagnostics import (
    SamplerProblem,
    check_divergences,
    check_energy,
    check_ess,
    check_rhat,
    diagnose,
    divergent_draws,
    report,
)
import numpy as np
import pytest
from scipy.stats import rankdata
from xarray import DataArray, Dataset, DataTree

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
    assert result.passed and all(finding.passed for finding in result.findings)
    assert all(len(finding.table) and finding.offenders.empty for finding in result.findings)
    assert "no problem found" in str(result) and "x" in result.summary.index


def test_the_tables_are_arviz_own():
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


CORRELATION = 0.3 * np.tanh(GOOD)[..., np.newaxis, np.newaxis] + np.zeros((2, 2))
CORRELATION[..., [0, 1], [0, 1]] = 1.0


def test_a_correlation_matrix_has_ones_on_its_diagonal():
    tree = fit(corr=CORRELATION, better=GOOD > 0.0)
    for finding in (check_rhat(tree), check_ess(tree)):
        assert finding.passed and finding.constant == ("corr[0, 0]", "corr[1, 1]")
        assert list(finding.table.index) == ["corr[0, 1]", "corr[1, 0]", "better"]
    assert report(tree).passed
    assert diagnose({"fit": tree}).loc["problems", "fit"] == "none"


def test_each_scalar_is_judged():
    tree = fit(v=np.stack([GOOD, BAD["slow chains"], np.ones((4, 1000))], axis=-1))
    assert list(check_rhat(tree).offenders.index) == ["v[1]"]
    with pytest.raises(SamplerProblem, match="R-hat, bulk ESS, tail ESS"):
        diagnose({"fit": tree})


def test_a_page_shows_findings_what_failed_and_a_summary_with_digits_that_count():
    tree = fit(good=1e4 * GOOD, bad=BAD["slow chains"], one=np.ones((4, 1000)))
    page = BeautifulSoup(report(tree)._repr_html_(), "html.parser")
    findings, *failed, summary = page.find_all("table")
    assert page.p.text == "Report: do not use this fit yet."
    rhat = findings.find("th", string="R-hat").parent
    assert [cell.text for cell in rhat.find_all("td")] == [
        "✗ failed", "1 of 2 parameters are not below 1.01. Constant, left out: one."
    ]  # fmt: skip
    assert [table.caption.text.partition(":")[0] for table in failed] == ["R-hat", "ESS"]
    assert all("bad" in table.text and "good" not in table.text for table in failed)
    rows = {
        row.th.text: [cell.text.strip() for cell in row.find_all("td")]
        for row in summary.tbody.find_all("tr")
    }
    assert re.fullmatch(r"[\d,]+", rows["good"][1])
    assert rows["one"] == ["1", "0", "1", "1", "–", "–", "–", "0", "0"]
    assert "89 % interval" in summary.thead.text and "eti" not in summary.thead.text


def test_repeated_labels_each_have_their_row():
    tree = az.from_dict(
        {"posterior": {"theta": np.stack([GOOD, BAD["slow chains"], -GOOD], axis=-1)}},
        coords={"country": ["A", "A", "B"]},
        dims={"theta": ["country"]},
    )
    result = report(tree)
    assert list(result.summary.index) == ["theta[A]", "theta[A]", "theta[B]"]
    assert result.summary["r_hat"].to_numpy() == pytest.approx(az.rhat(tree)["theta"].to_numpy())
    assert list(check_rhat(tree).offenders.index) == ["theta[A]"]


def test_nothing_that_varies_is_not_a_pass():
    tree = fit(one=np.ones((4, 1000)))
    assert check_rhat(tree).verdict == check_ess(tree).verdict == "failed"


def test_nothing_that_varies_is_a_problem_of_the_table():
    table = diagnose({"fit": draws_of(np.ones((4, 1000)))}, require_healthy=False)["fit"]
    assert table["problems"] == "R-hat, bulk ESS, tail ESS"
    assert table["largest R-hat"] == table["smallest bulk ESS"] == "not defined"


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


def stats(**sample_stats):
    """Return a healthy fit with some `sample_stats`, which may be none or of another shape."""
    posterior = Dataset({"x": (("chain", "draw"), GOOD)})
    return DataTree.from_dict({"posterior": posterior, "sample_stats": Dataset(sample_stats)})


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", [(slice(None), slice(None)), (1, slice(None)), (2, 17)])
def test_energies_that_are_no_numbers_are_a_problem(bad, where):
    energy = GOOD.copy()
    energy[where] = bad
    tree = fit(energy=energy)
    finding = check_energy(tree)
    assert finding.verdict == "failed"
    assert finding.table["E-BFMI"].isna().to_numpy().tolist() == [
        not np.isfinite(chain).all() for chain in energy
    ]
    table = diagnose({"fit": tree}, require_healthy=False)["fit"]
    assert table["problems"] == "E-BFMI" and table["smallest E-BFMI"] == "not defined"
    assert not report(tree).passed


def test_energies_that_never_change_are_a_problem():
    assert "E-BFMI" in str(check_energy(fit(energy=np.ones((4, 1000)))).problems)


@pytest.mark.parametrize("where", [(slice(None), slice(None)), (2, 17)])
def test_what_may_have_diverged_counts_as_divergent(where):
    diverging = np.zeros((4, 1000))
    diverging[where] = np.nan
    tree = stats(diverging=(("chain", "draw"), diverging))
    unknown = int(np.isnan(diverging).sum())
    assert divergent_draws(tree).sum() == unknown
    assert f"Of {unknown:,} there is no record" in check_divergences(tree).message
    table = diagnose({"fit": tree}, require_healthy=False)["fit"]
    assert table["divergences"] == f"{unknown:,}" and table["problems"] == "divergences"


def test_chains_without_a_record_are_a_problem():
    tree = stats(
        energy=(("chain", "draw"), GOOD[:3]),
        diverging=(("chain", "draw"), np.zeros((3, 1000), dtype=bool)),
    )
    # Groups with other chains cannot share the coordinate, but a tree without one can be built.
    assert list(check_energy(tree).offenders.index) == [3]
    assert list(check_divergences(tree).offenders.index) == [3]
    assert (
        diagnose({"fit": tree}, require_healthy=False)["fit"]["problems"] == "divergences, E-BFMI"
    )
    assert divergent_draws(tree).shape == (4, 1000)


def test_the_order_of_dimensions_does_not_matter_to_records():
    energy = np.where(np.arange(4)[:, None] == 1, np.cumsum(GOOD, axis=1), GOOD)
    diverging = np.zeros((4, 1000), dtype=bool)
    diverging[3, 5] = True
    tree = stats(
        energy=DataArray(energy.T, dims=("draw", "chain")),
        diverging=DataArray(diverging.T, dims=("draw", "chain")),
    )
    assert list(check_energy(tree).offenders.index) == [1]
    assert np.argwhere(divergent_draws(tree)).tolist() == [[3, 5]]


@pytest.mark.parametrize("tree", [stats(), stats(lp=(("chain", "draw"), GOOD))])
def test_records_without_the_entry_are_not_recorded(tree):
    assert check_divergences(tree).verdict == check_energy(tree).verdict == "not recorded"
    table = diagnose({"fit": tree})["fit"]
    assert table["divergences"] == table["smallest E-BFMI"] == "not recorded"
    assert report(tree).passed


BAD_RECORDS = [
    ((("chain", "draw"), GOOD.astype(str)), TypeError, "must hold real numbers, but 'energy'"),
    (
        (("chain", "step"), GOOD),
        ValueError,
        "must have the dimensions chain and draw, but 'energy'",
    ),
    ((("chain", "draw"), GOOD[:, :0]), ValueError, "must have draws, but 'energy'"),
    ((("chain", "draw", "k"), GOOD[..., None]), ValueError, "must have one 'energy' for each draw"),
]


@pytest.mark.parametrize(("energy", "error", "message"), BAD_RECORDS)
def test_records_that_cannot_be_read_are_explained(energy, error, message):
    posterior = Dataset({"x": (("chain", "draw"), GOOD)})
    groups = {"posterior": posterior, "sample_stats": Dataset({"energy": energy})}
    with pytest.raises(error, match=f"the sample_stats of idata {message}"):
        check_energy(DataTree.from_dict(groups))
    with pytest.raises(error, match=f"the sample_stats of fits\\['PyMC'\\] {message}"):
        diagnose({"PyMC": DataTree.from_dict(groups)})


def test_records_are_read_without_a_posterior():
    tree = az.from_dict({"sample_stats": {"energy": GOOD, "diverging": GOOD > 9.0}})
    assert check_energy(tree).passed and check_divergences(tree).passed


def test_the_summary_is_restricted_and_the_checks_are_not():
    result = report(fit(good=GOOD, bad=BAD["slow chains"]), var_names=["good"])
    assert list(result.summary.index) == ["good"]
    assert not result.passed


def test_the_summary_has_the_same_tail_as_the_check():
    tree = fit(v=rng.standard_normal((4, 1000, 2, 2)).cumsum(axis=1), x=GOOD)
    tail = check_ess(tree).table["tail ESS"]
    assert list(tail.index) == list(report(tree).summary.index)
    assert report(tree).summary["ess_tail"].to_numpy() == pytest.approx(tail.to_numpy())


def test_bad_arguments_are_explained():
    with pytest.raises(ValueError, match="threshold must be a positive number, but 'low'"):
        check_rhat(fit(), "low")
    with pytest.raises(ValueError, match="min_bulk must be a positive number, but 0"):
        check_ess(fit(), min_bulk=0)
    for check in (check_divergences, check_energy):
        with pytest.raises(TypeError, match="idata must be a DataTree, .* of the type dict"):
            check({"x": GOOD})


# The table of all fits.


def test_a_healthy_fit_has_no_problems(healthy):
    assert diagnose({"fit": healthy}).loc["problems", "fit"] == "none"


def test_the_statistics_are_arviz_own(healthy):
    table = diagnose({"fit": healthy})
    assert table.loc["largest R-hat", "fit"] == f"{float(az.rhat(healthy)['x']):.3f}"
    assert table.loc["smallest bulk ESS", "fit"] == f"{float(az.ess(healthy)['x']):,.0f}"


def test_the_tail_is_five_percent_on_either_side():
    slow_at_one_end = draws_of(np.exp(2.0 * np.cumsum(GOOD, axis=1) / np.sqrt(1000.0)) + GOOD)
    table = diagnose({"fit": slow_at_one_end}, require_healthy=False)
    ends = [float(az.ess(slow_at_one_end, method="quantile", prob=p)["x"]) for p in (0.05, 0.95)]
    assert table.loc["smallest tail ESS", "fit"] == f"{min(ends):.0f}"
    assert abs(ends[0] - ends[1]) > 10.0  # else the test could not tell the two ends apart


def test_one_divergence_is_a_problem():
    diverging = np.zeros((4, 1000), dtype=bool)
    diverging[2, 17] = True
    with pytest.raises(SamplerProblem, match="fit: divergences"):
        diagnose({"fit": draws_of(GOOD, diverging)})


@pytest.mark.parametrize("name", BAD)
def test_chains_that_disagree_are_a_problem(name):
    with pytest.raises(SamplerProblem, match="R-hat|ESS"):
        diagnose({name: draws_of(BAD[name])})


def test_nan_is_a_problem_and_never_passes():
    values = GOOD.copy()
    values[0, 0] = np.nan
    with pytest.raises(SamplerProblem, match="R-hat"):
        diagnose({"fit": draws_of(values)})


def test_a_single_chain_is_a_problem():
    table = diagnose({"fit": draws_of(GOOD[:1])}, require_healthy=False)
    assert "single chain" in table.loc["problems", "fit"]


def test_low_ebfmi_is_a_problem():
    energy = np.cumsum(GOOD, axis=1)
    fit = az.from_dict({"posterior": {"x": GOOD}, "sample_stats": {"energy": energy}})
    with pytest.raises(SamplerProblem, match="E-BFMI"):
        diagnose({"fit": fit})


def test_a_constant_is_left_out_and_what_is_not_recorded_is_said():
    fit = az.from_dict({"posterior": {"x": GOOD, "one": np.ones((4, 1000))}})
    table = diagnose({"fit": fit})
    assert table.loc["divergences", "fit"] == "not recorded"
    assert table.loc["problems", "fit"] == "none"


def test_problems_elsewhere_can_be_left_out():
    fit = az.from_dict({"posterior": {"x": GOOD, "bad": np.cumsum(GOOD, axis=1)}})
    assert diagnose({"fit": fit}, var_names=["x"]).loc["problems", "fit"] == "none"


def test_the_table_is_printed_as_html_that_the_status_page_finds(healthy):
    html = diagnose({"PyMC": healthy, "TFP": healthy}).to_html()
    assert "largest R-hat" in html and "<th>PyMC</th>" in html


@pytest.mark.parametrize("shape", [(1, 1), (1, 1000), (4, 1), (4, 3)])
def test_too_few_chains_or_draws_are_problems(shape):
    values = rng.standard_normal(shape)
    dims = ("chain", "draw")
    tree = DataTree.from_dict(
        {
            "posterior": Dataset({"x": (dims, values)}),
            "sample_stats": Dataset({"energy": (dims, values)}),
        }
    )
    table = diagnose({"fit": tree}, require_healthy=False)["fit"]
    assert table["largest R-hat"] == "not defined" and "R-hat" in table["problems"]
    assert ("single chain" in table["problems"]) == (shape[0] == 1)
    assert table["chains"] == f"{shape[0]}" and table["draws"] == f"{values.size:,}"
    assert not report(tree).passed


def test_draws_are_sorted_once_for_location_and_once_for_scale(monkeypatch):
    # Ranks cost more than all else. R-hat and bulk ESS share them, and so do all checks of a report.
    sorted_shapes = []

    def counted(values, **settings):
        sorted_shapes.append(values.shape)
        return rankdata(values, **settings)

    monkeypatch.setattr(scalars, "rankdata", counted)
    tree = fit(theta=rng.standard_normal((4, 1000, 5)))
    for judge in (report, lambda tree: diagnose({"fit": tree}, require_healthy=False)):
        sorted_shapes.clear()
        judge(tree)
        assert sorted_shapes == [(5, 4000), (5, 4000)]


def test_what_diagnose_cannot_use_is_explained(healthy):
    with pytest.raises(TypeError, match="fits must be a dict of fits by name, but a DataTree"):
        diagnose(healthy)
    for thing in (Dataset({"x": healthy["posterior"]["x"]}), [healthy], None):
        with pytest.raises(TypeError, match="fits must be a dict of fits by name"):
            diagnose(thing)
    with pytest.raises(ValueError, match="fits must hold at least one fit"):
        diagnose({})
    with pytest.raises(ValueError, match="idata must have sample_stats"):
        divergent_draws(draws_of(GOOD))
