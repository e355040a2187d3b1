"""What exercises are checked against keeps its value: the numbers that checks compute by themselves.

The rows of `exact_values.csv` are calls in the modules of `companion.exercises.checks`, and the numbers that they
gave when the solutions of the course passed. Whoever corrects such a computation on purpose writes down the new
numbers, which the failing test says.
"""

from collections.abc import Iterator, Mapping
import csv
from importlib import import_module
from pathlib import Path
from typing import Any

from companion.exercises import checks
from companion.lessons.linear import LinearPosterior
import numpy as np
import pytest

TABLE = Path(__file__).with_name("exact_values.csv")
FOLDER = Path(checks.__file__).parent
MOST = 8  # numbers of one array; of a longer one, five that say what is in it and in which order

with open(TABLE, encoding="utf-8", newline="") as file:
    ROWS = [tuple(row.values()) for row in csv.DictReader(file)]


def numbers(value: Any) -> Iterator[float]:
    """Yield the numbers in a result, in order."""
    if isinstance(value, Mapping):
        value = list(value.values())
    elif isinstance(value, LinearPosterior):
        value = [value.mean, value.sd, value.elpd_i, value.mean_without]
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from numbers(each)
    elif not isinstance(value, str):
        flat = np.asarray(value, dtype=float).ravel()
        if flat.size > MOST:
            weights = np.arange(flat.size) / flat.size
            yield from (flat.mean(), flat.std(), flat.min(), flat.max(), (flat * weights).mean())
        else:
            yield from flat


@pytest.mark.parametrize(("module", "call", "kept"), ROWS, ids=[f"{m} {c}" for m, c, _ in ROWS])
def test_a_number_that_answers_are_held_against_is_what_it_was(module, call, kept):
    names = vars(import_module(f"{checks.__name__}.{module}"))
    for each in names.values():  # so that it computes, whatever other tests have asked for
        if hasattr(each, "cache_clear") and each.__module__.startswith(checks.__name__):
            each.cache_clear()
    found = list(map(float, numbers(eval(call, dict(names)))))
    assert found == pytest.approx(list(map(float, kept.split())), rel=1e-6, abs=1e-9), " ".join(
        f"{each:.9g}" for each in found
    )


@pytest.mark.parametrize("path", sorted(FOLDER.glob("ch*.py")), ids=lambda path: path.stem)
def test_each_result_that_is_computed_once_and_kept_has_a_row(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    named = {
        following.removeprefix("def ").partition("(")[0]
        for line, following in zip(lines, lines[1:], strict=False)
        if line == "@cache"
    }
    called = {call.partition("(")[0] for module, call, _ in ROWS if module == path.stem}
    assert named <= called, f"exact_values.csv has no row for {', '.join(sorted(named - called))}"
