"""Reading a fit: the same for all that judge or compare one."""

import arviz as az
from companion.diagnostics import check_ess, check_rhat, diagnose, report
from companion.posteriors import compare_posteriors, estimates
from companion.scalars import listed, nearest, scalars_of
import numpy as np
import pytest
from xarray import DataArray, Dataset, DataTree

rng = np.random.default_rng(7401)
GOOD = rng.standard_normal((4, 1000))
VECTOR = rng.standard_normal((4, 1000, 3))

JUDGES = {
    "diagnose": lambda fit, **names: diagnose(
        {"fit": fit, "same": fit}, require_healthy=False, **names
    ),
    "report": report,
    "check_rhat": check_rhat,
    "check_ess": check_ess,
    "estimates": estimates,
    "compare_posteriors": lambda fit, **names: compare_posteriors(fit, fit, **names),
}
every_judge = pytest.mark.parametrize("judge", JUDGES.values(), ids=JUDGES)


def of(values, dims=("chain", "draw", "i")):
    """Return a fit with one variable, with no opinion about its shape."""
    return DataTree.from_dict({"posterior": Dataset({"x": (dims[: values.ndim], values)})})


def tree(dims=None, coords=None, **posterior):
    return az.from_dict({"posterior": posterior}, dims=dims, coords=coords)


def test_names_are_those_of_arviz():
    fit = tree(
        dims={"theta": ["school"], "corr": ["row", "column"]},
        coords={"school": ["A", "B", "C"], "row": ["x", "y"]},
        mu=GOOD,
        theta=VECTOR,
        corr=rng.standard_normal((4, 1000, 2, 2)),
        matrix=rng.standard_normal((4, 1000, 1, 2)),
    )
    assert list(scalars_of(fit).names) == list(az.summary(fit).index)


def test_each_scalar_has_its_own_draws():
    scalars = scalars_of(tree(mu=GOOD, theta=VECTOR))
    assert scalars.variables == ("mu", "theta", "theta", "theta")
    assert (scalars.draws[0] == GOOD).all()
    assert (scalars.draws[2] == VECTOR[..., 1]).all()


def test_the_order_of_dimensions_does_not_matter():
    theta = DataArray(VECTOR, dims=("chain", "draw", "school"))
    turned = Dataset({"theta": theta.transpose("school", "draw", "chain")})
    scalars = scalars_of(DataTree.from_dict({"posterior": turned}))
    assert (scalars.draws == np.moveaxis(VECTOR, -1, 0)).all()


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int64, np.float16, np.float32])
@every_judge
def test_numbers_of_any_type_are_judged_as_the_same_numbers(judge, dtype):
    values = (GOOD > 0.3).astype(dtype)
    as_float = tree(x=values.astype(float))
    assert str_of(judge(tree(x=values))) == str_of(judge(as_float))


def str_of(result):
    return (
        result.to_html() if hasattr(result, "to_html") and hasattr(result, "data") else str(result)
    )


def test_int8_does_not_overflow():
    values = np.where(GOOD > 0, 100, -100).astype(np.int8)
    assert estimates(tree(x=values)).loc["x", "sd"] == pytest.approx(100.0, rel=0.01)
    assert not scalars_of(tree(x=values)).constant.any()


def test_a_constant_inside_a_vector_is_told_from_those_that_vary():
    scalars = scalars_of(tree(v=np.stack([GOOD, np.ones((4, 1000))], axis=-1)))
    assert scalars.constant.tolist() == [False, True]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounding_is_not_variation(dtype):
    last_place = np.where(GOOD > 0, 1.0, 1.0 - 2 * np.finfo(dtype).eps).astype(dtype)
    larger = np.where(GOOD > 0, 1.0, 1.0 - 100 * np.finfo(dtype).eps).astype(dtype)
    scalars = scalars_of(tree(rounded=last_place, real=larger))
    assert scalars.constant.tolist() == [True, False]


