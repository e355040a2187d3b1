"""Reference posteriors: long runs and exact integrals, kept in `tests/reference/`.

`tests/reference/make_reference.py` writes the table; every chapter that shows a posterior is held
against it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

__all__ = ["reference"]

TABLE = Path(__file__).resolve().parent.parent / "tests" / "reference" / "posteriors.csv"


@cache
def _table() -> pd.DataFrame:
    if not TABLE.exists():
        raise FileNotFoundError(
            "tests/reference/posteriors.csv was not found beside the companion package: "
            "install the course from its own folder (`make book` or `make lab` does)."
        )
    return pd.read_csv(TABLE).set_index(["model", "variable"])


def reference(model: str) -> pd.DataFrame:
    """Return the reference posterior of one model.

    Parameters
    ----------
    model : str
        Name of a model in the table, for example `"empanadas_student_t"`.

    Returns
    -------
    pandas.DataFrame
        Indexed by variable (`beta`, `theta[A]`, ...), with columns `mean`, `sd`, `mcse_mean`,
        `mcse_sd` (both 0 for an exact integral), `q05`, `q95` and `method`.

    Raises
    ------
    ValueError
        If there is no such model.
    """
    table = _table()
    known = list(dict.fromkeys(table.index.get_level_values("model")))
    if model not in known:
        raise ValueError(f"model must be one of {', '.join(known)}, but {model!r} was given.")
    return table.loc[model].copy()
