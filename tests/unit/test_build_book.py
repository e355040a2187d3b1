"""The book is made in any case: tiny courses with something wrong in them, run in ordinary kernels."""

from contextlib import nullcontext
import os
from pathlib import Path
import re
import signal
import subprocess
import sys
import time

import build_book
import course
import failures
import kernels
import make_exercises
import nbformat.v4 as nbf
import pytest
import rendering
import run_notebooks
import runs
import stopping

TOOLS = str(course.ROOT / "tools")


def notebook(*sources, title="# A"):
    cells = [nbf.new_markdown_cell(title, id="title")]
    cells += [nbf.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources, 1)]
    return nbf.new_notebook(cells=cells)


def write(root, name, *sources, title="# A"):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(nbf.writes(notebook(*sources, title=title)), encoding="utf-8")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """An empty course, run in kernels that need no server."""
    monkeypatch.setattr(build_book, "ROOT", tmp_path)
    monkeypatch.setattr(run_notebooks, "XLA_PROGRAMS", tmp_path / "_build" / "xla")
    monkeypatch.setattr(run_notebooks, "warm_kernels", lambda: nullcontext(kernels.ENVIRONMENT))
    return tmp_path


def failed(**options):
    """Run what is pending; return what the command would end with."""
    with pytest.raises(SystemExit) as stopped:
        build_book.run_all(**options)
    return str(stopped.value)


def run_of(root, name):
    return runs.find_run(root, name, course.read(root / name))


# --- One notebook fails ---------------------------------------------------------------------------


def test_a_failure_is_named_and_kept_up_to_the_cell_and_the_others_run(root, capsys):
    write(root, "chapters/01-good.ipynb", "6 * 7")
    write(root, "chapters/02-bad.ipynb", "1 + 1", "first = 1\n1 / 0", "'never'")
    said = failed()
    assert "chapters/02-bad.ipynb, cell 3 (id cell-2) failed:" in said
    assert "ZeroDivisionError: division by zero" in said and "    first = 1" in said
    assert "What to do: run chapters/02-bad.ipynb in JupyterLab up to this cell" in said
    out = capsys.readouterr().out
    assert dict(re.findall(r"^(chapters/\S+)  \d+ s(.*)$", out, re.MULTILINE)) == {
        "chapters/01-good.ipynb": "", "chapters/02-bad.ipynb": "  FAILED",
    }  # fmt: skip
    good, bad = (run_of(root, f"chapters/{name}.ipynb") for name in ("01-good", "02-bad"))
    assert good.notebook.cells[1].outputs[0].data["text/plain"] == "42" and not good.failure
    assert bad.failure == {"index": 2, "error": "ZeroDivisionError: division by zero"}
    outputs = [cell.outputs for cell in course.code_cells(bad.notebook)]
    assert outputs[0][0].data["text/plain"] == "2"
    assert [cell.execution_count for cell in course.code_cells(bad.notebook)][:2] == [1, 2]
    assert outputs[1][0].ename == "ZeroDivisionError" and not outputs[2]


def test_what_succeeded_does_not_run_again_and_what_failed_does(root, capsys):
    write(root, "chapters/01-good.ipynb", "6 * 7")
    write(root, "chapters/02-bad.ipynb", "1 / 0")
    failed()
    capsys.readouterr()
    failed()
    out = capsys.readouterr().out
    assert "Running 1 notebook," in out and "01-good" not in out
    write(root, "chapters/02-bad.ipynb", "1 / 1")
    build_book.run_all()
    assert not run_of(root, "chapters/02-bad.ipynb").failure
    capsys.readouterr()
    build_book.run_all()
    assert capsys.readouterr().out == ""


def test_a_fresh_run_does_not_take_the_run_that_ships(root):
    write(root, "chapters/01-a.ipynb", "6 * 7")
    runs.keep_run(root, "chapters/01-a.ipynb", notebook("6 * 7"))
    runs.ship(root, ["chapters/01-a.ipynb"])
    (root / runs.LOCAL / "chapters/01-a.ipynb").unlink()
    build_book.run_all()
    assert run_of(root, "chapters/01-a.ipynb").shipped
    build_book.run_all(fresh=True)
    own = runs.find_run(
        root, "chapters/01-a.ipynb", course.read(root / "chapters/01-a.ipynb"), fresh=True
    )
    assert own.notebook.cells[1].outputs[0].data["text/plain"] == "42"


