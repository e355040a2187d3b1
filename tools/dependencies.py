"""What the run of a notebook depends on: its code, and the files that decide what the code does.

These files are found without running anything:

* the modules of `companion` that it imports, and those that they import, read from their source;
* the data sets, if it imports `companion.datasets`;
* the reference posteriors that it, or one of these modules, names;
* where exercises are checked, the checks of its own chapter, and what a pass says of the exercise and of
  the one that follows: rows of one table;
* the lock.

Prose, captions, alt texts and tags for the layout are not among them, and the version of Python is
not either: with the same locked packages a reader with Python 3.13 gets the runs made with 3.12.
"""

import ast
from collections.abc import Iterable, Iterator
import csv
from dataclasses import dataclass
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
GUIDE, GUIDE_READER = "companion/exercises/guide.csv", "companion.exercises.guide"
LOCK = "requirements.txt"
TAGS_THAT_MATTER = {"raises-exception", "skip-execution"}


@dataclass(frozen=True)
class Facts:
    """What is to be known about a piece of code.

    Attributes
    ----------
    imports : tuple
        Of each import: how many packages upwards it starts, the module, and what is taken from it.
    texts : frozenset of str
        The strings in it.
    patterns : frozenset of str
        Regular expressions for the strings that it puts together.
    """

    imports: tuple[tuple[int, str, tuple[str, ...]], ...]
    texts: frozenset[str]
    patterns: frozenset[str]


@lru_cache(maxsize=4096)
def _facts(source: str) -> Facts | None:
    """Read a piece of code; None if it is not plain Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    imports: list[tuple[int, str, tuple[str, ...]]] = []
    texts, patterns = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        elif isinstance(node, ast.Import):
            imports += [(0, alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            imports.append((node.level, node.module or "", names))
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called == "import_module" and node.args and isinstance(node.args[0], ast.Constant):
                imports.append((0, str(node.args[0].value), ()))
        elif isinstance(node, ast.JoinedStr):
            parts = [getattr(part, "value", None) for part in node.values]
            fixed = [re.escape(part) if isinstance(part, str) else ".*" for part in parts]
            patterns.add("".join(fixed))
    telling = {pattern for pattern in patterns if pattern.replace(".*", "")}
    return Facts(tuple(imports), frozenset(texts), frozenset(telling))


def _imported(facts: Facts, package: str) -> Iterator[str]:
    """Yield the names that some code imports from the companion.

    A name may be a module or something in one: `from a import b` gives `a` and `a.b`, and `from a
    import *` gives `a.*`.
    """
    for level, module, names in facts.imports:
        above = package.split(".")[: len(package.split(".")) + 1 - level] if level else []
        whole = ".".join([*above, *filter(None, [module])])
        if whole.split(".")[0] == PACKAGE:
            yield from (whole, *(f"{whole}.{name}" for name in names))


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


def _imports_of(module: str, path: Path) -> list[str]:
    """Return the names that a module imports from the companion."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    facts = _facts(path.read_text(encoding="utf-8"))
    return list(_imported(facts, package)) if facts else []


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
        facts = _facts(source)
        waiting += _imported(facts, "") if facts else _all_modules(root)
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


def _references(root: Path, sources: list[str]) -> Iterable[Path]:
    """Return the reference posteriors whose names stand in some code."""
    tables = {path.stem: path for path in (root / POSTERIORS).glob("*.csv")}
    known = [facts for facts in map(_facts, sources) if facts is not None]
    if len(known) < len(sources):
        return tables.values()
    named = tables.keys() & frozenset().union(*(facts.texts for facts in known))
    for pattern in frozenset().union(*(facts.patterns for facts in known)):
        named |= {name for name in tables if re.fullmatch(pattern, name)}
    return [tables[stem] for stem in named]


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


def _own_rows(root: Path, name: str, notebook: nbformat.NotebookNode) -> list[list[str]]:
    """Return the rows on the exercises of a notebook's chapter, and the next; all if it has none."""
    sources = [source for source, _ in _code(notebook)]
    if GUIDE_READER not in modules(root, name, sources) or not (root / GUIDE).is_file():
        return []
    with open(root / GUIDE, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    own = [place for place, row in enumerate(rows) if row and row[0] == Path(name).stem]
    return rows[own[0] : own[-1] + 2] if own else rows


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
    rows = _own_rows(root, name, notebook)
    own = json.dumps([kernel, _code(notebook), files, *([rows] if rows else [])])
    return hashlib.sha256(own.encode()).hexdigest()[:16]
