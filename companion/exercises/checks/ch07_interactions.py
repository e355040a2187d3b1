"""Checks of chapter 07, interactions.

What is expected is integrated here from the data, so that it cannot disagree with them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from companion import datasets
from companion.exercises.answers import Unusable, choice, close, number, numbers, require
from companion.exercises.comparison import paired_error, score_difference
from companion.exercises.fits import converged, count_rows, draws
from companion.exercises.registry import exercise
from companion.lessons.linear import LinearPosterior, linear_posterior
import numpy as np


def _half_normal(sigma: np.ndarray, scale: float) -> np.ndarray:
    """Return the log density of a half-Normal, up to a constant."""
    return -0.5 * (sigma / scale) ** 2


def _near(
    name: str, variable: str, values: np.ndarray, mean: float, sd: float, key: str, hint: str
) -> None:
    """Ask whether a posterior mean lies within half a posterior sd: other weak priors are fine."""
    converged(name, variable, values)
    require(
        close(float(values.mean()), mean, 0.5 * sd),
        key,
        hint,
        f"The posterior mean of `{variable}` in `{name}` is {values.mean():.3g}, and about {mean:.3g} is expected.",
    )


# --- 4E4: correlated or interacting? --------------------------------------------------------------

GYMS = ("east", "north", "south", "west")


def _gyms(name: str, value: Any) -> set[str]:
    """Return an answer that is a collection of names of gyms."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple, set, np.ndarray)):
        raise Unusable(name, value, instead="Pass a list of names of gyms.")
    return {choice(name, gym, GYMS) for gym in value}


@exercise(
    "4E4",
    "The bodybuilder",
    verdict="'independent' or 'interact', for the effects of lifting and eating on muscle",
    reason="the letter of the reason that supports the verdict: 'a', 'b', 'c' or 'd'",
    correlated="a list of the gyms in which lifting and eating are correlated",
    interacting="a list of the gyms in which their effects interact",
)
def bodybuilder(verdict: Any, reason: Any, correlated: Any, interacting: Any) -> str:
    """Tell correlated covariates from interacting effects."""
    require(
        choice("verdict", verdict, ("independent", "interact")) == "interact",
        "effects-add-up",
        "What does an hour of lifting build in an athlete who does not eat?",
        "Muscle is made from food, and training says where. Either alone builds little: the effects do not add up.",
    )
    letter = choice("reason", reason, ("a", "b", "c", "d"))
    require(
        letter != "a",
        "correlation-as-interaction",
        "Does your reason speak about the covariates, or about their effects?",
        "That lifters eat more is a correlation of two covariates. An interaction is about what one more hour "
        "*does*, and on what that depends.",
    )
    require(
        letter == "b",
        "reason",
        "Which of the reasons is a difference of differences?",
        "Look for the one in which the effect of one covariate depends on the value of another.",
    )
    together, product = _gyms("correlated", correlated), _gyms("interacting", interacting)
    right = {"north", "west"}, {"east", "north"}
    require(
        (together, product) != right[::-1],
        "swapped",
        "Which of your two lists needs the muscle to be looked at, and which does not?",
        "Correlation is in the scatter plot of lifting against eating. Your two lists are exchanged.",
    )
    require(
        together == right[0],
        "correlated",
        "Plot lifting against eating, without the muscle. In which gyms is there a slope?",
        "Use `np.corrcoef(lifting, eating)`: a correlation near zero in two gyms, a strong one in the others.",
    )
    require(
        product == right[1],
        "interacting",
        "Regress muscle on lifting, eating and their product. In which gyms is the last coefficient not zero?",
        "A least-squares fit with the columns 1, lifting, eating and lifting * eating is enough.",
    )
    return "Correlated and interacting are two questions: the four gyms are the four answers."


# --- 4E8: penguins --------------------------------------------------------------------------------

SPECIES = ("Adelie", "Chinstrap", "Gentoo")
FLIPPER = 230.0


@cache
def _penguins() -> tuple[LinearPosterior, LinearPosterior, float]:
    """Return the posteriors with one slope and with three, and the mean flipper length."""
    frame = datasets.penguins(complete_cases=True)
    flipper = frame["flipper_length_mm"].to_numpy(float)
    centered, mass = flipper - flipper.mean(), frame["body_mass_g"].to_numpy(float)
    species = (frame["species"].to_numpy()[:, None] == np.array(SPECIES)).astype(float)
    sigma = np.linspace(260.0, 540.0, 561)
    fits = []
    for slopes in (centered[:, None], species * centered[:, None]):
        k = slopes.shape[1]
        fits.append(
            linear_posterior(
                np.column_stack([species, slopes]),
                mass,
                [4000.0] * 3 + [0.0] * k,
                [1000.0] * 3 + [50.0] * k,
                sigma,
                _half_normal(sigma, 1000.0),
            )
        )
    return fits[0], fits[1], float(flipper.mean())


