"""Inside a notebook's kernel: shift its seeds, or run its fits again with other seeds.

`sweep.py` calls `start` before a notebook's first cell and `finish` after its last. The notebook
itself is not changed, and need not know.

Seeds are found in two ways, and none is shifted twice. What a cell passes as `seed=` or
`random_seed=`, a number, a variable or arithmetic, is shifted where it stands, by a transformer of the
syntax tree. What reaches a sampler otherwise, by position or from a loop, is shifted at the
sampler. Draws of a predictive distribution have seeds too, and are shifted with the fits.
`np.random.default_rng` makes the data of many examples, and is left alone unless `simulations` is set.

Fits are recorded where both libraries run a compiled model. Compiling is most of a fit's cost, so
`finish` runs each compiled model again with many seeds. `diagnose` and `compare_posteriors` tell
which fits the text relies on.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial, wraps
import inspect
import math
import sys
import time
from types import ModuleType
from typing import Any
import weakref

import numpy as np

SEEDS = ("seed", "random_seed")
GENERATORS = ("default_rng", "SeedSequence", "RandomState")
PYMC_SAMPLERS = (
    "draw",
    "fit",
    "sample",
    "sample_posterior_predictive",
    "sample_prior_predictive",
    "sample_smc",
)
LESSON_SAMPLERS = ("adapt_step_size", "hmc", "metropolis_hastings", "nuts")
STEP = 10_000  # between the seeds with which a fit is run again
LOOP = 4  # of fits that nothing diagnoses, a simulation's say, this many in a cell are run again
NAME = "__shifted__"  # by which the changed cells call `shifted`
RESULT = "application/json"


class Shifted(int):
    """A seed that is shifted already, and stays so when something is added to it."""

    __slots__ = ()


def _keep_mark(operation: str) -> Callable:
    def operate(self: Shifted, other: Any) -> Any:
        result = getattr(int, operation)(self, other)
        return result if result is NotImplemented else Shifted(result)

    return operate


for _operation in ("add", "sub", "mul", "floordiv", "mod"):
    for _name in (f"__{_operation}__", f"__r{_operation}__"):
        setattr(Shifted, _name, _keep_mark(_name))


def shifted(seed: Any, shift: int) -> Any:
    """Return another seed, as far away from a given one as asked.

    Parameters
    ----------
    seed : int, sequence of int, array of int, JAX key, or anything else
        A generator, None, and a seed that is shifted already come back as they are.
    shift : int
        What is added to each number, or folded into a key.
    """
    if seed is None or isinstance(seed, (bool, Shifted)):
        return seed
    if isinstance(seed, (int, np.integer)):
        return Shifted(int(seed) + shift)
    if type(seed) in (list, tuple):
        return type(seed)(shifted(each, shift) for each in seed)
    if isinstance(seed, np.ndarray) and np.issubdtype(seed.dtype, np.integer):
        return seed + shift
    jax = sys.modules.get("jax")
    if jax is not None and isinstance(seed, jax.Array):
        if jax.dtypes.issubdtype(seed.dtype, jax.dtypes.prng_key):
            return jax.random.fold_in(seed, shift)
        return seed.at[..., -1].add(shift)
    return seed


class ShiftSeeds(ast.NodeTransformer):
    """Wrap each seed of a cell in a call of `shifted`.

    Parameters
    ----------
    simulations : bool
        Whether to wrap also seeds of NumPy's generators and `random_state` of SciPy.
    """

    def __init__(self, simulations: bool = False):
        self.names = (*SEEDS, "random_state") if simulations else SEEDS
        self.generators = GENERATORS if simulations else ()

    def wrap(self, value: ast.expr) -> ast.expr:
        """Return the call."""
        call = ast.Call(ast.Name(NAME, ast.Load()), [value], [])
        return ast.fix_missing_locations(ast.copy_location(call, value))

    def visit_Call(self, node: ast.Call) -> ast.Call:
        """Wrap keywords, and the first argument of a generator."""
        self.generic_visit(node)
        for keyword in node.keywords:
            if keyword.arg in self.names:
                keyword.value = self.wrap(keyword.value)
        called = getattr(node.func, "attr", getattr(node.func, "id", None))
        if called in self.generators and node.args:
            node.args[0] = self.wrap(node.args[0])
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.Dict:
        """Wrap entries such as `{"random_seed": 101}`, which become keywords."""
        self.generic_visit(node)
        node.values = [
            self.wrap(value) if isinstance(key, ast.Constant) and key.value in self.names else value
            for key, value in zip(node.keys, node.values, strict=True)
        ]
        return node

    def visit_arguments(self, node: ast.arguments) -> ast.arguments:
        """Wrap defaults, as in `def fit(model, seed=101)`."""
        self.generic_visit(node)
        positional = [*node.posonlyargs, *node.args]
        first = len(positional) - len(node.defaults)
        node.defaults = [
            self.wrap(value) if positional[first + i].arg in self.names else value
            for i, value in enumerate(node.defaults)
        ]
        node.kw_defaults = [
            self.wrap(value) if value is not None and argument.arg in self.names else value
            for argument, value in zip(node.kwonlyargs, node.kw_defaults, strict=True)
        ]
        return node


@dataclass
class Use:
    """One mention of a fit in `diagnose`."""

    cell: str
    name: str
    var_names: tuple[str, ...] | None
    required: bool


@dataclass
class Fit:
    """A compiled model that a cell has run, and how to run it again."""

    cell: str
    nth: int
    library: str
    seed: int
    again: Callable[[int], Any]
    seconds: float
    uses: list[Use] = field(default_factory=list)
    compared: bool = False

    @property
    def main_use(self) -> Use | None:
        """The first mention that requires health, or else the first."""
        return next((use for use in self.uses if use.required), next(iter(self.uses), None))

    @property
    def how_used(self) -> str:
        """What the text does with it."""
        if self.main_use:
            return "relied on" if self.main_use.required else "shown"
        return "compared" if self.compared else "not checked"


def statistics(tree: Any, var_names: Sequence[str] | None) -> tuple[dict[str, Any], np.ndarray]:
    """Return what `diagnose` and `compare_posteriors` look at, as numbers.

    Parameters
    ----------
    tree : DataTree
        A fit.
    var_names : sequence of str or None
        Variables to look at; those that the notebook added to the fit later on are not there.

    Returns
    -------
    worst : dict
        `rhat`, `bulk`, `tail`, `bfmi` and `divergences`; None is what is NaN or not recorded.
    estimates : numpy.ndarray, shape (scalar, 4)
        Means, standard deviations and the Monte Carlo standard errors of both.
    """
    from companion.diagnostics import check_divergences, check_energy
    from companion.scalars import scalars_of

    known = tree.posterior.data_vars
    scalars = scalars_of(tree, [name for name in var_names or () if name in known] or None)
    varies = ~scalars.constant
    tables = check_energy(tree).table, check_divergences(tree).table
    energies, divergences = (table.to_numpy().ravel() for table in tables)
    found = {
        "rhat": np.max(scalars.rhat[varies], initial=-np.inf),
        "bulk": np.min(scalars.bulk_ess[varies], initial=np.inf),
        "tail": np.min(scalars.tail_ess[varies], initial=np.inf),
        "bfmi": np.min(energies, initial=np.inf),
        "divergences": divergences.sum() if divergences.size else np.nan,
    }
    worst = {key: float(value) if np.isfinite(value) else None for key, value in found.items()}
    return worst, scalars.estimates.loc[varies].to_numpy()


class Recorder:
    """What happens to seeds and fits while a notebook runs.

    Parameters
    ----------
    cells : sequence of (str, list of str)
        Id and tags of each cell that will run, in order.
    shift : int
        What is added to every seed.
    simulations : bool
        Whether to shift simulated data, too.
    """

    def __init__(
        self,
        cells: Sequence[tuple[str, list[str]]],
        shift: int = 0,
        simulations: bool = False,
    ):
        self.cells = iter(cells)
        self.shift, self.simulations = shift, simulations
        self.cell = ""
        self.tags: list[str] = []
        self.inside = False  # a sampler: what it calls has been given a shifted seed
        self.fits: list[Fit] = []
        self.trees: dict[int, tuple[weakref.ref, Fit]] = {}
        self.untraced: list[dict[str, Any]] = []
        self.comparisons: dict[str, int] = {}

    def next_cell(self, *_: Any) -> None:
        """Remember which cell runs."""
        self.cell, self.tags = next(self.cells, ("", []))

    def seed(self, value: Any) -> Any:
        """Shift a seed."""
        return shifted(value, self.shift) if self.shift else value

    def patch(self, module: ModuleType, name: str, replace: Callable[[Callable], Callable]) -> None:
        """Put another function in the place of a library's."""
        original = getattr(module, name)
        setattr(module, name, wraps(original)(replace(original)))

    def shifting(self, parameter: str, original: Callable) -> Callable:
        """Return a sampler whose seed is shifted."""
        signature = inspect.signature(original)

        def call(*args: Any, **kwargs: Any) -> Any:
            if self.inside:
                return original(*args, **kwargs)
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError:
                return original(*args, **kwargs)  # which says what is wrong
            if parameter in bound.arguments:
                bound.arguments[parameter] = self.seed(bound.arguments[parameter])
            self.inside = True
            try:
                return original(*bound.args, **bound.kwargs)
            finally:
                self.inside = False

        return call

    def record(
        self, library: str, seed: Any, first: Callable[[Any], Any], again: Callable[[int], Any]
    ) -> Any:
        """Run a compiled model, and remember how to do it again."""
        if not self.inside:
            seed = self.seed(seed)
        begin = time.perf_counter()
        tree = first(seed)
        seconds = time.perf_counter() - begin
        nth = 1 + sum(fit.cell == self.cell for fit in self.fits)
        number = int(seed) if isinstance(seed, (int, np.integer)) else 0
        fit = Fit(self.cell, nth, library, number, again, seconds)
        self.fits.append(fit)
        self.trees[id(tree)] = weakref.ref(tree), fit
        return tree

    def nutpie_sample(self, original: Callable) -> Callable:
        """Return nutpie's sampler, which `pm.sample` calls, too, with a memory."""

        def sample(compiled_model: Any, **kwargs: Any) -> Any:
            if not kwargs.get("blocking", True):
                return original(compiled_model, **kwargs)
            seed = kwargs.pop("seed", None)
            quiet = kwargs | {"progress_bar": False, "progress_callback": None}
            return self.record(
                "PyMC",
                seed,
                lambda own: original(compiled_model, seed=own, **kwargs),
                lambda other: original(compiled_model, seed=other, **quiet),
            )

        return sample

    def compile_nuts(self, original: Callable) -> Callable:
        """Return TFP's compiler, whose compiled functions have a memory."""

        def compile_nuts(*args: Any, **kwargs: Any) -> Callable:
            compiled = original(*args, **kwargs)

            @wraps(compiled)
            def run(seed: Any, *more: Any, **named: Any) -> Any:
                def go(seed: Any) -> Any:
                    return compiled(seed, *more, **named)

                return self.record("TFP", seed, go, go)

            return run

        return compile_nuts

    def fit_of(self, tree: Any) -> Fit | None:
        """Return the fit that a tree came from, if it came from one and is still the same object."""
        reference, fit = self.trees.get(id(tree), (None, None))
        return fit if reference is not None and reference() is tree else None

    def diagnose(self, original: Callable) -> Callable:
        """Return `diagnose`, with a memory of what it was asked for."""
        signature = inspect.signature(original)

        def diagnose(*args: Any, **kwargs: Any) -> Any:
            with suppress(TypeError):  # the original says what is wrong with the arguments
                self._note(signature.bind(*args, **kwargs))
            return original(*args, **kwargs)

        return diagnose

    def _note(self, asked: inspect.BoundArguments) -> None:
        """Note what `diagnose` was asked for: of which fits, and whether they have to be healthy."""
        asked.apply_defaults()
        fits, names = asked.arguments["fits"], asked.arguments["var_names"]
        names = (names,) if isinstance(names, str) else tuple(names or ()) or None
        required = bool(asked.arguments["require_healthy"]) and "raises-exception" not in self.tags
        for name, tree in fits.items() if isinstance(fits, Mapping) else ():
            if (fit := self.fit_of(tree)) is not None:
                fit.uses.append(Use(self.cell, str(name), names, required))
            else:
                found = {"cell": self.cell, "name": str(name), "required": required}
                self.untraced.append(found)

    def compare_posteriors(self, original: Callable) -> Callable:
        """Return `compare_posteriors`, with a count of its comparisons."""
        signature = inspect.signature(original)

        def compare_posteriors(*args: Any, **kwargs: Any) -> Any:
            table = original(*args, **kwargs)
            asked = signature.bind(*args, **kwargs).arguments
            sides = [asked.get(side) for side in ("pymc", "tfp", "reference")]
            for tree in sides[:2]:
                if (fit := self.fit_of(tree)) is not None:
                    fit.compared = True
            pairs = math.comb(sum(side is not None for side in sides), 2)
            # Of each scalar, the mean and the standard deviation.
            count = 2 * pairs * len(table.data)
            self.comparisons[self.cell] = self.comparisons.get(self.cell, 0) + count
            return table

        return compare_posteriors

    def install(self, shell: Any) -> None:
        """Change the libraries and the shell of this kernel."""
        import companion  # noqa: F401  (before PyMC)

        # isort: split
        from companion import diagnostics, posteriors, tfp_nuts
        from companion.lessons import mcmc
        import nutpie
        import pymc

        for name in PYMC_SAMPLERS:
            self.patch(pymc, name, partial(self.shifting, "random_seed"))
        for name in LESSON_SAMPLERS:
            self.patch(mcmc, name, partial(self.shifting, "seed"))
        self.patch(nutpie, "sample", self.nutpie_sample)
        self.patch(tfp_nuts, "compile_nuts", self.compile_nuts)
        self.patch(diagnostics, "diagnose", self.diagnose)
        self.patch(posteriors, "compare_posteriors", self.compare_posteriors)
        shell.events.register("pre_run_cell", self.next_cell)
        if self.shift:
            shell.user_ns[NAME] = self.seed
            shell.ast_transformers.append(ShiftSeeds(self.simulations))

    def chosen(self) -> list[tuple[Fit, int]]:
        """Return the fits to run again, each with the number of fits that it stands for."""
        loops: dict[str, list[Fit]] = {}
        for fit in self.fits:
            if not fit.uses and not fit.compared:
                loops.setdefault(fit.cell, []).append(fit)
        kept: dict[int, int] = {}
        for fits in loops.values():
            places = {round(i) for i in np.linspace(0, len(fits) - 1, LOOP)}
            kept |= {id(fits[i]): len(fits) for i in places}
        return [
            (fit, kept.get(id(fit), 1))
            for fit in self.fits
            if fit.uses or fit.compared or id(fit) in kept
        ]

    def run_again(self, seeds: int) -> list[dict[str, Any]]:
        """Run each fit with its own seed and with others, and return their statistics."""
        return [self._run_again(fit, of, seeds) for fit, of in self.chosen()]

    def _run_again(self, fit: Fit, of: int, seeds: int) -> dict[str, Any]:
        use = fit.main_use
        var_names = use.var_names if use else None
        rows, tables, shape = [], [], {}
        for k in range(seeds + 1):
            try:
                tree = fit.again((fit.seed + k * STEP) % 2**31)
                worst, estimates = statistics(tree, var_names)
                rows.append(worst)
                shape = {dim: tree.posterior.sizes[dim] for dim in ("chain", "draw")}
                if fit.compared:
                    tables.append(estimates)
            except Exception as error:  # one seed's misfortune is what is looked for
                rows.append({"error": f"{type(error).__name__}: {error}"[:200]})
        return {
            "cell": fit.cell,
            "nth": fit.nth,
            "of": of,
            "library": fit.library,
            "seed": fit.seed,
            "name": use.name if use else "",
            "use": fit.how_used,
            "var_names": var_names,
            "seconds": round(fit.seconds, 2),
            "chains": shape.get("chain"),
            "draws": shape.get("draw"),
            "rows": rows,
            "errors_of_estimates": _spread(tables),
        }


