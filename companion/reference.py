"""Reference posteriors: long runs and exact integrals, kept in `tests/reference/`.

`tests/reference/make_reference.py` writes one table for each model; every chapter that shows a
posterior is held against it.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

__all__ = ["reference"]

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "reference" / "posteriors"


def reference(model: str) -> pd.DataFrame:
    """Return the reference posterior of one model.

    Parameters
    ----------
    model : str
        Name of a table, for example `"empanadas_student_t"`.

    Returns
    -------
    pandas.DataFrame
        Indexed by variable (`beta`, `theta[A]`, ...), with columns `mean`, `sd`, `mcse_mean`,
        `mcse_sd` (both 0 for an exact integral), `q05`, `q95` and `method`.

    Raises
    ------
    ValueError
        If there is no such model.
    FileNotFoundError
        If the companion was installed without the rest of the course.
    """
    known = sorted(path.stem for path in FOLDER.glob("*.csv"))
    if not known:
        raise FileNotFoundError(
            "tests/reference/posteriors was not found beside the companion package: "
            "install the course from its own folder (`make book` or `make lab` does)."
        )
    if model not in known:
        raise ValueError(f"model must be one of {', '.join(known)}, but {model!r} was given.")
    return pd.read_csv(FOLDER / f"{model}.csv", index_col="variable")
