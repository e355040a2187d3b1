"""Are a PyMC model and a TFP model the same model?

Two models agree when their joint log densities agree at every point of the parameter space. This
module checks that at random points, on the constrained space (no Jacobian terms), in float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["SameDensity", "assert_same_density"]


@dataclass(frozen=True)
class SameDensity:
    """How closely two log densities agree.

    Attributes
    ----------
    points : int
        Number of random points at which both were evaluated.
    largest_difference : float
        Largest absolute difference of the two log densities.
    largest_change : float
        Largest difference between points: the range of the difference. A constant offset, which
        changes no posterior, is left out here.
    """

    points: int
    largest_difference: float
    largest_change: float

    def __str__(self) -> str:
        """Say it in one sentence."""
        return (
            f"Same density at {self.points} random points: the log densities differ by at most "
            f"{self.largest_difference:.1e}, and their differences between points by at most "
            f"{self.largest_change:.1e}."
        )

    __repr__ = __str__


def _center(model: Any, near: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return PyMC's initial point on the unconstrained scale, moved to `near` where it says so."""
    center = model.initial_point()
    for name, value in near.items():
        if name not in {variable.name for variable in model.free_RVs}:
            raise ValueError(
                f"near must name unobserved variables, but {name!r} is none of "
                f"{', '.join(variable.name for variable in model.free_RVs)}."
            )
        variable = model[name]
        transform = model.rvs_to_transforms[variable]
        value = np.broadcast_to(np.asarray(value, dtype=float), variable.shape.eval())
        if transform is not None:
            value = transform.forward(value, *variable.owner.inputs).eval()
        center[model.rvs_to_values[variable].name] = np.asarray(value)
    return center


def _random_points(
    model: Any, points: int, seed: int, spread: float, near: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """Draw points around a center, uniformly on the unconstrained space; return them constrained."""
    import pymc as pm
    from pytensor.compile.mode import Mode

    rng = np.random.default_rng(seed)
    start = _center(model, near)
    to_constrained = pm.compile(
        inputs=model.value_vars,
        outputs=model.replace_rvs_by_values(model.free_RVs),
        mode=Mode(linker="py", optimizer="fast_compile"),
        on_unused_input="ignore",
    )
    draws = []
    for _ in range(points):
        position = [
            np.asarray(
                start[value.name] + rng.uniform(-spread, spread, np.shape(start[value.name]))
            )
            for value in model.value_vars
        ]
        draws.append(to_constrained(*position))
    names = [variable.name for variable in model.free_RVs]
    return {name: np.stack([draw[i] for draw in draws]) for i, name in enumerate(names)}


def _evaluate_tfp(model: Any, values: Mapping[str, np.ndarray]) -> Any:
    """Return the log density of a TFP model, with its data pinned if it has any, at every point.

    Compiled as one program: operation by operation, each would be compiled for itself, which takes
    ten times as long. The data are an argument, because TFP remembers transformed values by their identity.
    """
    import jax
    import jax.numpy as jnp

    joint = getattr(model, "distribution", model)
    pins = {name: jnp.asarray(value) for name, value in getattr(model, "pins", {}).items()}

    def log_density(point, pins):
        pinned = joint.experimental_pin(**pins) if pins else joint
        return pinned.unnormalized_log_prob(**point)

    every_point = jax.vmap(log_density, in_axes=(0, None))
    return jax.jit(every_point, compiler_options={"xla_backend_optimization_level": 0})(
        values, pins
    )


def assert_same_density(
    pymc_model: Any,
    tfp_model: Any,
    *,
    points: int = 100,
    seed: int = 20,
    spread: float = 1.0,
    near: Mapping[str, Any] | None = None,
    tolerance: float = 1e-6,
    change_tolerance: float = 1e-8,
) -> SameDensity:
    """Check that a PyMC model and a pinned TFP model define the same joint density.

    Parameters
    ----------
    pymc_model : pymc.Model
        Model with its data observed. All free variables must be continuous.
    tfp_model : JointDistributionPinned or JointDistribution
        TFP joint distribution with its data pinned, if it has any. Its other variables must have
        the names and shapes of the free variables of `pymc_model`.
    points : int
        Number of random points, drawn uniformly within `spread` of PyMC's initial point on the
        unconstrained scale and mapped back.
    seed : int
        Seed of the points.
    spread : float
        Half width of the box of points (unconstrained units).
    near : mapping, optional
        Values, on the constrained scale, around which to draw the points of some variables. Useful
        when PyMC's initial point is so unlikely that the log density, a number in the millions,
        leaves float64 no digits for the comparison.
    tolerance : float
        Largest difference allowed between the two log densities (nats).
    change_tolerance : float
        Largest range allowed for that difference over the points (nats). It is tighter, because
        PyTensor evaluates the logarithms of literal constants in float32: that shifts a log
        density by a constant of about 1e-8 to 1e-7 and moves no draw.

    Returns
    -------
    SameDensity
        The number of points and the largest differences seen.

    Raises
    ------
    ValueError
        If the two models do not have the same unobserved variables, or `near` names another.
    AssertionError
        If the densities differ by more than the tolerances.
    """
    from pymc.model.transform.conditioning import remove_value_transforms
    from pytensor.compile.mode import Mode

    pymc_names = sorted(variable.name for variable in pymc_model.free_RVs)
    tfp_names = sorted(tfp_model.dtype._fields)
    if pymc_names != tfp_names:
        raise ValueError(
            "pymc_model and tfp_model must have the same unobserved variables, but PyMC has "
            f"{', '.join(pymc_names)} and TFP has {', '.join(tfp_names)}."
        )
    values = _random_points(pymc_model, points, seed, spread, near or {})
    log_density = remove_value_transforms(pymc_model).compile_logp(
        jacobian=False, mode=Mode(linker="py", optimizer="fast_compile")
    )
    in_pymc = np.array(
        [log_density({name: value[i] for name, value in values.items()}) for i in range(points)]
    )
    in_tfp = np.asarray(_evaluate_tfp(tfp_model, values))
    if in_tfp.shape != (points,):
        raise AssertionError(
            f"TFP's log_prob has shape {in_tfp.shape[1:]} at one point where a single number is "
            "expected: use JointDistributionCoroutineAutoBatched, or wrap vectors in tfd.Independent."
        )
    difference = in_pymc - in_tfp
    result = SameDensity(points, float(np.abs(difference).max()), float(np.ptp(difference)))
    if not (result.largest_difference <= tolerance and result.largest_change <= change_tolerance):
        raise AssertionError(
            f"These are two different models. {result} "
            f"Allowed are {tolerance:.0e} and {change_tolerance:.0e}."
        )
    return result
