"""Run every notebook that has to run, and render the book: what `make book` does.

`python tools/build_book.py` ends with the path of the book's first page. `--cold` forgets all
earlier runs first; `--slowest 10` lists the ten slowest cells.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import datetime
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tempfile
import time

import course
from course import ROOT, name_of
from kernels import XLA_PROGRAMS, warm_kernels
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
import nbformat
from runs import CACHE, cache_folder, digest_of_files, keep_run, stored_run

HTML = ROOT / "_build" / "html"
STAMP = ROOT / "_build" / "rendered"
LAYOUT = (
    "_toc.yml",
    "_config.yml",
    "references.bib",
    "_ext/*.py",
    "_static/**/*",
    "requirements.txt",
)
WORKERS = min(4, os.cpu_count() or 1)
CELL_SECONDS = 600


def notebooks() -> list[str]:
    """Return the paths of all notebooks, relative to the repository, in the order to run them."""
    return [name_of(path, ROOT) for path in course.notebooks(ROOT)]


def where_stored(name: str) -> Path:
    """Return the file that holds, or will hold, the run of a notebook."""
    return stored_run(ROOT, name, nbformat.read(ROOT / name, as_version=4))


def run(name: str) -> tuple[float, str]:
    """Run one notebook, and store it if every cell succeeds.

    Returns
    -------
    seconds : float
        How long it took.
    failure : str
        What went wrong, for a person to read; empty when nothing did.
    """
    start = time.perf_counter()
    notebook = nbformat.read(ROOT / name, as_version=4)
    current = 0

    def remember(cell: nbformat.NotebookNode, cell_index: int) -> None:
        nonlocal current
        current = cell_index

    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str((ROOT / name).parent)}},
        # Not the kernel's remark that its local ports are not encrypted.
        extra_arguments=["--log-level=ERROR"],
        record_timing=True,
        on_cell_start=remember,
    )
    failure = ""
    with tempfile.TemporaryDirectory() as scratch:
        # The learner's own progress file is not the build's to write.
        own = {"COMPANION_PROGRESS": str(Path(scratch) / "progress.json")}
        try:
            client.execute(env=os.environ | own)
        except CellExecutionError as error:
            failure = f"{error.ename}: {error.evalue}"
        except CellTimeoutError:
            failure = f"TimeoutError: the cell ran for more than {CELL_SECONDS} s"
        except DeadKernelError:
            failure = "DeadKernelError: the kernel died, often for want of memory"
    if failure:
        return time.perf_counter() - start, describe(name, notebook, current, failure)
    keep_run(ROOT, name, notebook)
    return time.perf_counter() - start, ""


def plain(text: str) -> str:
    """Return a text without terminal colors."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def describe(name: str, notebook: nbformat.NotebookNode, index: int, failure: str) -> str:
    """Say which cell of which notebook failed, how, and what to do."""
    cell = notebook.cells[index]
    lines = [line for line in cell.source.splitlines() if line.strip()]
    shown = "\n".join(f"    {line}" for line in lines[:3] + ["..."] * (len(lines) > 3))
    source = name.replace("exercises/", "solutions/")
    made = f" ({name} is generated from it)" if source != name else ""
    return (
        f"{name}, cell {index + 1} (id {cell.get('id', 'none')}) failed:\n{shown}\n  {plain(failure)}\n"
        f"  What to do: run {source}{made} in JupyterLab up to this cell, correct it, and run "
        "`make book` again; notebooks that succeeded are not run a second time."
    )


def run_all() -> None:
    """Run what has not been run as it now stands, a line for each; stop if anything failed."""
    pending = [name for name in notebooks() if not where_stored(name).exists()]
    failures = []
    if not pending:
        return
    print(
        f"Running {len(pending)} of {len(notebooks())} notebooks, {WORKERS} at a time.", flush=True
    )
    with warm_kernels() as environment:
        os.environ.update(environment)
        with ProcessPoolExecutor(WORKERS) as pool:
            running = {pool.submit(run, name): name for name in pending}
            for future in as_completed(running):
                seconds, failure = future.result()
                remark = "  FAILED" if failure else ""
                print(f"{running[future]}  {seconds:.0f} s{remark}", flush=True)
                failures += [failure] if failure else []
    if failures:
        sys.exit("\n" + "\n\n".join(failures))


def render() -> None:
    """Render the book with Jupyter Book; any warning stops the build."""
    # Sphinx reads again only what changed, and then repeats neither the warnings of a failed
    # build nor the pages that a new layout or new results change: in those cases begin afresh.
    layout = f"{digest_of_files(ROOT, LAYOUT)} {cache_folder(ROOT).name}"
    if not STAMP.exists() or STAMP.read_text() != layout:
        for folder in (HTML, HTML.parent / ".doctrees", HTML.parent / "jupyter_execute"):
            shutil.rmtree(folder, ignore_errors=True)
    STAMP.unlink(missing_ok=True)
    start = time.perf_counter()
    jupyter_book = (sys.executable, "-c", "from jupyter_book.cli.main import main; main()")
    command = [*jupyter_book, "build", ".", "--path-output", ".", "-W", "-n", "--keep-going", "-q"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "tools")},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        sys.exit(
            f"{plain(done.stdout)}\nRendering failed: each WARNING or ERROR above names a page to correct."
        )
    STAMP.write_text(layout)
    print(f"Rendered the book  {time.perf_counter() - start:.0f} s", flush=True)


def print_slowest(count: int) -> None:
    """Print the slowest cells of all notebooks, slowest first."""
    rows = []
    for name in notebooks():
        for cell in nbformat.read(where_stored(name), as_version=4).cells:
            times = cell.metadata.get("execution", {})
            ends = [times.get(f"iopub.status.{state}") for state in ("busy", "idle")]
            if all(ends):
                busy, idle = map(datetime.fromisoformat, ends)
                rows.append(((idle - busy).total_seconds(), name, cell.get("id", "")))
    print("Slowest cells:")
    for seconds, name, cell_id in sorted(rows, reverse=True)[:count]:
        print(f"{seconds:8.1f} s  {name}  cell {cell_id}")


def main() -> None:
    """Run, render, and say where the book is."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cold", action="store_true", help="forget all earlier runs first")
    parser.add_argument("--slowest", type=int, metavar="N", help="list the N slowest cells")
    options = parser.parse_args()

    if options.cold:
        for folder in (ROOT / CACHE, XLA_PROGRAMS):
            shutil.rmtree(folder, ignore_errors=True)
        STAMP.unlink(missing_ok=True)
    valid = cache_folder(ROOT)
    valid.mkdir(parents=True, exist_ok=True)
    for old in valid.parent.iterdir():
        if old != valid:
            shutil.rmtree(old)
    run_all()
    render()
    if options.slowest:
        print_slowest(options.slowest)
    print(f"The book: {HTML / 'index.html'}")


if __name__ == "__main__":
    main()
