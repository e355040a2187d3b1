"""Docstrings in appendix D as their authors mean them, where napoleon reads them in another way.

Napoleon takes what stands before a colon in the docstring of a property for its type. Several names with one
explanation it repeats for each argument, and of two attributes it makes a name and a type. And code that a
docstring only indents is a quotation to reStructuredText.
"""

from collections.abc import Iterator
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

SPACE = "\N{INVISIBLE SEPARATOR}"  # in a list of names: Sphinx would cut it at a space
TYPE = re.compile(r":type: (.*)")
NAMES = re.compile(r"(:(?:ivar|vartype) )([^:]*):")
FIELD = re.compile(r":(param|type) ([^:]*):(.*)")
CODE = re.compile(r" {4}\S")


def whole_sentence(lines: list[str]) -> list[str]:
    """Return the docstring of a property with what is no type before the rest of its first sentence."""
    types = [match[1] for line in lines if (match := TYPE.fullmatch(line))]
    if len(types) != 1:
        return lines
    rest = [line for line in lines if not TYPE.fullmatch(line)]
    return [f"{types[0]}: {rest[0]}", *rest[1:]]


def fields(lines: list[str]) -> Iterator[list[str]]:
    """Yield each field with the lines that belong to it; a line of other text is alone."""
    block: list[str] = []
    for line in lines:
        if block and (FIELD.match(block[0]) and line.startswith(" ")):
            block.append(line)
            continue
        if block:
            yield block
        block = [line]
    if block:
        yield block


def words(lines: list[str]) -> str:
    """Return what is said, however it is indented."""
    return " ".join(" ".join(lines).split())


def names_together(lines: list[str]) -> list[str]:
    """Return a docstring in which arguments with one explanation share it."""
    found: list[tuple[list[str], list[str], list[str]]] = []  # names, explanation, type
    for block in fields(lines):
        match = FIELD.match(block[0])
        if match is None:
            found.append(([], block, []))
        elif match[1] == "param":
            said = [match[3], *block[1:]]
            if found and found[-1][0] and words(found[-1][1]) == words(said) != "":
                found[-1][0].append(match[2])
            else:
                found.append(([match[2]], said, []))
        elif found and found[-1][0]:
            found[-1][2][:] = [match[3], *block[1:]]
        else:
            found.append(([], block, []))
    shown: list[str] = []
    for names, said, kind in found:
        if not names:
            shown += said
            continue
        joined = f",{SPACE}".join(names)
        shown += [f":param {joined}:{said[0]}", *said[1:]]
        if kind:
            shown += [f":type {joined}:{kind[0]}", *kind[1:]]
    return shown


def as_meant(
    app: Sphinx, what: str, name: str, thing: object, options: Any, lines: list[str]
) -> None:
    """Put right what napoleon has made of a docstring."""
    if what == "property":
        lines[:] = whole_sentence(lines)
    lines[:] = [
        NAMES.sub(lambda found: f"{found[1]}{found[2].replace(', ', f',{SPACE}')}:", line)
        for line in names_together(lines)
    ]
    starts = [i for i, line in enumerate(lines) if i > 1 and CODE.match(line)]
    if what != "module" or not starts or lines[starts[0] - 1].strip():
        return
    if not lines[starts[0] - 2].endswith("::"):
        lines[starts[0] : starts[0]] = ["::", ""]


def without_aliases(
    app: Sphinx, what: str, name: str, thing: object, skip: bool, options: Any
) -> bool | None:
    """Leave out the fields of a named tuple, of which Python says "Alias for field number 0": its class lists them."""
    return True if (thing.__doc__ or "").startswith("Alias for field number") else None


class SpaceInNames(SphinxTransform):
    """Write the spaces between names again."""

    default_priority = 400

    def apply(self, **kwargs: Any) -> None:
        """Run over one document."""
        for text in list(self.document.findall(nodes.Text)):
            if SPACE in text:
                text.parent.replace(text, nodes.Text(text.replace(SPACE, " ")))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hook, after napoleon's."""
    app.connect("autodoc-process-docstring", as_meant, priority=600)
    app.connect("autodoc-skip-member", without_aliases)
    app.add_transform(SpaceInNames)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
