"""Metropolis-Hastings and Hamiltonian Monte Carlo, small enough to read.

Both run many chains at once: positions are arrays of shape (chain, dimension), and a log density
maps such an array to one number per chain. Both share one rule, `_accept`: a proposal is taken with
the probability that makes the target stationary, and otherwise the chain stays where it is.

A Hamiltonian sampler treats minus the log density as a landscape and lets a ball roll over it. The
leapfrog integrator moves the ball in steps of one size. How large that size may be depends on how
sharply the landscape bends where the ball is: that is the subject of the chapter on funnels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from xarray import DataTree

__all__ = ["Chains", "hmc", "leapfrog", "metropolis_hastings"]

LogDensity = Callable[[np.ndarray], np.ndarray]


class Chains(NamedTuple):
    """What a sampler returns.

    Attributes
    ----------
    draws : array, shape (chain, draw, dimension)
        State of each chain after each transition. The start is not included.
    acceptance : array, shape (chain, draw)
        Probability with which each proposal was accepted. Its mean estimates the acceptance rate
        with less noise than counting.
    accepted : array of bool, shape (chain, draw)
        Whether it was.
    evaluations : int
        Evaluations of the log density (Metropolis-Hastings) or of its gradient (HMC) that one draw
        of one chain costs.
    """

    draws: np.ndarray
    acceptance: np.ndarray
    accepted: np.ndarray
    evaluations: int

    def to_datatree(self, name: str, warmup: int = 0) -> DataTree:
        """Return the draws in the form that ArviZ and `compare_posteriors` read.

        Parameters
        ----------
        name : str
            Name of the variable; a scalar if there is one dimension, otherwise a vector.
        warmup : int
            Number of draws to leave out at the start of each chain.

        Returns
        -------
        DataTree
            With the groups `posterior` and `sample_stats`.

        Raises
        ------
        ValueError
            If fewer than two draws would be left.
        """
        import arviz as az

        total = self.draws.shape[1]
        if not 0 <= warmup <= total - 2:
            raise ValueError(
                f"warmup must be between 0 and {total - 2}, for two draws or more to be left, "
                f"but {warmup!r} was given."
            )
        draws = self.draws[:, warmup:]
        return az.from_dict(
            {
                "posterior": {name: draws[..., 0] if draws.shape[-1] == 1 else draws},
                "sample_stats": {
                    "acceptance_rate": self.acceptance[:, warmup:],
                    "accepted": self.accepted[:, warmup:],
                },
            }
        )


def _check(start: np.ndarray, draws: int, log_density: LogDensity) -> tuple[np.ndarray, np.ndarray]:
    """Return starting positions and their log densities, or say what is wrong with them."""
    position = np.array(start, dtype=float)
    if position.ndim != 2:
        raise ValueError(
            f"start must have the shape (chains, dimensions), but has shape {position.shape}."
        )
    if not isinstance(draws, (int, np.integer)) or isinstance(draws, bool) or draws < 1:
        raise ValueError(f"draws must be a positive whole number, but {draws!r} was given.")
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
    return position, value


def _accept(log_ratio: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the acceptance probability of each proposal, and a decision with that probability.

    A log ratio that is not a number (a proposal outside the domain of the density) is a rejection.
    """
    probability = np.exp(np.minimum(0.0, np.nan_to_num(log_ratio, nan=-np.inf)))
    return probability, rng.random(probability.shape) < probability


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
    log_density : callable
        Log density, up to a constant: from positions of shape (chain, dimension) to shape (chain,).
    start : array, shape (chain, dimension)
        Where the chains start.
    draws : int
        Transitions per chain. Each gives one draw, warm-up included: nothing is dropped here.
    seed : int or numpy.random.Generator
        Seed of the run.
    scale : float or array, shape (dimension,), optional
        Standard deviation of a symmetric Normal step. Give either this or `propose`.
    propose : callable, optional
        `propose(position, rng)` returns the proposals, in the shape of `position`.
    log_proposal_ratio : callable, optional
        The Hastings correction, `log q(old | new) - log q(new | old)`, as a function
        `(new, old)` that returns shape (chain,). Leave it out only if `propose` is symmetric.

    Returns
    -------
    Chains
        One density evaluation per draw.

    Raises
    ------
    ValueError
        If `start`, `draws` or `log_density` do not fit together, the log density is not finite at
        the start, or not exactly one of `scale` and `propose` is given.

    References
    ----------
    Metropolis et al. (1953), doi:10.1063/1.1699114; Hastings (1970), doi:10.1093/biomet/57.1.97.
    """
    position, value = _check(start, draws, log_density)
    if (scale is None) == (propose is None):
        raise ValueError("Give exactly one of scale and propose.")
    if propose is None:
        scale = np.asarray(scale, dtype=float)
        if not (scale > 0.0).all():
            raise ValueError(f"scale must be positive, but {scale!r} was given.")

        def propose(position: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            return position + scale * rng.standard_normal(position.shape)

    rng = np.random.default_rng(seed)
    chains, dimensions = position.shape
    path = np.empty((draws, chains, dimensions))
    acceptance, accepted = np.empty((draws, chains)), np.empty((draws, chains), dtype=bool)
    for i in range(draws):
        proposal = propose(position, rng)
        proposal_value = log_density(proposal)
        log_ratio = proposal_value - value
        if log_proposal_ratio is not None:
            log_ratio = log_ratio + log_proposal_ratio(proposal, position)
        acceptance[i], taken = _accept(log_ratio, rng)
        position = np.where(taken[:, None], proposal, position)
        value = np.where(taken, proposal_value, value)
        path[i], accepted[i] = position, taken
    return Chains(path.swapaxes(0, 1), acceptance.T, accepted.T, evaluations=1)


def leapfrog(
    position: np.ndarray,
    momentum: np.ndarray,
    gradient: Callable[[np.ndarray], np.ndarray],
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
        If `step_size` is not positive, `steps` is below 1, or the shapes differ.

    References
    ----------
    Neal (2011), MCMC using Hamiltonian dynamics, section 2.3 (arXiv:1206.1901).
    """
    position, momentum = (np.array(value, dtype=float) for value in (position, momentum))
    if position.shape != momentum.shape:
        raise ValueError(
            "position and momentum must have the same shape, but have "
            f"{position.shape} and {momentum.shape}."
        )
    if not step_size > 0.0:
        raise ValueError(f"step_size must be positive, but {step_size!r} was given.")
    if steps < 1:
        raise ValueError(f"steps must be at least 1, but {steps!r} was given.")
    positions, momenta = [position], [momentum]
    slope = gradient(position)
    for _ in range(steps):
        momentum = momentum + step_size / 2.0 * slope
        position = position + step_size * momentum
        slope = gradient(position)
        momentum = momentum + step_size / 2.0 * slope
        positions.append(position)
        momenta.append(momentum)
    return np.stack(positions), np.stack(momenta)


