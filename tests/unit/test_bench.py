"""Where the time goes: seconds are counted once, under the outermost work, and cells keep their own."""

import time
from types import SimpleNamespace

import bench
from bench_in_kernel import PREDICTING, REST, SAMPLING, STAGES, TFP, Clock, length
import nbformat
import pytest

TRACING, LOWERING, COMPILING = STAGES.values()


@pytest.mark.parametrize(
    ("intervals", "whole"),
    [
        ([], 0.0),
        ([(1.0, 3.0)], 2.0),
        ([(5.0, 6.0), (1.0, 3.0)], 3.0),
        ([(1.0, 5.0), (2.0, 3.0), (4.0, 6.0)], 5.0),
    ],
)
def test_what_lies_in_two_intervals_counts_once(intervals, whole):
    assert length(intervals) == whole


def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_work_inside_of_other_work_counts_as_that_other():
    clock = Clock()
    library = SimpleNamespace(draw=lambda: burn(0.2))
    clock.patch(library, "draw", PREDICTING)
    sample = clock.timed(SAMPLING, lambda: (burn(0.1), library.draw()))
    sample()
    library.draw()
    burn(0.1)
    found = clock.result()
    assert found["calls"] == {SAMPLING: 1, PREDICTING: 1}
    assert found["seconds"] == pytest.approx({SAMPLING: 0.3, PREDICTING: 0.2, REST: 0.1}, abs=0.05)


def test_an_error_is_counted_and_passes_on():
    clock = Clock()
    broken = clock.timed(SAMPLING, lambda: 1 / 0)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            broken()
    assert clock.calls[SAMPLING] == 2


def test_stages_of_tfp_share_its_seconds_as_the_clock_says():
    """An inner function is traced within the tracing of an outer one; a stage outside of any call is nobody's."""
    clock = Clock()
    tracing, _, compiling = STAGES
    clock.stages = [(TRACING, 0.0, 4.0), (TRACING, 1.0, 2.0), (COMPILING, 5.0, 7.0)]
    clock.share(TFP, seconds=5.0, elapsed=10.0)
    assert dict(clock.seconds) == {TRACING: 2.0, LOWERING: 0.0, COMPILING: 1.0, TFP: 2.0}
    clock.stage("/jax/core/something", 1.0)
    clock.stage(compiling, 0.5)
    name, begin, end = clock.stages[-1]
    assert (name, round(end - begin, 6), len(clock.stages)) == (COMPILING, 0.5, 4)


def test_a_compiled_sampler_is_counted_when_it_runs_too():
    clock = Clock()
    run = clock.compile_nuts(lambda model: lambda seed: (model, seed))("model")
    assert run(3) == ("model", 3)
    assert clock.calls[TFP] == 2


def test_each_cell_of_a_notebook_has_its_seconds(tmp_path):
    sources = {
        "slow": "import time\nend = time.process_time() + 1.5\nwhile time.process_time() < end: pass",
        "empty": "",
        "wrong": "1 / 0",
        "left": "raise SystemExit",
        "quick": "assert '_start' not in globals()",
    }
    cells = [nbformat.v4.new_code_cell(source, id=name) for name, source in sources.items()]
    cells[3].metadata["tags"] = ["skip-execution"]
    path = tmp_path / "small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    found = bench.measure(path)
    assert list(found["cells"]) == ["slow", "wrong", "quick"]
    assert found["cells"]["slow"] == pytest.approx(1.5, abs=0.3)
    assert max(found["cells"]["wrong"], found["cells"]["quick"]) < 1.0
    assert list(found["seconds"]) == [REST]


FOUND = {
    "chapters/01.ipynb": {
        "seconds": {SAMPLING: 6.0, REST: 2.0},
        "calls": {SAMPLING: 3},
        "cells": {"fit": 6.5, "say": 0.1},
    },
    "solutions/01.ipynb": {
        "seconds": {SAMPLING: 3.0, REST: 1.0},
        "calls": {SAMPLING: 1},
        "cells": {"fit": 7.5},
    },
}


def test_the_report_begins_with_what_took_longest():
    first, *lines = bench.report(FOUND).splitlines()
    assert first == "2 notebooks, 12 s of the processor:"
    assert lines[0].split(maxsplit=4) == ["9", "s", "75%", "4", SAMPLING]
    assert [line.split()[2:] for line in lines[3:]] == [
        ["solutions/01.ipynb", "fit"],
        ["chapters/01.ipynb", "fit"],
        ["chapters/01.ipynb", "say"],
    ]


def test_only_a_run_of_everything_is_kept(tmp_path, monkeypatch, capsys):
    for name in FOUND:
        (tmp_path / name).parent.mkdir()
        nbformat.write(nbformat.v4.new_notebook(), tmp_path / name)
    (tmp_path / "runs").mkdir()
    monkeypatch.setattr(bench, "measure", lambda path: FOUND[f"{path.parent.name}/{path.name}"])
    assert bench.main(["solutions"], tmp_path) == 0
    assert not (tmp_path / bench.FILE).exists()
    assert bench.main([], tmp_path) == 0
    stored = (tmp_path / bench.FILE).read_text("utf-8")
    assert f'"{SAMPLING}": 9' in stored
    assert '"solutions/01.ipynb": 4.0' in stored
    assert bench.main(["nowhere"], tmp_path) == 1
