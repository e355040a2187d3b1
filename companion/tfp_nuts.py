"""NUTS in TensorFlow Probability, with its result in the form that ArviZ and PyMC use.

`tfp.experimental.mcmc.windowed_adaptive_nuts` returns draws as `(draw, chain, ...)`, statistics
under names of its own, and no log likelihood. This module transposes, renames and adds what is
missing, and returns the same kind of `DataTree` as `pm.sample`.

Each chain starts at a draw of the prior: of a hundred, one that explains the data well. (TFP's own
default, a point near zero on the unconstrained scale, is far from the posterior of anything measured
in thousands, and so is a typical draw of a wide prior.)

Tracing and compiling cost far more than sampling here, so `compile_nuts` does both once and
returns a function of the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from xarray import DataTree

__all__ = ["compile_nuts", "sample_tfp"]

STARTS_PER_CHAIN = 100


def _trace(state, bijector, is_adapting, kernel_results) -> dict[str, Any]:
    """Record TFP's own statistics of a transition, and three that ArviZ also wants."""
    from tensorflow_probability.substrates.jax.experimental.mcmc import windowed_sampling
    from tensorflow_probability.substrates.jax.internal import unnest

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


def _every_draw(function: Callable) -> Callable:
    """Map a function of one draw over the two leading dimensions of its arguments."""
    import jax

    return jax.vmap(jax.vmap(function))


def _with_data(joint: Any, pins: Mapping[str, Any]) -> Any:
    """Pin the data, if there are any."""
    return joint.experimental_pin(**pins) if pins else joint


def _sample_prior(joint: Any, pins: Mapping[str, Any], shape: tuple[int, ...], key: Any) -> Any:
    """Draw the variables that are not pinned."""
    model = _with_data(joint, pins)
    return (model.sample_unpinned if pins else model.sample)(shape, seed=key)


def _on_the_real_line(
    joint: Any, pins: Mapping[str, Any]
) -> tuple[Callable, Callable, Callable[[Mapping[str, Any]], Any]]:
    """State a model's density for a plain vector of real numbers, traced once.

    NUTS evaluates its target in many places, and each of them would trace the whole model again.

    Positive numbers become their logarithms, as in PyMC. TFP's own choice for most of them is the
    inverse of softplus: where a scale is measured in thousands, that leaves it as it is, and zero
    becomes a wall into which trajectories run.

    Returns
    -------
    flatten, constrain : callable
        From a draw to its vector of shape (d,), and back.
    unconstrained : callable
        From the pinned data to the distribution of that vector, whose density has the log determinant
        of the change of variables and is not normalized.
    """
    import jax
    from jax.flatten_util import ravel_pytree
    import jax.numpy as jnp
    from tensorflow_probability.substrates.jax import bijectors, distributions
    from tensorflow_probability.substrates.jax.math import softplus_inverse

    # Built anew inside each compiled function. To find it, TFP draws from the model: traced, that costs
    # nothing; operation by operation, each operation would be compiled for itself.
    def bijector():
        return _with_data(joint, pins).experimental_default_event_space_bijector()

    shapes = jax.eval_shape(
        lambda key: bijector().inverse(_sample_prior(joint, pins, (), key)), jax.random.key(0)
    )
    zeros, unravel = ravel_pytree(jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes))
    event_ndims = jax.tree.map(lambda x: x.ndim, shapes)

    @jax.jit
    def is_softplus(value):
        """Recognize TFP's softplus, coordinate by coordinate, by its value at one number."""
        before = unravel(zeros + value)
        same = [
            jnp.isclose(new, jax.nn.softplus(value)) if new.shape == old.shape else old < old
            for old, new in zip(before, bijector().forward(before), strict=True)
        ]
        return ravel_pytree(same)[0]

    on_log_scale = is_softplus(0.0) & is_softplus(1.0)

    def flatten(draw):
        parts = ravel_pytree(bijector().inverse(draw))[0]
        return jnp.where(on_log_scale, jnp.log(jax.nn.softplus(parts)), parts)

    def to_parts(vector):
        positive = jnp.exp(jnp.where(on_log_scale, vector, 0.0))
        return unravel(jnp.where(on_log_scale, softplus_inverse(positive), vector)), positive

    def constrain(vector):
        return bijector().forward(to_parts(vector)[0])

    @jax.jit
    @partial(jax.vmap, in_axes=(0, None))
    def log_density(vector, pins):
        parts, positive = to_parts(vector)
        to_support = bijector()
        volume = to_support.forward_log_det_jacobian(parts, event_ndims)
        volume += jnp.sum(jnp.where(on_log_scale, vector - jnp.log(-jnp.expm1(-positive)), 0.0))
        return _with_data(joint, pins).unnormalized_log_prob(to_support.forward(parts)) + volume

    class Unconstrained(distributions.Distribution):
        def __init__(self, pins):
            self.pins = pins
            super().__init__(
                dtype=zeros.dtype,
                reparameterization_type=distributions.NOT_REPARAMETERIZED,
                validate_args=False,
                allow_nan_stats=False,
                parameters={},
            )

        def _event_shape(self):
            return zeros.shape

        def _event_shape_tensor(self):
            return jnp.asarray(zeros.shape)

        def _batch_shape(self):
            return ()

        def _batch_shape_tensor(self):
            return jnp.asarray((), dtype=int)

        def _default_event_space_bijector(self):
            return bijectors.Identity()

        def _sample_n(self, n, seed=None):
            # TFP asks for a draw to learn its shape.
            return jnp.zeros((n, *zeros.shape), zeros.dtype)

        def _log_prob(self, vectors):
            return log_density(vectors, self.pins)

    return flatten, constrain, Unconstrained


