"""The samplers against closed forms: first exactly, then in Monte Carlo standard errors.

Negative controls show that the statistical layer has the power to see a wrong sampler.
"""

import arviz as az
from companion.diagnostics import SamplerProblem, diagnose
from companion.lessons import mcmc
from companion.lessons.mcmc import hmc, leapfrog, metropolis_hastings, nuts
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


# --- Exact: a step, and what it says ---------------------------------------------------------------


def normal(theta):
    return -0.5 * (theta**2).sum(axis=-1)


class Scripted:
    """A generator that gives the momentum and the uniform numbers that a test wants."""

    def __init__(self, momentum, uniform=()):
        self.momentum, self.uniform = np.array(momentum), list(uniform)

    def standard_normal(self, shape):
        assert shape == self.momentum.shape
        return self.momentum

    def random(self, shape=None):
        return self.uniform.pop(0) if shape is None else np.full(shape, self.uniform.pop(0))


def kernel_of(name, step_size=0.8):
    return {
        "metropolis_hastings": lambda: mcmc.metropolis_hastings_kernel(gumbel, scale=step_size),
        "hmc": lambda: mcmc.hmc_kernel(gumbel, gumbel_gradient, step_size, steps=3),
        "nuts": lambda: mcmc.nuts_kernel(gumbel, gumbel_gradient, step_size),
    }[name]()


def loop_of(name, start, **settings):
    return {
        "metropolis_hastings": lambda: metropolis_hastings(gumbel, start, scale=0.8, **settings),
        "hmc": lambda: hmc(gumbel, gumbel_gradient, start, step_size=0.8, steps=3, **settings),
        "nuts": lambda: nuts(gumbel, gumbel_gradient, start, step_size=0.8, **settings),
    }[name]()


SAMPLERS = ["metropolis_hastings", "hmc", "nuts"]


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_loop_repeats_the_step_and_keeps_what_it_says(name):
    start = np.random.default_rng(30).standard_normal((3, 2))
    run = loop_of(name, start, draws=20, seed=31)
    kernel, rng = kernel_of(name), np.random.default_rng(31)
    state = kernel.init(start)
    for i in range(20):
        before = state.position.copy()
        after, info = kernel.step(state, rng)
        np.testing.assert_array_equal(state.position, before)
        state = after
        np.testing.assert_array_equal(run.draws[:, i], state.position)
        np.testing.assert_allclose(state.log_density, gumbel(state.position), atol=1e-14)
        if name != "metropolis_hastings":
            np.testing.assert_allclose(state.gradient, gumbel_gradient(state.position), atol=1e-14)
        for key, value in info._asdict().items():
            kept = getattr(run, key)
            assert (kept is None) == (value is None)
            if value is not None:
                np.testing.assert_array_equal(kept[:, i], value)
        moved = (state.position != before).any(axis=1)
        np.testing.assert_array_equal(moved, info.accepted)
        np.testing.assert_array_equal(state.position[moved], info.proposal[moved])


def test_the_draws_of_hmc_are_those_of_a_plain_loop():
    start = np.random.default_rng(32).standard_normal((3, 2))
    run = hmc(gumbel, gumbel_gradient, start, step_size=1.1, steps=3, draws=200, seed=33)
    rng, position = np.random.default_rng(33), start
    for draw in run.draws.swapaxes(0, 1):
        momentum = rng.standard_normal((3, 2))
        q, p = leapfrog(position, momentum, gumbel_gradient, 1.1, 3)
        log_ratio = gumbel(q[-1]) - gumbel(position) - 0.5 * (p[-1] ** 2 - momentum**2).sum(axis=1)
        accepted = rng.random(3) < np.exp(np.minimum(0.0, log_ratio))
        position = np.where(accepted[:, None], q[-1], position)
        np.testing.assert_array_equal(draw, position)
    assert 0.2 < run.accepted.mean() < 0.9


