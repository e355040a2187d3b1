"""The samplers against closed forms: first exactly, then in Monte Carlo standard errors.

Negative controls show that the statistical layer has the power to see a wrong sampler.
"""

import arviz as az
from companion.lessons.mcmc import hmc, leapfrog, metropolis_hastings
import numpy as np
import pytest

# --- Exact: leapfrog -----------------------------------------------------------------------------


def spring(position):
    return -position


def heavy(position):
    """Gradient of the log of a Cauchy density: its force bends, so nothing cancels by luck."""
    return -2.0 * position / (1.0 + position**2)


START = np.array([[1.0], [0.3]]), np.array([[0.0], [-2.0]])


def test_a_harmonic_oscillator_turns_in_circles():
    positions, momenta = leapfrog(*START, spring, step_size=0.001, steps=3000)
    exact = START[0] * np.cos(3.0) + START[1] * np.sin(3.0)
    np.testing.assert_allclose(positions[-1], exact, atol=1e-6)
    assert positions.shape == (3001, 2, 1) == momenta.shape


def test_a_coarse_step_turns_by_the_known_angle_on_the_known_ellipse():
    """Leapfrog on a spring is itself a rotation: by arccos(1 - step^2 / 2), after scaling r."""
    step, steps = 0.9, 11
    positions, momenta = leapfrog(*START, spring, step, steps)
    angle, stretch = steps * np.arccos(1.0 - step**2 / 2.0), np.sqrt(1.0 - step**2 / 4.0)
    turned = START[0] * np.cos(angle) + START[1] / stretch * np.sin(angle)
    np.testing.assert_allclose(positions[-1], turned, atol=1e-12)
    ellipse = positions**2 * stretch**2 + momenta**2
    np.testing.assert_allclose(ellipse, ellipse[:1].repeat(steps + 1, axis=0), atol=1e-12)


def test_a_constant_force_is_integrated_exactly():
    positions, momenta = leapfrog(np.zeros(1), np.ones(1), lambda q: np.full_like(q, -2.0), 0.25, 8)
    np.testing.assert_allclose(positions[-1], 2.0 - 0.5 * 2.0 * 2.0**2, atol=1e-12)
    np.testing.assert_allclose(momenta[-1], 1.0 - 2.0 * 2.0, atol=1e-12)


@pytest.mark.parametrize("force", [spring, heavy])
def test_running_backwards_returns_to_the_start(force):
    positions, momenta = leapfrog(*START, force, step_size=0.3, steps=50)
    back, flipped = leapfrog(positions[-1], -momenta[-1], force, step_size=0.3, steps=50)
    np.testing.assert_allclose(back[-1], START[0], atol=1e-11)
    np.testing.assert_allclose(flipped[-1], -START[1], atol=1e-11)


@pytest.mark.parametrize("force", [spring, heavy])
def test_volume_is_kept(force):
    shift = 1e-5
    corners = np.array([[1.0, 0.4]] * 4) + shift * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    positions, momenta = leapfrog(corners[:, :1], corners[:, 1:], force, 0.4, 9)
    ends = np.concatenate([positions[-1], momenta[-1]], axis=1)
    jacobian = np.stack([ends[0] - ends[1], ends[2] - ends[3]]) / (2.0 * shift)
    assert abs(np.linalg.det(jacobian)) == pytest.approx(1.0, abs=1e-7)


def test_the_energy_error_falls_with_the_square_of_the_step():
    def error(step_size):
        q, p = leapfrog(*START, spring, step_size, steps=round(5.0 / step_size))
        energy = 0.5 * (q**2 + p**2).sum(axis=(1, 2))
        return np.abs(energy - energy[0]).max()

    ratio = error(0.1) / error(0.05)
    assert 3.7 < ratio < 4.3


@pytest.mark.parametrize(("step_size", "stable"), [(1.99, True), (2.01, False)])
def test_steps_beyond_two_standard_deviations_explode(step_size, stable):
    positions, _ = leapfrog(*START, spring, step_size, steps=500)
    assert (np.abs(positions).max() < 1e3) == stable


# --- Exact: one transition -----------------------------------------------------------------------


def gumbel(theta):
    """Log density of the log of an exponential variable: skewed, so that directions matter."""
    return (theta - np.exp(theta)).sum(axis=-1)


