"""Bad input to every public function: the error names the argument, what was given and what is expected.

`GOOD` has arguments that work, for each function. A line of `BAD` replaces one of them: the argument, what
is given for it, the error, and what the error says. Kinds that many functions share (a count, a positive
number, a fit, ...) are listed once, in `KINDS`. A public function without a line is a failure, unless
`NOT_ASKED` says why there is nothing to ask.
"""

from collections.abc import Callable
from functools import cache
import importlib
import inspect
import pkgutil
import re
from typing import NamedTuple

import arviz as az
import companion
from companion.exercises.answers import Unusable
from matplotlib.figure import Figure
import numpy as np
import pandas as pd
import pytest

from tests.unit.conftest import pymc_normal, tfp_normal

NAN, INF = float("nan"), float("inf")


class Kind(NamedTuple):
    """What is wrong for arguments of one kind: values, the error, and what it says of any of them."""

    error: type[Exception]
    says: str  # {name} is the argument, {given} what was given
    values: tuple


KINDS = {
    "count": Kind(
        ValueError, "{name} must be a positive whole number, but {given} was given",
        (0, -1, 2.5, "5", True, None, NAN, [3]),
    ),
    "positive": Kind(
        ValueError, "{name} must be a positive number, but {given} was given",
        (0.0, -1.5, NAN, "1", True, [0.5]),
    ),
    "probability": Kind(
        ValueError, "{name} must lie between 0 and 1, but {given} was given",
        (0.0, 1.0, -0.1, 95, NAN, "0.5", True),
    ),
    "flag": Kind(TypeError, "{name} must be True or False, but {given} was given", (1, "yes", 0.0)),
    "seed": Kind(
        ValueError, "{name} must be a whole number .*, but {given} was given",
        (-1, 1.5, "7", None, True),
    ),
    "numbers": Kind(
        TypeError, "{name} must be an array of numbers", ("abc", ["a", "b"], {"a": 1}, [1j]),
    ),
    "finite": Kind(ValueError, "{name} must be finite, but .* missing", (NAN, INF)),
    "function": Kind(TypeError, "{name} must be a function, but {given} was given", (3, "abs")),
    "fit": Kind(TypeError, "{name} must be a DataTree.*{type}.* was given", (None, "fit", {"mu": [1.0]}, 3)),
    "names": Kind(
        TypeError, "{name} must be a name or a list of names, but {given} was given", (3, [1], ("mu", None)),
    ),
    "no names": Kind(ValueError, "{name} must name at least one variable, but it is empty", ([], ())),
    "unknown": Kind(ValueError, "{name} must name variables of the posterior .*, but nu is none of mu", ("nu", ["nu"])),
    "answer": Kind(Unusable, "`{name}` is ", ("one", None, [1.0, 2.0], INF)),
    "not a fit": Kind(Unusable, "`idata` is .* Pass a fit", (None, "fit", 3.0)),
    "draws of one": Kind(ValueError, r"{name} must have the shape \(chain, draw\), but has", (3.0, [1.0, 2.0])),
}  # fmt: skip


RNG = np.random.default_rng(1501)
X = np.column_stack([np.ones(12), RNG.standard_normal(12)])
Y = RNG.standard_normal(12)
SIGMA = np.linspace(0.05, 12.0, 2000)
SCORES = RNG.standard_normal((12, 5)) / 10.0
CHAINS = RNG.standard_normal((4, 200))


def log_density(q):
    return -0.5 * (q**2).sum(axis=-1)


def gradient(q):
    return -q


@cache
def fit():
    """Return a fit with all groups that somebody looks at."""
    return az.from_dict(
        {
            "posterior": {"mu": CHAINS, "theta": RNG.standard_normal((4, 200, 2))},
            "sample_stats": {"diverging": CHAINS > 2.5, "energy": RNG.standard_normal((4, 200))},
            "log_likelihood": {"y": 0.1 * RNG.standard_normal((4, 200, 5))},
        }
    )


def without(*groups):
    """Return the fit without some of its groups."""
    return fit().copy().filter(lambda node: node.name not in groups)


@cache
def chains():
    """Return a short run of a sampler."""
    from companion.lessons.mcmc import metropolis_hastings

    return metropolis_hastings(log_density, START, scale=1.0, draws=20, seed=1)


def axes():
    return Figure().subplots()


START = np.zeros((2, 3))
RUN = {"start": START, "draws": 5, "seed": 1}
TARGET = {"log_density": log_density, "gradient": gradient}
FRAME = pd.DataFrame({"x": [1.0, 2.5]})
MODELS = {"pymc_model": pymc_normal, "tfp_model": tfp_normal}
HINTS = {"key": "k", "hint": "h", "second_hint": "s"}

