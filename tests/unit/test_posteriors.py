from pathlib import Path
import re

import arviz as az
from companion import posteriors
from companion.posteriors import compare_posteriors, estimates, reference
import numpy as np
import pandas as pd
import pytest
from xarray import Dataset, DataTree

from tests.unit.conftest import draws_of

rng = np.random.default_rng(7301)
A, B = rng.standard_normal((2, 4, 1000))


@pytest.fixture
def standard_normal(monkeypatch, tmp_path):
    row = {"variable": "x", "mean": 0.0, "sd": 1.0, "mcse_mean": 0.0, "mcse_sd": 0.0}
    pd.DataFrame([row]).to_csv(tmp_path / "standard.csv", index=False)
    monkeypatch.setattr(posteriors, "FOLDER", tmp_path)


def test_two_runs_of_one_posterior_agree(standard_normal):
    table = compare_posteriors(draws_of(A), draws_of(B), reference="standard").data
    assert table.loc["x", ("distance", "in MCSE")] < 5.0
    assert table.loc["x", ("PyMC", "mean")] == pytest.approx(A.mean())
    assert table.loc["x", ("reference", "sd")] == 1.0


def test_estimates_carry_their_standard_errors():
    row = estimates(draws_of(A)).loc["x"]
    assert row["mcse_mean"] == pytest.approx(1.0 / np.sqrt(4000), rel=0.15)
    assert row["mcse_sd"] == pytest.approx(1.0 / np.sqrt(8000), rel=0.2)


@pytest.mark.parametrize("other", [B + 8.0 * np.hypot(1, 1) / np.sqrt(4000), 1.15 * B])
def test_another_mean_or_another_spread_is_noticed(other):
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


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_draw_that_is_not_finite_is_never_agreement(bad):
    other = B.copy()
    other[0, 3] = bad
    with pytest.raises(AssertionError, match="cannot be compared in x, where a draw is infinite"):
        compare_posteriors(draws_of(A), draws_of(other))


def test_both_complaints_are_made():
    pair = [
        {"near": a, "far": a + shift, "gap": gap}
        for a, shift, gap in ((A, 1.0, A), (B, 0.0, A * np.nan))
    ]
    with pytest.raises(AssertionError) as told:
        compare_posteriors(*(az.from_dict({"posterior": draws}) for draws in pair))
    message = str(told.value)
    assert "standard errors in far." in message and "cannot be compared in gap," in message
    assert "near" not in message


def labeled(values, labels=None, dim="school", name="theta", **others):
    """Return a fit of a vector, with labels or without."""
    return az.from_dict(
        {"posterior": {name: values, **others}},
        coords=None if labels is None else {dim: list(labels)},
        dims=None if labels is None else {name: [dim]},
    )


T, U = rng.standard_normal((2, 4, 1000, 3))


@pytest.mark.parametrize("names", [None, "theta", ["mu", "theta"]])
@pytest.mark.parametrize(
    "other",
    [
        labeled(U, mu=B),
        labeled(U + 5.0, mu=B),
        labeled(U, "ABD", mu=B),
        labeled(U[..., :2], "AB", mu=B),
        labeled(U[..., 0], mu=B),
    ],
    ids=["none", "none, and wrong", "other", "fewer", "scalar"],
)
def test_labels_that_differ_are_an_error_and_never_drop_a_parameter(names, other):
    with pytest.raises(
        ValueError, match=r"the same labels for theta, but pymc has theta\[A\]"
    ) as told:
        compare_posteriors(labeled(T, "ABC", mu=A), other, var_names=names)
    assert "tfp has theta" in str(told.value)


def test_of_many_labels_the_one_that_is_missing_is_named():
    many = rng.standard_normal((4, 200, 40))
    names = [f"s{i}" for i in range(40)]
    with pytest.raises(ValueError, match=r"\(40 in all\).*Only pymc has theta\[s31\]\. Give both"):
        compare_posteriors(labeled(many, names), labeled(many[..., :39], names[:31] + names[32:]))
    with pytest.raises(ValueError, match="but pymc has none and tfp has theta"):
        compare_posteriors(labeled(many[..., :0], mu=A), labeled(many, mu=B))