def test_hmc_reports_the_energy_of_the_place_where_it_ends():
    start = np.array([[0.3, -1.0], [-2.0, 0.7], [1.0, 1.0]])
    momentum = np.array([[1.0, -0.5], [0.2, 0.9], [1.5, 1.5]])
    kernel = mcmc.hmc_kernel(gumbel, gumbel_gradient, 0.8, steps=4)
    _, info = kernel.step(kernel.init(start), Scripted(momentum, [0.5]))
    q, p = leapfrog(start, momentum, gumbel_gradient, 0.8, 4)
    energy = 0.5 * (p**2).sum(axis=-1) - gumbel(q)
    np.testing.assert_allclose(info.proposal, q[-1], atol=1e-14)
    np.testing.assert_allclose(info.energy_error, energy[-1] - energy[0], atol=1e-13)
    assert info.accepted.tolist() == (energy[-1] - energy[0] < np.log(2.0)).tolist()
    assert set(info.accepted.tolist()) == {True, False}
    np.testing.assert_allclose(info.energy, np.where(info.accepted, energy[-1], energy[0]))
    assert info.steps.tolist() == [4, 4, 4] and not info.diverging.any()


def test_a_step_of_hmc_runs_backwards():
    start, momentum = np.array([[0.3, -1.0]]), np.array([[1.0, -0.5]])
    kernel = mcmc.hmc_kernel(gumbel, gumbel_gradient, 0.8, steps=4)
    there, forth = kernel.step(kernel.init(start), Scripted(momentum, [0.0]))
    end = leapfrog(start, momentum, gumbel_gradient, 0.8, 4)[1][-1]
    back, home = kernel.step(there, Scripted(-end, [0.0]))
    np.testing.assert_allclose(back.position, start, atol=1e-12)
    np.testing.assert_allclose(home.energy_error, -forth.energy_error, atol=1e-12)
    assert abs(forth.energy_error.item()) > 1e-2


def test_the_energy_error_of_a_step_of_hmc_falls_with_the_square_of_the_step():
    start = np.random.default_rng(34).standard_normal((50, 2))
    momentum = np.random.default_rng(35).standard_normal((50, 2))

    def error(step_size, steps):
        kernel = mcmc.hmc_kernel(gumbel, gumbel_gradient, step_size, steps)
        return kernel.step(kernel.init(start), Scripted(momentum, [0.5]))[1].energy_error

    assert 3.9 < np.linalg.norm(error(0.02, 40)) / np.linalg.norm(error(0.01, 80)) < 4.1


@pytest.mark.parametrize("name", ["hmc", "nuts"])
def test_no_gradient_is_computed_twice(name):
    asked = []

    def counted(theta):
        asked.append(len(theta))
        return gumbel_gradient(theta)

    kernel = {
        "hmc": lambda: mcmc.hmc_kernel(gumbel, counted, 0.3, steps=5),
        "nuts": lambda: mcmc.nuts_kernel(gumbel, counted, 0.3),
    }[name]()
    state, rng, steps = kernel.init(np.zeros((3, 2))), np.random.default_rng(36), 0
    for _ in range(10):
        state, info = kernel.step(state, rng)
        steps += info.steps.sum()
    assert sum(asked) == 3 + steps


# --- Exact: NUTS -----------------------------------------------------------------------------------

STEP, TURN = 0.8, np.arccos(1.0 - 0.8**2 / 2.0)


def weights_from_the_bottom(indices):
    """Weights of leapfrog points on a spring that starts at 0 with momentum 1.

    Leapfrog keeps `q^2 (1 - step^2 / 4) + p^2`, so its energy is `q^2 step^2 / 8` above the start.
    """
    position = np.sin(np.array(indices) * TURN) / np.sqrt(1.0 - STEP**2 / 4.0)
    return position, np.exp(-(position**2) * STEP**2 / 8.0)


def from_the_bottom(uniform, max_depth):
    kernel = mcmc.nuts_kernel(normal, spring, STEP, max_depth)
    rng = Scripted([1.0], uniform)
    state, info = kernel.step(kernel.init(np.zeros((1, 1))), rng)
    assert not rng.uniform
    assert state.position.item() == info.proposal.item()
    return state.position.item(), info


@pytest.mark.parametrize(("direction", "index"), [(0.2, 1), (0.8, -1)])
def test_one_doubling_of_nuts_is_a_step_of_metropolis(direction, index):
    position, weight = weights_from_the_bottom(index)
    there, info = from_the_bottom([direction, weight - 1e-9], max_depth=1)
    assert there == pytest.approx(position, abs=1e-12) and info.accepted.item()
    assert info.energy_error.item() == pytest.approx(-np.log(weight), abs=1e-12)
    assert info.energy.item() == pytest.approx(0.5 - np.log(weight), abs=1e-12)
    assert info.acceptance.item() == pytest.approx(weight, abs=1e-12)
    here, info = from_the_bottom([direction, weight + 1e-9], max_depth=1)
    assert here == 0.0 and not info.accepted.item()
    assert info.energy_error.item() == 0.0 and info.energy.item() == 0.5
    assert info.acceptance.item() == pytest.approx(weight, abs=1e-12)
    assert (info.steps.item(), info.depth.item(), info.diverging.item()) == (1, 1, False)


