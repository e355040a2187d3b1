"""Checks of chapter 06, transforming covariates and varying variance.

What is expected is computed here from the data: the coefficients of a mean are integrated in closed
form, and the parameters of a spread on a grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
import math
from typing import Any

from companion import datasets
from companion.exercises.answers import Miss, Unusable, choice, close, number, require, whole
from companion.exercises.comparison import paired_error, score_difference
from companion.exercises.fits import converged, count_rows, draws, has_variable, posterior_mean
from companion.exercises.registry import exercise
import numpy as np

# --- 4E1: curves in everyday life -----------------------------------------------------------------


def _bend(x: np.ndarray, y: np.ndarray) -> float:
    """Return the share of the variance of y that a straight line in x leaves over."""
    return 1.0 - float(np.corrcoef(x, y)[0, 1]) ** 2


def _pieces(f: Any, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return how far f is from a cubic polynomial between each pair of points, beside its range."""
    inside = low + (high - low) * np.linspace(0.02, 0.98, 9)[:, None]
    with np.errstate(all="ignore"):
        values = np.asarray(f(inside.T.ravel()), dtype=float).reshape(low.size, 9)
    basis = np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, 9), 4))[0]
    rest = values - values @ basis @ basis.T
    return np.abs(rest).max(axis=1) / max(float(np.ptp(values)), 1e-300)


def _is_interpolation(f: Any, x: np.ndarray) -> bool:
    """Return whether f is made of pieces that meet at the data, as a table or a spline is.

    Each piece between two neighbors is a cubic polynomial (or a line, or a step) to rounding error,
    and at more than two places two neighboring pieces are not one. A smooth function is 30 times, not
    a million times, farther from a cubic on an interval of twice the length.
    """
    for knots in (x, np.concatenate([x[:1], (x[1:] + x[:-1]) / 2.0, x[-1:]])):
        if (_pieces(f, knots[:-1], knots[1:]) < 1e-11).all():
            return int((_pieces(f, knots[:-2], knots[2:]) > 1e-6).sum()) > 2
    return False


