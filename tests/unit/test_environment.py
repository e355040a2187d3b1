"""Setting up `.venv`: once, by one process at a time, begun anew after an interruption."""

from pathlib import Path
import shutil
import signal
import subprocess
import sys
import time

from course import ROOT
import environment
import pytest

PROJECT = """[build-system]
requires = ["setuptools"]
[project]
name = "tiny"
version = "0"
[tool.ruff]
line-length = 100
"""

# The tool with an installation that takes a second and leaves a line each time.
SLOW = """
import sys, time
sys.path.insert(0, "tools")
import environment

def install(door):
    with open("installations", "a") as log:
        print("begun", file=log, flush=True)
        environment.run("Sleeping", door, sys.executable, "-c", "import time; time.sleep(1)")
        environment.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        environment.PYTHON.touch()
        environment.STAMP.write_text(environment.fingerprint())
        print("done", file=log)

environment.install = install
sys.exit(environment.main())
"""


@pytest.fixture
def course(tmp_path):
    """Return a folder, whose path has a space and is long, with the tool and a tiny project."""
    root = tmp_path / "my courses" / ("x" * 100) / "course"
    (root / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "environment.py", root / "tools")
    (root / "pyproject.toml").write_text(PROJECT)
    (root / "requirements.txt").write_text("numpy==2.0 \\\n    --hash=sha256:00\n")
    (root / "tests").mkdir()
    (root / "tests" / "requirements.txt").write_text("axe==1.0")
    return root


def start(course, program=SLOW):
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=course, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def wait_for(path: Path, seconds=20):
    for _ in range(seconds * 20):
        if path.exists():
            return
        time.sleep(0.05)
    pytest.fail(f"{path.name} did not appear")


def test_of_two_at_once_the_second_waits_and_both_succeed(course):
    first = start(course)
    wait_for(course / "installations")
    second = start(course)
    said = second.communicate(timeout=60)[0]
    first.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0)
    assert "Another set-up is at work in this folder: waiting" in said
    assert "Installing the pinned" not in said
    assert (course / "installations").read_text() == "begun\ndone\n"


def test_after_a_kill_the_next_one_waits_for_what_still_runs_and_begins_anew(course):
    first = start(course)
    wait_for(course / "installations")
    time.sleep(0.2)
    first.kill()
    first.communicate()
    said, complaint = (second := start(course)).communicate(timeout=60)
    assert second.returncode == 0, complaint
    assert "waiting" in said  # for the installer, which outlived its parent
    assert (course / "installations").read_text() == "begun\nbegun\ndone\n"


def test_an_interruption_is_a_sentence(course):
    process = start(course)
    wait_for(course / "installations")
    process.send_signal(signal.SIGINT)
    complaint = process.communicate(timeout=20)[1]
    assert process.returncode == 1
    assert complaint.startswith("Setting up .venv was interrupted: run the command again")
    assert "Traceback" not in complaint


def test_a_failing_installer_is_shown_and_named(course):
    done = subprocess.run(
        [sys.executable, "tools/environment.py"], cwd=course, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr == "requirements.txt has no line for uv; run `make lock`.\n"
    failing = SLOW.replace("import time; time.sleep(1)", "import sys; sys.exit('no network here')")
    complaint = start(course, failing).communicate(timeout=60)[1]
    assert complaint.splitlines()[0] == "no network here"
    assert complaint.splitlines()[1].startswith("Sleeping failed; the lines above say why.")


def test_a_folder_that_cannot_be_written_is_a_sentence(course):
    (course / ".venv").write_text("a file in the place of the environment")
    (course / "requirements.txt").write_text("uv==1.0 --hash=sha256:00")
    done = subprocess.run(
        [sys.executable, "tools/environment.py"], cwd=course, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Setting up .venv failed: ")
    assert "Traceback" not in done.stderr


@pytest.fixture
def here(course, monkeypatch):
    """Return the tool, at work in that folder."""
    original = environment.ROOT
    for name in ("ROOT", "VENV", "LOCK", "TESTS_LOCK", "STAMP", "DOOR", "PYTHON"):
        place = getattr(environment, name).relative_to(original)
        monkeypatch.setattr(environment, name, course / place)
    environment.PYTHON.parent.mkdir(parents=True)
    environment.PYTHON.touch()
    environment.STAMP.write_text(environment.fingerprint())
    return environment


def test_only_what_is_installed_makes_an_environment_outdated(here, course):
    assert here.is_current()
    (course / "pyproject.toml").write_text(PROJECT.replace("100", "90"))
    assert here.is_current()
    (course / "pyproject.toml").write_text(PROJECT.replace('"0"', '"1"'))
    assert not here.is_current()
    (course / "pyproject.toml").write_text(PROJECT)
    assert here.is_current()
    for lock in ("requirements.txt", "tests/requirements.txt"):
        before = (course / lock).read_text()
        (course / lock).write_text("numpy==2.1")
        assert not here.is_current()
        (course / lock).write_text(before)


def test_an_environment_whose_python_is_gone_is_outdated(here):
    here.PYTHON.unlink()
    here.PYTHON.symlink_to(here.VENV / "nowhere")
    assert not here.is_current()


def test_a_course_that_was_copied_without_its_tests_installs_what_is_there(
    here, course, monkeypatch
):
    (course / "tests" / "requirements.txt").unlink()
    (course / "requirements.txt").write_text("uv==1.0\n")
    commands = []
    monkeypatch.setattr(here, "run", lambda purpose, door, *command: commands.append(command))
    monkeypatch.setattr(here.venv, "create", lambda *_, **__: None)
    with here.alone() as door:
        here.install(door)
    listed = [
        after
        for command in commands
        for before, after in zip(command, command[1:], strict=False)
        if before == "-r"
    ]
    assert listed[1:] == [str(course / "requirements.txt")]
    assert here.is_current()