def _spread(tables: Sequence[np.ndarray]) -> dict[str, float] | None:
    """Return how far estimates stray from the mean of the other seeds', in their own standard errors.

    If Monte Carlo standard errors are right, the root mean square of these distances is 1.
    """
    if len(tables) < 3:
        return None
    values = np.stack(tables)
    n = len(values)
    estimate, error = values[..., :2], values[..., 2:]
    away = (estimate - estimate.mean(axis=0)) * n / (n - 1)  # from the mean of the others
    distance = (away / error / math.sqrt(n / (n - 1)))[np.broadcast_to(error > 0, away.shape)]
    distance = distance[np.isfinite(distance)]
    if not distance.size:
        return None
    return {
        "root mean square": round(float(np.sqrt(np.mean(distance**2))), 3),
        "largest": round(float(np.abs(distance).max()), 2),
        "count": int(distance.size),
    }


RECORDER: Recorder | None = None


def start(cells: Sequence[tuple[str, list[str]]], shift: int, simulations: bool) -> None:
    """Begin: what runs before a notebook's first cell."""
    from IPython import get_ipython

    global RECORDER
    RECORDER = Recorder(cells, shift, simulations)
    RECORDER.install(get_ipython())


def finish(seeds: int) -> None:
    """End: what runs after a notebook's last cell. Display the result, for `sweep.py` to read."""
    from IPython.display import display

    recorder = RECORDER
    if recorder is None:
        raise RuntimeError("start must be called before finish, but it was not.")
    result = {
        "fits": recorder.run_again(seeds) if seeds else [],
        "untraced": recorder.untraced,
        "comparisons": recorder.comparisons,
    }
    display({RESULT: result}, raw=True)
