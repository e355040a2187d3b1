"""Are a PyMC model and a TFP model the same model?

Two models agree when their joint log densities agree at every point of the parameter space. This
module checks that at random points, on the constrained space (no Jacobian terms), in float64. If they
do not agree, it says in which variables' terms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from companion.inputs import generator, positive, positive_whole
import numpy as np

__all__ = ["SameDensity", "assert_same_density"]

# Of all points, the smallest share at which the models must have a density to be compared.
ENOUGH = 0.1


@dataclass(frozen=True)
class SameDensity:
    """How closely two log densities agree.

    Attributes
    ----------
    points : int
        Number of random points at which both were evaluated, and have a density.
    largest_difference : float
        Largest absolute difference of the two log densities.
    largest_change : float
        Largest difference between points: the range of the difference. A constant offset, which
        changes no posterior, is left out here.
    outside : int
        Number of further points at which neither model has a density.
    """

    points: int
    largest_difference: float
    largest_change: float
    outside: int = 0

    def __str__(self) -> str:
        """Say it in one sentence."""
        outside = f" ({self.outside} more are outside the support of both)" if self.outside else ""
        return (
            f"Same density at {self.points} random points{outside}: largest difference "
            f"{self.largest_difference:.1e}, of changes between points {self.largest_change:.1e}."
        )

    __repr__ = __str__


def _check_names(
    in_pymc: Mapping[str, tuple[int, ...]], in_tfp: Mapping[str, tuple[int, ...]]
) -> None:
    """Refuse two models whose unobserved variables have other names or shapes."""
    if in_pymc.keys() != in_tfp.keys():
        message = (
            "pymc_model and tfp_model must have the same unobserved variables, but PyMC has "
            f"{', '.join(sorted(in_pymc)) or 'none'} and TFP has {', '.join(sorted(in_tfp)) or 'none'}."
        )
        only_pymc, only_tfp = sorted(in_pymc.keys() - in_tfp), sorted(in_tfp.keys() - in_pymc)
        for name in only_pymc:
            near = get_close_matches(name, only_tfp, n=1)
            message += f" Is PyMC's {name} the same as TFP's {near[0]}?" if near else ""
        raise ValueError(message)
    for name, shape in in_pymc.items():
        if shape != in_tfp[name]:
            raise ValueError(
                f"{name} must have the same shape in both models, but has {shape} in PyMC and "
                f"{in_tfp[name]} in TFP."
            )


def _center(model: Any, near: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return PyMC's initial point on the unconstrained scale, moved to `near` where it says so."""
    center = model.initial_point()
    names = [variable.name for variable in model.free_RVs]
    for name, value in near.items():
        if name not in names:
            close = get_close_matches(str(name), names, n=1)
            raise ValueError(
                f"near must name unobserved variables, but {name!r} is none of {', '.join(names)}."
                + (f" Is {close[0]} meant?" if close else "")
            )
        variable = model[name]
        transform = model.rvs_to_transforms[variable]
        shape = tuple(variable.shape.eval())
        try:
            value = np.broadcast_to(np.asarray(value, dtype=float), shape)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"near must give {name} a number or an array of shape {shape}, but {value!r} was given."
            ) from error
        if transform is not None:
            value = transform.forward(value, *variable.owner.inputs).eval()
        if not np.isfinite(value).all():
            raise ValueError(
                f"near must lie inside the support of {name}, but {near[name]!r} does not."
            )
        center[model.rvs_to_values[variable].name] = np.asarray(value)
    return center


def _random_points(
    model: Any, points: int, seed: int, spread: float, near: Mapping[str, Any]
) -> dict[str, np.ndarray]:
    """Draw points around a center, uniformly on the unconstrained space; return them constrained."""
    import pymc as pm
    from pytensor.compile.mode import Mode

    rng = generator("seed", seed)
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


