r"""Read the priors that mathematics states and those that a program defines, so that they can be compared.

`\sigma \sim \mathcal{HN}(50)` in a text, `pm.HalfNormal("sigma", 50.0)` and
`tfd.HalfNormal(jnp.float64(50.0), name="sigma")` in a pair of programs are one `Prior` each. A value that
cannot be read without running the program is None, and is not compared: this looks for slips of the pen,
and `assert_same_density` for the rest.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
import math
import re

import numpy as np

# For each distribution: its names in mathematics, and its parameters in PyMC and in TFP, in the order of
# the mathematics. TFP's HalfCauchy also has a location, which is 0.
FAMILIES = {
    "Normal": (("N", "Normal"), ("mu", "sigma"), ("loc", "scale")),
    "HalfNormal": (("HN", "HalfNormal"), ("sigma",), ("scale",)),
    "HalfCauchy": (("HC", "HalfCauchy"), ("beta",), ("loc", "scale")),
    "Cauchy": (("Cauchy",), ("alpha", "beta"), ("loc", "scale")),
    "LogNormal": (("LogNormal",), ("mu", "sigma"), ("loc", "scale")),
    "Exponential": (("Exponential",), ("lam",), ("rate",)),
    "Gamma": (("Gamma",), ("alpha", "beta"), ("concentration", "rate")),
    "Beta": (("Beta",), ("alpha", "beta"), ("concentration1", "concentration0")),
    "Uniform": (("Uniform",), ("lower", "upper"), ("low", "high")),
    "StudentT": (("StudentT",), ("nu", "mu", "sigma"), ("df", "loc", "scale")),
    "Binomial": (("Binomial",), ("n", "p"), ("total_count", "probs")),
    "Poisson": (("Poisson",), ("mu",), ("rate",)),
}
IN_MATHEMATICS = {word: family for family, (words, _, _) in FAMILIES.items() for word in words}

Value = (
    float | np.ndarray | str | None
)  # a number, a vector of numbers, the name of a variable, unknown


@dataclass(frozen=True)
class Prior:
    """A distribution and what is known of its parameters."""

    family: str
    parameters: tuple[Value, ...]

    def __str__(self) -> str:
        """Write it as in a program."""
        shown = ("?" if value is None else f"{value}" for value in self.parameters)
        return f"{self.family}({', '.join(shown)})"


# --- Arithmetic ------------------------------------------------------------------------------------

_FUNCTIONS = {"log": math.log, "sqrt": math.sqrt, "exp": math.exp}
_OPERATORS = {ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide}
_WRAPPERS = ("float64", "array", "asarray", "repeat", "float")
_CONSTANT = {"zeros": 0.0, "ones": 1.0}


class _Reader:
    """Evaluate what stands in a cell as far as that is possible without running it."""

    def __init__(self, tree: ast.AST) -> None:
        self.assigned: dict[str, list[ast.expr]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                for target, value in _pairs(node.targets[0], node.value):
                    self.assigned.setdefault(target.id, []).append(_unwrap(value))
        parameters = {
            a.arg for node in ast.walk(tree) if isinstance(node, ast.arguments) for a in node.args
        }
        for name in parameters:
            self.assigned.pop(name, None)

    def resolve(self, node: ast.expr) -> ast.expr | None:
        """Follow a name to the one expression that was assigned to it."""
        if isinstance(node, ast.Name):
            found = self.assigned.get(node.id, [])
            return found[0] if len(found) == 1 else None
        return node

    def value(self, node: ast.expr) -> Value:
        """Return the value of an expression: numbers, or the name of the random variable it is."""
        if isinstance(node, ast.Constant):
            is_number = isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
            return float(node.value) if is_number else None
        if isinstance(node, ast.Name):
            own = self.resolve(node)
            return None if own is None else _variable(own) or self.value(own)
        if isinstance(node, (ast.List, ast.Tuple)):
            values = [self.value(item) for item in node.elts]
            return np.array(values) if all(isinstance(v, float) for v in values) else None
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = self.value(node.operand)
            return None if value is None or isinstance(value, str) else -value
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return self._operation(node)
        if isinstance(node, ast.Call) and node.args:
            return self._call(node)
        return None

    def _operation(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Mult) and isinstance(left, str) and isinstance(right, float):
            return left if right == 1.0 else None  # mu * jnp.ones(8) is mu
        if left is None or right is None or isinstance(left, str) or isinstance(right, str):
            return None
        result = _OPERATORS[type(node.op)](left, right)
        return float(result) if np.ndim(result) == 0 else result

    def _call(self, node: ast.Call) -> Value:
        name = ast.unparse(node.func).split(".")[-1]
        if name in _CONSTANT:
            return _CONSTANT[name]
        value = self.value(node.args[0])
        if name in _WRAPPERS:
            return value
        return _FUNCTIONS[name](value) if name in _FUNCTIONS and isinstance(value, float) else None


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.Name, ast.expr]]:
    """Yield the names of an assignment with what each is assigned."""
    if isinstance(target, ast.Name):
        yield target, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, its in zip(target.elts, value.elts, strict=False):
            yield from _pairs(one, its)


def _unwrap(node: ast.expr) -> ast.expr:
    """Return what is inside `yield ...` and `Root(...)`."""
    while isinstance(node, ast.Yield) or (
        isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Root"
    ):
        node = node.value if isinstance(node, ast.Yield) else node.args[0]
    return node


def _variable(node: ast.expr) -> str | None:
    """Return the name of the random variable that a call defines."""
    if not isinstance(node, ast.Call):
        return None
    names = [k.value for k in node.keywords if k.arg == "name"]
    if ast.unparse(node.func).startswith("pm."):
        names = node.args[:1]
    return next(
        (n.value for n in names if isinstance(n, ast.Constant) and isinstance(n.value, str)), None
    )


# --- Programs --------------------------------------------------------------------------------------


def programmed(source: str) -> dict[str, list[Prior]]:
    """Return the priors that a cell defines, in PyMC or TFP, by the name of the variable."""
    tree = ast.parse(source)
    reader, found = _Reader(tree), {}
    for node in ast.walk(tree):
        name = _variable(node) if isinstance(node, ast.Call) else None
        if name is None:
            continue
        package, _, family = ast.unparse(node.func).partition(".")
        if family in ("Sample", "Independent") and node.args:
            node = reader.resolve(node.args[0])
            family = ast.unparse(node.func).partition(".")[2] if isinstance(node, ast.Call) else ""
        if family in FAMILIES and package in ("pm", "tfd"):
            found.setdefault(name, []).append(_prior(reader, node, package, family))
    return found


def _prior(reader: _Reader, node: ast.Call, package: str, family: str) -> Prior:
    """Read one call."""
    names = FAMILIES[family][1 if package == "pm" else 2]
    given = dict(zip(names, node.args[1:] if package == "pm" else node.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in node.keywords}
    wanted = names[1:] if (package, family) == ("tfd", "HalfCauchy") else names
    return Prior(family, tuple(reader.value(given[n]) if n in given else None for n in wanted))


# --- Mathematics -----------------------------------------------------------------------------------

_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)
_SPACE = re.compile(r"\\(?:[bB]ig+[lr]?|left|right|[!,;: ])|~")
_LAW = re.compile(
    r"\\sim\s*(?:\\(?:mathcal|text|mathrm|operatorname)\s*\{?([A-Za-z]+)\}?|(t)_\{?(\\?[a-z]+)\}?)\s*\("
)
_BREAK = re.compile(r"\)|\n|\\q?quad|\\text\{[^}]*\}|\\begin\{\w+\}|&|=|:")
_SYMBOL = re.compile(r"(\\log\s*)?\\?([A-Za-z]+)(?:_(?:\{(.+)\}|\\text\{(\w+)\}|\\?(\w+)))?")
_INDICES = set("ijklcn")
_KEYWORDS = {
    "lambda": ("lam", "rate")
}  # what a program calls a symbol whose name Python keeps to itself


@dataclass(frozen=True)
class Statement:
    r"""A prior in mathematics: `\beta_0 \sim \mathcal N(50, 10)`."""

    symbol: str
    names: tuple[tuple[str, int | None], ...]  # what it may be called in a program, with an element
    prior: Prior


def names_of(symbol: str) -> tuple[tuple[str, int | None], ...]:
    r"""Return how a program may spell a symbol: `\beta_{0j}` is `beta_0`, `beta0` or `beta[0]`."""
    match = _SYMBOL.fullmatch(symbol.strip())
    if not match:
        return ()
    logarithm, base, *subscripts = match.groups()
    base = f"log_{base.lower()}" if logarithm else base.lower() if len(base) > 1 else base
    under = next((text for text in subscripts if text), "")
    under = re.sub(r"\\text\{(\w+)\}|\\|\s|\[.*?\]|,", r"\1", under)
    names = [(f"{base}_{under}", None), (f"{base}{under}", None)] if under else [(base, None)]
    if len(under) == 1 and under.isupper():
        names.append((f"{base}_{under.lower()}*", None))  # tau_M abbreviates tau_market
    if number := re.match(r"\d+", under):
        if set(under[number.end() :]) <= _INDICES:
            names += [
                (f"{base}_{number[0]}", None),
                (f"{base}{number[0]}", None),
                (base, int(number[0])),
            ]
    elif under and set(under) <= _INDICES:
        names.append((base, None))
    names += [
        (name.replace(word, other), element)
        for word, others in _KEYWORDS.items()
        for name, element in names
        for other in others
        if name.split("_")[0] == word
    ]
    return tuple(dict.fromkeys(names))


def _number(text: str) -> Value:
    r"""Return the value of a formula without variables, such as `10{,}000` or `20/\sqrt 2`."""
    plain = re.sub(r"\\(sqrt|log)\s*(?:\{([\d.]+)\}|([\d.]+))", r" \1(\2\3)", text)
    plain = re.sub(r"(?<=[\d)])\s+(?=[a-z])", "*", plain.strip())
    try:
        value = _Reader(ast.Module([], [])).value(ast.parse(plain, mode="eval").body)
    except SyntaxError:
        return None
    return value if isinstance(value, float) else None


def _arguments(text: str) -> list[str] | None:
    """Split what stands between parentheses at its commas; the opening one is already read."""
    depth, parts = 0, [""]
    for letter in text:
        if letter == ")" and depth == 0:
            return parts
        depth += (letter in "({[") - (letter in ")}]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return None


def stated(text: str) -> list[Statement]:
    """Return the priors that a text states in its formulas."""
    found = []
    for match in _FORMULA.finditer(text):
        formula = (
            (match[1] or match[2]).replace("{,}", "").replace(r"&\sim", r"\sim").replace("&=", "=")
        )
        lines = re.sub(r"\s+", " ", formula).split(r"\\")
        formula = "\n".join(_SPACE.sub(" ", line) for line in lines)
        for law in _LAW.finditer(formula):
            parts = _arguments(formula[law.end() :])
            family = "StudentT" if law[2] else IN_MATHEMATICS.get(law[1])
            if parts is None or family is None:
                continue
            values = [law[3], *parts] if law[2] else parts
            left = _BREAK.split(formula[: law.start()])[-1]
            for symbol in left.split(","):
                if names := names_of(symbol):
                    prior = Prior(family, tuple(_read(value) for value in values))
                    found.append(Statement(symbol.strip(), names, prior))
    return found


def _read(text: str) -> Value:
    """Return a parameter: a number, the likeliest name of a symbol, or None."""
    number = _number(text)
    if number is not None:
        return number
    return text.strip() if names_of(text) else None


# --- Comparison ------------------------------------------------------------------------------------


def find(statement: Statement, name: str, priors: list[Prior]) -> list[Prior]:
    r"""Return the priors of one variable that a statement is about: none, if it is about another one.

    `\log \sigma_j \sim \mathcal N(m, t)` is about `log_sigma`, or about a LogNormal `sigma`.
    """
    for spelling, element in statement.names:
        if fnmatchcase(name, spelling):
            return priors if element is None else [_element(prior, element) for prior in priors]
        if spelling.startswith("log_") and fnmatchcase(name, spelling[4:]):
            return [Prior("Normal", p.parameters) if p.family == "LogNormal" else p for p in priors]
    return []


def _element(prior: Prior, element: int) -> Prior:
    """Return the prior of one element of a vector."""
    parameters = (
        (float(v[element]) if len(v) > element else None) if isinstance(v, np.ndarray) else v
        for v in prior.parameters
    )
    return Prior(prior.family, tuple(parameters))


def agree(said: Prior, done: Prior, variables: Collection[str]) -> tuple[bool, int]:
    """Return whether two priors may be the same, and how many parameters could be compared.

    A symbol that none of the program's variables is named after cannot be compared.
    """
    if said.family != done.family or len(said.parameters) != len(done.parameters):
        return False, 0
    compared = 0
    for text, code in zip(said.parameters, done.parameters, strict=True):
        if text is None or code is None or (isinstance(text, str) and not isinstance(code, str)):
            continue
        if isinstance(text, str):
            meant = {v for v in variables for name, _ in names_of(text) if fnmatchcase(v, name)}
            if not meant:
                continue
            same = code in meant
        else:
            same = not isinstance(code, str) and np.allclose(code, text, rtol=1e-9, atol=0.0)
        compared += 1
        if not same:
            return False, compared
    return True, compared


@dataclass
class Comparison:
    """How many priors of a program were held against mathematics, how many not, and what differs."""

    compared: int = 0
    skipped: int = 0
    problems: list[str] = field(default_factory=list)


def compare(texts: list[str], source: str) -> Comparison:
    """Hold the priors of a program against those that the texts above it state.

    Parameters
    ----------
    texts : list of str
        The texts, the nearest first. A variable is held against the first that speaks of it; where that
        one states several priors for it, one of them must be right.
    source : str
        The program.
    """
    statements = [stated(text) for text in texts]
    found, program = Comparison(), programmed(source)
    for name, priors in program.items():
        about = ([s for s in here if find(s, name, priors)] for here in statements)
        by_symbol: dict[str, list[Statement]] = {}
        for statement in next(filter(None, about), []):
            by_symbol.setdefault(statement.symbol.removeprefix(r"\log").strip(), []).append(
                statement
            )
        before = found.compared
        for symbol, said in by_symbol.items():
            for k, prior in enumerate(priors):
                results = [agree(one.prior, find(one, name, priors)[k], program) for one in said]
                if not any(same for same, _ in results):
                    listed = " or ".join(str(one.prior) for one in said)
                    found.problems.append(
                        f"{symbol} is {listed} in the text, but {name} is {prior}"
                    )
                found.compared += any(same and parameters for same, parameters in results)
        found.skipped += found.compared == before
    return found
