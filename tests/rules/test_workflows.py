"""What runs the course somewhere else: GitHub's workflows, the container, and people without make."""

import json
import os
from pathlib import Path
import re
import subprocess
import sys

from course import ROOT, name_of
import upkeep
import yaml

from tests.rules.common import none_of, whole_course

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CONTAINER = ROOT / ".devcontainer" / "devcontainer.json"
ELSEWHERE = ROOT / "appendices" / "j-run-it-elsewhere.md"
# What our workflows are made of. GitHub refuses a whole file for one word that it does not know.
KNOWN = {
    "workflow": {"name", "on", "permissions", "concurrency", "env", "jobs"},
    "job": {
        "name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "environment", "env", "strategy",
        "steps",
    },
    "step": {"name", "id", "if", "uses", "with", "run", "shell", "env"},
}  # fmt: skip

CALLED = re.compile(r"(?:^|[\s;&|])(\.ci/\w+|(?:tools|tests)/[\w/]+\.py(?: [a-z]+)?|make [a-z]+)")
TARGET = re.compile(r"^(\w+):.*##.*\n((?:\t.*\n)+)", re.MULTILINE)
ROW = re.compile(r"^\| `make (\w+)` \|[^|]*\| `python ([^`]*)` \|$", re.MULTILINE)
SETUP = "tools/environment.py"  # stands once, above the table


def targets() -> dict[str, str]:
    """Return what each target of the Makefile that runs Python runs, after the set-up."""
    found = {}
    for name, recipe in TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")):
        command = recipe.partition("$(VENV)/python ")[2].strip()
        if command:
            found[name] = command
    return found


def unknown(command: str) -> list[str]:
    """Return what a command of a shell calls that the course does not have."""
    missing = []
    for called in CALLED.findall(command):
        program, _, word = called.partition(" ")
        if program == "make":
            makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
            exists = re.search(rf"^{word}:", makefile, re.MULTILINE) is not None
        else:
            exists = os.access(ROOT / program, os.X_OK if program.startswith(".ci/") else os.R_OK)
            if program == name_of(Path(upkeep.__file__)):
                exists = exists and f"{program} {word}" in str(upkeep.__doc__)
        missing += [] if exists else [called]
    return missing


@whole_course
def test_the_workflows_are_safe():
    done = subprocess.run(
        [Path(sys.executable).parent / "zizmor", "--offline", "--no-config", "--no-progress", "--quiet",
         "--persona=pedantic", "--format=plain", "--strict-collection", ROOT / ".github"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    none_of([done.stdout + done.stderr] if done.returncode else [])


@whole_course
def test_a_workflow_says_what_github_knows():
    problems = []
    for path in WORKFLOWS:
        # YAML's own reader takes the word `on` for true.
        content = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
        parts = [("workflow", path.name, content)]
        for name, job in content["jobs"].items():
            where = f"{path.name}, {name}"
            parts.append(("job", where, job))
            parts += [("step", where, step) for step in job["steps"]]
            needs = job.get("needs", [])
            problems += [
                f"{where}: needs {other}, which is no job"
                for other in ([needs] if isinstance(needs, str) else needs)
                if other not in content["jobs"]
            ]
            if not job.get("timeout-minutes", "").isdigit():
                problems.append(f"{where}: say after how many minutes it ends (timeout-minutes)")
        problems += [
            f"{where}: no {kind} has {word!r}"
            for kind, where, part in parts
            for word in sorted(set(part) - KNOWN[kind])
        ]
    none_of(problems)


@whole_course
def test_what_is_run_elsewhere_exists():
    commands = {}
    for path in WORKFLOWS:
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
        steps = [step for job in jobs.values() for step in job["steps"]]
        commands[name_of(path)] = [step["run"] for step in steps if "run" in step]
    container = json.loads(CONTAINER.read_text(encoding="utf-8"))
    commands[name_of(CONTAINER)] = [
        container[name] for name in ("postCreateCommand", "postAttachCommand")
    ]
    none_of(
        f"{where}: {called!r} is not there"
        for where, listed in commands.items()
        for command in listed
        for called in unknown(command)
        or (["a command of the course"] * (not CALLED.search(command)))
    )


@whole_course
def test_whoever_has_no_make_has_its_commands():
    text = ELSEWHERE.read_text(encoding="utf-8")
    rows = {name: command for name, command in ROW.findall(text)}
    wanted = targets()
    none_of(
        ([] if f"`python3 {SETUP}`" in text else [f"say that `python3 {SETUP}` comes first"])
        + [
            f"write the row | `make {name}` | what it does | `python {wanted[name]}` |"
            for name in wanted
            if rows.get(name) != wanted[name]
        ]
        + [f"make {name} runs no Python, or is gone" for name in rows if name not in wanted]
    )