def test_within_a_doubling_nuts_picks_by_weight_and_between_doublings_it_favors_the_new():
    position, weight = weights_from_the_bottom([0, 1, 2, 3])
    within = weight[3] / (weight[2] + weight[3])
    between = (weight[2] + weight[3]) / (weight[0] + weight[1])
    assert between < 1.0
    for first in (0, 1):  # which of the points 0 and 1 is the pick before the second doubling
        opening = [0.2, weight[1] + (1e-9 if first == 0 else -1e-9), 0.2]
        for u, v, index in [
            (within - 1e-9, between - 1e-9, 3),
            (within + 1e-9, between - 1e-9, 2),
            (within - 1e-9, between + 1e-9, first),
        ]:
            there, info = from_the_bottom([*opening, u, v], max_depth=2)
            assert there == pytest.approx(position[index], abs=1e-12)
            assert info.acceptance.item() == pytest.approx(weight[1:].mean(), abs=1e-12)
            assert (info.steps.item(), info.depth.item()) == (3, 2)


class Pushed:
    """A generator whose momentum is given and whose uniform numbers are random."""

    def __init__(self, momentum, seed):
        self.momentum, self.random = np.array(momentum), np.random.default_rng(seed).random

    def standard_normal(self, shape):
        return self.momentum


def orbit_steps(step_size, seed):
    """Let NUTS start on a circle: around a round hill, with position and momentum at right angles.

    There leapfrog turns by the same angle in each step, so all parts of one length look alike.
    """
    kernel = mcmc.nuts_kernel(normal, spring, step_size)
    push = Pushed([0.0, np.sqrt(1.0 - step_size**2 / 4.0)], seed)
    _, info = kernel.step(kernel.init(np.array([[1.0, 0.0]])), push)
    assert info.acceptance.item() == pytest.approx(1.0, abs=1e-9)
    assert info.steps.item() == 2 ** info.depth.item() - 1
    return info.steps.item()


def steps_to_half_an_orbit(step_size):
    """Return 1, 3, 7, ...: the first that turns by more than half a circle."""
    angle = np.arccos(1.0 - step_size**2 / 2.0)
    return next(2**k - 1 for k in range(1, 20) if (2**k - 1) * angle > np.pi)


@pytest.mark.parametrize("step_size", [0.011, 0.05, 0.13, 0.3, 0.7, 1.1, 1.6])
def test_nuts_doubles_until_it_has_turned_by_half_an_orbit(step_size):
    expected = steps_to_half_an_orbit(step_size)
    assert {orbit_steps(step_size, seed) for seed in range(8)} == {expected}


def test_a_whole_orbit_does_not_slip_through():
    """Eight steps are an orbit and a little: the ends of the doubled path are side by side again."""
    step_size = np.sqrt(2.0 - 2.0 * np.cos(np.pi / 4.0 + 0.01))
    assert steps_to_half_an_orbit(step_size) == 7
    assert {orbit_steps(step_size, seed) for seed in range(8)} == {7}


@pytest.mark.parametrize("max_depth", [1, 2, 4])
def test_nuts_stops_at_its_largest_depth(max_depth):
    run = nuts(normal, spring, np.ones((2, 1)), step_size=1e-3, draws=5, seed=37,
               max_depth=max_depth)  # fmt: skip
    assert (run.steps == 2**max_depth - 1).all() and (run.depth == max_depth).all()
    assert run.evaluations == 2**max_depth - 1


def cliff(theta):
    """A flat density on the half-line below 1."""
    return np.where(theta[:, 0] < 1.0, 0.0, -np.inf)


@pytest.mark.parametrize("name", ["hmc", "nuts"])
def test_a_fall_off_a_cliff_is_divergent_and_the_chain_stays(name):
    kernel = {
        "hmc": lambda: mcmc.hmc_kernel(cliff, np.zeros_like, 0.5, steps=1),
        "nuts": lambda: mcmc.nuts_kernel(cliff, np.zeros_like, 0.5),
    }[name]()
    state = kernel.init(np.array([[0.8]]))
    after, info = kernel.step(state, Scripted([[1.0]] if name == "hmc" else [1.0], [0.2, 0.0]))
    assert info.diverging.item() and not info.accepted.item()
    assert info.acceptance.item() == 0.0 and after.position.item() == 0.8
    assert info.energy.item() == 0.5 and info.steps.item() == 1


