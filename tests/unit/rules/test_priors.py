"""The reader of priors: what it sees in mathematics and in programs, and which differences it finds."""

import numpy as np
import pytest

from tests.rules.priors import Prior, compare, names_of, programmed, stated

TEXT = r"""
$$
\begin{aligned}
\beta_0 &\sim \mathcal N(50, 10) & &\text{cm, at birth} \\
\beta_1 &\sim \mathcal N(0, 2), \quad \sigma \sim \mathcal{HN}(10{,}000) \\
\theta_j &\sim \mathcal N(\mu, \tau_M) & \log t &\sim \mathcal N(\log 7, 20/\sqrt 2)
\end{aligned}
$$
"""
PYMC = """
with pm.Model() as m:
    mu = pm.Normal("mu", 0.0, 20.0)
    tau = pm.HalfCauchy("tau_market", 10.0)
    beta = pm.Normal("beta", np.array([50.0, 0.0]), np.array([10.0, 2.0]))
    sigma = pm.HalfNormal("sigma", 1e4)
    theta = pm.Normal("theta", mu, tau, dims="place")
    t = pm.LogNormal("t", np.log(7.0), 20.0 / np.sqrt(2.0))
"""
TFP = """
@tfd.JointDistributionCoroutineAutoBatched
def joint():
    zero, unit = jnp.float64(0.0), tfd.Normal(jnp.float64(0.0), 2.0)
    mu = yield tfd.Normal(zero, 20.0, name="mu")
    tau = yield Root(tfd.HalfCauchy(zero, 10.0, name="tau_market"))
    beta_0 = yield tfd.Normal(loc=jnp.float64(50.0), scale=10.0, name="beta_0")
    beta_1 = yield tfd.Sample(unit, 3, name="beta_1")
    sigma = yield tfd.HalfNormal(1e4 * jnp.ones(3), name="sigma")
    theta = yield tfd.Normal(mu * jnp.ones(8), tau, name="theta")
    t = yield tfd.LogNormal(jnp.log(7.0), 20.0 / np.sqrt(2.0), name="t")
"""


def test_what_a_program_defines():
    found = programmed(TFP)
    assert found["tau_market"] == [Prior("HalfCauchy", (10.0,))]
    assert found["beta_0"] == [Prior("Normal", (50.0, 10.0))]
    assert found["beta_1"] == [Prior("Normal", (0.0, 2.0))]
    assert found["sigma"] == [Prior("HalfNormal", (10_000.0,))]
    assert found["theta"] == [Prior("Normal", ("mu", "tau_market"))]
    assert found["t"][0].parameters == pytest.approx((np.log(7.0), 20.0 / np.sqrt(2.0)))


def test_what_cannot_be_read_is_unknown():
    source = 'def f(s):\n    pm.Normal("a", s, 2.0 * g(1.0))\n    pm.Normal("b", sigma=3)\n'
    assert programmed(source) == {
        "a": [Prior("Normal", (None, None))],
        "b": [Prior("Normal", (None, 3.0))],
    }


def test_what_mathematics_states():
    found = {statement.symbol: statement.prior for statement in stated(TEXT)}
    assert found == {
        r"\beta_0": Prior("Normal", (50.0, 10.0)),
        r"\beta_1": Prior("Normal", (0.0, 2.0)),
        r"\sigma": Prior("HalfNormal", (10_000.0,)),
        r"\theta_j": Prior("Normal", (r"\mu", r"\tau_M")),
        r"\log t": Prior("Normal", (np.log(7.0), 20.0 / np.sqrt(2.0))),
    }
    assert [(s.symbol, s.prior) for s in stated(r"$y_i \sim t_\nu\big(\mu, 2\big)$")] == [
        ("y_i", Prior("StudentT", (r"\nu", r"\mu", 2.0)))
    ]
    assert len(stated(r"if $\gamma, \mu_\beta \sim \text{Gamma}(2, 0.1)$")) == 2
    assert stated(r"$\kappa \sim \;?$ and $\nu - 1 \sim \text{Exponential with mean } 29$") == []


def test_how_a_program_may_spell_a_symbol():
    assert ("sigma_out", None) in names_of(r"\sigma_{\text{out}}")
    assert ("mu_beta", None) in names_of(r"\mu_\beta")
    assert {("beta_0", None), ("beta", 0)} <= set(names_of(r"\beta_{0j}"))
    assert ("sigma", None) not in names_of(r"\sigma_h")
    assert {("lam", None), ("rate", None)} <= set(names_of(r"\lambda_j"))
    assert names_of(r"\nu - 1") == ()


@pytest.mark.parametrize("source", [PYMC, TFP])
def test_programs_that_do_what_the_text_says(source):
    found = compare([TEXT], source)
    assert found.problems == []
    assert found.compared == 5 and found.skipped == 2  # the text says nothing of mu and tau_market


@pytest.mark.parametrize("source", [PYMC, TFP])
@pytest.mark.parametrize(
    ("right", "wrong", "name"),
    [
        (r"\mathcal N(50, 10)", r"\mathcal N(40, 10)", "beta"),
        (r"\mathcal N(0, 2)", r"\mathcal N(0, 20)", "beta"),
        ("10{,}000", "1{,}000", "sigma"),
        (r"\mathcal{HN}", r"\mathcal{HC}", "sigma"),
        (r"(\mu, \tau_M)", r"(\tau_M, \mu)", "theta"),
        (r"(\mu, \tau_M)", r"(0, \tau_M)", "theta"),
        (r"\log 7", r"\log 8", "t"),
        (r"20/\sqrt 2", "20", "t"),
    ],
)
def test_a_text_that_says_something_else_is_found(source, right, wrong, name):
    (problem,) = compare([TEXT.replace(right, wrong)], source).problems
    assert name in problem


def test_the_nearest_text_that_speaks_of_a_variable_counts():
    program = 'pm.HalfNormal("sigma", 5.0)'
    near, far = r"$\sigma \sim \mathcal{HN}(5)$", r"$\sigma \sim \mathcal{HN}(50)$"
    assert compare([r"of $\mu \sim \mathcal N(0, 1)$", near, far], program).problems == []
    assert len(compare([far, near], program).problems) == 1
    assert compare([f"{far} or {near}"], program).problems == []


def test_a_symbol_that_the_program_calls_something_else_is_not_compared():
    program = 'x = pm.Gamma("calls", 2.0, 1.0)\npm.Poisson("y", x)'
    assert compare([r"$y_i \sim \text{Poisson}(\alpha)$"], program).problems == []
    assert compare([r"$y_i \sim \text{Poisson}(\alpha)$"], program).compared == 0
