"""What the search page looks through is text, also where a formula was."""

import pytest
from search_index import plain


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r"\tau", "τ"),
        (r"\hat R", "R"),
        (r"\lambda_j", "λ j"),
        (r"\Sigma", "Σ"),
        (r"\mathcal N(0, 10)", "N(0, 10)"),
        (r"y \sim \text{Beta}(2, 2)", "y ~ Beta(2, 2)"),
        (r"\theta \mid D", "θ | D"),
        (r"\{1, 2\}", "1, 2"),
    ],
)
def test_a_formula_becomes_text(formula, text):
    assert plain(formula).replace("  ", " ") == text.replace("  ", " ")
