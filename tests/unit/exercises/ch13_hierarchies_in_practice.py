"""Chapter 13: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion.exercises import check

from tests.unit.exercises.made_up import fit


def case_13e1():
    right = {
        "factor_h": 0.3568,
        "factor_e": 0.2700,
        "move_h": 0.247,
        "move_e": 1.104,
        "moves_more": "E",
    }
    wrong = [
        ("factor-reversed", {"factor_h": 0.6432, "factor_e": 0.7300}),
        ("not-squared", {"factor_h": 0.4269, "factor_e": 0.3782}),
        ("factor", {"factor_h": 0.9}),
        ("sign", {"move_h": -0.247, "move_e": -1.104}),
        ("move", {"move_h": 0.69}),
        ("factor-for-move", {"moves_more": "H"}),
    ]
    return right, wrong


def case_13e2():
    right = {"p_mean": 0.0008, "p_next": 0.1098, "p_report": 0.142}
    assert check("13E2", p_mean=0.0005, p_next=0.115, p_report=0.136).passed
    wrong = [
        ("percent", {"p_next": 11.0}),
        ("none-seen", {"p_mean": 0.0}),
        ("plugged-in", {"p_next": 0.1022, "p_report": 0.1358}),
        ("mean", {"p_mean": 0.11}),
        ("spread-left-out", {"p_next": 0.0008}),
        ("noise-in-the-effect", {"p_next": 0.142}),
        ("next", {"p_next": 0.3}),
        ("noise-left-out", {"p_report": 0.1098}),
        ("report", {"p_report": 0.45}),
    ]
    return right, wrong


def case_13m1():
    right = {"phi": 0.607, "naive_error": 0.0577, "honest_error": 0.1166, "effective_months": 73.4}
    wrong = [
        ("data-without-memory", {"phi": 0.02}),
        ("phi", {"phi": 0.75}),
        ("naive", {"naive_error": 0.064}),
        ("root-forgotten", {"honest_error": 0.2358}),
        ("too-small", {"honest_error": 0.0285}),
        ("honest", {"honest_error": 0.08}),
        ("root-of-the-months", {"effective_months": 148.4}),
        ("months", {"effective_months": 1200.0}),
    ]
    return right, wrong


def case_13m2():
    right = {"sd_first_floor": 0.3454, "rho_recoded": -0.9265, "survives": "correlated"}
    wrong = [
        ("sds-added", {"sd_first_floor": 0.45}),
        ("sd", {"sd_first_floor": 0.32}),
        ("not-a-correlation", {"rho_recoded": -2.0}),
        ("still-zero", {"rho_recoded": 0.0}),
        ("sign", {"rho_recoded": 0.9265}),
        ("rho", {"rho_recoded": -0.3}),
        ("independence-kept", {"survives": "Independent"}),
    ]
    return right, wrong


def case_13h1():
    good = {"phi": (0.61395, 0.0118), "mu": (0.21009, 0.0256), "tau": (0.04107, 0.0311)}
    right = {"idata": fit(**good), "naive_spread": 0.0628}
    wrong = [
        ("data-without-memory", {"idata": fit(**good | {"phi": (0.026, 0.015)})}),
        ("phi", {"idata": fit(**good | {"phi": (0.65, 0.012)})}),
        ("mu", {"idata": fit(**good | {"mu": (0.2, 0.0236)})}),
        ("tau", {"idata": fit(**good | {"tau": (0.063, 0.03)})}),
        ("chains-disagree", {"idata": fit(**good | {"tau": (0.04107, 0.0311, 0.99)})}),
        ("joint-for-naive", {"naive_spread": 0.041}),
        ("naive", {"naive_spread": 0.2}),
    ]
    return right, wrong


CASES = {
    "13E1": case_13e1,
    "13E2": case_13e2,
    "13M1": case_13m1,
    "13M2": case_13m2,
    "13H1": case_13h1,
}
