"""The scorecard: every rule, every threshold, the whole range, and bad input."""

from dataclasses import replace
from itertools import product

from companion.lessons.scorecard import HIGHEST, LOWEST, Factor, Scorecard
import pytest

STREAMREC = Scorecard(25, 200, 500_000, True, True, 1.0, 2)
MEDICORE = Scorecard(12, 60, 520, True, True, 2.0, 2)
AB_TEST = Scorecard(2, 500_000, 500_000, False, False, 0.01, 1)
PLAIN = Scorecard(3, 100, 100, False, False, 1.0, 1)


@pytest.mark.parametrize(
    ("card", "points", "case"),
    [(STREAMREC, [1, 2, 2], "strong"), (MEDICORE, [1, 2, 2], "strong"), (AB_TEST, [], "weak")],
)
def test_the_three_published_cases_score_what_the_rules_give(card, points, case):
    assert [factor.points for factor in card.factors] == points
    assert (card.score, card.case) == (sum(points), case)


@pytest.mark.parametrize(
    ("changes", "score"),
    [
        ({}, 0),
        ({"groups": 5, "smallest_group": 2}, 0),
        ({"groups": 6}, 1),
        ({"groups": 6, "smallest_group": 50}, 1),
        ({"groups": 6, "smallest_group": 49}, 3),
        ({"genuine_prior": True}, 2),
        ({"full_uncertainty": True}, 2),
        ({"expertise": 0}, -1),
        ({"expertise": 3}, 0),
        ({"groups": 101, "budget_hours": 0.0999}, -1),
        ({"groups": 101, "budget_hours": 0.1}, 1),
        ({"groups": 100, "budget_hours": 0.0}, 1),
        ({"largest_group": 10**9}, 0),
    ],
)
def test_each_rule_has_its_points_and_its_threshold(changes, score):
    assert replace(PLAIN, **changes).score == score


def all_cards():
    sizes = product((1, 6, 101), (1, 50), (True, False), (True, False), (0.0, 1.0), (0, 1, 3))
    return [Scorecard(n, size, 10**6, *rest) for n, size, *rest in sizes]


def test_every_score_of_the_range_is_reached_and_none_beyond():
    assert {card.score for card in all_cards()} == set(range(LOWEST, HIGHEST + 1))


def test_the_case_depends_on_the_score_alone():
    for card in all_cards():
        expected = "strong" if card.score >= 5 else "moderate" if card.score >= 3 else "weak"
        assert card.case == expected


def test_the_report_lists_score_range_and_every_factor():
    text = str(replace(STREAMREC, expertise=0))
    assert text.startswith("Score 4, on a scale from -2 to 7: a moderate case.")
    assert "+1  25 groups" in text and "-1  a team without" in text
    assert "up to 2,500 times" in text
    assert "no factor applies" in str(AB_TEST) and "are equal" in str(AB_TEST)
    assert "no factor" not in text


def test_a_card_cannot_be_changed_afterwards():
    with pytest.raises(AttributeError):
        AB_TEST.groups = 3
    assert MEDICORE.factors[0] == Factor(1, "12 groups, all with 50 observations or more")


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("groups", 0, ValueError),
        ("groups", 2.0, TypeError),
        ("groups", True, TypeError),
        ("smallest_group", 0, ValueError),
        ("largest_group", 99, ValueError),
        ("largest_group", "many", TypeError),
        ("genuine_prior", 1, TypeError),
        ("genuine_prior", "yes", TypeError),
        ("full_uncertainty", None, TypeError),
        ("budget_hours", -0.1, ValueError),
        ("budget_hours", float("nan"), ValueError),
        ("budget_hours", float("inf"), ValueError),
        ("budget_hours", "1 h", TypeError),
        ("budget_hours", True, TypeError),
        ("expertise", -1, ValueError),
        ("expertise", 4, ValueError),
        ("expertise", 1.5, TypeError),
    ],
)
def test_bad_input_is_named(name, value, error):
    with pytest.raises(error, match=rf"{name} must be .* was given"):
        replace(PLAIN, **{name: value})
