"""Each formula of appendix I, held against numbers: quadrature, exact cases, ArviZ, and the teaching code."""

import arviz as az
from companion.lessons import mcmc, sbc
from companion.lessons.scores import elpd_difference, pointwise_waic
from course import ROOT
from lookup import FORMULAS
from markdown_table import rows_of
import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

ROWS = {row["id"]: row for row in rows_of(ROOT / FORMULAS)}
CHECKS = {}


def checks(name):
    """Register what holds a formula against numbers."""

    def keep(function):
        CHECKS[name] = function
        return function

    return keep


def integral(function, low, high):
    """Return an integral by quadrature."""
    return integrate.quad(function, low, high, epsabs=1e-12, epsrel=1e-10, limit=200)[0]


def posterior_mean(prior, likelihood, low, high):
    """Return the mean of a parameter by Bayes' rule and quadrature."""
    evidence = integral(lambda x: prior(x) * likelihood(x), low, high)
    return integral(lambda x: x * prior(x) * likelihood(x), low, high) / evidence


@checks("bayes")
@checks("beta-binomial")
def beta_binomial():
    a, b, n, y = 2.0, 18.0, 24, 7
    mean = posterior_mean(stats.beta(a, b).pdf, lambda p: stats.binom.pmf(y, n, p), 0, 1)
    assert mean == pytest.approx((a + y) / (a + b + n), rel=1e-8)
    assert mean == pytest.approx(stats.beta(a + y, b + n - y).mean())


@checks("gamma-poisson")
def gamma_poisson():
    a, b, counts, exposures = 3.0, 1.5, np.array([4, 0, 2]), np.array([1.0, 0.5, 2.0])

    def likelihood(rate):
        return np.prod(stats.poisson.pmf(counts, exposures * rate))

    mean = posterior_mean(stats.gamma(a, scale=1 / b).pdf, likelihood, 0, 40)
    assert mean == pytest.approx((a + counts.sum()) / (b + exposures.sum()), rel=1e-7)


@checks("normal")
def normal():
    m, s, sigma, y = 1.0, 2.0, 3.0, np.array([4.0, 0.5, 2.5, 6.0])
    precision = 1 / s**2 + len(y) / sigma**2
    mean = (m / s**2 + len(y) * y.mean() / sigma**2) / precision
    exact = stats.norm(mean, 1 / np.sqrt(precision))
    grid = np.linspace(-10, 12, 4001)
    density = stats.norm.pdf(grid, m, s) * stats.norm.pdf(y[:, None], grid, sigma).prod(axis=0)
    density /= integrate.trapezoid(density, grid)
    np.testing.assert_allclose(density, exact.pdf(grid), atol=1e-9)


@checks("variances")
def variances():
    s, x = 0.7, np.array([0.5, -1.2, 2.0])
    design = np.append(1.0, x)
    variance = design @ (s**2 * np.eye(4)) @ design
    assert np.sqrt(variance) == pytest.approx(s * np.sqrt(1 + np.sum(x**2)))
    plus_minus = np.array([1.0, -1.0, 1.0])  # standardized: squares of 1
    assert np.sqrt(s**2 * (1 + np.sum(plus_minus**2))) == pytest.approx(s * np.sqrt(len(x) + 1))


@checks("jacobian")
def jacobian():
    sigma, phi, h = stats.halfnorm(scale=2.0), np.linspace(-3, 1.5, 7), 1e-4
    density = (sigma.cdf(np.exp(phi + h)) - sigma.cdf(np.exp(phi - h))) / (2 * h)
    np.testing.assert_allclose(sigma.logpdf(np.exp(phi)) + phi, np.log(density), atol=1e-6)


@checks("non-centered")
def non_centered():
    mu, tau, eta = 1.3, 0.4, np.array([-0.5, 1.1, 2.0])
    theta = mu + tau * eta
    difference = stats.norm.logpdf(eta).sum() - stats.norm.logpdf(theta, mu, tau).sum()
    assert difference == pytest.approx(len(eta) * np.log(tau))