def gumbel_gradient(theta):
    return 1.0 - np.exp(theta)


def one_step(start, proposal, **settings):
    return metropolis_hastings(
        gumbel, np.array(start), propose=lambda old, rng: np.array(proposal), draws=1, seed=1,
        **settings,
    )  # fmt: skip


def test_a_proposal_uphill_is_always_taken_and_one_outside_never():
    run = one_step([[-1.0], [2.0], [0.5]], [[-0.5], [0.0], [np.nan]])
    assert run.acceptance[:2, 0].tolist() == [1.0, 1.0] and run.acceptance[2, 0] == 0.0
    np.testing.assert_array_equal(run.draws[:, 0, 0], [-0.5, 0.0, 0.5])
    assert run.accepted[:, 0].tolist() == [True, True, False]


def test_the_acceptance_probability_is_the_ratio_of_densities():
    run = one_step([[0.0]], [[-1.5]])
    assert run.acceptance.item() == pytest.approx(np.exp(-1.5 - np.exp(-1.5) + 1.0), rel=1e-14)


def test_the_hastings_correction_multiplies_the_ratio():
    run = one_step([[0.0]], [[-1.5]], log_proposal_ratio=lambda new, old: (0.3 * (new - old))[:, 0])
    expected = np.exp(-1.5 - np.exp(-1.5) + 1.0 - 0.45)
    assert run.acceptance.item() == pytest.approx(expected, rel=1e-14)


def test_hmc_accepts_by_the_change_of_energy():
    start = np.array([[0.3, -1.0]])
    run = hmc(gumbel, gumbel_gradient, start, step_size=0.8, steps=3, draws=1, seed=3)
    momentum = np.random.default_rng(3).standard_normal((1, 2))
    q, p = leapfrog(start, momentum, gumbel_gradient, 0.8, 3)
    energy = 0.5 * (p**2).sum(axis=-1) - gumbel(q)
    expected = np.exp(energy[0] - energy[-1]).item()
    assert expected < 0.5
    assert run.acceptance.item() == pytest.approx(expected, rel=1e-12)
    assert run.evaluations == 3
    end = q[-1] if run.accepted.item() else start
    np.testing.assert_allclose(run.draws[:, 0], end, atol=1e-14)


def test_a_rejected_proposal_repeats_the_state():
    run = metropolis_hastings(gumbel, np.zeros((3, 2)), scale=3.0, draws=200, seed=5)
    moved = (np.diff(run.draws, axis=1) != 0.0).all(axis=2)
    np.testing.assert_array_equal(moved, run.accepted[:, 1:])
    assert 0.0 < run.accepted.mean() < 1.0


@pytest.mark.parametrize("sampler", ["metropolis_hastings", "hmc"])
def test_a_seed_decides_and_a_generator_goes_on(sampler):
    def run(seed):
        if sampler == "hmc":
            return hmc(gumbel, gumbel_gradient, np.zeros((2, 1)), step_size=0.5, steps=2, draws=5,
                       seed=seed)  # fmt: skip
        return metropolis_hastings(gumbel, np.zeros((2, 1)), scale=1.0, draws=5, seed=seed)

    np.testing.assert_array_equal(run(6).draws, run(6).draws)
    assert (run(6).draws != run(7).draws).any()
    rng = np.random.default_rng(6)
    np.testing.assert_array_equal(run(rng).draws, run(6).draws)
    assert (run(rng).draws != run(6).draws).any()
    assert (run(6).draws[0] != run(6).draws[1]).any()


# --- Statistical: known moments, after a gate on the effective sample size -------------------------

EULER = 0.5772156649015329
LIMIT = 5.0


def distance(draws, mean, sd, least_ess=1000):
    """Return the larger distance of mean and sd from the truth, in standard errors (MCSE)."""
    along = {"chain_axis": 0, "draw_axis": 1}
    ess = min(az.ess(draws, method=method, **along) for method in ("bulk", "mean", "sd"))
    assert ess >= least_ess, f"ESS {ess:.0f} is too small for this test to mean anything"
    return max(
        abs(draws.mean() - mean) / az.mcse(draws, method="mean", **along),
        abs(draws.std() - sd) / az.mcse(draws, method="sd", **along),
    )


