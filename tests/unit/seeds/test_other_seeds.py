"""The command line of `make seeds`."""

import other_seeds
import pytest
from seeds import record, sweep

from .made import NAME, found_fit, keep, result, write


def tasks_of(*arguments):
    return [task.name for task in other_seeds.tasks(other_seeds.options(arguments))]


FIVE = [f"shift-{shift}" for shift in (10_000, 20_000, 30_000, 40_000, 50_000)]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ([], ["fits-20", *FIVE, "other-processor"]),
        (["fits", "chapters/15", "--seeds", "5"], ["fits-5"]),
        (["notebooks"], FIVE),
        (["notebooks", "--shift", "7", "8"], ["shift-7", "shift-8"]),
        (["notebooks", "--shift", "--other-processor"], ["other-processor"]),
        (["notebooks", "--shift", "7", "--", "chapters/15"], ["shift-7"]),
        (["notebooks", "--other-processor", "chapters/15"], [*FIVE, "other-processor"]),
        (["notebooks", "--shift", "7", "--simulations"], ["shift-7-simulations"]),
        (["sentences"], ["as-is", *FIVE]),
    ],
)
def test_a_command_says_how_notebooks_run(arguments, names):
    assert tasks_of(*arguments) == names


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course whose sweeps end at once with what a test has put into `outcome`."""
    (tmp_path / "requirements.txt").write_text("numpy==2\n")
    (tmp_path / "companion").mkdir()
    write(tmp_path / NAME, "one = 1")
    outcome = {}
    for module, name in [(sweep, "names"), (record, "update"), (other_seeds.sentences, "write")]:
        monkeypatch.setattr(module, name, with_root(getattr(module, name), tmp_path))

    def run(tasks, names, **_):
        for task in tasks:
            keep(tmp_path, NAME, task, **outcome)
        return {(name, task): result(task, **outcome) for name in names for task in tasks}

    monkeypatch.setattr(sweep, "run", run)
    return outcome


def with_root(function, root):
    return lambda *args, **kwargs: function(*args, **{"root": root} | kwargs)


OTHERS = [found_fit(f"other-{i}", seed=i) for i in range(1, 20)]


def test_all_is_well(course, capsys):
    course["fits"] = [found_fit(), *OTHERS]
    assert other_seeds.main([]) == 0
    said = capsys.readouterr().out
    assert "0 cells failed in 7 runs of notebooks." in said
    assert "Of 20 fits that the text relies on 20 pass with every seed; 0 of them are thin." in said
    assert "sentences.html" in said


def test_expected_false_alarms_are_counted_in_1000_builds(monkeypatch, capsys):
    rows = [
        record.Budget("R-hat", 1234, 0.994, 0.994),
        record.Budget("divergences", 7, 0.002, 0.025),
    ]
    monkeypatch.setattr(record, "budget", lambda entries: rows)
    other_seeds.report_budget({})
    assert capsys.readouterr().out.splitlines()[1:3] == [
        "       994  R-hat, 1,234",
        "         2  divergences, 7 (at most 25)",
    ]


def test_a_fit_that_fails_is_named_and_gives_status_1(course, capsys):
    course["fits"] = [found_fit(tail=300.0), *OTHERS]
    assert other_seeds.main(["fits"]) == 1
    said = capsys.readouterr().out
    assert f"fails  {NAME} fit (PyMC, relied on): 0 of 21 pass; R-hat 1.003" in said
    assert "Of 20 fits that the text relies on 19 pass with every seed" in said


def test_a_thin_fit_is_named(course, capsys):
    course["fits"] = [found_fit(tail=440.0), *OTHERS]
    assert other_seeds.main(["fits"]) == 0
    assert "thin   chapters/01-one.ipynb fit" in capsys.readouterr().out


def test_a_cell_that_fails_is_named_and_gives_status_1(course, capsys):
    course["failures"] = [["one", "SamplerProblem: no"]]
    assert other_seeds.main(["notebooks", "--shift", "7"]) == 1
    assert f"{NAME} one, shift-7: SamplerProblem: no" in capsys.readouterr().out


def test_a_run_without_a_result_gives_status_1(course, monkeypatch, capsys):
    monkeypatch.setattr(sweep, "run", lambda tasks, names, **_: {})
    assert other_seeds.main(["notebooks"]) == 1
    assert "5 runs have no result: the same command repeats them." in capsys.readouterr().out


def test_words_that_fit_nothing_are_said(course, capsys):
    assert other_seeds.main(["fits", "chapters/99"]) == 1
    assert "No path of a chapter or solution contains chapters/99." in capsys.readouterr().out


def test_an_interrupt_says_that_nothing_is_lost(course, monkeypatch, capsys):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep, "run", interrupted)
    with pytest.raises(SystemExit) as stopped:
        other_seeds.main([])
    assert stopped.value.code == 130
    assert "goes on from there" in capsys.readouterr().out
