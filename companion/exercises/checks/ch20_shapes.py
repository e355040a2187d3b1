"""Checks of chapter 20, Shapes.

What is expected is computed here, from the data or by broadcasting, so that it cannot disagree with them.
"""

from __future__ import annotations

from collections.abc import Mapping
import math
from typing import Any

from companion import datasets
from companion.exercises.answers import (
    FAILURES,
    Unusable,
    close,
    describe_error,
    has,
    number,
    numbers,
    require,
    whole,
)
from companion.exercises.registry import exercise
import numpy as np

SCHOOLS = list("ABCDEFGH")


def shape(name: str, value: Any) -> tuple[int, ...]:
    """Return an answer that must be a shape, a tuple of whole numbers."""
    require(
        isinstance(value, bool) or not isinstance(value, int | np.integer),
        "not-a-tuple",
        f"A shape is a tuple. What does Python make of the parentheses in `{name}`?",
        f"`({value})` is the number {value}. A tuple of one needs a comma: `({value},)`.",
    )
    instead = "Write a tuple such as `(8, 3)` or `()`."
    if isinstance(value, list):
        raise Unusable(name, value, instead=instead)
    try:
        sizes = tuple(value)  # a TensorShape of TFP, too
    except FAILURES as error:
        raise Unusable(name, value, instead=instead) from error
    try:
        return tuple(int(size) for size in numbers(name, sizes, least=0))
    except Unusable as error:
        raise Unusable(name, value, instead=instead) from error


def array_of(name: str, value: Any, least: int) -> np.ndarray:
    """Return an answer as an array of numbers with any number of axes."""
    try:
        ndim = np.ndim(value)
    except FAILURES as error:
        raise Unusable(name, value, instead="Pass an array.") from error
    return numbers(name, value, least=least, ndim=ndim)


# --- 20E1: predict five shapes -------------------------------------------------------------------


@exercise(
    "20E1",
    "Five shapes",
    batch="the batch shape of `patients`, a tuple",
    draws="the shape of 100 draws of `visits`, a tuple",
    density="the shape of the log densities of these draws, a tuple",
    copies="the shape of one draw of `copied`, a tuple",
    vectors="the shape of one draw of the PyMC variable `vectors`, a tuple",
)
def five_shapes(batch: Any, draws: Any, density: Any, copies: Any, vectors: Any) -> str:
    """Compare with the rules: broadcast at the right; sample, batch, event; the density has no event."""
    batch, draws = shape("batch", batch), shape("draws", draws)
    density, copies, vectors = (
        shape(name, value)
        for name, value in {"density": density, "copies": copies, "vectors": vectors}.items()
    )
    require(
        batch != (8, 1) and batch != (3,),
        "not-broadcast",
        "`patients` has two parameters. What do their shapes make together?",
        "(8, 1) and (3,) are aligned at the right and repeated: eight rows, three columns.",
    )
    require(
        batch == (8, 3),
        "batch",
        "Write the shapes (8, 1) and (3,) one below the other, aligned at the right.",
        "3 meets 1, and 8 meets nothing: both are repeated. The batch shape is (8, 3).",
    )
    require(
        draws not in ((8, 3, 100), (8, 100, 3), (3, 8, 100)),
        "sample-not-first",
        "Where does TFP put the sample shape?",
        "Sample, batch, event: the 100 comes first.",
    )
    require(
        draws == (100, 8, 3),
        "draws",
        "`Independent` moves axes from the batch to the event. Does a draw get more numbers by that, or fewer?",
        "A draw has 8 times 3 numbers, with and without `Independent`. 100 draws come in front.",
    )
    require(
        density != draws,
        "event-kept",
        "How many densities does one event have?",
        "`Independent(..., 1)` has made the last axis an event. Its three numbers have one log density together.",
    )
    require(
        density == (100, 8),
        "density",
        "Which of the axes of the draws are sample, which batch, which event?",
        "(100,), (8,) and (3,), in this order. A log density has lost the event.",
    )
    require(
        copies != (8, 3),
        "copies-not-added",
        "Is `Sample` content with an axis that is there already?",
        "It never is: it appends axes of its own. 8 times 3 Normals, each three times.",
    )
    require(
        copies == (8, 3, 3),
        "copies",
        "`Sample` turns each member of a batch into an event of several copies. Event axes are the last ones.",
        "The batch is (8, 3), the event (3,): a draw has the shape (8, 3, 3).",
    )
    require(
        vectors not in ((8,), (3,)),
        "size-is-not-shape",
        "What does `size` leave out, for a distribution of vectors?",
        "The event. `size=8` asks for eight vectors, and each has three numbers.",
    )
    require(
        vectors == (8, 3),
        "vectors",
        "How many numbers does one draw of this `pm.MvNormal` have, without `size`?",
        "Three; `size=8` puts an axis of eight in front: (8, 3).",
    )
    return "The order is always sample, batch, event, and PyMC's `size` is what TFP calls sample and batch."


