"""What the workflows call: names of caches, the weekly run's issue, a release. `gh` is one that writes down."""

import json
import os
import shutil
import subprocess
import sys

from course import ROOT
import pytest
import upkeep

WELL = {"locked": "success", "newest": "success", "audit": "success", "mutants": "success"}
WHERE = "https://example.org/runs/7"

# GitHub's program, with the issues that are open, and without a release.
GH = """#!{python}
import json, sys
name = " ".join(sys.argv[1:3])
text = sys.stdin.read() if "-" in sys.argv else ""
with open({log!r}, "a") as log:
    print(json.dumps([sys.argv[1:], text]), file=log)
if name == "issue list":
    print({issues!r})
if name == "release view":
    sys.exit({status})
if name == {fails!r}:
    sys.exit(4)
"""


@pytest.fixture
def gh(tmp_path, monkeypatch):
    """Return a function that puts a `gh` in place, and one that says what it was asked for."""
    log = tmp_path / "gh.log"

    def install(issues=(), released=False, fails=""):
        listed = json.dumps([{"number": number} for number in issues])
        text = GH.format(
            python=sys.executable,
            log=str(log),
            issues=listed,
            status=int(not released),
            fails=fails,
        )
        folder = tmp_path / "programs"
        folder.mkdir()
        (folder / "gh").write_text(text)
        (folder / "gh").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def asked():
        return [json.loads(line) for line in log.read_text().splitlines()]

    return install, asked


