"""The table of appendix F: concept, mathematics, PyMC, TFP, chapter.

`appendices/rosetta.csv` names concepts with their formula and the call of each library. The examples
and the chapters are found in the notebooks. A distribution is shown as the law of one variable, the same on both
sides: of a pair of twins that both give this variable that law. (Where one variable of PyMC is several of TFP, the
column `variables` says which: `chol=sd corr`.) Anything else is shown by a pair of twins that has both calls
if there is one, otherwise by the first use of each. A call that no chapter makes fails the build.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from course import Unreadable, code_cells, in_book, read, tags
from docutils import nodes
from markdown_table import ComputedTable, markdown_table, rows_of
import nbformat
from sphinx.application import Sphinx

LONGEST = 160
LAWS = ("pm.", "tfd.")
LIBRARIES = {"jnp", "np", "pm", "tfd"}


@cache
def tree_of(source: str) -> ast.Module | None:
    """Read some code; None if it is not Python, which its run says."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return None


@cache
def all_calls(source: str) -> dict[str, list[ast.Call]]:
    """Return the calls of some code, by the function that is called."""
    found: dict[str, list[ast.Call]] = defaultdict(list)
    for node in ast.walk(tree_of(source) or ast.Module([], [])):
        if isinstance(node, ast.Call):
            found[ast.unparse(node.func)].append(node)
    return found


@cache
def all_decorators(source: str) -> Counter[str]:
    """Return how often each name decorates a function in some code."""
    functions = (
        node
        for node in ast.walk(tree_of(source) or ast.Module([], []))
        if isinstance(node, ast.FunctionDef)
    )
    return Counter(ast.unparse(each) for node in functions for each in node.decorator_list)


def calls(source: str, name: str) -> Iterator[str]:
    """Return the calls of a function in some code, each as one line; or its uses as a decorator."""
    yield from map(ast.unparse, all_calls(source).get(name, []))
    yield from [f"@{name}"] * all_decorators(source)[name]


@cache
def pymc_laws(source: str) -> dict[str, ast.Call]:
    """Return the variables of a PyMC model, each with the call that makes it."""
    named: dict[str, ast.Call] = {}
    for name, found in all_calls(source).items():
        for call in found if name.startswith("pm.") else ():
            first = call.args[0] if call.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                named[first.value] = call
    return named


class _Inline(ast.NodeTransformer):
    """Put the distributions that have a name of their own where the name is used."""

    def __init__(self, scope: ast.AST) -> None:
        assigned = [node for node in ast.walk(scope) if isinstance(node, ast.Assign)]
        self.known = {
            ast.unparse(node.targets[0]): node.value
            for node in assigned
            if isinstance(node.value, ast.Call) and ast.unparse(node.value.func).startswith("tfd.")
        }

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """Replace one name."""
        return self.known.get(node.id, node)


@cache
def tfp_laws(source: str) -> dict[str, ast.Call]:
    """Return the variables of joint distributions in TFP, each with the distribution it is drawn from."""
    found: dict[str, ast.Call] = {}
    for scope in ast.walk(tree_of(source) or ast.Module([], [])):
        if not isinstance(scope, ast.FunctionDef):
            continue
        inline = _Inline(ast.parse(ast.unparse(scope)))
        for node in ast.walk(scope):
            if isinstance(node, ast.Yield) and node.value is not None:
                law = inline.visit(ast.parse(ast.unparse(node.value), mode="eval")).body
                for keyword in law.keywords if isinstance(law, ast.Call) else ():
                    if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                        found[str(keyword.value.value)] = law
    return found


class Twins(NamedTuple):
    """The law of one variable in both languages."""

    variable: str
    pymc: str
    tfp: tuple[str, ...]


def same_variable(line: dict[str, str], pymc: str, tfp: str) -> Iterator[Twins]:
    """Yield the variables to which a pair of cells gives the law of a line, in both languages."""
    ours, theirs = pymc_laws(pymc), tfp_laws(tfp)
    one, _, several = line["variables"].partition("=")
    for name, call in ours.items():
        names = several.split() if name == one else [name]
        if ast.unparse(call.func) != line["pymc"] or not theirs.keys() >= set(names):
            continue
        laws = [theirs[each] for each in names]
        outer, within = ast.unparse(laws[-1].func), ast.unparse(laws[-1])
        # A mixture is still one if there are several copies of it; copies of a Normal are no Normal.
        mixed = line["tfp"] == "tfd.MixtureSameFamily" and f"{line['tfp']}(" in within
        if outer == line["tfp"] or mixed:
            yield Twins(name, ast.unparse(call), tuple(map(ast.unparse, laws)))