# --- 20E2: take from a tree ----------------------------------------------------------------------


def school_draws() -> np.ndarray:
    """Return made-up draws of the effects in eight schools: (chain, draw, school)."""
    rng = np.random.default_rng(2051)
    return 4.0 + np.arange(8.0) + 3.0 * rng.standard_normal((4, 500, 8))


@exercise(
    "20E2",
    "Take from a tree",
    mean_c="the mean of `theta` over all draws, for school C, a number",
    samples="an array with one row for each of the 2,000 draws, and one column for each school",
    row="the name of the row of school C in `az.summary`, a text",
)
def take(mean_c: Any, samples: Any, row: Any) -> str:
    """Compare with the draws from which the tree was made."""
    theta = school_draws()
    means = theta.mean(axis=(0, 1))
    value = number("mean_c", mean_c)
    require(
        not close(value, float(theta.mean()), 1e-6),
        "all-schools",
        "Over which axes did you average?",
        'Over all three. Select the school first: `.sel(school="C")`, then `.mean()`.',
    )
    require(
        not close(value, float(means[3]), 1e-6),
        "counted-from-one",
        "Which school is at position 3?",
        "Positions begin with 0, so 3 is school D. Select by label and you need not count.",
    )
    require(
        close(value, float(means[2]), 1e-6),
        "mean",
        "Which school, and which draws, are in your mean?",
        '`fit.posterior["theta"].sel(school="C").mean()` averages over the four chains and all draws.',
    )
    array = array_of("samples", samples, least=2000)
    require(
        array.shape != (8, 2000),
        "sample-is-last",
        "Which axis does `az.extract` put last?",
        'The new axis `sample` is the last one. Put it in front by name: `.transpose("sample", ...)`.',
    )
    require(
        array.shape == (2000, 8),
        "samples-shape",
        "How many axes should be left when chains and draws have become one?",
        f"Two: 2,000 draws and 8 schools. Yours has the shape {array.shape}.",
    )
    require(
        np.allclose(np.sort(array, axis=0), np.sort(theta.reshape(2000, 8), axis=0)),
        "reshaped",
        "Does each of your columns have the draws of one school?",
        'A `reshape` from (8, 2000) to (2000, 8) cuts the numbers anew. Use `.transpose("sample", ...)`.',
    )
    if not isinstance(row, str) or "theta" not in row:
        raise Unusable("row", row, instead="Look at `az.summary(fit).index`.")
    require(
        row.strip() != "theta[2]",
        "position-for-label",
        "What do the rows of a summary call the schools, positions or labels?",
        "Where there are `coords`, ArviZ uses the labels: look at `az.summary(fit).index`.",
    )
    require(
        row.strip() == "theta[C]",
        "row",
        "Copy it from `az.summary(fit).index`.",
        "The name of a row is the variable with the label in brackets: `theta[C]`.",
    )
    return "Labels are safer than positions: the mean, the row and the column of school C need no counting."


# --- 20M1: count the terms -----------------------------------------------------------------------

AT = {"alpha": 2.8, "beta": 0.12, "sigma": 0.8}


def thursdays() -> tuple[np.ndarray, np.ndarray]:
    """Return the bills of the parties on Thursdays, measured from their average, and the tips."""
    frame = datasets.tips().query("day == 'Thur'")
    bill = frame["total_bill"].to_numpy()
    return bill - bill.mean(), frame["tip"].to_numpy()


def densities(mean: np.ndarray | float, data: np.ndarray, sigma: float = AT["sigma"]) -> np.ndarray:
    """Return Normal log densities of any two shapes that fit."""
    return -0.5 * ((data - mean) / sigma) ** 2 - math.log(sigma * math.sqrt(2.0 * math.pi))


