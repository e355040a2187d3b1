"""A scorecard: is a Bayesian hierarchical model worth its complexity here?

Seven facts about a problem become points, and points become a word. Rules of thumb in this form travel
easily and are hard to question, so everything that decides is written down in one place: the thresholds
below. The card looks at the problem. It does not look at the data, and it knows nothing about
alternatives; chapter 16 holds it against measurements.
"""

from __future__ import annotations

from dataclasses import dataclass
import math
from numbers import Integral, Real

__all__ = ["HIGHEST", "LOWEST", "Factor", "Scorecard"]

MANY_GROUPS = 5
SMALL_GROUP = 50
HUGE_NUMBER_OF_GROUPS = 100
TIGHT_BUDGET_HOURS = 0.1
HIGHEST_EXPERTISE = 3

STRONG, MODERATE = 5, 3
ADVICE = {
    "strong": "A Bayesian hierarchical model is recommended.",
    "moderate": "A Bayesian model may add value. Compare it with a mixed-effects model.",
    "weak": "A mixed-effects model or a penalized likelihood is probably enough.",
}

# The penalty for a tight budget needs more than 100 groups, and these bring at least one point.
LOWEST, HIGHEST = -2, 7


def _check_whole(name: str, value: object, lowest: int, highest: int | None = None) -> None:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be a whole number, but {value!r} was given.")
    if int(value) < lowest or (highest is not None and int(value) > highest):
        wanted = f"at least {lowest}" if highest is None else f"between {lowest} and {highest}"
        raise ValueError(f"{name} must be {wanted}, but {value!r} was given.")


@dataclass(frozen=True)
class Factor:
    """One line of the card.

    Attributes
    ----------
    points : int
        What it adds to the score; negative for a penalty.
    reason : str
        Why.
    """

    points: int
    reason: str


@dataclass(frozen=True)
class Scorecard:
    """Seven facts about a problem, scored.

    Attributes
    ----------
    groups : int
        Number of groups, at least 1.
    smallest_group, largest_group : int
        Observations in the smallest and in the largest group, at least 1. The largest is reported and
        earns no points.
    genuine_prior : bool
        Is something known about the parameters that the data do not say?
    full_uncertainty : bool
        Does a decision need probabilities, and not only estimates?
    budget_hours : float
        Time for one analysis (hours), not negative.
    expertise : int
        From 0 (none) to 3 (expert). Only 0 matters.

    Raises
    ------
    TypeError
        If a count is not a whole number, a flag not True or False, or the budget not a number.
    ValueError
        If a value is out of range, or the smallest group larger than the largest.

    Notes
    -----
    More than 5 groups earn 3 points if the smallest has fewer than 50 observations, otherwise 1. A
    genuine prior earns 2, the need for full uncertainty 2. Less than 0.1 hours for more than 100 groups
    costs 2, a team without experience 1. Scores run from -2 to 7; from 5 the case is strong, from 3
    moderate.
    """

    groups: int
    smallest_group: int
    largest_group: int
    genuine_prior: bool
    full_uncertainty: bool
    budget_hours: float
    expertise: int

    def __post_init__(self) -> None:
        for name in ("groups", "smallest_group", "largest_group"):
            _check_whole(name, getattr(self, name), 1)
        _check_whole("expertise", self.expertise, 0, HIGHEST_EXPERTISE)
        if self.largest_group < self.smallest_group:
            raise ValueError(
                f"largest_group must be at least smallest_group ({self.smallest_group}), but "
                f"{self.largest_group} was given."
            )
        for name in ("genuine_prior", "full_uncertainty"):
            if not isinstance(getattr(self, name), bool):
                raise TypeError(
                    f"{name} must be True or False, but {getattr(self, name)!r} was given."
                )
        hours = self.budget_hours
        if isinstance(hours, bool) or not isinstance(hours, Real):
            raise TypeError(f"budget_hours must be a number of hours, but {hours!r} was given.")
        if not (math.isfinite(hours) and hours >= 0.0):
            raise ValueError(
                f"budget_hours must be finite and not negative, but {hours!r} was given."
            )

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The rules that fired, in the order of the card."""
        fired = []
        if self.groups > MANY_GROUPS and self.smallest_group < SMALL_GROUP:
            fired.append(
                Factor(
                    3,
                    f"{self.groups} groups, the smallest with {self.smallest_group} "
                    f"observation{'s' if self.smallest_group != 1 else ''}",
                )
            )
        elif self.groups > MANY_GROUPS:
            fired.append(
                Factor(1, f"{self.groups} groups, all with {SMALL_GROUP} observations or more")
            )
        if self.genuine_prior:
            fired.append(Factor(2, "genuine prior knowledge"))
        if self.full_uncertainty:
            fired.append(Factor(2, "a decision that needs probabilities"))
        if self.budget_hours < TIGHT_BUDGET_HOURS and self.groups > HUGE_NUMBER_OF_GROUPS:
            fired.append(Factor(-2, "a tight compute budget for so many groups"))
        if self.expertise < 1:
            fired.append(Factor(-1, "a team without Bayesian experience"))
        return tuple(fired)

    @property
    def score(self) -> int:
        """Sum of the points, from -2 to 7."""
        return sum(factor.points for factor in self.factors)

    @property
    def case(self) -> str:
        """`"strong"`, `"moderate"` or `"weak"`."""
        return (
            "strong" if self.score >= STRONG else "moderate" if self.score >= MODERATE else "weak"
        )

    def __str__(self) -> str:
        """Return the card as text."""
        lines = [
            f"Score {self.score}, on a scale from {LOWEST} to {HIGHEST}: a {self.case} case.",
            ADVICE[self.case],
        ]
        lines += [f"  {factor.points:+d}  {factor.reason}" for factor in self.factors] or [
            "   0  no factor applies"
        ]
        ratio = self.largest_group / self.smallest_group
        times = f"{ratio:,.1f}" if ratio < 10.0 else f"{ratio:,.0f}"
        sizes = "equal" if ratio == 1.0 else f"up to {times} times the smallest"
        lines.append(f"  not scored: the sizes of the groups are {sizes}")
        return "\n".join(lines)
