"""What is remembered of calibrations: `runs/calibration.json`, and whether the ranks in it are uniform.

The file is in git. Each entry says of which version of a model it speaks (by digest), and when, where and
with which libraries its ranks were made. The lock is not part of the digest: whether a newer library is still
right is asked with new ranks, not with every release.
"""

from __future__ import annotations

from collections.abc import Mapping
import csv
from dataclasses import dataclass
import hashlib
import json
from pathlib import Path
import string
from typing import Any

from companion.lessons.sbc import uniformity_p_value
from course import ROOT
import dependencies
import numpy as np
from seeds.record import in_lines
from statsmodels.stats.multitest import multipletests

from calibration import FILE, TABLE
from calibration.sources import source_of

LIBRARIES = ("pymc", "tfp")
# In the file each rank is a letter: there are tens of thousands of them, from 0 to 64.
LETTERS = f"{string.digits}{string.ascii_letters}+-="
# What ranks depend on, beside the model.
SAMPLERS = {"pymc": "", "tfp": "import companion.tfp_nuts\n"}
# The probability that any of all quantities of all models fails, if every model is right.
ALARM = 0.01


@dataclass(frozen=True)
class Calibrated:
    """A line of the table of models, in one library.

    Attributes
    ----------
    notebook, cell : str
        The notebook's path in the course, and the cell that ends the definition of the model.
    library, expression : str
        `pymc` or `tfp`, and what the model is in terms of the notebook's names.
    data_sets, thin : int
        How many data sets are simulated, and every which draw is kept.
    target_accept : float
        The acceptance statistic that the step size is adapted to: that of the notebook's own fit.
    quantities : tuple of str
        What is ranked, besides the log likelihood.
    """

    notebook: str
    cell: str
    library: str
    expression: str
    data_sets: int
    thin: int
    target_accept: float
    quantities: tuple[str, ...]

    @property
    def key(self) -> str:
        """Its name in the record."""
        return f"{self.notebook}#{self.cell}"

    def source(self, root: Path = ROOT) -> str:
        """Return the statements that define it."""
        return source_of(self.notebook, self.cell, self.expression, root)

    def digest(self, root: Path = ROOT) -> str:
        """Return a digest of its statements, of what they import from the companion, and of its line."""
        source = self.source(root)
        reached = dependencies.modules(root, self.notebook, [SAMPLERS[self.library] + source])
        files = set(reached.values())
        for module, data in dependencies.READERS.items():
            files.update(root.glob(data) if module in reached else ())
        parts = [source, repr(self), dependencies.digest_of(root, sorted(files))]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def rows(root: Path = ROOT) -> list[dict[str, str]]:
    """Return the lines of the table of models, those that are left out included."""
    with open(root / TABLE, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def models(root: Path = ROOT) -> list[Calibrated]:
    """Return the models to calibrate, in the order of the table."""
    return [
        Calibrated(
            f"chapters/{row['notebook']}.ipynb", f"{row['cell']}-{library}", library, row[library],
            int(row["data_sets"]), int(row["thin"]), float(row["target_accept"]),
            tuple(row["quantities"].split()),
        )
        for row in rows(root)
        for library in LIBRARIES
        if row[library] and not row["left_out"]
    ]  # fmt: skip


def load(root: Path = ROOT) -> dict[str, Any]:
    """Return what is remembered: entries by model."""
    path = root / FILE
    if not path.exists():
        return {}
    entries = json.loads(path.read_text(encoding="utf-8"))["models"]
    for entry in entries.values():
        entry["ranks"] = {
            quantity: [LETTERS.index(letter) for letter in letters]
            for quantity, letters in entry["ranks"].items()
        }
    return entries


def save(entries: Mapping[str, Any], root: Path = ROOT) -> None:
    """Write entries, a line for each quantity, in the order of the table; what is in no line of it is gone."""
    kept = {}
    for key in (model.key for model in models(root) if model.key in entries):
        ranks = entries[key]["ranks"].items()
        letters = {quantity: "".join(LETTERS[rank] for rank in found) for quantity, found in ranks}
        kept[key] = entries[key] | {"ranks": letters}
    path = root / FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{in_lines({'models': kept}, 4)}\n", encoding="utf-8")


def stale(entries: Mapping[str, Any], root: Path = ROOT) -> list[str]:
    """Return the models that have no ranks, or have changed since."""
    return [
        model.key
        for model in models(root)
        if entries.get(model.key, {}).get("digest") != model.digest(root)
    ]


@dataclass(frozen=True)
class Verdict:
    """The ranks of one quantity: the p-value of uniformity, and what Holm makes of it among all."""

    model: str
    quantity: str
    p: float
    adjusted: float

    @property
    def uniform(self) -> bool:
        """Whether it passes, with an error rate of `ALARM` for all quantities of all models together."""
        return self.adjusted > ALARM


def judge(entries: Mapping[str, Any]) -> list[Verdict]:
    """Test the ranks of all entries together.

    Parameters
    ----------
    entries : mapping
        What `load` returned: by model, `ranks` by quantity and the number of `draws`.

    Returns
    -------
    list of Verdict
        By Holm's method the probability that any is not `uniform`, if all models are right, is at most
        `ALARM`, however the quantities depend on each other.
    """
    names = [(model, quantity) for model, entry in entries.items() for quantity in entry["ranks"]]
    found = [
        uniformity_p_value(np.array(entries[model]["ranks"][quantity]), entries[model]["draws"])
        for model, quantity in names
    ]
    adjusted = multipletests(found, ALARM, method="holm")[1] if found else []
    return [Verdict(*name, p, float(q)) for name, p, q in zip(names, found, adjusted, strict=True)]