@exercise(
    "20M1",
    "Count the terms",
    terms="how many log densities the colleague's likelihood adds up, a whole number",
    rows="the log density of each of the 62 tips at the given parameters, an array",
    too_sure="by how much the standard error of a plain mean would be too small, a factor above 1",
)
def count_the_terms(terms: Any, rows: Any, too_sure: Any) -> str:
    """Compare with a loop over rows."""
    bill, tip = thursdays()
    n = tip.size
    count = whole("terms", terms)
    require(
        count != n,
        "rows-counted",
        "Count what is added up, not what should be.",
        f"Look at the shape of the densities before they are summed: each of {n} means meets each of {n} tips.",
    )
    require(
        count == n**2,
        "terms",
        "What is the shape of the densities before the sum?",
        f"({n}, {n}): all pairs.",
    )
    right = densities(AT["alpha"] + AT["beta"] * bill, tip)
    array = array_of("rows", rows, least=n)
    require(
        array.shape != (n, n),
        "all-pairs",
        "How many tips are there, and how many numbers do you have?",
        f"Your array still holds all pairs. Make the mean and the tips of one shape, ({n},), before you compare them.",
    )
    require(
        array.size == n,
        "rows-shape",
        "One number for each party: how many should there be?",
        f"{n} of them; yours has the shape {array.shape}. Add nothing up yet.",
    )
    array = array.reshape(n)
    pairs = densities(AT["alpha"] + AT["beta"] * bill[:, None], tip)
    require(
        not any(np.allclose(array, pairs.mean(axis=axis)) for axis in (0, 1))
        and not any(np.allclose(array, pairs.sum(axis=axis)) for axis in (0, 1)),
        "pairs-summed",
        f"Your array has {n} numbers. Is each of them about one party?",
        "You added up one axis of the table of pairs: the right number of wrong terms. Remove the second axis of the bills.",
    )
    require(
        np.allclose(array, right, atol=1e-4),
        "rows",
        "Compare with a loop: `for x, y in zip(bill, tip)`.",
        "Each entry is the log density of one tip, Normal around 2.8 + 0.12 times its own bill, with sigma 0.8. The "
        "bills are measured from their average.",
    )
    factor = number("too_sure", too_sure)
    require(
        not close(factor, float(n), 0.5),
        "n-times",
        "The information grows with the number of terms. How does a standard error depend on it?",
        "Like one over its square root.",
    )
    require(
        not close(factor, 1.0 / math.sqrt(n), 0.01),
        "upside-down",
        "Is your factor above 1?",
        "Asked is how many times too small: the right standard error divided by the wrong one.",
    )
    require(
        close(factor, math.sqrt(n), 0.06),
        "factor",
        f"There are {n} times as many terms as parties.",
        f"A mean of {n} has the error sigma / sqrt({n}), one of {n}^2 has sigma / {n}. Divide.",
    )
    return (
        f"{n**2:,} terms instead of {n}, and errors {factor:.1f} times too small. The check that finds it compares "
        "the array with a loop, before anything is added up."
    )


# --- 20M2: axes in order -------------------------------------------------------------------------


def raw_draws() -> np.ndarray:
    """Return made-up draws in the order of TFP's samplers: (draw, chain, school)."""
    rng = np.random.default_rng(2053)
    return 4.0 + np.arange(8.0) + 3.0 * rng.standard_normal((500, 4, 8))


@exercise(
    "20M2",
    "Axes in order",
    idata="a DataTree of the draws, with the variable `theta` and the dimension `school`",
    ess_exchanged="the bulk ESS that ArviZ gives school C if chains and draws are exchanged, a number",
)
def in_order(idata: Any, ess_exchanged: Any) -> str:
    """Compare the tree with the draws, and the ESS with the largest that ArviZ allows."""
    raw = raw_draws()
    children = getattr(idata, "children", None) if has(idata, "children") else None
    if not isinstance(children, Mapping) or "posterior" not in children:
        raise Unusable("idata", idata, instead="Pass what `az.from_dict({...})` returns.")
    posterior = idata["posterior"]
    if "theta" not in posterior.data_vars:
        raise Unusable("idata", idata, "whose posterior has no variable `theta`")
    theta = posterior["theta"]
    values = theta.to_numpy()
    require(
        values.shape != raw.shape,
        "exchanged",
        "Print `idata.posterior.sizes`. How many chains has it, and how many draws?",
        "There are 500 chains of 4 draws: ArviZ took TFP's first axis for the chains. `np.swapaxes(raw, 0, 1)`.",
    )
    require(
        values.shape == (4, 500, 8),
        "order",
        "ArviZ wants (chain, draw, ...).",
        f"The shape should be (4, 500, 8). Yours is {values.shape}.",
    )
    require(
        np.allclose(values, np.swapaxes(raw, 0, 1)),
        "reshaped",
        "The shape is right. Is the first chain still the first chain? Compare it with `raw[:, 0]`.",
        "`reshape` cuts the numbers anew, in the order of the memory. `np.swapaxes(raw, 0, 1)` exchanges the axes.",
    )
    require(
        theta.dims[2] == "school",
        "no-names",
        "What is the third axis of `theta` called?",
        '`az.from_dict(..., dims={"theta": ["school"]})` names it.',
    )
    require(
        [str(label) for label in theta.coords["school"].values] == SCHOOLS
        if "school" in theta.coords
        else False,
        "no-labels",
        "Can you select school C by its label?",
        '`coords={"school": list("ABCDEFGH")}` gives the axis its labels.',
    )
    ess, size = number("ess_exchanged", ess_exchanged), values[..., 0].size
    require(
        not 0.5 * size < ess <= 1.5 * size,
        "right-order",
        "Which order did you give to ArviZ for this number?",
        f"This is the ESS of draws in the right order, near {size:,}. Exchange the axes on purpose.",
    )
    require(
        close(ess, size * math.log10(size), 1.0),
        "ess",
        "Give ArviZ the draws of school C with the wrong axes.",
        "For example `az.ess(raw[:, :, 2], chain_axis=0, draw_axis=1)`.",
    )
    return (
        f"{ess:,.0f} is {size:,} times its logarithm to base 10, the largest ESS that ArviZ gives. Whoever sees "
        "it for all parameters has exchanged two axes."
    )


