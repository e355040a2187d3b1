"""A book of a few pages, rendered by Sphinx: runs that succeeded, failed, or are missing."""

from gc import get_objects
from io import StringIO
import weakref

from bs4 import BeautifulSoup
import course
import nbformat.v4 as nbf
import pytest
import rendering
import runs
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

TOC = """format: jb-book
root: index
parts:
- chapters:
  - file: chapters/01-good
  - file: chapters/02-bad
  - file: chapters/03-conflict
    title: 03 · A conflict
  - file: chapters/04-latin
    title: 04 · Latin
  - file: chapters/05-not-run
  - file: chapters/06-twins
  - file: appendices/c-errata
  - file: appendices/e-status
"""
ERRATA = """id,source,claim,target,shows,why
one,A,It is 41.,chapters/01-good.ipynb#answer,It is 42,it was run
two,A,It is 43.,chapters/02-bad.ipynb#later,It is 43,it was run
three,A,It is 44.,chapters/05-not-run.ipynb#answer,It is 44,it was run
"""
SCRATCH = (
    "chapters/Untitled.ipynb",
    "chapters/.ipynb_checkpoints/01-good-checkpoint.ipynb",
    "notes.md",
)
EXTENSIONS = [
    "myst_nb", "sphinx_external_toc", "parallel", "twin_cells", "run_outputs", "chapter_cost",
    "source_map", "status",
]  # fmt: skip


def text_output(text):
    return nbf.new_output("display_data", data={"text/markdown": text})


def notebook(*cells):
    first = nbf.new_markdown_cell("# A chapter\n\nYou will see.", id="title")
    metadata = {"language_info": {"name": "python"}}
    return nbf.new_notebook(cells=[first, *cells], metadata=metadata)


def code(name, source, *outputs, tags=()):
    return nbf.new_code_cell(source, id=name, outputs=list(outputs), metadata={"tags": list(tags)})


def put(root, name, made, *, run=True, **record):
    """Write a notebook without outputs and, with them, its run."""
    if run:
        runs.keep_run(root, name, made, seconds=12.0, **record)
    for cell in course.code_cells(made):
        cell.outputs = []
    (root / name).write_text(nbf.writes(made), encoding="utf-8")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("book")
    for folder in ("chapters", "appendices"):
        (root / folder).mkdir()
    (root / "_toc.yml").write_text(TOC, encoding="utf-8")
    (root / "index.md").write_text("# Book\n")
    (root / "appendices/errata.csv").write_text(ERRATA)
    (root / "appendices/c-errata.md").write_text("# Errata\n\n```{errata} A\n```\n")
    (root / "appendices/e-status.md").write_text(
        "# Status\n\n```{status-shown}\n```\n\n```{status-pages}\n```\n"
    )
    put(root, "chapters/01-good.ipynb", notebook(code("answer", "6 * 7", text_output("It is 42."))))
    error = nbf.new_output("error", ename="NameError", evalue="x", traceback=["NameError: x"])
    put(
        root,
        "chapters/02-bad.ipynb",
        notebook(
            code("early", "1", text_output("Seen before.")),
            code("breaks", "x", error),
            nbf.new_markdown_cell("## What follows", id="text"),
            code("later", "2", text_output("It is 43.")),
        ),
        failure={"index": 2, "error": "NameError: name 'x' is not defined"},
    )
    (root / "chapters/03-conflict.ipynb").write_text("{\n<<<<<<< HEAD\n=======\n>>>>>>> b\n}\n")
    (root / "chapters/04-latin.ipynb").write_bytes('{"cells": ["é"]}'.encode("latin-1"))
    put(root, "chapters/05-not-run.ipynb", notebook(code("answer", "1")), run=False)
    put(
        root,
        "chapters/06-twins.ipynb",
        notebook(
            code("model-pymc", "x", error, tags=["pymc"]), code("model-tfp", "y", tags=["tfp"])
        ),
        failure={"index": 1, "error": "NameError: name 'x' is not defined"},
    )
    # What JupyterLab leaves behind.
    scratch = nbf.new_notebook(cells=[nbf.new_markdown_cell("# My notes")])
    (root / "chapters/.ipynb_checkpoints").mkdir()
    for name in SCRATCH:
        (root / name).write_text(nbf.writes(scratch))
    return root


def living():
    """Return all objects but proxies, whose object may be gone, so that they cannot say what they are."""
    return [thing for thing in get_objects() if type(thing) not in weakref.ProxyTypes]


def build(root, fresh=False):
    """Render the book; return a function that gives a page, and the warnings."""
    said = StringIO()
    with patch_docutils(), docutils_namespace(), pytest.MonkeyPatch.context() as patch:
        patch.setattr("gc.get_objects", living)  # an extension asks them all
        app = Sphinx(
            root, None, root / "_build/html", root / "_build/doctrees", "html", status=None, warning=said,
            confoverrides={
                "extensions": EXTENSIONS, "external_toc_path": "_toc.yml", "nb_execution_mode": "off",
                "myst_enable_extensions": ["colon_fence", "attrs_block"], "html_theme": "basic",
                "include_patterns": rendering.included(root), "only_runs_of_this_machine": fresh, "nb_render_markdown_format": "myst",
            },
        )  # fmt: skip
        app.build()

    def page(name):
        return BeautifulSoup(
            (root / "_build/html" / f"{name}.html").read_text(encoding="utf-8"), "html.parser"
        )

    return page, said.getvalue()


@pytest.fixture(scope="module")
def book(root):
    return build(root)


