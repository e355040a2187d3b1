"""Chapter 14: for each exercise the right answers, and wrong ones with the mistake they show."""

import arviz as az
from companion.exercises import check
from companion.exercises.checks.ch14_model_comparison import _exact_counts, station_calls
import numpy as np
from scipy import stats

from tests.unit.exercises.made_up import chains


def scored(y, mean, sigma, **posterior):
    """Return a fit with draws, Normal log likelihoods and the observations; mean is (4, 1000, n)."""
    groups = {
        "posterior": {**posterior, "sigma": sigma},
        "log_likelihood": {
            "y": stats.norm(mean, sigma if sigma.ndim == 3 else sigma[..., None]).logpdf(y)
        },
        "observed_data": {"y": y},
    }
    return az.from_dict(groups)


def regressions(right, wrong, truth, noise=0.5):
    """Return the right answers: y = truth * right + noise, fitted with right and with wrong."""
    rng = np.random.default_rng(7)
    y = truth * right + noise * rng.standard_normal(len(right))
    fits = {}
    for name, x in (("matched", right), ("mismatched", wrong)):
        center = x @ y / (x @ x)
        residual_sd = max((y - center * x).std(), 1e-6)
        slope = chains(center, residual_sd / np.sqrt(x @ x))
        sigma = np.abs(chains(residual_sd, 0.05 * residual_sd, seed=1))
        fits[name] = scored(y, slope[..., None] * x, sigma, slope=slope)
    gain = az.loo(fits["matched"]).elpd - az.loo(fits["mismatched"]).elpd
    return {**fits, "elpd_difference": gain, "true_slope": truth}


def other(fit):
    """Return the same fit to other observations."""
    changed = fit.copy()
    changed["observed_data"] = fit["observed_data"].to_dataset() + 1.0
    return changed


def without_convergence(fit):
    changed = fit.copy()
    posterior = fit["posterior"].to_dataset()
    posterior["slope"] = posterior["slope"] + 0.2 * posterior["chain"] * posterior["slope"].std()
    changed["posterior"] = posterior
    return changed


def common_mistakes(right):
    gain = right["elpd_difference"]
    return [
        ("other-data", {"mismatched": other(right["mismatched"])}),
        ("truth-missed", {"true_slope": right["true_slope"] + 1.0}),
        ("chains-disagree", {"matched": without_convergence(right["matched"])}),
        ("no-mismatch", {"mismatched": right["matched"], "elpd_difference": 0.0}),
        ("difference-reversed", {"elpd_difference": -gain}),
        ("difference", {"elpd_difference": gain + 3.0}),
    ]


def case_4h14_1():
    x = np.linspace(0.2, 4.0, 40)
    right = regressions(x, x**2, 3.0) | {"revealed_by": "Prediction"}
    silent = regressions(x, x**2, 3.0, noise=0.0)
    wrong = common_mistakes(right) + [
        ("noise-free", {name: silent[name] for name in ("matched", "mismatched")}),
        ("convergence-trusted", {"revealed_by": "convergence"}),
    ]
    return right, wrong


def case_4h14_2():
    x = np.linspace(0.2, 4.0, 60)
    right = regressions(np.sqrt(x), x, 5.0)
    return right, common_mistakes(right)


def case_4h14_3():
    rng = np.random.default_rng(8)
    a, b = rng.standard_normal((2, 80))
    right = regressions(a * b, a, 1.5)
    return right, common_mistakes(right)


def groups_fit(y, x, group, truth, one_noise=False):
    residual_sd = np.array([0.2, 0.5, 1.0, 2.0])
    slope = np.stack([chains(b, 0.02, seed=j) for j, b in enumerate(truth)], axis=-1)
    sigma = np.stack([chains(s, 0.02, seed=9 + j) for j, s in enumerate(residual_sd)], axis=-1)
    fit = scored(y, slope[..., group] * x, sigma[..., group], slope=slope)
    posterior = fit["posterior"].to_dataset()[["slope"]]
    posterior["sigma"] = (("chain", "draw"), sigma[..., 2]) if one_noise else (
        ("chain", "draw", "noise"), sigma
    )  # fmt: skip
    fit["posterior"] = posterior
    return fit


