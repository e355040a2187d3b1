"""The runs that ship with the course, from which everybody's book is rendered."""

from course import ROOT, code_cells, name_of
import runs

from tests.rules.common import none_of
from tests.rules.test_rules import PATHS


def texts(output):
    """Yield the texts of an output, but not its images."""
    for kind, content in output.get("data", {}).items():
        if not kind.startswith("image/"):
            yield str(content)
    yield from (str(output[part]) for part in ("text", "traceback", "evalue") if part in output)


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