@checks("negative-binomial")
def negative_binomial():
    mu, alpha = 3.0, 1.7
    p, logits = alpha / (mu + alpha), np.log(mu) - np.log(alpha)
    scipys = stats.nbinom(alpha, p)
    assert scipys.mean() == pytest.approx(mu)
    assert scipys.var() == pytest.approx(mu + mu**2 / alpha)
    assert special.expit(logits) == pytest.approx(1 - p)  # TFP counts the other outcome
    mixed = integral(
        lambda g: stats.poisson.pmf(2, mu * g) * stats.gamma.pdf(g, alpha, scale=1 / alpha), 0, 60
    )
    assert mixed == pytest.approx(scipys.pmf(2), rel=1e-6)


@checks("student-t")
def student_t():
    assert stats.t(5.0, scale=2.0).std() == pytest.approx(2.0 * np.sqrt(5.0 / 3.0))
    assert not np.isfinite(stats.t(2.0, scale=2.0).std())


@checks("logit")
def log_odds():
    beta, eta = -1.7, np.linspace(-4, 4, 81)
    slopes = np.abs(np.gradient(special.expit(beta * eta), eta, edge_order=2))
    p = special.expit(beta * eta)
    np.testing.assert_allclose(slopes, np.abs(beta) * p * (1 - p), atol=0.01)
    assert slopes.max() <= np.abs(beta) / 4
    x = np.tile([-1.0, 1.0], 50)  # standardized
    p = special.expit(0.3 + 0.5 * x)
    design = np.column_stack([np.ones_like(x), x])
    information = design.T @ (design * (p * (1 - p))[:, None])
    exact = np.sqrt(np.linalg.inv(information)[1, 1])
    assert exact == pytest.approx(1 / np.sqrt(len(x) * np.mean(p * (1 - p))), rel=0.05)


@checks("shrinkage")
def shrinkage():
    mu, tau, s, y = 2.0, 1.5, 4.0, 9.0
    mean = posterior_mean(
        stats.norm(mu, tau).pdf, lambda theta: stats.norm.pdf(y, theta, s), -40, 40
    )
    factor = s**2 / (s**2 + tau**2)
    assert mean == pytest.approx((1 - factor) * y + factor * mu)


@checks("shrinkage-rates")
def shrinkage_of_rates():
    mu, kappa, n, y = 0.3, 20.0, 10, 6
    factor = kappa / (kappa + n)
    mean = stats.beta(mu * kappa + y, (1 - mu) * kappa + n - y).mean()
    assert mean == pytest.approx((mu * kappa + y) / (kappa + n))
    assert mean == pytest.approx((1 - factor) * y / n + factor * mu)
    # Over the population and the clicks: the relative gain in squared error is the factor.
    clicks = np.arange(n + 1)
    errors = np.zeros(2)
    for theta, weight in zip(*special.roots_sh_jacobi(40, kappa - 1, mu * kappa), strict=True):
        chance = weight * stats.binom.pmf(clicks, n, theta)
        shrunk = (mu * kappa + clicks) / (kappa + n)
        errors += [chance @ (clicks / n - theta) ** 2, chance @ (shrunk - theta) ** 2]
    assert 1 - errors[1] / errors[0] == pytest.approx(factor)
    alpha, b, exposure, count = 2.0, 1.6, 1.4, 9
    weight = exposure / (exposure + b)
    exact = stats.gamma(alpha + count, scale=1 / (b + exposure)).mean()
    assert exact == pytest.approx(weight * count / exposure + (1 - weight) * alpha / b)


@checks("threshold")
def threshold():
    s, tau = 3.0, 2.0
    factor = s**2 / (s**2 + tau**2)

    def error(d):
        return integral(
            lambda y: ((1 - factor) * y - d) ** 2 * stats.norm.pdf(y, d, s), d - 12 * s, d + 12 * s
        )

    limit = np.sqrt(s**2 + 2 * tau**2)
    for d in (0.5 * limit, 2.0 * limit):
        assert error(d) == pytest.approx((1 - factor) ** 2 * s**2 + factor**2 * d**2)
    assert error(limit) == pytest.approx(s**2)
    assert error(0.99 * limit) < s**2 < error(1.01 * limit)