# For each function what works, made anew for each call, and what does not: an argument and the names of kinds,
# or an argument, one value, the error and what it says.
TABLE = {
    "lessons.laplace.logistic_laplace": (
        lambda: {"predictors": X, "response": (Y > 0).astype(int), "prior_sd": 2.0},
        ("predictors", "numbers finite"),
        ("response", "numbers"),
        ("response", np.zeros(3), ValueError, r"response must have the shape of predictors .* \(3,\)"),
        ("response", np.full(12, 0.5), ValueError, "response must consist of 0 and 1, .* 12 of its 12"),
        ("prior_sd", "numbers finite"),
        ("prior_sd", -1.0, ValueError, "prior_sd must be positive.*-1.0 was given"),
        ("prior_sd", [1.0, 2.0, 3.0], ValueError, "prior_sd must be positive, one number or 2"),
    ),
    "lessons.linear.linear_posterior": (
        lambda: {
            "design": X, "response": Y, "prior_mean": [0.0, 0.0], "prior_sd": [1.0, 1.0],
            "sigma": SIGMA, "log_prior": np.zeros(2000),
        },
        ("design", "numbers finite"),
        ("design", np.ones(12), ValueError, r"design and response must have shapes .* \(12,\)"),
        ("response", "numbers finite"),
        ("response", Y[:3], ValueError, r"design and response must have shapes .* \(3,\)"),
        ("prior_mean", "numbers finite"),
        ("prior_mean", [0.0], ValueError, r"prior_mean must have 2 values.* \(1,\)"),
        ("prior_sd", "numbers finite"),
        ("prior_sd", [1.0, 0.0], ValueError, r"prior_sd must be positive, but \[1.0, 0.0\]"),
        ("sigma", "numbers finite"),
        ("sigma", -SIGMA, ValueError, "sigma must be positive, .* -12"),
        ("sigma", np.ones((2000, 5)), ValueError, r"sigma must have shape .* \(2000, 5\)"),
        ("sigma", SIGMA**2, ValueError, "sigma must be an even grid"),
        ("sigma", np.linspace(0.05, 0.4, 2000), ValueError, "sigma must cover its posterior.* cuts it off"),
        ("log_prior", "numbers finite"),
        ("log_prior", np.zeros(3), ValueError, r"log_prior must have 2000 values.* \(3,\)"),
    ),
    "lessons.scores.pointwise_waic": (
        lambda: {"log_likelihood": SCORES},
        ("log_likelihood", "numbers"),
        ("log_likelihood", np.zeros(4), ValueError, r"log_likelihood must have the shape .* \(4,\)"),
        *(("log_likelihood", np.zeros(shape), ValueError, rf"log_likelihood must have at least two draws.*{re.escape(str(shape))}")
          for shape in ((0, 3), (10, 0))),
        ("log_likelihood", np.array([[0.0, INF], [0.0, 0.0]]), ValueError, "log_likelihood must be finite"),
        ("log_likelihood", np.zeros((1, 4)), ValueError, r"log_likelihood must have at least two draws.*\(1, 4\)"),
        ("log_likelihood", np.full((2, 4), NAN), ValueError, "log_likelihood must have no missing .* 8 are NaN"),
        ("log_likelihood", np.full((2, 4), -INF), ValueError, "log_likelihood must be finite"),
    ),
    "lessons.scores.waic": (
        lambda: {"idata": fit()},
        ("idata", None, ValueError, "idata must have a log_likelihood group, but its groups are: none"),
        ("idata", without("log_likelihood"), ValueError, "idata must have a log_likelihood group, .* posterior"),
        ("var_name", "z", ValueError, "var_name must be one of y, but 'z' was given"),
        ("var_name", 3, ValueError, "var_name must be one of y, but 3 was given"),
    ),
    **{
        f"lessons.scores.{name}": (
            lambda first=first, second=second: {first: [1.0, 2.0], second: [1.5, 2.5]},
            (first, "numbers"),
            (second, "numbers"),
            (first, [1.0], ValueError, rf"{first} must be a vector .* \(1,\)"),
            (first, [[1.0, 2.0]], ValueError, rf"{first} must be a vector .* \(1, 2\)"),
            (second, [1.0, NAN], ValueError, f"{second} must be .* 1 values that are not finite"),
            (second, [1.0, 2.0, 3.0], ValueError, f"{first} and {second} must .* 2 and 3"),
        )
        for name, first, second in (
            ("elpd_difference", "first", "second"), ("exact_loo", "elpd_i", "lppd_i"),
        )
    },
    "lessons.sbc.rank_of_truth": (
        lambda: {"truth": np.zeros(3), "draws": np.ones((3, 4))},
        ("truth", "numbers"),
        ("draws", "numbers"),
        ("truth", np.zeros(2), ValueError, r"truth must have the shape .* \(2,\)"),
        ("truth", np.zeros((3, 1)), ValueError, r"truth must have the shape .* \(3, 1\)"),
        ("draws", np.ones(3), ValueError, r"truth must have the shape .* and \(3,\)|have \(3,\) and \(3,\)"),
        ("draws", np.ones((3, 0)), ValueError, r"truth must have the shape .* \(3, 0\)"),
        ("truth", np.full(3, NAN), ValueError, "truth must be numbers, but 3 are NaN"),
        ("draws", np.full((3, 4), NAN), ValueError, "draws must be numbers, but 12 are NaN"),
        ("draws", np.zeros((3, 4)), ValueError, "rng must be given, .* 3 of 3 simulations"),
        ("rng", 17, TypeError, "rng must be a numpy.random.Generator, but a int was given"),
    ),
    "lessons.sbc.ecdf_difference": (
        lambda: {"ranks": np.array([0, 3]), "draws": 3},
        ("draws", "count"),
        ("probability", "probability"),
        ("ranks", "numbers"),
        ("ranks", np.array([0, 4]), ValueError, "ranks must be whole numbers from 0 to draws, here 3, but int64 from 0 to 4"),
    ),
    "lessons.sbc.uniformity_p_value": (
        lambda: {"ranks": np.array([0, 3]), "draws": 3},
        ("draws", "count"),
        ("ranks", "numbers"),
        ("ranks", np.array([-1, 2]), ValueError, "ranks must be whole numbers .* from -1 to 2"),
        ("ranks", np.array([0.5, 0.1]), ValueError, "ranks must be whole numbers .* float64"),
        ("ranks", np.array([], dtype=int), ValueError, r"ranks must have the shape \(simulation,\), but have \(0,\)"),
        ("ranks", np.zeros((2, 2), dtype=int), ValueError, r"ranks must have the shape .* \(2, 2\)"),
    ),
    "lessons.scorecard.Scorecard": (
        lambda: dict(
            groups=8, smallest_group=5, largest_group=9, genuine_prior=True, full_uncertainty=False,
            budget_hours=1.0, expertise=2,
        ),
        *((name, value, TypeError, rf"{name} must be a whole number, but {value!r} was given")
          for name in ("groups", "smallest_group", "largest_group", "expertise")
          for value in (2.5, "8", True, None)),
        ("groups", 0, ValueError, "groups must be at least 1, but 0"),
        ("smallest_group", 10, ValueError, r"largest_group must be at least smallest_group \(10\), but 9"),
        ("expertise", 4, ValueError, "expertise must be between 0 and 3, but 4"),
        ("genuine_prior", "flag"),
        ("full_uncertainty", "flag"),
        ("budget_hours", "1", TypeError, "budget_hours must be a number of hours, but '1'"),
        ("budget_hours", -1.0, ValueError, "budget_hours must be finite and not negative, but -1.0"),
        ("budget_hours", INF, ValueError, "budget_hours must be finite and not negative, but inf"),
    ),
    "lessons.mcmc.leapfrog": (
        lambda: {"position": np.ones(2), "momentum": np.ones(2), "gradient": gradient, "step_size": 0.1, "steps": 2},
        ("position", "numbers finite"),
        ("momentum", "numbers finite"),
        ("momentum", np.ones(3), ValueError, r"position and momentum must have the same shape.* \(3,\)"),
        ("gradient", "function"),
        ("gradient", lambda q: q[:1], ValueError, r"gradient must keep the shape \(2,\) .* \(1,\)"),
        ("step_size", "positive"),
        ("steps", "count"),
    ),
    "lessons.mcmc.metropolis_hastings_kernel": (
        lambda: {"log_density": log_density, "scale": 1.0},
        ("scale", None, ValueError, "exactly one of scale and propose must be given, but neither was"),
        ("propose", gradient, ValueError, "exactly one of scale and propose must be given, but both was"),
        ("scale", "numbers finite"),
        ("scale", -1.0, ValueError, "scale must be positive, .* -1.0 was given"),
        ("scale", np.ones((2, 2)), ValueError, "scale must be positive, one number or one for each dimension"),
        ("log_proposal_ratio", "function"),
    ),
    "lessons.mcmc.metropolis_hastings": (
        lambda: {"log_density": log_density, "scale": 1.0, **RUN},
        ("log_density", "function"),
        ("log_density", lambda q: q, ValueError, r"log_density must map 2 positions.* \(2, 3\)"),
        ("start", "numbers"),
        ("start", np.zeros(3), ValueError, r"start must have the shape \(chains, dimensions\), .* \(3,\)"),
        ("start", np.full((2, 3), INF), ValueError, "start must have a finite log density in every chain"),
        ("draws", "count"),
        ("seed", "seed"),
        ("scale", [1.0, 2.0], ValueError, r"scale must be one number or one for each of 3 dimensions.* \(2,\)"),
    ),
    "lessons.mcmc.hmc_kernel": (
        lambda: {**TARGET, "step_size": 0.5, "steps": 2},
        ("step_size", "positive"),
        ("steps", "count"),
    ),
    "lessons.mcmc.hmc": (
        lambda: {**TARGET, **RUN, "step_size": 0.5, "steps": 2},
        ("log_density", "function"),
        ("gradient", "function"),
        ("gradient", lambda q: q[:, 0], ValueError, r"gradient must keep the shape \(2, 3\) .* \(2,\)"),
        ("start", "numbers"),
        ("start", np.zeros(2), ValueError, r"start must have the shape \(chains, dimensions\)"),
        ("step_size", "positive"),
        ("steps", "count"),
        ("draws", "count"),
        ("seed", "seed"),
    ),
    "lessons.mcmc.nuts_kernel": (
        lambda: {**TARGET, "step_size": 0.5},
        ("step_size", "positive"),
        ("max_depth", "count"),
    ),
    "lessons.mcmc.nuts": (
        lambda: {**TARGET, **RUN, "step_size": 0.5},
        ("log_density", "function"),
        ("log_density", lambda q: -INF * np.ones(len(q)), ValueError, "start must have a finite log density"),
        ("gradient", "function"),
        ("gradient", lambda q: q[:, 0], ValueError, r"gradient must keep the shape \(2, 3\) .* \(2,\)"),
        ("start", np.zeros(2), ValueError, r"start must have the shape \(chains, dimensions\)"),
        ("step_size", "positive"),
        ("max_depth", "count"),
        ("draws", "count"),
        ("seed", "seed"),
    ),
    "lessons.mcmc.adapt_step_size": (
        lambda: {
            "kernel": lambda size: importlib.import_module("companion.lessons.mcmc").hmc_kernel(**TARGET, step_size=size, steps=2),
            "start": START, "seed": 1, "draws": 5,
        },
        ("kernel", "function"),
        ("target", "probability"),
        ("draws", "count"),
        ("first", "positive"),
        ("seed", "seed"),
    ),
    "lessons.mcmc.Chains.to_datatree": (
        lambda: {"self": chains(), "name": "q"},
        ("name", 3, TypeError, "name must be text, the name of the variable, but 3 was given"),
        *(("warmup", value, ValueError, rf"warmup must be between 0 and 18, .* {re.escape(repr(value))} was given")
          for value in (-1, 19, 2.5, "5", True, None)),
    ),
    "diagnostics.check_rhat": (
        lambda: {"idata": fit()},
        ("idata", "fit"),
        ("idata", without("posterior"), ValueError, "idata must be a DataTree with a posterior group, but it has only"),
        ("threshold", "positive"),
        ("var_names", "names unknown"),
        ("var_names", "no names"),
    ),
    "diagnostics.check_ess": (
        lambda: {"idata": fit()},
        ("idata", "fit"),
        ("min_bulk", "positive"),
        ("min_tail", "positive"),
        ("var_names", "names unknown"),
    ),
    "diagnostics.check_energy": (lambda: {"idata": fit()}, ("idata", "fit"), ("threshold", "positive")),
    "diagnostics.check_divergences": (lambda: {"idata": fit()}, ("idata", "fit")),
    "diagnostics.divergent_draws": (
        lambda: {"idata": fit()},
        ("idata", "fit"),
        ("idata", without("sample_stats"), ValueError, "idata must have sample_stats with the variable 'diverging'.*posterior"),
    ),
    "diagnostics.report": (lambda: {"idata": fit()}, ("idata", "fit"), ("var_names", "names unknown")),
    "diagnostics.diagnose": (
        lambda: {"fits": {"PyMC": fit()}, "require_healthy": False},
        ("fits", None, TypeError, "fits must be a dict of fits by name, but a NoneType was given"),
        ("fits", fit(), TypeError, "fits must be a dict of fits by name, but a DataTree was given"),
        ("fits", [fit()], TypeError, "fits must be a dict of fits by name, but a list was given"),
        ("fits", {}, ValueError, "fits must hold at least one fit by its name, but it is empty"),
        ("fits", {"PyMC": 3}, TypeError, r"fits\['PyMC'\] must be a DataTree .* int was given"),
        ("var_names", "names unknown"),
        ("require_healthy", "flag"),
    ),
    "posteriors.reference": (
        lambda: {"model": "eight_schools"},
        ("model", 3, TypeError, "model must be the name of a reference posterior, but 3 was given"),
        ("model", None, TypeError, "model must be the name of a reference posterior, but None was given"),
        ("model", "eight_shcools", ValueError, "model must be the name .* is none. Is 'eight_schools"),
        ("model", "../datasets", ValueError, "model must be the name of a reference posterior"),
    ),
    "posteriors.estimates": (lambda: {"idata": fit()}, ("idata", "fit"), ("var_names", "names unknown")),
    "posteriors.compare_posteriors": (
        lambda: {"pymc": fit(), "tfp": fit()},
        *(("pymc", value, TypeError, "pymc must be a DataTree") for value in (None, "fit", {"mu": [1.0]})),
        ("tfp", "fit", TypeError, "tfp must be a DataTree .* str was given"),
        ("tfp", None, ValueError, "tfp or reference must be given, or there is nothing"),
        ("reference", "eight_shcools", ValueError, "reference must be the name .* is none"),
        ("reference", 3, TypeError, "reference must be the name of a reference posterior, but 3"),
        ("limit", "positive"),
        ("var_names", "names unknown"),
    ),
    "scalars.scalars_of": (lambda: {"idata": fit()}, ("idata", "fit"), ("var_names", "names unknown"), ("var_names", "no names")),
    "scalars.as_names": (lambda: {"var_names": "mu"}, ("var_names", "names"), ("var_names", "no names")),
    "scalars.real_draws": (
        lambda: {"variable": fit().posterior["mu"], "owner": "the fit"},
        ("variable", fit().posterior["mu"].isel(draw=0, drop=True), ValueError, "the fit must have the dimensions chain and draw, but 'mu' has .* without draw"),
        ("variable", fit().posterior["mu"].astype(str), TypeError, "the fit must hold real numbers, but 'mu' is of the type"),
        ("variable", fit().posterior["mu"].isel(draw=[]), ValueError, "the fit must have draws, but 'mu' has 4 chains of 0 draws"),
    ),
    "inputs.as_array": (lambda: {"name": "values", "values": [1.0]}, ("values", "numbers")),
    "inputs.finite_array": (lambda: {"name": "values", "values": [1.0]}, ("values", "numbers finite")),
    "inputs.positive_whole": (lambda: {"name": "value", "value": 3}, ("value", "count")),
    "inputs.positive": (lambda: {"name": "value", "value": 3.0}, ("value", "positive")),
    "inputs.probability": (lambda: {"name": "value", "value": 0.3}, ("value", "probability")),
    "inputs.flag": (lambda: {"name": "value", "value": True}, ("value", "flag")),
    "inputs.callable_value": (lambda: {"name": "value", "value": abs}, ("value", "function")),
    "inputs.generator": (lambda: {"name": "seed", "seed": 3}, ("seed", "seed")),
    "prose.claim": (
        lambda: {"margin": 5.0, "yes": "more"},
        *(("margin", value, TypeError, rf"margin must be a number, .* {re.escape(repr(value))} was given")
          for value in ("5", None, True, [5.0])),
        ("margin", NAN, ValueError, "margin must be a distance in standard errors, but it is NaN"),
        ("yes", None, TypeError, "yes must be a string, but None was given"),
        ("otherwise", 3, TypeError, "otherwise must be a string, but 3 was given"),
    ),
    "prose.nonempty": (
        lambda: {"found": [1], "what": "rows"},
        ("found", [], ValueError, "found must not be empty, but there are no rows"),
        ("found", 3, TypeError, "found must be a selection that has a length, but a int was given"),
        ("found", None, TypeError, "found must be a selection that has a length, but a NoneType was given"),
    ),
    "prose.say": (
        lambda: {"text": "All is 3."},
        ("text", 3, TypeError, "text must be a string, but a int was given"),
        ("text", None, TypeError, "text must be a string, but a NoneType was given"),
        ("text", f"The mean is {NAN}.", ValueError, "text must have finite numbers, but nan was given in '... The mean"),
        ("text", f"It is {INF} times.", ValueError, "text must have finite numbers, but inf was given"),
    ),
    "tables.decimals_for": (
        lambda: {"error": 0.04},
        *(("error", value, TypeError, rf"error must be a number, but {re.escape(repr(value))} was given")
          for value in ("0.1", None, True, [0.1])),
    ),
    "tables.two_digits": (
        lambda: {"error": 0.04},
        *(("error", value, TypeError, rf"error must be a number, but {re.escape(repr(value))} was given")
          for value in ("0.1", None, True, [0.1])),
    ),
    "tables.p_value_text": (
        lambda: {"p": 0.04},
        *(("p", value, TypeError, rf"p must be a number, but {re.escape(repr(value))} was given")
          for value in ("0.1", None, True, [0.1])),
        *(("p", value, ValueError, rf"p must be between 0 and 1, but {re.escape(repr(value))} was given")
          for value in (-0.1, 1.1, NAN, INF)),
    ),
    "tables.number_text": (
        lambda: {"value": 1.5, "form": ".1f"},
        *(("form", value, TypeError, rf"form must be text such as '.2f', but {re.escape(repr(value))} was given")
          for value in (2, None)),
        ("form", "q", ValueError, "form must be a format of numbers such as '.2f', but 'q' was given"),
    ),
    "tables.table": (
        lambda: {"data": FRAME},
        *(("data", value, TypeError, f"data must be a pandas DataFrame, but a {type(value).__name__} was given")
          for value in ([1, 2], None, {"x": [1]}, FRAME["x"])),
        ("forms", 2, TypeError, "forms must be a format such as '.2f', .* a int was given"),
        ("forms", {"y": ".2f"}, ValueError, "forms must name columns of data, but 'y' is none of x"),
        ("forms", {"x": 2}, TypeError, "forms must be text such as '.2f', but 2 was given"),
        ("forms", ".2q", ValueError, "forms must be formats of numbers such as '.2f', but '.2q' was given"),
        ("forms", {"x": "two"}, ValueError, "forms must be formats of numbers such as '.2f', but 'two'"),
        ("caption", 3, TypeError, "caption must be text, but a int was given"),
        ("index", "flag"),
    ),
    "plots.band": (
        lambda: {"ax": axes(), "x": np.arange(5.0), "draws": SCORES, "color": "C0"},
        ("ax", None, TypeError, "ax must be a matplotlib axes, .* a NoneType was given"),
        ("ax", Figure(), TypeError, "ax must be a matplotlib axes, .* a Figure was given"),
        ("x", "numbers"),
        ("x", np.ones((2, 2)), ValueError, r"x must have one dimension, but has shape \(2, 2\)"),
        ("draws", "numbers"),
        ("draws", SCORES[:, :3], ValueError, r"draws must have 5 columns, .* \(12, 3\)"),
        ("center", SCORES[:, :3], ValueError, r"center must have 5 columns, .* \(12, 3\)"),
        *(("probabilities", (value,), ValueError, rf"probabilities must lie between 0 and 1, but {re.escape(repr(value))} was given")
          for value in (0.0, 94, "0.9", NAN)),
        ("probabilities", 0.94, TypeError, "probabilities must be a list of numbers, but 0.94 was given"),
    ),
    "plots.scatter_with_divergences": (
        lambda: {"ax": axes(), "idata": fit(), "x": "mu", "y": CHAINS, "color": "C0"},
        ("ax", 3, TypeError, "ax must be a matplotlib axes, .* a int was given"),
        ("idata", "fit"),
        ("x", "nu", ValueError, "var_names must name variables of the posterior .*, but nu is none of mu"),
        ("x", 3, ValueError, r"x and y must have the shape \(4, 200\)"),
        ("y", [1.0, 2.0], ValueError, r"x and y must have the shape \(4, 200\) .* \(2,\)"),
        ("thin", "count"),
    ),
    "density.assert_same_density": (
        lambda: {name: model() for name, model in MODELS.items()},
        *(("pymc_model", value, TypeError, f"pymc_model must be a PyMC model, but a {type(value).__name__} was given")
          for value in (None, "model", {"mu": 1.0})),
        *(("tfp_model", value, TypeError, f"model must be a joint distribution.*a {type(value).__name__} was given")
          for value in (None, "model", {"mu": 1.0})),
        ("points", "count"),
        ("seed", "seed"),
        ("spread", "positive"),
        ("spread", INF, ValueError, "spread must be a positive finite number, but inf was given"),
        ("near", [1.0], TypeError, "near must be a dict of values by variable, but a list was given"),
        ("near", {"nu": 1.0}, ValueError, "near must name unobserved variables, but 'nu' is none of mu, sigma"),
        ("near", {"mu": "high"}, ValueError, "near must give mu a number .* but 'high' was given"),
        ("near", {"sigma": -1.0}, ValueError, "near must lie inside the support of sigma, but -1.0 does not"),
        ("tolerance", "positive"),
        ("change_tolerance", "positive"),
    ),
    "joint.read_model": (
        lambda: {"model": tfp_normal()},
        *(("model", value, TypeError, f"model must be a joint distribution.*a {type(value).__name__} was given")
          for value in (None, "model", {"mu": 1.0}, 3)),
    ),
    "tfp_nuts.compile_nuts": (
        lambda: {"model": tfp_normal()},
        *(("model", value, TypeError, f"model must be a joint distribution.*a {type(value).__name__} was given")
          for value in (None, "model", {"mu": 1.0})),
        ("draws", "count"),
        ("tune", "count"),
        ("tune", 5, ValueError, "tune must be at least 20.* but 5 was given"),
        ("chains", "count"),
        ("target_accept", "probability"),
        ("posterior_predictive", "flag"),
        ("deterministics", {"twice": 2.0}, TypeError, "deterministics must be a function.*but a dict was given"),
        ("dims", "row", TypeError, "dims must be a dict, but a str was given"),
        ("coords", ["row"], TypeError, "coords must be a dict, but a list was given"),
        ("dims", {"y": 5}, TypeError, "dims must give y a name or a list of names, but 5 was given"),
        ("coords", {"row": None}, ValueError, "coords must give each dimension a sequence of values, but None for 'row'"),
    ),
    "tfp_nuts.sample_tfp": (
        lambda: {"model": tfp_normal(), "seed": 1},
        ("model", "model", TypeError, "model must be a joint distribution.*a str was given"),
        *(("seed", value, ValueError, rf"seed must be a whole number, but {re.escape(repr(value))} was given")
          for value in (1.5, "1", None)),
        ("seed", 2**63, ValueError, "seed must fit into 64 bits, but 9223372036854775808 was given"),
    ),
    "datasets.anscombe": (
        lambda: {"dataset": 2},
        *(("dataset", value, ValueError, rf"dataset must be a whole number, from 1 to 4, but {value!r} was given")
          for value in (0, 5, 2.5, "2", True, None)),
    ),
    "datasets.penguins": (lambda: {"complete_cases": True}, ("complete_cases", "flag")),
    **{f"datasets.{name}": (lambda: {"independent": True}, ("independent", "flag"))
       for name in ("food_sales", "salad_sales", "salad_truth")},
    "datasets.climate": (
        lambda: {"autocorrelation": 0.3},
        *(("autocorrelation", value, ValueError, rf"autocorrelation must be a finite number, but {value!r} was given")
          for value in ("0.5", None, NAN, INF, True)),
        ("autocorrelation", 1.0, ValueError, "autocorrelation must .* 1.0"),
    ),
    "datasets.neals_funnel": (
        lambda: {"draws": 10},
        *(("draws", value, ValueError, rf"draws must be a whole number, 1 or more, but {value!r} was given")
          for value in (0, -1, 2.5, "5", True, None)),
        *((name, value, ValueError, rf"{name} must be a finite number, but {value!r} was given")
          for name in ("log_scale_mean", "log_scale_sd", "divisor") for value in ("1", NAN, INF, None)),
        ("log_scale_sd", -1.0, ValueError, "log_scale_sd must be positive, but -1.0 was given"),
        ("divisor", 0.0, ValueError, "divisor must not be zero, but 0.0 was given"),
        ("seed", -1, ValueError, "seed must be a whole number, from 0 to 4294967295, but -1 was given"),
        ("seed", "1", ValueError, "seed must be a whole number, from 0 to 4294967295, but '1' was given"),
    ),
    "exercises.engine.check": (
        lambda: {"exercise_id": "4E7"},
        *(("exercise_id", value, ValueError, rf"exercise_id must be the id of an exercise, .* {re.escape(repr(value))} was given")
          for value in ("4X9", "", 3, None, ["4E7"])),
        ("answers", {"colour": 3}, TypeError, "exercise 4E7 expects .* colour= was given"),
    ),
    "exercises.engine.progress": (
        lambda: {"chapter": 8},
        *(("chapter", value, ValueError, rf"chapter must be a number from 1 to \d+, but {re.escape(repr(value))} was given")
          for value in (99, 0, "no such chapter", 2.5, [8])),
    ),
    "exercises.engine.assert_all_passed": (
        lambda: {},
        ("exercise_ids", (), ValueError, "exercise_ids must name at least one exercise, but none was given"),
        ("exercise_ids", ("4X9",), ValueError, "exercise_id must be the id of an exercise, .* '4X9' was given"),
        ("exercise_ids", (3,), ValueError, "exercise_id must be the id of an exercise, .* 3 was given"),
    ),
    "exercises.overview.find_chapter": (
        lambda: {"chapter": "08"},
        *(("chapter", value, ValueError, rf"chapter must be a number from 1 to \d+, but {value!r} was given")
          for value in (99, "", None)),
    ),
    "exercises.registry.find": (
        lambda: {"exercise_id": "4e7"},
        *(("exercise_id", value, ValueError, rf"exercise_id must be the id of an exercise, .* {value!r} was given")
          for value in ("4E77", 3, None)),
    ),
    "exercises.registry.exercise": (
        lambda: {"exercise_id": "99E1", "title": "A title", "answers": {"mean": "a number"}},
        ("exercise_id", 3, TypeError, "exercise_id must be text such as '4E5', but 3 was given"),
        ("exercise_id", "first", ValueError, "exercise_id must be the number of a chapter .* 'first' was given"),
        ("exercise_id", "4E7", ValueError, "exercise_id must be new, but '4E7' is registered already"),
        ("answers", {}, ValueError, "answers must name at least one answer of exercise 99E1, but none was given"),
    ),
    **{
        f"exercises.answers.{name}": (
            lambda good=good: {"name": "value", "value": good},
            ("value", "answer"),
            ("value", bad, Unusable, "`value` is "),
        )
        for name, good, bad in (
            ("number", 3.0, NAN), ("share", 0.3, NAN), ("whole", 3, 2.5), ("truth", True, "True"),
        )
    },
    "exercises.answers.choice": (
        lambda: {"name": "value", "value": "Yes", "options": ("yes", "no")},
        *(("value", value, Unusable, "`value` is .* not one of 'yes', 'no'") for value in ("maybe", 3, None, ["yes", "no"])),
    ),
    "exercises.answers.numbers": (
        lambda: {"name": "value", "value": [1.0, 2.0], "size": 2},
        *(("value", value, Unusable, "`value` is .* 2 numbers") for value in ("ab", None, [1.0], [1.0, "b"])),
        ("value", [1.0, NAN], Unusable, "`value` is .* not finite numbers"),
    ),
    "exercises.model_view.view": (
        lambda: {"name": "model", "model": tfp_normal()},
        *(("model", value, Unusable, "`model` is .* Pass the model itself") for value in (None, "model", 3.0, {"mu": 1.0})),
    ),
    **{
        f"exercises.fits.{name}": (
            lambda more=more: {"name": "idata", "idata": fit(), **more},
            ("idata", "not a fit"),
        )
        for name, more in (
            ("bfmi", {}), ("divergences", {}), ("has_variable", {"variable": "mu"}),
        )
    },
    "exercises.fits.draws": (
        lambda: {"name": "idata", "idata": fit(), "variables": ("mu",)},
        ("idata", "not a fit"),
        ("idata", without("posterior"), Unusable, "`idata` is .* without the group 'posterior'"),
        ("variables", ("nu",), Unusable, "`idata` is .* has no variable 'nu', only mu, theta"),
    ),
    "exercises.fits.posterior_mean": (
        lambda: {"name": "idata", "idata": fit(), "variable": "mu", "reference_mean": CHAINS.mean(), **HINTS},
        ("idata", "not a fit"),
        ("variable", "nu", Unusable, "`idata` is .* has no variable 'nu'"),
    ),
    "exercises.fits.with_variable": (
        lambda: {"name": "idata", "idata": fit(), "variable": "nu", "formula": lambda p: p["mu"]},
        ("idata", "not a fit"),
        ("formula", "function"),
    ),
    "exercises.fits.converged": (
        lambda: {"name": "idata", "variable": "mu", "values": CHAINS},
        ("values", CHAINS[:1], Unusable, "`idata` is .* `mu` has 1 chain of 200 draws"),
        ("values", CHAINS[:, :, None], Unusable, "`idata` is .* `mu` should be one number in each draw"),
    ),
    **{
        f"exercises.fits.{name}": (
            lambda more=more: {"values": CHAINS, **more},
            ("values", "numbers"),
            ("values", "draws of one"),
        )
        for name, more in (
            ("agrees", {"mean": 0.0}), ("effective_sample_size", {}), ("estimate", {}), ("is_healthy", {}), ("rhat", {}),
        )
    },
    "exercises.fits.same_mean": (
        lambda: {"first": CHAINS, "second": CHAINS},
        ("first", "numbers"), ("first", "draws of one"), ("second", "numbers"), ("second", "draws of one"),
    ),
    "exercises.fits.reference": (
        lambda: {"name": "eight_schools"},
        ("name", "no such model", ValueError, "model must be the name of a reference posterior, but 'no such model'"),
    ),
    "exercises.comparison.score_difference": (
        lambda: {"name": "value", "value": 3.0, "exact": 3.0, "tolerance": 0.1, "first": "a", "second": "b"},
        ("value", "answer"),
    ),
    "exercises.comparison.paired_error": (
        lambda: {
            "name": "value", "value": float(np.sqrt(12) * (Y - X[:, 1]).std(ddof=1)), "first": Y, "second": X[:, 1],
            "tolerance": 0.1,
        },
        ("value", "answer"),
        ("first", "numbers finite"),
        ("second", Y[:3], ValueError, r"first and second must be scores of the same .* \(3,\)"),
    ),
    "exercises.exact.straight_line": (
        lambda: {"x": np.arange(12.0), "y": Y},
        ("x", "numbers finite"),
        ("y", "numbers finite"),
        ("y", Y[:3], ValueError, r"x and y must be vectors of one length, .* \(3,\)"),
    ),
    "exercises.exact.hierarchy": (
        lambda: {"y": Y, "s": np.ones(12), "tau": SIGMA, "log_prior": np.zeros(2000)},
        ("y", "numbers finite"),
        ("s", "numbers finite"),
        ("s", -np.ones(12), ValueError, "s must be positive and have the shape of y"),
        ("tau", "numbers finite"),
        ("log_prior", np.zeros(3), ValueError, r"log_prior must have one value for each point of tau, .* \(3,\)"),
        ("mu_sd", "positive"),
    ),
}  # fmt: skip