def test_a_point_of_lower_energy_is_accepted_with_probability_one_and_not_more():
    def step_up(theta):
        return np.where(theta[:, 0] < 1.0, 0.0, 1.0)

    kernel = mcmc.nuts_kernel(step_up, np.zeros_like, 0.5, max_depth=1)
    _, info = kernel.step(kernel.init(np.array([[0.8]])), Scripted([1.0], [0.2, 0.5]))
    assert info.steps.item() == 1 and info.acceptance.item() == 1.0 and info.accepted.item()


@pytest.mark.parametrize(("rise", "diverging"), [(999.0, False), (1001.0, True), (np.nan, True)])
def test_a_rise_of_the_energy_by_a_thousand_is_divergent(rise, diverging):
    def step_up(theta):
        return np.where(theta[:, 0] < 1.0, 0.0, -rise)

    kernel = mcmc.hmc_kernel(step_up, np.zeros_like, 0.5, steps=1)
    _, info = kernel.step(kernel.init(np.array([[0.8]])), Scripted([[1.0]], [0.5]))
    assert info.diverging.item() == diverging and not info.accepted.item()
    kernel = mcmc.nuts_kernel(step_up, np.zeros_like, 0.5, max_depth=1)
    uniform = [0.2] if diverging else [0.2, 0.5]
    _, info = kernel.step(kernel.init(np.array([[0.8]])), Scripted([1.0], uniform))
    assert info.diverging.item() == diverging and not info.accepted.item()


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


def test_nuts_finds_a_skewed_target():
    run = nuts(gumbel, gumbel_gradient, np.zeros((4, 1)), step_size=0.9, draws=1500, seed=40)
    assert distance(run.draws[:, 200:, 0], -EULER, np.pi / np.sqrt(6.0)) < LIMIT


def test_nuts_finds_a_correlated_target_and_its_steps_follow_the_long_axis():
    precision = np.linalg.inv([[1.0, 0.9], [0.9, 1.0]])
    run = nuts(
        lambda q: -0.5 * ((q @ precision) * q).sum(axis=-1), lambda q: -q @ precision,
        np.zeros((4, 2)), step_size=0.4, draws=1800, seed=41,
    )  # fmt: skip
    draws = run.draws[:, 200:]
    for direction, variance in [([1, 0], 1.0), ([0, 1], 1.0), ([1, 1], 3.8), ([1, -1], 0.2)]:
        assert distance(draws @ np.array(direction), 0.0, np.sqrt(variance)) < LIMIT
    # Half an orbit along the axis whose standard deviation is sqrt(1.9) takes 11 steps of 0.4.
    assert 5.0 < run.steps.mean() < 15.0


def departures(kernel, chains, seed):
    """Return, in standard errors, how far one transition departs from balance.

    The chains start at independent exact draws. If the kernel keeps the target, averages are the same
    before and after; if it is reversible, `f(before) g(after)` has the mean of `g(before) f(after)`.
    The chains are independent, so their number is the effective sample size.
    """
    rng = np.random.default_rng([seed, 1])
    start = np.log(rng.exponential(size=(chains, 1)))
    state, info = kernel.step(kernel.init(start), rng)
    assert info.accepted.mean() > 0.3, "a chain that stays is in balance, and that means nothing"
    measured = [
        [f(theta[:, 0]) for f in (np.exp, np.abs, lambda x: x, lambda x: (x > 0.0).astype(float))]
        for theta in (start, state.position)
    ]
    before, after = np.array(measured)
    changes = list(after - before)
    for i in range(1, len(before)):
        changes += [before[i] * after[j] - before[j] * after[i] for j in range(i)]
    changes = np.array(changes)
    return np.abs(changes.mean(axis=1)) / (changes.std(axis=1, ddof=1) / np.sqrt(chains))


@pytest.mark.parametrize(
    ("kernel", "chains"),
    [
        (mcmc.metropolis_hastings_kernel(gumbel, scale=2.0), 200_000),
        (mcmc.hmc_kernel(gumbel, gumbel_gradient, 1.2, steps=2), 200_000),
        (mcmc.nuts_kernel(gumbel, gumbel_gradient, 0.6), 5000),
        (mcmc.nuts_kernel(gumbel, gumbel_gradient, 1.8), 5000),
    ],
    ids=["metropolis_hastings", "hmc", "nuts, short steps", "nuts, long steps"],
)
def test_a_transition_keeps_the_target_and_is_reversible(kernel, chains):
    assert departures(kernel, chains, seed=42).max() < LIMIT


