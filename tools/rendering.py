"""Render the book with Jupyter Book, from the runs that are there.

    python tools/rendering.py [--fresh]

is the process that does it. It ends with 0, or with 3 if there were warnings (the book is there all the
same); any other status means that there is no book. It ends as well when its parent is gone.
"""

import argparse
import os
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import threading
import time

from course import ROOT, pages
from dependencies import digest_of
from failures import plain
from machine import cores

HTML = "_build/html"
STAMP = "_build/rendered"
# What changes all pages.
LAYOUT = (
    "_toc.yml",
    "_config.yml",
    "references.bib",
    "_ext/*.py",
    "_static/**/*",
    "_templates/*",
    "requirements.txt",
)
WARNED = 3
ENDINGS = (".md", ".ipynb")


def layout_of(root: Path) -> str:
    """Return a digest of all files that change every page."""
    files = {path for pattern in LAYOUT for path in root.glob(pattern) if path.is_file()}
    return digest_of(root, sorted(files))


def included(root: Path) -> list[str]:
    """Return the files that are pages: those that `_toc.yml` names, and nothing that lies beside them."""
    return [f"{page}{end}" for page in pages(root) for end in ENDINGS]


def render(root: Path, *, fresh: bool = False) -> None:
    """Render the book; leave with the warnings, if there are any, as status.

    Parameters
    ----------
    root : Path
        The folder of the course.
    fresh : bool
        Whether only runs of this machine are shown.

    Raises
    ------
    SystemExit
        With what is wrong, for a person to read. Unless it says otherwise, the book has been made.
    """
    # Sphinx reads again only what changed, and then repeats neither the warnings of an earlier build
    # nor the pages that a new layout changes; and whoever was killed left half a page. Then begin
    # afresh.
    stamp, layout = root / STAMP, layout_of(root)
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != layout:
        html = root / HTML
        for folder in (html, html.parent / ".doctrees", html.parent / "jupyter_execute"):
            shutil.rmtree(folder, ignore_errors=True)
    stamp.unlink(missing_ok=True)
    start = time.perf_counter()
    command = [sys.executable, str(root / "tools" / "rendering.py"), *["--fresh"] * fresh]
    with subprocess.Popen(
        command,
        cwd=root,
        text=True,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as sphinx:
        try:
            # Not `communicate`, which would close its standard input: that tells it that we are gone.
            said = plain(sphinx.stdout.read() if sphinx.stdout else "").strip()
        except BaseException:
            end_group(sphinx.pid)
            raise
    seconds = time.perf_counter() - start
    if sphinx.returncode not in (0, WARNED):
        sys.exit(f"{said}\nThe book could not be rendered: the lines above say why.")
    print(f"Rendered the book  {seconds:.0f} s", flush=True)
    if sphinx.returncode:
        sys.exit(
            f"{said}\nThe book is made, but each WARNING or ERROR above names a page to correct."
        )
    stamp.write_text(layout, encoding="utf-8")


def end_group(leader: int) -> None:
    """End a process, and all that it started, at once."""
    if hasattr(os, "killpg"):
        os.killpg(leader, signal.SIGKILL)
    else:
        os.kill(leader, signal.SIGTERM)


def end_with_parent() -> None:
    """End this process and its children when the one that started it is gone, however it went."""

    def wait() -> None:
        os.read(0, 1)  # not `sys.stdin`: its lock would be held in the processes that Sphinx forks
        end_group(os.getpid())

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    """Let Sphinx render the book, on all cores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fresh", action="store_true", help="show only runs of this machine")
    options = parser.parse_args()
    end_with_parent()

    from jupyter_book.sphinx import build_sphinx

    result = build_sphinx(
        ROOT,
        ROOT / HTML,
        path_config=ROOT / "_config.yml",
        noconfig=True,
        confoverrides={
            "include_patterns": included(ROOT),
            "external_toc_path": (ROOT / "_toc.yml").as_posix(),
            "latex_individualpages": False,
            "nitpicky": True,
            "only_runs_of_this_machine": options.fresh,
        },
        quiet=True,
        warningiserror=True,
        keep_going=True,
        jobs=cores(),
    )
    if isinstance(result, BaseException):  # Sphinx has said which
        sys.exit(2)
    sys.exit(WARNED if result else 0)


if __name__ == "__main__":
    main()
