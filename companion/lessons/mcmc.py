"""Metropolis-Hastings, Hamiltonian Monte Carlo and NUTS, small enough to read.

Each sampler is a `Kernel`, one transition of a Markov chain in two functions::

    kernel = hmc_kernel(log_density, gradient, step_size=0.35, steps=2)
    state = kernel.init(start)
    state, info = kernel.step(state, rng)

A `State` is all that the next transition needs to know; an `Info` says what happened in the last one.
`metropolis_hastings`, `hmc` and `nuts` repeat the step and keep what it says, as `Chains`.

All of them run many chains at once: positions are arrays of shape (chain, dimension), a log density
maps such an array to one number per chain, and its gradient maps it to an array of the same shape.

A Hamiltonian sampler treats minus the log density as a landscape and lets a ball roll over it. The
leapfrog integrator moves the ball in steps of one size. How large that size may be depends on how
sharply the landscape bends where the ball is: that is the subject of the chapter on funnels. Where a
step is far too long the energy of the ball explodes, and the transition is marked as divergent.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import NamedTuple

from companion.inputs import (
    as_array,
    callable_value,
    finite_array,
    generator,
    positive,
    positive_whole,
    probability,
)
import numpy as np
from xarray import DataTree

__all__ = [
    "DIVERGENT",
    "Chains",
    "Info",
    "Kernel",
    "State",
    "adapt_step_size",
    "hmc",
    "hmc_kernel",
    "leapfrog",
    "metropolis_hastings",
    "metropolis_hastings_kernel",
    "nuts",
    "nuts_kernel",
]

LogDensity = Callable[[np.ndarray], np.ndarray]
Gradient = Callable[[np.ndarray], np.ndarray]

# A rise of the energy by this much is a divergence, as in Stan, PyMC and nutpie.
DIVERGENT = 1000.0


class State(NamedTuple):
    """Where the chains are: all that the next transition needs to know.

    Attributes
    ----------
    position : array, shape (chain, dimension)
    log_density : array, shape (chain,)
        Log density there, up to a constant.
    gradient : array, shape (chain, dimension), or None
        Gradient of the log density there; None for Metropolis-Hastings, which uses none.
    """

    position: np.ndarray
    log_density: np.ndarray
    gradient: np.ndarray | None = None


class Info(NamedTuple):
    """What happened in one transition.

    The energy is minus the log density plus half the squared length of the momentum. What a sampler
    does not have is None: Metropolis-Hastings has no energy, and only NUTS has a tree.

    Attributes
    ----------
    proposal : array, shape (chain, dimension)
        Where the chain would go; for NUTS, the point that was picked from the trajectory.
    acceptance : array, shape (chain,)
        Probability with which the proposal was accepted. For NUTS the mean, over all new points of
        the trajectory, of the probability with which HMC would accept them.
    accepted : array of bool, shape (chain,)
        Whether the chain moved there.
    energy : array, shape (chain,), or None
        Energy where the chain is after the transition, with the momentum that it has there.
    energy_error : array, shape (chain,), or None
        Energy of the proposal minus energy at the start. Exact motion would keep it at zero.
    diverging : array of bool, shape (chain,), or None
        Whether the energy rose by more than `DIVERGENT`, or was not a number, at the end of the
        trajectory (HMC) or at any of its points (NUTS).
    steps : array of int, shape (chain,), or None
        Leapfrog steps, each of which costs one gradient.
    depth : array of int, shape (chain,), or None
        How often NUTS began to double its trajectory. Doubling is broken off in the middle if a
        part of it turns back or diverges, so there are at most `2**depth - 1` steps.
    """

    proposal: np.ndarray
    acceptance: np.ndarray
    accepted: np.ndarray
    energy: np.ndarray | None = None
    energy_error: np.ndarray | None = None
    diverging: np.ndarray | None = None
    steps: np.ndarray | None = None
    depth: np.ndarray | None = None


class Kernel(NamedTuple):
    """One transition of a Markov chain.

    Attributes
    ----------
    init : callable
        `init(position)` returns the `State` at an array of positions, shape (chain, dimension).
    step : callable
        `step(state, rng)` makes one transition of each chain with a `numpy.random.Generator`, and
        returns the new `State` and an `Info`. The old state is left as it is.
    """

    init: Callable[[np.ndarray], State]
    step: Callable[[State, np.random.Generator], tuple[State, Info]]


class Chains(NamedTuple):
    """What a sampler returns: where the chains were, and what each transition's `Info` said.

    Attributes
    ----------
    draws : array, shape (chain, draw, dimension)
        Position of each chain after each transition. The start is not included.
    acceptance : array, shape (chain, draw)
        Acceptance probabilities. Their mean estimates the acceptance rate with less noise than
        counting.
    accepted : array of bool, shape (chain, draw)
        Whether the chain moved.
    proposal : array, shape (chain, draw, dimension)
        Where it would have gone, or went.
    energy, energy_error : array, shape (chain, draw), or None
        Energy after each transition, and energy of the proposal minus energy at the start.
    diverging : array of bool, shape (chain, draw), or None
        Whether the transition was divergent.
    steps, depth : array of int, shape (chain, draw), or None
        Leapfrog steps, and doublings of NUTS.
    """

    draws: np.ndarray
    acceptance: np.ndarray
    accepted: np.ndarray
    proposal: np.ndarray
    energy: np.ndarray | None = None
    energy_error: np.ndarray | None = None
    diverging: np.ndarray | None = None
    steps: np.ndarray | None = None
    depth: np.ndarray | None = None

    @property
    def evaluations(self) -> float:
        """Evaluations that one draw of one chain costs, on average.

        They are evaluations of the log density (Metropolis-Hastings) or of its gradient (HMC, NUTS).
        """
        return 1 if self.steps is None else float(self.steps.mean())

    def to_datatree(self, name: str, warmup: int = 0) -> DataTree:
        """Return the draws in the form that ArviZ, `diagnose` and `compare_posteriors` read.

        Parameters
        ----------
        name : str
            Name of the variable; a scalar if there is one dimension, otherwise a vector.
        warmup : int
            Number of draws to leave out at the start of each chain.

        Returns
        -------
        DataTree
            With the groups `posterior` and `sample_stats`. The latter has `acceptance_rate` and
            `accepted` and, after HMC or NUTS, `energy`, `energy_error`, `diverging`, `n_steps` and
            `tree_depth`, as far as the sampler has them.

        Raises
        ------
        TypeError
            If `name` is no text.
        ValueError
            If `warmup` is no whole number, or fewer than two draws would be left.
        """
        import arviz as az

        total = self.draws.shape[1]
        if not isinstance(name, str):
            raise TypeError(f"name must be text, the name of the variable, but {name!r} was given.")
        whole = isinstance(warmup, Integral) and not isinstance(warmup, bool)
        if not whole or not 0 <= warmup <= total - 2:
            raise ValueError(
                f"warmup must be between 0 and {total - 2}, for two draws or more to be left, "
                f"but {warmup!r} was given."
            )
        draws = self.draws[:, warmup:]
        recorded = {
            "acceptance_rate": self.acceptance,
            "accepted": self.accepted,
            "energy": self.energy,
            "energy_error": self.energy_error,
            "diverging": self.diverging,
            "n_steps": self.steps,
            "tree_depth": self.depth,
        }
        return az.from_dict(
            {
                "posterior": {name: draws[..., 0] if draws.shape[-1] == 1 else draws},
                "sample_stats": {
                    key: values[:, warmup:]
                    for key, values in recorded.items()
                    if values is not None
                },
            }
        )


def _start(
    position: np.ndarray, log_density: LogDensity, gradient: Gradient | None = None
) -> State:
    """Return the state at starting positions, or say what is wrong with them."""
    callable_value("log_density", log_density)
    if gradient is not None:
        callable_value("gradient", gradient)
    position = np.array(as_array("start", position), dtype=float)
    if position.ndim != 2:
        raise ValueError(
            f"start must have the shape (chains, dimensions), but has shape {position.shape}."
        )
    value = np.asarray(log_density(position))
    if value.shape != position.shape[:1]:
        raise ValueError(
            f"log_density must map {position.shape[0]} positions, an array of shape "
            f"{position.shape}, to {position.shape[0]} numbers, but returned shape {value.shape}."
        )
    if not np.isfinite(value).all():
        raise ValueError(
            f"start must have a finite log density in every chain, but log_density gave {value}."
        )
    slope = None if gradient is None else np.asarray(gradient(position))
    if slope is not None and slope.shape != position.shape:
        raise ValueError(
            f"gradient must keep the shape {position.shape} of the positions, but returned shape "
            f"{slope.shape}."
        )
    return State(position, value, slope)


def _run(kernel: Kernel, start: np.ndarray, draws: int, seed: int | np.random.Generator) -> Chains:
    """Repeat a step, and keep where the chains are and what it says."""
    positive_whole("draws", draws)
    state, rng = kernel.init(start), generator("seed", seed)
    path, records = np.empty((draws, *state.position.shape)), {}
    for i in range(draws):
        state, info = kernel.step(state, rng)
        path[i] = state.position
        for name, value in info._asdict().items():
            if value is not None:
                if i == 0:
                    records[name] = np.empty((draws, *value.shape), dtype=value.dtype)
                records[name][i] = value
    return Chains(
        path.swapaxes(0, 1), **{name: values.swapaxes(0, 1) for name, values in records.items()}
    )


def _accept(
    state: State, proposal: State, log_ratio: np.ndarray, rng: np.random.Generator
) -> tuple[State, np.ndarray, np.ndarray]:
    """Move each chain to its proposal with the probability `min(1, exp(log_ratio))`, or stay.

    A log ratio that is not a number (a proposal outside the domain of the density) is a rejection.
    The probabilities and the decisions are returned with the new state.
    """
    probability = np.exp(np.minimum(0.0, np.nan_to_num(log_ratio, nan=-np.inf)))
    accepted = rng.random(probability.shape) < probability
    moved = State(
        np.where(accepted[:, None], proposal.position, state.position),
        np.where(accepted, proposal.log_density, state.log_density),
        None
        if state.gradient is None or proposal.gradient is None
        else np.where(accepted[:, None], proposal.gradient, state.gradient),
    )
    return moved, probability, accepted


# --- Metropolis-Hastings ---------------------------------------------------------------------------


def metropolis_hastings_kernel(
    log_density: LogDensity,
    *,
    scale: float | np.ndarray | None = None,
    propose: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None,
    log_proposal_ratio: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> Kernel:
    """Return one transition of Metropolis-Hastings.

    Parameters
    ----------
    log_density : callable
        Log density, up to a constant: from positions of shape (chain, dimension) to shape (chain,).
    scale : float or array, shape (dimension,), optional
        Standard deviation of a symmetric Normal step. Give either this or `propose`.
    propose : callable, optional
        `propose(position, rng)` returns the proposals, in the shape of `position`.
    log_proposal_ratio : callable, optional
        The Hastings correction, `log q(old | new) - log q(new | old)`, as a function
        `(new, old)` that returns shape (chain,). Leave it out only if `propose` is symmetric.

    Returns
    -------
    Kernel
        Its `init` raises a `ValueError` if the log density does not fit the positions or is not
        finite there.

    Raises
    ------
    ValueError
        If not exactly one of `scale` and `propose` is given, or `scale` is not positive.

    References
    ----------
    Metropolis et al. (1953), doi:10.1063/1.1699114; Hastings (1970), doi:10.1093/biomet/57.1.97.
    """
    if (scale is None) == (propose is None):
        raise ValueError(
            "exactly one of scale and propose must be given, but "
            f"{'neither' if scale is None else 'both'} was."
        )
    widths = finite_array("scale", 1.0 if scale is None else scale).astype(float)
    if widths.ndim > 1 or not (widths > 0.0).all():
        raise ValueError(
            f"scale must be positive, one number or one for each dimension, but {scale!r} was given."
        )
    for name, function in {"propose": propose, "log_proposal_ratio": log_proposal_ratio}.items():
        if function is not None:
            callable_value(name, function)

    def move(position: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if propose is not None:
            return propose(position, rng)
        return position + widths * rng.standard_normal(position.shape)

    def init(position: np.ndarray) -> State:
        state = _start(position, log_density)
        dimensions = state.position.shape[1]
        if widths.shape not in ((), (1,), (dimensions,)):
            raise ValueError(
                f"scale must be one number or one for each of {dimensions} dimensions, but has shape "
                f"{widths.shape}."
            )
        return state

    def step(state: State, rng: np.random.Generator) -> tuple[State, Info]:
        position = move(state.position, rng)
        proposal = State(position, log_density(position))
        log_ratio = proposal.log_density - state.log_density
        if log_proposal_ratio is not None:
            log_ratio = log_ratio + log_proposal_ratio(position, state.position)
        state, acceptance, accepted = _accept(state, proposal, log_ratio, rng)
        return state, Info(position, acceptance, accepted)

    return Kernel(init, step)


def metropolis_hastings(
    log_density: LogDensity,
    start: np.ndarray,
    *,
    draws: int,
    seed: int | np.random.Generator,
    scale: float | np.ndarray | None = None,
    propose: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None,
    log_proposal_ratio: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> Chains:
    """Run Metropolis-Hastings, several chains at once.

    Parameters
    ----------
    log_density, scale, propose, log_proposal_ratio
        As in `metropolis_hastings_kernel`.
    start : array, shape (chain, dimension)
        Where the chains start.
    draws : int
        Transitions per chain. Each gives one draw, warm-up included: nothing is dropped here.
    seed : int or numpy.random.Generator
        Seed of the run.

    Returns
    -------
    Chains
        One density evaluation per draw.

    Raises
    ------
    ValueError
        If `start`, `draws` or `log_density` do not fit together, the log density is not finite at
        the start, or not exactly one of `scale` and `propose` is given.
    """
    kernel = metropolis_hastings_kernel(
        log_density, scale=scale, propose=propose, log_proposal_ratio=log_proposal_ratio
    )
    return _run(kernel, start, draws, seed)


# --- Hamiltonian Monte Carlo -----------------------------------------------------------------------


def _leapfrog_step(
    position: np.ndarray,
    momentum: np.ndarray,
    slope: np.ndarray,
    gradient: Gradient,
    step_size: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make one step; `slope` is the gradient at `position`, so that none is computed twice."""
    momentum = momentum + step_size / 2.0 * slope
    position = position + step_size * momentum
    slope = gradient(position)
    return position, momentum + step_size / 2.0 * slope, slope


