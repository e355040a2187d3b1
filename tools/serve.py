"""Show the rendered book on this machine: what `make serve` does.

If a port is taken, the next is tried. Ctrl-C ends it.
"""

import argparse
import errno
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
import sys
from typing import Any

from command_line import whole_number
from course import ROOT
from rendering import HTML

PORT = 8000
TOP_PORT = 65535
TRIED = 20


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, without a line in the terminal for each."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A server whose readers may turn away in the middle of a page."""

    allow_reuse_address = sys.platform != "win32"  # there it would share a port that is taken

    def handle_error(self, *where: Any) -> None:
        """Report what went wrong, unless it is only a browser that did not wait."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*where)


def open_server(folder: Path, first: int) -> Server:
    """Return a server of a folder at the first port that is free.

    Parameters
    ----------
    folder : Path
        What to serve.
    first : int
        The port to try first.

    Raises
    ------
    OSError
        If none of 20 ports, or of those up to the last, can be had.
    """
    for port in range(first, min(first + TRIED, TOP_PORT + 1)):
        try:
            return Server(("127.0.0.1", port), partial(Quiet, directory=folder))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    raise OSError(f"none of the ports {first} to {port} is free")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> str | None:
    """Serve the book until Ctrl-C; return what is wrong, if anything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--port", type=whole_number(0, TOP_PORT), default=PORT, help="the port to try first"
    )
    port = parser.parse_args(arguments).port
    folder = root / HTML
    if not (folder / "index.html").exists():
        return "There is no book to show yet: run `make book` first."
    try:
        server = open_server(folder, port)
    except OSError as error:
        return f"The book cannot be served: {error}. Name another port: tools/serve.py --port 9000."
    with server:
        address = f"http://127.0.0.1:{server.server_port}/"
        print(f"The book is at {address} until you press Ctrl-C here.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return None


if __name__ == "__main__":
    sys.exit(main())