def multiply(theta, rng):
    return theta * np.exp(1.2 * rng.standard_normal(theta.shape))


def exponential(theta):
    return -theta[:, 0]


def test_the_random_walk_finds_a_skewed_target_and_its_acceptance_rate():
    run = metropolis_hastings(gumbel, np.zeros((8, 1)), scale=2.5, draws=8000, seed=8)
    assert distance(run.draws[:, 500:, 0], -EULER, np.pi / np.sqrt(6.0)) < LIMIT
    assert abs(run.acceptance.mean() - run.accepted.mean()) < 0.01


@pytest.mark.parametrize("step", [0.2, 1.0, 2.4, 8.0])
def test_the_acceptance_rate_follows_the_arctangent(step):
    start = np.random.default_rng(9).standard_normal((400, 1))
    run = metropolis_hastings(lambda q: -0.5 * q[:, 0] ** 2, start, scale=step, draws=200, seed=10)
    rates = run.acceptance.mean(axis=1)
    error = rates.std(ddof=1) / np.sqrt(len(rates))
    assert abs(rates.mean() - 2.0 / np.pi * np.arctan(2.0 / step)) < LIMIT * error < 0.05


def test_a_multiplicative_walk_with_its_correction_is_right():
    run = metropolis_hastings(
        exponential, np.ones((8, 1)), propose=multiply, draws=8000, seed=11,
        log_proposal_ratio=lambda new, old: np.log(new[:, 0] / old[:, 0]),
    )  # fmt: skip
    assert distance(run.draws[:, 500:, 0], 1.0, 1.0) < LIMIT


def langevin(step, log_ratio, seed):
    """Run a Langevin proposal on a standard Normal; its stationary variance is known either way."""

    def propose(theta, rng):
        return (1.0 - step**2 / 2.0) * theta + step * rng.standard_normal(theta.shape)

    return metropolis_hastings(
        lambda q: -0.5 * q[:, 0] ** 2, np.zeros((8, 1)), propose=propose,
        log_proposal_ratio=log_ratio, draws=6000, seed=seed,
    ).draws[:, 500:, 0]  # fmt: skip


def test_a_langevin_walk_with_its_correction_is_right():
    def log_ratio(new, old):
        back, forth = old - 0.5 * new, new - 0.5 * old
        return ((forth**2 - back**2) / 2.0)[:, 0]

    assert distance(langevin(1.0, log_ratio, seed=12), 0.0, 1.0) < LIMIT


def test_hmc_finds_a_skewed_target():
    run = hmc(
        gumbel, gumbel_gradient, np.zeros((8, 1)), step_size=0.7, steps=3, draws=4000, seed=13
    )
    assert distance(run.draws[:, 500:, 0], -EULER, np.pi / np.sqrt(6.0)) < LIMIT


def test_hmc_finds_a_correlated_target():
    covariance = np.array([[1.0, 0.9], [0.9, 1.0]])
    precision = np.linalg.inv(covariance)
    run = hmc(
        lambda q: -0.5 * ((q @ precision) * q).sum(axis=-1), lambda q: -q @ precision,
        np.zeros((8, 2)), step_size=0.4, steps=5, draws=4000, seed=14,
    )  # fmt: skip
    draws = run.draws[:, 500:]
    for direction, variance in [([1, 0], 1.0), ([0, 1], 1.0), ([1, 1], 3.8), ([1, -1], 0.2)]:
        assert distance(draws @ np.array(direction), 0.0, np.sqrt(variance)) < LIMIT


# --- Negative controls: what is wrong must fail ---------------------------------------------------


def test_a_langevin_walk_without_its_correction_is_caught_at_its_own_law():
    draws = langevin(1.0, None, seed=15)
    assert distance(draws, 0.0, 1.0) > 2.0 * LIMIT
    assert distance(draws, 0.0, 1.0 / np.sqrt(2.0 - 1.0 / 4.0)) < LIMIT