def test_a_kernel_that_dies_is_a_failure_with_its_last_words(root):
    write(root, "chapters/01-a.ipynb", "import os\nos.write(2, b'out of memory')\nos._exit(1)")
    said = failed()
    assert "chapters/01-a.ipynb, cell 2" in said and "DeadKernelError" in said
    assert "often for want of memory (out of memory)" in said


def test_what_changes_while_it_runs_is_not_kept(root):
    name = "chapters/01-a.ipynb"
    own = str(root / name)
    write(
        root,
        name,
        f"text = open({own!r}).read()\nopen({own!r}, 'w').write(text.replace('42', '43'))",
        "42",
    )
    assert "changed while it ran" in failed()
    assert run_of(root, name) is None


def test_the_build_touches_neither_the_learners_progress_nor_an_own_ipython(root, monkeypatch):
    monkeypatch.setenv("COMPANION_PROGRESS", "mine.json")
    monkeypatch.setenv("IPYTHONDIR", "mine")
    code = "import os\nprint(os.environ['COMPANION_PROGRESS'], os.environ['IPYTHONDIR'])"
    write(root, "chapters/01-a.ipynb", code)
    build_book.run_all()
    said = run_of(root, "chapters/01-a.ipynb").notebook.cells[1].outputs[0].text
    assert "mine" not in said
    assert os.environ["COMPANION_PROGRESS"] == "mine.json", "nothing changes the environment here"


# --- Notebooks that are none ----------------------------------------------------------------------

MALFORMED = {
    "merge conflict": b'{\n "cells": [\n<<<<<<< HEAD\n  {}\n=======\n  {}\n>>>>>>> update\n ]\n}\n',
    "empty": b"",
    "blank": b" \n",
    "binary": bytes(range(256)),
    "not UTF-8": '{"nbformat": 4, "cells": ["é"]}'.encode("latin-1"),
    "half": b'{"nbformat": 4, "cells": [',
    "a list": b"[]",
    "null": b"null",
    "format 3": b'{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}',
    "format 5": b'{"nbformat": 5, "nbformat_minor": 0, "metadata": {}, "cells": []}',
    "no format": b'{"cells": [], "metadata": {}}',
    "cells missing": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "an unknown cell": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "x"}]}',
    "a number as a cell": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [3]}',
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_notebook_is_named_and_the_others_run(root, kind):
    write(root, "chapters/01-good.ipynb", "6 * 7")
    (root / "exercises").mkdir()
    (root / "exercises/02-bad.ipynb").write_bytes(MALFORMED[kind])
    runs.keep_run(root, "chapters/01-good.ipynb", notebook("6 * 7"))  # so that no kernel is needed
    said = failed()
    assert said.startswith("exercises/02-bad.ipynb ") and said.count("\n") == 0, said
    assert run_of(root, "chapters/01-good.ipynb")


def test_merge_marks_are_called_what_they_are(root):
    (root / "chapters").mkdir()
    (root / "chapters/01-a.ipynb").write_bytes(MALFORMED["merge conflict"])
    assert "merge conflict (line 3)" in failed()
    # A line of equal signs in a text is no mark.
    write(root, "chapters/01-a.ipynb", title="A\n=======")
    assert course.read(root / "chapters/01-a.ipynb").cells[0].source == "A\n======="


def test_cells_without_ids_get_some(root):
    (root / "chapters").mkdir()
    made = notebook("6 * 7")
    made.nbformat_minor = 4
    for cell in made.cells:
        del cell["id"]
    (root / "chapters/01-a.ipynb").write_text(nbf.writes(made))
    found = course.read(root / "chapters/01-a.ipynb")
    assert [cell.id for cell in found.cells] == ["cell-1", "cell-2"]
    assert found.cells[1].source == "6 * 7"


def test_a_folder_or_a_broken_link_that_is_called_like_a_notebook_is_named(root):
    (root / "chapters/01-folder.ipynb").mkdir(parents=True)
    (root / "chapters/02-link.ipynb").symlink_to(root / "nowhere")
    said = failed()
    assert "chapters/01-folder.ipynb cannot be opened" in said
    assert "chapters/02-link.ipynb cannot be opened" in said


def test_a_table_of_contents_that_cannot_be_read_is_named(root):
    (root / "_toc.yml").write_text("root: index\n<<<<<<< HEAD\nparts: [\n")
    assert build_book.attempt(build_book.run_all, False).startswith("_toc.yml cannot be read")


