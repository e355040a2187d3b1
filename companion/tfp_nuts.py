"""NUTS in TensorFlow Probability, with its result in the form that ArviZ and PyMC use.

`tfp.experimental.mcmc.windowed_adaptive_nuts` returns draws as `(draw, chain, ...)`, statistics
under names of its own, and no log likelihood. This module transposes, renames and adds what is
missing, and returns the same kind of `DataTree` as `pm.sample`.

Each chain starts at a draw of the prior: of a hundred, one that explains the data well. (TFP's own
default, a point near zero on the unconstrained scale, is far from the posterior of anything measured
in thousands, and so is a typical draw of a wide prior.)

Tracing and compiling cost far more than sampling here, so `compile_nuts` does both once and
returns a function of the seed. A run goes through three compiled functions: `choose_starts`,
`transitions` and `complete`. How a model becomes a density of real numbers stands in
`companion/real_line.py`, and what is common to all classes of models in `companion/joint.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, KeysView, Mapping, Sequence, ValuesView
from functools import partial
from numbers import Integral
from types import SimpleNamespace
from typing import Any

import arviz as az
from companion.inputs import finite_array, flag, positive_whole, probability
from companion.joint import Draw, Model, pointwise, read_model, settled
from companion.real_line import RealLine, Target, real_line
import jax
from jax import Array
import jax.numpy as jnp
import numpy as np
from tensorflow_probability.substrates.jax import distributions as tfd
from tensorflow_probability.substrates.jax import random as tfp_random
from tensorflow_probability.substrates.jax.experimental.mcmc import (
    windowed_adaptive_nuts,
    windowed_sampling,
)
from tensorflow_probability.substrates.jax.internal import unnest
from xarray import DataTree

__all__ = ["compile_nuts", "sample_tfp"]

STARTS_PER_CHAIN = 100
SHORTEST_WARM_UP = 20  # TFP's windows are multiples of a twentieth of it


def choose_starts(line: RealLine, chains: int, key: Array, pins: Draw) -> tuple[Array, Draw]:
    """Choose a starting point for each chain: prior draws, resampled in proportion to their likelihood.

    A chain that has no prior draw with a density takes another chain's point.

    Parameters
    ----------
    line : RealLine
        The model.
    chains : int
        Number of chains.
    key, pins
        Key of the random numbers, and the data.

    Returns
    -------
    vectors : array, shape (chain, d)
        The starting points.
    faults : dict of arrays of bool, shape (prior draw,)
        By variable: whether its log density, or its place on the real line, is infinite or not a number.
    """
    draw_key, choose_key = jax.random.split(key)
    vectors, weights, faults = jax.vmap(partial(_candidate, line, pins))(
        _prior_keys(line, chains, draw_key)
    )
    weights = jnp.where(sum(faults.values()), -jnp.inf, weights).reshape(-1, chains)
    best, chain = jax.random.categorical(choose_key, weights, axis=0), jnp.arange(chains)
    found = weights[best, chain] > -jnp.inf
    other = jnp.argmax(found)
    best, chain = jnp.where(found, best, best[other]), jnp.where(found, chain, other)
    return vectors.reshape(-1, chains, vectors.shape[-1])[best, chain], faults


def _weighing(line: RealLine) -> list[str]:
    """Name the variables whose densities make up the likelihood."""
    return [
        name for name, variable in line.variables.items() if variable.role in ("data", "factor")
    ]


def _prior_keys(line: RealLine, chains: int, key: Array) -> Array:
    """Return the keys that TFP gives to prior draws: `STARTS_PER_CHAIN` a chain, or one without data."""
    count = chains * (STARTS_PER_CHAIN if _weighing(line) else 1)
    return tfp_random.split_seed(key, n=count, salt="iid_sample_stateless")


def _candidate(line: RealLine, pins: Draw, key: Array) -> tuple[Array, Array, Draw]:
    """Return a prior draw's vector, its weight, which is the likelihood's logarithm, and its faults."""
    draw, weighing = line.model.sample(key, pins), _weighing(line)
    vector = line.flatten(draw, pins)
    terms = line.model.log_densities(draw, of=weighing)
    terms = {name: jnp.sum(terms[name]) for name in weighing}
    faults = {
        name: ~jnp.isfinite(x).all() for name, x in (line.by_variable(vector) | terms).items()
    }
    return vector, sum(terms.values(), jnp.zeros(())), faults


def _explain_no_start(line: RealLine, keys: Array, pins: Draw, faults: Draw) -> str:
    """Say which variables have no log density at the prior draws, and for which of their values."""
    shares = {name: int(np.sum(fault)) for name, fault in faults.items()}
    names = [name for name, share in shares.items() if share == max(shares.values())]

    def finite(key: Array) -> Draw:
        draw = line.model.sample(key, pins)
        log_likelihood, _ = observe(line.model, draw, key, pins, replicate=False)
        return {name: jnp.isfinite(values) for name, values in log_likelihood.items()}

    details, by_value = "", jax.vmap(finite)(keys)
    for name in (name for name in names if name in pins):
        never = np.argwhere(~np.asarray(by_value[name]).any(axis=0)).tolist()
        if never and never[0]:
            details += (
                f" Of the {by_value[name][0].size} values of {name}, {len(never)} never have one; the index "
                f"of the first is {', '.join(map(str, never[0]))}."
            )
    return (
        f"No chain can start: at {max(shares.values())} of {len(keys)} draws from the prior "
        f"{' and '.join(names)} {'has' if len(names) == 1 else 'have'} no finite log density.{details} Look "
        "for data outside the support of their distribution (negative counts, values beyond a bound) and for "
        "parameters that are NaN or out of range (a scale that is not positive)."
    )


def transitions(
    line: RealLine, draws: int, tune: int, starts: Array, key: Array, target: Array, pins: Draw
) -> tuple[Array, dict[str, Array]]:
    """Run NUTS with TFP's adaptation in windows.

    Parameters
    ----------
    line : RealLine
        The model.
    draws, tune : int
        Draws kept per chain, and adaptation steps before them.
    starts : array, shape (chain, d)
        Starting points.
    key, target, pins
        Key of the random numbers, acceptance statistic to adapt to, and the data.

    Returns
    -------
    vectors : array, shape (draw, chain, d)
        The draws.
    stats : dict of arrays, shape (draw, chain) or (draw,)
        Statistics of the transitions, under ArviZ's names.
    """
    (vectors,), stats = windowed_adaptive_nuts(
        draws,
        tfd.JointDistributionSequential([Target(line, pins)]),
        n_chains=len(starts),
        num_adaptation_steps=tune,
        dual_averaging_kwargs={"target_accept_prob": target},
        trace_fn=_trace,
        current_state=[starts],
        seed=key,
    )
    return vectors, stats


def _trace(state: Any, bijector: Any, is_adapting: Any, kernel_results: Any) -> dict[str, Any]:
    """Record TFP's own statistics of a transition, and three that ArviZ also wants."""
    stats = windowed_sampling.default_nuts_trace_fn(state, bijector, is_adapting, kernel_results)
    return {
        "lp": stats["target_log_prob"],
        "diverging": stats["diverging"],
        "acceptance_rate": stats["accept_ratio"],
        "n_steps": stats["n_steps"],
        "step_size": stats["step_size"],
        # TFP stores the log of the joint density of position and momentum: minus the energy, up to
        # a constant that depends on the mass matrix and does not change after warm-up.
        "energy": -unnest.get_innermost(kernel_results, "energy"),
        "reached_max_treedepth": unnest.get_innermost(kernel_results, "reach_max_depth"),
    }


