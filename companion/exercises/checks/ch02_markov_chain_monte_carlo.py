"""Checks of chapter 02, Markov chain Monte Carlo.

What is expected is computed here, from closed forms.
"""

from __future__ import annotations

import math
from typing import Any

from companion.exercises.answers import (
    LIMIT,
    Unusable,
    choice,
    close,
    number,
    numbers,
    require,
    share,
)
from companion.exercises.fits import converged, draws, rhat
from companion.exercises.registry import exercise
import numpy as np

POSTERIOR_SD = (1.0 / 10.0**2 + 20.0 / 2.0**2) ** -0.5
NOISE_SD = 2.0


# --- 2E1: an acceptance rate, backwards ----------------------------------------------------------


def _rate(sd: float, step: float) -> float:
    """Return the acceptance rate of a Normal random walk on a Normal target."""
    return 2.0 / math.pi * math.atan(2.0 * sd / step)


def _step(sd: float, rate: float) -> float:
    """Return the step that has a given acceptance rate."""
    return 2.0 * sd / math.tan(math.pi * rate / 2.0)


@exercise(
    "2E1",
    "An acceptance rate, backwards",
    rate="long-run acceptance rate of the random walk with a step of 0.5, a number",
    step="the step (µg/L) whose acceptance rate is 0.574, a number",
    verdict="'shorter' or 'longer': what is the best step, compared with 0.5?",
)
def acceptance_backwards(rate: Any, step: Any, verdict: Any) -> str:
    """Compare with the arctangent law and its inverse."""
    rate, step = share("rate", rate), number("step", step)
    require(
        not close(rate, _rate(NOISE_SD, 0.5), 0.005)
        and not close(step, _step(NOISE_SD, 0.574), 0.02),
        "noise-of-a-reading",
        "Whose standard deviation is `s` in the formula?",
        "You used 2, the noise of one reading. The chain walks on the posterior of the mean; its standard deviation "
        f"is {POSTERIOR_SD:.3f}.",
    )
    require(
        not close(rate, 1.0 - _rate(POSTERIOR_SD, 0.5), 0.005),
        "rejected-instead",
        "What share would a tiny step have, by your formula?",
        "A tiny step is nearly always accepted, so the rate must tend to 1 as the step tends to 0. Yours is the "
        "share that is rejected: the fraction inside the arctangent is upside down.",
    )
    require(
        not close(rate, _rate(POSTERIOR_SD / 2.0, 0.5), 0.005)
        and not close(step, _step(POSTERIOR_SD / 2.0, 0.574), 0.005),
        "factor-two",
        "Compare your formula with the chapter's, factor by factor.",
        "Inside the arctangent stands twice the standard deviation, divided by the step.",
    )
    require(
        close(rate, _rate(POSTERIOR_SD, 0.5), 0.005),
        "rate",
        "Which two numbers go into the arctangent?",
        "`2 / np.pi * np.arctan(2 * exact_sd / 0.5)`, with the exact posterior standard deviation. A simulated "
        "rate must come from many more draws than 5,000.",
    )
    require(
        close(step, _step(POSTERIOR_SD, 0.574), 0.005),
        "step",
        "Solve the formula for the step. The inverse of the arctangent is the tangent.",
        "`2 * exact_sd / np.tan(np.pi * 0.574 / 2)`.",
    )
    require(
        choice("verdict", verdict, ("shorter", "longer")) == "longer",
        "high-is-good",
        "At which acceptance rate was ESS per draw largest in the chapter?",
        "At about 44 %. A rate of 68 % says that the steps are too timid.",
    )
    return (
        f"A step of 0.5 is accepted {rate:.1%} of the time, whatever the seed. The published rate belongs to a step of "
        f"{step:.2f}, so the program as published would not print 0.574."
    )


# --- 2M1: a chain as a matrix --------------------------------------------------------------------

TARGET = np.array([0.2, 0.3, 0.5])


