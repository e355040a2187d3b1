"""Link the first use of each term of the glossary on a page to its entry.

The chapters stay plain Markdown, which reads well in Jupyter too: the terms are found in the text when the
book is built. Headings, code, mathematics and existing links are left alone.
"""

from functools import cache
from pathlib import Path
import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

# Words of the glossary that mean something else here.
OTHER_SENSES = re.compile(
    "known from its calibration|plain mixtures, without slag|mixtures by their composition"
    "|concrete mixtures|amounts in the mixture|Kullback–Leibler divergence"
)
# Short forms that mean a term.
SHORT = {"non-centered": "non-centered parameterization"}
GLOSSARY = "appendices/a-notation-and-glossary"
USED = "glossary_terms"  # in the metadata of a page: the terms that it links, as they are defined
SKIPPED = (
    nodes.title, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block,
    nodes.reference, nodes.raw, nodes.caption, nodes.table, addnodes.pending_xref,
    addnodes.literal_strong, addnodes.literal_emphasis,
)  # fmt: skip


@cache
def terms(root: Path) -> dict[str, str]:
    """Return the terms of the glossary: as they may stand in a text, and as they are defined."""
    text = (root / f"{GLOSSARY}.md").read_text(encoding="utf-8")
    block = re.search(r"^:{3,}\{glossary\}\n(.*?)^:{3,}$", text, re.DOTALL | re.MULTILINE)
    found = (
        [line for line in block[1].splitlines() if line and not line[0].isspace()] if block else []
    )
    found = [line for line in found if not line.startswith(":")]
    short = {name: term for name, term in SHORT.items() if term in found}
    return {term.lower(): term for term in found} | short


@cache
def pattern(root: Path) -> re.Pattern[str]:
    """Return what matches any term, longer ones first, also in the plural."""
    names = sorted(terms(root), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, names))})(s?)(?![\w-])", re.IGNORECASE)


def in_other_senses(text: nodes.Text) -> list[tuple[int, int]]:
    """Return where a text has parts of phrases of another sense; each line of a source is a text of its own."""
    parent = text.parent
    place = next(i for i, child in enumerate(parent.children) if child is text)
    start = sum(len(child.astext()) for child in parent.children[:place])
    around = parent.astext().replace("\n", " ")
    return [(match.start() - start, match.end() - start) for match in OTHER_SENSES.finditer(around)]


class LinkTerms(SphinxTransform):
    """Replace the first use of each term by a reference to the glossary."""

    default_priority = 450

    def apply(self, **kwargs: Any) -> None:
        """Run over one document."""
        docname = self.env.docname
        if not docname.startswith(("chapters/", "appendices/")) or docname == GLOSSARY:
            return
        root = Path(self.app.srcdir)
        names, linked = terms(root), set()
        for text in list(self.document.findall(nodes.Text)):
            if not self.is_prose(text):
                continue
            pieces: list[nodes.Node] = []
            done, plain = 0, text.astext()
            others = in_other_senses(text)
            for match in pattern(root).finditer(plain) if names else ():
                name = names[match[1].lower()]
                if name in linked or any(a <= match.start() < b for a, b in others):
                    continue
                linked.add(name)
                pieces += [
                    nodes.Text(plain[done : match.start()]),
                    self.reference(match[0], name),
                ]
                done = match.end()
            if pieces:
                text.parent.replace(text, [*pieces, nodes.Text(plain[done:])])
        self.env.metadata[docname][USED] = sorted(linked)

    @staticmethod
    def is_prose(node: nodes.Node) -> bool:
        """Whether a text stands in a paragraph or list, outside of everything that is left alone."""
        inside = False
        while (node := node.parent) is not None:
            if isinstance(node, SKIPPED):
                return False
            inside = inside or isinstance(node, nodes.paragraph)
        return inside

    def reference(self, text: str, term: str) -> addnodes.pending_xref:
        """Return a reference to a term of the glossary."""
        shown = nodes.inline("", text, classes=["xref", "std", "std-term", "glossary-term"])
        return addnodes.pending_xref(
            "",
            shown,
            refdomain="std",
            reftype="term",
            reftarget=term,
            refexplicit=True,
            refwarn=True,
            refdoc=self.env.docname,
        )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(LinkTerms)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