def leapfrog(
    position: np.ndarray,
    momentum: np.ndarray,
    gradient: Gradient,
    step_size: float,
    steps: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Move positions and momenta along Hamiltonian trajectories with unit mass.

    Parameters
    ----------
    position, momentum : array, shape (..., dimensions)
        Starting points; leading dimensions are independent trajectories.
    gradient : callable
        Gradient of the log density, from an array of positions to an array of the same shape.
    step_size : float
        Length of a step in time, positive.
    steps : int
        Number of steps, at least 1.

    Returns
    -------
    positions, momenta : array, shape (steps + 1, ..., dimensions)
        The trajectory, its start included.

    Raises
    ------
    ValueError
        If `step_size` is not positive, `steps` is below 1, a number is missing or infinite, or the shapes
        differ.

    References
    ----------
    Neal (2011), MCMC using Hamiltonian dynamics, section 2.3 (arXiv:1206.1901).
    """
    position, momentum = (
        finite_array(name, value).astype(float)
        for name, value in {"position": position, "momentum": momentum}.items()
    )
    if position.shape != momentum.shape:
        raise ValueError(
            "position and momentum must have the same shape, but have "
            f"{position.shape} and {momentum.shape}."
        )
    positive("step_size", step_size)
    positive_whole("steps", steps)
    callable_value("gradient", gradient)
    positions, momenta, slope = [position], [momentum], np.asarray(gradient(position))
    if slope.shape != position.shape:
        raise ValueError(
            f"gradient must keep the shape {position.shape} of the positions, but returned shape "
            f"{slope.shape}."
        )
    for _ in range(steps):
        position, momentum, slope = _leapfrog_step(position, momentum, slope, gradient, step_size)
        positions.append(position)
        momenta.append(momentum)
    return np.stack(positions), np.stack(momenta)


def _gradient_of(state: State) -> np.ndarray:
    """Return the gradient where the chains are; a state of Metropolis-Hastings has none."""
    if state.gradient is None:
        raise ValueError(
            "state must have a gradient, as the kernel's own init gives it, but its gradient is None."
        )
    return state.gradient


def _energy(log_density: np.ndarray, momentum: np.ndarray) -> np.ndarray:
    return 0.5 * (momentum**2).sum(axis=-1) - log_density


def hmc_kernel(log_density: LogDensity, gradient: Gradient, step_size: float, steps: int) -> Kernel:
    """Return one transition of Hamiltonian Monte Carlo with unit mass.

    It draws a fresh standard Normal momentum, makes `steps` leapfrog steps, and accepts the end point
    with probability `min(1, exp(-energy error))`. The leapfrog map is reversible and keeps volume,
    so no Hastings correction is needed.

    Parameters
    ----------
    log_density : callable
        Log density, up to a constant: from positions of shape (chain, dimension) to shape (chain,).
    gradient : callable
        Its gradient, from positions to an array of the same shape.
    step_size : float
        Length of a leapfrog step, positive.
    steps : int
        Leapfrog steps per trajectory, at least 1.

    Returns
    -------
    Kernel
        Its `init` raises a `ValueError` if log density or gradient do not fit the positions, or the
        log density is not finite there.

    Raises
    ------
    ValueError
        If `step_size` is not positive or `steps` is below 1.

    References
    ----------
    Duane et al. (1987), doi:10.1016/0370-2693(87)91197-X; Neal (2011), arXiv:1206.1901.
    """
    positive("step_size", step_size)
    positive_whole("steps", steps)

    def step(state: State, rng: np.random.Generator) -> tuple[State, Info]:
        start = rng.standard_normal(state.position.shape)
        position, momentum, slope = state.position, start, _gradient_of(state)
        for _ in range(steps):
            position, momentum, slope = _leapfrog_step(
                position, momentum, slope, gradient, step_size
            )
        proposal = State(position, log_density(position), slope)
        kinetic_change = 0.5 * (momentum**2 - start**2).sum(axis=-1)
        error = kinetic_change - (proposal.log_density - state.log_density)
        energies = _energy(proposal.log_density, momentum), _energy(state.log_density, start)
        state, acceptance, accepted = _accept(state, proposal, -error, rng)
        return state, Info(
            proposal=position,
            acceptance=acceptance,
            accepted=accepted,
            energy=np.where(accepted, *energies),
            energy_error=error,
            diverging=~(error <= DIVERGENT),
            steps=np.full(accepted.shape, steps),
        )

    return Kernel(lambda position: _start(position, log_density, gradient), step)


def hmc(
    log_density: LogDensity,
    gradient: Gradient,
    start: np.ndarray,
    *,
    step_size: float,
    steps: int,
    draws: int,
    seed: int | np.random.Generator,
) -> Chains:
    """Run Hamiltonian Monte Carlo with unit mass and trajectories of one length.

    Parameters
    ----------
    log_density, gradient, step_size, steps
        As in `hmc_kernel`.
    start : array, shape (chain, dimension)
        Where the chains start.
    draws : int
        Transitions per chain, warm-up included.
    seed : int or numpy.random.Generator
        Seed of the run.

    Returns
    -------
    Chains
        `steps` gradient evaluations per draw: the gradient at a trajectory's start is known from
        the trajectory before.

    Raises
    ------
    ValueError
        If `start`, `draws`, `log_density` or `gradient` do not fit together, the log density is not
        finite at the start, `step_size` is not positive or `steps` is below 1.
    """
    return _run(hmc_kernel(log_density, gradient, step_size, steps), start, draws, seed)


# --- NUTS ------------------------------------------------------------------------------------------


class _Point(NamedTuple):
    """A point of one chain's trajectory: its position has the shape (dimension,)."""

    state: State
    momentum: np.ndarray
    energy_error: float


class _Stretch(NamedTuple):
    """Successive points of a trajectory: its two ends, and sums over all of them."""

    first: _Point
    last: _Point
    momentum: np.ndarray  # sum of the momenta
    log_weight: float  # log of the sum of the weights, exp(-energy error)
    pick: _Point  # one point, picked by weight
    acceptance: float  # sum of min(1, exp(-energy error)) over the new points
    steps: int  # number of new points
    diverging: bool
    ended: bool  # it turned back or diverged, as a whole or in a part


def _single(point: _Point, steps: int) -> _Stretch:
    """Return the stretch that is one point."""
    diverging = not point.energy_error <= DIVERGENT
    log_weight = -np.inf if diverging else -point.energy_error
    acceptance = steps * np.exp(min(0.0, log_weight))
    return _Stretch(
        point, point, point.momentum, log_weight, point, acceptance, steps, diverging, diverging
    )


def _turns(momentum: np.ndarray, first: _Point, last: _Point) -> bool:
    """Say whether an end of a stretch moves against the sum of the momenta along it.

    With small steps that sum is about the displacement divided by the step size, plus half a momentum at each end.
    """
    return bool(min(momentum @ first.momentum, momentum @ last.momentum) <= 0.0)


def _join(
    old: _Stretch, new: _Stretch, forward: bool, rng: np.random.Generator, favor_new: bool
) -> _Stretch:
    """Lengthen a stretch by the one next to it, and pick one of their two picks.

    By weight, or, with `favor_new`, the new one more often: that leaves the target stationary too,
    and moves further. From a new stretch that turned back or diverged nothing may be picked.
    """
    left, right = (old, new) if forward else (new, old)
    total = np.logaddexp(old.log_weight, new.log_weight)
    share = np.exp(min(0.0, new.log_weight - (old.log_weight if favor_new else total)))
    momentum = left.momentum + right.momentum
    # The first test misses a whole orbit, whose ends are side by side again. The others see it.
    turned = (
        _turns(momentum, left.first, right.last)
        or _turns(left.momentum + right.first.momentum, left.first, right.first)
        or _turns(left.last.momentum + right.momentum, left.last, right.last)
    )
    return _Stretch(
        first=left.first,
        last=right.last,
        momentum=momentum,
        log_weight=total,
        pick=new.pick if not new.ended and rng.random() < share else old.pick,
        acceptance=old.acceptance + new.acceptance,
        steps=old.steps + new.steps,
        diverging=new.diverging,
        ended=new.ended or turned,
    )


def _grow(
    edge: _Point,
    forward: bool,
    depth: int,
    move: Callable[[_Point, bool], _Point],
    rng: np.random.Generator,
) -> _Stretch:
    """Return the `2**depth` points beyond an edge, or fewer if a part of them ends early."""
    if depth == 0:
        return _single(move(edge, forward), steps=1)
    near = _grow(edge, forward, depth - 1, move, rng)
    if near.ended:
        return near
    far = _grow(near.last if forward else near.first, forward, depth - 1, move, rng)
    return _join(near, far, forward, rng, favor_new=False)


def nuts_kernel(
    log_density: LogDensity, gradient: Gradient, step_size: float, max_depth: int = 10
) -> Kernel:
    """Return one transition of the No-U-Turn Sampler with unit mass.

    It draws a fresh momentum and doubles its trajectory, forwards or backwards at random, until an
    end of it, or of a part that was itself built by doubling, turns back. The next state is one point
    of the trajectory, picked with weights `exp(-energy)`.

    Parameters
    ----------
    log_density, gradient, step_size
        As in `hmc_kernel`.
    max_depth : int
        Most doublings in one transition, at least 1.

    Returns
    -------
    Kernel
        Several chains take their transitions one after another, from the same generator. Its `init`
        raises a `ValueError` as that of `hmc_kernel` does.

    Raises
    ------
    ValueError
        If `step_size` is not positive or `max_depth` is below 1.

    References
    ----------
    Hoffman and Gelman (2014), JMLR 15, 1593-1623, for the doubling. Betancourt (2017),
    arXiv:1701.02434, appendices A.3 and A.4, for the weights and the turning criterion. The tests
    across the seam of two stretches are those of Stan since 2.21.
    """
    positive("step_size", step_size)
    positive_whole("max_depth", max_depth)

    def transition(state: State, rng: np.random.Generator) -> tuple[State, Info]:
        """Make the transition of one chain, whose position has the shape (dimension,)."""
        start = _Point(state, rng.standard_normal(state.position.shape), 0.0)
        energy = _energy(state.log_density, start.momentum)

        def move(point: _Point, forward: bool) -> _Point:
            position, momentum, slope = _leapfrog_step(
                point.state.position,
                point.momentum,
                _gradient_of(point.state),
                lambda position: gradient(position[None])[0],
                step_size if forward else -step_size,
            )
            there = State(position, log_density(position[None])[0], slope)
            return _Point(there, momentum, _energy(there.log_density, momentum) - energy)

        path = _single(start, steps=0)
        for doubling in range(max_depth):
            forward = bool(rng.random() < 0.5)
            edge = path.last if forward else path.first
            new = _grow(edge, forward, doubling, move, rng)
            path = _join(path, new, forward, rng, favor_new=True)
            if path.ended:
                break
        return path.pick.state, Info(
            proposal=path.pick.state.position,
            acceptance=np.asarray(path.acceptance / path.steps),
            accepted=np.asarray(path.pick is not start),
            energy=energy + path.pick.energy_error,
            energy_error=np.asarray(path.pick.energy_error),
            diverging=np.asarray(path.diverging),
            steps=np.asarray(path.steps),
            depth=np.asarray(doubling + 1),
        )

    def step(state: State, rng: np.random.Generator) -> tuple[State, Info]:
        each = zip(state.position, state.log_density, _gradient_of(state), strict=True)
        chains = [transition(State(*chain), rng) for chain in each]
        states, infos = zip(*chains, strict=True)
        return (
            State(*(np.stack(values) for values in zip(*states, strict=True))),
            Info(*(np.stack(values) for values in zip(*infos, strict=True))),
        )

    return Kernel(lambda position: _start(position, log_density, gradient), step)


def nuts(
    log_density: LogDensity,
    gradient: Gradient,
    start: np.ndarray,
    *,
    step_size: float,
    draws: int,
    seed: int | np.random.Generator,
    max_depth: int = 10,
) -> Chains:
    """Run the No-U-Turn Sampler with unit mass and one step size.

    Parameters
    ----------
    log_density, gradient, step_size, max_depth
        As in `nuts_kernel`.
    start : array, shape (chain, dimension)
        Where the chains start.
    draws : int
        Transitions per chain, warm-up included. Nothing is adapted: see `adapt_step_size`.
    seed : int or numpy.random.Generator
        Seed of the run.

    Returns
    -------
    Chains
        As many gradient evaluations per draw as `steps` says.

    Raises
    ------
    ValueError
        If `start`, `draws`, `log_density` or `gradient` do not fit together, the log density is not
        finite at the start, `step_size` is not positive or `max_depth` is below 1.
    """
    return _run(nuts_kernel(log_density, gradient, step_size, max_depth), start, draws, seed)


def adapt_step_size(
    kernel: Callable[[float], Kernel],
    start: np.ndarray,
    *,
    seed: int | np.random.Generator,
    target: float = 0.8,
    draws: int = 500,
    first: float = 1.0,
) -> tuple[float, np.ndarray]:
    """Find, by dual averaging, the step size with a given mean acceptance probability.

    A step that was accepted too often is followed by a longer one, and the other way round, with
    changes that become smaller and smaller. All chains share one step size.

    Parameters
    ----------
    kernel : callable
        Returns the `Kernel` with a given step size: `lambda size: nuts_kernel(f, gradient, size)`.
    start : array, shape (chain, dimension)
        Where the chains start.
    seed : int or numpy.random.Generator
        Seed of the run.
    target : float
        Mean acceptance probability, between 0 and 1.
    draws : int
        Transitions to learn from. They are warm-up: their law changes as they go.
    first : float
        First step size, positive. Better too large than too small.

    Returns
    -------
    step_size : float
        Weighted average, on the logarithmic scale, of the step sizes that were tried.
    position : array, shape (chain, dimension)
        Where the chains are now: a start for the run that counts.

    Raises
    ------
    ValueError
        If `target`, `draws` or `first` is out of range, or `start` does not fit the kernel.

    References
    ----------
    Hoffman and Gelman (2014), JMLR 15, 1593-1623, section 3.2, with their constants.
    """
    callable_value("kernel", kernel)
    probability("target", target)
    positive_whole("draws", draws)
    positive("first", first)
    state, rng = kernel(first).init(start), generator("seed", seed)
    step_size, shortfall, log_average = first, 0.0, 0.0
    for t in range(1, draws + 1):
        state, info = kernel(step_size).step(state, rng)
        shortfall += (target - info.acceptance.mean() - shortfall) / (t + 10.0)
        log_step_size = np.log(10.0 * first) - np.sqrt(t) / 0.05 * shortfall
        log_average += t**-0.75 * (log_step_size - log_average)
        step_size = float(np.exp(log_step_size))
    return float(np.exp(log_average)), state.position
