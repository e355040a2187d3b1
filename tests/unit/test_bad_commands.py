"""What is wrong on a command line is said at once, with what was given, before anything is read or written."""

from importlib import import_module
from pathlib import Path
import sys

from course import ROOT
import pytest

# Of each command: its arguments, and what it says of them.
TABLE = {
    "bench": [(["--slowest"], "unrecognized arguments: --slowest")],
    "build_book": [
        (["08-counts"], "unrecognized arguments: 08-counts"),
    ],
    "calibrate": [
        (["--workers", "0"], "argument --workers: a whole number from 1 on, not '0'"),
        (["--agian"], "unrecognized arguments: --agian"),
        (
            ["--scheduler", "8786"],
            "--scheduler: an address such as tcp://192.168.0.7:8786, not '8786'",
        ),
    ],
    "make_exercises": [
        (["--chekc"], "unrecognized arguments: --chekc"),
        (["--root"], "argument --root: expected one argument"),
        (["18-counts"], "unrecognized arguments: 18-counts"),
    ],
    "mutants": [
        (["--sample", "0"], "argument --sample: a whole number from 1 on, not '0'"),
        (["--workers", "two"], "argument --workers: a whole number from 1 on, not 'two'"),
        (["--seed", "Monday"], "argument --seed: invalid int value: 'Monday'"),
    ],
    "new_chapter": [
        ([], "the following arguments are required: number, name, title"),
        (["99", "counts"], "the following arguments are required: title"),
        (["counts", "99", "Counts"], "argument number: invalid int value: 'counts'"),
        (["99", "late", "Late", "counts"], "unrecognized arguments: counts"),
    ],
    "other_seeds": [
        (["fit"], "argument what: invalid choice: 'fit' (choose from"),
        (["fits", "--seeds", "many"], "argument --seeds: a whole number from 1 on, not 'many'"),
        (["fits", "--seeds", "-1"], "argument --seeds: a whole number from 1 on, not '-1'"),
        (["fits", "--workers", "1.5"], "argument --workers: a whole number from 1 on, not '1.5'"),
        (["fits", "--workers", "0"], "argument --workers: a whole number from 1 on, not '0'"),
        (["--scheduler", "tcp://here"], "as tcp://192.168.0.7:8786, not 'tcp://here'"),
        (["notebooks", "--shift", "one"], "argument --shift: invalid int value: 'one'"),
    ],
    "publish": [
        ([], "the following arguments are required: kind"),
        (["epub"], "argument kind: invalid choice: 'epub' (choose from"),
        (["pdf", "--pages"], "argument --pages: expected at least one argument"),
    ],
    "rendering": [(["--frehs"], "unrecognized arguments: --frehs")],
    "renew_runs": [
        (["--every"], "unrecognized arguments: --every"),
        (["18-counts"], "unrecognized arguments: 18-counts"),
    ],
    "run_tests": [
        (["units"], "no part is called units; there are unit, rules, notebooks, book"),
        (["--chapter", "99"], "there is no chapter 99; python tools/new_chapter.py 99"),
        (["--chapter", "counts"], "argument --chapter: a whole number from 1 on, not 'counts'"),
        (["--chapter", "-1"], "argument --chapter: a whole number from 1 on, not '-1'"),
        (["book", "--chapter", "18"], "no part is called book"),
    ],
    "serve": [
        (["--port", "http"], "argument --port: a whole number from 0 to 65535, not 'http'"),
        (["--port", "99999"], "argument --port: a whole number from 0 to 65535, not '99999'"),
        (["--port", "-80"], "argument --port: a whole number from 0 to 65535, not '-80'"),
        (["8000"], "unrecognized arguments: 8000"),
    ],
    "tidy_notebooks": [
        (["--chekc"], "unrecognized arguments: --chekc"),
        (["chapters"], "unrecognized arguments: chapters"),
    ],
    "upkeep": [
        ([], "the following arguments are required: what"),
        (["clean"], "argument what: invalid choice: 'clean' (choose from"),
        (["report"], "the following arguments are required: logs"),
        (["release", "v1.0"], "the following arguments are required: files"),
        (["keys", "all"], "unrecognized arguments: all"),
    ],
}
ROWS = [(name, arguments, says) for name, rows in TABLE.items() for arguments, says in rows]


def test_every_command_with_options_is_asked():
    tools = (ROOT / "tools").rglob("*.py")
    commands = {
        path.stem for path in tools if "ArgumentParser(" in path.read_text(encoding="utf-8")
    }
    assert commands == set(TABLE)


@pytest.mark.parametrize(
    ("name", "arguments", "says"), ROWS, ids=[" ".join([name, *rest]) for name, rest, _ in ROWS]
)
def test_what_is_wrong_is_said(name, arguments, says, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(Path("tools", f"{name}.py")), *arguments])
    with pytest.raises(SystemExit) as stopped:
        import_module(name).main()
    said = capsys.readouterr()
    assert stopped.value.code == 2
    assert " ".join(says.split()) in " ".join(said.err.split())
    assert not said.out


@pytest.mark.parametrize("name", TABLE)
def test_help_says_what_a_command_does(name, monkeypatch, capsys):
    command = import_module(name)
    monkeypatch.setattr(sys, "argv", [str(Path("tools", f"{name}.py")), "--help"])
    with pytest.raises(SystemExit) as stopped:
        command.main()
    assert stopped.value.code == 0
    does = command.__doc__.splitlines()[0]
    assert " ".join(does.split()) in " ".join(capsys.readouterr().out.split())
