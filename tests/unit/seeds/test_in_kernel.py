"""Seeds are shifted wherever they stand, once; fits are run again as they were run."""

import ast
import inspect
import re
from types import SimpleNamespace

import numpy as np
import pytest
from seeds import in_kernel
from seeds.in_kernel import NAME, Recorder, Shifted, shifted
import xarray as xr

# How an earlier tool shifted seeds, in the text of a notebook: all that it shifts must be shifted.
IN_THE_TEXT = re.compile(r"\b(random_seed|seed)=(\d+)\b")


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        (7, 107),
        (np.int64(7), 107),
        ([7, 3], [107, 103]),
        ((7, None), (107, None)),
        (None, None),
        (True, True),
        ("7", "7"),
        (Shifted(7), 7),
        ([Shifted(7), 3], [7, 103]),
    ],
)
def test_numbers_are_shifted_and_nothing_else(seed, expected):
    assert shifted(seed, 100) == expected


def test_generators_stay_and_arrays_and_keys_become_others():
    import jax

    generator = np.random.default_rng(7)
    assert shifted(generator, 100) is generator
    assert shifted(np.array([7, 3]), 100).tolist() == [107, 103]
    raw, key = jax.numpy.array([0, 7], dtype="uint32"), jax.random.key(7)
    assert shifted(raw, 100).tolist() == [0, 107]
    assert jax.random.uniform(shifted(key, 100)) != jax.random.uniform(key)


def test_arithmetic_keeps_the_mark():
    seed = shifted(7, 100)
    for value in (seed + 1, 1 + seed, seed - 1, 3 * seed, seed // 2, seed % 50):
        assert isinstance(value, Shifted)
        assert shifted(value, 100) == value
    assert seed + 1 == 108
    assert seed + 0.5 == 107.5


def seeds_seen(source, simulations=False, shift=100):
    """Run a source, and return what its calls of `sample` and `default_rng` got, in order."""
    seen = []

    def sample(*args, seed=None, random_seed=None, random_state=None):
        seen.append(
            next((s for s in (seed, random_seed, random_state, *args) if s is not None), None)
        )
        return sample

    generators = SimpleNamespace(default_rng=sample)
    tree = in_kernel.ShiftSeeds(simulations).visit(ast.parse(source))
    names = {
        "sample": sample,
        "np": SimpleNamespace(random=generators),
        NAME: lambda seed: shifted(seed, shift),
    }
    exec(compile(tree, "cell", "exec"), names)
    return seen


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("sample(seed=7)", [107]),
        ("sample(random_seed=7 + 1)", [108]),
        ("first = 7\nsample(seed=first)", [107]),
        ("for i in range(7, 9): sample(seed=i)", [107, 108]),
        ("sample(seed=[7, 3])", [[107, 103]]),
        ("settings = {'random_seed': 7}\nsample(**settings)", [107]),
        ("settings = dict(random_seed=7)\nsample(**settings)", [107]),
        ("def run(seed=7): sample(seed=seed)\nrun()", [107]),
        ("def run(*, seed=7, other): sample(seed=seed)\nrun(other=1)", [107]),
        ("def run(model, seed): sample(seed=seed + 5)\nrun(None, seed=7)", [112]),
        ("def run(seed): sample(seed)\nrun(seed=7)", [107]),
        ("[sample(seed=7 + i) for i in range(2)]", [107, 108]),
        ("sample(seed=None)", [None]),
        ("sample(7)", [7]),  # by position: that is shifted at the sampler
        ("sample(random_state=7)", [7]),
        ("np.random.default_rng(7)", [7]),
    ],
)
def test_a_seed_is_shifted_wherever_it_stands(source, expected):
    assert seeds_seen(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("np.random.default_rng(7)", [107]),
        ("np.random.default_rng([7, 3])", [[107, 103]]),
        ("sample(random_state=7)", [107]),
        ("def run(seed): np.random.default_rng(seed)\nrun(seed=7)", [107]),
        ("np.random.default_rng()", [None]),
    ],
)
def test_simulated_data_are_shifted_when_asked_for(source, expected):
    assert seeds_seen(source, simulations=True) == expected