def _array(value: Any) -> np.ndarray | None:
    """Return a vector of at least five different finite numbers, or None."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    good = array.ndim == 1 and array.size >= 5 and np.isfinite(array).all()
    return array if good and np.ptp(array) > 0 else None


def _example(name: str, value: Any) -> tuple[np.ndarray, np.ndarray, Any]:
    """Return covariate, response and transformation of one example, or raise `Unusable`."""
    if not isinstance(value, (tuple, list)) or len(value) != 3 or not callable(value[2]):
        raise Unusable("examples", value, f"for {name!r}, where a triple (x, y, f) is expected")
    x, y = _array(value[0]), _array(value[1])
    if x is None or y is None or x.size != y.size or (np.diff(x) <= 0).any():
        raise Unusable(
            "examples",
            value,
            f"for {name!r}, whose x and y should be equally long, at least five numbers each, x increasing",
        )
    return x, y, value[2]


def _transformed(name: str, x: np.ndarray, f: Any) -> np.ndarray:
    """Return f(x), or raise a `Miss` if f is not a function of each value by itself."""
    try:
        with np.errstate(all="ignore"):
            values, fewer = (np.asarray(f(part), dtype=float) for part in (x, x[1:]))
    except Exception as error:  # the learner's function may raise anything
        raise Miss(
            "transformation-fails",
            f"Call the transformation of {name!r} on its x. What happens?",
            f"It raises {type(error).__name__}. It should take an array and return one of the same shape.",
        ) from error
    require(
        values.shape == x.shape and fewer.shape == x[1:].shape and np.allclose(values[1:], fewer),
        "not-a-function-of-x",
        f"Does the transformation of {name!r} look at one covariate value at a time?",
        "f(x) should depend on each value of x by itself, as np.sqrt does, and not on y or on the other x.",
    )
    require(
        np.isfinite(values).all(),
        "transformation-undefined",
        f"Look at f(x) for {name!r}: is every value a finite number?",
        "A logarithm or a negative power has no value at 0. Leave 0 out of x, or use np.log1p.",
    )
    return values


@exercise(
    "4E1",
    "Curves in everyday life",
    examples="a dictionary with two examples or more; the keys are names, each value is a triple "
    "(x, y, f): the covariate, the response you expect, and a transformation of the covariate",
)
def everyday(examples: Any) -> str:
    """Ask that each response is bent in x and straight in f(x)."""
    if not isinstance(examples, Mapping) or not examples:
        raise Unusable("examples", examples)
    triples = {str(name): _example(str(name), value) for name, value in examples.items()}
    require(
        len(triples) >= 2,
        "one-example",
        "How many examples are in your dictionary?",
        "Add a second one, with a curve of another shape.",
    )
    curves = {}
    for name, (x, y, f) in triples.items():
        require(
            _bend(x, y) > 0.003,
            "already-straight",
            f"Plot {name!r}. Does it need a transformation?",
            f"In {name!r} the response is almost exactly a straight line in x. Choose something that speeds up or "
            "levels off, or a wider range of x.",
        )
        values = _transformed(name, x, f)
        require(
            np.ptp(values) > 0 and _bend(x, values) > 1e-4,
            "linear-transformation",
            f"Does your transformation of {name!r} bend anything?",
            "Centering, scaling and changing units are transformations, but a straight line in them is a straight "
            "line in x.",
        )
        require(
            _bend(values, y) < min(0.02, _bend(x, y) / 3.0),
            "still-bent",
            f"Plot the response of {name!r} against f(x). Is it straight now?",
            f"A straight line in f(x) leaves {_bend(values, y):.1%} of the variance of {name!r} over, one in x "
            f"{_bend(x, y):.1%}. Squares and exponentials suit what speeds up; roots and logarithms what levels off.",
        )
        try:
            interpolated = _is_interpolation(f, x)
        except Exception:  # a table that knows its own x only
            interpolated = True
        require(
            not interpolated,
            "interpolation",
            f"What does your transformation of {name!r} say between the values of x that you gave?",
            "It joins the responses that you gave, piece by piece. That fits any data and says nothing about the next x. "
            "Name a function of x that could have been written down before: a root, a power, a logarithm.",
        )
        curves[name] = f
    common, shapes = np.linspace(1.0, 9.0, 17), []
    for f in curves.values():
        with np.errstate(all="ignore"):
            shape = np.asarray(f(common), dtype=float)
        shapes.append(shape if shape.shape == common.shape and np.isfinite(shape).all() else None)
    usable = [shape for shape in shapes if shape is not None]
    same = len(usable) == len(shapes) and all(
        np.ptp(shape) > 0 and _bend(usable[0], shape) < 1e-6 for shape in usable
    )
    require(
        not same,
        "same-curve-twice",
        "Are your examples two curves, or one curve with two names?",
        "Their transformations are the same up to a straight line. Look for something that bends the other way.",
    )
    return (
        f"{len(triples)} curves, each a straight line in the right covariate. The coefficient of f(x) is read per "
        "unit of f(x): translate it before you tell anyone."
    )


# --- 4E7: the square root, justified by LOO -------------------------------------------------------


@cache
def _leave_one_out(root: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the log predictive density of each baby given the others, and the residuals.

    Exact for a flat prior on the coefficients and on log sigma, where the predictive density is a t.
    """
    from scipy import stats

    frame = datasets.babies()
    month, y = frame["month"].to_numpy(float), frame["length"].to_numpy(float)
    design = np.column_stack([np.ones_like(y), np.sqrt(month) if root else month])
    inverse = np.linalg.inv(design.T @ design)
    residual = y - design @ (inverse @ design.T @ y)
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    degrees = y.size - 3
    squares = residual @ residual - residual**2 / (1.0 - leverage)
    scale = np.sqrt(squares / degrees / (1.0 - leverage))
    return stats.t.logpdf(residual / (1.0 - leverage), degrees, 0.0, scale), residual


