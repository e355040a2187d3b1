"""The rendered book, and a browser to look at it with."""

import os
from pathlib import Path
import subprocess
import sys

from course import ROOT
from filelock import FileLock
import machine
from playwright.sync_api import sync_playwright
import pytest

EMPTY = Path(__file__).with_name("empty.html")


@pytest.fixture(scope="session")
def book(tmp_path_factory, request):
    """Build the book, once for all workers, and return the folder of its pages."""
    shared = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        shared = shared.parent
    result = shared / "book-build"
    with FileLock(shared / "book-build.lock"):
        if not result.exists():
            command = [sys.executable, str(ROOT / "tools" / "build_book.py")]
            done = subprocess.run(
                command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            result.write_text(done.stdout if done.returncode else "")
    problem = result.read_text()
    if problem:
        pytest.fail(f"the book does not build:\n{problem}", pytrace=False)
    return ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def browser():
    """Start headless Chromium, or skip; with REQUIRE_BROWSER=1, fail instead of skipping."""
    found = machine.browser()
    if found is None:
        message = f"no browser on this machine: looked for {', '.join(machine.BROWSERS)}"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=flags)
        yield running
        running.close()


@pytest.fixture(scope="session")
def contexts(browser):
    """Return a function that gives a context for options, the same one whenever they are the same.

    A new one starts processes and compiles the scripts of the book again, which takes as long as a page does.
    """
    kept = {}

    def context_for(**options):
        key = repr(sorted(options.items()))
        if key not in kept:
            kept[key] = browser.new_context(offline=True, **options)
            # A page that stays open reaches what pages store.
            kept[key].new_page().goto(EMPTY.as_uri())
        return kept[key]

    yield context_for
    for context in kept.values():
        context.close()


@pytest.fixture
def window(contexts):
    """Return a function that opens an empty, offline browser window of a given width.

    No page remembers what another test did. When the test ends, no page in any window may have reported an error
    or asked for anything that is not a file of the book.
    """
    used, complaints = [], []

    def hear(message):
        if message.type == "error":
            complaints.append(message.text)

    def notice(request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            complaints.append(f"asked for {request.url}")

    def open_window(width=1440, **options):
        context = contexts(**options)
        used.append(context)
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", notice)
        return page

    yield open_window
    for context in used:
        first, *others = context.pages
        for page in others:
            page.close()
        # Each page is a process of its own. The browser answers once it has forgotten; a page that clears what is
        # stored does not wait, and may clear what the next test stores.
        with_browser = context.new_cdp_session(first)
        with_browser.send(
            "Storage.clearDataForOrigin", {"origin": "file://", "storageTypes": "local_storage"}
        )
        with_browser.detach()
    assert not complaints
