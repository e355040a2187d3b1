"""Rosetta shows one variable in two languages, and both calls are the same distribution: they are run here."""

import ast

import companion.tfp_nuts  # noqa: F401  its switch to 64 bits comes before JAX
from course import ROOT, in_book
import jax.numpy as jnp
from markdown_table import rows_of
import numpy as np
import pymc as pm
import pytensor
import pytest
import rosetta
from scipy import stats
import tensorflow_probability.substrates.jax as tfp

tfd = tfp.distributions
LINES = rows_of(ROOT / "appendices" / "rosetta.csv")
LAWS = {line["concept"]: line for line in LINES if rosetta.is_law(line)}
CODES = {
    path.stem: rosetta.cells_of(path) for path in in_book(ROOT) if path.parent.name == "chapters"
}
CORRELATED = "Correlated effects"
CALLS_OF_NO_LAW = {"observed", "dims", "shape", "default_transform"}

# What the names in the calls stand for. What is not named here is 0.4.
NUMBERS = {"patients": 20.0, "shown": 20.0, "customers": 3.0, "every": 1.0, "nu": 5.0}
NUMBERS |= {"mu": 0.3, "log_mu": np.log(0.3), "kappa": 7.0}
COVARIANCE = 0.4 + 0.4**2 * np.eye(16)
OWN_NUMBERS = {
    "Truncated Normal": {"mean": 4.0, "sigma": 0.8},
    "Mixture of Normals": {
        "mu": np.array([0.1, 0.8]), "sigma": np.array([0.2, 0.5]), "lengths": np.zeros(2),
    },
    "Multivariate Normal": {
        "day": np.linspace(0.0, 1.0, 16), "factor": np.linalg.cholesky(COVARIANCE),
    },
}  # fmt: skip
POINTS = {
    "Truncated Normal": [np.array([3.2, 4.7]), np.array([3.9, 5.5])],
    "Multivariate Normal": [np.linspace(-1.0, 1.0, 16), np.ones(16)],
    "whole numbers": [np.array([0, 1]), np.array([1, 0])],
    "numbers": [np.array([0.2, 0.7]), np.array([0.55, 0.9])],
}


def example(concept):
    """Return the example that the page shows."""
    found = rosetta.law_examples(LAWS[concept], CODES)
    assert found, f"no pair of twins gives one variable the law of {concept}"
    return min(found.values(), key=rosetta.plainness)


def evaluate(tree, concept):
    """Run a call, with numbers for its names."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    known = {"pm": pm, "tfd": tfd, "np": np, "jnp": jnp, "float": float, "len": len}
    numbers = NUMBERS | OWN_NUMBERS.get(concept, {})
    scope = {name: known.get(name, np.float64(0.4)) for name in names}
    scope |= {name: np.asarray(value) for name, value in numbers.items() if name in names}
    return eval(compile(ast.fix_missing_locations(ast.Expression(tree)), concept, "eval"), scope)


def pymc_law(call, concept):
    """Return the distribution that a call gives to its variable."""
    tree = ast.parse(call, mode="eval").body
    tree.func = ast.Attribute(tree.func, "dist", ast.Load())
    tree.args = tree.args[1:]
    tree.keywords = [each for each in tree.keywords if each.arg not in CALLS_OF_NO_LAW]
    with pytensor.config.change_flags(mode="FAST_COMPILE"):
        return evaluate(tree, concept)


def pymc_density(law, points):
    """Return the sum of the log densities at some points."""
    with pytensor.config.change_flags(mode="FAST_COMPILE"):
        return float(pm.logp(law, points).eval().sum())


def test_no_law_of_the_twins_is_missing():
    used = {
        ast.unparse(call.func)
        for cells in CODES.values()
        for pymc, _ in rosetta.pairs(cells)
        for call in rosetta.pymc_laws(pymc).values()
    }
    assert {"pm.Exponential", "pm.NegativeBinomial", "pm.Gamma", "pm.Poisson"} <= used
    assert used <= {line["pymc"] for line in LINES}


@pytest.mark.parametrize("concept", sorted(LAWS.keys() - {CORRELATED}))
def test_both_calls_of_a_row_are_one_distribution_of_one_variable(concept):
    shown = example(concept)
    assert f"('{shown.variable}'" in shown.pymc and f"name='{shown.variable}'" in shown.tfp[0]
    theirs = evaluate(ast.parse(shown.tfp[0], mode="eval").body, concept)
    ours = pymc_law(shown.pymc, concept)
    kind = "whole numbers" if ours.dtype.startswith("int") else "numbers"
    for some in POINTS.get(concept, POINTS[kind]):
        points = np.resize(some, theirs.event_shape or len(some))
        same = float(jnp.sum(theirs.log_prob(jnp.asarray(points, float))))
        assert np.isfinite(same)
        assert pymc_density(ours, points) == pytest.approx(same, abs=1e-6)


def test_a_factor_of_pymc_is_two_variables_of_tfp():
    shown = example(CORRELATED)
    spread, factor = (evaluate(ast.parse(law, mode="eval").body, CORRELATED) for law in shown.tfp)
    ours = pymc_law(shown.pymc, CORRELATED)
    for first, second, rho in [(0.3, 0.8, -0.4), (1.1, 0.2, 0.7)]:
        root = np.sqrt(1.0 - rho**2)
        packed = np.array([first, second * rho, second * root])  # chol = sd[:, None] * corr
        corr = jnp.array([[1.0, 0.0], [rho, root]])
        both = spread.log_prob(jnp.array([first, second])) + factor.log_prob(corr)
        jacobian = np.log(root / second)  # of (sd, rho) by the three numbers of chol
        assert pymc_density(ours, packed) == pytest.approx(float(both) + jacobian, abs=1e-6)


def test_conventions_that_the_notes_state():
    rate = tfd.Gamma(jnp.float64(3.0), 2.0)
    assert float(rate.log_prob(0.7)) == pytest.approx(stats.gamma(3.0, scale=0.5).logpdf(0.7))
    rate = tfd.Exponential(jnp.float64(2.0))
    assert float(rate.log_prob(0.7)) == pytest.approx(stats.expon(scale=0.5).logpdf(0.7))
    logits = tfd.Binomial(jnp.float64(9.0), jnp.float64(-1.0))
    chance = 1.0 / (1.0 + np.exp(1.0))
    assert float(logits.log_prob(4.0)) == pytest.approx(stats.binom(9, chance).logpmf(4))
    assert float(tfd.Bernoulli(jnp.float64(-1.0)).log_prob(1.0)) == pytest.approx(np.log(chance))