def hmc(
    log_density: LogDensity,
    gradient: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    *,
    step_size: float,
    steps: int,
    draws: int,
    seed: int | np.random.Generator,
) -> Chains:
    """Run Hamiltonian Monte Carlo with unit mass and trajectories of one length.

    Each transition draws a fresh standard Normal momentum, follows `leapfrog`, and accepts its end
    point with probability `min(1, exp(-change of energy))`. The leapfrog map is reversible and keeps
    volume, so no Hastings correction is needed.

    Parameters
    ----------
    log_density : callable
        Log density, up to a constant: from positions of shape (chain, dimension) to shape (chain,).
    gradient : callable
        Its gradient, from positions to an array of the same shape.
    start : array, shape (chain, dimension)
        Where the chains start.
    step_size : float
        Length of a leapfrog step, positive.
    steps : int
        Leapfrog steps per trajectory, at least 1.
    draws : int
        Transitions per chain, warm-up included.
    seed : int or numpy.random.Generator
        Seed of the run.

    Returns
    -------
    Chains
        `steps` gradient evaluations per draw. (The gradient at a trajectory's start is known from
        the trajectory before; `leapfrog`, to stay readable, computes it again.)

    Raises
    ------
    ValueError
        If `start`, `draws` or `log_density` do not fit together, the log density is not finite at
        the start, `step_size` is not positive or `steps` is below 1.

    References
    ----------
    Duane et al. (1987), doi:10.1016/0370-2693(87)91197-X; Neal (2011), arXiv:1206.1901.
    """
    position, value = _check(start, draws, log_density)
    rng = np.random.default_rng(seed)
    chains, dimensions = position.shape
    path = np.empty((draws, chains, dimensions))
    acceptance, accepted = np.empty((draws, chains)), np.empty((draws, chains), dtype=bool)
    for i in range(draws):
        momentum = rng.standard_normal(position.shape)
        positions, momenta = leapfrog(position, momentum, gradient, step_size, steps)
        proposal, proposal_value = positions[-1], log_density(positions[-1])
        kinetic_change = 0.5 * (momenta[-1] ** 2 - momentum**2).sum(axis=-1)
        acceptance[i], taken = _accept(proposal_value - value - kinetic_change, rng)
        position = np.where(taken[:, None], proposal, position)
        value = np.where(taken, proposal_value, value)
        path[i], accepted[i] = position, taken
    return Chains(path.swapaxes(0, 1), acceptance.T, accepted.T, evaluations=steps)