# The law of the chapter on funnels: y ~ Normal(2, 3), x ~ Normal(0, exp(y / 4)).


def funnel(theta):
    x, y = theta.T
    return -0.5 * ((y - 2.0) / 3.0) ** 2 - y / 4.0 - 0.5 * x**2 * np.exp(-y / 2.0)


def funnel_gradient(theta):
    x, y = theta.T
    bend = x * np.exp(-y / 2.0)
    return np.stack([-bend, -(y - 2.0) / 9.0 - 0.25 + 0.25 * x * bend], axis=1)


def funnel_draws(chains, seed):
    z = np.random.default_rng(seed).standard_normal((2, chains))
    y = 2.0 + 3.0 * z[0]
    return np.stack([np.exp(y / 4.0) * z[1], y], axis=1)


@pytest.mark.parametrize("name", ["hmc", "nuts"])
def test_long_steps_diverge_in_the_neck_of_a_funnel_and_short_ones_do_not(name):
    """A step of 2 is unstable where the scale of x is below 1: under y = 0."""

    def diverging(step_size, chains):
        kernel = {
            "hmc": lambda: mcmc.hmc_kernel(funnel, funnel_gradient, step_size, steps=3),
            "nuts": lambda: mcmc.nuts_kernel(funnel, funnel_gradient, step_size),
        }[name]()
        start = funnel_draws(chains, seed=43)
        # Where a trajectory explodes its numbers overflow: that is the result.
        with np.errstate(over="ignore", invalid="ignore"):
            state, info = kernel.step(kernel.init(start), np.random.default_rng(44))
        stayed = ~info.accepted & info.diverging
        np.testing.assert_array_equal(state.position[stayed], start[stayed])
        return start[:, 1], info.diverging

    y, long = diverging(2.0, chains=1500)
    assert long[y < -3.0].mean() > 0.4 and long[y > 0.0].mean() < 0.1
    assert not diverging(0.05, chains=50)[1].any()


@pytest.mark.parametrize("target", [0.6, 0.9])
def test_the_adapted_step_size_has_the_acceptance_that_was_asked_for(target):
    def kernel(step_size):
        return mcmc.hmc_kernel(gumbel, gumbel_gradient, step_size, steps=3)

    start = np.random.default_rng(45).standard_normal((200, 2))
    step_size, position = mcmc.adapt_step_size(kernel, start, target=target, draws=400, seed=46)
    assert (position != start).any(axis=1).all()
    run = hmc(gumbel, gumbel_gradient, position, step_size=step_size, steps=3, draws=100, seed=47)
    assert run.acceptance.mean() == pytest.approx(target, abs=0.02)


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


def test_a_multiplicative_step_without_its_correction_is_out_of_balance():
    kernel = mcmc.metropolis_hastings_kernel(
        lambda theta: gumbel(theta) + 3.0 * theta[:, 0],
        propose=lambda theta, rng: theta + 1.0 + rng.standard_normal(theta.shape),
    )
    assert departures(kernel, 20_000, seed=50).max() > 2.0 * LIMIT


def test_nuts_that_ignores_the_weights_is_caught(monkeypatch):
    right = mcmc._single
    monkeypatch.setattr(
        mcmc, "_single", lambda point, steps: right(point, steps)._replace(log_weight=0.0)
    )
    kernel = mcmc.nuts_kernel(gumbel, gumbel_gradient, 1.8)
    assert departures(kernel, 5000, seed=51).max() > 2.0 * LIMIT


def test_nuts_that_picks_from_a_part_that_turned_back_is_caught(monkeypatch):
    right = mcmc._join

    def careless(old, new, *rest, **settings):
        joined = right(old, new._replace(ended=False), *rest, **settings)
        return joined._replace(ended=joined.ended or new.ended)

    monkeypatch.setattr(mcmc, "_join", careless)
    kernel = mcmc.nuts_kernel(gumbel, gumbel_gradient, 0.6)
    assert departures(kernel, 5000, seed=52).max() > 2.0 * LIMIT


