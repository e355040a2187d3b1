"""Arrays as people hand them over."""

from companion.inputs import (
    as_array,
    finite_array,
    generator,
    positive,
    positive_whole,
    probability,
)
import numpy as np
import pandas as pd
import pytest

GAPS = {
    "NaN": [1.0, 2.0, np.nan, 3.0],
    "None": [1.0, 2.0, None, 3.0],
    "masked": np.ma.masked_array([1, 2, 99, 3], [False, False, True, False]),
    "Int64": pd.Series([1, 2, pd.NA, 3], dtype="Int64"),
    "Float64": pd.Series([1.0, 2.0, None, 3.0], dtype="Float64"),
    "boolean": pd.array([True, True, pd.NA, True], dtype="boolean"),
    "objects": np.array([1, 2, pd.NA, 3], dtype=object),
}


@pytest.mark.parametrize("kind", GAPS)
def test_a_gap_of_any_kind_becomes_nan_and_an_error_that_counts(kind):
    array = as_array("y", GAPS[kind])
    assert list(np.isnan(array)) == [False, False, True, False]
    with pytest.raises(
        ValueError, match="y must be finite, but 1 of its 4 values is .* at index 2"
    ):
        finite_array("y", GAPS[kind])


COMPLETE = {
    "list": [1, 2],
    "truth values": [True, False],
    "Int64": pd.Series([1, 2], dtype="Int64"),
    "nothing masked": np.ma.masked_array([1, 2], False),
    "data frame": pd.DataFrame({"a": [1.0], "b": [2.0]}),
    "number": 3.5,
}


@pytest.mark.parametrize("kind", COMPLETE)
def test_complete_numbers_come_back_as_a_plain_array(kind):
    array = finite_array("y", COMPLETE[kind])
    assert type(array) is np.ndarray
    np.testing.assert_array_equal(array, np.asarray(COMPLETE[kind], dtype=float))


def test_infinity_is_named_with_its_place():
    table = np.array([[1.0, 2.0], [np.inf, -np.inf]])
    with pytest.raises(
        ValueError, match=r"2 of its 4 values are .* infinite, the first at index \(1, 0\)"
    ):
        finite_array("table", table)
    with pytest.raises(ValueError, match=r"1 of its 1 values is missing \(NaN\) or infinite\.$"):
        finite_array("x", np.inf)


@pytest.mark.parametrize("given", ["abc", ["a", "b"], [[1.0], [1.0, 2.0]], [1j], {"a": 1}])
def test_what_is_no_number_is_a_type_error_that_names_the_argument(given):
    with pytest.raises(TypeError, match="response must be an array of numbers"):
        finite_array("response", given)


def test_what_numpy_counts_is_a_number_too():
    positive_whole("draws", np.int64(7))
    positive("scale", np.float32(0.5))
    probability("target", np.float64(0.8))


def test_a_seed_may_be_several_numbers_or_a_generator():
    rng = np.random.default_rng(5)
    assert generator("seed", rng) is rng
    assert generator("seed", [2, 1]).random() == np.random.default_rng([2, 1]).random()
    assert generator("seed", np.int64(5)).random() == np.random.default_rng(5).random()
