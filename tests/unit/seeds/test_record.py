"""What is remembered of sweeps, and what it says."""

import json

from course import ROOT
import numpy as np
import pytest
from seeds import FILE, alarms, record, sentences, sweep
from seeds.sweep import Task

from .made import NAME, OTHER, found_fit, keep, write


def test_entries_are_written_so_that_differences_can_be_read_and_come_back(course):
    keep(course, NAME, Task(seeds=20), fits=[found_fit(), found_fit("second", seed=1)])
    entries = record.update(course)
    text = (course / FILE).read_text()
    assert record.load(course) == entries == json.loads(text)["notebooks"]
    assert sum(line.startswith('{"cell":') for line in text.splitlines()) == 2
    entry = entries[NAME]
    assert entry["made"] == {
        "digest": sweep.digest(NAME, course),
        "date": "2026-01-02",
        "processor": "abacus",
        "versions": {"python": "3.12"},
    }
    assert entry["comparisons"] == 14
    assert len(entry["fits"][0]["rhat"]) == 21
    assert "seconds" not in entry["fits"][0]


def test_what_is_remembered_stays_until_it_is_made_anew(course):
    keep(course, NAME, Task(seeds=20), fits=[found_fit()])
    keep(course, NAME, Task(shift=10))
    keep(course, OTHER, Task(shift=10), failures=[["one", "an error"]])
    before = record.update(course)
    assert before[OTHER]["shifted"]["shift-10"]["failures"] == [["one", "an error"]]
    for path in (course / sweep.FOLDER).rglob("*.json"):
        path.unlink()  # a fresh clone
    assert record.update(course) == before
    old = sweep.digest(NAME, course)
    write(course / NAME, "changed = True")
    assert record.update(course) == before  # it says by its digests that it is stale
    keep(course, NAME, Task(shift=20))
    after = record.update(course)[NAME]
    new = sweep.digest(NAME, course)
    assert new != old
    assert after["fits"] == before[NAME]["fits"]
    assert after["made"]["digest"] == old
    assert {task: run["digest"] for task, run in after["shifted"].items()} == {
        "shift-10": old, "shift-20": new,
    }  # fmt: skip
    keep(course, NAME, Task(shift=10), failures=[["one", "new"]])
    renewed = record.update(course)[NAME]["shifted"]["shift-10"]
    assert (renewed["digest"], renewed["failures"]) == (new, [["one", "new"]])
    (course / OTHER).unlink()
    assert list(record.update(course)) == [NAME]


def test_of_two_sweeps_the_one_with_more_seeds_counts(course):
    keep(course, NAME, Task(seeds=20), fits=[found_fit(n=21)])
    keep(course, NAME, Task(seeds=100), fits=[found_fit(n=101)])
    keep(course, NAME, Task(seeds=5), fits=[found_fit(n=6)])
    assert len(record.update(course)[NAME]["fits"][0]["bulk"]) == 101


def test_a_short_sweep_with_the_same_numbers_confirms_a_longer_one(course):
    long = [found_fit(n=21), found_fit("second", n=21, seed=1)]
    short = [fit | {"rows": fit["rows"][:2], "errors_of_estimates": None} for fit in long]
    keep(course, NAME, Task(seeds=20), fits=long)
    before = record.update(course)[NAME]
    write(course / NAME, "changed = 'no fit'")
    keep(course, NAME, Task(seeds=1), fits=short)
    after = record.update(course)[NAME]
    assert after["fits"] == before["fits"]
    assert after["made"] == before["made"] | {
        "digest": sweep.digest(NAME, course), "confirmed": "2026-01-02",
    }  # fmt: skip
    for change in ({"tail": 4321.0}, {"rhat": 1.0001}):
        write(course / NAME, f"changed = {change}")
        rows = [short[1]["rows"][0], short[1]["rows"][1] | change]
        keep(course, NAME, Task(seeds=1), fits=[short[0], short[1] | {"rows": rows}])
        replaced = record.update(course)[NAME]
        assert len(replaced["fits"][1]["tail"]) == 2
        assert "confirmed" not in replaced["made"]
        keep(course, NAME, Task(seeds=20), fits=long)
        assert record.update(course)[NAME]["fits"] == before["fits"]


@pytest.mark.parametrize(
    "change", [{"draws": 2000}, {"use": "shown"}, {"seed": 3}, {"name": "TFP"}]
)
def test_a_short_sweep_of_another_fit_replaces_a_longer_one(course, change):
    keep(course, NAME, Task(seeds=20), fits=[found_fit(n=21)])
    record.update(course)
    write(course / NAME, "changed = True")
    fit = found_fit(n=21)
    keep(course, NAME, Task(seeds=1), fits=[fit | {"rows": fit["rows"][:2]} | change])
    assert len(record.update(course)[NAME]["fits"][0]["tail"]) == 2


def test_a_claim_keeps_its_margins_of_all_runs(course):
    def claim(margin, otherwise=None):
        return {"margin": margin, "yes": "above", "otherwise": otherwise}

    keep(course, NAME, Task(shift=10), claims={"say": [claim(6.0), claim(3.0, "below")]})
    keep(course, NAME, Task(shift=20), claims={"say": [claim(5.0, "not"), claim(-1.0, "below")]})
    keep(course, NAME, Task(shift=30), claims={"say": [claim(None, "not")]})
    entries = record.update(course)
    first, second = entries[NAME]["claims"]
    assert (first["margins"], first["guarded"]) == ([6.0, 5.0], False)
    assert (second["margins"], second["guarded"]) == ([3.0, -1.0], True)
    row = record.budget(entries)[-1]
    assert (row.check, row.count) == ("claims without other words", 1)
    assert row.rate == alarms.claim_rate([6.0, 5.0])