def _chain(ratio: np.ndarray) -> np.ndarray:
    """Return the matrix of a chain that proposes each other state with probability 1/2."""
    matrix = 0.5 * np.minimum(1.0, ratio)
    np.fill_diagonal(matrix, 0.0)
    return matrix + np.diag(1.0 - matrix.sum(axis=1))


@exercise(
    "2M1",
    "A chain as a matrix",
    P="the 3 x 3 matrix of the chain, `P[i, j]` the probability of going from state i to state j",
    rejected="the long-run share of iterations in which the proposal is rejected, a number",
)
def matrix(P: Any, rejected: Any) -> str:  # noqa: N803 (the name of the matrix in the chapter)
    """Compare with the exact matrix, and with the matrices of typical mistakes."""
    given = numbers("P", P, 9, ndim=2)
    if given.shape != (3, 3):
        raise Unusable("P", P, "not a matrix of three rows and three columns")

    right = _chain(TARGET / TARGET[:, None])
    off_diagonal = ~np.eye(3, dtype=bool)

    def is_like(other: np.ndarray, where: np.ndarray | None = None) -> bool:
        difference = np.abs(given - other)
        return bool((difference if where is None else difference[where]).max() < 1e-3)

    require(
        not is_like(right.T),
        "transposed",
        "Which sums are 1 in your matrix: those of the rows, or of the columns?",
        "Your matrix is transposed. Row `i` holds what happens *from* state `i`, so each row sums to 1.",
    )
    require(
        not is_like(np.tile(TARGET, (3, 1))),
        "independent-draws",
        "How does your chain propose? The exercise names the rule.",
        "A matrix whose rows are the target draws independently. Here a state proposes each of the *other two* with "
        "probability 1/2, and then accepts or stays.",
    )
    require(
        not is_like(np.where(off_diagonal, 0.5, 0.0)),
        "all-accepted",
        "What is the long-run distribution of your chain? Raise the matrix to a high power.",
        "This matrix only proposes: in the long run it visits all states equally often. Multiply each proposal by "
        "`min(1, pi[j] / pi[i])`.",
    )
    require(
        not is_like(_chain(TARGET[:, None] / TARGET)),
        "ratio-upside-down",
        "Where does your chain spend most of its time? Where should it?",
        "Your acceptance ratio is upside down: going *to* `j` is accepted with probability `min(1, pi[j] / pi[i])`.",
    )
    require(
        not (is_like(right, off_diagonal) and not is_like(right)),
        "rejections-lost",
        "Do the rows of your matrix sum to 1? Where does a rejected proposal go?",
        "A rejected proposal means staying: put `1 - sum of the other entries` on the diagonal.",
    )
    require(
        is_like(right),
        "matrix",
        "Check detailed balance: is `pi[:, None] * P` symmetric?",
        "Off the diagonal, `P[i, j] = 0.5 * min(1, pi[j] / pi[i])`; on it, what is left of 1.",
    )

    part, exact = share("rejected", rejected), float(TARGET @ np.diag(right))
    require(
        not close(part, 1.0 - exact, 5e-3),
        "accepted-instead",
        "Accepted or rejected?",
        f"{1.0 - exact:.2f} is the acceptance rate. The rest is rejected.",
    )
    require(
        not close(part, float(np.diag(right).mean()), 5e-3),
        "states-not-weighted",
        "Is the chain equally often in each state?",
        "Weight the probability of rejection in each state by the share of time that the chain spends there: "
        "`pi @ np.diag(P)`.",
    )
    require(
        close(part, exact, 5e-3),
        "rejected",
        "In which state is a rejection most likely, and how often is the chain there?",
        "`pi @ np.diag(P)`: the diagonal holds the rejections, and `pi` the time in each state.",
    )
    second = float(np.sort(np.abs(np.linalg.eigvals(right)))[-2])
    return (
        f"Balanced. The second largest eigenvalue of this matrix is {second:.2f} in size: by that factor the chain "
        "forgets its start in each step."
    )


# --- 2M2: a trajectory that goes nowhere ----------------------------------------------------------


