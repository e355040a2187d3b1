"""The reference table against integrals and modes that are computed here in another way."""

from importlib import import_module

from chapter_files import stem_of
from companion import datasets
from companion.posteriors import reference
from course import ROOT
import numpy as np
import pytest
from scipy import stats

from reference_posteriors.registry import MODELS
from tests.tables import TABLES, named_in


def on_a_grid(frame, mu, tau, log_prior_tau):
    """Return mean and sd of mu and tau by brute force on a two-dimensional grid."""
    effect, error = frame["effect"].to_numpy(), frame["standard_error"].to_numpy()
    m, t = np.meshgrid(mu, tau, indexing="ij")
    log_density = stats.norm(0.0, 20.0).logpdf(m) + log_prior_tau(t)
    for y, s in zip(effect, error, strict=True):
        log_density += stats.norm(m, np.hypot(s, t)).logpdf(y)
    weight = np.exp(log_density - log_density.max())
    weight = np.trapezoid(np.trapezoid(weight, tau, axis=1), mu), weight

    def expectation(values):
        return np.trapezoid(np.trapezoid(values * weight[1], tau, axis=1), mu) / weight[0]

    return {
        name: (expectation(v), np.sqrt(expectation(v**2) - expectation(v) ** 2))
        for name, v in {"mu": m, "tau": t}.items()
    }


@pytest.mark.parametrize(
    ("model", "frame", "tau", "prior"),
    [
        ("eight_schools", datasets.eight_schools, 400.0, stats.halfcauchy(scale=10.0)),
        ("hospitals", datasets.hospitals, 40.0, stats.halfnorm(scale=10.0)),
    ],
)
def test_exact_hierarchies(model, frame, tau, prior):
    grid = tau * np.linspace(0.0, 1.0, 3001) ** 3
    found = on_a_grid(frame(), np.linspace(-80.0, 100.0, 1201), grid, prior.logpdf)
    table = reference(model)
    for name, (mean, sd) in found.items():
        assert table.loc[name, "mean"] == pytest.approx(mean, abs=3e-3)
        assert table.loc[name, "sd"] == pytest.approx(sd, abs=2e-2)


def test_gaussian_empanadas_by_quadrature():
    days = datasets.empanadas()
    x, y = days["customers"].to_numpy(float), days["sales"].to_numpy()
    beta, sigma = np.linspace(188, 226, 400)[:, None], np.linspace(2830, 3080, 400)[None, :]
    squares = (y @ y) - 2 * beta * (x @ y) + beta**2 * (x @ x)
    log_density = (
        stats.norm(150, 20).logpdf(beta)
        + stats.halfnorm(0, 50).logpdf(sigma)
        - len(y) * np.log(sigma)
        - squares / (2 * sigma**2)
    )
    weight = np.exp(log_density - log_density.max())
    weight /= weight.sum()
    table = reference("empanadas_gaussian")
    for name, values in {"beta": beta, "sigma": sigma}.items():
        mean = (weight * values).sum()
        assert abs(table.loc[name, "mean"] - mean) < 5 * table.loc[name, "mcse_mean"]


def chapters_of():
    """Return for each table the chapters whose notebooks or modules name it."""
    found = {table: set() for table in TABLES}
    for pattern in ("chapters/*.ipynb", "solutions/*.ipynb", "companion/exercises/checks/ch*.py",
                    "reference_posteriors/ch*.py"):  # fmt: skip
        for path in ROOT.glob(pattern):
            for table in named_in(path.read_text(encoding="utf-8").replace('\\"', '"')):
                found[table].add(stem_of(path))
    return found


@pytest.fixture(scope="module")
def kept_models():
    """Return the names of all models that references can be made from."""
    for path in sorted((ROOT / "reference_posteriors").glob("ch*.py")):
        import_module(f"reference_posteriors.{path.stem}")
    return set(MODELS)


@pytest.mark.parametrize(
    "name", [pytest.param(t, id="+".join([t, *sorted(c)])) for t, c in chapters_of().items()]
)
def test_every_reference_is_precise_and_made_by_a_model_that_is_kept(name, kept_models):
    table = reference(name)
    assert (table["mcse_mean"] <= 0.03 * table["sd"]).all()
    assert name in kept_models, (
        f"no function {name} under @model in reference_posteriors/ch*.py makes this table"
    )