@checks("mcse")
def mcse():
    draws = np.random.default_rng(1).normal(3.0, 2.0, (4, 1000))
    exact = draws.std(ddof=1) / np.sqrt(az.ess(draws, method="mean"))
    assert az.mcse(draws, method="mean") == pytest.approx(exact, rel=0.01)
    rule_of_three = 1 - 0.05 ** (1 / 1000)
    assert rule_of_three == pytest.approx(3 / 1000, rel=0.01)


@checks("ess")
def effective_sample_size():
    phi, n = 0.7, 20_000
    lags = phi ** np.arange(1, 500)
    assert 1 / (1 + 2 * lags.sum()) == pytest.approx((1 - phi) / (1 + phi))
    # The variance of the mean of a stationary chain, from its exact covariances.
    k = np.arange(1, n)
    variance = (1 + 2 * np.sum((1 - k / n) * phi**k)) / n
    assert 1 / variance / n == pytest.approx((1 - phi) / (1 + phi), rel=1e-3)


@checks("r-hat")
def r_hat():
    draws = np.random.default_rng(2).normal(size=(4, 200)) + np.arange(4)[:, None] / 4
    n = draws.shape[1]
    within, between = draws.var(axis=1, ddof=1).mean(), draws.mean(axis=1).var(ddof=1)
    exact = np.sqrt(((n - 1) / n * within + between) / within)
    assert az.rhat(draws, method="identity") == pytest.approx(exact)
    assert az.rhat(draws) == pytest.approx(
        max(az.rhat(draws, method="z_scale"), az.rhat(draws, method="folded"))
    )


@checks("bfmi")
def bfmi():
    energy = np.random.default_rng(3).normal(size=(2, 500)).cumsum(axis=1)
    exact = (np.diff(energy) ** 2).sum(axis=1) / (
        (energy - energy.mean(axis=1, keepdims=True)) ** 2
    ).sum(axis=1)
    tree = az.from_dict({"sample_stats": {"energy": energy}})
    np.testing.assert_allclose(az.bfmi(tree)["energy"], exact, rtol=0.01)


@checks("metropolis")
def metropolis():
    s, step = 1.5, 2.3
    grid = np.linspace(-12, 12, 1201)
    target = stats.norm.pdf(grid, 0, s)

    def flow(moves):
        """Return target times proposal times acceptance, from each point to each other."""
        ratio = target / target[:, None] * moves.T / moves
        return target[:, None] * moves * np.minimum(1.0, ratio)

    drifting = flow(stats.norm.pdf(grid, 0.8 * grid[:, None], step))
    np.testing.assert_allclose(drifting, drifting.T, atol=1e-15)  # detailed balance
    flow = flow(stats.norm.pdf(grid, grid[:, None], step))
    rate = integrate.trapezoid(integrate.trapezoid(flow, grid), grid)
    assert rate == pytest.approx(2 / np.pi * np.arctan(2 * s / step), abs=1e-4)


@checks("leapfrog")
def leapfrog():
    step, q, r = 0.7, 0.4, -1.1

    def one_step(q, r):
        r = r - step / 2 * q
        q = q + step * r
        return q, r - step / 2 * q

    end = mcmc.leapfrog(np.array([q]), np.array([r]), lambda x: -x, step, 1)
    np.testing.assert_allclose([end[0][-1, 0], end[1][-1, 0]], one_step(q, r))

    def kept(q, r):
        return r**2 / 2 + (1 - step**2 / 4) * q**2 / 2

    assert kept(*one_step(q, r)) == pytest.approx(
        kept(q, r)
    )  # so q has variance 1 / (1 - step^2/4)
    for long, stable in ((1.99, True), (2.01, False)):
        turn = np.array([[1 - long**2 / 2, long], [-long + long**3 / 4, 1 - long**2 / 2]])
        largest = np.abs(np.linalg.eigvals(turn)).max()
        assert (largest < 1 + 1e-9) == stable