# --- 20H1: a square table ------------------------------------------------------------------------


def week() -> np.ndarray:
    """Return made-up sales of seven places (rows) on seven days (columns), standardized."""
    rng = np.random.default_rng(2052)
    return np.linspace(-1.5, 1.5, 7)[:, None] + 0.5 * rng.standard_normal((7, 7))


def log_density(theta: np.ndarray, along: str) -> float:
    """Return the joint log density, with the effects along the right or the wrong axis."""
    means = theta[:, None] if along == "place" else theta
    return float(densities(0.0, theta, 1.0).sum() + densities(means, week(), 0.5).sum())


def _evaluated(name: str, model: Any, theta: np.ndarray) -> float:
    """Return what a model of either library says at a point; its one unknown must be `theta`."""
    try:
        if has(model, "free_RVs"):
            names = [variable.name for variable in model.free_RVs]
            if names != ["theta"] or not model.observed_RVs:
                raise Unusable(
                    name, model, "which should have one unknown, `theta`, and observed data"
                )
            density = model.compile_logp(jacobian=False, mode="FAST_COMPILE")({"theta": theta})
        elif has(model, "unnormalized_log_prob"):
            density = model.unnormalized_log_prob(theta=theta)
        else:
            raise Unusable(
                name,
                model,
                instead="Pass a `pm.Model`, or a joint distribution of TFP with its data pinned.",
            )
    except Unusable:
        raise
    except FAILURES as error:
        raise Unusable(
            name, model, f"which has no density at seven effects ({describe_error(error)})"
        ) from error
    density = np.asarray(density)
    require(
        density.shape == (),
        "several-densities",
        f"How many log densities has one draw of `{name}`?",
        f"Yours has the shape {density.shape}: use an `AutoBatched` joint distribution, or `tfd.Independent`.",
    )
    return float(density)


@exercise(
    "20H1",
    "Break it: a square table",
    broken="a model that runs and puts the effects of places on days",
    mended="the model as it should be",
)
def square(broken: Any, mended: Any) -> str:
    """Compare both at a point at which the two axes differ."""
    theta = np.linspace(-1.0, 0.8, 7)
    found = {
        name: _evaluated(name, model, theta)
        for name, model in {"broken": broken, "mended": mended}.items()
    }
    place, day = log_density(theta, "place"), log_density(theta, "day")
    require(
        not (close(found["broken"], place, 1e-4) and close(found["mended"], day, 1e-4)),
        "swapped",
        "Which of your two models is the broken one?",
        "They are exchanged.",
    )
    require(
        not close(found["broken"], place, 1e-4),
        "not-broken",
        "`broken` is a fine model. What must you leave out to break it?",
        "Without `[:, None]` the seven effects are aligned with the last axis of the table, which is days.",
    )
    require(
        not close(found["mended"], day, 1e-4),
        "still-broken",
        "In `mended`, change the effect of the first place. Which cells of the table change their mean?",
        "A column: the effects still run along days. `theta[:, None]` makes them run along places.",
    )
    for name, wanted in {"broken": day, "mended": place}.items():
        require(
            close(found[name], wanted, 1e-4),
            "density",
            f"Compare `{name}` with the formulas, line by line.",
            f"At one test point its log density is {found[name]:.2f}, and it should be {wanted:.2f}: theta is Normal(0, 1), "
            "the sales are Normal around it with sigma 0.5, and there are 49 of them.",
        )
    return (
        "With six days instead of seven the broken one would not have run. Before you fit, try your model on a "
        "table that is not square."
    )
