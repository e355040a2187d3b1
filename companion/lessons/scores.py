"""How well does a model predict? WAIC, differences of scores, and exact scores in ArviZ's form.

All scores are expected log predictive densities (elpd), in nats: higher is better. PSIS-LOO and the
comparison table come from ArviZ. WAIC is here because ArviZ 1.x no longer has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
import warnings

from companion.inputs import as_array
import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from xarray import DataTree

__all__ = ["LARGEST_P_WAIC", "WAIC", "elpd_difference", "exact_loo", "pointwise_waic", "waic"]

LARGEST_P_WAIC = 0.4


@dataclass(frozen=True)
class WAIC:
    """The widely applicable information criterion, observation by observation.

    Attributes
    ----------
    lppd_i : array, shape (n,)
        Log of the posterior mean of each observation's density (nats).
    p_i : array, shape (n,)
        Posterior variance of each observation's log density.
    """

    lppd_i: np.ndarray
    p_i: np.ndarray

    @property
    def lppd(self) -> float:
        """Log pointwise predictive density of the data that were fitted."""
        return float(self.lppd_i.sum())

    @property
    def p(self) -> float:
        """The penalty, read as an effective number of parameters."""
        return float(self.p_i.sum())

    @property
    def elpd_i(self) -> np.ndarray:
        """Estimated log predictive density of each observation, shape (n,)."""
        return self.lppd_i - self.p_i

    @property
    def elpd(self) -> float:
        """Estimated expected log predictive density: higher is better."""
        return self.lppd - self.p

    @property
    def se(self) -> float:
        """Standard error of `elpd` over observations."""
        return float(np.sqrt(self.p_i.size) * self.elpd_i.std(ddof=1))

    @property
    def waic(self) -> float:
        """The same on the scale of the deviance, -2 `elpd`: lower is better."""
        return -2.0 * self.elpd

    @property
    def unreliable(self) -> int:
        """Number of observations whose `p_i` exceeds 0.4."""
        return int((self.p_i > LARGEST_P_WAIC).sum())


def pointwise_waic(log_likelihood: np.ndarray) -> WAIC:
    """Compute WAIC from an array of log likelihoods.

    Parameters
    ----------
    log_likelihood : array, shape (draws, observations)
        Log density of each observation at each posterior draw.

    Returns
    -------
    WAIC

    Raises
    ------
    ValueError
        If the array is not two-dimensional, has no observation or fewer than two draws, or has values
        that are NaN or infinite.

    Warns
    -----
    UserWarning
        If the variance of an observation's log density exceeds 0.4: WAIC can then fail.

    References
    ----------
    Watanabe (2010), JMLR 11, 3571-3594. Vehtari, Gelman and Gabry (2017),
    doi:10.1007/s11222-016-9696-4, sections 2.2 (formulas) and 4.1 (the limit of 0.4).
    """
    values = as_array("log_likelihood", log_likelihood).astype(float)
    if values.ndim != 2:
        raise ValueError(
            f"log_likelihood must have the shape (draws, observations), but has shape {values.shape}."
        )
    draws, observations = values.shape
    if draws < 2 or observations < 1:
        raise ValueError(
            "log_likelihood must have at least two draws and one observation, but has shape "
            f"{values.shape}."
        )
    if np.isnan(values).any():
        raise ValueError(
            f"log_likelihood must have no missing values, but {np.isnan(values).sum()} are NaN."
        )
    if np.isinf(values).any():
        raise ValueError(
            "log_likelihood must be finite, but some values are infinite: an observation is impossible "
            "at some draw, or its density has no bound."
        )
    largest = values.max(axis=0)
    lppd_i = largest + np.log(np.exp(values - largest).mean(axis=0))
    result = WAIC(lppd_i=lppd_i, p_i=values.var(axis=0, ddof=1))
    if result.unreliable:
        warnings.warn(
            f"p_waic exceeds {LARGEST_P_WAIC} for {result.unreliable} of {observations} observations, so "
            "WAIC may be far from what it estimates. Use LOO, and read its Pareto k.",
            stacklevel=2,
        )
    return result


def waic(idata: DataTree, var_name: str | None = None) -> WAIC:
    """Compute WAIC from the log likelihood that a fit has stored.

    Parameters
    ----------
    idata : DataTree
        Fit with a `log_likelihood` group: TFP's adapter stores it, and `pm.compute_log_likelihood` adds
        it to a fit of PyMC.
    var_name : str, optional
        Name of the observed variable; needed when there are several.

    Returns
    -------
    WAIC
        Observations in the order of the array, flattened.

    Raises
    ------
    ValueError
        If there is no log likelihood, none or several variables to choose from, dimensions `chain` and
        `draw` are missing, or the values cannot be used; see `pointwise_waic`.
    """
    if "log_likelihood" not in getattr(idata, "children", {}):
        groups = ", ".join(getattr(idata, "children", {})) or "none"
        raise ValueError(
            f"idata must have a log_likelihood group, but its groups are: {groups}. With PyMC, call "
            "pm.compute_log_likelihood(idata) inside the model."
        )
    variables = idata["log_likelihood"].data_vars
    names = list(map(str, variables))
    if var_name is None and len(names) != 1:
        raise ValueError(
            "var_name must say which variable to use, but was not given, and the log_likelihood group has "
            f"{', '.join(names) or 'none'}."
        )
    name = names[0] if var_name is None else var_name
    if name not in names:
        raise ValueError(f"var_name must be one of {', '.join(names)}, but {name!r} was given.")
    values = variables[name]
    if not {"chain", "draw"} <= set(values.dims):
        raise ValueError(
            f"idata must have a log likelihood of {name!r} with the dimensions chain and draw, but has "
            f"{', '.join(map(str, values.dims)) or 'none'}."
        )
    array = values.transpose("chain", "draw", ...).to_numpy()
    return pointwise_waic(array.reshape(array.shape[0] * array.shape[1], -1))


def _scores(name: str, values: ArrayLike) -> np.ndarray:
    """Return pointwise scores as a vector of at least two finite numbers."""
    array = as_array(name, values).astype(float)
    if array.ndim != 1 or array.size < 2 or not np.isfinite(array).all():
        raise ValueError(
            f"{name} must be a vector of two or more finite scores, one per observation, but has shape "
            f"{array.shape} and {np.sum(~np.isfinite(array))} values that are not finite."
        )
    return array


def elpd_difference(first: ArrayLike, second: ArrayLike) -> tuple[float, float]:
    """Return how much better the first of two models predicts, and the standard error of that.

    Parameters
    ----------
    first, second : array, shape (n,)
        Log predictive densities of the same observations in the same order (nats).

    Returns
    -------
    difference, standard_error : float
        Sum of the pointwise differences, and sqrt(n) times their standard deviation (with n - 1).

    Raises
    ------
    ValueError
        If the vectors differ in length, or hold fewer than two finite numbers.

    References
    ----------
    Vehtari, Gelman and Gabry (2017), doi:10.1007/s11222-016-9696-4, section 5.2.
    """
    a, b = _scores("first", first), _scores("second", second)
    if a.size != b.size:
        raise ValueError(
            "first and second must score the same observations, but have "
            f"{a.size} and {b.size} of them."
        )
    difference = a - b
    return float(difference.sum()), float(np.sqrt(a.size) * difference.std(ddof=1))


def exact_loo(elpd_i: ArrayLike, lppd_i: ArrayLike) -> Any:
    """Put exact leave-one-out scores into the form that `az.compare` and its plot accept.

    Parameters
    ----------
    elpd_i : array, shape (n,)
        Log density of each observation, predicted from all others (nats).
    lppd_i : array, shape (n,)
        Log density of each observation under the posterior of all of them. The sum of the differences
        is the effective number of parameters.

    Returns
    -------
    arviz_stats.ELPDDataLOO
        As from `az.loo`, with every Pareto k zero: nothing was estimated from draws.

    Raises
    ------
    ValueError
        If the vectors differ in length, or hold fewer than two finite numbers.
    """
    from arviz_stats.utils import ELPDDataLOO
    from xarray import DataArray

    scores, fitted = _scores("elpd_i", elpd_i), _scores("lppd_i", lppd_i)
    if scores.size != fitted.size:
        raise ValueError(
            f"elpd_i and lppd_i must have the same length, but have {scores.size} and {fitted.size}."
        )
    return ELPDDataLOO(
        elpd=float(scores.sum()),
        se=float(np.sqrt(scores.size) * scores.std(ddof=1)),
        p=float((fitted - scores).sum()),
        n_samples=1,
        n_data_points=scores.size,
        scale="log",
        warning=False,
        good_k=0.7,
        elpd_i=DataArray(scores, dims="observation"),
        pareto_k=DataArray(np.zeros_like(scores), dims="observation"),
    )
