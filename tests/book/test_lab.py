"""The learner's path in a real JupyterLab: open, read, answer, be told, come back another day."""

import os
from pathlib import Path
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

from course import ROOT, read
from learners_copies import WORK, mark, text
from playwright.sync_api import expect
import pytest

NAME = "09-pooling.ipynb"
FIT, CHECK = "penguins-pooled-fit", "penguins-pooled-check"
USUAL = 5000  # Playwright's own patience, in milliseconds
SECONDS = 300  # for a cell that imports, compiles and samples, on a machine that does other things

ANSWERS = {
    "PyMC": """
with pm.Model() as pooled:
    beta_0 = pm.Normal("beta_0", 17.0, 5.0)
    beta_1 = pm.Normal("beta_1", 0.0, 1.0)
    sigma = pm.HalfNormal("sigma", 5.0)
    pm.Normal("depth", beta_0 + beta_1 * x, sigma, observed=depth)
    pooled_fit = pm.sample(1000, tune=1000, chains=4, random_seed=9)
""",
    "TFP": """
from companion.tfp_nuts import sample_tfp
import jax.numpy as jnp
import tensorflow_probability.substrates.jax as tfp

tfd = tfp.distributions

@tfd.JointDistributionCoroutineAutoBatched
def pooled():
    beta_0 = yield tfd.Normal(jnp.float64(17.0), 5.0, name="beta_0")
    beta_1 = yield tfd.Normal(jnp.float64(0.0), 1.0, name="beta_1")
    sigma = yield tfd.HalfNormal(jnp.float64(5.0), name="sigma")
    yield tfd.Normal(beta_0 + beta_1 * x, sigma, name="depth")

pooled_fit = sample_tfp(pooled.experimental_pin(depth=depth), seed=9)
""",
}


@pytest.fixture
def course(tmp_path):
    """Return a copy of the course, as a learner has it, in a folder whose name has a space."""
    root = tmp_path / "a learner" / "the course"
    for folder in ("tools", "chapters", "exercises", "solutions"):
        shutil.copytree(ROOT / folder, root / folder)
    for name in ("references.bib", "references.md"):
        shutil.copy(ROOT / name, root)
    return root


