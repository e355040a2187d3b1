"""Take what defines a model out of a notebook: the statements that it needs, and no others."""

import ast
import builtins
from pathlib import Path
import symtable

from course import ROOT, code_cells, read, tags


def source_of(name: str, cell: str, expression: str, root: Path = ROOT) -> str:
    """Return the statements of a notebook that an expression needs, and no others.

    Parameters
    ----------
    name, cell : str
        The notebook, and the last of its cells that count.
    expression : str
        What is to be evaluated: `lead`, or `intercepts_pymc(True)`.
    root : pathlib.Path
        The folder of the course.

    Returns
    -------
    str
        Python, without comments. What a method changes in place is not noticed.

    Raises
    ------
    ValueError
        If there is no such cell, or nothing gives a name that is needed.
    """
    cells = [each for each in code_cells(read(root / name)) if "raises-exception" not in tags(each)]
    ids = [each.id for each in cells]
    if cell not in ids:
        raise ValueError(f"cell must be a code cell of {name}, but {cell!r} is none.")
    statements = [
        each for cell in cells[: ids.index(cell) + 1] for each in ast.parse(cell.source).body
    ]
    (_, needed), kept = _names(ast.parse(expression).body[0]), []
    for statement in reversed(statements):
        bound, used = _names(statement)
        changed = _changed(statement)
        if (bound | changed) & needed:
            # What a `with` uses it has mostly made itself: the variables of a model.
            own = bound if isinstance(statement, ast.With) else set()
            needed = (needed - (bound - changed)) | (used - own)
            kept.append(ast.unparse(statement))
    if lacking := needed - set(dir(builtins)):
        raise ValueError(
            f"expression must use names that {name} gives, not {', '.join(sorted(lacking))}."
        )
    return "\n".join(reversed(kept)) + "\n"


def _names(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """Return the global names that a statement gives, and those that it uses."""
    tables = [symtable.symtable(ast.unparse(statement), "", "exec")]
    for table in tables:
        tables += table.get_children()
    bound = {
        each.get_name()
        for each in tables[0].get_symbols()
        if each.is_assigned() or each.is_imported()
    }
    used = {
        each.get_name()
        for table in tables
        for each in table.get_symbols()
        if each.is_referenced() and each.is_global()
    }
    # Python counts what a comprehension goes through among the names around it, and nobody else sees it.
    within = {
        node.id
        for each in ast.walk(statement)
        if isinstance(each, ast.comprehension)
        for node in ast.walk(each.target)
        if isinstance(node, ast.Name)
    }
    return bound - within, used - within


def _changed(statement: ast.stmt) -> set[str]:
    """Return the names whose values a statement changes in place: `x += 1`, `table["x"] = 1`."""
    if isinstance(statement, ast.AugAssign):
        targets: list[ast.expr] = [statement.target]
    else:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        targets = [each for each in targets if isinstance(each, (ast.Subscript, ast.Attribute))]
    found = (ast.walk(each) for each in targets)
    return {node.id for nodes in found for node in nodes if isinstance(node, ast.Name)}