def observe(
    model: Model, draw: Mapping[str, Array], key: Array, pins: Draw, replicate: bool
) -> tuple[Draw, Draw]:
    """Return the log density of each observation at one draw, and a replicate of the data if asked for.

    A variable that depends on data gets its replicate given the data that were observed.

    Returns
    -------
    log_likelihood, replicates : dict of arrays
        By pinned variable.
    """
    log_likelihood: Draw = {}
    replicates: Draw = {}

    def value_of(name: str, distribution: Any) -> Array:
        if name in pins:
            log_likelihood[name] = pointwise(distribution, pins[name])
            if replicate:
                # Each variable has a key of its own: with one for all, their noises would be the same.
                own = jax.random.fold_in(key, len(replicates)) if replicates else key
                replicates[name] = distribution.sample(seed=own)
        return settled(name, distribution, {**draw, **pins})

    model.tell(value_of)
    return log_likelihood, replicates


def complete(
    line: RealLine,
    deterministics: Callable[[Any], Mapping[str, Any]] | None,
    replicate: bool,
    vectors: Array,
    key: Array,
    pins: Draw,
) -> dict[str, Draw]:
    """Return all that belongs to the draws of NUTS.

    Parameters
    ----------
    line, deterministics, replicate
        The model; further quantities, and whether to draw replicates of the data.
    vectors : array, shape (draw, chain, d)
        The draws.
    key, pins
        Key of the random numbers, and the data.

    Returns
    -------
    dict of dicts of arrays, shape (draw, chain, ...)
        `draws`, `deterministics`, `log_likelihood` and `posterior_predictive`, by variable.
    """

    def at(vector: Array, key: Array) -> dict[str, Any]:
        draw = line.constrain(vector, pins)
        extra = deterministics(SimpleNamespace(**draw)) if deterministics else {}
        log_likelihood, replicates = observe(line.model, draw, key, pins, replicate)
        return {
            "draws": draw,
            "deterministics": extra,
            "log_likelihood": log_likelihood,
            "posterior_predictive": replicates,
        }

    return jax.vmap(jax.vmap(at))(vectors, jax.random.split(key, vectors.shape[:2]))


