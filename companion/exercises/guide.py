"""Where each exercise leads: what it is about, the paragraph that explains it, another right way.

The table `guide.csv` has a row for each exercise, in the order in which the notebooks ask them:

* `chapter`, `id`: as in the registry;
* `asked`: the id of the cell that asks, in the exercise notebook and in the solution;
* `topic`: the name under which the list of all exercises sorts it, a term of the glossary if there is one;
* `concept`: a few words, as you would look them up;
* `explained`: a chapter and the id of a cell in it, `08-robust-regression#outlier`;
* `another_way`: a sentence, where there is another right way.

Links name cells as JupyterLab does, `08-name.ipynb#cell-id=outlier`. Where the notebook is not open yet, the first
click opens it, at its beginning if the cell is far down, and the second finds the cell: JupyterLab looks for it
before it has made all cells. An exercise without a row is checked like any other, and leads nowhere but to the
next exercise and to the solution.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["TABLE", "Lead", "lead_of"]

TABLE = Path(__file__).with_name("guide.csv")


@dataclass(frozen=True)
class Lead:
    """Where one exercise leads.

    Attributes
    ----------
    chapter : str
        Stem of the exercise's notebooks.
    id : str
        For example `"4E5"`.
    asked : str
        The id of the cell that asks, in the exercise notebook and in the solution.
    topic : str
        Under which the list of all exercises sorts it.
    concept : str
        What it is about, in a few words.
    explained : str
        A chapter and the id of a cell in it: `"08-robust-regression#outlier"`.
    another_way : str
        A sentence on another right way; empty if there is none.
    """

    chapter: str
    id: str
    asked: str
    topic: str
    concept: str
    explained: str
    another_way: str

    @property
    def explanation(self) -> str:
        """Link to the paragraph that explains it, as seen from the exercise notebook."""
        chapter, _, cell = self.explained.partition("#")
        return f"../chapters/{chapter}.ipynb#cell-id={cell}"

    @property
    def question(self) -> str:
        """Link to the cell that asks, as seen from a notebook in the same folder."""
        return f"{self.chapter}.ipynb#cell-id={self.asked}"

    @property
    def solution(self) -> str:
        """Link to the solution, as seen from the exercise notebook."""
        return f"../solutions/{self.question}"


@cache
def _leads(table: Path) -> dict[str, Lead]:
    with open(table, encoding="utf-8", newline="") as file:
        return {row["id"]: Lead(**row) for row in csv.DictReader(file)}


def lead_of(exercise_id: str) -> Lead | None:
    """Return where an exercise leads.

    Parameters
    ----------
    exercise_id : str
        The id of an exercise, such as `"4E5"`.

    Returns
    -------
    Lead or None
        None if the table has no row for it.
    """
    return _leads(TABLE).get(exercise_id)
