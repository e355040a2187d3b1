"""A model on the real line: its free variables as one vector, without bounds, and their density.

Positive numbers become their logarithms, as in PyMC. TFP's own choice for most of them is the inverse of
softplus: where a scale is measured in thousands, that leaves it as it is, and zero becomes a wall into
which trajectories run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from companion.joint import (
    Draw,
    Model,
    ModelError,
    Variable,
    abstractly,
    is_computed,
    kind_of,
    settled,
)
import jax
from jax import Array
from jax.flatten_util import ravel_pytree
import jax.numpy as jnp
import numpy as np
from tensorflow_probability.substrates.jax import bijectors as tfb
from tensorflow_probability.substrates.jax import distributions as tfd
from tensorflow_probability.substrates.jax.math import softplus_inverse

__all__ = ["RealLine", "Target", "change_of_variables", "real_line"]


# What TFP raises when it has no change of variables for a distribution, or one that does not work.
FAILURES = (NotImplementedError, AttributeError, TypeError, ValueError)


def change_of_variables(name: str, distribution: Any) -> tfb.Bijector:
    """Return TFP's way from real numbers to the support of a variable's distribution.

    Raises
    ------
    ModelError
        If there is none. A discrete distribution has none.
    """
    try:
        change = distribution.experimental_default_event_space_bijector()
    except FAILURES as error:
        raise _no_way(name, distribution, error) from error
    if change is None:
        raise ModelError(
            f"{name} must be continuous, because NUTS follows gradients, but its distribution "
            f"({kind_of(distribution)}) is discrete. Sum {name} out (tfd.MixtureSameFamily sums over labels), "
            "or pin it if it is data."
        )
    return change


def _no_way(name: str, distribution: Any, error: Exception) -> ModelError:
    return ModelError(
        f"{name} cannot be sampled, because TFP has no change of variables that works for its distribution "
        f"({kind_of(distribution)}): {error}"
    )


def _try_change(name: str, distribution: Any, value: Array) -> Any:
    """Return the unconstrained part of a value, if all that NUTS needs on the way works."""
    change = change_of_variables(name, distribution)
    try:
        part = change.inverse(value)
        change.forward(part)
        change.forward_log_det_jacobian(part, jax.tree.map(jnp.ndim, part))
    except FAILURES as error:
        raise _no_way(name, distribution, error) from error
    return part


def _constrained(
    model: Model, parts: Iterable[Any], pins: Draw, see: Callable[[tfb.Bijector, Any], None]
) -> Draw:
    """Return the draw with the given unconstrained parts; `see(change, part)` is told each of them."""
    draw: Draw = {}
    rest = iter(parts)

    def value_of(name: str, distribution: Any) -> Array:
        if name in pins:
            return pins[name]
        if is_computed(distribution):
            draw[name] = settled(name, distribution, {})
        else:
            change, part = change_of_variables(name, distribution), next(rest)
            see(change, part)
            draw[name] = change.forward(part)
        return draw[name]

    model.tell(value_of)
    return draw


def _inverse(name: str, distribution: Any, value: Array) -> Any:
    return change_of_variables(name, distribution).inverse(value)


def _unconstrained(
    model: Model, draw: Mapping[str, Array], pins: Draw, inverse: Callable = _inverse
) -> list:
    """Return the unconstrained part of each free variable of a draw."""
    parts: list[Any] = []

    def value_of(name: str, distribution: Any) -> Array:
        value = settled(name, distribution, {**pins, **draw})
        if name not in pins and not is_computed(distribution):
            parts.append(inverse(name, distribution, value))
        return value

    model.tell(value_of)
    return parts


@dataclass(frozen=True)
class RealLine:
    """The free variables of a model as one vector of d real numbers.

    Attributes
    ----------
    model : Model
        The model. Its data are an argument of every method: TFP remembers transformed values by their
        identity, and what it remembers of a constant would leak from one compiled function into the next.
    variables : dict of Variable
        What is known of each variable.
    zeros : array, shape (d,)
        The origin.
    unravel : callable
        Cuts a vector into the unconstrained parts of the free variables.
    on_log_scale : array of bool, shape (d,)
        Which coordinates are logarithms, and not what TFP would choose.
    """

    model: Model
    variables: Mapping[str, Variable]
    zeros: Array
    unravel: Callable[[Array], list]
    on_log_scale: np.ndarray

    @property
    def stored(self) -> list[str]:
        """The names of the variables that a draw consists of: the free and the computed ones."""
        return [name for name, v in self.variables.items() if v.role in ("free", "computed")]

    def by_variable(self, vector: Array) -> Draw:
        """Return a vector's coordinates by variable."""
        names = [name for name, v in self.variables.items() if v.role in ("free", "factor")]
        return {
            name: ravel_pytree(part)[0]
            for name, part in zip(names, self.unravel(vector), strict=True)
        }

    def flatten(self, draw: Mapping[str, Array], pins: Draw) -> Array:
        """Return the vector of a draw."""
        vector = ravel_pytree(_unconstrained(self.model, draw, pins))[0]
        return jnp.where(self.on_log_scale, jnp.log(jax.nn.softplus(vector)), vector)

    def constrain(self, vector: Array, pins: Draw) -> Draw:
        """Return the draw of a vector."""
        parts, _ = self._parts(vector)
        draw = _constrained(self.model, parts, pins, lambda change, part: None)
        return {name: draw[name] for name in self.stored}

    def log_density(self, vector: Array, pins: Draw) -> Array:
        """Return the log density of a vector, one number: that of its draw and the volume's change."""
        volume: list[Array] = []

        def see(change: tfb.Bijector, part: Any) -> None:
            volume.append(change.forward_log_det_jacobian(part, jax.tree.map(jnp.ndim, part)))

        parts, positive = self._parts(vector)
        draw = _constrained(self.model, parts, pins, see)
        stretch = jnp.where(self.on_log_scale, vector - jnp.log(-jnp.expm1(-positive)), 0.0)
        density = self.model.log_densities(draw | pins)
        return sum(jnp.sum(term) for term in density.values()) + (sum(volume) + jnp.sum(stretch))

    @cached_property
    def log_densities(self) -> Callable[[Array, Draw], Array]:
        """The log density of each row of a matrix, traced once: NUTS evaluates it in many places."""
        return jax.jit(jax.vmap(self.log_density, in_axes=(0, None)))

    def _parts(self, vector: Array) -> tuple[list, Array]:
        """Return the unconstrained parts of a vector, and the exponentials of its logarithms."""
        positive = jnp.exp(jnp.where(self.on_log_scale, vector, 0.0))
        parts = jnp.where(self.on_log_scale, softplus_inverse(positive), vector)
        return self.unravel(parts), positive


