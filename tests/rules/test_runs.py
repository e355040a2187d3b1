"""The runs that ship with the course, from which everybody's book is rendered."""

from copy import deepcopy

from course import ROOT, TESTED, code_cells, name_of, notebooks, read, tags
import nbformat.v4 as nbf
from nbval.plugin import coalesce_streams
import pytest
import runs

from tests.rules.common import none_of
from tests.rules.test_rules import PATHS


def texts(output):
    """Yield the texts of an output, but not its images."""
    for kind, content in output.get("data", {}).items():
        if not kind.startswith("image/"):
            yield str(content)
    yield from (str(output[part]) for part in ("text", "traceback", "evalue") if part in output)


def contents(cell):
    """Return what a cell shows, but no images. In how many pieces it prints is chance: nbval joins them."""
    return [
        {kind: content for kind, content in output.get("data", {}).items() if "image" not in kind}
        or output.get("text")
        for output in coalesce_streams(deepcopy(cell.outputs))
    ]


def unlike_its_run(notebook, run):
    """Return the ids of the cells whose stored output is not the one of the shipped run."""
    ran = {cell.id: cell for cell in code_cells(run)}
    return [
        cell.id
        for cell in code_cells(runs.clean(ROOT, deepcopy(notebook)))
        if TESTED in tags(cell) and cell.id in ran and contents(cell) != contents(ran[cell.id])
    ]


def test_every_notebook_ships_with_its_run():
    problems = [
        f"runs/{name} is {problem}; run `make runs`"
        for name, problem in runs.shipped_problems(ROOT).items()
    ]
    problems += [
        f"{name_of(path)} belongs to no notebook; run `make runs`" for path in runs.strays(ROOT)
    ]
    manifest = ROOT / runs.MANIFEST
    listed = manifest.read_text(encoding="utf-8") if manifest.exists() else ""
    if listed != runs.manifest_of(ROOT):
        problems.append(f"{runs.MANIFEST} does not say what is in runs/; run `make runs`")
    none_of(problems)


def test_runs_are_light_and_of_no_machine():
    problems = []
    size = runs.shipped_bytes(ROOT)
    if size > runs.MOST_BYTES:
        problems.append(f"runs/ has {size:,} bytes, and {runs.MOST_BYTES:,} are allowed")
    for path in sorted((ROOT / runs.SHIPPED).rglob("*.ipynb")):
        run = runs.load(ROOT, runs.SHIPPED, path.relative_to(ROOT / runs.SHIPPED).as_posix())
        for cell in code_cells(run.notebook) if run else ():
            for text in (text for output in cell.outputs for text in texts(output)):
                if found := PATHS.search(text):
                    problems.append(f"{name_of(path)}, {cell.id}: {found.group()!r} in an output")
    none_of(problems)


@pytest.mark.parametrize("path", notebooks(folders=("chapters", "solutions")), ids=name_of)
def test_a_stored_output_is_that_of_the_run(path):
    run = runs.load(ROOT, runs.SHIPPED, name_of(path))
    none_of(
        f"{cell}: the stored output is not that of runs/{name_of(path)}, and nbval compares it with "
        "a fresh one; read the new output, and if it is right, run the cell and save"
        for cell in (unlike_its_run(read(path), run.notebook) if run else ())
    )


def test_another_stored_output_is_seen():
    path = notebooks(folders=("chapters",))[0]
    run = runs.load(ROOT, runs.SHIPPED, name_of(path)).notebook
    notebook = read(path)
    cell = next(cell for cell in code_cells(notebook) if TESTED in tags(cell))
    cell.outputs[0].data["text/html"] = "<p>another</p>"
    assert unlike_its_run(notebook, run) == [cell.id]

    # In how many pieces it came is no difference; a piece that is missing is one.
    def printing(*pieces):
        outputs = [nbf.new_output("stream", text=piece) for piece in pieces]
        return nbf.new_code_cell("f()", outputs=outputs)

    assert contents(printing("one\n", "two\n")) == contents(printing("one\ntwo\n"))
    assert contents(printing("one\n", "two\n")) != contents(printing("one\n"))