RETURNED = "what a function returns, not what a person makes"
WORDS = "makes words for messages of what has been checked, and takes anything"
NOT_ASKED = {
    **dict.fromkeys(
        ["lessons.mcmc.Chains", "lessons.mcmc.Info", "lessons.mcmc.Kernel", "lessons.mcmc.State", "lessons.linear.LinearPosterior", "lessons.scores.WAIC", "lessons.scorecard.Factor", "diagnostics.Diagnosis", "diagnostics.Finding", "diagnostics.Report", "density.SameDensity", "prose.Claim", "tables.Table", "scalars.Scalars", "joint.Model", "joint.Variable", "real_line.RealLine", "real_line.Target", "exercises.engine.Verdict", "exercises.guide.Lead", "exercises.model_view.ModelView", "exercises.outcome.Link", "exercises.outcome.Outcome", "exercises.overview.Progress", "exercises.progress_file.Attempt", "exercises.registry.Exercise"],
        RETURNED,
    ),
    **dict.fromkeys(
        ["diagnostics.SamplerProblem", "prose.ClaimFailed", "joint.ModelError", "exercises.answers.Miss", "exercises.answers.Unusable"],
        "an error",
    ),
    **dict.fromkeys(
        ["scalars.listed", "scalars.nearest", "exercises.registry.nearest", "exercises.answers.describe", "exercises.answers.describe_error", "exercises.outcome.as_html"],
        WORDS,
    ),
    **dict.fromkeys(
        ["exercises.answers.has", "exercises.answers.require", "exercises.answers.close", "exercises.answers.by_simulation"],
        "asked by a check about numbers that it has checked",
    ),
    **dict.fromkeys(
        ["exercises.progress_file.add", "exercises.guide.lead_of", "exercises.fits.count_rows"],
        "asked by the engine; what it does not know has no entry",
    ),
    **dict.fromkeys(
        ["tfp_repairs.CorrelationFromFactor", "tfp_repairs.Interval", "joint.pointwise", "real_line.change_of_variables", "real_line.real_line"],
        "gets parts of a model from TFP; test_joint.py and test_real_line.py have models that do not work",
    ),
}  # fmt: skip