def real_line(model: Model) -> RealLine:
    """Lay a model out on the real line.

    Raises
    ------
    ModelError
        If a variable cannot be sampled, or the model has no single density for a draw; see
        `change_of_variables` and `Model.variables`.
    """
    variables = model.variables()
    if not any(variable.role == "free" for variable in variables.values()):
        raise ModelError(
            "model must have a variable to sample, but all of them are pinned or computed."
        )

    # Traced, not run: operation by operation, each operation would be compiled for itself.
    def parts_of_a_draw(key: Array, pins: Draw) -> list:
        return _unconstrained(model, model.sample(key, pins), pins, _try_change)

    shapes = abstractly(parts_of_a_draw, jax.random.key(0), model.pins)
    zeros, unravel = ravel_pytree(jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), shapes))

    @partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})
    def is_softplus(number: float, pins: Draw) -> Array:
        """Recognize softplus, coordinate by coordinate, by its value at one number."""
        parts = unravel(zeros + number)
        draw = _constrained(model, parts, pins, lambda change, part: None)
        values = [draw[name] for name, v in variables.items() if v.role in ("free", "factor")]
        same = [
            jnp.isclose(value, jax.nn.softplus(number))
            if jax.tree.map(jnp.shape, part) == jnp.shape(value)
            else jax.tree.map(lambda x: x < x, part)
            for part, value in zip(parts, values, strict=True)
        ]
        return ravel_pytree(same)[0]

    on_log_scale = is_softplus(0.0, model.pins) & is_softplus(1.0, model.pins)
    return RealLine(model, variables, zeros, unravel, np.asarray(on_log_scale))


class Target(tfd.Distribution):
    """The density of `RealLine` as a distribution, which is what TFP's sampler asks for.

    Parameters
    ----------
    line : RealLine
        The model.
    pins : dict of arrays
        Its data.
    """

    def __init__(self, line: RealLine, pins: Draw) -> None:
        self.line, self.pins = line, pins
        super().__init__(
            dtype=line.zeros.dtype,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=False,
            parameters={},
        )

    def _event_shape(self) -> tuple[int, ...]:
        return self.line.zeros.shape

    def _event_shape_tensor(self) -> Array:
        return jnp.asarray(self.line.zeros.shape)

    def _batch_shape(self) -> tuple[int, ...]:
        return ()

    def _batch_shape_tensor(self) -> Array:
        return jnp.asarray((), dtype=int)

    def _default_event_space_bijector(self) -> tfb.Bijector:
        return tfb.Identity()

    def _sample_n(self, n: int, seed: Any = None) -> Array:
        # TFP asks for a draw to learn its shape.
        return jnp.zeros((n, *self.line.zeros.shape), self.line.zeros.dtype)

    def _log_prob(self, vectors: Array) -> Array:
        return self.line.log_densities(vectors, self.pins)