def _terms_of_pymc(
    model: Any, values: Mapping[str, np.ndarray], points: int
) -> dict[str, np.ndarray]:
    """Return the log density of each variable and potential of a PyMC model at every point."""
    from pymc.model.transform.conditioning import remove_value_transforms
    from pytensor.compile.mode import Mode

    constrained = remove_value_transforms(model)
    terms = constrained.compile_logp(
        jacobian=False, sum=False, mode=Mode(linker="py", optimizer="fast_compile")
    )
    names = [
        term.name
        for term in constrained.free_RVs + constrained.observed_RVs + constrained.potentials
    ]
    at = [terms({name: value[i] for name, value in values.items()}) for i in range(points)]
    return {
        name: np.array([np.sum(point[k], dtype=float) for point in at])
        for k, name in enumerate(names)
    }


def _terms_of_tfp(
    log_densities: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    data: Mapping[str, Any],
    values: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """Return the log density of each variable of a TFP model at every point.

    Compiled as one program: operation by operation, each would be compiled for itself, which takes
    ten times as long. The data are an argument, because TFP remembers transformed values by their identity.
    """
    import jax
    import jax.numpy as jnp

    def terms(point: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        return {name: jnp.sum(term) for name, term in log_densities(point | data).items()}

    every_point = jax.jit(
        jax.vmap(terms, in_axes=(0, None)),
        compiler_options={"xla_backend_optimization_level": 0},
    )
    return {name: np.asarray(term) for name, term in every_point(dict(values), dict(data)).items()}


def _total(terms: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.sum(list(terms.values()), axis=0)


def _without_density(terms: Mapping[str, np.ndarray], where: np.ndarray) -> list[str]:
    """Name the terms that are infinite or not a number at any of the points."""
    return [name for name, term in terms.items() if not np.isfinite(term[where]).all()]


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _disagreement(
    in_pymc: Mapping[str, np.ndarray],
    in_tfp: Mapping[str, np.ndarray],
    tolerance: float,
    change_tolerance: float,
) -> str:
    """Say in which terms two densities differ, largest difference first."""
    pairs = {name: (in_pymc[name], in_tfp[name]) for name in in_pymc if name in in_tfp}
    if not pairs:
        return "They have no term of one name in common that could show where."
    only_pymc = [name for name in in_pymc if name not in in_tfp]
    only_tfp = [name for name in in_tfp if name not in in_pymc]
    if only_pymc or only_tfp:
        zero = np.zeros(len(next(iter(in_pymc.values()))))
        label = " against ".join(
            f"{library}'s {_listed(names)}" if names else f"nothing in {library}"
            for library, names in (("PyMC", only_pymc), ("TFP", only_tfp))
        )
        pairs[label] = (
            sum((in_pymc[name] for name in only_pymc), zero),
            sum((in_tfp[name] for name in only_tfp), zero),
        )
    found = []
    for label, (one, other) in pairs.items():
        difference = one - other
        largest, change = np.abs(difference).max(), np.ptp(difference)
        if not (largest <= tolerance and change <= change_tolerance):
            found.append((largest, f"{label} (by up to {largest:.1e})"))
    if not found:
        return "No term does so alone; the differences of several add up."
    texts = [text for _, text in sorted(found, reverse=True)]
    same = len(pairs) - len(texts)
    rest = f"; the other {same} agree" if same > 1 else "; the other one agrees" if same else ""
    return f"They differ in {'the term' if len(texts) == 1 else 'the terms'} of {_listed(texts)}{rest}."


def _compared(
    in_pymc: dict[str, np.ndarray],
    in_tfp: dict[str, np.ndarray],
    tolerance: float,
    change_tolerance: float,
) -> SameDensity:
    """Compare two models by their terms at the same points; raise if they differ or cannot be compared."""
    totals = _total(in_pymc), _total(in_tfp)
    finite_pymc, finite_tfp = (np.isfinite(total) for total in totals)
    points, one_only = len(finite_pymc), finite_pymc != finite_tfp
    if one_only.any():
        lacking = [
            f"{library} has none in the terms of {_listed(_without_density(terms, where))} "
            f"(at {where.sum()} points)"
            for library, terms, where in (
                ("PyMC", in_pymc, one_only & ~finite_pymc),
                ("TFP", in_tfp, one_only & ~finite_tfp),
            )
            if where.any()
        ]
        raise AssertionError(
            f"These are two different models: at {one_only.sum()} of {points} random points only one of them "
            f"has a density. {'; '.join(lacking)}."
        )
    inside = finite_pymc
    if inside.sum() < max(1.0, ENOUGH * points):
        names = _listed(
            dict.fromkeys([*_without_density(in_pymc, ~inside), *_without_density(in_tfp, ~inside)])
        )
        raise ValueError(
            f"At {points - inside.sum()} of {points} random points neither model has a density (its logarithm is "
            f"-inf or not a number), so there is nothing to compare. The terms without one are those of {names}. "
            "Draw the points where there is one: near={...} moves them, a smaller spread= keeps them together."
        )
    one, other = (
        {name: term[inside] for name, term in terms.items()} for terms in (in_pymc, in_tfp)
    )
    difference = _total(one) - _total(other)
    result = SameDensity(
        points=int(inside.sum()),
        largest_difference=float(np.abs(difference).max()),
        largest_change=float(np.ptp(difference)),
        outside=int((~inside).sum()),
    )
    if not (result.largest_difference <= tolerance and result.largest_change <= change_tolerance):
        raise AssertionError(
            f"These are two different models: at {result.points} random points their log densities differ by up "
            f"to {result.largest_difference:.1e}, and their differences between points by up to "
            f"{result.largest_change:.1e}. Allowed are {tolerance:.0e} and {change_tolerance:.0e}. "
            + _disagreement(one, other, tolerance, change_tolerance)
        )
    return result


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
        the names and shapes of the free variables of `pymc_model`; computed ones (`tfd.Deterministic`) are
        passed over. An object with `dtype._fields` and `unnormalized_log_prob(**values)` serves, too.
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
    TypeError
        If one of them is no model.
    ValueError
        If `points` or `spread` is not positive, the two models do not have the same unobserved
        variables, `near` names another or is outside the support, TFP has several densities for one
        point, or neither has one at nearly all points.
    AssertionError
        If the densities differ by more than the tolerances. The message names the variables, observed
        ones included, in whose terms they do.
    """
    from companion.joint import read_model
    from pymc import Model

    if not isinstance(pymc_model, Model):
        raise TypeError(
            f"pymc_model must be a PyMC model, but a {type(pymc_model).__name__} was given."
        )
    positive_whole("points", points)
    for name, value in {
        "spread": spread,
        "tolerance": tolerance,
        "change_tolerance": change_tolerance,
    }.items():
        positive(name, value)
    if np.isinf(spread):
        raise ValueError(f"spread must be a positive finite number, but {spread!r} was given.")
    if near is not None and not isinstance(near, Mapping):
        raise TypeError(
            f"near must be a dict of values by variable, but a {type(near).__name__} was given."
        )
    discrete = [v.name for v in pymc_model.free_RVs if np.dtype(v.dtype).kind != "f"]
    if discrete:
        raise ValueError(
            f"pymc_model must have continuous unobserved variables only, but {_listed(discrete)} "
            f"{'is' if len(discrete) == 1 else 'are'} discrete."
        )
    shapes = {v.name: tuple(int(n) for n in v.shape.eval()) for v in pymc_model.free_RVs}
    if hasattr(tfp_model, "unnormalized_log_prob") and not hasattr(tfp_model, "experimental_pin"):
        # A density of named values that is no joint distribution: nothing is known of its terms.
        free = {name: shapes.get(name, ()) for name in tfp_model.dtype._fields}
        data, log_densities = {}, lambda given: {"": tfp_model.unnormalized_log_prob(**given)}
    else:
        model = read_model(tfp_model)
        free = {name: v.shape for name, v in model.variables().items() if v.role == "free"}
        data, log_densities = model.pins, model.log_densities
    _check_names(shapes, free)
    values = _random_points(pymc_model, points, seed, spread, near or {})
    return _compared(
        _terms_of_pymc(pymc_model, values, points),
        _terms_of_tfp(log_densities, data, values),
        tolerance,
        change_tolerance,
    )
