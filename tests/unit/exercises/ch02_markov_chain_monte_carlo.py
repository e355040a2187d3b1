"""Chapter 02: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion.exercises import check
import numpy as np

from tests.unit.exercises.made_up import chains, fit

MATRIX = np.array([[0, 1 / 2, 1 / 2], [1 / 3, 1 / 6, 1 / 2], [1 / 5, 3 / 10, 1 / 2]])


def case_2e1():
    right = {"rate": 0.6753, "step": 0.708, "verdict": "Longer"}
    wrong = [
        ("noise-of-a-reading", {"rate": 0.9208}),
        ("noise-of-a-reading", {"step": 3.168}),
        ("rejected-instead", {"rate": 0.3247}),
        ("factor-two", {"rate": 0.4643}),
        ("factor-two", {"step": 0.3539}),
        ("rate", {"rate": 0.574}),
        ("step", {"step": 1.07}),
        ("high-is-good", {"verdict": "shorter"}),
    ]
    return right, wrong


def case_2m1():
    right = {"P": MATRIX.tolist(), "rejected": 0.3}
    upside_down = np.array([[7 / 15, 1 / 3, 1 / 5], [1 / 2, 1 / 5, 3 / 10], [1 / 2, 1 / 2, 0]])
    wrong = [
        ("transposed", {"P": MATRIX.T}),
        ("independent-draws", {"P": np.tile([0.2, 0.3, 0.5], (3, 1))}),
        ("all-accepted", {"P": 0.5 * (1.0 - np.eye(3))}),
        ("ratio-upside-down", {"P": upside_down}),
        ("rejections-lost", {"P": MATRIX - np.diag(np.diag(MATRIX))}),
        ("matrix", {"P": np.eye(3)}),
        ("percent", {"rejected": 30.0}),
        ("accepted-instead", {"rejected": 0.7}),
        ("states-not-weighted", {"rejected": 2 / 9}),
        ("rejected", {"rejected": 0.5}),
    ]
    return right, wrong


def case_2m2():
    places = np.array([-2.0, -1.0, 1.0, 2.0])[:, None]
    stuck = places + chains(0.0, 0.05, 0.98)
    # Exact dynamics return exactly.
    assert check(
        "2M2", correlations=[0, -1, 1], stuck=places + np.zeros((4, 1000)), cured=chains(0, 1)
    ).passed
    right = {"correlations": [0.0, -1.0, 1.0], "stuck": stuck, "cured": chains(0.0, 1.0)}
    for few in (chains(0.0, 1.0)[:1], chains(0.0, 1.0)[:, :99]):
        assert (
            "100 draws or more of several chains" in check("2M2", **right | {"cured": few}).message
        )
    wrong = [
        ("momentum-part", {"correlations": [1.0, 0.0, 0.0]}),
        ("half-orbit", {"correlations": [0.0, 1.0, 1.0]}),
        ("whole-orbit", {"correlations": (0.0, -1.0, 0.0)}),
        ("correlations", {"correlations": [0.5, 0.5, 0.5]}),
        ("not-stuck", {"stuck": chains(0.0, 1.0, seed=3)}),
        ("no-chain", {"stuck": places + chains(0.0, 0.05, seed=4)}),
        ("chains-disagree", {"cured": stuck}),
        ("chains-too-short", {"cured": chains(0.0, 1.0, 0.6, size=(4, 200))}),
        ("other-target", {"cured": chains(0.0, 0.7)}),
    ]
    return right, wrong


def case_2h1():
    def run(sd):
        return fit(mu=(4.648, sd))

    right = {
        "corrected": run(0.4468),
        "uncorrected": run(0.3252),
        "limit": "posterior squared",
    }
    wrong = [
        ("swapped", {"corrected": run(0.3252), "uncorrected": run(0.4468)}),
        ("sign-reversed", {"corrected": run(0.2684)}),
        ("correction-missing", {"corrected": run(0.3252)}),
        ("corrected", {"corrected": run(0.8)}),
        ("all-accepted", {"uncorrected": run(0.4743)}),
        ("still-correct", {"uncorrected": run(0.4468)}),
        ("uncorrected", {"uncorrected": run(0.1)}),
        ("chains-too-short", {"uncorrected": fit(mu=chains(4.648, 0.3252, size=(4, 60)))}),
        ("bias-vanishes", {"limit": "posterior"}),
    ]
    return right, wrong


CASES = {"2E1": case_2e1, "2M1": case_2m1, "2M2": case_2m2, "2H1": case_2h1}