def _paths(name: str, value: Any) -> np.ndarray:
    """Return draws given as an array of shape (chain, draw), or raise `Unusable`."""
    if getattr(value, "ndim", 0) == 3 and value.shape[2] == 1:
        value = value[..., 0]
    values = numbers(name, value, least=200, ndim=2)
    if values.shape[0] < 2 or values.shape[1] < 100:
        raise Unusable(name, value, "where 100 draws or more of several chains are expected")
    return values


def _memory(values: np.ndarray) -> np.ndarray:
    """Return the correlation of successive draws within each chain; 1 if it does not move."""
    away = values - values.mean(axis=1, keepdims=True)
    power = (away**2).mean(axis=1)
    product = (away[:, 1:] * away[:, :-1]).mean(axis=1)
    return np.where(power > 1e-18, product / np.maximum(power, 1e-18), 1.0)


def _sd(values: np.ndarray) -> tuple[float, float]:
    """Return the standard deviation of draws of shape (chain, draw), and its MCSE."""
    import arviz as az

    error = az.mcse(values, method="sd", chain_axis=0, draw_axis=1)
    return float(values.std()), float(error)


@exercise(
    "2M2",
    "A trajectory that goes nowhere",
    correlations="three numbers: the correlation of successive draws for trajectories of length pi/2, pi "
    "and 2 pi",
    stuck="the draws with whole orbits, an array of shape (4, 1000)",
    cured="the draws with your cure, an array of shape (chain, draw)",
)
def orbit(correlations: Any, stuck: Any, cured: Any) -> str:
    """Compare with the cosine, then ask that the one run is stuck and the other is not."""
    values = numbers("correlations", correlations, 3)

    def are(*expected: float) -> bool:
        return all(close(v, e, 0.02) for v, e in zip(values, expected, strict=True))

    require(
        not are(1.0, 0.0, 0.0),
        "momentum-part",
        "Which part of the solution comes from the old position?",
        "The new position is `cos(t)` times the old one plus `sin(t)` times a fresh momentum. The sine tells how much "
        "is new.",
    )
    require(
        not are(0.0, 1.0, 1.0) and not are(0.0, 0.0, 1.0),
        "half-orbit",
        "Where is the particle after half an orbit?",
        "On the opposite side, at the same distance: the new position is minus the old one.",
    )
    require(
        not are(0.0, 1.0, -1.0) and not are(0.0, -1.0, 0.0),
        "whole-orbit",
        "Where is the particle after a whole orbit?",
        "Exactly where it started, whatever the momentum was.",
    )
    require(
        are(0.0, -1.0, 1.0),
        "correlations",
        "Write the new position as a combination of the old one and the momentum, which is independent of it.",
        "On a standard Normal, `new = old * cos(t) + momentum * sin(t)`. The correlation of old and new is `cos(t)`.",
    )

    still, moving = _paths("stuck", stuck), _paths("cured", cured)
    require(
        rhat(still) > 1.5,
        "not-stuck",
        "Do your chains leave the places where they started?",
        "Choose the step size as `2 * np.pi / 63` with 63 steps, and four different starting points: each chain "
        "should stay near its own.",
    )
    # Leapfrog steps return to their start within 0.003 rad: a chain creeps, and remembers where it was.
    require(
        _memory(still).min() > 0.5,
        "no-chain",
        "How far is each draw of your stuck chains from the one before?",
        "They jump about a level of their own: these are independent numbers, not trajectories. Run `mcmc.hmc` with 63 "
        "steps of `2 * np.pi / 63`, and each draw returns nearly to the one before.",
    )
    converged("cured", "theta", moving)
    sd, error = _sd(moving)
    require(
        abs(sd - 1.0) <= LIMIT * error,
        "other-target",
        "What are the mean and the standard deviation of your cured draws? What should they be?",
        f"The standard deviation is {sd:.2f}; a standard Normal has 1. Change the trajectory, not the target.",
    )
    return (
        "R-hat sees it at once, because the chains started apart. A single chain would have reported a precise and "
        "wrong answer. A random length breaks the cycle, and NUTS stops before it closes."
    )


# --- 2H1: counting the data twice ----------------------------------------------------------------

LANGEVIN_STEP = 0.3