def _check_settings(settings: Mapping[str, int], target_accept: float) -> None:
    for name, value in settings.items():
        positive_whole(name, value)
    if settings.get("tune", SHORTEST_WARM_UP) < SHORTEST_WARM_UP:
        raise ValueError(
            f"tune must be at least {SHORTEST_WARM_UP}, because TFP adapts in windows, but "
            f"{settings['tune']} was given."
        )
    probability("target_accept", target_accept)


def _new_data(pins: Mapping[str, Any], data: Mapping[str, Any]) -> Draw:
    """Return other values of pinned variables, as arrays of the type that was compiled."""
    converted = {}
    for name, values in data.items():
        if name not in pins:
            raise ValueError(
                f"data must be for pinned variables ({', '.join(pins) or 'there are none'}), "
                f"but {name!r} was given."
            )
        array = finite_array(name, values)
        if array.shape != pins[name].shape:
            raise ValueError(
                f"{name} must keep the shape {pins[name].shape} it was compiled with, but data of "
                f"shape {array.shape} were given."
            )
        converted[name] = jnp.asarray(array, pins[name].dtype)
        if pins[name].dtype.kind in "iub" and not np.array_equal(converted[name], array):
            raise ValueError(
                f"{name} must consist of whole numbers, as the data it was compiled with, but has others."
            )
    return converted


