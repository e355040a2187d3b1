"""Reading a prediction card, and what is told about one that is wrong."""

from docutils import nodes
import nbformat.v4 as nbf
from predict_cards import cells_below, element, parse, prose_below
import pytest

from tests.rules.test_predictions import problems_of, said_by, unproved

CARD = """**Predict.** Which way does the *interval* move?

<details><summary>It grows</summary>Because a wide prior helps nobody.</details>
<details data-right data-cell="fit" data-shows="k &gt; 0.7"><summary>It stays, as $k$ does</summary>

Because the *data* decide, and they are many.

</details>
"""
FIT = nbf.new_code_cell(
    "assert mean<median", id="fit", outputs=[nbf.new_output("stream", text="so   k\n> 0.7")]
)


def test_a_card_is_a_question_and_choices():
    card = parse(CARD)
    assert card.question == "Which way does the *interval* move?"
    assert [choice.label for choice in card.choices] == ["It grows", "It stays, as $k$ does"]
    assert [choice.right for choice in card.choices] == [False, True]
    assert card.choices[1].word == "Because the *data* decide, and they are many."
    assert card.choices[1].attributes["data-shows"] == "k > 0.7"
    assert not list(problems_of(card)) and card.unit is None
    assert not parse("**Predict.** How far will the line go?").choices
    number = parse(
        '**Predict.** How far will the line go?\n\n<details data-number="pesos"><summary>'
        "Guess</summary>It is what it is, below.</details>"
    )
    assert number.unit == "pesos" and not list(problems_of(number))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("**Predict.** ", "Predict: ", "begins with"),
        ("<details><summary>It", "And so on.\n<details><summary>It", None),
        ("</details>\n<", "</details>\nor\n<", "only choices follow"),
        ("data-right", "data-rigth", "not data-rigth"),
        ("</summary>Because", "Because", "only choices follow"),
    ],
)
def test_what_is_no_card_is_told(old, new, problem):
    source = CARD.replace(old, new, 1)
    if problem is None:
        assert parse(source).question.endswith("And so on.")
        return
    with pytest.raises(ValueError, match=problem):
        parse(source)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (" data-right", "", "exactly one"),
        ("<details><", "<details data-right><", "exactly one"),
        ("Because a wide prior helps nobody.", "No.", "20 letters"),
        ("helps nobody", "helps *nobody*", "blank lines"),
        ("It grows", "`It` grows", "blank lines"),
        ("<details><summary>It grows</summary>Because a wide prior helps nobody.</details>\n", "", "2 to 5"),
        ("<details><", '<details data-number="m"><', "asks for a number"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_card_is_told(old, new, problem):
    source = CARD.replace(old, new, 1)
    assert any(problem in one for one in problems_of(parse(source)))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ('data-cell="fit" data-shows="k &gt; 0.7"', None),
        ('data-cell="fit" data-shows="mean &lt; median"', None),
        ('data-reason="the sum of squares cannot shrink"', None),
        ('data-cell="fit" data-shows="k &gt; 0.8"', "does not show"),
        ('data-cell="fits" data-shows="k"', "no code cell"),
        ('data-cell="fit"', "data-shows"),
        ('data-reason="so"', "sentence"),
    ],
)
def test_a_right_choice_is_proved(given, problem):
    source = CARD.replace('data-cell="fit" data-shows="k &gt; 0.7"', given)
    found = unproved(parse(source).choices[1], {"fit": FIT})
    assert found is None if problem is None else problem in found
    assert said_by(FIT) == "so k > 0.7 assert mean < median"


def test_a_card_covers_the_cells_down_to_the_next_text():
    def cell():
        return nodes.container(nb_element="cell_code")

    first, panel, third, far = cell(), nodes.container("", cell(), cell()), cell(), cell()
    anchor = nodes.raw("", '<div id="cell-fit"></div>', format="html")
    picture = nodes.container("", nodes.paragraph(), classes=["explorable"])
    card = nodes.paragraph()
    for stop in (nodes.paragraph(), picture, nodes.raw("", "<p>text</p>", format="html")):
        nodes.section("", card, first, anchor, panel, third, stop, far)
        assert cells_below(card) == [first, panel, third]
    assert cells_below(far) == []


def test_a_card_covers_the_text_that_says_what_the_cells_showed():
    def cell():
        return nodes.container("", nodes.container(nb_element="cell_code"))

    def anchor():
        return nodes.raw("", '<div id="cell-fit"></div>', format="html")

    def text():
        return [nodes.paragraph("", "It is "), nodes.math_block("", "x"), nodes.bullet_list()]

    new_thought = nodes.paragraph("", "", nodes.Text(""), nodes.strong("", "Move the spread."))
    emphasis = nodes.paragraph("", "And ", nodes.strong("", "thin"))
    question = nodes.paragraph(
        "", "", nodes.Text("Does it matter, "), nodes.math("", "x"), nodes.Text("? No.")
    )
    explorable = nodes.container("", nodes.paragraph(), classes=["explorable"])
    check = element.of("form", class_="predict")
    for stop in (cell(), nodes.section(), new_thought, question, explorable, check):
        card, answer, covered = nodes.paragraph(), cell(), [*text(), emphasis.deepcopy()]
        nodes.section("", card, answer, *covered, anchor(), stop, nodes.paragraph())
        assert prose_below(cells_below(card)) == covered
    nodes.section("", card, answer, covered[0])
    assert prose_below(cells_below(card)) == [covered[0]], "the page ends there"
    nodes.section("", card, cell(), answer, covered[0])
    assert prose_below(cells_below(card)) == [covered[0]], "it stands below the last cell"
    nodes.section("", card, answer, question)
    assert prose_below(cells_below(card)) == [question], "here it belongs to the answer"
    nodes.section("", card, covered[0], answer)
    assert prose_below(cells_below(card)) == [], "text that stands before any cell is no answer"
