"""Have a model simulate data and fit them, and rank the truths.

Nothing is written twice: the notebook's own statements define the model, and only the values that it
observes are replaced, by draws from its prior. PyMC's models are sampled by nutpie, compiled once for all data
sets; TFP's by the functions of `companion.tfp_nuts`, all data sets of a batch in one call, one after the other: side
by side all would take, at each step, as many leaps as the one that takes most.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
import time
from typing import Any, Protocol
import zlib

import arviz as az
from companion.joint import read_model
from companion.lessons.sbc import rank_of_truth
from companion.real_line import real_line
from companion.tfp_nuts import choose_starts, transitions
import jax
import jax.numpy as jnp
import machine
import numpy as np
import nutpie
import pymc as pm
import pytensor
from pytensor.graph.replace import clone_replace, vectorize_graph
import pytensor.tensor as pt

from calibration import LIKELIHOOD
from calibration.record import Calibrated

CHAINS, TUNE, KEPT = 2, 300, 32  # of each fit; the draws of a chain that are left after thinning
RANKED = CHAINS * KEPT
BATCH = 50  # data sets that share a seed and, in TFP, a call

Values = dict[str, np.ndarray]


class Program(Protocol):
    """A model that simulates and fits; all arrays begin with the dimension of data sets."""

    def simulate(self, count: int, seed: int) -> tuple[Values, Values]:
        """Draw truths from the prior, and data that they make."""

    def fit(
        self, data: Values, draws: int, target_accept: float, seed: int
    ) -> tuple[Values, np.ndarray]:
        """Return the draws of each variable, (data set, chain, draw, ...), and which ones diverged."""

    def log_likelihood(self, values: Values, data: Values) -> np.ndarray:
        """Return the log density of each data set at some values of its own, (data set, value, ...)."""


class PyMCProgram:
    """A PyMC model whose observed values are shared with its compiled log density."""

    def __init__(self, model: Any) -> None:
        self.model, self.given = model, {}
        terms = []
        for variable in model.observed_RVs:
            old = model.rvs_to_values[variable]
            observed = np.asarray(old.eval())
            new = pytensor.shared(observed, name=f"observed_{variable.name}", shape=observed.shape)
            model.values_to_rvs.pop(old)
            model.rvs_to_values[variable], model.values_to_rvs[new] = new, variable
            self.given[variable.name] = new
            terms.append(pm.logp(variable, new, warn_rvs=False).sum())
        self.compiled = nutpie.compile_pymc_model(model)
        free = {each: each.type(name=each.name) for each in model.free_RVs}
        many = {
            one: pt.tensor(one.name, shape=(None, *one.type.shape), dtype=one.dtype)
            for one in free.values()
        }
        total = vectorize_graph(clone_replace(sum(terms), free), many)
        # A few calls do not repay compiling.
        self.total = pytensor.function(
            [*many.values()], total, mode="FAST_COMPILE", on_unused_input="ignore"
        )

    def simulate(self, count: int, seed: int) -> tuple[Values, Values]:
        """Draw from the prior, and from the likelihood."""
        tree = pm.sample_prior_predictive(count, model=self.model, random_seed=seed)
        truths, data = (
            {str(name): each.to_numpy()[0] for name, each in tree[group].data_vars.items()}
            for group in ("prior", "prior_predictive")
        )
        return truths, {name: data[name].astype(self.given[name].dtype) for name in self.given}

    def fit(
        self, data: Values, draws: int, target_accept: float, seed: int
    ) -> tuple[Values, np.ndarray]:
        """Sample each data set by nutpie."""
        fits = []
        count = len(next(iter(data.values())))
        for i, own in enumerate(np.random.SeedSequence(seed).spawn(count)):
            given = {self.given[name].name: values[i] for name, values in data.items()}
            fit = nutpie.sample(
                self.compiled.with_data(**given), draws=draws, tune=TUNE, chains=CHAINS, cores=1,
                target_accept=target_accept, seed=int(own.generate_state(1)[0]), progress_bar=False, save_warmup=False,
            )  # fmt: skip
            fits.append(fit)
        names = [str(name) for name in fits[0].posterior.data_vars]
        found = {name: np.stack([fit.posterior[name].to_numpy() for fit in fits]) for name in names}
        return found, np.stack([fit.sample_stats["diverging"].to_numpy() for fit in fits])

    def log_likelihood(self, values: Values, data: Values) -> np.ndarray:
        """Sum the log densities of what is observed."""
        found = []
        for i in range(len(next(iter(data.values())))):
            for name, shared in self.given.items():
                shared.set_value(data[name][i])
            found.append(self.total(*(values[each.name][i] for each in self.model.free_RVs)))
        return np.stack(found)


class TFPProgram:
    """A joint distribution of TFP with its data pinned, for many data sets at once."""

    def __init__(self, model: Any) -> None:
        self.read = read_model(model)
        self.line = real_line(self.read)

        def compiled(function: Any, level: int, **how: Any) -> Any:  # as `compile_nuts` compiles
            options = {"xla_backend_optimization_level": level}
            return jax.jit(function, compiler_options=options, **how)

        def run(draws: int, target_accept: Any, keys: Any, data: Any) -> Any:
            return jax.lax.map(lambda own: self._run(draws, target_accept, *own), (keys, data))

        self.draw = compiled(jax.vmap(lambda key: self.read.sample(key, {})), 0)
        self.run = compiled(run, 1, static_argnums=0)
        self.total = compiled(jax.vmap(jax.vmap(self._total, in_axes=(0, None))), 0)

    def _run(self, draws: int, target_accept: Any, key: Any, pins: Any) -> Any:
        """Sample one data set."""
        start_key, key = jax.random.split(key)
        starts, _ = choose_starts(self.line, CHAINS, start_key, pins)
        vectors, stats = transitions(self.line, draws, TUNE, starts, key, target_accept, pins)
        at = jax.vmap(jax.vmap(partial(self.line.constrain, pins=pins)))
        return at(vectors), stats["diverging"]

    def _total(self, value: Any, pins: Any) -> Any:
        """Return the log density of one data set at one draw."""
        terms = self.read.log_densities(value | pins, of=list(pins))
        return sum(jnp.sum(each) for each in terms.values())

    def simulate(self, count: int, seed: int) -> tuple[Values, Values]:
        """Draw from the joint distribution."""
        drawn = self.draw(jax.random.split(jax.random.PRNGKey(seed), count))
        found = {name: np.asarray(value) for name, value in drawn.items()}
        return found, {name: found[name] for name in self.read.pins}

    def fit(
        self, data: Values, draws: int, target_accept: float, seed: int
    ) -> tuple[Values, np.ndarray]:
        """Sample all data sets in one call, each with an adaptation of its own."""
        keys = jax.random.split(jax.random.PRNGKey(seed), len(next(iter(data.values()))))
        found, diverging = jax.tree.map(
            np.asarray, self.run(draws, jnp.asarray(target_accept), keys, data)
        )
        return {name: value.swapaxes(1, 2) for name, value in found.items()}, diverging

    def log_likelihood(self, values: Values, data: Values) -> np.ndarray:
        """Sum the log densities of what is pinned."""
        return np.asarray(self.total({name: values[name] for name in self.line.stored}, data))


@lru_cache(maxsize=1)
def program(library: str, source: str, expression: str) -> Program:
    """Run a notebook's statements, and return the model that an expression then gives."""
    names: dict[str, Any] = {}
    exec(compile(source, "<notebook>", "exec"), names)
    programs: dict[str, Callable[[Any], Program]] = {"pymc": PyMCProgram, "tfp": TFPProgram}
    return programs[library](eval(expression, names))