@exercise(
    "4E8",
    "Do flippers weigh the same?",
    idata="the fit of the interaction model, with a variable `slope` of three values (grams per "
    "millimeter) in the order Adelie, Chinstrap, Gentoo",
    heavier="how much heavier the interaction model expects a Gentoo with flippers of 230 mm to be than "
    "the additive model does (g)",
    elpd_difference="LOO's elpd of the interaction model minus that of the additive model, a number",
    standard_error="the standard error of that difference, a number",
    conclusion="'better' if LOO settles that the interaction predicts better, else 'not settled'",
)
def penguins(
    idata: Any, heavier: Any, elpd_difference: Any, standard_error: Any, conclusion: Any
) -> str:
    """Compare slopes, a prediction and the LOO difference with exact integrals."""
    one, three, mean_flipper = _penguins()
    slopes = draws("idata", idata, "slope")
    require(
        slopes.ndim == 3 and slopes.shape[2] == 3,
        "one-slope",
        "How many slopes does the interaction model have?",
        f"`slope` should have three values, one for each species. Yours has the shape {slopes.shape[2:]}.",
    )
    rows = count_rows(idata)
    require(
        rows in (None, 333),
        "other-rows",
        "How many penguins did the model see?",
        f"It saw {rows}. Take `datasets.penguins(complete_cases=True)`, 333 rows, for *both* models: LOO compares "
        "predictions of the same data.",
    )
    exact, sd = three.mean[3:], three.sd[3:]
    means = slopes.mean(axis=(0, 1))
    require(
        not np.allclose(means[1:], exact[1:] - exact[0], atol=6.0),
        "differences-given",
        "What do the second and the third of your values mean: slopes, or differences of slopes?",
        "Add the slope of the Adelie to the differences, draw by draw, before you give them to the check.",
    )
    for k, name in enumerate(SPECIES):
        _near(
            "idata",
            f"slope[{name}]",
            slopes[..., k],
            float(exact[k]),
            float(sd[k]),
            "slopes",
            "Center the flippers at their mean, and let the priors be wide on the scale of grams.",
        )

    at = FLIPPER - mean_flipper
    expected = float(three.mean[2] + three.mean[5] * at - one.mean[2] - one.mean[3] * at)
    gain = number("heavier", heavier)
    require(
        not close(gain, -expected, 25.0),
        "heavier-reversed",
        "Which of the two lines is steeper?",
        "Take the interaction model's prediction minus the additive model's.",
    )
    require(
        close(gain, expected, 25.0),
        "heavier",
        "Each model predicts an intercept plus a slope times the distance from the mean flipper length.",
        f"The mean flipper length of the 333 penguins is {mean_flipper:.2f} mm; use the Gentoo's intercept in both "
        "models, and its own slope in one of them.",
    )

    pointwise = three.elpd_i - one.elpd_i
    exact_difference = float(pointwise.sum())
    exact_error = float(np.sqrt(pointwise.size) * pointwise.std(ddof=1))
    difference = score_difference(
        "elpd_difference",
        elpd_difference,
        exact_difference,
        1.0,
        "the interaction model",
        "the additive one",
    )
    require(
        close(difference, exact_difference, 1.0),
        "difference",
        "Do both models have an intercept for each species, the same priors and the same penguins?",
        "Subtract the two elpd values of `az.loo`. A few nats are expected.",
    )
    paired_error("standard_error", standard_error, three.elpd_i, one.elpd_i, 0.5)
    verdict = choice("conclusion", conclusion, ("better", "not settled"))
    require(
        verdict == "not settled",
        "winner-declared",
        "How many standard errors is the difference?",
        f"{exact_difference:.1f} with a standard error of {exact_error:.1f} is less than two. That is a hint, and no more.",
    )
    return (
        f"A Gentoo's flipper is worth {exact[2] / exact[0]:.1f} times as many grams per millimeter as an Adelie's. "
        "Yet the two models predict nearly the same penguins, because few are far from their own mean."
    )


# --- 4M11: concrete -------------------------------------------------------------------------------

