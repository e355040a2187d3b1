"""A joint distribution of TFP and its data, one draw at a time, whatever its class.

TFP has six classes of joint distributions. A model is a coroutine, a sequence or a dict, and each of
them is batched by hand or automatically; their draws have three forms. But all six tell the same story:
one variable after the other gives its distribution and is told its value. `Model.tell` runs this
story for a single draw, with a free choice of what to do at each variable, and `jax.vmap` repeats it.

A variable is *free* (to be sampled), *data* (pinned), *computed* (`tfd.Deterministic`) or a *factor*
(`IncrementLogProb`, a term of the density without a value).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from companion import tfp_repairs  # noqa: F401  (first of all, TFP is repaired)
from companion.inputs import finite_array
import jax
from jax import Array
import jax.numpy as jnp
import numpy as np
from tensorflow_probability.substrates.jax import distributions as tfd
from tensorflow_probability.substrates.jax import random as tfp_random

__all__ = ["Model", "ModelError", "Variable", "pointwise", "read_model"]

Draw = dict[str, Array]


class ModelError(ValueError):
    """A model that cannot be sampled; the message names the variable."""


@dataclass(frozen=True)
class Variable:
    """What is known of a variable before any draw.

    Attributes
    ----------
    role : str
        `"free"`, `"data"`, `"computed"` or `"factor"`.
    shape : tuple of int
        The shape of its value in one draw.
    dtype : dtype
        The type of its value.
    """

    role: str
    shape: tuple[int, ...]
    dtype: np.dtype


@dataclass(frozen=True)
class Model:
    """A joint distribution with its data.

    Attributes
    ----------
    joint : JointDistribution
        The distribution of all variables.
    names : tuple of str
        Their names, in the order of the story.
    pins : dict of arrays
        The data, by name.
    """

    joint: tfd.JointDistribution
    names: tuple[str, ...]
    pins: Draw

    def tell(self, value_of: Callable[[str, Any], Any]) -> None:
        """Run the story for one draw: `value_of(name, distribution)` returns each value in turn."""
        story, value = self.joint._model_coroutine(), None
        for name in self.names:
            part = story.send(value)
            value = value_of(name, part.distribution if isinstance(part, self.joint.Root) else part)

    def sample(self, key: Array, given: Mapping[str, Array]) -> Draw:
        """Draw, with TFP's own use of the key, every variable that is not given; return all of them."""
        draw: Draw = {}
        key = tfp_random.sanitize_seed(key, salt="JointDistribution")

        def value_of(name: str, distribution: Any) -> Array:
            nonlocal key
            own, key = tfp_random.split_seed(key)
            draw[name] = given[name] if name in given else distribution.sample(seed=own)
            return draw[name]

        self.tell(value_of)
        return draw

    def log_densities(self, given: Mapping[str, Array], of: Collection[str] | None = None) -> Draw:
        """Return the log density of each variable that has one, or of some, as an array or a number.

        Parameters
        ----------
        given : mapping of arrays
            The data, and the values of the free variables.
        of : collection of str, optional
            The names of the variables wanted; all of them if not given.
        """
        terms: Draw = {}

        def value_of(name: str, distribution: Any) -> Array:
            value = settled(name, distribution, given)
            if not is_computed(distribution) and (of is None or name in of):
                terms[name] = distribution.unnormalized_log_prob(value)
            return value

        self.tell(value_of)
        return terms

    def variables(self) -> dict[str, Variable]:
        """Describe every variable, and refuse a model that has no single density for a single draw.

        Returns
        -------
        dict of Variable
            By name, in the order of the story.

        Raises
        ------
        ModelError
            If data do not have the shape that the model draws, a variable gives several densities for
            one draw, is itself a joint distribution, or is computed and pinned. The message names it.
        """
        found: dict[str, Variable] = {}

        def look(key: Array, pins: Draw) -> None:
            def value_of(name: str, distribution: Any) -> Array:
                found[name] = self._describe(name, distribution)
                value = pins[name] if name in pins else distribution.sample(seed=key)
                if found[name].role != "computed":
                    self._check_density(name, distribution.unnormalized_log_prob(value).shape)
                return value

            self.tell(value_of)

        abstractly(look, jax.random.key(0), self.pins)
        return found

    def _describe(self, name: str, distribution: Any) -> Variable:
        kind = kind_of(distribution)
        if isinstance(distribution, tfd.JointDistribution):
            raise ModelError(
                f"{name} is itself a {kind}: yield its variables one by one, each with its own name."
            )
        shape, computed = shape_of(distribution), is_computed(distribution)
        if name in self.pins and computed:
            raise ModelError(
                f"{name} must not be pinned, because it is computed from other variables ({kind})."
            )
        if name in self.pins and self.pins[name].shape != shape:
            raise ModelError(
                f"{name} has data of shape {self.pins[name].shape}, but the model draws {name} with the "
                f"shape {shape}: give its distribution the shape of the data, for instance by tfd.Sample."
            )
        role = "free"
        if name in self.pins:
            role = "data"
        elif computed:
            role = "computed"
        elif 0 in shape:
            role = "factor"
        return Variable(role, shape, np.dtype(distribution.dtype))

    def _check_density(self, name: str, shape: tuple[int, ...]) -> None:
        batched = self.joint.batch_ndims
        if batched:
            raise ModelError(
                f"model must have one density for one draw, but was made with batch_ndims={batched}."
            )
        if batched is None and shape:
            raise ModelError(
                f"{name} has log densities of shape {shape} for one draw, where a single number is expected: "
                "use an AutoBatched joint distribution, or wrap the distribution of "
                f"{name} in tfd.Independent."
            )


