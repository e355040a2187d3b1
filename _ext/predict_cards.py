"""Turn a Markdown cell tagged `predict` or `self-check` into a card that asks before it tells.

In Jupyter such a cell is a question, and a few `<details>` that open to a word on each choice::

    **Predict.** Which density is the taller one?

    <details><summary>The Normal</summary>The word on this choice.</details>
    <details data-right data-cell="table" data-shows="0.2"><summary>The t</summary>And on this.</details>

Without any `<details>` the reader commits with a button; with a single `<details data-number="pesos">`
by a number. A card tagged `self-check` begins with `**Check yourself.**`, always has choices, and covers only
its own words: it asks what a section was about. The page has::

    form.predict#<cell id>
        p.predict-title, div.predict-question
        fieldset: for each choice div.predict-choice with label > input, and div.predict-word
    .predict-answer.<cell id>-answer   the cells below, up to the next text: their outputs are covered
    .predict-prose.predict-answer.<cell id>-answer   the text that follows them, up to a new thought

That alone is readable: `_static/predict_cards.css` and `.js` do the covering, on screens and with
JavaScript only.

Of MyST-NB this leans on four things: it parses the notebook that a `source-read` hook leaves; it puts
the content of a Markdown cell among its neighbors, without a box of its own; code cells are `container`
nodes; and their outputs are containers with the class `cell_output`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from itertools import takewhile
import re
from typing import Any

from cell_anchors import is_anchor
from docutils import nodes
from docutils.statemachine import StringList
import nbformat
import nbformat.v4
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

TAG, CHECK_TAG = "predict", "self-check"
OPENINGS = {TAG: "**Predict.** ", CHECK_TAG: "**Check yourself.** "}
TITLES = {TAG: "Predict, then look", CHECK_TAG: "Check yourself"}
FENCE = "`" * 9
QUESTION = re.compile(r"[^.:!?]*\?(?!\w)")

ATTRIBUTE = r'\s+([\w-]+)(?:="([^"]*)")?'
INSIDE = r"(?:(?!</?(?:details|summary))[\s\S])*"
CHOICE = re.compile(
    rf"<details((?:{ATTRIBUTE})*)\s*>\s*<summary>({INSIDE})</summary>({INSIDE})</details>"
)
KNOWN = ("data-right", "data-cell", "data-shows", "data-reason", "data-number")


@dataclass(frozen=True)
class Choice:
    """One `<details>` of a card.

    Attributes
    ----------
    label, word : str
        Its `<summary>`, and what follows it, in Markdown.
    attributes : dict of str to str
        Those of its tag.
    lines : bool
        Whether blank lines set the word apart, so that Jupyter, too, reads it as Markdown.
    """

    label: str
    word: str
    attributes: dict[str, str]
    lines: bool

    @property
    def right(self) -> bool:
        """Whether this is the right choice."""
        return "data-right" in self.attributes


@dataclass(frozen=True)
class Card:
    """A question, and the choices: none, several, or one that asks for a number.

    Attributes
    ----------
    tag : str
        What the cell is tagged with, as its first words say.
    question : str
        In Markdown.
    choices : tuple of Choice
    """

    tag: str
    question: str
    choices: tuple[Choice, ...]

    @property
    def unit(self) -> str | None:
        """The unit of the number that is asked for; None if the card has choices or nothing."""
        return self.choices[0].attributes.get("data-number") if self.choices else None

    @property
    def kind(self) -> str:
        """How the reader commits: `check`, `choice`, `number`, or with `own` words."""
        if self.tag == CHECK_TAG:
            return "check"
        return "own" if not self.choices else "choice" if self.unit is None else "number"


def parse(source: str) -> Card:
    """Read a card.

    Parameters
    ----------
    source : str
        The text of a Markdown cell.

    Returns
    -------
    Card

    Raises
    ------
    ValueError
        If it is no card: the text says what is wrong.
    """
    tag = next((tag for tag, opening in OPENINGS.items() if source.startswith(opening)), None)
    if tag is None:
        wanted = " or ".join(map(repr, OPENINGS.values()))
        raise ValueError(f"a card begins with {wanted}, this one with {source[:20]!r}")
    question, *_ = source.removeprefix(OPENINGS[tag]).partition("<details")
    rest = CHOICE.sub("", source.removeprefix(OPENINGS[tag] + question)).strip()
    if rest:
        raise ValueError(f"only choices follow a question, and this is none: {rest[:60]!r}")
    choices = []
    for found in CHOICE.finditer(source):
        attributes = {name: unescape(value) for name, value in re.findall(ATTRIBUTE, found[1])}
        if unknown := set(attributes).difference(KNOWN):
            raise ValueError(f"a choice has {', '.join(KNOWN)}, but not {', '.join(unknown)}")
        label, word = found[4], found[5]
        lines = word.startswith("\n\n") and word.endswith("\n\n")
        choices.append(Choice(label.strip(), word.strip(), attributes, lines))
    return Card(tag, question.strip(), tuple(choices))


class element(nodes.General, nodes.Element):  # noqa: N801 (docutils finds visitors by this name)
    """An HTML element that docutils has no node for."""

    @classmethod
    def of(cls, tag: str, *children: nodes.Node, **attributes: str) -> "element":
        """Make one; `class_` and `for_` are written without the last letter, others with hyphens."""
        named = {name.rstrip("_").replace("_", "-"): text for name, text in attributes.items()}
        return cls("", *children, tag=tag, html=named)


def visit_element(self: HTML5Translator, node: element) -> None:
    """Write the opening tag."""
    attributes = dict(node["html"])
    ids = [attributes.pop("id")] if "id" in attributes else []
    self.body.append(self.starttag(node, node["tag"], "", ids=ids, **attributes))


def depart_element(self: HTML5Translator, node: element) -> None:
    """Write the closing tag, where there is one."""
    if node["tag"] != "input":
        self.body.append(f"</{node['tag']}>")


class PredictCard(SphinxDirective):
    """The card that a Markdown cell stands for."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Build it; what is wrong with it is an error, and so fails the build."""
        try:
            card = parse("\n".join(self.content))
        except ValueError as problem:
            raise self.error(f"{self.arguments[0]}: {problem}") from None
        name = self.arguments[0]
        title = element.of("p", nodes.Text(TITLES[card.tag]), class_="predict-title")
        question = element.of(
            "div", *self.parsed(card.question), class_="predict-question", id=f"{name}-question"
        )
        form = element.of("form", title, question, class_=TAG, id=name, data_kind=card.kind)
        if card.kind in ("check", "choice"):
            form += element.of(
                "fieldset",
                *(self.choice(name, number, one) for number, one in enumerate(card.choices, 1)),
                aria_labelledby=f"{name}-question",
                aria_live="polite",
            )
        elif card.kind == "number":
            form += self.number(name, card)
        return [form]

    def parsed(self, markdown: str) -> list[nodes.Node]:
        """Return the nodes of a text."""
        box = nodes.Element()
        self.state.nested_parse(StringList(markdown.split("\n"), self.get_source_info()[0]), 0, box)
        return box.children

    def line(self, markdown: str) -> list[nodes.Node]:
        """Return the nodes of a text that is one line, as a label is."""
        found = self.parsed(markdown)
        if len(found) != 1 or not isinstance(found[0], nodes.paragraph):
            raise self.error(f"{self.arguments[0]}: a label is one line of text, not {markdown!r}")
        return found[0].children

    def words(self, markdown: str) -> nodes.inline:
        """Return the words of a label. Sphinx curls the quotes in its own elements of text, as this one is, alone."""
        return nodes.inline("", "", *self.line(markdown))

    def choice(self, name: str, number: int, choice: Choice) -> element:
        """Build one choice."""
        radio = element.of("input", type="radio", name=name, value=str(number))
        label = element.of("label", radio, self.words(choice.label))
        if choice.right:
            label += element.of("b", nodes.Text("✓ Right"), class_="predict-mark")
        word = element.of("div", *self.parsed(choice.word), class_="predict-word")
        right = {"data_right": ""} if choice.right else {}
        return element.of("div", label, word, class_="predict-choice", **right)

    def number(self, name: str, card: Card) -> element:
        """Build the field for a number, and the word that follows it."""
        text = self.words(card.choices[0].label)
        field = element.of(
            "input", type="text", inputmode="decimal", size="8", name=name, autocomplete="off"
        )
        unit = element.of("span", nodes.Text(card.unit or ""))
        label = element.of("label", text, field, unit)
        word = element.of("div", *self.parsed(card.choices[0].word), class_="predict-word")
        return element.of("div", label, word, class_="predict-choice", aria_live="polite")


