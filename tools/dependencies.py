"""What the run of a notebook depends on: its code, and the files that decide what the code does.

These files are found without running anything:

* the modules of `companion` that it imports, and those that they import, read from their source;
* the data sets, if it imports `companion.datasets`;
* the reference posteriors that it, or one of these modules, names;
* where exercises are checked, the checks of its own chapter;
* the lock.

Prose, captions, alt texts and tags for the layout are not among them, and the version of Python is
not either: with the same locked packages a reader with Python 3.13 gets the runs made with 3.12.
"""

import ast
from collections.abc import Iterator
from functools import lru_cache
import hashlib
import json
from pathlib import Path
import re

from course import code_cells, tags
import nbformat

PACKAGE = "companion"
CHECKS = "companion.exercises.checks"
READERS = {"companion.datasets": "companion/data/*.csv"}
POSTERIORS, POSTERIORS_READER = "companion/data/posteriors", "companion.posteriors"
LOCK = "requirements.txt"
TAGS_THAT_MATTER = {"raises-exception", "skip-execution"}


@lru_cache(maxsize=4096)
def _imported(source: str, package: str) -> frozenset[str] | None:
    """Return the names that some code imports from the package; None if it is not plain Python.

    A name may be a module or something in one: `from a import b` gives `a` and `a.b`, and `from a
    import *` gives `a.*`.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            parts = [*(above if node.level else ()), *filter(None, [node.module])]
            module = ".".join(parts)
            found.update([module, *(f"{module}.{alias.name}" for alias in node.names)])
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found.update(arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant))
    return frozenset(name for name in found if str(name).split(".")[0] == PACKAGE)


@lru_cache(maxsize=4096)
def _texts(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the strings in some code, and patterns for those that it puts together."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return frozenset(), frozenset([".*"])
    plain = {node.value for node in nodes if isinstance(node, ast.Constant)}
    made = {
        "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*"
            for part in node.values
        )
        for node in nodes
        if isinstance(node, ast.JoinedStr)
    }
    texts = frozenset(text for text in plain if isinstance(text, str))
    return texts, frozenset(pattern for pattern in made if pattern.strip(".*"))


def _file_of(root: Path, module: str) -> Path | None:
    """Return the file of a module or package, or None if there is no such module."""
    place = root.joinpath(*module.split("."))
    for path in (place / "__init__.py", place.with_name(f"{place.name}.py")):
        if path.is_file():
            return path
    return None


def _all_modules(root: Path) -> Iterator[str]:
    """Yield the names of all modules of the package."""
    for path in (root / PACKAGE).rglob("*.py"):
        parts = path.relative_to(root).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _own_checks(root: Path, name: str) -> list[str]:
    """Return the modules with the checks of a notebook's chapter; all of them if it has none."""
    stem = f"ch{Path(name).stem.replace('-', '_')}"
    if _file_of(root, f"{CHECKS}.{stem}"):
        return [f"{CHECKS}.{stem}"]
    return [module for module in _all_modules(root) if module.startswith(f"{CHECKS}.")]


def _imports_of(module: str, path: Path) -> frozenset[str]:
    """Return the names that a module imports from the package."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return _imported(path.read_text(encoding="utf-8"), package) or frozenset()


def modules(root: Path, name: str, sources: list[str]) -> dict[str, Path]:
    """Return the modules of `companion` that a notebook's code imports, directly or not.

    Parameters
    ----------
    root : Path
        The folder of the course.
    name : str
        The notebook's path in it.
    sources : list of str
        The code of its cells. A cell that is not plain Python may import anything.

    Returns
    -------
    dict of str to Path
        Their files, by their names.
    """
    waiting: list[str] = []
    for source in sources:
        imported = _imported(source, "")
        waiting += _all_modules(root) if imported is None else imported
    found: dict[str, Path] = {}
    while waiting:
        module = waiting.pop()
        if module.endswith(".*"):
            inside = module.removesuffix("*")
            waiting += [each for each in _all_modules(root) if each.startswith(inside)]
            continue
        if module in found or not (path := _file_of(root, module)):
            continue
        found[module] = path
        waiting += _imports_of(module, path)
        waiting += filter(None, [module.rpartition(".")[0]])  # importing it runs its package
        if module == CHECKS:  # it imports whatever is beside it
            waiting += _own_checks(root, name)
    return found


def _code(notebook: nbformat.NotebookNode) -> list[tuple[str, list[str]]]:
    """Return the source of each code cell, with the tags that decide how it is run."""
    return [
        (cell.source, sorted(TAGS_THAT_MATTER.intersection(tags(cell))))
        for cell in code_cells(notebook)
    ]


def _references(root: Path, sources: list[str]) -> Iterator[Path]:
    """Return the reference posteriors whose names stand in some code."""
    tables = {path.stem: path for path in (root / POSTERIORS).glob("*.csv")}
    texts = [_texts(source) for source in sources]
    named = tables.keys() & frozenset().union(*(plain for plain, _ in texts))
    for pattern in frozenset().union(*(made for _, made in texts)):
        named |= {name for name in tables if re.fullmatch(pattern, name)}
    return map(tables.get, named)


def dependencies(root: Path, name: str, notebook: nbformat.NotebookNode) -> list[Path]:
    """Return the files on which the run of a notebook depends, besides itself.

    Parameters
    ----------
    root : Path
        The folder of the course.
    name : str
        The notebook's path in it, such as `chapters/08-robust-regression.ipynb`.
    notebook : NotebookNode
        Its content.

    Returns
    -------
    list of Path
        In alphabetical order; all of them exist.
    """
    sources = [source for source, _ in _code(notebook)]
    reached = modules(root, name, sources)
    files = {root / LOCK, *reached.values()}
    for module, data in READERS.items():
        files.update(root.glob(data) if module in reached else ())
    if POSTERIORS_READER in reached:
        # A module that does not import their reader names none.
        naming = [
            path.read_text(encoding="utf-8")
            for module, path in reached.items()
            if any(each.startswith(POSTERIORS_READER) for each in _imports_of(module, path))
        ]
        files.update(_references(root, sources + naming))
    return sorted(path for path in files if path.is_file())


def digest_of(root: Path, files: list[Path]) -> str:
    """Return a digest of the names and contents of some files; ends of lines do not matter."""
    digest = hashlib.sha256()
    for path in files:
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + content + b"\0")
    return digest.hexdigest()[:16]


def digest(root: Path, name: str, notebook: nbformat.NotebookNode) -> str:
    """Return a digest of all that the run of a notebook depends on.

    Parameters
    ----------
    root, name, notebook
        As for `dependencies`.

    Returns
    -------
    str
        Sixteen hexadecimal digits.
    """
    kernel = notebook.metadata.get("kernelspec", {}).get("name")
    files = digest_of(root, dependencies(root, name, notebook))
    own = json.dumps([kernel, _code(notebook), files])
    return hashlib.sha256(own.encode()).hexdigest()[:16]
