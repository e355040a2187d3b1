"""Hamiltonian dynamics, small enough to read.

A Hamiltonian sampler treats minus the log density as a landscape and lets a ball roll over it. The
leapfrog integrator moves the ball in steps of one size. How large that size may be depends on how
sharply the landscape bends where the ball is: that is the subject of the chapter on funnels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["leapfrog"]


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