class CoverAnswers(SphinxTransform):
    """Mark the cells and the text below each card, after twins were folded into panels."""

    default_priority = 410

    def apply(self, **kwargs: Any) -> None:
        """Run over one document."""
        for card in list(self.document.findall(is_card)):
            if card["html"]["data-kind"] == "check":
                continue
            classes = ["predict-answer", f"{card['html']['id']}-answer"]
            cells = cells_below(card)
            for cell in cells:
                cell["classes"] += classes
            if prose := prose_below(cells):
                box = nodes.container(classes=["predict-prose", *classes])
                prose[0].parent.insert(prose[0].parent.index(prose[0]), box)
                for node in prose:
                    node.parent.remove(node)
                    box += node


def cells_below(card: nodes.Node) -> list[nodes.container]:
    """Return the cells, and panels of cells, between a card and the next text or heading."""
    return [
        node
        for node in run_below(card, lambda node: is_cell(node) or is_anchor(node))
        if is_cell(node)
    ]


def prose_below(cells: list[nodes.container]) -> list[nodes.Node]:
    """Return the text that says what the cells showed.

    It ends at the next cell, card or heading, and where a new thought begins: with words in bold, as the
    text that leads to an explorable does, or, after the first paragraph, with a question.
    """
    below = run_below(cells[-1], lambda node: not begins_anew(node)) if cells else []
    found = below[:1] + list(takewhile(lambda node: not is_question(node), below[1:]))
    while found and is_anchor(found[-1]):
        found.pop()
    return found


