"""The models of chapter 13, hierarchies in practice."""

from __future__ import annotations

from companion import datasets
import numpy as np
import pandas as pd
from scipy import stats

from reference_posteriors.registry import model


def climate(autocorrelation: float) -> pd.DataFrame:
    """Integrate the joint model of all months: phi, sigma and tau on grids, all else by formula.

    Given phi and sigma, the months of a region say as much about its trend as one Normal estimate,
    whose center and error follow from sums of products of the months with themselves and with the
    months before. Then mu and the trends integrate by formula.
    """
    months = datasets.climate(autocorrelation)
    same, lagged, inner, count = [], [], [], []
    for _, part in months.groupby("region", sort=False):
        decade = part["decade"].to_numpy()
        v = np.stack([np.ones_like(decade), decade - decade.mean(), part["anomaly"].to_numpy()])
        same.append(v @ v.T)
        lagged.append(v[:, 1:] @ v[:, :-1].T + v[:, :-1] @ v[:, 1:].T)
        inner.append(v[:, 1:-1] @ v[:, 1:-1].T)
        count.append(len(part))
    same, lagged, inner, count = (np.array(x) for x in (same, lagged, inner, count))
    edge = np.linspace(0.0, 1.0, 1501)
    middle = (edge[1:] + edge[:-1]) / 2.0
    tau, width = middle**2, edge[1:] ** 2 - edge[:-1] ** 2  # dense near zero

    def parts(phi, sigma):
        s = (same - phi * lagged + phi**2 * inner) / sigma**2
        level = 1.0 + s[:, 0, 0]
        pull = s[:, 1, 2] - s[:, 0, 1] * s[:, 0, 2] / level
        precision = s[:, 1, 1] - s[:, 0, 1] ** 2 / level
        center, error = pull / precision, precision**-0.5
        log_density = (
            -0.5 * (s[:, 2, 2] - s[:, 0, 2] ** 2 / level - pull**2 / precision)
            - 0.5 * np.log(level)
            - count * np.log(sigma)
            + 0.5 * np.log(1.0 - phi**2)
            - 0.5 * np.log(precision)
        ).sum() - 0.5 * sigma**2
        variance = error**2 + tau[:, None] ** 2
        total = 1.0 + (1.0 / variance).sum(axis=1)
        mu = (center / variance).sum(axis=1) / total
        log_tau = np.log(width) - 0.5 * (tau / 0.5) ** 2 + 0.5 * mu**2 * total - 0.5 * np.log(total)
        log_tau -= 0.5 * (np.log(variance) + center**2 / variance).sum(axis=1)
        weight = np.exp(log_tau - log_tau.max())
        log_density += np.log(weight.sum()) + log_tau.max()
        weight /= weight.sum()
        shrink = error**2 / variance
        trend = (1.0 - shrink) * center + shrink * mu[:, None]
        spread = (1.0 - shrink) * error**2 + shrink**2 / total[:, None]
        first = [weight @ mu, weight @ tau, *(weight @ trend), phi, sigma]
        second = [
            weight @ (mu**2 + 1.0 / total),
            weight @ tau**2,
            *(weight @ (trend**2 + spread)),
            phi**2,
            sigma**2,
        ]
        return log_density, first, second

    phi, sigma = np.meshgrid(
        autocorrelation + np.linspace(-0.12, 0.12, 81),
        0.8 * np.sqrt(1.0 - autocorrelation**2) * np.linspace(0.9, 1.1, 81),
        indexing="ij",
    )
    found = [parts(*point) for point in zip(phi.ravel(), sigma.ravel(), strict=True)]
    log_weight = np.array([f[0] for f in found])
    weight = np.exp(log_weight - log_weight.max())
    square = weight.reshape(phi.shape)
    rim = max(edge.max() for edge in (square[0], square[-1], square[:, 0], square[:, -1]))
    assert rim < 1e-5, "the grid cuts the posterior off"
    weight /= weight.sum()
    mean = weight @ np.array([f[1] for f in found])
    sd = np.sqrt(weight @ np.array([f[2] for f in found]) - mean**2)
    names = [f"trend[{name}]" for name in months["region"].unique()]
    table = pd.DataFrame({"mean": mean, "sd": sd}, index=["mu", "tau", *names, "phi", "sigma"])
    return table.assign(mcse_mean=0.0, mcse_sd=0.0, method="exact")