def plainness(twins: Twins) -> tuple[int, int]:
    """Return a number that is small for an example that explains itself, and its length."""
    code = f"{twins.pymc}, {', '.join(twins.tfp)}"
    names = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    return len(names - LIBRARIES), len(code)


def pairs(cells: list[nbformat.NotebookNode]) -> Iterator[tuple[str, str]]:
    """Yield the code of the pairs of twins among some cells."""
    for one, other in zip(cells, cells[1:], strict=False):
        if "pymc" in tags(one) and "tfp" in tags(other):
            yield one.source, other.source


def is_law(line: dict[str, str]) -> bool:
    """Whether a line is about a distribution."""
    return all(
        line[column].startswith(begin) and line[column].removeprefix(begin)[:1].isupper()
        for column, begin in zip(("pymc", "tfp"), LAWS, strict=True)
    ) and not line["tfp"].startswith("tfd.JointDistribution")


def cells_of(path: Path) -> list[nbformat.NotebookNode]:
    """Return the code cells of a chapter; none if it cannot be read, which its own page says."""
    try:
        return code_cells(read(path))
    except Unreadable:
        return []


def law_examples(
    line: dict[str, str], codes: dict[str, list[nbformat.NotebookNode]]
) -> dict[str, Twins]:
    """Return the plainest example of a distribution in each chapter that has one.

    Parameters
    ----------
    line : dict
        A row of `appendices/rosetta.csv`.
    codes : dict
        The code cells of the chapters, by their names in files.

    Returns
    -------
    dict of str to Twins
    """
    found = {}
    for stem, cells in codes.items():
        here = [twins for pair in pairs(cells) for twins in same_variable(line, *pair)]
        if here:
            found[stem] = min(here, key=plainness)
    return found


def as_code(call: str) -> str:
    """Return a call as it is shown: quoted as in the chapters, cut where it is too long for a table."""
    if '"' not in call:
        call = call.replace("'", '"')
    shown = call if len(call) <= LONGEST else f"{call[: LONGEST - 4].rstrip()} ..."
    return f"`{shown}`"


class Rosetta(ComputedTable):
    """List concepts, and how each library writes them."""

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        table = self.root / "appendices" / "rosetta.csv"
        paths = [path for path in in_book(self.root) if path.parent.name == "chapters"]
        self.depends_on(table, *paths)
        codes = {path.stem: cells_of(path) for path in paths}
        lines = rows_of(table)
        often = Counter(line["pymc"] for line in lines)
        rows = [self.row(line, codes, often[line["pymc"]] > 1) for line in lines]
        header = ["concept", "formula", "PyMC", "TFP", "chapters"]
        return self.parsed(markdown_table(header, rows), "rosetta")

    def row(self, line: dict[str, str], codes: dict[str, list], ambiguous: bool) -> list[str]:
        """Find the examples and chapters of one concept."""
        used = [
            stem
            for stem, cells in codes.items()
            if any(any(calls(cell.source, line["pymc"])) for cell in cells)
        ]
        if not used:
            raise self.error(f"rosetta: no chapter calls {line['pymc']}.")
        if is_law(line):
            found = law_examples(line, codes)
            if not found:
                both = f"{line['pymc']} and {line['tfp']}"
                raise self.error(f"rosetta: no pair of twins gives one variable {both}.")
            best = min(found.values(), key=plainness)
            sides: Sequence[Sequence[str]] = [[best.pymc], best.tfp]
            used = list(found) if ambiguous else used
        else:
            sides = self.twins(line, codes) or [
                self.first(line[language], codes) for language in ("pymc", "tfp")
            ]
        formula = f"${line['mathematics']}$" if line["mathematics"] else ""
        return [
            line["concept"],
            " <br>".join(filter(None, [formula, line["note"]])),
            *("<br>".join(map(as_code, side)) for side in sides),
            " ".join(self.link(f"chapters/{stem}.ipynb", stem[:2]) for stem in used),
        ]

    def twins(self, line: dict[str, str], codes: dict[str, list]) -> list[list[str]]:
        """Return an example in both languages from one pair of twins, if there is one."""
        for cells in codes.values():
            for pymc, tfp in pairs(cells):
                both = [list(calls(pymc, line["pymc"])), list(calls(tfp, line["tfp"]))]
                if all(both):
                    return [[min(found, key=len)] for found in both]
        return []

    def first(self, name: str, codes: dict[str, list]) -> list[str]:
        """Return the first call of a function in the course; nothing if a library has none."""
        if not name:
            return []
        for cells in codes.values():
            found = [call for cell in cells for call in calls(cell.source, name)]
            if found:
                return [min(found, key=len)]
        raise self.error(f"rosetta: no chapter calls {name}.")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("rosetta", Rosetta)
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
