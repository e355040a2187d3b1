import arviz as az
from companion.diagnostics import SamplerProblem, diagnose, divergent_draws
import numpy as np
import pytest

from tests.unit.conftest import draws_of

rng = np.random.default_rng(7201)
GOOD = rng.standard_normal((4, 1000))


def test_a_healthy_fit_has_no_problems(healthy):
    assert diagnose({"fit": healthy}).loc["problems", "fit"] == "none"


def test_the_statistics_are_arviz_own(healthy):
    table = diagnose({"fit": healthy})
    assert table.loc["largest R-hat", "fit"] == f"{float(az.rhat(healthy)['x']):.3f}"
    assert table.loc["smallest bulk ESS", "fit"] == f"{float(az.ess(healthy)['x']):.0f}"


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


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("a chain at another level", GOOD + np.array([0, 0, 0, 1.0])[:, None]),
        ("a chain of another scale", GOOD * np.array([1, 1, 1, 4.0])[:, None]),
        ("a stuck chain", np.where(np.arange(4)[:, None] == 3, 0.0, GOOD)),
        ("a slow chain", np.cumsum(GOOD, axis=1)),
    ],
)
def test_chains_that_disagree_are_a_problem(name, values):
    with pytest.raises(SamplerProblem, match="R-hat|ESS"):
        diagnose({name: draws_of(values)})


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


def test_bad_input_is_explained(healthy):
    with pytest.raises(TypeError, match="fits must be a dict of fits by name, but a DataTree"):
        diagnose(healthy)
    with pytest.raises(ValueError, match="idata must have sample_stats"):
        divergent_draws(draws_of(GOOD))