def importance_table(
    weight: np.ndarray, first: np.ndarray, second: np.ndarray, names: list[str]
) -> pd.DataFrame:
    """Average conditional first and second moments over weighted points, with standard errors."""
    mean = weight @ first
    sd = np.sqrt(weight @ second - mean**2)
    mcse_mean = np.sqrt(weight**2 @ (first - mean) ** 2)
    deviation = second - 2.0 * first * mean + mean**2 - sd**2
    mcse_sd = np.sqrt(weight**2 @ deviation**2) / (2.0 * sd)
    table = pd.DataFrame(
        {"mean": mean, "sd": sd, "mcse_mean": mcse_mean, "mcse_sd": mcse_sd}, index=names
    )
    return table.assign(method="importance sampling of an exact marginal")


@model
def climate_joint() -> pd.DataFrame:
    return climate(0.0)


@model
def climate_memory() -> pd.DataFrame:
    return climate(0.6)


@model
def radon_correlated() -> pd.DataFrame:
    """Integrate the radon model: coefficients exactly, the noise and three spreads by importance.

    Given the noise sigma, the two spreads and the correlation rho, everything else is Normal: the
    effects of a county integrate out of its houses, which are summarized by 2 x 2 moments, and so do
    the three common coefficients. Four dimensions are left. They are integrated by importance
    sampling from a t around the mode, whose own standard errors stand in the table.
    """
    from scipy import optimize

    data = datasets.radon()
    counties = data.groupby("county")
    uranium = counties["log_uranium"].first().to_numpy()
    count, upstairs = counties.size().to_numpy(), counties["floor"].sum().to_numpy()
    total = counties["log_radon"].sum().to_numpy()
    total_up = (data["log_radon"] * data["floor"]).groupby(data["county"]).sum().to_numpy()
    squares = float((data["log_radon"] ** 2).sum())
    moments = np.stack([count, upstairs, upstairs, upstairs], -1).reshape(-1, 2, 2).astype(float)
    sums = np.stack([total, total_up], -1)
    design = np.zeros((len(count), 2, 3))
    design[:, 0, 0], design[:, 0, 1], design[:, 1, 2] = 1.0, uranium, 1.0
    prior_mean, prior_precision = np.array([1.0, 0.0, 0.0]), np.eye(3)

    def parts(point):
        sigma, sd_a, sd_b = np.exp(point[:3])
        rho = np.tanh(point[3])
        covariance = np.array([[sd_a**2, rho * sd_a * sd_b], [rho * sd_a * sd_b, sd_b**2]])
        inside = np.linalg.inv(np.eye(2) + moments @ covariance / sigma**2)
        precision = inside @ moments / sigma**2
        pull = np.einsum("jab,jb->ja", inside, sums) / sigma**2
        information = prior_precision + np.einsum("jai,jab,jbk->ik", design, precision, design)
        shift = prior_precision @ prior_mean + np.einsum("jai,ja->i", design, pull)
        center = np.linalg.solve(information, shift)
        inner = np.einsum("ja,ab,jb->", sums, covariance, pull) / sigma**2
        log_density = (
            -len(data) * point[0]
            - 0.5 * (squares / sigma**2 - inner)
            + 0.5 * np.linalg.slogdet(inside)[1].sum()
            + 0.5 * shift @ center
            - 0.5 * np.linalg.slogdet(information)[1]
            - 0.5 * (sigma**2 + (sd_a**2 + sd_b**2) / 0.5**2)
            + np.log(1.0 - rho**2)  # LKJ with concentration 2
            + point[:3].sum()
            + np.log(1.0 - rho**2)  # change of variables to tanh
        )
        return log_density, center, information, (sigma, sd_a, sd_b, rho)

    start = np.array([np.log(0.72), np.log(0.13), np.log(0.32), 0.1])
    mode = optimize.minimize(lambda p: -parts(p)[0], start, method="Nelder-Mead").x
    step = np.array([0.02, 0.3, 0.3, 0.4])
    rng = np.random.default_rng(1399)
    spread = np.diag((2.0 * step) ** 2)
    for size in (4_000, 40_000):
        proposal = stats.multivariate_t(mode, spread, df=4, seed=rng)
        points = proposal.rvs(size)
        found = [parts(point) for point in points]
        log_weight = np.array([f[0] for f in found]) - proposal.logpdf(points)
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        mode = weight @ points
        spread = (weight[:, None] * (points - mode)).T @ (points - mode) * 1.5
    print(f"  effective sample size {1.0 / (weight**2).sum():.0f} of {size}")
    assert 1.0 / (weight**2).sum() > 6_000
    centers = np.array([f[1] for f in found])
    variances = np.array([np.diag(np.linalg.inv(f[2])) for f in found])
    hyper = np.array([f[3] for f in found])
    names = ["mu_alpha", "gamma", "mu_beta", "sigma", "sd[0]", "sd[1]", "rho"]
    means = np.concatenate([centers, hyper], axis=1)
    second = means**2
    second[:, :3] += variances
    return importance_table(weight, means, second, names)