def case_4h14_4():
    rng = np.random.default_rng(9)
    truth = [1.0, 2.0, -1.0, 0.5]
    group = np.repeat(np.arange(4), 20)
    x = rng.uniform(0.0, 3.0, 80)
    y = np.array(truth)[group] * x + np.array([0.2, 0.5, 1.0, 2.0])[group] * rng.standard_normal(80)
    matched = groups_fit(y, x, group, truth)
    slope = chains(0.6, 0.1)
    common = scored(y, slope[..., None] * x, chains(2.4, 0.2, seed=1), slope=slope)
    gain = az.loo(matched).elpd - az.loo(common).elpd
    right = {
        "matched": matched, "mismatched": common, "elpd_difference": gain, "true_slopes": truth,
    }  # fmt: skip
    wrong = [
        ("other-data", {"mismatched": other(common)}),
        ("one-slope", {"true_slopes": [1.0, 1.0, 1.0, 1.0]}),
        ("truth-missed", {"true_slopes": [2.0, 1.0, -1.0, 0.5]}),
        ("one-noise", {"matched": groups_fit(y, x, group, truth, one_noise=True)}),
        ("difference-reversed", {"elpd_difference": -gain}),
        ("difference", {"elpd_difference": gain - 2.0}),
    ]
    return right, wrong


def case_4h14_5():
    rng = np.random.default_rng(10)
    theta = rng.normal(5.0, 2.0, 12)
    group = np.repeat(np.arange(12), 8)
    y = theta[group] + rng.standard_normal(96)
    means = np.array([y[group == j].mean() for j in range(12)])
    draws = np.stack([chains(m, 0.35, seed=j) for j, m in enumerate(means)], axis=-1)
    matched = scored(
        y, draws[..., group], chains(1.0, 0.07, seed=30),
        mu=chains(means.mean(), 0.6, seed=31), tau=chains(means.std(), 0.4, seed=32),
    )  # fmt: skip
    mu = chains(y.mean(), 0.2, seed=33)
    pooled = scored(y, mu[..., None] * np.ones(96), chains(y.std(), 0.15, seed=34), mu=mu)
    gain = az.loo(matched).elpd - az.loo(pooled).elpd
    right = {
        "matched": matched, "mismatched": pooled, "elpd_difference": gain,
        "true_mu": 5.0, "true_tau": 2.0, "for_new_group": "groups",
    }  # fmt: skip
    wrong = [
        ("other-data", {"mismatched": other(pooled)}),
        ("truth-missed", {"true_mu": 15.0}),
        ("no-spread", {"true_tau": 0.0}),
        ("no-mismatch", {"mismatched": matched, "elpd_difference": 0.0}),
        ("difference-reversed", {"elpd_difference": -gain}),
        ("difference", {"elpd_difference": gain + 5.0}),
        ("observations-left-out", {"for_new_group": "observations"}),
    ]
    return right, wrong


def case_14e1():
    exact = [-47.70, -43.17, -48.12, -58.15, -66.34]
    by_waic = [-22.92, -21.61, -21.63, -21.66, -21.67]
    right = {"exact_elpd": exact, "elpd_waic": np.array(by_waic), "notices": "exact"}
    from companion import datasets

    data = datasets.hospitals()
    y, s = data["effect"].to_numpy(), data["standard_error"].to_numpy()
    sds = np.array([5.0, 10.0, 20.0, 50.0, 100.0])[:, None]
    lppd = [-15.951, -15.660, -15.663, -15.670, -15.671]
    wrong = [
        ("error-forgotten", {"exact_elpd": stats.norm(0.0, sds).logpdf(y).sum(axis=1)}),
        ("sds-added", {"exact_elpd": stats.norm(0.0, sds + s).logpdf(y).sum(axis=1)}),
        ("posterior-used", {"exact_elpd": lppd}),
        ("exact", {"exact_elpd": [-40.0] * 5}),
        ("deviance-scale", {"elpd_waic": -2.0 * np.array(by_waic)}),
        ("no-penalty", {"elpd_waic": lppd}),
        ("waic", {"elpd_waic": exact}),
        ("waic-trusted", {"notices": "both"}),
        ("exact-overlooked", {"notices": "neither"}),
    ]
    return right, wrong