def number(values: Values, quantity: str) -> np.ndarray:
    """Return a quantity: a variable, or an element of one, as `beta[0]`."""
    name, _, index = quantity.partition("[")
    return values[name][..., int(index.removesuffix("]"))] if index else values[name]


def rank_batch(
    program: Program,
    quantities: Sequence[str],
    count: int,
    thin: int,
    target_accept: float,
    seed: np.random.SeedSequence,
) -> dict[str, Any]:
    """Simulate data sets, fit them, and rank the truths.

    Parameters
    ----------
    program : Program
        The model.
    quantities : sequence of str
        What is ranked, besides the log likelihood.
    count : int
        Number of data sets.
    thin : int
        Every which draw is kept.
    target_accept : float
        See `companion.tfp_nuts`; nutpie has the same setting.
    seed : numpy.random.SeedSequence
        Of all that is random here.

    Returns
    -------
    dict
        `ranks`, from 0 to `RANKED`, lists by quantity; `divergent`, the number of fits with divergences;
        `slow`, the number of those with an effective sample size below `RANKED` for some quantity.
    """
    one, two, three = (int(each) for each in seed.generate_state(3))
    truths, data = program.simulate(count, one)
    draws, diverging = program.fit(data, KEPT * thin, target_accept, two)
    kept = {
        name: value[:, :, thin - 1 :: thin].reshape(count, RANKED, *value.shape[3:])
        for name, value in draws.items()
    }
    rng, single = np.random.default_rng(three), {n: v[:, None] for n, v in truths.items()}
    likelihoods = (program.log_likelihood(each, data) for each in (single, kept))
    ranks = {LIKELIHOOD: rank_of_truth(next(likelihoods)[:, 0], next(likelihoods), rng)}
    sizes = []
    for quantity in quantities:
        ranks[quantity] = rank_of_truth(number(truths, quantity), number(kept, quantity), rng)
        sizes.append([float(az.ess(each)) for each in number(draws, quantity)])
    return {
        "ranks": {name: each.tolist() for name, each in ranks.items()},
        "divergent": int(diverging.reshape(count, -1).any(axis=1).sum()),
        "slow": int((~(np.min(sizes, axis=0) >= RANKED)).sum()),
    }


def run_batch(model: Calibrated, source: str, nth: int) -> dict[str, Any]:
    """Run one batch of a model; its seed follows from the model and the batch, and from nothing else.

    Returns
    -------
    dict
        See `rank_batch`, with `seconds` of the `processor`, which is named, too.
    """
    begin = time.process_time()
    entropy = zlib.crc32(f"{model.library} {model.expression}\n{source}".encode())
    seed = np.random.SeedSequence(entropy, spawn_key=(nth,))
    found = program(model.library, source, model.expression)
    made = rank_batch(found, model.quantities, BATCH, model.thin, model.target_accept, seed)
    return made | {"seconds": time.process_time() - begin, "processor": machine.processor()}
