"""Sentences whose numbers, and whose words, come from the computation.

A number typed into prose is wrong after the next change of the data, the seed or a library. `say`
prints a sentence as Markdown, below the cell that computed it, in JupyterLab and in the book alike.

A word can be wrong in the same way. The same seed gives other draws on another processor, and then
"above" may be "below". So a verdict on drawn numbers is a `claim`: it says by how many standard errors
it holds, and either has other words for the case that it does not, or stops the notebook and names
itself.

    slow = claim((400 - ess) / ess_error, "too few draws", "enough draws")
    say(f"These are {slow}.{' Run longer.' if slow else ''}")

`say` keeps the claims of a sentence beside it, so that the book can list them all by their margins.
"""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass
import math
import numbers
import re

from IPython.display import Markdown

__all__ = ["Claim", "ClaimFailed", "SAFE_MARGIN", "claim", "nonempty", "say"]

# With fewer standard errors than this a claim fails on about one machine in 30,000 or more.
SAFE_MARGIN = 4.0

NOT_A_NUMBER = re.compile(r"(?<![\w.\\])[+-]?(?:nan|inf)(?![\w-])", re.IGNORECASE)

# The claims made since the last sentence.
_MADE: list[Claim] = []


class ClaimFailed(AssertionError):
    """A sentence of the text is false for these draws."""


@dataclass(frozen=True)
class Claim:
    """A verdict on drawn numbers: true or false as a condition, its words in an f-string.

    Attributes
    ----------
    margin : float
        By how many standard errors it holds; negative if it does not.
    yes : str
        The words if it holds.
    otherwise : str or None
        The words if it does not.
    """

    margin: float
    yes: str
    otherwise: str | None

    def __bool__(self) -> bool:
        """Whether it holds."""
        return self.margin > 0

    def __str__(self) -> str:
        """Return the words that are true."""
        return self.yes if self else str(self.otherwise)

    def words(self, yes: str, otherwise: str) -> str:
        """Return one of two further pieces of text, according to the same verdict.

        Parameters
        ----------
        yes, otherwise : str
            What to say if the claim holds, and if it does not.

        Returns
        -------
        str
        """
        return yes if self else otherwise


def claim(margin: float, yes: str, otherwise: str | None = None) -> Claim:
    """State something about drawn numbers, with the distance by which it holds.

    Parameters
    ----------
    margin : float
        Distance between the number and the limit, in standard errors of the number (Monte Carlo
        errors of an estimate, binomial errors of a share, the spread over repeated runs), positive
        on the side where the claim holds. Infinity for what cannot vary.
    yes : str
        The words if it holds.
    otherwise : str, optional
        The words if it does not. Without them a false claim raises; so leave them out only where the
        margin is above four errors, and the build lists those where it is not.

    Returns
    -------
    Claim

    Raises
    ------
    ClaimFailed
        If it does not hold and there are no other words.
    TypeError
        If `margin` is not a number, or the words are not strings.
    ValueError
        If `margin` is not a number that can be compared (NaN).
    """
    if isinstance(margin, bool) or not isinstance(margin, numbers.Real):
        raise TypeError(
            "margin must be a number, the distance to the limit in standard errors, but "
            f"{margin!r} was given."
        )
    for name, words in {"yes": yes, "otherwise": otherwise}.items():
        if not isinstance(words, str) and not (words is None and name == "otherwise"):
            raise TypeError(f"{name} must be a string, but {words!r} was given.")
    if math.isnan(margin):
        raise ValueError(
            f"margin must be a distance in standard errors, but it is NaN for the claim {yes!r}."
        )
    made = Claim(float(margin), yes, otherwise)
    if not made and otherwise is None:
        raise ClaimFailed(
            f"The text says {yes!r}, and with these draws that is false by {-margin:.1f} standard errors. "
            "Correct the sentence, or give the claim other words for this case."
        )
    _MADE.append(made)
    return made


def nonempty[Found: Sized](found: Found, what: str) -> Found:
    """Return a selection as it is, unless nothing was selected.

    The largest of no numbers is an error far from its cause, or NaN in a sentence.

    Parameters
    ----------
    found : sized
        A list, an array, a Series, a DataFrame.
    what : str
        What was looked for, in words: `"fits with k below 0.7"`.

    Returns
    -------
    sized
        `found` itself.

    Raises
    ------
    TypeError
        If it has no length.
    ValueError
        If it is empty.
    """
    if not isinstance(found, Sized):
        raise TypeError(
            f"found must be a selection that has a length, but a {type(found).__name__} was given."
        )
    if len(found) == 0:
        raise ValueError(
            f"found must not be empty, but there are no {what}, and the text speaks of them."
        )
    return found


def say(text: str) -> Markdown:
    """Return text as rendered Markdown.

    Parameters
    ----------
    text : str
        Markdown, usually an f-string. Line breaks and indentation are folded, so that a long
        sentence may be written over several lines of code.

    Returns
    -------
    IPython.display.Markdown
        Displayed when it is the last value of a cell. Its metadata list the claims that were made
        since the last sentence.

    Raises
    ------
    TypeError
        If `text` is not a string.
    ValueError
        If a number in it is NaN or infinite.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, but a {type(text).__name__} was given.")
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    if bad := NOT_A_NUMBER.search(text):
        near = " ".join(text[max(0, bad.start() - 60) : bad.end() + 30].split())
        raise ValueError(
            f"text must have finite numbers, but {bad.group()} was given in '... {near} ...'."
        )
    # JSON has no infinity: what cannot vary has no margin.
    claims = [
        {
            "margin": made.margin if math.isfinite(made.margin) else None,
            "yes": made.yes,
            "otherwise": made.otherwise,
        }
        for made in _MADE
    ]
    _MADE.clear()
    return Markdown("\n\n".join(paragraphs), metadata={"claims": claims} if claims else None)