def case_14m1():
    right = {
        "difference": -1.627, "standard_error": 10.287, "weight": 0.570, "mixture_elpd": -41.05,
    }  # fmt: skip
    wrong = [
        ("reversed", {"difference": 1.627}),
        ("difference", {"difference": -2.5}),
        ("error-of-the-mean", {"standard_error": 10.287 / 12.0}),
        ("unpaired", {"standard_error": 10.2355}),
        ("divided-by-n", {"standard_error": 9.850}),
        ("standard-error", {"standard_error": 9.0}),
        ("percent", {"weight": 57.0}),
        ("weight-by-totals", {"weight": 0.1643}),
        ("other-weight", {"weight": 0.430}),
        ("weight", {"weight": 0.9}),
        ("logs-averaged", {"mixture_elpd": -49.04}),
        ("mixture", {"mixture_elpd": -30.0}),
    ]
    return right, wrong


def count_fits():
    """Return draws from the posterior on a grid, with the log likelihoods of both models."""
    rng = np.random.default_rng(11)
    y = station_calls()
    mu, alpha = np.meshgrid(np.linspace(4.0, 30.0, 300), np.linspace(0.2, 14.0, 300))
    mu, alpha = mu.ravel(), alpha.ravel()
    log_weight = stats.halfnorm(0.0, 20.0).logpdf(mu) + stats.halfnorm(0.0, 5.0).logpdf(alpha)
    for count in y:
        log_weight += stats.nbinom(alpha, alpha / (alpha + mu)).logpmf(count)
    weight = np.exp(log_weight - log_weight.max())
    chosen = rng.choice(len(mu), p=weight / weight.sum(), size=(4, 1000))
    mu, alpha = mu[chosen], alpha[chosen]
    rate = rng.gamma(alpha[..., None] + y, 1.0 / (1.0 + (alpha / mu)[..., None]))
    shared = {"mu": mu, "alpha": alpha}
    by_rate = stats.poisson(rate).logpmf(y)
    by_mean = stats.nbinom(alpha[..., None], (alpha / (alpha + mu))[..., None]).logpmf(y)
    return (
        az.from_dict({"posterior": shared | {"rate": rate}, "log_likelihood": {"y": by_rate}}),
        az.from_dict({"posterior": shared, "log_likelihood": {"y": by_mean}}),
        by_rate,
    )


def case_14h1():
    conditional, marginal, by_rate = count_fits()
    high_k = int((az.loo(conditional).pareto_k > 0.7).sum())
    right = {
        "conditional": conditional, "marginal": marginal, "high_k": high_k, "k_formula": 0.8333,
        "report": "marginal",
    }  # fmt: skip
    broken, sound = (az.loo(fit).elpd for fit in (conditional, marginal))
    message = check("14H1", **right).message
    assert f"{broken:.1f} by broken weights, {sound:.1f} by sound ones" in message

    def shifted(fit, **changes):
        changed = fit.copy()
        posterior = fit["posterior"].to_dataset()
        for name, factor in changes.items():
            posterior[name] = posterior[name] * factor
        changed["posterior"] = posterior
        return changed

    not_integrated = marginal.copy()
    not_integrated["log_likelihood"] = conditional["log_likelihood"].to_dataset()
    exact = _exact_counts()[2]
    for away, passed in ((1.4, True), (-1.4, True), (1.6, False), (-1.6, False)):
        moved = marginal.copy()
        every = marginal["log_likelihood"].to_dataset()
        moved["log_likelihood"] = every + (exact + away - sound) / 40
        assert check("14H1", **right | {"marginal": moved}).passed is passed
    wrong = [
        ("conditional-mu", {"conditional": shifted(conditional, mu=1.2)}),
        ("marginal-alpha", {"marginal": shifted(marginal, alpha=0.7)}),
        ("marginal-elpd", {"marginal": not_integrated}),
        ("high-k", {"high_k": 0}),
        ("k-of-the-prior", {"k_formula": 0.1667}),
        ("k-formula", {"k_formula": 0.5}),
        ("wrong-report", {"report": "conditional"}),
    ]
    return right, wrong


CASES = {
    "4H14.1": case_4h14_1,
    "4H14.2": case_4h14_2,
    "4H14.3": case_4h14_3,
    "4H14.4": case_4h14_4,
    "4H14.5": case_4h14_5,
    "14E1": case_14e1,
    "14M1": case_14m1,
    "14H1": case_14h1,
}