def test_a_page_shows_its_run_and_says_whose_it_is(book):
    page, _ = book
    text = page("chapters/01-good").get_text(" ", strip=True)
    assert "It is 42." in text
    assert "12 seconds to run. The run on this page was made on this machine" in text


def test_the_page_of_a_notebook_that_failed_ends_there_with_a_box(book):
    page, _ = book
    soup = page("chapters/02-bad")
    box = next(each for each in soup.select(".admonition.error") if "stops here" in each.get_text())
    text = " ".join(box.get_text(" ").split())
    assert "Cell 3 of chapters/02-bad.ipynb ( breaks ) failed, and no cell after it was run" in text
    assert "NameError: name 'x' is not defined" in text and "run chapters/02-bad.ipynb" in text
    whole = soup.get_text(" ", strip=True)
    assert (
        whole.index("Seen before.")
        < whole.index("This page stops here")
        < whole.index("What follows")
    )
    assert "It is 43." not in whole
    assert "seconds to run" not in whole, "it did not run through"


def test_the_top_of_such_a_page_leads_to_the_box(book):
    page, _ = book
    soup = page("chapters/02-bad")
    pointer = soup.select_one(".admonition.warning")
    link = pointer.find("a")
    assert "not complete" in pointer.get_text() and link["href"] == "#run-stops"
    assert len(soup.find_all(id="run-stops")) == 1


def test_a_failing_twin_stays_with_its_other_half(book):
    page, said = book
    panel = page("chapters/06-twins").select_one(".twins")
    assert panel.select(".twin-pymc .cell") and panel.select(".twin-tfp .cell")
    assert "stops here" in panel.find_next(class_="admonition").get_text()
    assert "is not its `tfp` twin" not in said


@pytest.mark.parametrize(
    ("name", "title", "problem"),
    [
        ("03-conflict", "03 · A conflict", "merge conflict (line 2)"),
        ("04-latin", "04 · Latin", "is not text in UTF-8"),
    ],
)
def test_a_notebook_that_cannot_be_read_has_a_page_that_says_so(book, name, title, problem):
    page, said = book
    soup = page(f"chapters/{name}")
    assert soup.h1.get_text().startswith(title)
    assert problem in soup.select_one(".admonition.error").get_text()
    assert f"chapters/{name}.ipynb" in said


def test_a_page_without_a_run_says_so_and_is_a_warning(book):
    page, said = book
    assert "without results" in page("chapters/05-not-run").select_one(".admonition").get_text()
    assert "chapters/05-not-run.ipynb has not been run as it now stands" in said
    assert "chapters/02-bad.ipynb has not been run" not in said


def test_errata_quote_what_is_there_and_do_without_the_rest(book):
    page, said = book
    rows = [row.get_text(" ", strip=True) for row in page("appendices/c-errata").select("tbody tr")]
    assert "It is 42." in rows[0]
    assert all("Not known: the notebook has not run to this cell." in row for row in rows[1:])
    assert "errata" not in said


def test_what_lies_beside_the_pages_is_no_page(root, book):
    _, said = book
    pages = {path.name for path in (root / "_build/html").rglob("*.html")}
    assert "01-good.html" in pages
    assert not pages & {"Untitled.html", "01-good-checkpoint.html", "notes.html"}
    assert "Untitled" not in said and "notes" not in said


def test_nothing_else_is_complained_of(book):
    _, said = book
    lines = [line for line in said.splitlines() if "WARNING" in line or "ERROR" in line]
    # Two that cannot be read, of which Sphinx names one itself, and one that has not been run.
    assert len(lines) == 4, said


def test_the_status_page_counts_what_is_shown(book):
    page, _ = book
    shown, pages = page("appendices/e-status").select("table")
    counts = {row.td.get_text(): row.get_text(" ") for row in shown.select("tbody tr")}
    assert (
        "made on this machine" in counts["3"] and "none" in counts["3 "] if "3 " in counts else True
    )
    text = pages.get_text(" ", strip=True)
    assert text.count("stopped at an error") == 2 and text.count("no run") == 3


def test_only_pages_with_another_run_are_rendered_again(root, book):
    page, _ = book
    before = {
        path: path.stat().st_mtime_ns for path in (root / "_build/html/chapters").glob("*.html")
    }
    made = notebook(code("answer", "6 * 7", text_output("It is 42, again.")))
    runs.keep_run(root, "chapters/01-good.ipynb", made, seconds=12.0)
    page, _ = build(root)
    assert "It is 42, again." in page("chapters/01-good").get_text()
    assert "It is 42, again." in page("appendices/c-errata").get_text()
    after = {
        path: path.stat().st_mtime_ns for path in (root / "_build/html/chapters").glob("*.html")
    }
    changed = {path.name for path in after if after[path] != before[path]}
    assert changed == {"01-good.html"}


def test_a_shipped_run_is_shown_unless_only_this_machines_count(root, book):
    shipped = notebook(code("answer", "6 * 7", text_output("It is 42, as shipped.")))
    own = root / runs.LOCAL / "chapters/01-good.ipynb"
    mine = own.read_text()
    runs.keep_run(root, "chapters/01-good.ipynb", shipped, seconds=12.0)
    (root / "runs/chapters").mkdir(parents=True)
    own.rename(root / "runs/chapters/01-good.ipynb")
    own.write_text(mine)
    page, _ = build(root)
    text = page("chapters/01-good").get_text(" ", strip=True)
    assert "as shipped" in text and "came with the course" in text
    page, _ = build(root, fresh=True)
    text = page("chapters/01-good").get_text(" ", strip=True)
    assert "as shipped" not in text and "was made on this machine" in text
