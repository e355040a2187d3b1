"""Words about draws: true on every machine, or computed.

The same seed gives other draws on another processor. A verdict typed into a sentence beside a drawn
number may then be false, and no test of numbers sees it.
"""

import ast
import re

from course import code_cells, read, tags

from tests.rules.common import calls, each_text, none_of

VERDICTS = re.compile(
    r"\b(hardly|barely|clearly|plainly|agrees?|disagrees?|coincides?|indistinguishable|unusual"
    r"|inside (?:its|the|their) bands?|stays? (?:inside|within)|nearly all|almost all"
    r"|too (?:high|low|large|small|narrow|wide)|the warnings?)\b"
)
FREE = {"exact", "nbval-check-output"}


def typed(text: ast.expr) -> str:
    """Return the part of a string that is typed, not computed."""
    if isinstance(text, ast.JoinedStr):
        return " ".join(
            part.value if isinstance(part, ast.Constant) else "…" for part in text.values
        )
    return text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else ""


def verdicts(cell):
    """Yield the verdicts that are typed into the sentences of a cell, with the words around them."""
    for name, call in calls(cell):
        if name == "say" and call.args:
            text = " ".join(typed(call.args[0]).split())
            for found in VERDICTS.finditer(text):
                yield found.group(), text[max(0, found.start() - 40) : found.end() + 40]


@each_text
def test_a_verdict_follows_the_draws(path):
    none_of(
        f"{cell.id}: {word!r} in '... {around} ...': compute the word with `claim(margin, yes, otherwise)`; "
        "or, if nothing in this sentence was drawn by a sampler, tag the cell `exact`"
        for cell in code_cells(read(path))
        if not FREE.intersection(tags(cell))
        for word, around in verdicts(cell)
    )
