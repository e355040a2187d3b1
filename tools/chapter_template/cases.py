"""Chapter 99: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion.exercises.checks.ch99_the_slug import FIRST, MINUTES, exact_posterior

from tests.unit.exercises.made_up import fit


def case_99e1():
    """Fits that were made up from exact means and standard deviations."""
    five = exact_posterior(MINUTES[:FIRST])
    right = {"idata": fit(**five)}
    wrong = [
        ("all-deliveries", {"idata": fit(**exact_posterior(MINUTES))}),
        ("mu", {"idata": fit(**five | {"mu": (five["mu"][0] + 2.0, five["mu"][1])})}),
        ("sigma", {"idata": fit(**five | {"sigma": (five["sigma"][0] / 2.0, five["sigma"][1])})}),
    ]
    return right, wrong


CASES = {"99E1": case_99e1}
