"""Tables that people read: what is shown, and that the numbers stay."""

from bs4 import BeautifulSoup
from companion.diagnostics import Diagnosis
from companion.tables import (
    FIGURE_SPACE,
    POINT_SPACE,
    decimals_for,
    number_text,
    p_value_text,
    table,
    two_digits,
)
import numpy as np
import pandas as pd
import pytest


def parsed(shown):
    return BeautifulSoup(shown.to_html(), "html.parser")


def texts(shown, tag="td"):
    return [cell.get_text() for cell in parsed(shown).tbody.find_all(tag)]


def column(*values):
    return pd.DataFrame({"x": list(values)})


@pytest.mark.parametrize(
    ("error", "decimals"),
    [(0.045, 2), (0.99, 1), (1.0, 0), (12.0, 0), (0.001, 3), (1e-9, 6), (0.0, 6), (np.nan, 2)],
)
def test_decimals_end_at_the_leading_digit_of_the_error(error, decimals):
    assert decimals_for(error) == decimals


@pytest.mark.parametrize(
    ("error", "shown"),
    [(0.02, "0.020"), (0.0003, "0.00030"), (1.5, "1.5"), (12.3, "12"), (1234.0, "1,234"), (0.0, "0"), (3e-8, "3e-08")],
)  # fmt: skip
def test_a_standard_error_has_two_digits_that_count(error, shown):
    assert two_digits(error) == shown


@pytest.mark.parametrize(
    ("p", "shown"),
    [(0.0, "below 0.001"), (0.00049, "below 0.001"), (0.0006, "0.001"), (0.25, "0.250"),
     (0.9994, "0.999"), (0.9996, "above 0.999"), (1.0, "above 0.999")],
)  # fmt: skip
def test_a_p_value_is_never_zero_or_one(p, shown):
    assert p_value_text(p) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(-1234.56, "−1,234.6"), (-0.01, "0.0"), (float("nan"), "–"), (None, "–"), ("words", "words")],
)
def test_a_cell_has_a_true_minus_and_none_before_zero(value, shown):
    assert number_text(value, ",.1f") == shown


def test_a_column_has_three_digits_of_its_largest_number():
    assert texts(table(column(1.23456, 0.5))) == ["1.23", "0.50"]
    assert texts(table(column(12345.678, 2.0))) == ["12346", "2"]
    assert texts(table(column(0.00123456))) == ["0.00123"]


def test_whole_numbers_and_words_stay_as_they_are():
    frame = pd.DataFrame({"n": [3, 12000], "word": ["a", "b"], "yes": [True, False]})
    assert texts(table(frame)) == ["3", "a", "True", "12000", "b", "False"]


def test_a_zero_has_no_minus_and_a_missing_number_is_a_dash():
    assert texts(table(column(-0.0001, 1.0), ".2f")) == ["0.00", "1.00"]
    assert texts(table(column(-1.5, np.nan))) == [
        "\u22121.50",
        "–" + POINT_SPACE + 2 * FIGURE_SPACE,
    ]
    assert texts(table(column(None, "a"))) == ["–", "a"]


def test_points_stand_in_line():
    shown = table(column(1.0, 22.25), {"x": "g"})
    assert texts(shown) == ["1" + POINT_SPACE + 2 * FIGURE_SPACE, "22.25"]
    assert texts(table(column("A. Smith", "b"))) == ["A. Smith", "b"]
    assert texts(table(column(0.15, 8.9e-8), ".2g")) == [
        "0.15",
        "8.9e-08" + POINT_SPACE + 2 * FIGURE_SPACE,
    ]


def test_names_of_rows_are_shown_unless_they_only_count():
    frame = column(1, 2)
    assert texts(table(frame), "th") == []
    assert texts(table(frame, index=True), "th") == ["0", "1"]
    assert texts(table(frame.set_axis(["a", "b"])), "th") == ["a", "b"]
    assert texts(table(frame.rename_axis("day")), "th") == ["0", "1"]


def test_the_names_of_indices_stand_in_the_last_row_of_the_header():
    columns = pd.MultiIndex.from_tuples([("PyMC", "mean"), ("PyMC", "sd")])
    index = pd.MultiIndex.from_tuples([("mu", 1), ("mu", 2)], names=["name", None])
    shown = parsed(table(pd.DataFrame([[1.0, 2.0], [3.0, 4.0]], index=index, columns=columns)))
    first, last = shown.thead.find_all("tr")
    assert [cell.get_text() for cell in first] == ["", "", "PyMC"]
    assert [cell.get_text() for cell in last] == ["name", "", "mean", "sd"]


def test_groups_of_columns_have_one_header_over_them_and_no_header_is_empty():
    columns = pd.MultiIndex.from_tuples([("PyMC", "mean"), ("PyMC", "sd"), ("", "distance")])
    shown = parsed(table(pd.DataFrame([[1.0, 2.0, 3.0]], columns=columns, index=["mu"])))
    group = shown.find("th", scope="colgroup")
    assert group.get_text() == "PyMC" and group["colspan"] == "2"
    assert all(cell.get_text() for cell in shown.find_all("th"))


def test_a_format_holds_for_all_columns_of_its_name():
    columns = pd.MultiIndex.from_product([["PyMC", "TFP"], ["mean"]])
    frame = pd.DataFrame([[1.0, 2.0]], columns=columns, index=["mu"])
    assert texts(table(frame, {"mean": ".1f"})) == ["1.0", "2.0"]
    assert texts(table(frame, {("TFP", "mean"): ".3f"})) == ["1.00", "2.000"]


def test_names_are_text_and_no_markup():
    shown = table(pd.DataFrame({"a<b": [1]}, index=["x&y"]), caption="<i>")
    assert "<i>" not in shown.to_html() and "a&lt;b" in shown.to_html()
    assert parsed(shown).caption.get_text() == "<i>"


def test_the_numbers_stay():
    frame = column(1.23456)
    assert table(frame).data is frame and "1.23" in repr(table(frame))


def test_a_diagnosis_has_a_row_for_each_fit_and_a_verdict_in_words():
    parts = ["chains", "largest R-hat", "smallest bulk ESS", "problems"]
    found = Diagnosis(
        {"PyMC": ["4", "1.001", "3900", "none"], "TFP": ["4", "1.2", "9", "R-hat"]}, index=parts
    )
    shown = BeautifulSoup(found._repr_html_(), "html.parser")
    assert [cell.get_text() for cell in shown.tbody.find_all("th")] == ["PyMC", "TFP"]
    assert shown.find("td", class_="good").get_text() == "✓ none"
    assert shown.find("td", class_="bad").get_text() == "✗ R-hat"
    assert found.loc["problems", "PyMC"] == "none"
    assert type(found[["PyMC"]]) is pd.DataFrame