@exercise(
    "4E7",
    "Justify the square root",
    elpd_difference="LOO's elpd of the model in the square root of the age minus that of the line, a number",
    difference_se="the standard error of that difference, a number",
    largest_k="the largest Pareto k of the two models, a number",
    why="'predicts better', 'fewer parameters' or 'is true'",
    worst_month="the month at which the mean residual of the better model is largest in size, 0 to 24",
)
def square_root(
    elpd_difference: Any, difference_se: Any, largest_k: Any, why: Any, worst_month: Any
) -> str:
    """Compare with the exact leave-one-out densities under flat priors."""
    (line, _), (root, residual) = _leave_one_out(False), _leave_one_out(True)
    gains = root - line
    gain, n = float(gains.sum()), gains.size
    error = math.sqrt(n) * float(gains.std(ddof=1))
    difference = score_difference(
        "elpd_difference", elpd_difference, gain, 8.0, "the model with the square root", "the line"
    )
    require(
        close(difference, gain, 5.0),
        "other-models",
        "Compare your two models, line by line. Do they differ in anything but the covariate?",
        "Use all 800 babies, an intercept, a Normal likelihood with one sigma, and priors that leave room for "
        "lengths between 45 and 95 cm. The difference is then near "
        f"{5 * round(gain / 5)}.",
    )
    paired_error("difference_se", difference_se, root, line, 2.0)
    k = number("largest_k", largest_k)
    # Twelve samples of 4,000 draws of each model have their largest k between 0.04 and 0.23.
    require(
        k > -0.1,
        "not-the-largest",
        "Is it the largest of the 800 that you took, or the smallest?",
        "Among so many babies some have a k above 0. Take the maximum of `pareto_k`, over both models.",
    )
    require(
        k < 0.7,
        "k-too-large",
        "No baby is that influential here. Which number did you take?",
        "The largest value of `pareto_k` in the results of `az.loo`. It is far below 0.7 in both models.",
    )
    word = choice("why", why, ("predicts better", "fewer parameters", "is true"))
    require(
        word != "fewer parameters",
        "parameters-counted",
        "Count the parameters of both models.",
        "Both have three, and an effective number near three. The root wins by its predictions.",
    )
    require(
        word == "predicts better",
        "truth-claimed",
        "What does LOO compare a model with?",
        "Only with the other model. A model can predict better than another and still miss every newborn.",
    )
    frame = datasets.babies()
    by_month = np.bincount(frame["month"], residual) / np.bincount(frame["month"])
    require(
        whole("worst_month", worst_month) == int(np.abs(by_month).argmax()),
        "misfit-overlooked",
        "Average the residuals of the root model month by month.",
        "Start at the left end of the picture: what do you see above the curve?",
    )
    return (
        f"{gain / error:.1f} standard errors, all k small: as a prediction the root is far better than the line. "
        f"And it still misses newborns by {abs(by_month).max():.1f} cm, which no comparison of the two could show."
    )


# --- 4M12: a spread for the pizzeria --------------------------------------------------------------


def _pizza() -> tuple[np.ndarray, np.ndarray]:
    frame = datasets.food_sales()
    frame = frame[frame["category"] == "Pizza"]
    return frame["customers"].to_numpy(float), frame["sales"].to_numpy(float)


