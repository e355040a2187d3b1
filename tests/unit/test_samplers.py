from companion.samplers import leapfrog
import numpy as np
import pytest


def spring(position):
    return -position


START = np.array([[1.0], [0.3]]), np.array([[0.0], [-2.0]])


def test_a_harmonic_oscillator_turns_in_circles():
    positions, momenta = leapfrog(*START, spring, step_size=0.001, steps=3000)
    exact = START[0] * np.cos(3.0) + START[1] * np.sin(3.0)
    np.testing.assert_allclose(positions[-1], exact, atol=1e-6)
    assert positions.shape == (3001, 2, 1) == momenta.shape


def test_a_constant_force_is_integrated_exactly():
    positions, momenta = leapfrog(np.zeros(1), np.ones(1), lambda q: np.full_like(q, -2.0), 0.25, 8)
    np.testing.assert_allclose(positions[-1], 2.0 - 0.5 * 2.0 * 2.0**2, atol=1e-12)
    np.testing.assert_allclose(momenta[-1], 1.0 - 2.0 * 2.0, atol=1e-12)


def test_running_backwards_returns_to_the_start():
    positions, momenta = leapfrog(*START, spring, step_size=0.3, steps=50)
    back, _ = leapfrog(positions[-1], -momenta[-1], spring, step_size=0.3, steps=50)
    np.testing.assert_allclose(back[-1], START[0], atol=1e-12)


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones(2), np.ones(3), spring, 0.1, 1), "must have the same shape"),
        ((np.ones(2), np.ones(2), spring, 0.0, 1), "step_size must be positive, but 0.0"),
        ((np.ones(2), np.ones(2), spring, float("nan"), 1), "step_size must be positive, but nan"),
        ((np.ones(2), np.ones(2), spring, 0.1, 0), "steps must be at least 1, but 0"),
    ],
)
def test_bad_input_is_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        leapfrog(*arguments)
