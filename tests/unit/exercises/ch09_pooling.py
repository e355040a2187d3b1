"""Chapter 09: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion.exercises.checks.ch09_pooling import _expected, _plug_in
import numpy as np

from tests.unit.exercises.made_up import chains, fit


def made(structure, zero=43.0, memory=0.0, **changes):
    """Return a made-up fit whose means are the exact ones, with changes."""
    values = {}
    for i, (name, means) in enumerate((_expected(structure, zero) | changes).items()):
        parts = [
            chains(m, 0.05, memory, seed=10 * i + k) for k, m in enumerate(np.atleast_1d(means))
        ]
        values[name] = np.stack(parts, axis=-1) if len(parts) > 1 else parts[0]
    return fit(**values)


def case_pooled():
    right = {"idata": made("pooled"), "parameters": 3}
    wrong = [
        ("not-pooled", {"idata": made("unpooled")}),
        ("not-pooled", {"idata": made("mixed")}),
        ("not-centered", {"idata": made("pooled", 0.0)}),
        ("one-species", {"idata": made("pooled", beta_1=0.18)}),
        ("posterior", {"idata": made("pooled", sigma=1.0)}),
        ("chains-disagree", {"idata": made("pooled", memory=0.99)}),
        ("parameter-count", {"parameters": 2}),
    ]
    return right, wrong


def case_unpooled():
    right = {"idata": made("unpooled"), "parameters": 6, "reversal": True}
    exact = _expected("unpooled")
    wrong = [
        ("still-pooled", {"idata": made("pooled")}),
        ("still-pooled", {"idata": made("mixed")}),
        ("sigma-shared", {"idata": made("unpooled", sigma=1.1)}),
        (
            "species-swapped",
            {"idata": made("unpooled", **{name: means[::-1] for name, means in exact.items()})},
        ),
        ("posterior", {"idata": made("unpooled", beta_1=np.array([0.5, 0.5]))}),
        ("parameter-count", {"parameters": 3}),
        ("reversal-missed", {"reversal": False}),
    ]
    return right, wrong


def case_mixed():
    right = {"idata": made("mixed"), "parameters": 4, "moving_zero": "Changes the fit"}
    wrong = [
        ("intercept-not-shared", {"idata": made("unpooled")}),
        ("slope-shared", {"idata": made("pooled")}),
        ("sigma-not-shared", {"idata": made("mixed", sigma=np.array([1.1, 1.2]))}),
        ("not-centered", {"idata": made("mixed", 0.0)}),
        ("species-swapped", {"idata": made("mixed", beta_1=_expected("mixed")["beta_1"][::-1])}),
        ("posterior", {"idata": made("mixed", beta_1=np.array([0.2, 0.2]))}),
        ("parameter-count", {"parameters": 5}),
        ("zero-is-harmless", {"moving_zero": "changes nothing"}),
    ]
    return right, wrong


def case_heights():
    right = {
        "noise": "pooled",
        "gender": "unpooled",
        "family": "Partially pooled",
        "weight": "pooled",
    }
    wrong = [
        ("interaction-of-one", {"gender": "interaction"}),
        ("noise-modeled", {"noise": "unpooled"}),
        ("gender-ignored", {"gender": "pooled"}),
        ("family-alone", {"family": "unpooled"}),
        ("family-ignored", {"family": "pooled"}),
        ("weight-as-groups", {"weight": "partially pooled"}),
    ]
    return right, wrong


def case_forgets():
    covered, escaped = _plug_in()
    right = {"plug_in": covered + 0.01, "full": 0.905, "runaway": escaped - 0.02}
    wrong = [
        ("percent", {"full": 90.0}),
        ("swapped", {"plug_in": 0.90, "full": covered}),
        ("full", {"full": 0.96}),
        ("plug-in", {"plug_in": covered - 0.2}),
        ("runaway", {"runaway": 0.9}),
    ]
    return right, wrong


CASES = {
    "4E2.1": case_pooled,
    "4E2.2": case_unpooled,
    "4E2.3": case_mixed,
    "4E6": case_heights,
    "9H1": case_forgets,
}