def read_model(model: Any) -> Model:
    """Return a joint distribution and its data.

    Parameters
    ----------
    model : JointDistributionPinned or JointDistribution
        However its data were pinned: by name, by position or by a dict.

    Raises
    ------
    TypeError
        If it is no joint distribution.
    ValueError
        If data are missing, NaN or infinite.
    """
    joint = getattr(model, "distribution", model)
    if not isinstance(joint, tfd.JointDistribution):
        raise TypeError(
            "model must be a joint distribution, with its data pinned if it has any "
            f"(joint.experimental_pin(y=...)), but a {type(model).__name__} was given."
        )
    pins = getattr(model, "pins", {})
    for name, data in pins.items():
        if isinstance(data, Array):  # the variables of a nested model are refused later
            finite_array(name, data)
    return Model(joint, tuple(joint._flat_resolve_names()), dict(pins))


def abstractly(function: Callable, *arguments: Any) -> Any:
    """Return the shapes of a function's values without computing any; `ModelError` keeps clear of JAX."""
    try:
        return jax.eval_shape(function, *arguments)
    except ModelError as error:
        # Raised again, because JAX has put a note about its own frames below the message.
        raise ModelError(str(error)) from error.__cause__


def kind_of(distribution: Any) -> str:
    """Return what a distribution is, wrappers included: `"Sample of Poisson"`."""
    kind = type(distribution).__name__.lstrip("_")
    wrapped = getattr(distribution, "distribution", None)
    own = kind not in (
        "Sample",
        "Independent",
        "TransformedDistribution",
        "Masked",
        "BatchBroadcast",
    )
    return kind if own or wrapped is None else f"{kind} of {kind_of(wrapped)}"


def kinds_of(distribution: Any) -> set[str]:
    """Return the names of a distribution's classes; some have a private parent that TFP returns instead."""
    return {cls.__name__.lstrip("_") for cls in type(distribution).__mro__}


def shape_of(distribution: Any) -> tuple[int, ...]:
    """Return the shape of one draw."""
    return tuple(distribution.batch_shape) + tuple(distribution.event_shape)


def is_computed(distribution: Any) -> bool:
    """Whether a distribution has a single value, however it is wrapped."""
    while hasattr(distribution, "distribution"):
        distribution = distribution.distribution
    return "BaseDeterministic" in kinds_of(distribution)


def settled(name: str, distribution: Any, given: Mapping[str, Array]) -> Array:
    """Return the value of a variable that is given, or that has only one: a computed one or a factor."""
    return given[name] if name in given else distribution.sample(seed=jax.random.key(0))


def pointwise(distribution: Any, value: Array) -> Array:
    """Return the log density of each observation.

    Observations are what `tfd.Sample` and `tfd.Independent` repeat, and what a batch holds. What a
    distribution ties together, as the entries of a multivariate Normal or the counts of a Multinomial,
    is one observation.

    Parameters
    ----------
    distribution : Distribution
        Of all observations.
    value : array
        The observations, in the shape in which the distribution draws them.

    Returns
    -------
    array
        Of the leading part of that shape.
    """
    event_ndims, kinds = len(distribution.event_shape), kinds_of(distribution)
    if event_ndims and "Independent" in kinds:
        return pointwise(distribution.distribution, value)
    if event_ndims and "Sample" in kinds:
        return _pointwise_sample(distribution, value)
    if event_ndims and "TransformedDistribution" in kinds:
        tied = distribution.bijector.inverse_min_event_ndims
        if tied < event_ndims:
            return _pointwise_transformed(distribution, value, tied)
    return distribution.log_prob(value)


def _pointwise_sample(distribution: Any, value: Array) -> Array:
    """Bring the repetitions to the front, where every distribution takes them, and back again."""
    repeated = distribution.distribution
    repetitions = len(distribution.event_shape) - len(repeated.event_shape)
    first = value.ndim - len(distribution.event_shape)
    front, own = range(repetitions), range(first, first + repetitions)
    return jnp.moveaxis(pointwise(repeated, jnp.moveaxis(value, own, front)), front, own)


def _pointwise_transformed(distribution: Any, value: Array, tied: int) -> Array:
    """Add the change of volume of each observation; values that the bijector ties are one of them."""
    change = distribution.bijector
    density = pointwise(distribution.distribution, change.inverse(value))
    volume = change.inverse_log_det_jacobian(value, event_ndims=tied)
    volume = jnp.broadcast_to(volume, value.shape[: value.ndim - tied])
    ndim = min(density.ndim, volume.ndim)
    return density.sum(axis=tuple(range(ndim, density.ndim))) + volume.sum(
        axis=tuple(range(ndim, volume.ndim))
    )
