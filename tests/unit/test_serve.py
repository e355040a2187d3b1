"""`make serve`: a sentence in each case, and the pages."""

import errno
import re
import signal
import socket
import subprocess
import sys
from urllib.request import urlopen

from course import ROOT
import pytest
import serve


@pytest.fixture
def taken():
    """Take a port whose successor is free, and return it."""
    while True:
        with socket.socket() as one, socket.socket() as following:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                following.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            following.close()
            one.listen()
            yield port
            return


def start(root, port):
    program = f"import sys, pathlib, serve; sys.exit(serve.main(sys.argv[1:], pathlib.Path({str(root)!r})))"
    return subprocess.Popen(
        [sys.executable, "-c", program, "--port", str(port)],
        cwd=ROOT / "tools", text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_without_a_book_it_says_so(tmp_path, taken):
    process = start(tmp_path, taken)
    said, complaint = process.communicate(timeout=30)
    assert (process.returncode, said) == (1, "")
    assert complaint == "There is no book to show yet: run `make book` first.\n"


@pytest.fixture
def root(tmp_path):
    """Return the folder of a course whose book is one page."""
    page = tmp_path / serve.HTML / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>the book</p>")
    return tmp_path


def test_where_a_port_is_taken_the_next_is_served_until_ctrl_c(root, taken):
    process = start(root, taken)
    said = process.stdout.readline()
    address = re.search(r"http://127\.0\.0\.1:(\d+)/", said)
    assert int(address[1]) == taken + 1
    assert urlopen(address[0], timeout=10).read() == b"<p>the book</p>"
    process.send_signal(signal.SIGINT)
    rest, complaint = process.communicate(timeout=10)
    assert (process.returncode, complaint) == (0, "")


def taken_everywhere(*_):
    raise OSError(errno.EADDRINUSE, "Address already in use")


def test_no_free_port_and_no_such_port_are_sentences(root, taken, monkeypatch):
    monkeypatch.setattr(serve, "TRIED", 1)
    said = serve.main(["--port", str(taken)], root)
    assert said.startswith(f"The book cannot be served: none of the ports {taken} to {taken}")
    monkeypatch.setattr(serve, "TRIED", 20)
    monkeypatch.setattr(serve, "Server", taken_everywhere)
    said = serve.main(["--port", "65535"], root)  # and the next is no port
    assert said.startswith("The book cannot be served: none of the ports 65535 to 65535")
