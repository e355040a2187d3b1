"""Which reference posteriors a text names."""

import re

from companion.posteriors import FOLDER

TABLES = sorted(path.stem for path in FOLDER.glob("*.csv"))


def named_in(text: str) -> set[str]:
    """Return the tables that code names: as text, as a function, or as a family, f"salad_without_{j}"."""
    quoted, defined = re.findall(r"""["'](\w+)["']""", text), re.findall(r"def (\w+)\(", text)
    families = tuple(re.findall(r'f"(\w+_)\{', text))
    return {
        table
        for table in TABLES
        if table in {*quoted, *defined} or (families and table.startswith(families))
    }
