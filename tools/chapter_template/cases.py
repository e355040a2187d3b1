"""Chapter 99: for each exercise the right answers, and wrong ones with the mistake they show."""

from companion.exercises.checks.ch99_the_slug import DATA, PART, exact_posterior

from tests.unit.exercises.made_up import fit


def case_99e1():
    """Fits made up from exact means and standard deviations; in wrong ones, one mean is an sd off."""
    part = exact_posterior(PART)
    right = {"idata": fit(**part)}
    wrong = [("all-data", {"idata": fit(**exact_posterior(DATA))})]
    for name, (mean, sd) in part.items():
        wrong.append((name, {"idata": fit(**part | {name: (mean + sd, sd)})}))
    return right, wrong


CASES = {"99E1": case_99e1}