def _check_settings(settings: Mapping[str, int], target_accept: float) -> None:
    for name, value in settings.items():
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name} must be a positive whole number, but {value!r} was given.")
    if not 0.0 < target_accept < 1.0:
        raise ValueError(
            f"target_accept must lie between 0 and 1, but {target_accept!r} was given."
        )


def _new_data(pins: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return other values of pinned variables, as arrays of the type that was compiled."""
    import jax.numpy as jnp

    for name, value in data.items():
        if name not in pins:
            raise ValueError(
                f"data must be for pinned variables ({', '.join(pins) or 'there are none'}), "
                f"but {name!r} was given."
            )
        if np.shape(value) != pins[name].shape:
            raise ValueError(
                f"{name} must keep the shape {pins[name].shape} it was compiled with, but data of "
                f"shape {np.shape(value)} were given."
            )
    return {name: jnp.asarray(value, pins[name].dtype) for name, value in data.items()}


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
    import arviz as az

    arrays = {
        group: {name: np.swapaxes(np.asarray(value), 0, 1) for name, value in variables.items()}
        for group, variables in groups.items()
        if variables
    }
    if observed:
        arrays["observed_data"] = {name: np.asarray(value) for name, value in observed.items()}
    return az.from_dict(
        arrays,
        coords=dict(coords or {}),
        dims={name: list(names) for name, names in (dims or {}).items()},
    )


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
        A joint distribution with its data, `joint.experimental_pin(y=data)`, or one without data.
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
        Coordinate values by dimension, and dimension names by variable, as in PyMC.

    Returns
    -------
    callable
        `run(seed)`, `run(seed, target_accept)` or `run(seed, y=other_data)`, none of which compiles
        again: pinned variables may be given other values of the same shape. It returns a `DataTree`
        with the groups `posterior`, `sample_stats`, `log_likelihood`,
        `observed_data` and, if asked for, `posterior_predictive`. All arrays start with the
        dimensions `(chain, draw)`. `sample_stats` holds `diverging`, `energy`, `lp`, `n_steps`,
        `acceptance_rate`, `step_size` and `reached_max_treedepth`. `posterior.attrs` records
        the library and the settings.

    Raises
    ------
    TypeError
        If `model` is not a joint distribution.
    ValueError
        If a count is not a positive whole number or `target_accept` is not between 0 and 1; from
        `run`, also if other data are given for a variable that is not pinned, or of another shape.

    References
    ----------
    Hoffman and Gelman (2014), The No-U-Turn Sampler, JMLR 15; the adaptation in windows is
    Stan's (Stan Reference Manual, "HMC algorithm parameters").
    """
    import jax
    import jax.numpy as jnp
    from tensorflow_probability.substrates.jax.distributions import (
        JointDistribution,
        JointDistributionSequential,
    )
    from tensorflow_probability.substrates.jax.experimental.mcmc import windowed_adaptive_nuts

    joint = getattr(model, "distribution", model)
    if not isinstance(joint, JointDistribution):
        raise TypeError(
            "model must be a joint distribution, with its data pinned if it has any "
            f"(joint.experimental_pin(y=...)), but a {type(model).__name__} was given."
        )
    _check_settings({"draws": draws, "tune": tune, "chains": chains}, target_accept)
    pins = {name: jnp.asarray(value) for name, value in getattr(model, "pins", {}).items()}
    flatten, constrain, unconstrained = _on_the_real_line(joint, pins)

    # For models of this size compiling costs far more than running, so XLA optimizes lightly, and what
    # runs only once not at all.
    def compiled(function, level=1):
        return jax.jit(function, compiler_options={"xla_backend_optimization_level": level})

    # The data are arguments everywhere: TFP remembers transformed values by their identity, and what
    # it remembers of a constant would leak from one compiled function into the next.
    @partial(compiled, level=0)
    def start(key, pins):
        """Return a state for each chain: prior draws, resampled in proportion to their likelihood."""
        draw_key, choose_key = jax.random.split(key)
        if not pins:
            return jax.vmap(flatten)(_sample_prior(joint, pins, (chains,), draw_key))
        candidates = _sample_prior(joint, pins, (STARTS_PER_CHAIN, chains), draw_key)

        def log_likelihood(state):
            given, _ = joint.sample_distributions(seed=draw_key, **state._asdict(), **pins)
            return sum(jnp.sum(getattr(given, name).log_prob(pins[name])) for name in pins)

        weights = _every_draw(log_likelihood)(candidates)
        weights = jnp.where(jnp.isfinite(weights), weights, -jnp.inf)
        best = jax.random.categorical(choose_key, weights, axis=0)
        chosen = jax.tree.map(lambda values: values[best, jnp.arange(chains)], candidates)
        return jax.vmap(flatten)(chosen)

    def pointwise(state, key, pins):
        """Return the log likelihood and a replicate of each pinned variable at one draw."""
        distributions, _ = joint.sample_distributions(seed=key, **state._asdict(), **pins)
        log_likelihood, replicate = {}, {}
        for name, data in pins.items():
            distribution = getattr(distributions, name)
            per_row = distribution
            while hasattr(per_row, "reinterpreted_batch_ndims"):
                per_row = per_row.distribution
            log_likelihood[name] = per_row.log_prob(data)
            if posterior_predictive:
                replicate[name] = distribution.sample(seed=key)
        return log_likelihood, replicate

    @compiled
    def transitions(starts, key, target, pins):
        (vectors,), stats = windowed_adaptive_nuts(
            draws,
            JointDistributionSequential([unconstrained(pins)]),
            n_chains=chains,
            num_adaptation_steps=tune,
            dual_averaging_kwargs={"target_accept_prob": target},
            trace_fn=_trace,
            current_state=[starts],
            seed=key,
        )
        return vectors, stats

    @partial(compiled, level=0)
    def complete(vectors, key, pins):
        """Return draws, deterministics, log likelihood and replicates for vectors (draw, chain, d)."""
        states = _every_draw(constrain)(vectors)
        keys = jax.random.split(key, (draws, chains))
        extra = _every_draw(deterministics)(states) if deterministics else {}
        return states, extra, *_every_draw(partial(pointwise, pins=pins))(states, keys)

    def run(seed: int, target_accept: float = target_accept, **data: Any) -> DataTree:
        _check_settings({}, target_accept)
        given = pins | _new_data(pins, data)
        sample_key, predict_key = jax.random.split(jax.random.PRNGKey(seed))
        start_key, sample_key = jax.random.split(sample_key)
        starts = start(start_key, given)
        vectors, stats = transitions(starts, sample_key, jnp.asarray(target_accept), given)
        states, extra, log_likelihood, replicate = complete(vectors, predict_key, given)

        groups = {
            "posterior": {**states._asdict(), **extra},
            "sample_stats": _per_draw(stats, draws, chains),
            "log_likelihood": log_likelihood,
        }
        if posterior_predictive:
            groups["posterior_predictive"] = replicate
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