def run_below(node: nodes.Node, belongs: Callable[[nodes.Node], bool]) -> list[nodes.Node]:
    """Return the siblings that follow a node, up to the first that does not belong."""
    siblings = node.parent.children
    return list(takewhile(belongs, siblings[siblings.index(node) + 1 :]))


def begins_anew(node: nodes.Node) -> bool:
    """Whether what covered text could be ends before this node."""
    inside = node.children if isinstance(node, nodes.paragraph) else []
    # MyST puts an empty text before words in bold.
    lead = next((child for child in inside if child.astext()), None)
    return (
        isinstance(node, nodes.section)
        or isinstance(lead, nodes.strong)
        or is_cell(node)
        or is_card(node)
        or (isinstance(node, nodes.container) and "explorable" in node["classes"])
    )


def is_question(node: nodes.Node) -> bool:
    """Whether this is a paragraph whose first sentence is a question."""
    return isinstance(node, nodes.paragraph) and QUESTION.match(node.astext()) is not None


def is_card(node: nodes.Node) -> bool:
    """Whether this is the form of a card."""
    return isinstance(node, element) and node["tag"] == "form"


def is_cell(node: nodes.Node | None) -> bool:
    """Whether this is a code cell, or a panel of two."""
    return isinstance(node, nodes.container) and any(
        inner.get("nb_element") == "cell_code" for inner in node.findall(nodes.container)
    )


def write_cards(app: Sphinx, docname: str, content: list[str]) -> None:
    """Replace each tagged cell of a notebook that Sphinx has just read by its card."""
    if not any(f'"{tag}"' in content[0] for tag in OPENINGS):
        return
    notebook = nbformat.v4.reads(content[0])
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and OPENINGS.keys() & set(cell.metadata.get("tags", [])):
            cell.source = f"{FENCE}{{predict-card}} {cell.id}\n{cell.source}\n{FENCE}"
    content[0] = nbformat.v4.writes(notebook)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the node, the directive, the transform, and the hook before anchors are put in."""
    app.add_node(element, html=(visit_element, depart_element))
    app.add_directive("predict-card", PredictCard)
    app.add_transform(CoverAnswers)
    app.connect("source-read", write_cards, priority=690)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