# --- Notebooks that are not in the book -----------------------------------------------------------


@pytest.mark.parametrize(
    "stray",
    [
        "exercises/Untitled.ipynb",
        "chapters/scratch.ipynb",
        "chapters/.ipynb_checkpoints/01-a-checkpoint.ipynb",
    ],
)
def test_a_scratch_notebook_is_neither_run_nor_in_the_book(root, stray):
    write(root, "chapters/01-a.ipynb", "6 * 7")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nparts:\n- chapters:\n  - file: chapters/01-a\n"
        "    sections:\n    - file: chapters/02-b.ipynb\n"
    )
    write(root, "chapters/02-b.ipynb", "1")
    write(root, stray, "1 / 0")
    assert build_book.notebooks() == ["chapters/01-a.ipynb", "chapters/02-b.ipynb"]
    for name in build_book.notebooks():
        runs.keep_run(root, name, course.read(root / name))
    build_book.run_all()
    assert course.pages(root) == ["index", "chapters/01-a", "chapters/02-b"]


# --- A learner's own work -------------------------------------------------------------------------


@pytest.fixture
def exercise(root):
    """A solution and the exercise made from it."""
    solution = notebook("...", title="# Solutions: A")
    solution.cells[1].metadata = {"tags": ["solution"], "stub": "answer = ..."}
    (root / "solutions").mkdir()
    (root / "solutions/01-a.ipynb").write_text(nbf.writes(solution))
    made = make_exercises.make_exercise(course.read(root / "solutions/01-a.ipynb"))
    (root / "exercises").mkdir()
    (root / "exercises/01-a.ipynb").write_text(nbf.writes(made))
    return made


def test_a_learners_error_is_spoken_of_as_such(root, exercise):
    exercise.cells[1].source = "answer = not_yet + 1"
    (root / "exercises/01-a.ipynb").write_text(nbf.writes(exercise))
    runs.keep_run(root, "solutions/01-a.ipynb", course.read(root / "solutions/01-a.ipynb"))
    said = failed()
    assert "exercises/01-a.ipynb, cell 2" in said and "NameError: name 'not_yet'" in said
    assert "this is your own work" in said and "solutions/" not in said


def test_an_exercise_that_fails_as_it_was_made_is_corrected_in_its_solution(root, exercise):
    said = failures.describe(root, "exercises/01-a.ipynb", exercise, 1, "NameError: x")
    assert "run solutions/01-a.ipynb (exercises/01-a.ipynb is made from it) in JupyterLab" in said
    assert "your own work" not in said


# --- Progress -------------------------------------------------------------------------------------


def test_the_longest_run_first_whatever_their_folder(root, monkeypatch, capsys):
    monkeypatch.setattr(run_notebooks, "workers", lambda: 1)
    for name, seconds in (("chapters/01-a", 1.0), ("exercises/01-a", 9.0), ("solutions/01-a", 5.0)):
        write(root, f"{name}.ipynb", "1")
        runs.keep_run(root, f"{name}.ipynb", notebook("an earlier version"), seconds=seconds)
    build_book.run_all()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Running 3 notebooks, 1 at a time: about 15 s."
    assert [line.split(".")[0] for line in lines[1:]] == [
        "exercises/01-a",
        "solutions/01-a",
        "chapters/01-a",
    ]


def test_lines_say_what_runs_and_nothing_else_gets_between(root, monkeypatch, capfd):
    monkeypatch.setattr(run_notebooks, "TICK_SECONDS", 0.5)
    code = "import os, time\nos.write(1, b'Finished [100%]: Average Loss')\nos.write(2, b'bar')\ntime.sleep(3)"
    write(root, "chapters/01-a.ipynb", code)
    build_book.run_all()
    shown = capfd.readouterr()
    assert "Finished" not in shown.out and "bar" not in shown.out + shown.err
    ticks = [line for line in shown.out.splitlines() if "done; running" in line]
    assert len(ticks) >= 3
    assert "0 of 1 done; running chapters/01-a.ipynb (" in ticks[-1] and ticks[-1].endswith("left")


def job(expected, **state):
    made = run_notebooks.Job("chapters/01-a.ipynb", notebook(), "", expected)
    for name, value in state.items():
        setattr(made, name, value)
    return made


