"""The tables of appendix E about calibration: what simulated data say about each model, and which have none.

All of it is read from `runs/calibration.json`, which `make calibrate` writes, and from the table of models.
"""

from pathlib import Path
from typing import Any

from calibration import FILE, TABLE
from docutils import nodes
from markdown_table import ComputedTable, markdown_table
from sphinx.application import Sphinx

NOTHING = f"`{FILE.as_posix()}` is missing: no model has been calibrated. Run `make calibrate`."
LIBRARIES = ("pymc", "nutpie", "tensorflow-probability", "jax")
HEADER = (
    "page", "model", "data sets", "quantities", "smallest p-value", "of", "among all quantities",
    "fits with divergences", "fits with a small ESS", "date",
)  # fmt: skip


def page_of(name: str) -> str:
    """Return how a notebook is called in these tables."""
    return f"chapters {Path(name).name.split('-')[0]}"


class Calibration(ComputedTable):
    """List the models with what their ranks say."""

    def run(self) -> list[nodes.Node]:
        """Build the table, or say that there is nothing to show."""
        if not (self.root / FILE).exists():
            return self.parsed([NOTHING])
        self.depends_on(self.root / FILE, self.root / TABLE)

        # It loads statistics, which takes seconds, and one page needs it.
        from calibration import record

        entries = record.load(self.root)
        verdicts = record.judge(entries)
        rows = []
        for key, entry in entries.items():
            own = [each for each in verdicts if each.model == key]
            worst = min(own, key=lambda each: each.p)
            notebook, _, cell = key.partition("#")
            among = f"{worst.adjusted:.2g}{'' if worst.uniform else ', **not uniform**'}"
            rows.append(
                [
                    self.link(notebook, page_of(notebook)), f"`{cell}`", entry["data_sets"], len(own),
                    f"{worst.p:.2g}", worst.quantity, among, entry["divergent"], entry["slow"], entry["date"],
                ]
            )  # fmt: skip
        used = ((name, entry["versions"][name]) for entry in entries.values() for name in LIBRARIES)
        said = [f"Made with {', '.join(sorted({' '.join(each) for each in used}))}."]
        if changed := record.stale(entries, self.root):
            said.append(f"Without ranks, or changed since: {', '.join(changed)}.")
        if single := self.in_one_library(record.rows(self.root)):
            said.append(f"Calibrated in one library only: {', '.join(single)}.")
        return self.parsed([*markdown_table(HEADER, rows), "", *said])

    def in_one_library(self, rows: list[dict[str, str]]) -> list[str]:
        """Return the models that lack a twin in the table of models."""
        return [
            f"{page_of(row['notebook'])} `{row['cell']}`"
            for row in rows
            if bool(row["pymc"]) != bool(row["tfp"])
        ]


class LeftOut(ComputedTable):
    """List the models that are not calibrated, with the reasons."""

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        self.depends_on(self.root / TABLE)
        from calibration import record

        rows = []
        for row in record.rows(self.root):
            if row["left_out"]:
                page = self.link(f"chapters/{row['notebook']}.ipynb", page_of(row["notebook"]))
                rows.append([page, f"`{row['cell']}`", row["left_out"]])
        return self.parsed(markdown_table(["page", "model", "why it is left out"], rows))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("calibration", Calibration)
    app.add_directive("calibration-left-out", LeftOut)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
