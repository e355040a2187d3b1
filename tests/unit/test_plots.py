import matplotlib

matplotlib.use("Agg")
from companion.plots import band, scatter_with_divergences
from companion.prose import say
import matplotlib.pyplot as plt
import numpy as np
import pytest

from tests.unit.conftest import draws_of

rng = np.random.default_rng(7401)


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def test_a_band_holds_the_probability_it_is_asked_for(ax):
    draws = rng.standard_normal((4, 5000, 3))
    band(ax, np.arange(3.0), draws, color="black", probabilities=(0.5,))
    edges = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert edges.max() == pytest.approx(0.674, abs=0.05)
    np.testing.assert_allclose(ax.lines[0].get_ydata(), draws.mean(axis=(0, 1)))


def test_the_line_may_be_the_mean_of_other_curves(ax):
    band(
        ax, np.arange(3.0), rng.standard_normal((50, 3)), color="black", center=np.full((9, 3), 4.0)
    )
    np.testing.assert_allclose(ax.lines[0].get_ydata(), 4.0)


def test_divergent_draws_are_drawn_once_and_counted(ax):
    x = rng.standard_normal((4, 100))
    diverging = np.zeros((4, 100), dtype=bool)
    diverging[0, :3] = True
    scatter_with_divergences(ax, draws_of(x, diverging), "x", x**2, color="black")
    kept, divergent = ax.lines
    assert len(kept.get_xdata()) == 397
    np.testing.assert_allclose(divergent.get_ydata(), x[0, :3] ** 2)
    assert divergent.get_label() == "3 divergent draws"


def test_say_folds_lines_and_keeps_paragraphs():
    assert say("one\n   two\n\nthree").data == "one two\n\nthree"
    with pytest.raises(TypeError, match="text must be a string, but a float"):
        say(2.5)