def test_the_estimate_follows_earlier_runs_and_the_pace_of_this_one():
    waiting = [job(100.0), job(60.0), job(40.0)]
    assert run_notebooks.Progress(waiting, 2).remaining(0.0) == 100.0
    # The first took twice as long as before, so the others will; the second has run for 20 s.
    jobs = [job(100.0, started=1.0, seconds=200.0), job(60.0, started=1.0), job(40.0)]
    assert run_notebooks.Progress(jobs, 2).remaining(21.0) == (100.0 + 80.0) / 2 + 10.0
    jobs.append(job(100.0, started=1.0, seconds=2.0, failed=True))
    assert run_notebooks.Progress(jobs, 2).remaining(21.0) == (100.0 + 80.0) / 2 + 10.0
    assert run_notebooks.Progress([job(10.0, started=1.0)], 1).remaining(1000.0) == 0.0


def test_a_line_says_what_runs_what_starts_and_what_is_left():
    jobs = [job(100.0, asked=0.0, started=5.0), job(60.0, asked=0.0), job(40.0)]
    progress = run_notebooks.Progress(jobs, 2, started=0.0)
    assert progress.line(35.0) == (
        "35 s: 0 of 3 done; running chapters/01-a.ipynb (30 s), chapters/01-a.ipynb (starting); "
        "about 85 s left"
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (89.4, "89 s"), (90.0, "2 min"), (149.0, "2 min"), (3600.0, "60 min")],
)
def test_a_time_is_said_in_seconds_up_to_a_minute_and_a_half(seconds, said):
    assert run_notebooks.duration(seconds) == said


# --- Stopped from outside -------------------------------------------------------------------------

STOPPABLE = """
from contextlib import nullcontext
from pathlib import Path
import sys
import build_book, kernels, run_notebooks
root = Path(sys.argv[1])
build_book.ROOT = root
run_notebooks.XLA_PROGRAMS = root / "_build" / "xla"
run_notebooks.warm_kernels = lambda: nullcontext(kernels.ENVIRONMENT)
sys.argv[1:] = []
build_book.main()
"""
# A stand-in for Sphinx: it starts a process, as Sphinx does, says so, and takes its time.
SLOW = """
import os, runpy, subprocess, sys, time
from pathlib import Path
runpy.run_path(os.environ["PYTHONPATH"] + "/rendering.py")["end_with_parent"]()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
Path("started").write_text(f"{os.getpid()} {child.pid}")
time.sleep(600)
"""


@pytest.fixture
def build(tmp_path):
    """Return a function that starts a build and waits for the processes that it names."""
    started = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", STOPPABLE, str(tmp_path)],
            env=os.environ | {"PYTHONPATH": TOOLS},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        started.append(process)
        deadline = time.monotonic() + 120
        while not (tmp_path / "started").exists() or not (tmp_path / "started").read_text():
            assert time.monotonic() < deadline and process.poll() is None, process.stdout.read()
            time.sleep(0.1)
        return process, [int(word) for word in (tmp_path / "started").read_text().split()]

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def alive(number):
    """Whether a process runs; one that has ended and was not asked for does not."""
    try:
        os.kill(number, 0)
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:  # a system without /proc
        return True


