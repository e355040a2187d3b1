"""Sentences that follow the numbers."""

import math

from companion import prose
from companion.prose import ClaimFailed, claim, nonempty, say
import numpy as np
import pandas as pd
import pytest


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(prose, "_MADE", [])


def test_a_sentence_is_folded_and_keeps_its_paragraphs():
    assert say("  One\n  line.\n\nAnother.  ").data == "One line.\n\nAnother."


@pytest.mark.parametrize(
    ("margin", "words", "holds"),
    [(0.1, "above", True), (0.0, "below", False), (-3, "below", False)],
)
def test_words_follow_the_numbers(margin, words, holds):
    verdict = claim(margin, "above", "below")
    assert f"It is {verdict}." == f"It is {words}."
    assert bool(verdict) is holds
    assert verdict.words("stop", "go on") == ("stop" if holds else "go on")


def test_a_false_claim_without_other_words_names_itself():
    assert claim(np.float64(7.0), "above the limit")
    with pytest.raises(ClaimFailed, match="'above the limit'.*false by 0.5 standard errors"):
        claim(-0.5, "above the limit")
    with pytest.raises(ClaimFailed):
        claim(0.0, "above the limit")


def test_the_claims_of_a_sentence_are_kept_beside_it_once():
    say(f"{claim(5.0, 'a')} and {claim(-2.0, 'b', 'c')}")._repr_markdown_()
    one = say(f"{claim(math.inf, 'd')}")
    text, metadata = one._repr_markdown_()
    assert text == "d"
    assert metadata["claims"] == [{"margin": None, "yes": "d", "otherwise": None}]
    assert say("no claim")._repr_markdown_() == "no claim"


@pytest.mark.parametrize("margin", ["3", None, True, 1j])
def test_a_margin_is_a_number(margin):
    with pytest.raises(TypeError, match="margin must be a number"):
        claim(margin, "a", "b")


def test_bad_words_and_margins_are_named():
    with pytest.raises(ValueError, match="NaN for the claim 'a'"):
        claim(float("nan"), "a", "b")
    with pytest.raises(TypeError, match="yes must be a string"):
        claim(1.0, None)
    with pytest.raises(TypeError, match="otherwise must be a string"):
        claim(1.0, "a", 3)
    with pytest.raises(TypeError, match="text must be a string"):
        say(3)


@pytest.mark.parametrize("bad", ["nan", "inf", "-inf", f"{np.inf:+.1f}", f"{np.nan:.2f}"])
def test_a_sentence_has_finite_numbers(bad):
    with pytest.raises(ValueError, match="finite numbers"):
        say(f"The mean is {bad} of its own errors.")
    with pytest.raises(ValueError, match="finite numbers"):
        say(f"({bad})")


@pytest.mark.parametrize("fine", ["info", "nano", "$\\inf_x$", "NaN-free", "tau_inf", "1.5"])
def test_words_that_look_like_no_number_pass(fine):
    assert say(fine).data == fine


def test_a_selection_must_not_be_empty():
    frame = pd.DataFrame({"k": [0.5]})
    assert nonempty(frame, "rows") is frame
    with pytest.raises(ValueError, match="no rows with k above 0.7"):
        nonempty(frame[frame["k"] > 0.7], "rows with k above 0.7")
