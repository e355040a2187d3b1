"""The list of all reference models."""

from __future__ import annotations

from collections.abc import Callable

MODELS: dict[str, Callable] = {}


def model(function: Callable) -> Callable:
    """Register a function that takes no arguments and returns a PyMC model, or a finished table."""
    MODELS[function.__name__] = function
    return function