def _pizza_posterior(sigma: np.ndarray, log_prior: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the posterior weight of each row of `sigma`, and the mean of beta ~ Normal(10, 10)."""
    n, y = _pizza()
    inverse = sigma**-2.0
    precision = inverse @ n**2 + 0.01
    mean = (inverse @ (n * y) + 0.1) / precision
    log_mass = log_prior - np.log(sigma).sum(axis=1) - inverse @ y**2 / 2.0
    log_mass += precision * mean**2 / 2.0 - np.log(precision) / 2.0
    weight = np.exp(log_mass - log_mass.max())
    weight /= weight.sum()
    return weight, float(weight @ mean)


@cache
def _pizza_exact() -> dict[str, float]:
    """Return exact posterior means, and by how much LOO should prefer the varying spread."""
    from scipy import optimize, stats

    n, y = _pizza()
    first, second = np.linspace(0.05, 39.95, 150), np.linspace(0.0, 1.0, 161)[1:]
    delta_0, delta_1 = (part.ravel() for part in np.meshgrid(first, second, indexing="ij"))
    log_prior = -((delta_0 / 20.0) ** 2 + (delta_1 / 2.0) ** 2) / 2.0
    weight, beta = _pizza_posterior(delta_0[:, None] + delta_1[:, None] * n, log_prior)

    tau = np.linspace(3.5, 6.5, 1201)
    tau_weight, _ = _pizza_posterior(tau[:, None] * np.sqrt(n), -((tau / 10.0) ** 2) / 2.0)

    def loss(parameters: np.ndarray, varies: bool) -> float:
        spread = parameters[1] + (parameters[2] * n if varies else 0.0)
        return -stats.norm.logpdf(y, parameters[0] * n, np.maximum(spread, 1e-3)).sum()

    best = [
        optimize.minimize(loss, start, args=(varies,), method="Nelder-Mead").fun
        for start, varies in [((13.0, 40.0), False), ((13.0, 12.0, 0.4), True)]
    ]
    return {
        "beta": beta,
        "delta_0": float(weight @ delta_0),
        "delta_1": float(weight @ delta_1),
        "tau": float(tau_weight @ tau),
        "gain": best[0] - best[1] - 1.0,
    }


@exercise(
    "4M12",
    "A spread for the pizzeria",
    idata="your fit with sigma = delta_0 + delta_1 * customers, with variables `beta`, `delta_0`, `delta_1`",
    idata_root="your fit with sigma = tau * sqrt(customers), with variables `beta` and `tau`",
    elpd_gain="LOO's elpd of the first of these minus that of the model with one sigma, a number",
    slope_moved="'yes' or 'no': did the varying spread move beta by more than its posterior sd?",
)
def pizza(idata: Any, idata_root: Any, elpd_gain: Any, slope_moved: Any) -> str:
    """Compare both fits with exact integrals."""
    exact, rows = _pizza_exact(), _pizza()[0].size
    for fit in (idata, idata_root):
        require(
            count_rows(fit) in (None, rows),
            "other-food",
            "How many days did your model see, and of which restaurant?",
            f"Keep the {rows} days of pizza; sandwiches and salad are other kinds of days.",
        )
    require(
        has_variable("idata", idata, "delta_1") or not has_variable("idata", idata, "sigma"),
        "spread-constant",
        "Does the spread of this model depend on the customers?",
        "This is the model with one sigma. Pass the one with sigma = delta_0 + delta_1 * customers.",
    )
    draws("idata", idata, "beta")
    slope = draws("idata", idata, "delta_1")
    converged("idata", "delta_1", slope)
    require(
        slope.min() >= 0.0,
        "sign-free",
        "What keeps sigma positive in your model?",
        "Some of your draws of `delta_1` are negative. Give both coefficients half-Normal priors, or use a link.",
    )
    for name in ("delta_1", "delta_0"):
        posterior_mean(
            "idata",
            idata,
            name,
            exact[name],
            key=name.replace("_", "-"),
            hint=f"Compare the prior and the place of `{name}` with the text.",
            second_hint=f"With beta ~ Normal(10, 10), delta_0 ~ HalfNormal(20) and delta_1 ~ HalfNormal(2), the "
            f"mean of `{name}` is {exact[name]:.2f}.",
        )
    tau = draws("idata_root", idata_root, "tau")
    converged("idata_root", "tau", tau)
    require(
        tau.mean() > 1.5,
        "spread-proportional",
        "Did you take the root of the customers?",
        "So small a `tau` belongs to sigma = tau * customers. Use the square root.",
    )
    require(
        tau.mean() < 15.0,
        "tau-is-sigma",
        "By what is `tau` multiplied in your model?",
        "So large a `tau` is the spread of a whole day. Multiply it by the square root of the customers.",
    )
    posterior_mean(
        "idata_root",
        idata_root,
        "tau",
        exact["tau"],
        key="tau",
        hint="Compare the prior of `tau` and the mean of this model with the text.",
        second_hint="With beta ~ Normal(10, 10) and tau ~ HalfNormal(10), the posterior mean of `tau` is "
        f"{exact['tau']:.2f}.",
    )
    gain = number("elpd_gain", elpd_gain)
    require(
        abs(gain) < 500.0,
        "not-a-difference",
        "Is this number about one model, or about two?",
        "Subtract the elpd of the model with one sigma from that of the model with delta_0 and delta_1.",
    )
    require(
        gain > 0.0,
        "difference-reversed",
        "Higher elpd is better. In which order did you subtract?",
        "Take the varying spread minus the constant one.",
    )
    require(
        close(gain, exact["gain"], 4.0),
        "gain",
        "Do the two models differ in anything but the spread?",
        f"With the same data, mean and prior of beta, the gain is near {exact['gain']:.0f}.",
    )
    require(
        choice("slope_moved", slope_moved, ("yes", "no")) == "no",
        "slope-moved",
        "Set the two posterior means of `beta` beside their standard deviation.",
        "They differ by a small part of one standard deviation. Least squares was right on average; what changes is "
        "how sure it may be, and of which day.",
    )
    return (
        "The slope stays, the bands fan out. And tau is near 5: what one customer spends has that standard deviation, "
        "and the sum over n customers has it times the square root of n."
    )


# --- 4H16: gravity --------------------------------------------------------------------------------


@cache
def _fall_exact() -> dict[str, float]:
    """Integrate the fall: g ~ HalfNormal(20) is far from 0, sigma ~ HalfNormal(20) on a grid."""
    frame = datasets.gravity()
    x, y = frame["time"].to_numpy() ** 2 / 2.0, frame["distance"].to_numpy()
    sigma = np.linspace(5.0, 13.0, 2001)
    precision = x @ x / sigma**2 + 1.0 / 400.0
    mean = (x @ y / sigma**2) / precision
    log_mass = -y.size * np.log(sigma) - y @ y / (2.0 * sigma**2) - sigma**2 / 800.0
    log_mass += precision * mean**2 / 2.0 - np.log(precision) / 2.0
    weight = np.exp(log_mass - log_mass.max())
    weight /= weight.sum()
    g = float(weight @ mean)
    return {
        "g": g,
        "g_sd": math.sqrt(float(weight @ (1.0 / precision + mean**2)) - g**2),
        "sigma": float(weight @ sigma),
    }


@exercise(
    "4H16",
    "Gravity on another planet",
    idata="your fit, with scalar variables `g` (m/s^2) and `sigma` (m)",
    velocity_20="posterior mean of the velocity at 20 s, in m/s",
    velocity_20_sd="posterior standard deviation of that velocity, in m/s",
    position_30="posterior mean of the position at 30 s, in meters",
    position_30_sd="posterior standard deviation of that position, in meters",
)
def gravity(
    idata: Any, velocity_20: Any, velocity_20_sd: Any, position_30: Any, position_30_sd: Any
) -> str:
    """Compare with the exact posterior of g and sigma."""
    exact = _fall_exact()
    g = draws("idata", idata, "g")
    require(
        not close(float(g.mean()), exact["g"] / 2.0, 0.1),
        "half-missing",
        "Compare the mean of your likelihood with the formula for the position.",
        "Your `g` is half of what it should be: the position is one half of g times t squared.",
    )
    require(
        float(g.mean()) > 0.0,
        "sign",
        "In which direction is `distance` counted?",
        "`distance` grows downward, from the point of release. Then g is positive.",
    )
    posterior_mean(
        "idata",
        idata,
        "g",
        exact["g"],
        key="gravity",
        hint="Is anything in the mean of your model besides g and the time?",
        second_hint="The ball was dropped, at rest, at time 0: no intercept and no initial velocity. With "
        f"g ~ HalfNormal(20), its posterior mean is {exact['g']:.2f}.",
    )
    posterior_mean(
        "idata",
        idata,
        "sigma",
        exact["sigma"],
        key="noise",
        hint="What characterizes the noise of the sensor in your model, and in which unit?",
        second_hint=f"With sigma ~ HalfNormal(20), one sigma for all times, its posterior mean is {exact['sigma']:.1f} m.",
    )
    velocity = number("velocity_20", velocity_20)
    require(
        not close(velocity, 10.0 * exact["g"], 1.0),
        "average-velocity",
        "Is this the velocity at 20 s, or the average over the fall?",
        "The ball starts at rest, so the average velocity is half of the last one. You want g times 20.",
    )
    require(
        close(velocity, 20.0 * exact["g"], 0.1),
        "velocity",
        "The velocity is a function of g, draw by draw.",
        "Multiply the draws of `g` by 20 seconds and take the mean.",
    )
    spread = number("velocity_20_sd", velocity_20_sd)
    require(
        spread < 1.0,
        "differences",
        "How much does the noise of the sensor matter after 200 measurements?",
        "Do not take differences of noisy positions, and do not add `sigma`. All 200 readings inform g: the "
        "standard deviation is 20 times that of `g`.",
    )
    require(
        close(spread, 20.0 * exact["g_sd"], 2.0 * exact["g_sd"]),
        "velocity-sd",
        "What is multiplied by 20 s, if the velocity is g times 20 s?",
        "The standard deviation of 20 * g is 20 times that of g.",
    )
    position = number("position_30", position_30)
    require(
        close(position, 450.0 * exact["g"], 2.0),
        "position",
        "Which formula holds at 30 s?",
        "One half of g times 30 squared, draw by draw.",
    )
    error = number("position_30_sd", position_30_sd)
    require(
        not close(error, math.hypot(450.0 * exact["g_sd"], exact["sigma"]), 1.0),
        "reading-not-position",
        "Where is the ball, and what would the sensor say: are these the same question?",
        "You added the noise of the sensor. That is right for a new reading; the position of the ball itself does "
        "not depend on the sensor.",
    )
    require(
        close(error, 450.0 * exact["g_sd"], 45.0 * exact["g_sd"]),
        "position-sd",
        "By how much is `g` multiplied in the position at 30 s?",
        "The standard deviation of the position is 450 times that of `g`.",
    )
    return (
        f"After 30 s the ball is known to {450.0 * exact['g_sd']:.1f} m, with a sensor that errs by "
        f"{exact['sigma']:.0f} m at each reading: a model pools what 200 readings know. Extrapolating ten seconds "
        "also assumes that nothing else, such as air, acts on the ball."
    )
