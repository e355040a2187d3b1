"""What a check sees of a model, whichever library it is written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import inspect
import math
import sys
from typing import Any

from companion.exercises.answers import FAILURES, Unusable, describe_error
import numpy as np

__all__ = ["ModelView", "view"]

# Distributions of TFP that only arrange another one.
_WRAPPERS = ("BatchBroadcast", "BatchReshape", "Independent", "Sample")
_NO_PARAMETERS = ("self", "validate_args", "allow_nan_stats", "name", "parameters")


@dataclass(frozen=True)
class ModelView:
    """A model as simulated a few times from its priors.

    Attributes
    ----------
    priors : mapping of str to str
        For each free variable the family of its prior, given the variables before it, for example
        `{"sigma": "HalfNormal"}`. Both libraries name nearly all families alike.
    sizes : mapping of str to int
        For each free variable how many numbers it has.
    family : str
        Family of the likelihood: of the observed variable, or of the one with most numbers if none
        is observed.
    parameters : tuple of numpy.ndarray, shape (draws, ...)
        The parameters of the likelihood in the order of the library's signature, in each simulation
        from the priors. For a Student t: degrees of freedom, location, scale, in both libraries.
    """

    priors: Mapping[str, str]
    sizes: Mapping[str, int]
    family: str
    parameters: tuple[np.ndarray, ...]

    @property
    def free(self) -> int:
        """How many unknown numbers the model has."""
        return sum(self.sizes.values())

    def depends_on_priors(self, parameter: int) -> bool:
        """Whether a parameter of the likelihood, by its place, depends on a free variable."""
        values = self.parameters[parameter]
        return bool((values != values[:1]).any())


def view(name: str, model: Any, draws: int = 3) -> ModelView:
    """Look at a PyMC model, or at a joint distribution of TFP with or without pinned data.

    Parameters
    ----------
    name : str
        Name of the answer.
    model : pymc.Model or tfd.JointDistribution or tfd.JointDistributionPinned
        The answer.
    draws : int
        How many times to simulate from the priors.

    Returns
    -------
    ModelView

    Raises
    ------
    Unusable
        If it is no model, has no data, or cannot be simulated.
    """
    pymc = sys.modules.get("pymc")
    joint = getattr(model, "distribution", model) if hasattr(model, "pins") else model
    try:
        if pymc is not None and isinstance(model, pymc.Model):
            if model.observed_RVs:
                return _of_pymc(model, draws)
            raise Unusable(name, model, "which has no observed variable")
        if hasattr(joint, "sample_distributions"):
            return _of_tfp(joint, set(getattr(model, "pins", ())), draws)
    except Unusable:
        raise
    except FAILURES as error:
        raise Unusable(
            name, model, f"which cannot be simulated from its priors ({describe_error(error)})"
        ) from error
    raise Unusable(
        name, model, instead="Pass the model itself: a `pm.Model`, or a joint distribution of TFP."
    )


def _of_pymc(model: Any, draws: int) -> ModelView:
    import pymc as pm

    def family(variable: Any) -> str:
        return type(variable.owner.op).__name__.removesuffix("RV")

    shapes = model.eval_rv_shapes()
    observed = max(model.observed_RVs, key=lambda v: int(v.size.eval(mode="FAST_COMPILE")))
    symbols = list(observed.owner.op.dist_params(observed.owner))
    values = pm.draw(symbols, draws=draws, random_seed=1, mode="FAST_COMPILE")
    return ModelView(
        {variable.name: family(variable) for variable in model.free_RVs},
        {variable.name: math.prod(shapes[variable.name]) for variable in model.free_RVs},
        family(observed),
        tuple(np.asarray(value) for value in values),
    )


def _of_tfp(joint: Any, pinned: set[str], draws: int) -> ModelView:
    import jax

    def plain(distribution: Any) -> Any:
        while type(distribution).__name__.lstrip("_") in _WRAPPERS:
            distribution = distribution.distribution
        return distribution

    def by_name(parts: Any) -> dict[str, Any]:
        parts = parts._asdict() if hasattr(parts, "_asdict") else parts
        if not isinstance(parts, Mapping):
            parts = dict(zip(joint._flat_resolve_names(), parts, strict=True))
        return dict(parts)

    seen: dict[str, Any] = {}

    def simulate(key: Any) -> list[Any]:
        distributions, values = joint.sample_distributions(seed=key)
        parts = {n: plain(d) for n, d in by_name(distributions).items()}
        sizes = {n: int(np.size(value)) for n, value in by_name(values).items()}
        data = max(sizes, key=lambda n: (n in pinned, sizes[n]))
        seen.update(parts=parts, sizes=sizes, data=data)
        signature = inspect.signature(type(parts[data]).__init__).parameters
        given = [parts[data].parameters.get(n) for n in signature if n not in _NO_PARAMETERS]
        return [jax.numpy.asarray(value) for value in given if value is not None]

    # As one program: operation by operation, each would be compiled for itself, which takes a minute.
    compiled = jax.jit(jax.vmap(simulate), compiler_options={"xla_backend_optimization_level": 0})
    parameters = compiled(jax.random.split(jax.random.key(1), draws))
    families = {n: type(part).__name__.lstrip("_") for n, part in seen["parts"].items()}
    free = [n for n in families if n not in pinned and n != seen["data"]]
    return ModelView(
        {n: families[n] for n in free},
        {n: seen["sizes"][n] for n in free},
        families[seen["data"]],
        tuple(np.asarray(value) for value in parameters),
    )