def test_a_turn_with_the_wrong_sign_is_caught(monkeypatch):
    right = mcmc._turns
    monkeypatch.setattr(mcmc, "_turns", lambda *ends: not right(*ends))
    assert orbit_steps(0.3, seed=53) != steps_to_half_an_orbit(0.3)


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


def test_diagnose_judges_our_own_samplers():
    start = np.random.default_rng(60).standard_normal((4, 2))
    trees = {
        "HMC": hmc(normal, spring, start, step_size=0.5, steps=3, draws=1500, seed=61),
        "NUTS": nuts(normal, spring, start, step_size=0.5, draws=500, seed=62),
    }
    table = diagnose({name: run.to_datatree("theta") for name, run in trees.items()})
    assert table.loc["divergences"].tolist() == ["0", "0"]
    assert table.loc["problems"].tolist() == ["none", "none"]
    statistics = trees["NUTS"].to_datatree("theta", warmup=10).sample_stats
    for key, values in {
        "acceptance_rate": trees["NUTS"].acceptance, "energy": trees["NUTS"].energy,
        "energy_error": trees["NUTS"].energy_error, "diverging": trees["NUTS"].diverging,
        "n_steps": trees["NUTS"].steps, "tree_depth": trees["NUTS"].depth,
    }.items():  # fmt: skip
        np.testing.assert_array_equal(statistics[key].to_numpy(), values[:, 10:])
    walk = metropolis_hastings(normal, start, scale=1.0, draws=50, seed=63).to_datatree("theta")
    assert set(walk.sample_stats) == {"acceptance_rate", "accepted"}


def test_diagnose_finds_the_divergences_of_our_own_hmc():
    with np.errstate(over="ignore", invalid="ignore"):  # trajectories explode in the neck
        run = hmc(funnel, funnel_gradient, funnel_draws(4, seed=64), step_size=2.0, steps=10,
                  draws=500, seed=65)  # fmt: skip
    tree = run.to_datatree("theta")
    table = diagnose({"HMC": tree}, require_healthy=False)
    assert table.loc["divergences", "HMC"] == f"{run.diverging.sum():,}" != "0"
    with pytest.raises(SamplerProblem, match="HMC: divergences"):
        diagnose({"HMC": tree})


def test_the_energy_of_a_round_hill_has_its_known_law():
    """In d dimensions it is Gamma(d, 1): half a chi-squared for the place and half for the speed."""
    start = np.random.default_rng(66).standard_normal((4, 3))
    run = hmc(normal, spring, start, step_size=0.3, steps=5, draws=4000, seed=67)
    assert distance(run.energy, 3.0, np.sqrt(3.0)) < LIMIT
    run = nuts(normal, spring, start, step_size=0.6, draws=1000, seed=68)
    assert distance(run.energy, 3.0, np.sqrt(3.0)) < LIMIT


class Recorded:
    """Kernels whose acceptance probability is a known function of the step size."""

    def __init__(self, acceptance):
        self.acceptance, self.step_sizes = acceptance, []

    def __call__(self, step_size):
        def step(state, rng):
            self.step_sizes.append(step_size)
            return state, mcmc.Info(None, np.array([self.acceptance(step_size)] * 2), None)

        return mcmc.Kernel(lambda position: mcmc.State(position, None), step)


def test_dual_averaging_follows_its_formula():
    """With a constant acceptance the mean shortfall after t steps is (target - it) t / (t + 10)."""
    kernel = Recorded(lambda step_size: 0.5)
    step_size, _ = mcmc.adapt_step_size(kernel, None, target=0.8, draws=40, first=0.3, seed=1)
    t = np.arange(1, 41)
    logs = np.log(10.0 * 0.3) - np.sqrt(t) / 0.05 * 0.3 * t / (t + 10.0)
    np.testing.assert_allclose(kernel.step_sizes, [0.3, *np.exp(logs[:-1])], rtol=1e-12)
    weights = t**-0.75 * np.append(np.cumprod((1.0 - t**-0.75)[:0:-1])[::-1], 1.0)
    assert weights.sum() == pytest.approx(1.0)
    assert step_size == pytest.approx(np.exp(weights @ logs), rel=1e-12)


def test_dual_averaging_settles_where_the_target_is_met():
    kernel = Recorded(lambda step_size: np.exp(-step_size))
    step_size, _ = mcmc.adapt_step_size(kernel, None, target=0.8, draws=3000, seed=1)
    assert step_size == pytest.approx(-np.log(0.8), rel=0.02)
