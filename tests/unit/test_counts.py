"""Tests of `companion.counts`: the tables add up as printed."""

from companion.counts import lip_cancer, pumps, traps
import pytest


def test_lip_cancer_adds_up():
    frame = lip_cancer()
    assert frame.shape == (56, 4) and frame["district"].is_unique
    assert frame["cases"].sum() == 536
    assert frame["expected"].sum() == pytest.approx(536.2)
    assert frame["outdoor"].sum() == 485 and frame["outdoor"].max() == 24
    # Ordered by the ratio of cases to expected cases, but for roundings of the expected cases.
    ratio = frame["cases"] / frame["expected"]
    assert ratio.iloc[0] == ratio.max() and (ratio.diff().dropna() < 0.05).all()


def test_names_keep_their_numbers():
    frame = lip_cancer().set_index("district")
    assert frame.loc["Western Isles"].tolist() == [13, 4.4, 7]
    assert frame.loc["Glasgow"].tolist() == [28, 88.7, 0]


def test_pumps_add_up():
    frame = pumps()
    assert frame["failures"].sum() == 75 and frame["hours"].sum() == pytest.approx(350.24)


def test_a_call_is_not_affected_by_the_last_one():
    first = lip_cancer()
    first["cases"] = 0
    assert lip_cancer().loc[0, "cases"] == 9


def test_false_zeros_stay_at_long_exposures():
    frame = traps()
    assert frame["nights"].sum() == 780
    long = frame[frame["nights"] >= 20]
    # With 0.4 animals a night, 20 nights without any are one in three thousand.
    assert (long["b"] == 0).mean() > 0.1 and long.loc[long["b"] > 0, "b"].min() >= 3
    assert abs((frame["a"] == 0).sum() - (frame["b"] == 0).sum()) <= 2