@pytest.mark.parametrize(
    ("about", "remark", "passed"),
    [
        ({}, "", 21),
        ({"tail": 440.0}, "thin", None),
        ({"tail": 300.0}, "fails", 0),
        ({"use": "shown", "tail": 300.0}, "", 0),
        ({"use": "shown"}, "", 21),
        ({"use": "shown", "tail": 400.0}, "mixed", None),
        ({"use": "not checked", "tail": 400.0}, "", None),
        ({"divergences": 3}, "fails", 0),
    ],
)
def test_a_fit_is_judged_by_what_the_text_does_with_it(course, about, remark, passed):
    others = [found_fit(f"other-{i}", seed=i) for i in range(1, 20)]
    keep(course, NAME, Task(seeds=20), fits=[found_fit(**about), *others])
    fit = record.judge(record.update(course))[0]
    assert fit.remark == remark
    assert fit.runs == 21
    if passed is not None:
        assert fit.passed == passed
    has_rate = fit.use == "relied on" or (fit.use == "shown" and fit.passed == 0)
    assert (fit.rate is not None) == has_rate


def test_the_worst_of_all_seeds_is_shown(course):
    keep(course, NAME, Task(seeds=20), fits=[found_fit(of=60)])
    entries = record.update(course)
    (fit,) = record.judge(entries)
    kept = entries[NAME]["fits"][0]
    assert fit.worst["rhat"] == max(kept["rhat"])
    assert fit.worst["bulk"] == min(kept["bulk"])
    assert fit.name == "PyMC, 1 of 60"


def test_one_fit_of_many_is_counted_among_all_of_its_cell(course):
    last = found_fit(of=10) | {"nth": 11}
    keep(course, NAME, Task(seeds=20), fits=[found_fit(), last])
    assert [fit.name for fit in record.judge(record.update(course))] == ["PyMC", "PyMC, 11 of 11"]


def test_a_fit_that_could_not_be_run_fails(course):
    broken = found_fit()
    broken["rows"] = [{"error": "ValueError: no"}] * 21
    broken["chains"] = broken["draws"] = None
    keep(course, NAME, Task(seeds=20), fits=[broken, found_fit(seed=1)])
    entries = record.update(course)
    assert entries[NAME]["fits"][0]["errors"] == ["ValueError: no"]
    first, second = record.judge(entries)
    assert (first.passed, first.remark, second.passed) == (0, "fails", 21)
    assert np.isnan(first.worst["rhat"])


def test_the_budget_adds_up_what_fits_and_comparisons_may_do(course):
    keep(course, NAME, Task(seeds=20), fits=[found_fit(seed=i) for i in range(5)])
    keep(course, OTHER, Task(seeds=20), fits=[found_fit(use="shown", tail=300.0, seed=9)])
    rows = {row.check: row for row in record.budget(record.update(course))}
    assert rows["R-hat"].count == 5
    assert rows["divergences"].rate == pytest.approx(0.5 / 21)
    assert rows["divergences"].at_most == pytest.approx(1.9207 / 21, rel=1e-3)
    assert rows["comparisons of estimates"].count == 28
    assert rows["comparisons of estimates"].rate == pytest.approx(28 * alarms.comparison_rate(1.0))
    assert record.budget({})[0].count == 0


def test_checks_are_counted(course):
    assert record.count_checks(course) == {
        "diagnose": 2,
        "compare_posteriors": 2,
        "assert": 4,
        "claim": 2,
    }


def test_what_is_in_git_can_be_read_and_judged():
    entries = record.load(ROOT)
    assert len(record.judge(entries)) == sum(len(each.get("fits", ())) for each in entries.values())


def test_sentences_are_told_apart_by_what_differs():
    def kind(*texts):
        return sentences.Sentence("a", "b", texts).kind

    assert kind("R-hat is 1.01", "R-hat is 1.01") == "same"
    assert kind("R-hat is 1.01, or 12,345", "R-hat is 0.99, or −7") == "numbers"
    assert kind("It is above 3", "It is below 3") == "words"
    assert kind("It is above 3", None) == "words"


def test_a_page_shows_first_what_reads_differently(tmp_path):
    def said(*texts, cell="say"):
        return {"sentences": {cell: list(texts)}}

    results = {
        (NAME, Task()): said("All <b>7</b> pass.", "Far above 3."),
        (NAME, Task(shift=10)): said("All <b>8</b> pass.", "Far below 2."),
        (NAME, Task(shift=20)): said("All <b>8</b> pass."),
        (OTHER, Task()): said("Always.", cell="other"),
        (OTHER, Task(shift=10)): said("Always.", cell="other"),
        (OTHER, Task(shift=20)): said("Always.", cell="other"),
    }
    text = sentences.write(results, tmp_path).read_text(encoding="utf-8")
    assert "<mark>below</mark> 2." in text
    assert "<mark>8" not in text
    assert "All &lt;b&gt;8&lt;/b&gt; pass." in text
    places = [text.index(part) for part in ("Far above", "not printed", "All &lt;b", "Always.")]
    assert places == sorted(places)
    assert "The words differ: 1 of 3" in text
    assert text.count("<th>shift-10</th>") == 2