@pytest.fixture
def logs(tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    report = "collected\nFAILED: tests.unit.test_a::test_b\n2 tests: something failed.\n"
    (folder / "locked-3.13.log").write_text(report)
    (folder / "audit.log").write_text("".join(f"line {number}\n" for number in range(100)))
    (folder / "newest.log").write_text("FAILED: not asked for\n")
    return folder


def test_a_failure_opens_an_issue_that_says_what_failed_and_where(gh, logs):
    install, asked = gh
    install()
    upkeep.report(WELL | {"locked": "failure", "audit": "cancelled"}, logs, WHERE)
    (listing, _), (label, _), (opening, text) = asked()
    assert listing[:4] == ["issue", "list", "--label", upkeep.LABEL]
    assert label[:3] == ["label", "create", upkeep.LABEL]
    assert opening[:4] == ["issue", "create", "--title", upkeep.TITLE]
    assert upkeep.LABEL in opening
    assert text.startswith(WHERE)
    assert "| locked | failure |" in text and "| audit | cancelled |" in text
    assert "FAILED: tests.unit.test_a::test_b\n" in text and "collected" not in text
    assert "line 99\n" in text and "line 59\n" not in text  # a log without a report: its end
    assert "not asked for" not in text


def test_a_second_failure_is_added_to_the_issue_that_is_open(gh, logs):
    install, asked = gh
    install(issues=[41, 12])
    upkeep.report(WELL | {"newest": "failure"}, logs, WHERE)
    (_, _), (adding, text) = asked()
    assert adding == ["issue", "comment", "12", "--body-file", "-"]
    assert "not asked for" in text


def test_when_all_is_well_the_issue_is_closed_and_none_is_opened(gh, logs):
    install, asked = gh
    install(issues=[12])
    upkeep.report(WELL, logs, WHERE)
    assert [arguments[:3] for arguments, _ in asked()][1:] == [["issue", "close", "12"]]


def test_without_an_issue_and_a_failure_nothing_is_changed(gh, logs):
    install, asked = gh
    install()
    upkeep.report(WELL, logs, WHERE)
    assert len(asked()) == 1


def test_no_log_can_make_an_issue_too_long_or_end_its_own_block(tmp_path):
    long = ["FAILED: ````" + "x" * 5000] * 500
    for name in ("locked-3.12", "locked-3.13", "newest", "audit"):
        (tmp_path / f"{name}.log").write_text("\n".join(long))
    text = upkeep.body(dict.fromkeys(WELL, "failure"), tmp_path, WHERE)
    assert len(text) < 65_536  # GitHub's limit
    assert text.count("````") == 8


def call(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["tools/upkeep.py", *arguments])
    return upkeep.main()


def test_the_results_come_from_the_workflow(gh, logs, monkeypatch):
    install, asked = gh
    install()
    needs = {job: {"result": result, "outputs": {}} for job, result in WELL.items()}
    needs["audit"]["result"] = "failure"
    monkeypatch.setenv("RESULTS", json.dumps(needs))
    monkeypatch.setenv("RUN", WHERE)
    assert call(monkeypatch, "report", str(logs)) == 0
    assert asked()[-1][0][:2] == ["issue", "create"]


@pytest.mark.parametrize("results", ["", "no JSON", "[]", '{"audit": 1}', '{"audit": {}}'])
def test_results_that_nobody_set_are_not_taken_for_success(results, gh, logs, monkeypatch):
    install, _ = gh
    install(issues=[12])
    monkeypatch.setenv("RESULTS", results)
    monkeypatch.setenv("RUN", WHERE)
    assert str(call(monkeypatch, "report", str(logs))).startswith("RESULTS is not ")


def test_a_gh_that_fails_is_named(gh, logs, monkeypatch):
    install, _ = gh
    install(fails="issue list")
    monkeypatch.setenv("RESULTS", json.dumps({"audit": {"result": "failure"}}))
    monkeypatch.setenv("RUN", WHERE)
    assert call(monkeypatch, "report", str(logs)) == "gh issue list failed with status 4."
    monkeypatch.setenv("PATH", str(logs))
    assert call(monkeypatch, "report", str(logs)) == "gh is not here."


@pytest.mark.parametrize("released", [True, False])
def test_files_are_attached_to_the_release_which_is_made_if_need_be(released, gh, monkeypatch):
    install, asked = gh
    install(released=released)
    assert call(monkeypatch, "release", "v1.0", "a.zip", "b.pdf") == 0
    arguments = asked()[-1][0]
    assert arguments[:3] == ["release", "upload" if released else "create", "v1.0"]
    assert arguments[-2:] == ["a.zip", "b.pdf"]
    assert ("--verify-tag" in arguments) is not released
    assert ("--clobber" in arguments) is released


@pytest.fixture
def course(tmp_path):
    """Return a copy of what the names of caches depend on, and of what names them."""
    root = tmp_path / "course"
    (root / "tests").mkdir(parents=True)
    (root / "tools").mkdir()
    for name in ("requirements.txt", "tests/requirements.txt", ".python-version"):
        shutil.copy(ROOT / name, root / name)
    for name in ("upkeep.py", "environment.py", "machine.py"):
        shutil.copy(ROOT / "tools" / name, root / "tools")
    return root


def keys(root):
    """Return the names of caches, as a Python without any package says them."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", "import sys; sys.path.insert(0, 'tools'); "
         "sys.argv[1:] = ['keys']; import upkeep; sys.exit(upkeep.main())"],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return dict(line.split("=") for line in done.stdout.splitlines())


def test_a_cache_is_that_of_its_locks(course):
    before = keys(course)
    assert list(before) == ["packages", "programs"]
    for name, changed in {
        "requirements.txt": {"packages", "programs"},
        ".python-version": {"packages", "programs"},
        "tests/requirements.txt": {"packages"},
    }.items():
        content = (course / name).read_bytes()
        (course / name).write_bytes(content + b"# newer\n")
        after = keys(course)
        assert {key for key in before if before[key] != after[key]} == changed
        (course / name).write_bytes(content.replace(b"\n", b"\r\n"))
        assert keys(course) == before
        (course / name).write_bytes(content)


def test_a_program_is_that_of_its_processor(monkeypatch):
    before = upkeep.keys()
    monkeypatch.setattr(upkeep.machine, "processor", lambda: "another")
    after = upkeep.keys()
    assert after["packages"] == before["packages"] and after["programs"] != before["programs"]


def test_the_newest_versions_are_tested_step_by_step(monkeypatch, capsys):
    steps = []

    def in_course(*command):
        steps.append(command)
        return 3 if command[0] == "tools/renew_runs.py" else 0

    versions = iter(
        [{"jax": "1", "numpy": "2", "old": "1"}, {"jax": "1", "numpy": "3", "new": "1"}]
    )
    monkeypatch.setattr(upkeep.environment, "main", lambda: None)
    monkeypatch.setattr(upkeep, "in_course", in_course)
    monkeypatch.setattr(upkeep, "pins", lambda: next(versions))
    assert call(monkeypatch, "newest") == 3
    assert steps == list(upkeep.NEWEST[:4])
    assert capsys.readouterr().out.splitlines() == [
        "FAILED: tools/renew_runs.py",
        "Newer than in the locks:",
        "new none -> 1",
        "numpy 2 -> 3",
        "old 1 -> none",
    ]


def test_every_pin_of_both_locks_is_seen():
    text = "".join(
        (ROOT / name).read_text() for name in ("requirements.txt", "tests/requirements.txt")
    )
    assert {"jax", "mypy"} <= set(upkeep.pins())
    assert len(upkeep.pins()) == sum(
        "==" in line and line[0].isalpha() for line in text.splitlines()
    )


def test_what_could_not_be_audited_is_no_all_clear(monkeypatch):
    commands = []
    monkeypatch.setattr(upkeep.environment, "main", lambda: None)
    monkeypatch.setattr(upkeep, "in_course", lambda *command: commands.append(command) or 5)
    assert call(monkeypatch, "audit") == 5
    (command,) = commands
    assert "--strict" in command and command.count("-r") == 2
    assert upkeep.AUDITOR in command and "==" in upkeep.AUDITOR


def test_without_an_environment_nothing_is_tested(monkeypatch):
    monkeypatch.setattr(upkeep.environment, "main", lambda: "no network")
    monkeypatch.setattr(upkeep, "in_course", lambda *_: pytest.fail("it went on"))
    assert call(monkeypatch, "audit") == "no network"