# What works is run in tests of their own: compiling takes long, and a pass needs an answer.
RUN_ELSEWHERE = {
    "tfp_nuts.sample_tfp",
    "density.assert_same_density",
    "exercises.engine.assert_all_passed",
}


class Row(NamedTuple):
    """One bad call."""

    function: str
    argument: str
    given: object
    error: type[Exception]
    says: str


def rows_of(function: str, line: tuple) -> list[Row]:
    """Return the rows of a line of the table: one, or one for each bad value of some kinds."""
    argument, what, *rest = line
    if rest:
        return [Row(function, argument, what, *rest)]
    names = [what] if what in KINDS else what.split()
    return [
        Row(
            function, argument, value, KINDS[name].error,
            KINDS[name].says.replace("{name}", argument)
            .replace("{given}", re.escape(repr(value)))
            .replace("{type}", type(value).__name__),
        )
        for name in names
        for value in KINDS[name].values
    ]  # fmt: skip


ROWS = [row for name, (_, *lines) in TABLE.items() for line in lines for row in rows_of(name, line)]


def found(name: str) -> Callable:
    """Return a function of the companion by its name."""
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            thing = importlib.import_module(f"companion.{'.'.join(parts[:cut])}")
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            thing = getattr(thing, part)
        return thing
    raise LookupError(name)


