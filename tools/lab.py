"""Open the exercises in JupyterLab: what `make lab` does.

It serves the folder of the course, so that links to chapters and solutions work, and opens `work/`, the
learner's own copies of the exercises (see `learners_copies.py`). Other arguments are passed on to JupyterLab, for
example `python tools/lab.py --no-browser --port 9000`. If a port is taken, JupyterLab takes the next.
"""

from contextlib import suppress
import json
import os
from pathlib import Path
import sys
import tempfile
from typing import Any

import companion  # noqa: F401  it sets the switches of PyTensor and JAX, and kernels inherit them
from course import ROOT
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyterlab.labapp import LabApp
from kernels import ENVIRONMENT
from learners_copies import EXERCISES, WORK, hand_out
import nbformat
from tidy_notebooks import BY_HAND, tidy
import zmq

# JupyterLab's settings where a user has not chosen any.
SETTINGS = {
    # A page of the course, such as the references or the glossary, opens as it is meant to be read.
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    # Nothing is asked for over the network.
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/extensionmanager-extension:plugin": {"enabled": False},
}


def folder_of(path: str) -> str:
    """Return the first folder in a path as Jupyter writes it."""
    return path.strip("/").partition("/")[0]


class Contents(AsyncLargeFileManager):
    """The files of the course, kept as they are in git while somebody reads and runs them.

    Exercises are not written, because the copies in `work/` are. JupyterLab would save a chapter that
    was only opened, with what it notes there: it is saved tidy, that is, as it was. What stands in
    `work/` is saved as it is.
    """

    def is_writable(self, path: str) -> bool:
        """Return whether a file may be written; JupyterLab shows others as read-only."""
        return folder_of(path) != EXERCISES and super().is_writable(path)

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        """Save a file, a notebook of the course without outputs."""
        if model["type"] == "notebook" and folder_of(path) in BY_HAND:
            with suppress(Exception):  # whatever keeps it from being tidy, the work is saved
                model = model | {"content": tidy(nbformat.from_dict(model["content"]))}
        return await super().save(model, path)


def main(arguments: list[str]) -> None:
    """Hand out the exercises, say what is new, and become JupyterLab."""
    try:
        said = hand_out(ROOT)
    except OSError as error:
        sys.exit(f"{WORK}/ cannot be written: {error}. Mend that and run `make lab` again.")
    said.append("JupyterLab opens in your browser. To stop it, press Control-C here, twice.")
    print("\n".join(said), flush=True)
    # Kernels are those of the book: the same compiled programs, the same draws.
    os.environ |= ENVIRONMENT
    with tempfile.TemporaryDirectory() as settings:
        (Path(settings) / "overrides.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
        LabApp.launch_instance(
            [
                "--ServerApp.log_level=ERROR",
                "--LabApp.log_level=ERROR",
                # Or else each kernel complains in the terminal that it is not encrypted.
                f"--KernelManager.transport_encryption={'auto' if zmq.has('curve') else 'disabled'}",
                *arguments,
                f"--ServerApp.root_dir={ROOT}",
                "--ServerApp.contents_manager_class=lab.Contents",
                # Every Markdown file and script would be a notebook.
                "--ServerApp.jpserver_extensions=jupyterlab_jupytext=False",
                f"--LabApp.app_settings_dir={settings}",
                # Not the tabs that the learner left open in another project.
                f"--LabApp.workspaces_dir={ROOT / '_build' / 'jupyterlab'}",
                f"--LabApp.default_url=/lab/tree/{WORK}",
            ]
        )
    # JupyterLab is done. What it leaves to the end of the interpreter, such as the sockets of a kernel
    # that was just starting, can hold that up for ever.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
