"""Number figures by the chapter they are in: the second figure of chapter 08 is Figure 8.2.

Sphinx would number them through the whole book, so that a new chapter would rename every figure
after it. The chapter's number is the one that its file name carries.
"""

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector

CHAPTER = re.compile(r"chapters/(\d+)-")


def keep_numbers(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Lay the last build's numbers aside, and show Sphinx those that it gave itself.

    Otherwise Sphinx would find other numbers than its own, and write every page with a figure again.
    """
    kept = vars(env)
    kept["numbers_by_chapter"] = env.toc_fignumbers
    env.toc_fignumbers = kept.get("numbers_by_sphinx", {})
    return []


def number_by_chapter(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Assign figure numbers again, as if each chapter were a section with its file's number.

    Returns
    -------
    list of str
        The documents whose numbers changed, for Sphinx to write again.
    """
    kept = vars(env)
    kept["numbers_by_sphinx"], env.toc_fignumbers = env.toc_fignumbers, kept["numbers_by_chapter"]
    sections = env.toc_secnumbers
    try:
        chapters = filter(None, map(CHAPTER.match, env.found_docs))
        env.toc_secnumbers = {chapter.string: {"": (int(chapter[1]),)} for chapter in chapters}
        return TocTreeCollector().assign_figure_numbers(env)
    finally:
        env.toc_secnumbers = sections


def setup(app: Sphinx) -> dict[str, Any]:
    """Run before and after Sphinx's own numbering, which has the default priority of 500."""
    app.connect("env-get-updated", keep_numbers, priority=100)
    app.connect("env-get-updated", number_by_chapter, priority=900)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
