"""The report that `make test` prints."""

import pytest
import run_tests

REPORT = """<testsuites><testsuite>
<testcase classname="chapters.08-robust-regression.ipynb" name="Cell 0"><failure message="no"/></testcase>
<testcase classname="tests.unit.test_a" name="test_b[c.ipynb]"><error message="no"/></testcase>
<testcase classname="tests.book.test_c" name="test_d"><skipped message="no browser"/></testcase>
<testcase classname="tests.unit.test_a" name="test_e"/>
<testcase classname="tests.book.test_c" name="test_f"/>
<testcase classname="tests.book.test_c" name="test_f"/>
<testcase classname="tests.book.test_c" name="test_g"/>
<testcase classname="tests.book.test_c" name="test_g"><failure message="no"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture
def result(tmp_path):
    (tmp_path / "report.xml").write_text(REPORT)
    return run_tests.read_report(tmp_path / "report.xml", 1.0)


def test_a_failing_cell_is_named_by_its_id(result):
    assert result.failed[0] == "chapters/08-robust-regression.ipynb, cell setup"


def test_other_failures_and_skips_keep_their_names(result):
    assert result.failed[1] == "tests.unit.test_a::test_b[c.ipynb]"
    assert result.skipped == {"tests.book.test_c::test_d": "no browser"}
    assert result.count == 6


def test_what_passed_only_the_second_time_is_told_as_such(result):
    assert result.tried_again == ["tests.book.test_c::test_f"]
    assert result.failed[2:] == ["tests.book.test_c::test_g"]


def test_one_chapter_is_its_rules_its_checks_and_its_notebooks():
    parts = run_tests.parts_of("08-robust-regression")
    assert list(parts) == ["rules", "unit", "notebooks"]
    assert parts["rules"][1][-1] == "08-robust-regression or whole_course"
    assert [name for name in parts["notebooks"][1] if name.endswith(".ipynb")] == [
        f"{folder}/08-robust-regression.ipynb" for folder in ("chapters", "solutions", "exercises")
    ]


def test_a_chapter_without_notebooks_has_rules_to_tell_what_is_missing():
    assert list(run_tests.parts_of("98-nothing-yet")) == ["rules", "unit"]