def test_chains_stuck_at_different_values_vary():
    assert not scalars_of(tree(x=np.repeat(np.arange(4.0)[:, None], 9, axis=1))).constant.any()


def test_of_a_single_draw_nobody_can_say_that_it_is_constant():
    assert not scalars_of(of(np.ones((1, 1)))).constant.any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_draw_that_is_not_finite_leaves_no_statistic(bad):
    values = GOOD.copy()
    values[1, 7] = bad
    scalars = scalars_of(tree(good=GOOD, bad=values, throughout=np.full((4, 1000), bad)))
    assert not scalars.constant.any()
    for statistic in (scalars.rhat, scalars.bulk_ess, scalars.tail_ess):
        assert np.isnan(statistic).tolist() == [False, True, True]
    assert scalars.estimates.isna().all(axis=1).tolist() == [False, True, True]


ARRAYS = {
    "draws": rng.standard_normal((4, 1000)),
    "an odd number": rng.standard_normal((3, 501)),
    "ties": rng.poisson(1.0, (4, 500)),
    "0/1": rng.random((4, 500)) < 0.1,
    "slow": rng.standard_normal((4, 500)).cumsum(axis=1),
    "heavy tails": rng.standard_cauchy((2, 400)),
}


@pytest.mark.parametrize("values", ARRAYS.values(), ids=ARRAYS)
def test_the_statistics_are_arviz_own(values):
    fit = tree(x=values.astype(float))
    scalars = scalars_of(tree(x=values))
    assert scalars.rhat[0] == pytest.approx(float(az.rhat(fit)["x"]), rel=1e-12)
    assert scalars.bulk_ess[0] == pytest.approx(float(az.ess(fit)["x"]), rel=1e-12)
    ends = [float(az.ess(fit, method="quantile", prob=p)["x"]) for p in (0.05, 0.95)]
    assert scalars.tail_ess[0] == pytest.approx(min(ends), rel=1e-12)
    row, own = az.summary(fit, round_to="none").loc["x"], scalars.estimates.loc["x"]
    for column in ("mean", "sd", "mcse_mean", "mcse_sd"):
        assert own[column] == pytest.approx(row[column], rel=1e-12)


def test_a_coin_has_no_scale_apart_from_its_location():
    coin = np.tile([0.0, 1.0], (4, 500))  # as many zeros as ones: the median is 1/2
    coin = np.random.default_rng(7403).permuted(coin, axis=1)
    assert scalars_of(tree(x=coin)).rhat[0] == pytest.approx(1.0, abs=0.01)


def test_a_constant_has_no_error_and_no_ess():
    scalars = scalars_of(tree(x=GOOD, one=np.ones((4, 1000))))
    assert np.isnan([scalars.rhat[1], scalars.bulk_ess[1], scalars.tail_ess[1]]).all()
    assert scalars.estimates.loc["one"].tolist() == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (4, 1), (4, 3), (4, 7)])
def test_too_few_draws_have_no_statistic(shape):
    values = rng.standard_normal(shape)
    scalars = scalars_of(of(values))
    assert np.isnan([scalars.rhat[0], scalars.bulk_ess[0], scalars.tail_ess[0]]).all()
    assert scalars.estimates.loc["x", "mean"] == pytest.approx(values.mean())


@every_judge
def test_one_name_may_be_given_as_a_string(judge):
    fit = tree(mu=GOOD, theta=VECTOR)
    assert str_of(judge(fit, var_names="theta")) == str_of(judge(fit, var_names=["theta"]))


@every_judge
def test_names_may_come_from_any_collection_and_twice(judge):
    fit = tree(mu=GOOD, theta=VECTOR)
    once = str_of(judge(fit, var_names=["theta", "mu"]))
    assert once == str_of(judge(fit, var_names=(name for name in ("theta", "mu", "theta"))))