@checks("lppd")
def lppd():
    draws, y = np.random.default_rng(4).normal(0.0, 0.3, 4000), np.array([-0.5, 0.2, 1.4])
    log_likelihood = stats.norm.logpdf(y, draws[:, None], 1.0)
    score = special.logsumexp(log_likelihood, axis=0) - np.log(len(draws))
    charge = log_likelihood.var(axis=0, ddof=1)
    result = pointwise_waic(log_likelihood)
    assert result.elpd == pytest.approx((score - charge).sum(), rel=1e-3)


@checks("loo")
def leave_one_out():
    prior, sigma, y = 2.0, 1.0, np.array([0.3, -0.8, 1.1])

    def posterior(data):
        precision = 1 / prior**2 + len(data) / sigma**2
        return stats.norm(data.sum() / sigma**2 / precision, 1 / np.sqrt(precision))

    without = posterior(y[1:])
    exact = stats.norm.pdf(y[0], without.mean(), np.hypot(without.std(), sigma))
    inverse = integral(lambda mu: posterior(y).pdf(mu) / stats.norm.pdf(y[0], mu, sigma), -8, 8)
    assert 1 / inverse == pytest.approx(exact, rel=1e-7)


@checks("pareto-k")
def pareto_k():
    v, s = 0.6, 1.0  # weights exp(x^2 / 2s^2), x of variance v around the observation
    levels = np.array([1e8, 1e10])
    beyond = stats.norm.logsf(np.sqrt(2 * s**2 * np.log(levels)), scale=np.sqrt(v))
    index = -np.diff(np.log(levels)) / np.diff(beyond)
    assert index[0] == pytest.approx(v / s**2, rel=0.05)
    assert min(0.7, 1 - 1 / np.log10(4000)) == 0.7
    assert min(0.7, 1 - 1 / np.log10(1000)) == pytest.approx(2 / 3)


@checks("difference")
def difference_of_scores():
    one, other = np.array([-1.0, -2.5, -0.5, -3.0]), np.array([-1.5, -2.0, -1.5, -3.5])
    found, error = elpd_difference(one, other)
    d = one - other
    assert found == pytest.approx(d.sum())
    assert error == pytest.approx(np.sqrt(len(d) * d.var(ddof=1)))


@checks("loss")
def loss():
    theta = stats.gamma(3.0, scale=2.0)
    for low, high in ((1.0, 4.0), (19.0, 1.0), (4.0, 1.0)):

        def cost(d, low=low, high=high):
            return low * theta.expect(lambda x: x - d, lb=d) + high * theta.expect(
                lambda x: d - x, ub=d
            )

        best = optimize.minimize_scalar(cost, bounds=(0.1, 25.0), method="bounded").x
        assert best == pytest.approx(theta.ppf(low / (low + high)), rel=1e-3)


@checks("ranks")
def ranks():
    # By symmetry: truth and draws from one distribution. Exactly, for three draws and a posterior on a grid.
    weights = np.array([0.1, 0.4, 0.2, 0.3])
    below = np.append(0.0, np.cumsum(weights))  # jittered, so that ties are broken evenly
    shares = np.zeros(4)
    for start, weight in zip(below, weights, strict=False):
        u = np.linspace(start, start + weight, 20_001)
        shares += [integrate.simpson(stats.binom.pmf(rank, 3, u), x=u) for rank in range(4)]
    np.testing.assert_allclose(shares, 1 / 4, atol=1e-9)
    draws, truths = np.array([[0.1, 0.5, 0.9]]), np.array([0.6])
    assert sbc.rank_of_truth(truths, draws).tolist() == [2]


@checks("power-scaling")
def power_scaling():
    scale, alpha = 5.0, 1.7
    x = np.linspace(0.1, 9.0, 20)
    powered = alpha * stats.halfnorm(scale=scale).logpdf(x)
    difference = powered - stats.halfnorm(scale=scale / np.sqrt(alpha)).logpdf(x)
    np.testing.assert_allclose(difference, difference[0])


@pytest.mark.parametrize("name", ROWS)
def test_a_formula_agrees_with_numbers(name):
    CHECKS[name]()


def test_no_check_is_left_over():
    assert CHECKS.keys() == ROWS.keys()