def _further_shapes(
    line: RealLine, deterministics: Callable[[Any], Mapping[str, Any]] | None
) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the further quantities, without computing any."""
    if deterministics is None:
        return {}
    if not callable(deterministics):
        raise TypeError(
            "deterministics must be a function from a draw to a dict of quantities, but a "
            f"{type(deterministics).__name__} was given."
        )
    draw = {
        name: jax.ShapeDtypeStruct(line.variables[name].shape, line.variables[name].dtype)
        for name in line.stored
    }
    found = jax.eval_shape(lambda draw: deterministics(SimpleNamespace(**draw)), draw)
    if not isinstance(found, Mapping):
        raise TypeError(
            "deterministics must return a dict of quantities by name, but returns a "
            f"{type(found).__name__}."
        )
    for name, value in found.items():
        if not isinstance(name, str):
            raise TypeError(f"deterministics must name quantities by text, but {name!r} is one.")
        if not hasattr(value, "shape"):
            raise TypeError(
                f"deterministics must give {name!r} a number or an array, but gives a "
                f"{type(value).__name__} (jnp.stack makes an array of a list)."
            )
    taken = [name for name in found if name in line.variables]
    if taken:
        raise ValueError(
            f"deterministics must give its quantities names of their own, but {taken[0]} is a variable "
            "of the model."
        )
    return {name: value.shape for name, value in found.items()}


def _check_labels(
    shapes: Mapping[str, tuple[int, ...]],
    coords: Mapping[str, Sequence],
    dims: Mapping[str, Sequence[str]],
) -> None:
    """Refuse names of variables, dimensions and coordinates that do not fit each other.

    Parameters
    ----------
    shapes : mapping
        The shape of each variable in one draw.
    coords, dims : mapping
        As in `compile_nuts`; variables that are not there may have dimensions.
    """
    for name in shapes:
        if name in ("chain", "draw") or any(name in names for names in dims.values()):
            raise ValueError(
                f"{name} must have another name: it is both a variable and a dimension, and ArviZ keeps only "
                "one of them."
            )
    sizes = {
        dim: (len(values), f"coords gives it {len(values)} values")
        for dim, values in coords.items()
    }
    for name in dims.keys() & shapes.keys():
        names, shape = list(dims[name]), shapes[name]
        if len(names) != len(shape):
            raise ValueError(
                f"dims must name each dimension of {name}, whose shape is {shape}, but names {names}."
            )
        for dim, size in zip(names, shape, strict=True):
            if dim in ("chain", "draw"):
                raise ValueError(
                    f"dims must not name a dimension of {name} {dim!r}: ArviZ has one."
                )
            known, why = sizes.setdefault(dim, (size, f"that of {name} has {size}"))
            if dim is not None and known != size:
                raise ValueError(
                    f"dims must fit, but the dimension {dim!r} of {name} has {size} values, and {why}."
                )


def _as_labels(
    coords: Mapping[str, Sequence] | None, dims: Mapping[str, Sequence[str]] | None
) -> tuple[dict[str, Sequence], dict[str, list[str]]]:
    """Return both as dicts; a single name of a dimension counts as a list of one."""
    for argument, given in {"coords": coords, "dims": dims}.items():
        if given is not None and not isinstance(given, Mapping):
            raise TypeError(f"{argument} must be a dict, but a {type(given).__name__} was given.")
    sequences, named = {}, {}
    for name, values in (coords or {}).items():
        values = list(values) if isinstance(values, KeysView | ValuesView) else values
        if isinstance(values, str) or not _is_sequence(values):
            raise ValueError(
                f"coords must give each dimension a sequence of values, but {values!r} for {name!r}."
            )
        sequences[name] = values
    for name, names in (dims or {}).items():
        if not isinstance(names, Iterable):
            raise TypeError(
                f"dims must give {name} a name or a list of names, but {names!r} was given."
            )
        named[name] = [names] if isinstance(names, str) else list(names)
    return sequences, named


def _is_sequence(values: Any) -> bool:
    """Whether values have one dimension."""
    try:
        return np.ndim(values) == 1
    except ValueError:  # lists of different lengths
        return False


def _per_draw(stats: Mapping[str, Any], draws: int, chains: int) -> dict[str, np.ndarray]:
    """Repeat for each chain the statistics that TFP keeps once for all (the step size)."""
    return {
        name: np.broadcast_to(np.reshape(value, (draws, -1)), (draws, chains))
        for name, value in stats.items()
    }


def _to_datatree(
    groups: Mapping[str, Mapping[str, Any]],
    observed: Mapping[str, Any],
    coords: Mapping[str, Sequence] | None,
    dims: Mapping[str, Sequence[str]] | None,
) -> DataTree:
    """Put groups of arrays of shape (draw, chain, ...) into a tree, chains first, as ArviZ wants."""
    coords, dims = _as_labels(coords, dims)
    arrays = {
        group: {name: np.swapaxes(np.asarray(value), 0, 1) for name, value in variables.items()}
        for group, variables in groups.items()
        if variables
    }
    if observed:
        arrays["observed_data"] = {name: np.asarray(value) for name, value in observed.items()}
    return az.from_dict(arrays, coords=coords, dims=dims)


def compile_nuts(
    model: Any,
    *,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    target_accept: float = 0.8,
    deterministics: Callable[[Any], Mapping[str, Any]] | None = None,
    posterior_predictive: bool = False,
    coords: Mapping[str, Sequence] | None = None,
    dims: Mapping[str, Sequence[str]] | None = None,
) -> Callable[..., DataTree]:
    """Compile NUTS for one TFP model and return a function that runs it for a given seed.

    Parameters
    ----------
    model : JointDistributionPinned or JointDistribution
        A joint distribution of any class with its data, `joint.experimental_pin(y=data)`, or one without
        data. Variables from `tfd.Deterministic` are computed, not sampled.
    draws, tune, chains : int
        Draws kept per chain, adaptation steps per chain, number of chains.
    target_accept : float
        Acceptance statistic that the step size is adapted to, between 0 and 1.
    deterministics : callable, optional
        Maps one draw (with the model's names as attributes) to a dict of further quantities, which
        are stored in the posterior: what `pm.Deterministic` does.
    posterior_predictive : bool
        Whether to draw also one replicate of each pinned variable for every posterior draw.
    coords, dims : mapping, optional
        Coordinate values by dimension, and dimension names by variable, as in PyMC: a list, or a single
        name for a vector. Names of variables that this model does not have are passed over.

    Returns
    -------
    callable
        `run(seed)`, `run(seed, target_accept)` or `run(seed, y=other_data)`, none of which compiles
        again: pinned variables may be given other values of the same shape. It returns a `DataTree`
        with the groups `posterior`, `sample_stats`, `log_likelihood`,
        `observed_data` and, if asked for, `posterior_predictive`. All arrays start with the
        dimensions `(chain, draw)`. `log_likelihood` has one number for each observation, where entries
        of a vector that the model ties together are one observation. `sample_stats` holds `diverging`,
        `energy`, `lp`, `n_steps`, `acceptance_rate`, `step_size` and `reached_max_treedepth`.
        `posterior.attrs` records the library and the settings.

    Raises
    ------
    TypeError
        If `model` is not a joint distribution, `deterministics` is no function or returns no dict of
        numbers and arrays, or `coords` or `dims` is no dict.
    ValueError
        Before anything is compiled: if a setting is out of range; data are missing, NaN or infinite, or of
        another shape than the model draws; a variable is discrete, or without a single log density for
        a draw; `coords` and `dims` do not fit the variables. From `run`: if other data are for a
        variable that is not pinned, of another shape or not finite, or no prior draw has a density. The
        message names the argument or variable.

    References
    ----------
    Hoffman and Gelman (2014), The No-U-Turn Sampler, JMLR 15; the adaptation in windows is
    Stan's (Stan Reference Manual, "HMC algorithm parameters").
    """
    _check_settings({"draws": draws, "tune": tune, "chains": chains}, target_accept)
    flag("posterior_predictive", posterior_predictive)
    read = read_model(model)
    pins, line = read.pins, real_line(read)
    coords, dims = _as_labels(coords, dims)
    shapes = {name: line.variables[name].shape for name in [*line.stored, *pins]}
    _check_labels(shapes | _further_shapes(line, deterministics), coords, dims)

    # For models of this size compiling costs far more than running, so XLA optimizes lightly, and what
    # runs only once not at all.
    def compiled(function: Callable, level: int) -> Any:
        return jax.jit(function, compiler_options={"xla_backend_optimization_level": level})

    start = compiled(partial(choose_starts, line, chains), level=0)
    move = compiled(partial(transitions, line, draws, tune), level=1)
    finish = compiled(partial(complete, line, deterministics, posterior_predictive), level=0)

    def run(seed: int, target_accept: float = target_accept, **data: Any) -> DataTree:
        _check_settings({}, target_accept)
        if not isinstance(seed, Integral):
            raise ValueError(f"seed must be a whole number, but {seed!r} was given.")
        if not -(2**63) <= seed < 2**63:
            raise ValueError(f"seed must fit into 64 bits, but {seed!r} was given.")
        given = pins | _new_data(pins, data)
        sample_key, predict_key = jax.random.split(jax.random.PRNGKey(seed))
        start_key, sample_key = jax.random.split(sample_key)
        starts, faults = start(start_key, given)
        if np.any(list(faults.values()), axis=0).all():
            keys = _prior_keys(line, chains, jax.random.split(start_key)[0])
            raise ValueError(_explain_no_start(line, keys, given, faults))
        vectors, stats = move(starts, sample_key, jnp.asarray(target_accept), given)
        found = finish(vectors, predict_key, given)

        posterior = {name: found["draws"][name] for name in line.stored} | found["deterministics"]
        groups = {
            "posterior": posterior,
            "sample_stats": _per_draw(stats, draws, chains),
            "log_likelihood": found["log_likelihood"],
            "posterior_predictive": found["posterior_predictive"],
        }
        tree = _to_datatree(groups, observed=given, coords=coords, dims=dims)
        tree.posterior.attrs.update(
            inference_library="tensorflow_probability",
            tuning_steps=tune,
            target_accept=target_accept,
        )
        return tree

    return run


def sample_tfp(model: Any, *, seed: int, **settings: Any) -> DataTree:
    """Compile NUTS for a TFP model and run it once.

    Parameters
    ----------
    model : JointDistributionPinned or JointDistribution
        A joint distribution, with its data pinned if it has any.
    seed : int
        Seed of the run.
    **settings
        The keyword arguments of `compile_nuts`.

    Returns
    -------
    DataTree
        See `compile_nuts`; use that function when the same model is run with several seeds.
    """
    return compile_nuts(model, **settings)(seed)