def call(function: Callable, arguments: dict) -> object:
    """Call a function with all arguments by name."""
    positional, named = [], {}
    left, parameters = dict(arguments), inspect.signature(function).parameters
    in_order = any(p.kind is p.VAR_POSITIONAL and name in left for name, p in parameters.items())
    for name, parameter in parameters.items():
        if name not in left:
            continue
        value = left.pop(name)
        by_place = in_order and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        if by_place or parameter.kind is parameter.POSITIONAL_ONLY:
            positional.append(value)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            positional += value
        elif parameter.kind is parameter.VAR_KEYWORD:
            named |= value
        else:
            named[name] = value
    return function(*positional, **named, **left)


def public() -> dict[str, Callable]:
    """Return every function and class that a module of the companion calls public, where it is defined."""
    names = {}
    for module in pkgutil.walk_packages(companion.__path__, "companion."):
        if ".checks." in module.name:
            continue
        module = importlib.import_module(module.name)
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            if callable(thing) and getattr(thing, "__module__", "") == module.__name__:
                names[f"{module.__name__.removeprefix('companion.')}.{name}"] = thing
    return names


def test_there_are_many_rows():
    assert len(ROWS) >= 150


def test_every_public_function_is_asked_or_takes_nothing():
    known = set(TABLE) | set(NOT_ASKED)
    missing = [
        name
        for name, thing in public().items()
        if name not in known and inspect.signature(thing).parameters
    ]
    assert not missing, f"add bad input for {', '.join(sorted(missing))}"
    gone = {name for name in known if name.count(".to_datatree") == 0} - set(public())
    assert not gone, f"no public functions any more: {', '.join(sorted(gone))}"
    assert not set(TABLE) & set(NOT_ASKED)


@pytest.mark.parametrize("name", sorted(set(TABLE) - RUN_ELSEWHERE))
@pytest.mark.usefixtures("no_progress")
def test_without_bad_input_it_works(name):
    call(found(name), TABLE[name][0]())


@pytest.fixture
def no_progress(monkeypatch):
    from companion.exercises.registry import EXERCISES

    monkeypatch.setenv("COMPANION_PROGRESS", "off")
    yield
    EXERCISES.pop("99E1", None)


def shown(row: Row) -> str:
    # Without addresses: all processes have to find tests of the same names.
    text = " ".join(re.sub(r" at 0x[0-9a-f]+", "", repr(row.given)).split())
    return f"{row.function}({row.argument}={text[:30]})"


@pytest.mark.parametrize("row", ROWS, ids=shown)
@pytest.mark.usefixtures("no_progress")
def test_bad_input_is_named(row):
    good = TABLE[row.function][0]()
    with pytest.raises(row.error, match=f"(?s){row.says}"):
        call(found(row.function), good | {row.argument: row.given})