def test_labels_in_another_order_are_matched_by_label():
    levels = np.array([0.0, 10.0, 20.0])
    table = compare_posteriors(
        labeled(T + levels, "ABC"), labeled((U + levels)[..., ::-1], "CBA")
    ).data
    assert list(table.index) == ["theta[A]", "theta[B]", "theta[C]"]
    assert table[("TFP", "mean")].to_numpy() == pytest.approx(levels, abs=0.2)


def test_repeated_labels_are_matched_by_position():
    levels = np.array([0.0, 10.0, 20.0])
    table = compare_posteriors(labeled(T + levels, "AAB"), labeled(U + levels, "AAB")).data
    assert list(table.index) == ["theta[A]", "theta[A]", "theta[B]"]
    assert table[("TFP", "mean")].to_numpy() == pytest.approx(levels, abs=0.2)
    with pytest.raises(AssertionError, match=r"errors in theta\[A\], theta\[A\]:"):
        compare_posteriors(labeled(T + levels, "AAB"), labeled(U + levels[[1, 0, 2]], "AAB"))
    with pytest.raises(ValueError, match="the same labels for theta"):
        compare_posteriors(labeled(T, "AAB"), labeled(U, "ABA"))


def test_a_transposed_matrix_is_not_the_same_matrix():
    square = rng.standard_normal((4, 1000, 2, 2))
    fits = [
        az.from_dict({"posterior": {"m": square}}, dims={"m": dims})
        for dims in (["row", "column"], ["column", "row"])
    ]
    with pytest.raises(
        ValueError, match=r"one order, but pymc has \(row, column\) and tfp has \(c"
    ):
        compare_posteriors(*fits)


def test_chains_and_draws_may_come_in_another_order():
    turned = draws_of(B)["posterior"].to_dataset().transpose("draw", "chain")
    table = compare_posteriors(draws_of(A), DataTree.from_dict({"posterior": turned})).data
    assert table.loc["x", ("TFP", "MCSE")] == pytest.approx(
        estimates(draws_of(B)).loc["x", "mcse_mean"]
    )


def test_what_only_one_fit_has_is_named():
    table = compare_posteriors(labeled(T, x=A, raw=A), labeled(U, x=B, twice=B, log=B))
    assert table.caption == "Only in PyMC: raw. Only in TFP: twice, log."
    assert list(table.data.index) == ["theta[0]", "theta[1]", "theta[2]", "x"]
    assert compare_posteriors(draws_of(A), draws_of(B)).caption is None
    with pytest.raises(ValueError, match="the posterior of tfp, but raw is none of theta, x"):
        compare_posteriors(labeled(T, x=A, raw=A), labeled(U, x=B), var_names=["x", "raw"])
    with pytest.raises(ValueError, match="the posterior of pymc, but raw is none of theta, x"):
        compare_posteriors(labeled(U, x=B), labeled(T, x=A, raw=A), var_names=["x", "raw"])


ONES = np.ones((4, 1000))


def test_constants_that_agree_are_set_aside_by_name():
    matrix = [np.stack([values, ONES * (1 + 1e-16), ONES], axis=-1) for values in (A, B)]
    table = compare_posteriors(*(az.from_dict({"posterior": {"r": values}}) for values in matrix))
    assert list(table.data.index) == ["r[0]"]
    assert table.caption == "Constant, left out: r[1], r[2]."
    with pytest.raises(ValueError, match="varies, but these are constant: x"):
        compare_posteriors(draws_of(ONES), draws_of(ONES))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ONES, 2 * ONES),
        (ONES, 1 + 1e-6 * ONES),
        (1e-9 * ONES, 2e-9 * ONES),
        (A, 0 * ONES),
        (ONES, B),
    ],
)
def test_constants_that_differ_disagree(one, other):
    with pytest.raises(AssertionError, match="disagree by more than 5 .* in x"):
        compare_posteriors(draws_of(one), draws_of(other))


