"""One small notebook in a real kernel: what `make seeds` finds in it."""

import nbformat
import numpy as np
import pytest
from seeds import sweep
from seeds.sweep import Task

SETUP = """
from companion.diagnostics import diagnose
from companion.posteriors import compare_posteriors
from companion.prose import say
from companion.tfp_nuts import compile_nuts, sample_tfp
import jax.numpy as jnp
import numpy as np
import pymc as pm
import tensorflow_probability.substrates.jax as tfp

tfd = tfp.distributions
data = np.random.default_rng(1).normal(0.0, 1.0, 5)
"""
FITS = """
with pm.Model() as model:
    mu = pm.Normal("mu", 0.0, 1.0)
    pm.Normal("y", mu, 1.0, observed=data)
    fit = pm.sample(2000, tune=500, chains=4, random_seed=7, progressbar=False)

@tfd.JointDistributionCoroutineAutoBatched
def joint():
    mu = yield tfd.Normal(jnp.float64(0.0), 1.0, name="mu")
    yield tfd.Normal(mu * jnp.ones(5), 1.0, name="y")

run = compile_nuts(joint.experimental_pin(y=data), draws=50, tune=100)
short = run(8)
twin = run(seed=8)
"""
USES = """
diagnose({"PyMC": fit})
diagnose({"short": short, "stranger": fit.sel(chain=[0, 1])}, var_names="mu", require_healthy=False)
compare_posteriors(fit, short)
"""
SAID = """
say(f"The data begin with {data[0]:.3f}.")
"""
FAILS = """
diagnose({"PyMC": short})
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    sources = {"setup": SETUP, "fits": FITS, "uses": USES, "said": SAID, "expected": FAILS}
    cells = [nbformat.v4.new_code_cell(source, id=name) for name, source in sources.items()]
    cells[-1].metadata["tags"] = ["raises-exception"]
    cells += [nbformat.v4.new_code_cell("1 / 0", id="wrong")]
    text = nbformat.writes(nbformat.v4.new_notebook(cells=cells))
    folder = tmp_path_factory.mktemp("kernel")
    return sweep.execute(text, str(folder), Task(seeds=3, shift=100))


def test_only_a_cell_that_must_not_fail_is_a_failure(result):
    assert result["failures"] == [["wrong", "ZeroDivisionError: division by zero"]]


def test_fits_are_found_with_what_the_text_does_with_them(result):
    found = [
        (
            fit["cell"],
            fit["nth"],
            fit["library"],
            fit["name"],
            fit["use"],
            fit["draws"],
            len(fit["rows"]),
        )
        for fit in result["found"]["fits"]
    ]
    assert found == [
        ("fits", 1, "PyMC", "PyMC", "relied on", 2000, 4),
        ("fits", 2, "TFP", "short", "shown", 50, 4),
        ("fits", 3, "TFP", "", "not checked", 50, 4),
    ]
    assert result["found"]["untraced"] == [{"cell": "uses", "name": "stranger", "required": False}]
    assert result["found"]["comparisons"] == {"uses": 2}  # one scalar: its mean and its sd


def test_each_seed_gives_other_draws_and_the_same_seed_the_same(result):
    pymc, short, twin = (fit["rows"] for fit in result["found"]["fits"])
    for rows in (pymc, short):
        assert len({row["bulk"] for row in rows}) == 4
        assert all(row["divergences"] == 0.0 for row in rows)
    assert short == twin


def test_seeds_of_fits_are_shifted_and_those_of_data_are_not(result):
    assert [fit["seed"] for fit in result["found"]["fits"][1:]] == [108, 108]
    first = np.random.default_rng(1).normal(0.0, 1.0, 5)[0]
    assert result["sentences"] == {"said": [f"The data begin with {first:.3f}."]}
