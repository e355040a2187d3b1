"""Show what a term of the glossary means where it is used, and in which chapter it is used first.

Each page carries the meanings of the terms that it links; `_static/glossary.js` shows them when a pointer
or the keyboard comes to the link. On the glossary's own page, the first chapter stands below each meaning.
"""

import json
import posixpath
from typing import Any

from docutils import nodes
from glossary_links import GLOSSARY, USED
from search_index import GLOSSARY as TERM
from search_index import kept
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

HOME_OF_TERMS = "chapters/"


def first_uses(env: BuildEnvironment) -> dict[str, str]:
    """Return for each term of the glossary, in lower case, the first chapter that uses it."""
    found: dict[str, str] = {}
    for docname in sorted(env.found_docs):
        if docname.startswith(HOME_OF_TERMS):
            for term in env.metadata.get(docname, {}).get(USED, ()):
                found.setdefault(term.lower(), docname)
    return found


def meanings(env: BuildEnvironment) -> dict[str, tuple[str, str]]:
    """Return term and meaning for each anchor of the glossary."""
    entries = kept(env).get(GLOSSARY, ())
    return {anchor: (title, text) for kind, anchor, title, text, _ in entries if kind == TERM}


def outdated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages to be written again because a meaning, or a first chapter, is another one now."""
    titles = {docname: title.astext() for docname, title in env.titles.items()}
    uses = {term: (docname, titles.get(docname)) for term, docname in first_uses(env).items()}
    now = (uses, meanings(env))
    if getattr(env, "glossary_shown", None) == now:
        return []
    vars(env)["glossary_shown"] = now
    using = [name for name in env.found_docs if env.metadata.get(name, {}).get(USED)]
    return [*using, *({GLOSSARY} & env.found_docs)]


def explain(
    app: Sphinx,
    pagename: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Put the meanings of the terms that a page links at its end."""
    if doctree is None or not hasattr(app.env, "search_entries"):
        return
    known, uses, here = meanings(app.env), first_uses(app.env), {}
    for link in doctree.findall(nodes.reference):
        anchor = (link.get("refuri") or "").partition("#")[2]
        if anchor in known and any(
            "glossary-term" in node["classes"] for node in link.findall(nodes.inline)
        ):
            term, meaning = known[anchor]
            first = uses.get(term.lower())
            place = (
                posixpath.relpath(f"{first}.html", posixpath.dirname(pagename) or ".")
                if first
                else ""
            )
            title = app.env.titles[first].astext() if first and first != pagename else ""
            here[anchor] = [term, meaning, place, title]
    if here:
        data = json.dumps(here, ensure_ascii=False).replace("</", "<\\/")
        tag = f'<script type="application/json" id="glossary-here">{data}</script>\n'
        context["body"] += tag


def name_first_uses(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Say below each meaning of the glossary which chapter uses the term first."""
    if docname != GLOSSARY:
        return
    uses = first_uses(app.env)
    for item in doctree.findall(nodes.definition_list_item):
        if not isinstance(item.parent.parent, addnodes.glossary):
            continue
        first = uses.get(item.next_node(nodes.term).astext().lower())
        if first:
            place = app.builder.get_relative_uri(docname, first)
            link = nodes.reference("", app.env.titles[first].astext(), refuri=place, internal=True)
            line = nodes.paragraph(
                "", "First used in ", link, nodes.Text("."), classes=["first-use"]
            )
            item.next_node(nodes.definition).append(line)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hooks."""
    app.connect("env-updated", outdated)
    app.connect("doctree-resolved", name_first_uses)
    app.connect("html-page-context", explain)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
