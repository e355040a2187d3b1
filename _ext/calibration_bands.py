"""The picture of appendix E: for each calibrated model, the ranks of all its quantities against a band.

A panel is a model, a line a quantity in one of the two libraries. The band is so wide that all lines of all panels
stay inside with the probability of `1 - ALARM` at least, if every model is right. It is drawn as SVG with
classes instead of colors, so that it follows the page into the dark.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from calibration import FILE, TABLE
from docutils import nodes
from markdown_table import ComputedTable
import numpy as np
from sphinx.application import Sphinx

WIDTH, HEIGHT, MARGIN = 200.0, 110.0, 4.0  # of a panel, in its own units
LIBRARIES = {"pymc": "PyMC", "tfp": "TFP"}


def points(x: Iterable[float], y: Iterable[float], reach: float) -> str:
    """Return places in a panel: x from 0 to 1 to the right, y from -reach to reach upwards."""
    across, up = WIDTH - 2 * MARGIN, HEIGHT / 2 - MARGIN
    return " ".join(
        f"{MARGIN + across * a:.1f},{HEIGHT / 2 - up * b / reach:.1f}"
        for a, b in zip(x, y, strict=True)
    )


def panel(curves: Mapping[str, Sequence[Any]], words: str) -> str:
    """Return the SVG of a panel.

    Parameters
    ----------
    curves : mapping of str to sequence of pandas.DataFrame
        By library, what `companion.lessons.sbc.ecdf_difference` made of the ranks of each quantity.
    words : str
        What the picture says, for who cannot see it.
    """
    tables = [table for each in curves.values() for table in each]
    reach = 1.1 * max(float(np.abs(table.drop(columns="x")).to_numpy().max()) for table in tables)
    bands = {(len(table), *table["upper"]): table for table in tables}
    drawn = []
    for table in bands.values():
        there = points(table["x"], table["upper"], reach)
        back = points(table["x"][::-1], table["lower"][::-1], reach)
        drawn.append(f'<polygon class="band" points="{there} {back}"/>')
    drawn.append(f'<polyline class="uniform" points="{points((0, 1), (0, 0), reach)}"/>')
    for library, each in curves.items():
        for table in each:
            at = points(table["x"], table["difference"], reach)
            drawn.append(f'<polyline class="{library}" points="{at}"/>')
    box = f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}"'
    return f'<svg {box} role="img" aria-label="{escape(words)}">{"".join(drawn)}</svg>'


class CalibrationBands(ComputedTable):
    """Draw a panel for each model."""

    def run(self) -> list[nodes.Node]:
        """Build the picture; without ranks there is none, and the table beside it says why."""
        if not (self.root / FILE).exists():
            return []
        self.depends_on(self.root / FILE, self.root / TABLE)

        # It loads statistics, which takes seconds, and one page needs it.
        from calibration import record
        from companion.lessons.sbc import ecdf_difference

        entries = record.load(self.root)
        count = sum(len(entry["ranks"]) for entry in entries.values())
        models: dict[str, dict[str, Mapping[str, Any]]] = {}
        for key, entry in entries.items():
            name, _, library = key.rpartition("-")
            models.setdefault(name, {})[library] = entry
        shown = []
        for name, by_library in models.items():
            notebook, _, cell = name.partition("#")
            curves = {
                library: [
                    ecdf_difference(np.array(ranks), entry["draws"], 1.0 - record.ALARM / count)
                    for ranks in entry["ranks"].values()
                ]
                for library, entry in by_library.items()
            }
            title = f"chapter {Path(notebook).name.split('-')[0]}, {cell}"
            words = f"{title}: {told(by_library, curves)}"
            link = self.link(notebook, title)
            shown.append(f"<figure>{panel(curves, words)}<figcaption>{link}</figcaption></figure>")
        return [
            nodes.raw("", f'<div class="calibration-bands">{"".join(shown)}</div>', format="html")
        ]


def told(entries: Mapping[str, Mapping[str, Any]], curves: Mapping[str, Sequence[Any]]) -> str:
    """Return in words which lines a panel has, and which of them leave the band."""
    parts = []
    for library, entry in entries.items():
        names = list(entry["ranks"])
        outside = [
            name
            for name, table in zip(names, curves[library], strict=True)
            if (
                (table["difference"] > table["upper"]) | (table["difference"] < table["lower"])
            ).any()
        ]
        verdict = f"{', '.join(outside)} outside the band" if outside else "all inside the band"
        parts.append(f"{LIBRARIES[library]}: {', '.join(names)}; {verdict}")
    return ". ".join(parts)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("calibration-bands", CalibrationBands)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