class Lab:
    """What `make lab` starts, without a browser, on a machine of a learner's own."""

    def __init__(self, course: Path, port: int):
        home = course.parent / "home"
        own = {
            name: str(home / name)
            for name in (
                "JUPYTER_CONFIG_DIR",
                "JUPYTER_DATA_DIR",
                "JUPYTER_RUNTIME_DIR",
                "IPYTHONDIR",
            )
        }
        own["COMPANION_PROGRESS"] = str(course / ".progress.json")
        own["PYTHONDONTWRITEBYTECODE"] = ""
        command = [sys.executable, "tools/lab.py", "--no-browser", "--allow-root", f"--port={port}"]
        self.process = subprocess.Popen(
            command, cwd=course, env=os.environ | own, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.said: list[str] = []
        self.listening = threading.Thread(target=self._listen, daemon=True)
        self.listening.start()

    def _listen(self) -> None:
        self.said.extend(iter(self.process.stdout.readline, ""))

    @property
    def address(self) -> str:
        """Where it can be reached, with its token."""
        limit = time.monotonic() + 120
        while not (found := re.search(r"http://127\S+token=\S+", "".join(self.said))):
            assert self.process.poll() is None and time.monotonic() < limit, "".join(self.said)
            time.sleep(0.2)
        return found.group()

    def stop(self) -> str:
        """End it and return all that it said in the terminal."""
        self.process.terminate()
        self.process.wait(timeout=120)
        self.listening.join(timeout=10)
        return "".join(self.said)


@pytest.fixture
def open_lab(course):
    """Return a function that starts JupyterLab at a port that is taken, as on another day."""
    running = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        def start():
            running.append(Lab(course, taken.getsockname()[1]))
            return running[-1]

        yield start
        for one in running:
            one.stop()


class Desk:
    """A learner in front of JupyterLab."""

    def __init__(self, browser, address: str):
        self.asked: set[str] = set()
        self.page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        self.page.set_default_timeout(1000 * SECONDS)
        self.page.on("request", lambda request: self.asked.add(request.url))
        self.page.goto(address)
        self.files = self.page.locator(".jp-DirListing-itemName")
        expect(self.files.first).to_be_visible()

    @property
    def notebook(self):
        """The notebook in front."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def open(self, name: str) -> None:
        """Open a notebook by its name in the list of files."""
        self.files.get_by_text(name, exact=True).dblclick()
        expect(self.notebook.get_by_role("heading", level=1)).to_be_visible()
        expect(self.notebook.locator(".jp-KernelName")).to_contain_text("Python 3")

    def follow(self, link: str, heading: str, *, within=None) -> None:
        """Click on a link to a notebook, see that its heading is there, save it and come back."""
        (within or self.notebook).get_by_role("link", name=link, exact=True).first.click()
        title = self.notebook.get_by_role("heading", level=1, name=heading, exact=True)
        expect(title).to_be_visible()
        expect(self.notebook.locator(".jp-KernelName")).to_contain_text("Python 3")
        self.page.keyboard.press("Control+S")
        self.come_back()
        expect(title).to_be_hidden()

    def lands(self, link: str, heading: str, *, within) -> None:
        """Click on a link to one cell of a notebook, see that the cell is there, and come back."""
        within.get_by_role("link", name=link, exact=True).click()
        place = self.notebook.get_by_role("heading", name=heading, exact=True)
        expect(place).to_be_visible()
        self.come_back()
        expect(place).to_be_hidden()

    def reaches(self, link: str, heading: str, within) -> None:
        """Click on a link to a cell of the same notebook; see that one or two clicks show it."""
        found = within.get_by_role("link", name=link, exact=True)
        place = self.notebook.get_by_role("heading", name=heading, exact=True)
        found.click()
        try:
            expect(place).to_be_in_viewport(timeout=30_000)
        except (
            AssertionError
        ):  # JupyterLab makes a cell that is far down only when it scrolls there
            found.click()
            expect(place).to_be_in_viewport()

    def come_back(self) -> None:
        """Go to the exercise, which was opened first."""
        tabs = self.page.locator(".lm-DockPanel-tabBar .lm-TabBar-tab")
        tabs.filter(has_text=NAME).first.click()

    def cell(self, course: Path, name: str):
        """Return a cell by its id; its place is that in the exercise."""
        ids = [cell.id for cell in read(course / "exercises" / NAME).cells]
        return self.notebook.locator(".jp-Notebook .jp-Cell").nth(ids.index(name))

    def run(self, cell, source: str = ""):
        """Write into a cell, if there is something to write, run it, and return its output."""
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        cell.locator(".cm-content").click()
        if source:
            self.page.keyboard.press("Control+A")
            self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Shift+Enter")
        expect(prompt).not_to_have_text(before)
        expect(prompt).to_have_text(re.compile(r"\[\d+\]:"))
        return cell.locator(".jp-Cell-outputArea")

    def run_all(self) -> None:
        """Choose Run All Cells in the menu, and wait until nothing runs."""
        self.page.locator(".lm-MenuBar-itemLabel").get_by_text("Run", exact=True).click()
        self.page.get_by_text("Run All Cells", exact=True).click()
        prompts = self.notebook.locator(".jp-CodeCell .jp-InputPrompt")
        expect(prompts.last).to_have_text(re.compile(r"\[\d+\]:"))


@pytest.fixture
def sit_down(browser):
    """Return a function that opens a browser at an address."""
    desks = []
    expect.set_options(timeout=1000 * SECONDS)

    def start(lab):
        desks.append(Desk(browser, lab.address))
        return desks[-1]

    yield start
    for desk in desks:
        desk.page.context.close()
    expect.set_options(timeout=USUAL)


def change_exercise(path):
    """Change an exercise as a new version of the course does."""
    notebook = read(path)
    notebook.cells[0].source += "\n\nThis version is newer."
    path.write_text(text(mark(notebook)), encoding="utf-8")


def wait_until(condition):
    """Wait for something that the browser does not show."""
    limit = time.monotonic() + 60
    while not condition() and time.monotonic() < limit:
        time.sleep(0.2)
    assert condition()


def test_the_learners_path(course, open_lab, sit_down):
    lab = open_lab()
    desk = sit_down(lab)
    wanted = {path.name for path in (course / "exercises").glob("*.ipynb")}
    assert set(desk.files.all_text_contents()) == wanted
    desk.open(NAME)

    # links
    desk.follow("Pooling", "Pooling")
    desk.follow("solutions", "Solutions: Pooling")

    # untouched
    desk.run_all()
    checks = desk.notebook.locator(".exercise-check")
    asked = [cell for cell in read(course / "exercises" / NAME).cells if "check(" in cell.source]
    assert checks.count() == len(asked) > 3
    for outcome in checks.all_text_contents():
        assert "not attempted yet" in outcome
    assert desk.notebook.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0

    # a right fit, and a wrong number with it, until there are links to the chapter and to the solution
    fit, check = desk.cell(course, FIT), desk.cell(course, CHECK)
    seen = desk.run(fit, ANSWERS["PyMC"] + "pooled_parameters = 2")
    expect(seen).to_contain_text("Step size")  # in a bar that says how far the fit is
    expect(seen).not_to_contain_text("ipywidgets")
    for _ in range(3):
        outcome = desk.run(check).locator(".exercise-check")
        expect(outcome).to_contain_text("not yet")
        expect(outcome).to_contain_text("Hint:")
    paragraph = "Everything in common: the pooled model"
    desk.lands("complete pooling", paragraph, within=outcome)
    desk.follow("Look at the solution", "Solutions: Pooling", within=outcome)

    # right
    desk.run(fit, "pooled_parameters = 3")
    outcome = desk.run(check).locator(".exercise-check")
    expect(outcome).to_contain_text("4E2.1")
    expect(outcome).to_contain_text(": passed")
    desk.reaches("4E2.2, Two species, unpooled", "4E2.2 (easy): Two species, unpooled", outcome)
    expect(desk.run(desk.cell(course, "all-passed"))).to_contain_text("1 of 5")

    # right in the other language, too
    seen = desk.run(fit, ANSWERS["TFP"] + "pooled_parameters = 2")
    expect(seen).not_to_contain_text("ipywidgets")
    expect(desk.run(check).locator(".exercise-check")).to_contain_text("not yet")
    desk.run(fit, "pooled_parameters = 3")
    expect(desk.run(check).locator(".exercise-check")).to_contain_text(": passed")

    # what is saved is the learner's, and nothing came from elsewhere
    desk.page.keyboard.press("Control+S")
    mine = course / WORK / NAME
    wait_until(lambda: "pooled_parameters = 3" in mine.read_text(encoding="utf-8"))
    for folder in ("chapters", "solutions"):  # opened, and saved by JupyterLab
        assert (course / folder / NAME).read_bytes() == (ROOT / folder / NAME).read_bytes()
    assert "4E2.1" in (course / ".progress.json").read_text(encoding="utf-8")
    local = ("http://127.", "ws://127.", "data:", "blob:")
    assert [address for address in desk.asked if not address.startswith(local)] == []
    assert "Traceback" not in lab.stop()

    # another day, with a newer exercise
    answered = mine.read_bytes()
    change_exercise(course / "exercises" / NAME)
    lab = open_lab()
    desk = sit_down(lab)
    newer = NAME.replace(".ipynb", ".new.ipynb")
    assert f"{WORK}/{newer} is a newer version of an exercise" in "".join(lab.said)
    assert set(desk.files.all_text_contents()) == wanted | {newer}
    desk.open(newer)
    expect(desk.notebook).to_contain_text("This version is newer.")
    desk.open(NAME)
    expect(desk.notebook).to_contain_text("pooled_parameters = 3")
    expect(desk.notebook).to_contain_text("4E2.1, Two species, pooled: passed")
    assert mine.read_bytes() == answered
