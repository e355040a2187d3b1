"""A plugin of pytest that keeps nbval's runs, so that what was tested need not run again.

`tools/run_tests.py` loads it. Only a notebook in which every cell ran and every comparison succeeded
is kept, and only if nothing that it depends on changed meanwhile.
"""

from collections.abc import Generator
from datetime import UTC, datetime

import nbformat
import pytest


def _outputs(raw: list[nbformat.NotebookNode], count: int) -> list[nbformat.NotebookNode]:
    """Turn the outputs that nbval collected into those of a notebook."""
    for output in raw:
        if output.output_type == "execute_result":
            output.execution_count = count
    return raw


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Generator:
    """Add each cell that passes to the run of its notebook; after the last one, keep the run."""
    # pytest loads a plugin before it puts tools/ on the path.
    from course import ROOT, code_cells, name_of
    from dependencies import digest
    from runs import keep_run

    report = yield
    if not hasattr(item, "cell_num"):
        return report
    file, name = item.parent, name_of(item.parent.path)
    if call.when == "setup" and item.cell_num == 0:
        file.passed, file.started = [], call.start
        file.digest = digest(ROOT, name, file.nb)
    if call.when != "call":
        return report
    if report.passed:
        count = item.cell_num + 1
        item.cell.outputs = _outputs(item.test_outputs, count)
        item.cell.execution_count = count
        item.cell.metadata["execution"] = {
            f"iopub.status.{state}": datetime.fromtimestamp(moment, UTC).isoformat()
            for state, moment in (("busy", call.start), ("idle", call.stop))
        }
        file.passed.append(item.cell_num)
    whole = file.passed == list(range(len(code_cells(file.nb))))
    if whole and file.digest == digest(ROOT, name, file.nb):
        keep_run(ROOT, name, file.nb, seconds=call.stop - file.started)
    return report
