"""What TFP 0.25 gets wrong, set right when this module is imported.

TFP 0.25 is the newest release, and its newest partner is JAX 0.6. Each of these faults is small, and each
ends a valid model in an error deep inside TFP, or in draws from another distribution:

* `Pad` calls NumPy with an argument that NumPy 2.4 took away, so no simplex can be sampled.
* The default changes of variables of `Wishart...` and `InverseGaussian` compute in float32 only.
* The volume of `LKJ`'s change of variables is that of a covariance matrix, so its draws follow another
  distribution. (`CholeskyLKJ` is right.)
* A truncated distribution may have an infinite bound, for which TFP's change of variables gives NaN.
* On a sphere TFP's change of variables reaches one orthant only, with NaN for its volume.
* A mixture of continuous distributions has no change of variables, as if it were discrete.
* A masked array loses its mask when it is pinned, and the nullable columns of pandas are refused.

A release that mends one of them makes its repair, and the test of it, superfluous.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from companion.inputs import as_array
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from tensorflow_probability.python.internal.backend.jax.ops import (
    register_tensor_conversion_function,
)
from tensorflow_probability.substrates.jax import bijectors as tfb
from tensorflow_probability.substrates.jax import distributions as tfd
from tensorflow_probability.substrates.jax.bijectors import pad

__all__ = ["CorrelationFromFactor", "Interval"]


class Interval(tfb.Bijector):
    """From the real line to an interval whose bounds may be infinite.

    Between two finite bounds it is the logistic function, beyond one bound the exponential function,
    and without bounds it changes nothing.

    Parameters
    ----------
    low, high : array
        The bounds.
    """

    def __init__(self, low: Any, high: Any) -> None:
        self.low, self.high = low, high
        self.has_low, self.has_high = jnp.isfinite(low), jnp.isfinite(high)
        self.from_low = jnp.where(self.has_low, low, 0.0)
        self.from_high = jnp.where(self.has_high, high, 0.0)
        self.between = tfb.Sigmoid(
            self.from_low, jnp.where(self.has_high, high, self.from_low + 1.0)
        )
        super().__init__(
            forward_min_event_ndims=0, parameters={"low": low, "high": high}, name="interval"
        )

    def _choose(
        self, between: jax.Array, above: jax.Array, below: jax.Array, free: jax.Array
    ) -> jax.Array:
        one = jnp.where(self.has_low, above, jnp.where(self.has_high, below, free))
        return jnp.where(self.has_low & self.has_high, between, one)

    def _forward(self, x: jax.Array) -> jax.Array:
        above, below = self.from_low + jnp.exp(x), self.from_high - jnp.exp(x)
        return self._choose(self.between.forward(x), above, below, x)

    def _inverse(self, y: jax.Array) -> jax.Array:
        # What is not chosen gets a harmless argument, so that its derivative is finite, too.
        inside = jnp.where(self.has_low & self.has_high, y, self.from_low + 0.5)
        above = jnp.log(jnp.where(self.has_low, y - self.from_low, 1.0))
        below = jnp.log(jnp.where(self.has_high, self.from_high - y, 1.0))
        return self._choose(self.between.inverse(inside), above, below, y)

    def _forward_log_det_jacobian(self, x: jax.Array) -> jax.Array:
        return self._choose(self.between.forward_log_det_jacobian(x, 0), x, x, jnp.zeros_like(x))


class CorrelationFromFactor(tfb.CholeskyOuterProduct):
    """From the Cholesky factor of a correlation matrix to the matrix.

    The rows of the factor have length one, so both have one free number for each entry below the
    diagonal, and the volume changes by the product over rows i of n of L[i, i]^(n - i) (Stan Functions
    Reference, "Cholesky LKJ correlation distribution").
    """

    def _inverse(self, y: jax.Array) -> jax.Array:
        return jnp.linalg.cholesky(y)

    def _forward_log_det_jacobian(self, x: jax.Array) -> jax.Array:
        size = x.shape[-1]
        diagonal = jnp.diagonal(x, axis1=-2, axis2=-1)
        return jnp.log(diagonal) @ jnp.arange(size - 1.0, -1.0, -1.0)


def _correlation(self: Any) -> tfb.Bijector:
    factor = tfb.CorrelationCholesky()
    return factor if self.input_output_cholesky else tfb.Chain([CorrelationFromFactor(), factor])


def _truncated(self: Any) -> tfb.Bijector:
    """Return TFP's own choice for two finite bounds, and `Interval` where a bound may be infinite."""
    bounds = (self.low, self.high)
    known = not any(isinstance(bound, jax.core.Tracer) for bound in bounds)
    if known and np.isfinite(bounds[0]).all() and np.isfinite(bounds[1]).all():
        return tfb.Sigmoid(*bounds)
    return Interval(*bounds)


def _wishart(self: Any) -> tfb.Bijector:
    """Return the way from a vector to a positive definite matrix, or to its Cholesky factor."""
    factor = tfb.FillScaleTriL(diag_bijector=tfb.Exp(), diag_shift=None)
    return factor if self.input_output_cholesky else tfb.Chain([tfb.CholeskyOuterProduct(), factor])


def _positive(self: Any) -> tfb.Bijector:
    return tfb.Softplus()


def _sphere(self: Any) -> tfb.Bijector:
    raise NotImplementedError(
        "TFP's own change of variables reaches one orthant of the sphere only. Draw a vector of standard "
        "Normals and divide it by its length instead"
    )


def _mixture(self: Any) -> tfb.Bijector | None:
    """Return the components' common change of variables, if they are on one scale."""
    components = getattr(self, "components", None) or [self.components_distribution]
    changes = [part.experimental_default_event_space_bijector() for part in components]
    if None in changes:
        return None
    kinds = {type(change) for change in changes}
    if len(kinds) == 1 and kinds <= {tfb.Identity, tfb.Softplus, tfb.Exp}:
        return changes[0]
    raise NotImplementedError(
        "TFP has no change of variables for a mixture, and its components have none in common"
    )


def _with_gaps_as_nan(values: Any, dtype: Any = None) -> jax.Array:
    """Convert data that may have gaps; a whole-number type cannot hold one."""
    array = as_array("data", values)
    if dtype is not None and np.dtype(dtype).kind in "iub" and array.dtype.kind == "f":
        raise TypeError(f"The data are no whole numbers: their type is {array.dtype}.")
    return jnp.asarray(array, dtype)


def _own(method: str, replacement: Any, *classes: type) -> None:
    """Replace a method where it is defined, which for some classes is a private parent."""
    for cls in classes:
        owner = next(base for base in cls.__mro__ if method in vars(base))
        setattr(owner, method, replacement)


pad.np = SimpleNamespace(
    **vars(np) | {"reshape": lambda array, newshape: np.reshape(array, newshape)}
)
CHANGE = "_default_event_space_bijector"
_own(CHANGE, _truncated, tfd.TruncatedNormal, tfd.TruncatedCauchy)
_own(CHANGE, _wishart, tfd.WishartLinearOperator)
_own(CHANGE, _correlation, tfd.LKJ)
_own(CHANGE, _positive, tfd.InverseGaussian)
_own(CHANGE, _sphere, tfd.VonMisesFisher, tfd.PowerSpherical, tfd.SphericalUniform)
_own(CHANGE, _mixture, tfd.Mixture, tfd.MixtureSameFamily)
for kind in (np.ma.MaskedArray, pd.Series, pd.DataFrame):
    register_tensor_conversion_function(kind, _with_gaps_as_nan)
