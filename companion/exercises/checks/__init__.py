"""The checks, one module for each chapter. Importing a module registers its exercises."""

from companion.exercises.checks import funnels, robust_regression

__all__ = ["funnels", "robust_regression"]