WATERS = (150.0, 180.0, 210.0)


@cache
def _concrete() -> tuple[LinearPosterior, float]:
    """Return the posterior of cement, water and their product, and the mean amount of water."""
    frame = datasets.concrete()
    cement, water = frame["cement"].to_numpy(float), frame["water"].to_numpy(float)
    x, w = (cement - cement.mean()) / 100.0, (water - water.mean()) / 10.0
    sigma = np.linspace(11.0, 17.0, 401)
    found = linear_posterior(
        np.column_stack([np.ones_like(x), x, w, x * w]),
        frame["compressive_strength"].to_numpy(float),
        [35.0, 0.0, 0.0, 0.0],
        [10.0, 10.0, 5.0, 2.0],
        sigma,
        _half_normal(sigma, 20.0),
    )
    return found, float(water.mean())


@exercise(
    "4M11",
    "Cement and water",
    idata="the fit, with scalar variables `cement` (MPa per 100 kg), `water` (MPa per 10 kg) and `product`",
    slopes="posterior means of what 100 kg more cement bring with 150, 180 and 210 kg of water, three numbers",
    difference="what is different from the tips: 'one slope', 'two slopes' or 'a slope for each value'",
)
def concrete(idata: Any, slopes: Any, difference: Any) -> str:
    """Compare the coefficients and three slopes with the exact posterior."""
    found, mean_water = _concrete()
    values = {name: draws("idata", idata, name) for name in ("cement", "water", "product")}
    at_no_water = found.mean[1] - found.mean[3] * mean_water / 10.0
    require(
        not close(float(values["cement"].mean()), float(at_no_water), 1.5),
        "not-centered",
        "For which amount of water is your coefficient of cement the slope?",
        "For no water at all. Subtract the means of cement and water before you multiply them.",
    )
    require(
        abs(values["cement"].mean()) > 0.5,
        "units",
        "What is one unit of your cement?",
        "Count cement in hundreds of kilograms and water in tens. Otherwise the same priors say something else.",
    )
    for k, name in enumerate(values, start=1):
        _near(
            "idata",
            name,
            values[name],
            float(found.mean[k]),
            float(found.sd[k]),
            "coefficients",
            "Use all 1030 specimens, both covariates centered at their means, and a Normal likelihood.",
        )
    expected = found.mean[1] + found.mean[3] * (np.array(WATERS) - mean_water) / 10.0
    given = numbers("slopes", slopes, 3)
    require(
        np.ptp(given) > 0.5,
        "one-slope-for-all",
        "Does 100 kg of cement bring the same at every amount of water?",
        "The coefficient of cement is its slope at the mean amount of water only. Add the product's part.",
    )
    require(
        given[0] > given[2],
        "slopes-reversed",
        "Does more water make cement pay more, or less? Look at the sign of the product.",
        "The slope is `cement + product * (water - mean water) / 10`, and the product is negative.",
    )
    require(
        np.abs(given - expected).max() < 0.5,
        "slopes",
        "What is the derivative of the mean with respect to cement?",
        f"`cement + product * (w - {mean_water:.2f}) / 10`, draw by draw, for w of 150, 180 and 210.",
    )
    kind = choice("difference", difference, ("one slope", "two slopes", "a slope for each value"))
    require(
        kind == "a slope for each value",
        "still-two-lines",
        "How many values can the smoker take, and how many the water?",
        "The smoker is a switch with two settings, so two lines. Water is continuous: a line for each amount.",
    )
    return (
        f"100 kg of cement bring {given[0]:.1f} MPa with little water and {given[2]:.1f} with much. Before you call that "
        "chemistry, look at it in percent: the solution does."
    )


# --- 7H1: noise that grows with the bill ----------------------------------------------------------