def test_constants_are_held_against_a_reference_that_has_them(monkeypatch, tmp_path):
    rows = [
        ("x", 0.0, 1.0, 0.0, 0.0),
        ("one", 1.0, 0.0, 0.0, np.nan),
        ("stuck", 1.0, 2.0, 0.1, 0.1),
    ]
    columns = ["variable", "mean", "sd", "mcse_mean", "mcse_sd"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "some.csv", index=False)
    monkeypatch.setattr(posteriors, "FOLDER", tmp_path)
    fit = az.from_dict({"posterior": {"x": A, "one": ONES, "other": 3 * ONES}})
    table = compare_posteriors(fit, reference="some")
    assert list(table.data.index) == ["x"] and table.caption == "Constant, left out: one, other."
    for name, values in {"one": 2 * ONES, "stuck": ONES}.items():
        fit = az.from_dict({"posterior": {"x": A, name: values}})
        with pytest.raises(AssertionError, match=f"errors in {name}"):
            compare_posteriors(fit, reference="some")


def test_booleans_are_zeros_and_ones():
    table = compare_posteriors(draws_of(A > 0.0), draws_of(B > 0.0)).data
    assert table.loc["x", ("PyMC", "mean")] == (A > 0.0).mean()


def test_one_chain_can_be_compared_and_one_draw_cannot():
    assert compare_posteriors(draws_of(A[:1]), draws_of(B)).data.shape == (1, 7)
    for shape in ((1, 1), (4, 1)):
        few = Dataset({"x": (("chain", "draw"), rng.standard_normal(shape))})
        with pytest.raises(AssertionError, match="draws are too few"):
            compare_posteriors(DataTree.from_dict({"posterior": few}), draws_of(B))


def test_an_estimate_has_the_digits_that_its_error_lets_one_believe():
    shown = compare_posteriors(draws_of(A + 1234.5678), draws_of(B + 1234.5678))
    error = shown.data.loc["x", ("PyMC", "MCSE")]
    assert 0.01 < error < 0.02
    assert re.fullmatch(r"1,234\.\d\d", shown.cells.loc["x", ("PyMC", "mean")])
    assert shown.cells.loc["x", ("PyMC", "sd")] == f"{shown.data.loc['x', ('PyMC', 'sd')]:.2f}"
    assert shown.cells.loc["x", ("PyMC", "MCSE")] == f"{error:.3f}"


def test_a_reference_that_is_none_is_told_by_the_name_of_the_argument():
    with pytest.raises(ValueError) as told:
        compare_posteriors(draws_of(A), reference="eight_school")
    assert str(told.value).startswith("reference must be the name of a reference posterior")
    assert "'eight_school' is none. Is 'eight_schools' meant?" in str(told.value)
    with pytest.raises(
        ValueError, match="model must .*'EIGHT_SCHOOLS' is none. Is 'eight_schools' meant"
    ):
        reference("EIGHT_SCHOOLS")
    with pytest.raises(ValueError, match="There are .*, eight_schools, "):
        reference("qqq")
    for wrong in (8, ["eight_schools"], Path("eight_schools")):
        with pytest.raises(TypeError, match="model must be the name of a reference posterior, but"):
            reference(wrong)
        with pytest.raises(TypeError, match="reference must be the name of a reference posterior"):
            compare_posteriors(draws_of(A), reference=wrong)


def test_a_parameter_that_the_reference_lacks_is_named(standard_normal):
    with pytest.raises(
        ValueError, match=r"reference 'standard' has no row for theta\[A\], .*; it has x\."
    ):
        compare_posteriors(labeled(T, "ABC", x=A), reference="standard")


def test_what_is_no_fit_is_named_by_its_argument():
    with pytest.raises(TypeError, match="pymc must be a DataTree .* of the type dict"):
        compare_posteriors({"x": A}, draws_of(B))
    with pytest.raises(TypeError, match="tfp must be a DataTree .* of the type str"):
        compare_posteriors(draws_of(A), "eight_schools")


def test_bad_input_is_explained(standard_normal):
    with pytest.raises(ValueError, match="tfp or reference must be given"):
        compare_posteriors(draws_of(A))
    with pytest.raises(ValueError, match="must share variables, but pymc has x and tfp has z"):
        compare_posteriors(draws_of(A), az.from_dict({"posterior": {"z": B}}))
    for limit in (0, -1.0, np.nan, "five", True):
        with pytest.raises(ValueError, match="limit must be a positive number"):
            compare_posteriors(draws_of(A), draws_of(B), limit=limit)