def gone(numbers, seconds):
    """Whether all these processes end within a time."""
    deadline = time.monotonic() + seconds
    while any(map(alive, numbers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not any(map(alive, numbers))


def mid_cell(root):
    """Write a notebook that takes its time."""
    here = str(root / "started")
    write(
        root,
        "chapters/01-a.ipynb",
        "6 * 7",
        f"import os, time\nopen({here!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)",
    )


def mid_rendering(root):
    """Let the rendering take its time."""
    (root / "tools").mkdir()
    (root / "tools/rendering.py").write_text(SLOW)


@pytest.mark.parametrize("prepare", [mid_cell, mid_rendering], ids=["mid-cell", "mid-rendering"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_build_that_is_stopped_ends_at_once_and_leaves_no_process(
    build, tmp_path, prepare, signum
):
    prepare(tmp_path)
    process, others = build()
    if signum == signal.SIGINT:
        os.killpg(process.pid, signum)  # as a terminal does
    else:
        process.send_signal(signum)
    said, _ = process.communicate(timeout=5)
    assert process.returncode == stopping.STOPPED
    assert "Stopped." in said and "Traceback" not in said and "Error" not in said
    assert gone(others, 2)
    assert not (tmp_path / runs.LOCAL / "chapters/01-a.ipynb").exists()


@pytest.mark.parametrize("prepare", [mid_cell, mid_rendering], ids=["mid-cell", "mid-rendering"])
def test_nothing_survives_a_build_that_is_killed(build, tmp_path, prepare):
    prepare(tmp_path)
    process, others = build()
    process.kill()
    process.communicate()
    assert gone(others, 10)
    assert (tmp_path / "_build/running").exists() == (prepare is mid_cell)


# --- After a build that was killed ----------------------------------------------------------------


def test_compiled_programs_that_may_be_half_written_are_forgotten(root):
    programs = root / "_build" / "xla"
    with run_notebooks.intact_programs():
        programs.mkdir(exist_ok=True)
        (programs / "a-cache").write_text("whole")
        (root / "_build" / "running").unlink()  # as another command does that ends meanwhile
    with run_notebooks.intact_programs():
        assert (programs / "a-cache").exists()
    with pytest.raises(KeyboardInterrupt), run_notebooks.intact_programs():
        raise KeyboardInterrupt
    with run_notebooks.intact_programs():
        assert not programs.exists()


def test_a_run_that_was_half_written_is_made_again(root):
    write(root, "chapters/01-a.ipynb", "6 * 7")
    place = root / runs.LOCAL / "chapters/01-a.ipynb"
    place.parent.mkdir(parents=True)
    place.with_name("01-a.ipynb.part").write_text('{"cells": [')
    place.write_text('{"cells": [')
    build_book.run_all()
    assert run_of(root, "chapters/01-a.ipynb").notebook.cells[1].outputs


# --- Rendering ------------------------------------------------------------------------------------

ENDS = """
import sys
from pathlib import Path
Path("_build/html").mkdir(parents=True, exist_ok=True)
Path("_build/html/index.html").write_text("page")
print(sys.argv[1:])
print("page.md: WARNING: no such label")
sys.exit({status})
"""


@pytest.fixture
def renderer(root):
    """Return a function that makes a stand-in for Sphinx, which ends with some status."""

    def make(status):
        (root / "tools").mkdir(exist_ok=True)
        (root / "tools/rendering.py").write_text(ENDS.format(status=status))
        (root / "_build/html").mkdir(parents=True, exist_ok=True)
        (root / "_build/html/half.html").write_text("<html")

    return make


def test_half_a_page_of_a_killed_build_is_not_left_and_a_whole_one_is(root, renderer):
    renderer(0)
    build_book.render()
    assert not (root / "_build/html/half.html").exists()
    renderer(0)
    build_book.render()
    assert (root / "_build/html/half.html").exists(), (
        "nothing has changed: Sphinx goes on from there"
    )
    (root / "_toc.yml").write_text("root: index\n")
    build_book.render()
    assert not (root / "_build/html/half.html").exists()


def test_a_warning_is_said_and_the_book_is_there_and_the_next_build_says_it_again(root, renderer):
    for _ in range(2):
        renderer(rendering.WARNED)
        problem = build_book.attempt(build_book.render, False)
        assert "no such label" in problem and "The book is made" in problem
        assert (root / "_build/html/index.html").exists()
        assert not (root / "_build/html/half.html").exists()


def test_without_a_book_no_book_is_promised(root, renderer):
    renderer(1)
    problem = build_book.attempt(build_book.render, True)
    assert "could not be rendered" in problem and "The book is made" not in problem
    assert "['--fresh']" in problem


def test_the_command_renders_what_ran_and_ends_with_status_1_and_the_list(
    root, renderer, monkeypatch, capsys
):
    renderer(0)
    write(root, "chapters/01-bad.ipynb", "1 / 0")
    monkeypatch.setattr(sys, "argv", ["build_book.py"])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as stopped:
        build_book.main()
    assert "chapters/01-bad.ipynb, cell 2" in str(stopped.value)
    out = capsys.readouterr().out
    assert "Rendered the book" in out and str(root / "_build/html/index.html") in out


HOLDS = """
import sys, time
from filelock import FileLock
lock = FileLock(sys.argv[1])
lock.acquire()
print(flush=True)
time.sleep(1.5)
"""


def test_a_second_build_waits_for_the_first(root, capsys):
    (root / "_build").mkdir()
    command = [sys.executable, "-c", HOLDS, str(root / "_build/lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as first:
        first.stdout.readline()
        before = time.monotonic()
        with build_book.alone():
            assert time.monotonic() - before > 0.5
    assert capsys.readouterr().out.count("waiting for it") == 1
    with build_book.alone():
        assert capsys.readouterr().out == ""
