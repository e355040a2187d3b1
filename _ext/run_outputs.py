"""Give each notebook the outputs of its run, while Sphinx reads it, and say where the run stopped.

The runs are those of `tools/runs.py`. Sphinx itself never runs a notebook: one without a run is a
warning. A notebook that cannot be read still gets its page, with the reason. The hook that fills a
notebook is on `source-read`, before MyST-NB parses the text.

Which run each page shows is kept in Sphinx's environment, so that a page is read again when another
run takes its place, even if no file has changed.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from course import Unreadable, read, tags
from failures import advice
import nbformat
import nbformat.v4
from runs import Run, find_run, with_outputs
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)

FRESH = "only_runs_of_this_machine"

BOX = """<div id="run-stops"></div>

::::{{admonition}} This page stops here
:class: error

{what}

```text
{error}
```

What to do: {advice}
::::"""
POINTER = """:::{admonition} This page is not complete
:class: warning

Its run stopped at an error, so everything below that place is without results.
<a class="reference internal" href="#run-stops">See where and why.</a>
:::"""
NOT_RUN = """:::{admonition} This page is without results
:class: warning

The notebook has not been run as it now stands. Run `make book`.
:::"""


@cache
def _run(root: Path, name: str, fresh: bool) -> Run | None:
    """Return the run of a notebook, looked up once in a build."""
    try:
        return find_run(root, name, read(root / name), fresh=fresh)
    except Unreadable:
        return None


def _key(run: Run | None) -> tuple[str, int] | None:
    """Return what changes when another run takes the place of this one."""
    return (str(run.path), run.path.stat().st_mtime_ns) if run else None


def _shown(env: BuildEnvironment) -> dict[str, dict[str, tuple[str, int] | None]]:
    """Return the runs that each page shows: Sphinx keeps them with its environment."""
    return vars(env).setdefault("runs_shown", {})


def shown_run(env: BuildEnvironment, name: str) -> Run | None:
    """Return the run of a notebook that the book shows, and note that this page depends on it.

    Parameters
    ----------
    env : BuildEnvironment
        Sphinx's environment, while it reads a page.
    name : str
        The notebook's path in the course.

    Returns
    -------
    Run or None
        It may have failed; None if there is no run of the notebook as it now stands.
    """
    run = _run(Path(env.srcdir), name, env.config[FRESH])
    _shown(env).setdefault(env.docname, {})[name] = _key(run)
    return run


def _markdown(source: str, name: str) -> nbformat.NotebookNode:
    """Return a cell of text."""
    return nbformat.v4.new_markdown_cell(source, id=name)


def add_box(
    root: Path, name: str, notebook: nbformat.NotebookNode, failure: Mapping[str, Any]
) -> None:
    """Put below the cell that failed what happened and what to do, and above it all a pointer."""
    index, error = failure["index"], failure["error"]
    failed = notebook.cells[index]
    # Twins stay neighbors.
    below = index + (2 if "pymc" in tags(failed) else 1)
    box = BOX.format(
        what=f"Cell {index + 1} of `{name}` (`{failed.id}`) failed, and no cell after it was run:",
        error=error.replace("```", "'''"),
        advice=advice(root, name, notebook),
    )
    notebook.cells.insert(below, _markdown(box, "run-stops"))
    notebook.cells.insert(1, _markdown(POINTER, "run-stops-pointer"))


def in_place_of(app: Sphinx, docname: str, problem: Unreadable) -> nbformat.NotebookNode:
    """Return the page of a notebook that cannot be read."""
    entry = app.config.external_site_map.get(docname)
    title = (entry and entry.title) or Path(docname).stem
    text = f"# {title}\n\n:::{{admonition}} This page is missing\n:class: error\n\n"
    text += f"{problem}\n:::"
    return nbformat.v4.new_notebook(cells=[_markdown(text, "title")])


def fill_in(app: Sphinx, docname: str, content: list[str]) -> None:
    """Put the outputs of its run into a notebook that Sphinx has just read from disk."""
    name = Path(app.env.doc2path(docname, base=False)).as_posix()
    if not name.endswith(".ipynb"):
        return
    root = Path(app.srcdir)
    try:
        notebook = read(root / name)
    except Unreadable as problem:
        logger.warning("%s", problem, location=docname)
        content[0] = nbformat.v4.writes(in_place_of(app, docname, problem))
        return
    run = shown_run(app.env, name)
    if run is None:
        logger.warning("%s has not been run as it now stands.", name, location=docname)
        notebook.cells.insert(1, _markdown(NOT_RUN, "not-run"))
    else:
        notebook = with_outputs(notebook, run.notebook)
        if run.failure:
            add_box(root, name, notebook, run.failure)
    content[0] = nbformat.v4.writes(notebook)


def begin(app: Sphinx) -> None:
    """Look at the runs as they now are."""
    _run.cache_clear()


def outdated(app: Sphinx, env: BuildEnvironment, *changes: set[str]) -> list[str]:
    """Return the pages for which there is now another run than the one they show."""
    root, fresh = Path(app.srcdir), app.config[FRESH]
    return [
        docname
        for docname, shown in _shown(env).items()
        if any(_key(_run(root, name, fresh)) != key for name, key in shown.items())
    ]


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget what a page showed, before it is read again."""
    _shown(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: Any) -> None:
    """Take over what another process noted about the pages that it read."""
    _shown(env).update({name: _shown(other).get(name, {}) for name in docnames})


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the hooks."""
    app.add_config_value(FRESH, False, "env", bool)
    app.connect("builder-inited", begin)
    app.connect("env-get-outdated", outdated)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    app.connect("source-read", fill_in)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
