"""Numbers on a command line, within their limits: each command refuses others before it does anything."""

import argparse
from collections.abc import Callable


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return what `argparse` reads a number with.

    Parameters
    ----------
    least : int
        The smallest number that makes sense.
    most : int, optional
        The largest, if there is one.

    Returns
    -------
    callable
        For the argument `type` of `add_argument`. It raises `argparse.ArgumentTypeError`, which says the
        limits and what was given.
    """
    limits = f"from {least} on" if most is None else f"from {least} to {most}"

    def read(given: str) -> int:
        try:
            value = int(given)
        except ValueError:
            value = None
        if value is None or value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"a whole number {limits}, not {given!r}")
        return value

    return read
