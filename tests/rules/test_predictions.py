"""Cards that ask before the page tells: one right choice, a word on each, and a cell that proves it."""

import ast
from functools import cache
import re

from course import ROOT, name_of, tags
from predict_cards import CHECK_TAG, OPENINGS, TAG, Card, Choice, parse
import runs
from source_map import texts_and_tables
from tidy_notebooks import read

from tests.rules.common import NOTEBOOKS, each_chapter, each_text, none_of, whole_course

FEWEST, MOST = 2, 5
CARDS = {TAG: 3, CHECK_TAG: 2}  # with choices, in each chapter
SHORTEST_WORD = 20
MARKDOWN = re.compile(r"[`*\[]")  # what Jupyter shows as it is written, inside of a line of HTML
MATHEMATICS = re.compile(r"\$[^$]*\$")
TAGS = re.compile(r"<[^>]*>")


def cards(notebook):
    """Return the cells that are cards, each with the cell below it."""
    cells = notebook.cells
    return [
        (cell, below)
        for cell, below in zip(cells, [*cells[1:], None], strict=True)
        if OPENINGS.keys() & set(tags(cell))
    ]


def raw(choice: Choice) -> bool:
    """Whether Jupyter would show some Markdown of this choice as it is written."""
    inline = [choice.label] if choice.lines else [choice.label, choice.word]
    return any(MARKDOWN.search(MATHEMATICS.sub("", text)) for text in inline)


def problems_of(card: Card):
    """Yield what is wrong with the choices of a card."""
    right = [choice for choice in card.choices if choice.right]
    if card.unit is not None:
        if len(card.choices) > 1 or right:
            yield "a card that asks for a number has one `<details data-number>`, and no right choice"
    elif card.choices or card.tag == CHECK_TAG:
        if not FEWEST <= len(card.choices) <= MOST:
            yield f"{FEWEST} to {MOST} choices, or none; not {len(card.choices)}"
        if len(right) != 1:
            yield f"exactly one choice is marked `data-right`, not {len(right)}"
    if len(card.question) < SHORTEST_WORD:
        yield f"the question is a sentence: {card.question!r}"
    for choice in card.choices:
        if len(choice.word) < SHORTEST_WORD:
            yield f"{choice.label!r}: the word on it has {SHORTEST_WORD} letters or more"
        if not re.search(r"\w", TAGS.sub("", MATHEMATICS.sub("", choice.label))):
            yield f"{choice.label!r}: a label has a word beside its formula, for who hears the page"
        if raw(choice):
            yield f"{choice.label!r}: leave blank lines around Markdown, and in a label write HTML"


@each_text
def test_a_card_has_one_right_choice_and_a_word_on_each(path):
    problems = []
    for cell, below in cards(read(path)):
        tag = next(tag for tag in OPENINGS if tag in tags(cell))
        if cell.cell_type != "markdown" or not cell.id.startswith(f"{tag}-"):
            problems.append(f"{cell.id}: a card is a Markdown cell, and its id begins with {tag}-")
            continue
        covers = below is not None and below.cell_type == "code"
        if tag == TAG and not covers:
            problems.append(f"{cell.id}: the cell below a card is the code whose output answers it")
        if tag == CHECK_TAG and covers:
            problems.append(f"{cell.id}: a self-check ends a section; below it begins the next")
        try:
            card = parse(cell.source)
        except ValueError as problem:
            problems.append(f"{cell.id}: {problem}")
        else:
            if card.tag != tag:
                problems.append(f"{cell.id}: a card tagged {tag} begins with {OPENINGS[tag]!r}")
            problems += [f"{cell.id}: {problem}" for problem in problems_of(card)]
    none_of(problems)


def with_choices(notebook, tag):
    """Return the ids of the cards that offer choices; a card that is wrong is the business of the rule above."""
    found = []
    for cell, _ in cards(notebook):
        try:
            card = parse(cell.source)
        except ValueError:
            continue
        if card.tag == tag and len(card.choices) >= FEWEST:
            found.append(cell.id)
    return found


@each_chapter
def test_a_chapter_asks_before_it_tells_and_afterwards(path):
    problems = []
    for tag, fewest in CARDS.items():
        found = with_choices(read(path), tag)
        if len(found) < fewest:
            named = ", ".join(found) or "none"
            problems.append(
                f"{fewest} cards tagged {tag} with choices or more, not {len(found)} ({named})"
            )
    none_of(problems)


@cache
def shipped(path):
    """Return the cells of the run that ships with a notebook, or its own before there is one, by their ids."""
    run = runs.load(ROOT, runs.SHIPPED, name_of(path))
    return {cell.id: cell for cell in (run.notebook if run else read(path)).cells}


def said_by(cell):
    """Return all that a cell puts out as text, and all that it asserts, on one line."""
    texts, tables = texts_and_tables(cell)
    texts = [*texts, *(table.get_text(" ") for table in tables)]
    tree = ast.walk(ast.parse(cell.source))
    texts += [ast.unparse(node) for node in tree if isinstance(node, ast.Assert)]
    return " ".join(" ".join(texts).split())


def unproved(choice: Choice, cells) -> str | None:
    """Return why nothing shows that a choice is right, or None."""
    given = choice.attributes
    if given.get("data-reason"):
        return None if len(given["data-reason"]) >= SHORTEST_WORD else "data-reason is a sentence"
    if not (given.get("data-cell") and given.get("data-shows")):
        return "name the cell and what it shows (data-cell, data-shows), or say why (data-reason)"
    cell = cells.get(given["data-cell"])
    if cell is None or cell.cell_type != "code":
        return f"there is no code cell {given['data-cell']!r}"
    if given["data-shows"] not in (said := said_by(cell)):
        return f"{cell.id} does not show {given['data-shows']!r}, but: {said[:300]}"
    return None


@each_text
def test_the_marked_choice_is_the_right_one(path):
    problems = []
    for cell, _ in cards(read(path)):
        try:
            choices = parse(cell.source).choices
        except ValueError:
            continue  # the rule above says so
        for choice in choices:
            if choice.right and (problem := unproved(choice, shipped(path))):
                problems.append(f"{cell.id}: {problem}")
    none_of(problems)


@whole_course
def test_a_card_has_its_name_for_itself():
    places = {}
    for path in NOTEBOOKS:
        for cell, _ in cards(read(path)):
            places.setdefault(cell.id, []).append(name_of(path))
    shared = {name: where for name, where in places.items() if len(where) > 1}
    none_of(f"{name} is in {', '.join(where)}; rename one" for name, where in shared.items())
