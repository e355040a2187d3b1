"""Prose and code, and that every rule stands in CONTRIBUTING with its reason."""

import ast
from fnmatch import fnmatch
import os
from pathlib import Path
import re
import subprocess
import sys

from course import ROOT, name_of, read
import pytest

from tests.rules.common import none_of, whole_course

# British spellings, machine paths, and words that have no place in a finished course.
BRITISH = re.compile(
    r"(?i)\b(centred|centring|modell(ed|ing|er)|labell(ed|ing)|behaviour\w*|colour\w*|favour\w*|neighbour\w*"
    r"|(normal|standard|parameter|reparameter|general|regular|visual|marginal|summar|real|recogn|minim|maxim"
    r"|optim|random|categor|emphas|organ|initial)is(e[ds]?|ing|ation)|analys(e[ds]?|ing)(?= )|grey)\b"
)
PATHS = re.compile(r"(/work/|/home/|/root/|/tmp/|/Users/|[A-Z]:\\\\)")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|lorem ipsum)\b")

NOT_PROSE = re.compile(r"```.*?```|:::\{.*?\}|`[^`]*`|\$[^$]*\$|<[^>]*>", re.DOTALL)
CLOSE_PERCENT = re.compile(r".{0,30}\d%(?!\w)")
# What is a question of taste, or right for an array that nobody else has, is not asked.
SCRIPT_TOOLS = (
    ("oxfmt", "--check"),
    (
        "oxlint", "-A", "all", "-D", "correctness", "-D", "suspicious", "-D", "perf",
        "-A", "unicorn/consistent-function-scoping", "-A", "unicorn/no-array-sort",
    ),
)  # fmt: skip


def texts():
    """Return the text files that people read or run, but not the tests' own lists of words.

    What git would ignore is left out, also where the course came without git, as an archive; and so are
    runs, which have rules of their own.
    """
    names = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    ignored = [".git", "runs", *(name.rstrip("/") for name in names)]
    ends = (".py", ".md", ".ipynb", ".yml", ".toml", ".css", ".js", ".bib", "Makefile", "run")
    found = []
    for folder, folders, files in os.walk(ROOT):
        for listed in (folders, files):
            listed[:] = [n for n in listed if not any(fnmatch(n, name) for name in ignored)]
        found += [Path(folder) / name for name in files if name.endswith(ends)]
    return sorted(path for path in found if path != Path(__file__))


@pytest.mark.parametrize("path", texts(), ids=name_of)
def test_text_is_american_finished_and_of_no_machine(path):
    text = path.read_text(encoding="utf-8")
    is_prose = path.suffix in (".md", ".ipynb") and "data" not in path.parts
    is_prose = is_prose and path.name != "references.md"  # titles are as their authors wrote them
    problems = []
    for pattern, advice in (
        (PATHS, "write paths from the course's folder"),
        (UNFINISHED, "finish it, or leave it out"),
        (BRITISH, "use the American spelling"),
    ):
        if pattern is not BRITISH or is_prose:
            for found in pattern.finditer(text):
                line = text[: found.start()].count("\n") + 1
                problems.append(f"line {line}: {found.group()!r}; {advice}")
    none_of(problems)


@whole_course
def test_the_code_is_formatted_and_linted():
    problems = []
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--quiet", "."],
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            problems.append(f"run ruff {command[0]} .\n{done.stdout}{done.stderr}")
    none_of(problems)


@whole_course
def test_the_types_fit():
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    none_of(done.stdout.splitlines() if done.returncode else [done.stderr] if done.stderr else [])


@whole_course
def test_the_scripts_are_formatted_and_linted():
    scripts = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "_static").rglob("*.js"))]
    folder = Path(sys.executable).parent
    problems = []
    for program, *options in SCRIPT_TOOLS:
        done = subprocess.run(
            [folder / program, *options, *scripts], cwd=ROOT, capture_output=True, text=True
        )
        if done.returncode:
            problems.append(f"{program}:\n{done.stdout}{done.stderr}")
    none_of(problems)


@whole_course
def test_percent_signs_stand_apart():
    problems = []
    for path in texts():
        if path.suffix == ".md":
            prose = [path.read_text(encoding="utf-8")]
        elif path.suffix == ".ipynb":
            prose = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
        else:
            continue
        for text in prose:
            bare = NOT_PROSE.sub("", text)
            problems += [
                f"{name_of(path)}: {found.group()!r}: write 5 % with a space"
                for found in CLOSE_PERCENT.finditer(bare)
            ]
    none_of(problems)


@whole_course
def test_every_rule_stands_in_contributing():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tables = re.findall(r"^\| rule \|.*\n(?:\|.*\n)+", text, re.MULTILINE)
    named = set(re.findall(r"^\| `(\w+)` \|", "".join(tables), re.MULTILINE))
    rules = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                rules[node.name.removeprefix("test_")] = path.name
    none_of(
        [
            f"{name} ({rules[name]}): add the line `| `{name}` | why | what to do |` to CONTRIBUTING.md"
            for name in sorted(set(rules) - named)
        ]
        + [
            f"CONTRIBUTING.md explains {name}, which is no rule"
            for name in sorted(named - set(rules))
        ]
    )