def _langevin_sds(step: float) -> dict[str, float]:
    """Return the stationary standard deviation of a Langevin chain, by how it accepts.

    On a Normal target with standard deviation s the Langevin proposal with step e is reversible with
    respect to a Normal whose precision is (1 - e^2 / (4 s^2)) / s^2. Accepting by a power of the
    target's density, or of the proposal's, adds that many times the precision.
    """
    own = 1.0 / POSTERIOR_SD**2
    proposal = own * (1.0 - 0.25 * step**2 * own)
    precisions = {
        "exact": own,
        "uncorrected": proposal + own,
        "reversed": 2.0 * proposal + own,
        "all accepted": proposal,
    }
    return {name: value**-0.5 for name, value in precisions.items()}


@exercise(
    "2H1",
    "Break it: count the data twice",
    corrected="the run with the Hastings correction, with the variable `mu` (`run.to_datatree('mu')`)",
    uncorrected="the run without it, with the variable `mu`",
    limit="'posterior', 'posterior squared' or 'prior': which density does the uncorrected chain sample as "
    "its step goes to zero?",
)
def langevin(corrected: Any, uncorrected: Any, limit: Any) -> str:
    """Compare the standard deviations of both runs with their closed forms."""
    expected = _langevin_sds(LANGEVIN_STEP)
    found = {}
    for name, idata in {"corrected": corrected, "uncorrected": uncorrected}.items():
        values = draws(name, idata, "mu")
        converged(name, "mu", values)
        found[name] = _sd(values)

    def has(name: str, law: str) -> bool:
        sd, error = found[name]
        return abs(sd - expected[law]) <= LIMIT * error

    require(
        not (has("corrected", "uncorrected") and has("uncorrected", "exact")),
        "swapped",
        "Which of your two runs has the standard deviation of the posterior?",
        "The two runs are exchanged.",
    )
    require(
        not has("corrected", "reversed"),
        "sign-reversed",
        "Which of the two proposal densities stands above the line in the acceptance ratio?",
        "The way *back*: `log q(old | new) - log q(new | old)`. Yours has the opposite sign, which makes the error worse.",
    )
    require(
        not has("corrected", "uncorrected"),
        "correction-missing",
        "Does your correction depend on the drift?",
        "Both densities have the same width but different centers: `q(new | old)` is centered at `old` plus its drift, "
        "`q(old | new)` at `new` plus *its* drift.",
    )
    require(
        has("corrected", "exact"),
        "corrected",
        f"Its standard deviation is {found['corrected'][0]:.3f}. What should it be?",
        f"The posterior has {expected['exact']:.3f}. Use a step of {LANGEVIN_STEP}, a drift of `step**2 / 2 * gradient`, and both "
        "proposal densities in the correction.",
    )
    require(
        not has("uncorrected", "all accepted"),
        "all-accepted",
        "Does your uncorrected run still accept and reject?",
        "You accepted everything. Keep the ratio of the two posterior densities, and leave out only the ratio of the "
        "proposals.",
    )
    require(
        not has("uncorrected", "exact"),
        "still-correct",
        "Is the run still right? Then nothing is broken yet.",
        "Leave out `log_proposal_ratio`, and keep the drift in `propose`.",
    )
    require(
        has("uncorrected", "uncorrected"),
        "uncorrected",
        "Change one thing only between the two runs.",
        f"With a step of {LANGEVIN_STEP} the standard deviation without the correction is {expected['uncorrected']:.3f}.",
    )
    require(
        choice("limit", limit, ("posterior", "posterior squared", "prior")) == "posterior squared",
        "bias-vanishes",
        "Try a smaller step. Does the standard deviation go to that of the posterior?",
        "The drift alone already makes the posterior stationary, nearly. Accepting by the posterior once more counts it "
        "twice, and the standard deviation goes to that of the posterior divided by the square root of 2.",
    )
    return (
        f"Without the correction the standard deviation is {found['uncorrected'][0]:.3f} instead of "
        f"{expected['exact']:.3f}, as if every reading had been used twice. R-hat and ESS are flawless in both runs."
    )
