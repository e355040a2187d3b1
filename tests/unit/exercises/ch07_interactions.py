"""Chapter 07: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion.exercises import check
import numpy as np

from tests.unit.exercises.made_up import chains, fit


def vector(*pairs):
    return np.stack([chains(*pair, seed=i) for i, pair in enumerate(pairs)], axis=-1)


def case_4e4():
    right = {
        "verdict": "interact",
        "reason": "b",
        "correlated": ["North", "west"],
        "interacting": {"north", "east"},
    }
    wrong = [
        ("effects-add-up", {"verdict": "independent"}),
        ("correlation-as-interaction", {"reason": "a"}),
        ("reason", {"reason": "C"}),
        ("swapped", {"correlated": ["north", "east"], "interacting": ["north", "west"]}),
        ("correlated", {"correlated": ["west"]}),
        ("interacting", {"interacting": ["north", "south", "west"]}),
        ("interacting", {"interacting": "north"}),
    ]
    return right, wrong


def case_4e8():
    slopes = ((32.2, 4.7), (34.5, 6.2), (53.5, 5.1))
    right = {
        "idata": fit(slope=vector(*slopes), rows=333),
        "heavier": 166.0,
        "elpd_difference": 3.6,
        "standard_error": 2.9,
        "conclusion": "not settled",
    }
    adelie, chinstrap, gentoo = slopes
    wrong = [
        ("one-slope", {"idata": fit(slope=(40.5, 3.1))}),
        ("other-rows", {"idata": fit(slope=vector(*slopes), rows=342)}),
        ("differences-given", {"idata": fit(slope=vector(adelie, (1.9, 7.7), (21.3, 7.0)))}),
        ("slopes", {"idata": fit(slope=vector(gentoo, adelie, chinstrap))}),
        (
            "chains-disagree",
            {"idata": fit(slope=vector(*slopes) + 9 * np.arange(4)[:, None, None])},
        ),
        ("heavier-reversed", {"heavier": -166.0}),
        ("heavier", {"heavier": 380.0}),
        ("difference-reversed", {"elpd_difference": -3.6}),
        ("not-a-difference", {"elpd_difference": -2350.0}),
        ("deviance-scale", {"elpd_difference": 7.2}),
        ("difference", {"elpd_difference": 20.0}),
        ("unpaired", {"standard_error": 18.0}),
        ("error-of-the-mean", {"standard_error": 0.16}),
        ("standard-error", {"standard_error": 1.0}),
        ("winner-declared", {"conclusion": "better"}),
    ]
    return right, wrong


def case_4m11():
    posterior = {"cement": (7.58, 0.41), "water": (-1.86, 0.21), "product": (-0.43, 0.19)}
    right = {
        "idata": fit(**posterior),
        "slopes": {150: 8.94, 180: 7.65, 210: 6.36},
        "difference": "a slope for each value",
    }
    assert check("4M11", **right | {"slopes": np.array([8.9, 7.7, 6.4])}).passed
    wrong = [
        ("not-centered", {"idata": fit(**posterior | {"cement": (15.4, 3.5)})}),
        ("units", {"idata": fit(**posterior | {"cement": (0.0758, 0.004)})}),
        ("coefficients", {"idata": fit(**posterior | {"product": (0.0, 0.19)})}),
        ("one-slope-for-all", {"slopes": [7.6, 7.6, 7.6]}),
        ("slopes-reversed", {"slopes": [6.36, 7.65, 8.94]}),
        ("slopes", {"slopes": [1.0, 0.3, -0.6]}),
        ("still-two-lines", {"difference": "two slopes"}),
    ]
    return right, wrong


def case_7h1():
    right = {
        "idata": fit(interaction=(-0.537, 0.155), growth=(0.291, 0.048)),
        "sd_ratio": 1.13,
        "weight": 0.17,
        "interaction_is": "still there",
    }
    wrong = [
        ("per-dollar", {"idata": fit(interaction=(-0.537, 0.155), growth=(0.0291, 0.0048))}),
        ("growth", {"idata": fit(interaction=(-0.537, 0.155), growth=(0.40, 0.06))}),
        ("interaction", {"idata": fit(interaction=(-0.7, 0.155), growth=(0.291, 0.048))}),
        ("ratio-reversed", {"sd_ratio": 0.88}),
        ("sd-ratio", {"sd_ratio": 0.155}),
        ("sd-ratio", {"sd_ratio": 1.06}),
        ("weight", {"weight": 0.19}),
        ("weight-reversed", {"weight": 6.1}),
        ("sd-for-variance", {"weight": 0.41}),
        ("weight", {"weight": 0.75}),
        ("gone", {"interaction_is": "gone"}),
    ]
    return right, wrong


CASES = {
    "4E4": case_4e4,
    "4E8": case_4e8,
    "4M11": case_4m11,
    "7H1": case_7h1,
}
