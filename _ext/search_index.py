"""The words that the search page looks through, in one file that it loads: `search_words.js`.

Sphinx's own index knows words, and fetches whole pages to show a line of them, which a book that is opened
from a folder may not do. This one has, for each section, the text that a reader reads (no code, no numbers
printed by cells), and beside it the names in its code. Entries of the glossary and functions of the companion
stand for themselves. `_static/search.js` does the rest; see there for how results are ordered.

While Sphinx reads pages, each page's entries are kept in its environment, so that a page that did not
change keeps them.
"""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any
import unicodedata

from code_bars import SETUP_NAME
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment

FILE = "search_words.js"
TEMPLATES = "_templates"
API = "appendices/d-companion-api"
# What an entry belongs to: the groups of results, in their order.
CHAPTER, GLOSSARY, EXERCISE, APPENDIX, COMPANION, SOLUTION = range(6)
KINDS = ("Chapters", "Glossary", "Exercises", "Appendices", "Companion", "Solutions")
FOLDERS = {"chapters": CHAPTER, "exercises": EXERCISE, "solutions": SOLUTION}
EMPTY = re.compile(r"(?<= )\(\)[ ]?")  # where a citation stood
NAME = re.compile(r"[A-Za-z_][\w.]{2,}")
UNREAD = (
    nodes.literal_block, nodes.math_block, nodes.raw, nodes.comment, nodes.system_message, nodes.title,
    nodes.section, nodes.image, nodes.Invisible, addnodes.desc, addnodes.glossary, addnodes.index,
    addnodes.toctree,
)  # fmt: skip
LOOKUP = "lookup"  # class of a list whose items are entries of their own
# Classes of what is no text, is not yet to be read, or is an entry.
SILENT = {"cost", "predict-word", "predict-mark", LOOKUP}
SYMBOLS = {"sim": "~", "mid": "|", "to": "→", "le": "≤", "ge": "≥", "times": "×", "pm": "±"}

Entry = tuple[int, str, str, str, str]  # kind, anchor, title, text, names in code


def symbol(name: str) -> str:
    r"""Return what a command of TeX looks like, or nothing: `\tau` is τ, `\mathcal` has no look."""
    greek = {"lambda": "LAMDA", "varepsilon": "EPSILON"}.get(name.lower(), name.upper())
    case = "CAPITAL" if name[:1].isupper() else "SMALL"
    try:
        return unicodedata.lookup(f"GREEK {case} LETTER {greek}")
    except KeyError:
        return SYMBOLS.get(name, "")


def plain(formula: str) -> str:
    """Return a short formula as text."""
    text = re.sub(r"\\([A-Za-z]+)", lambda found: f"{symbol(found[1])} ", formula)
    return " ".join(re.sub(r"\\.|[{}$^_&]", "", text).split())


def words_of(node: nodes.Node) -> Iterator[str]:
    """Yield what a reader reads in a node: its text, without code and without what lies below."""
    if isinstance(node, nodes.Text):
        yield node.astext()
    elif isinstance(node, nodes.math):
        yield plain(node.astext())
    elif not is_unread(node):
        for child in node.children:
            yield from words_of(child)
        if not isinstance(node, nodes.Inline):
            yield " "


def is_unread(node: nodes.Node) -> bool:
    """Whether a node is no part of the text of its section."""
    if isinstance(node, UNREAD):
        return True
    return isinstance(node, nodes.Element) and (
        node.get("nb_element") == "cell_code_source"
        or node.get("refdomain") == "cite"  # the key of an entry in the list of references
        or not SILENT.isdisjoint([*node.get("classes", ()), node.get("html", {}).get("class", "")])
    )


def text_of(*children: nodes.Node) -> str:
    """Return the text of some nodes, in one line."""
    text = " ".join("".join(word for child in children for word in words_of(child)).split())
    return EMPTY.sub("", text)


def names_in(section: nodes.Element) -> str:
    """Return the names in the code of a section, each once."""
    found: dict[str, None] = {}
    waiting = list(section.children)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, nodes.section) or not isinstance(node, nodes.Element):
            continue
        if node.get("nb_element") == "cell_code_source":
            if node.parent.get("prompt_show") != SETUP_NAME:
                found |= dict.fromkeys(NAME.findall(node.astext()))
        else:
            waiting += node.children
    return " ".join(found)


def entries(docname: str, document: nodes.document) -> Iterator[Entry]:
    """Yield the entries of a page.

    Parameters
    ----------
    docname : str
        Its name.
    document : docutils.nodes.document
        Its content, as it was read.

    Yields
    ------
    tuple
        Kind, anchor, title, text, and names in code.
    """
    kind = COMPANION if docname == API else FOLDERS.get(docname.partition("/")[0], APPENDIX)
    for section in document.findall(nodes.section):
        title = text_of(*section.next_node(nodes.title).children)
        below = [child for child in section.children if not isinstance(child, nodes.title)]
        anchor = "" if section.parent is document else section["ids"][0]
        yield kind, anchor, title, text_of(*below), names_in(section)
    for item in document.findall(nodes.definition_list_item):
        if isinstance(item.parent.parent, addnodes.glossary):
            term, meaning = item.next_node(nodes.term), item.next_node(nodes.definition)
            anchor = next(iter(term["ids"]), "")
            yield GLOSSARY, anchor, text_of(*term.children), text_of(meaning), ""
        elif LOOKUP in item.parent["classes"]:
            term, meaning = item.next_node(nodes.term), item.next_node(nodes.definition)
            yield kind, term["ids"][0], text_of(*term.children), text_of(*meaning.children), ""
    for thing in document.findall(addnodes.desc):
        signature = thing.next_node(addnodes.desc_signature)
        if signature["ids"]:
            meaning = thing.next_node(addnodes.desc_content)
            name = f"{signature.get('module', '')}.{signature.get('fullname', '')}".strip(".")
            yield COMPANION, signature["ids"][0], name, text_of(*meaning.children), ""


def kept(env: BuildEnvironment) -> dict[str, list[Entry]]:
    """Return the entries of each page: Sphinx keeps them with its environment."""
    return vars(env).setdefault("search_entries", {})


def collect(app: Sphinx, document: nodes.document) -> None:
    """Keep the entries of a page that has just been read."""
    kept(app.env)[app.env.docname] = list(entries(app.env.docname, document))


def begin(app: Sphinx) -> None:
    """Let Sphinx make no index of its own, which takes seconds."""
    if isinstance(app.builder, StandaloneHTMLBuilder):
        app.builder.search = False


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget the entries of a page that is read again, or gone."""
    kept(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    """Take over what another process has read."""
    for docname in docnames:
        if docname in kept(other):
            kept(env)[docname] = kept(other)[docname]


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the file that the search page loads: pages, and the entries of each."""
    if exception or app.builder.format != "html":
        return
    found = [
        [docname, app.env.titles[docname].astext(), kept(app.env)[docname]]
        for docname in sorted(kept(app.env))
        if docname in app.env.titles
    ]
    words = json.dumps({"kinds": KINDS, "pages": found}, ensure_ascii=False, separators=(",", ":"))
    Path(app.outdir, FILE).write_text(f"window.courseWords={words};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register all this, and the page that searches."""
    if TEMPLATES not in app.config.templates_path:
        app.config.templates_path.append(TEMPLATES)
    app.config.html_additional_pages["search"] = "search.html"
    app.connect("builder-inited", begin)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("build-finished", write)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
