from companion import reference as reference_module
from companion.posteriors import compare_posteriors, estimates, reference
import numpy as np
import pandas as pd
import pytest

from tests.unit.conftest import draws_of

rng = np.random.default_rng(7301)
A, B = rng.standard_normal((2, 4, 1000))


@pytest.fixture
def standard_normal(monkeypatch, tmp_path):
    row = {"variable": "x", "mean": 0.0, "sd": 1.0, "mcse_mean": 0.0, "mcse_sd": 0.0}
    pd.DataFrame([row]).to_csv(tmp_path / "standard.csv", index=False)
    monkeypatch.setattr(reference_module, "FOLDER", tmp_path)


def test_two_runs_of_one_posterior_agree(standard_normal):
    table = compare_posteriors(draws_of(A), draws_of(B), reference="standard").data
    assert table.loc["x", ("distance", "in MCSE")] < 5.0
    assert table.loc["x", ("PyMC", "mean")] == pytest.approx(A.mean())
    assert table.loc["x", ("reference", "sd")] == 1.0


def test_estimates_carry_their_standard_errors():
    row = estimates(draws_of(A)).loc["x"]
    assert row["mcse_mean"] == pytest.approx(1.0 / np.sqrt(4000), rel=0.15)
    assert row["mcse_sd"] == pytest.approx(1.0 / np.sqrt(8000), rel=0.2)


@pytest.mark.parametrize(
    "other", [B + 8.0 * np.hypot(1, 1) / np.sqrt(4000), 1.15 * B, np.where(B > 9, B, np.nan)]
)
def test_another_mean_another_spread_or_nan_is_noticed(other):
    with pytest.raises(AssertionError, match="more than 5 Monte Carlo standard errors in x"):
        compare_posteriors(draws_of(A), draws_of(other))


def test_agreeing_with_each_other_is_not_enough(standard_normal):
    with pytest.raises(AssertionError, match="disagree"):
        compare_posteriors(draws_of(A + 0.3), draws_of(B + 0.3), reference="standard")


def test_one_run_may_be_compared_with_a_reference_alone(standard_normal):
    table = compare_posteriors(draws_of(A), reference="standard").data
    assert "TFP" not in table.columns.get_level_values(0)
    with pytest.raises(AssertionError, match="disagree"):
        compare_posteriors(draws_of(A + 0.3), reference="standard")


def test_bad_input_is_explained(standard_normal):
    with pytest.raises(ValueError, match="tfp or reference must be given"):
        compare_posteriors(draws_of(A))
    with pytest.raises(ValueError, match="model must be one of standard, but 'other'"):
        reference("other")
    with pytest.raises(ValueError, match="must share parameters"):
        import arviz as az

        compare_posteriors(draws_of(A), az.from_dict({"posterior": {"z": B}}))