@pytest.mark.parametrize(
    "source",
    [
        "sample(1000, seed=7)",
        "sample(random_seed=7)",
        "def run(seed=7): sample(seed)\nrun()",
        "def run(seed): sample(seed=seed)\nrun(seed=7)",
        "def run(seed): np.random.default_rng(seed)\nrun(seed=7)",
        "def run(seed): [sample(seed=seed + i) for i in range(3)]\nrun(seed=7)",
    ],
)
def test_what_the_text_tells_to_shift_is_shifted_by_the_same_amount(source):
    in_the_text = IN_THE_TEXT.sub(lambda found: f"{found[1]}={int(found[2]) + 100}", source)
    assert in_the_text != source
    assert seeds_seen(source) == seeds_seen(in_the_text, shift=0)


def test_a_line_in_an_error_is_still_the_line_of_the_cell():
    tree = in_kernel.ShiftSeeds().visit(ast.parse("\n\nsample(seed=7)"))
    assert {node.lineno for node in ast.walk(tree) if hasattr(node, "lineno")} == {3}


@pytest.fixture
def samplers():
    """Two samplers, one of which calls the other, and a recorder that shifts by 100."""
    seen = []

    def inner(draws=1, seed=None):
        seen.append(("inner", seed))

    library = SimpleNamespace(inner=inner)

    def outer(draws=1, *, random_seed=None):
        seen.append(("outer", random_seed))
        library.inner(seed=int(random_seed))

    library.outer = outer
    recorder = Recorder([], shift=100)
    recorder.patch(library, "inner", lambda original: recorder.shifting("seed", original))
    recorder.patch(library, "outer", lambda original: recorder.shifting("random_seed", original))
    return library, seen


def test_a_sampler_that_calls_another_has_its_seed_shifted_once(samplers):
    library, seen = samplers
    library.outer(random_seed=7)
    assert seen == [("outer", 107), ("inner", 107)]


def test_a_seed_by_position_is_shifted_and_a_missing_one_stays_missing(samplers):
    library, seen = samplers
    library.inner(1, 7)
    library.inner(1)
    library.inner(1, Shifted(7))
    assert seen == [("inner", 107), ("inner", None), ("inner", 7)]


def test_wrong_arguments_give_the_library_s_own_error(samplers):
    with pytest.raises(TypeError, match=r"inner\(\) got an unexpected keyword argument 'speed'"):
        samplers[0].inner(speed=7)


def test_after_an_error_seeds_are_shifted_as_before(samplers):
    library, seen = samplers
    with pytest.raises(TypeError):
        library.outer(draws=1, random_seed=7, more=1)
    library.inner(seed=7)
    assert seen == [("inner", 107)]


def test_estimates_stray_by_one_standard_error_if_standard_errors_are_right():
    rng = np.random.default_rng(7101)
    error = rng.uniform(0.5, 2.0, (1, 400, 2))
    estimates = rng.normal(5.0, error, (21, 400, 2))
    tables = list(np.concatenate([estimates, np.broadcast_to(error, estimates.shape)], axis=-1))
    right = in_kernel._spread(tables)
    assert right["root mean square"] == pytest.approx(1.0, abs=0.02)
    assert right["count"] == 21 * 800
    tables = list(np.concatenate([estimates, np.broadcast_to(error / 2, estimates.shape)], axis=-1))
    assert in_kernel._spread(tables)["root mean square"] == pytest.approx(2.0, abs=0.04)
    assert in_kernel._spread(tables[:2]) is None


def test_of_a_loop_of_fits_that_nothing_diagnoses_some_are_run_again():
    def fake_fit(seed):
        return xr.DataTree()

    recorder = Recorder([("loop", []), ("one", [])])
    recorder.next_cell()
    for seed in range(60):
        recorder.record("PyMC", seed, fake_fit, fake_fit)
    recorder.next_cell()
    recorder.record("PyMC", 1, fake_fit, fake_fit)
    recorder.fits[10].compared = True
    chosen = [(fit.cell, fit.nth, of) for fit, of in recorder.chosen()]
    assert chosen == [
        ("loop", 1, 59), ("loop", 11, 1), ("loop", 21, 59), ("loop", 41, 59), ("loop", 60, 59),
        ("one", 1, 1),
    ]  # fmt: skip


def test_the_libraries_still_call_their_seeds_as_they_are_looked_for():
    from companion import tfp_nuts
    from companion.lessons import mcmc
    import nutpie
    import pymc

    for name in in_kernel.PYMC_SAMPLERS:
        assert "random_seed" in inspect.signature(getattr(pymc, name)).parameters
    for name in in_kernel.LESSON_SAMPLERS:
        assert "seed" in inspect.signature(getattr(mcmc, name)).parameters
    assert "seed" in inspect.signature(nutpie.sample).parameters
    assert "compile_nuts(model" in inspect.getsource(tfp_nuts.sample_tfp)
