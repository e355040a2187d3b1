"""Notebooks are run in several ways, anywhere, once; what was run is not run again."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
import json

import nbformat
import pytest
from seeds import sweep
from seeds.sweep import Task

NAMES = ["chapters/01-one.ipynb", "chapters/02-two.ipynb", "solutions/01-one.ipynb"]
OWN, SHIFTED = Task(), Task(shift=10)


@pytest.fixture
def course(tmp_path):
    """A course of three notebooks, an exercise and a lock."""
    (tmp_path / "requirements.txt").write_text("numpy==2\n")
    (tmp_path / "companion").mkdir()
    for name in [*NAMES, "exercises/01-one.ipynb"]:
        write(tmp_path / name, f"name = {name!r}")
    return tmp_path


def write(path, *sources):
    """Write a notebook."""
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    path.parent.mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


class Done:
    """A future that is done at once."""

    def __init__(self, value):
        self.value = value

    def done(self):
        return True

    def result(self):
        return self.value


class FakeClient:
    """A client as dask has it: what is submitted is called, and counted."""

    def __init__(self):
        self.submitted = []

    def submit(self, function, *arguments):
        self.submitted.append(arguments)
        return Done(function(*arguments))


@pytest.fixture
def fake(monkeypatch):
    """Instead of running a notebook, return what it was given."""

    def execute(text, folder, task, environment):
        source = json.loads(text)["cells"][0]["source"]
        return {"failures": [], "source": source, "folder": folder, "task": task.name}

    monkeypatch.setattr(sweep, "execute", execute)
    monkeypatch.setattr(sweep, "LOOK_SECONDS", 0.01)
    return FakeClient()


def test_exercises_are_not_swept_and_words_choose(course):
    assert sweep.names(root=course) == NAMES
    assert sweep.names(["chapters/01", "solutions"], course) == [NAMES[0], NAMES[2]]
    assert sweep.names(["nowhere"], course) == []


def test_a_client_runs_each_notebook_in_each_way(course, fake, capsys):
    results = sweep.run([OWN, SHIFTED], client=fake, root=course)
    assert set(results) == {(name, task) for name in NAMES for task in (OWN, SHIFTED)}
    assert len(fake.submitted) == 6
    one = results[NAMES[2], SHIFTED]
    assert one["task"] == "shift-10"
    assert NAMES[2] in "".join(one["source"])
    assert one["folder"] == str(course / "solutions")
    assert "chapters/01-one.ipynb  shift-10" in capsys.readouterr().out


def test_an_executor_is_a_client_too(course, fake):
    with ThreadPoolExecutor(2) as pool:
        assert len(sweep.run([OWN], client=pool, root=course)) == 3


def test_without_a_client_this_machine_runs_what_is_left(course, fake, monkeypatch):
    elsewhere, pools = Task(other_processor=True), []
    monkeypatch.setattr(sweep, "processes", lambda size: pools.append(size) or nullcontext(fake))
    monkeypatch.setattr(sweep, "warm_kernels", lambda: nullcontext({"WARM": "1"}))
    for _ in range(2):
        results = sweep.run([OWN, elsewhere], NAMES[:1], workers=3, root=course)
        assert set(results) == {(NAMES[0], OWN), (NAMES[0], elsewhere)}
        assert pools == [3]  # the second time there is nothing left
    environments = {task: environment for _, _, task, environment in fake.submitted}
    assert environments == {OWN: {"WARM": "1"}, elsewhere: None}


def test_what_was_run_is_not_run_again_until_it_changes_or_is_forgotten(course, fake):
    first = sweep.run([OWN], client=fake, root=course)
    sweep.run([OWN, SHIFTED], NAMES[:1], client=fake, root=course)
    assert len(fake.submitted) == 4  # only the new task
    assert sweep.run([OWN], client=fake, root=course) == first
    assert len(fake.submitted) == 4
    write(course / NAMES[1], "name = 'another'")
    assert "another" in str(sweep.run([OWN], client=fake, root=course)[NAMES[1], OWN]["source"])
    assert len(fake.submitted) == 5
    sweep.run([OWN], client=fake, again=True, root=course)
    assert len(fake.submitted) == 8
    stored = list((course / sweep.FOLDER / "as-is").rglob("*.json"))
    assert len(stored) == 3  # of the earlier version nothing is left


def test_results_of_all_tasks_are_found(course, fake):
    sweep.run([OWN, SHIFTED], client=fake, root=course)
    assert [result["task"] for result in sweep.all_stored(NAMES[0], course)] == [
        "as-is",
        "shift-10",
    ]
    write(course / NAMES[0], "name = 'another'")
    assert sweep.all_stored(NAMES[0], course) == []


def test_an_interrupted_sweep_keeps_what_was_done(course, fake, monkeypatch):
    class Waiting(Done):
        def done(self):
            return self.value["folder"].endswith("solutions")

    def interrupt(seconds):
        raise KeyboardInterrupt

    fake.submit = lambda function, *arguments: Waiting(function(*arguments))
    monkeypatch.setattr(sweep.time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        sweep.run([OWN], client=fake, root=course)
    kept = [name for name in NAMES if sweep.stored(name, OWN, course)]
    assert kept == NAMES[2:]


def test_a_notebook_that_changes_while_it_runs_has_no_result(course, fake, monkeypatch, capsys):
    whole = sweep.execute

    def execute(text, *rest):
        if NAMES[1] in text:
            write(course / NAMES[1], "name = 'another'")
        return whole(text, *rest)

    monkeypatch.setattr(sweep, "execute", execute)
    assert [name for name, _ in sweep.run([OWN], client=fake, root=course)] == [NAMES[0], NAMES[2]]
    assert sweep.stored(NAMES[1], OWN, course) is None
    assert "changed while it ran: run it again" in capsys.readouterr().out


def test_a_worker_that_dies_takes_only_its_own_notebook_with_it(course, fake, capsys):
    class Dead(Done):
        def result(self):
            if NAMES[0] in "".join(self.value["source"]):
                raise ConnectionError("worker lost")
            return self.value

    fake.submit = lambda function, *arguments: Dead(function(*arguments))
    assert [name for name, _ in sweep.run([OWN], client=fake, root=course)] == NAMES[1:]
    assert "FAILED: ConnectionError: worker lost" in capsys.readouterr().out


def test_sentences_and_their_claims_are_kept_by_cell(monkeypatch, tmp_path):
    first, second = {"margin": 3.0}, {"margin": 5.0}

    def shown(text, metadata):
        return nbformat.v4.new_output("display_data", {"text/markdown": text}, metadata=metadata)

    class Client:
        """A client that runs nothing, and says what `say` displays in a cell."""

        def __init__(self, notebook, **_):
            self.cells = {cell.id: cell for cell in notebook.cells}

        def execute(self, **_):
            self.cells["cell-1"].outputs = [
                nbformat.v4.new_output("stream", text="noise"),
                shown("It is so.", {"text/markdown": {"claims": [first]}}),
                shown("And so.", {"claims": [second]}),
                shown("No more.", {}),
            ]

    monkeypatch.setattr(sweep, "NotebookClient", Client)
    write(tmp_path / "chapters" / "01.ipynb", "1", "say()")
    result = sweep.execute((tmp_path / "chapters" / "01.ipynb").read_text(), str(tmp_path), OWN)
    assert result["sentences"] == {"cell-1": ["It is so.", "And so.", "No more."]}
    assert result["claims"] == {"cell-1": [first, second]}


def test_tasks_have_names_of_their_own():
    tasks = [
        Task(), Task(seeds=20), Task(seeds=5), Task(shift=10), Task(shift=10, simulations=True),
        Task(other_processor=True), Task(seeds=20, other_processor=True),
    ]  # fmt: skip
    assert len({task.name for task in tasks}) == len(tasks)


def test_a_progress_line_says_what_runs_and_what_remains():
    assert sweep.progress(0, 6, {"a": 20.0}, 20.0) == (
        "0 of 6 done, no estimate yet; running: a (20 s)"
    )
    running = {name: 130.0 for name in "abcdef"}
    assert sweep.progress(2, 8, running, 100.0) == (
        "2 of 8 done, about 5 min left; running: a (2 min), b (2 min), c (2 min), d (2 min), 2 more"
    )


def test_progress_is_said_while_nothing_ends(course, fake, monkeypatch, capsys):
    class Slow(Done):
        looks = 0

        def done(self):
            self.looks += 1
            return self.looks > 5

    monkeypatch.setattr(sweep, "LINE_SECONDS", 0.0)
    fake.submit = lambda function, *arguments: Slow(function(*arguments))
    sweep.run([OWN], NAMES[:1], client=fake, root=course)
    assert "0 of 1 done, no estimate yet; running: chapters/01-one.ipynb as-is" in (
        capsys.readouterr().out
    )


def test_for_another_processor_caches_are_new_and_flags_are_added(monkeypatch, tmp_path):
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=somewhere")
    monkeypatch.setenv("PYTENSOR_FLAGS", "numba__fastmath=False")
    assert sweep.other_processor(tmp_path) == {
        "XLA_FLAGS": "--xla_dump_to=somewhere --xla_cpu_max_isa=AVX",
        "NUMBA_CPU_NAME": "sandybridge",
        "PYTENSOR_FLAGS": f"numba__fastmath=False,base_compiledir={tmp_path}/pytensor",
        "NUMBA_CACHE_DIR": f"{tmp_path}/numba",
        "JAX_COMPILATION_CACHE_DIR": f"{tmp_path}/xla",
    }
    monkeypatch.delenv("XLA_FLAGS")
    assert sweep.other_processor(tmp_path)["XLA_FLAGS"] == "--xla_cpu_max_isa=AVX"
