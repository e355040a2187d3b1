"""The switches that `import companion` sets, and what they are for."""

import os
import subprocess
import sys

import pytest

SAMPLE = """
import companion, numpy as np, pymc as pm
with pm.Model():
    mu = pm.Normal("mu", 0.0, 1.0)
    tau = pm.HalfNormal("tau", 1.0)
    pm.Normal("y", mu, tau, observed=np.array([0.3, -1.2, 2.5, 0.1]))
    fit = pm.sample(200, tune=200, chains=2, random_seed=5, progressbar=False)
print(repr(float(fit.posterior["mu"].mean())), repr(float(fit.posterior["tau"].mean())))
"""


def python(code: str, **environment: str) -> subprocess.CompletedProcess:
    keep = {k: v for k, v in os.environ.items() if k not in ("PYTENSOR_FLAGS", "JAX_ENABLE_X64")}
    return subprocess.run(
        [sys.executable, "-W", "default", "-c", code],
        env=keep | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_importing_companion_loads_no_sampler():
    done = python(
        "import sys, companion, companion.datasets, companion.exercises; "
        "print([m for m in ('pymc', 'pytensor', 'jax', 'arviz') if m in sys.modules])"
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_same_seed_gives_the_same_draws_cold_and_warm(tmp_path):
    # A first run compiles into an empty cache; a second one finds the compiled code there.
    flags = {"PYTENSOR_FLAGS": f"base_compiledir={tmp_path}"}
    cold, warm = (python(SAMPLE, **flags) for _ in range(2))
    assert cold.returncode == 0, cold.stderr
    assert any(tmp_path.rglob("*.nbi")), (
        "nothing was cached: this test would not notice a difference"
    )
    assert cold.stdout == warm.stdout


def test_jax_computes_in_double_precision():
    done = python("import companion, jax.numpy as jnp; print(jnp.ones(1).dtype)")
    assert done.stdout.strip() == "float64", done.stderr


def test_jax_imported_first_is_switched_to_double_precision():
    done = python("import jax, companion; print(jax.numpy.ones(1).dtype)")
    assert done.stdout.strip() == "float64", done.stderr


def test_pymc_imported_first_is_warned_about():
    done = python("import pytensor, companion")
    assert "import companion first" in done.stderr


@pytest.mark.parametrize("given", ["numba__fastmath=True", "floatX=float64,numba__fastmath=True"])
def test_a_flag_that_you_set_is_left_alone(given):
    done = python("import os, companion; print(os.environ['PYTENSOR_FLAGS'])", PYTENSOR_FLAGS=given)
    assert done.stdout.strip() == given


def test_pymc_announces_nothing_and_still_warns():
    done = python(
        "import companion, logging\n"
        "logging.basicConfig(level='INFO')\n"
        "for name in ('pymc.sampling.mcmc', 'pymc.variational.inference'):\n"
        "    logging.getLogger(name).info(f'{name} announces')\n"
        "    logging.getLogger(name).warning(f'{name} warns')\n"
    )
    assert done.stderr.splitlines() == [
        "WARNING:pymc.sampling.mcmc:pymc.sampling.mcmc warns",
        "WARNING:pymc.variational.inference:pymc.variational.inference warns",
    ]