BAD_NAMES = [
    ("tau", ValueError, "but tau is none of mu, theta"),
    (["mu", "thetta"], ValueError, "but thetta is none of mu, theta. Is 'theta' meant?"),
    ("chain", ValueError, "but chain is none of"),
    ([], ValueError, "var_names must name at least one variable"),
    (3, TypeError, "var_names must be a name or a list of names, but 3"),
    ([["mu"]], TypeError, "var_names must be a name or a list of names"),
]


@pytest.mark.parametrize(("names", "error", "message"), BAD_NAMES)
@every_judge
def test_names_that_are_none_are_told(judge, names, error, message):
    with pytest.raises(error) as told:
        judge(tree(mu=GOOD, theta=VECTOR), var_names=names)
    assert message in str(told.value) and "var_names" in str(told.value)


class InferenceData:
    """The name of what ArviZ returned before 1.0."""

    posterior = Dataset({"x": (("chain", "draw"), GOOD)})


BAD_FITS = [
    ({"x": GOOD}, TypeError, "with a posterior group, .* of the type dict"),
    (InferenceData.posterior, TypeError, "of the type Dataset"),
    (InferenceData(), TypeError, "of the type InferenceData"),
    (3, TypeError, "of the type int"),
    (GOOD, TypeError, "of the type ndarray"),
    (tree(x=GOOD)["posterior"], ValueError, "with a posterior group, but it has no group at all"),
    (az.from_dict({"prior": {"x": GOOD}}), ValueError, "but it has only prior"),
    (DataTree.from_dict({"posterior": Dataset()}), ValueError, "must hold variables"),
    (of(np.empty((4, 0))), ValueError, "must have draws, but 'x' has 4 chains of 0 draws"),
    (of(np.empty((0, 9))), ValueError, "must have draws, but 'x' has 0 chains"),
    (of(np.empty((4, 9, 0))), ValueError, "must hold numbers"),
    (tree(x=GOOD.astype(complex)), TypeError, "real numbers, but 'x' is of the type complex128"),
    (tree(x=GOOD.astype(str)), TypeError, "real numbers, but 'x' is of the type <U"),
    (tree(x=GOOD.astype(object)), TypeError, "real numbers, but 'x' is of the type object"),
]


@pytest.mark.parametrize(("fit", "error", "message"), BAD_FITS)
@every_judge
def test_what_is_no_fit_is_refused(judge, fit, error, message):
    with pytest.raises(error, match=message) as told:
        judge(fit)
    assert any(name in str(told.value) for name in ("idata", "fits['fit']", "pymc"))


@pytest.mark.parametrize(
    ("dims", "found"),
    [(("sample",), "without chain and draw"), (("chain", "step"), "without draw"), (("draw",), "without chain")],
)  # fmt: skip
@every_judge
def test_dimensions_that_are_missing_are_named(judge, dims, found):
    values = GOOD if len(dims) == 2 else GOOD[0]
    fit = of(values, dims)
    with pytest.raises(ValueError, match=f"chain and draw, but 'x' has .*{found}"):
        judge(fit)


@pytest.mark.parametrize("judge", [judge for judge in JUDGES.values() if judge is not report])
def test_what_was_not_asked_for_need_not_be_numbers(judge):
    judge(tree(x=GOOD, label=GOOD.astype(str)), var_names="x")


def test_a_report_looks_at_all_variables_whatever_its_summary_shows():
    with pytest.raises(TypeError, match="real numbers, but 'label'"):
        report(tree(x=GOOD, label=GOOD.astype(str)), var_names="x")


def test_arviz_makes_a_fit_of_what_is_refused():
    for thing in ({"x": GOOD}, InferenceData.posterior):
        assert report(az.convert_to_datatree(thing)).passed


def test_long_lists_are_cut_and_words_are_guessed():
    assert listed("abc") == "a, b, c"
    assert listed(range(20), most=3) == "0, 1, ... (20 in all)"
    assert nearest("scools", ["schools", "pools"]) == " Is 'schools' meant?"
    assert nearest("x", ["schools"]) == ""
