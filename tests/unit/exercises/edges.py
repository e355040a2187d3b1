"""Where a check says something else: how far a number may be from the right one, or from a known mistake.

`edges.csv` has a row for each edge. On its one side, at `inside`, a check says what stands in `says`, a mistake or
"passed"; a little farther, at `outside`, it says what stands in `then`. All other answers are right, or stand in
`also`. `told.csv` has the numbers in what is said to the answers of the modules `ch*.py`.

    python -m tests.unit.exercises.edges 8M1 9H1    write both down anew for some exercises; git shows what changed
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
import csv
from functools import cache
from hashlib import sha256
from importlib import import_module
import json
import math
from pathlib import Path
import re
import sys
import time
from typing import Any

import arviz as az
from companion.exercises.answers import Miss, Unusable
from companion.exercises.registry import EXERCISES, find
import numpy as np

EDGES, TOLD = (Path(__file__).with_name(name) for name in ("edges.csv", "told.csv"))
MARGIN = 0.01  # how far inside and outside are from the edge, as a part of the way to it
FARTHEST = 20.0  # times the size of the answer, where the search for an edge ends
SLOW = 0.02  # seconds of a check, of which only the edges around right answers are looked for

Row = dict[str, str]
Cases = tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]


def read(path: Path) -> dict[str, list[Row]]:
    """Return the rows of a table by exercise."""
    found: dict[str, list[Row]] = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["exercise"], []).append(row)
    return found


def verdict(exercise_id: str, answers: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a check finds, a mistake or "passed", and all that it says."""
    try:
        return "passed", find(exercise_id).function(**answers)
    except Miss as found:
        return found.key, " ".join(found.hints)
    except Unusable as found:
        return "unusable-answer", str(found)


def numbers_in(text: str) -> str:
    """Return the numbers in a text, in order."""
    return " ".join(re.findall(r"(?<![\w.])-?\d+(?:[.,]\d+)*(?:e[+-]?\d+)?", text))


def remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of arrays that computes nothing twice: the same fit is checked many times."""
    kept: dict[Any, Any] = {}

    def remembered(values: Any, **options: Any) -> Any:
        if not isinstance(values, np.ndarray):
            return function(values, **options)
        key = (sha256(values.tobytes()).digest(), values.shape, *options.items())
        if key not in kept:
            kept[key] = function(values, **options)
        return kept[key]

    return remembered


REMEMBERED = {name: remembering(getattr(az, name)) for name in ("ess", "mcse", "rhat")}


@cache
def cases_of(exercise_id: str) -> Cases:
    """Return right and wrong answers."""
    module = "ch" + find(exercise_id).chapter.replace("-", "_")
    return import_module(f"tests.unit.exercises.{module}").CASES[exercise_id]()


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer)) and not isinstance(value, bool)


def as_text(value: Any) -> Any:
    """Return an answer as JSON writes it."""
    return value.item() if isinstance(value, np.generic) else value


def seconds_of(exercise_id: str) -> float:
    """Return how long a check takes that has been asked before."""
    right, _ = cases_of(exercise_id)
    verdict(exercise_id, right)
    start = time.process_time()
    verdict(exercise_id, right)
    return time.process_time() - start


def search(
    says: Callable[[float], str], start: float, sign: int, whole: bool
) -> tuple[float, float, float] | None:
    """Return a number on the one side of the nearest edge, one on the other, and the edge; or None."""
    first, size = says(start), abs(start) or 1.0
    low, high = 0.0, 1.0 if whole else 1e-7 * size
    if not whole and says(start + sign * high) != first:
        high *= 1e-4
        if says(start + sign * high) != first:
            return None  # an edge itself
    while says(start + sign * high) == first:
        low, high = high, (2.0 if whole else 4.0) * high
        if high > FARTHEST * max(size, 10.0 if whole else 0.0):
            return None
    while high - low > (1.0 if whole else 1e-3 * high):
        middle = (low + high) // 2.0 if whole else (low + high) / 2.0
        low, high = (middle, high) if says(start + sign * middle) == first else (low, middle)
    if whole:
        return start + sign * low, start + sign * high, start + sign * high
    return (
        start + sign * (1.0 - MARGIN) * low,
        start + sign * (1.0 + MARGIN) * high,
        start + sign * high,
    )


def edges_of(exercise_id: str) -> Iterator[Row]:
    """Yield the edges around right answers, and around the numbers that show a mistake."""
    right, wrong = cases_of(exercise_id)
    known: list[tuple[Any, set[str], float]] = []
    if seconds_of(exercise_id) > SLOW:
        wrong = []
    for changes in [{}, *(each for _, each in wrong)]:
        if not all(is_number(value) or isinstance(value, str) for value in changes.values()):
            continue
        for name in changes or right:
            if not is_number((right | changes)[name]) or not math.isfinite((right | changes)[name]):
                continue
            also = {other: as_text(value) for other, value in changes.items() if other != name}

            def says(x: float, name: str = name, also: Mapping[str, Any] = also) -> str:
                return verdict(exercise_id, right | also | {name: x})[0]

            start = float((right | changes)[name])
            whole = start.is_integer() and says(start + 0.5) == "unusable-answer"
            for sign in (-1, 1):
                if (found := search(says, start, sign, whole)) is None:
                    continue
                inside, outside, edge = found
                kinds = {says(inside), says(outside)}
                place = (name, json.dumps(also) if also else "")
                if len(kinds) == 2 and not any(
                    place == other
                    and kinds == others
                    and abs(edge - at) <= 5e-3 * abs(edge - start)
                    for other, others, at in known
                ):
                    known.append((place, kinds, edge))
                    yield {
                        "exercise": exercise_id, "answer": name, "also": place[1],
                        "inside": f"{inside:.12g}", "says": says(inside),
                        "outside": f"{outside:.12g}", "then": says(outside),
                    }  # fmt: skip


def told(exercise_id: str, said: Iterable[tuple[str, str]]) -> list[Row]:
    """Return the numbers in what was said, each thing said once."""
    rows = dict.fromkeys((says, numbers_in(text)) for says, text in said)
    return [
        {"exercise": exercise_id, "says": says, "numbers": numbers}
        for says, numbers in rows
        if numbers
    ]


def write(path: Path, rows: Mapping[str, list[Row]]) -> None:
    """Write a table, in the order of the exercises."""
    listed = [row for name in EXERCISES for row in rows.get(name, ())]
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(listed[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(listed)


def main(exercise_ids: list[str]) -> None:
    """Write down the edges and the numbers of some exercises."""
    for name, function in REMEMBERED.items():
        setattr(az, name, function)
    edges, numbers = read(EDGES), read(TOLD)
    for exercise_id in exercise_ids:
        right, wrong = cases_of(exercise_id)
        answers = [right, *(right | changes for _, changes in wrong)]
        edges[exercise_id] = list(edges_of(exercise_id))
        numbers[exercise_id] = told(exercise_id, (verdict(exercise_id, each) for each in answers))
    write(EDGES, edges)
    write(TOLD, numbers)


if __name__ == "__main__":
    main(sys.argv[1:])