@cache
def _tips() -> tuple[dict[str, tuple[float, float]], float, float, float]:
    """Return means and sds with growing noise, the largest bill, and how certain the interaction is.

    The bill is in tens of dollars from the mean. Of the interaction: its sd with constant noise, and the
    ratio of its two sds.
    """
    frame = datasets.tips()
    bill, tip = frame["total_bill"].to_numpy(float), frame["tip"].to_numpy(float)
    smoker = (frame["smoker"] == "Yes").to_numpy(float)
    tens = (bill - bill.mean()) / 10.0
    model = (
        np.column_stack([np.ones_like(tens), tens, smoker, smoker * tens]),
        tip,
        [3.0, 1.5, 0.0, 0.0],
        [1.0, 1.0, 1.0, 0.5],
    )
    sigma = np.linspace(0.6, 1.6, 401)
    constant = linear_posterior(*model, sigma, _half_normal(sigma, 1.0))
    level, growth = (
        g.ravel() for g in np.meshgrid(np.linspace(-0.5, 0.25, 31), np.linspace(-0.1, 0.7, 33))
    )
    log_prior = _half_normal(level, 0.5) + _half_normal(growth, 0.5)
    found = linear_posterior(*model, np.exp(level[:, None] + growth[:, None] * tens), log_prior)
    mean = float(found.weight @ growth)
    spread = float(np.sqrt(found.weight @ (growth - mean) ** 2))
    expected = {
        "interaction": (float(found.mean[3]), float(found.sd[3])),
        "growth": (mean, spread),
    }
    before = float(constant.sd[3])
    return expected, float(tens.max()), before, float(found.sd[3]) / before


@exercise(
    "7H1",
    "Noise that grows with the bill",
    idata="the fit, with scalar variables `interaction` (dollars per 10 dollars) and `growth` (of log sigma, "
    "per 10 dollars)",
    sd_ratio="posterior sd of the interaction, divided by that of the chapter's interaction model",
    weight="weight 1 / sigma**2 of the table with the highest bill, relative to a table with the average bill",
    interaction_is="'still there' or 'gone', judged by its 94 % interval",
)
def growing_noise(idata: Any, sd_ratio: Any, weight: Any, interaction_is: Any) -> str:
    """Compare with an exact integral over both parameters of the noise."""
    expected, largest, before, exact_ratio = _tips()
    growth, interaction = draws("idata", idata, "growth"), draws("idata", idata, "interaction")
    converged("idata", "growth", growth)
    require(
        not close(float(growth.mean()), expected["growth"][0] / 10.0, 0.01),
        "per-dollar",
        "By how much does one unit of your bill raise the noise, and what is one unit?",
        "Count the bill in tens of dollars from its mean, as the chapter does.",
    )
    require(
        close(float(growth.mean()), expected["growth"][0], 0.5 * expected["growth"][1]),
        "growth",
        "Which quantity is a line in the bill: sigma, or its logarithm?",
        "sigma is exp(level + growth * tens) (`pm.math.exp`, `jnp.exp`), with N(0, 0.5) for both.",
    )
    _near(
        "idata",
        "interaction",
        interaction,
        *expected["interaction"],
        "interaction",
        "Keep the mean of the chapter's interaction model, with its four coefficients and their priors.",
    )
    # Both follow from the fit itself; the sd of the other model has an error of some 2 % if it was sampled.
    own_ratio = float(interaction.std()) / before
    own_weight = float(np.exp(-2.0 * growth * largest).mean())
    ratio = number("sd_ratio", sd_ratio)
    require(
        not close(ratio, 1.0 / own_ratio, 0.06),
        "ratio-reversed",
        "Which of the two sds goes into the numerator?",
        "The sd of the new model, divided by the sd of the model with constant noise.",
    )
    require(
        close(ratio, own_ratio, 0.05 * own_ratio),
        "sd-ratio",
        "Both sds are of `interaction`, one from each model.",
        "Divide `fit.posterior['interaction'].std()` of your fit by that of the chapter's.",
    )
    relative = number("weight", weight)
    require(
        relative < 1.0,
        "weight-reversed",
        "Does a table with wide noise say more about the line, or less?",
        "The weight is one over the variance: the higher the bill, the smaller.",
    )
    require(
        not close(relative, own_weight**0.5, 0.05),
        "sd-for-variance",
        "Is the weight one over the sd, or one over the variance?",
        "`exp(-2 * growth * b)`, with b the highest bill in tens of dollars from the mean.",
    )
    require(
        close(relative, own_weight, 0.01),
        "weight",
        "Write sigma at the highest bill and at the mean bill, and divide.",
        "`exp(-2 * growth * b)`, averaged over the draws, with b = (50.81 - 19.79) / 10.",
    )
    require(
        choice("interaction_is", interaction_is, ("still there", "gone")) == "still there",
        "gone",
        "Where does the 94 % interval of the interaction end?",
        f"The mean is {expected['interaction'][0]:.2f} and the sd {expected['interaction'][1]:.2f}: zero is far outside.",
    )
    return (
        f"The highest bill now counts for {own_weight:.0%} of an average one, and the interaction is less certain, "
        f"by a factor of {exact_ratio:.2f}: the large bills that told most about the slopes are the noisy ones."
    )