def test_a_multiplicative_walk_without_its_correction_is_caught():
    """On a Gamma(3, 1) the uncorrected chain samples a Gamma(2, 1)."""
    run = metropolis_hastings(
        lambda q: 2.0 * np.log(q[:, 0]) - q[:, 0], np.ones((8, 1)),
        propose=multiply, draws=8000, seed=16,
    )  # fmt: skip
    draws = run.draws[:, 500:, 0]
    assert distance(draws, 3.0, np.sqrt(3.0)) > 2.0 * LIMIT
    assert distance(draws, 2.0, np.sqrt(2.0)) < LIMIT


def test_a_wrong_gradient_still_gives_the_right_target_but_a_wrong_density_does_not():
    """The accept step repairs a wrong direction; nothing repairs a wrong density."""
    settings = {"step_size": 0.8, "steps": 3, "draws": 4000, "seed": 17}
    lame = hmc(gumbel, lambda q: 0.5 * gumbel_gradient(q), np.zeros((8, 1)), **settings)
    assert distance(lame.draws[:, 500:, 0], -EULER, np.pi / np.sqrt(6.0)) < LIMIT
    halved = hmc(lambda q: 0.5 * gumbel(q), gumbel_gradient, np.zeros((8, 1)), **settings)
    assert distance(halved.draws[:, 500:, 0], -EULER, np.pi / np.sqrt(6.0)) > 2.0 * LIMIT


# --- The result, and bad input --------------------------------------------------------------------


def test_the_datatree_leaves_out_the_warmup_and_names_the_variable():
    run = metropolis_hastings(gumbel, np.zeros((3, 2)), scale=1.0, draws=50, seed=18)
    tree = run.to_datatree("theta", warmup=20)
    np.testing.assert_array_equal(tree.posterior["theta"].to_numpy(), run.draws[:, 20:])
    np.testing.assert_array_equal(tree.sample_stats["accepted"].to_numpy(), run.accepted[:, 20:])
    single = metropolis_hastings(gumbel, np.zeros((3, 1)), scale=1.0, draws=50, seed=19)
    assert single.to_datatree("mu").posterior["mu"].shape == (3, 50)
    for warmup in (-1, 49):
        with pytest.raises(
            ValueError, match=f"warmup must be between 0 and 48.*{warmup} was given"
        ):
            single.to_datatree("mu", warmup=warmup)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones(2), np.ones(3), spring, 0.1, 1), "must have the same shape"),
        ((np.ones(2), np.ones(2), spring, 0.0, 1), "step_size must be positive, but 0.0"),
        ((np.ones(2), np.ones(2), spring, float("nan"), 1), "step_size must be positive, but nan"),
        ((np.ones(2), np.ones(2), spring, 0.1, 0), "steps must be at least 1, but 0"),
    ],
)
def test_bad_input_to_leapfrog_is_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        leapfrog(*arguments)


def propose_the_same(old, rng):
    return old


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": np.zeros(3)}, r"start must have the shape \(chains, dimensions\)"),
        ({"start": np.full((2, 1), -np.inf)}, "finite log density in every chain"),
        ({"draws": 0}, "draws must be a positive whole number, but 0"),
        ({"draws": 2.5}, "draws must be a positive whole number, but 2.5"),
        ({"scale": None}, "exactly one of scale and propose"),
        ({"propose": propose_the_same}, "exactly one of scale and propose"),
        ({"scale": -1.0}, "scale must be positive"),
        ({"log_density": lambda q: -0.5 * q**2}, "log_density must map 2 positions"),
    ],
)
def test_bad_input_to_metropolis_hastings_is_explained(changes, message):
    right = {"log_density": gumbel, "start": np.zeros((2, 1)), "scale": 1.0, "draws": 5, "seed": 20}
    with pytest.raises(ValueError, match=message):
        metropolis_hastings(**right | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step_size": -0.1}, "step_size must be positive, but -0.1"),
        ({"steps": 0}, "steps must be at least 1, but 0"),
        ({"start": np.zeros(2)}, "start must have the shape"),
    ],
)
def test_bad_input_to_hmc_is_explained(changes, message):
    right = {
        "log_density": gumbel, "gradient": gumbel_gradient, "start": np.zeros((2, 1)),
        "step_size": 0.5, "steps": 2, "draws": 5, "seed": 21,
    }  # fmt: skip
    with pytest.raises(ValueError, match=message):
        hmc(**right | changes)
