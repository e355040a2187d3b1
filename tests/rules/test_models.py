"""Models and fits: twins, proofs, seeds, references, and mathematics that says what the programs do."""

import ast
from collections import Counter
import re

from course import FOLDED, ROOT, code_cells, tags
from tidy_notebooks import read

from tests.rules import priors
from tests.rules.common import (
    CHAPTERS,
    SOLUTIONS,
    calls_in,
    each_chapter,
    each_notebook,
    each_text,
    none_of,
    whole_course,
)
from tests.tables import TABLES, named_in

# 373 priors could be compared when this was written. A parser that loses a tenth of them has lost its way.
PRIORS = 335


@each_notebook
def test_twins_stand_together(path):
    cells = read(path).cells
    problems = []
    for before, cell, after in zip([None, *cells], cells, [*cells[1:], None], strict=False):
        if "pymc" in tags(cell) and not (after and "tfp" in tags(after)):
            problems.append(f"{cell.id}: the cell below a pymc cell is its twin, tagged tfp")
        if "tfp" in tags(cell) and not (before and "pymc" in tags(before)):
            problems.append(f"{cell.id}: the cell above a tfp cell is its twin, tagged pymc")
    none_of(problems)


@each_chapter
def test_each_pair_is_followed_by_the_proof_that_it_is_one_model(path):
    problems, unproved = [], None
    for cell in code_cells(read(path)):
        proof = cell.source.find("assert_same_density(")
        if "tfp" in tags(cell):
            unproved = unproved or cell.id
        elif proof >= 0 and not FOLDED.intersection(tags(cell)):
            unproved = None
        if unproved and proof < 0 and re.search(r"\bpm\.sample\(|\bsample_tfp\(", cell.source):
            problems.append(
                f"{cell.id} samples {unproved} before assert_same_density(pymc, tfp) in an open cell"
            )
    if unproved:
        problems.append(f"{unproved}: no open cell with assert_same_density(pymc, tfp) follows")
    none_of(problems)


@each_chapter
def test_a_seed_is_used_once(path):
    number, seeds = str(int(path.name[:2])), Counter()
    for _, name, call in calls_in(read(path)):
        values = [k.value for k in call.keywords if k.arg in ("seed", "random_seed")]
        if name.endswith("default_rng"):
            values += call.args[:1]
        seeds.update(v.value for v in values if isinstance(v, ast.Constant))
    none_of(
        [
            f"{seed} is used {times} times; take the next"
            for seed, times in seeds.items()
            if times > 1
        ]
        + [
            f"{seed} begins with the number of its chapter: {number}01, {number}02, ..."
            for seed in seeds
            if not str(seed).startswith(number)
        ]
    )


@each_notebook
def test_pymc_says_how_many_chains_and_what_seed(path):
    problems = []
    for cell, name, call in calls_in(read(path)):
        if name == "pm.sample":
            given = {keyword.arg for keyword in call.keywords}
            settings = set() if None in given else {"chains", "tune"}  # None is **settings
            if missing := ({"random_seed"} | settings) - given:
                problems.append(f"{cell.id}: pm.sample says {', '.join(sorted(missing))}")
    none_of(problems)


WITH_BARS = {"sample", "sample_posterior_predictive", "compute_log_likelihood", "fit", "find_MAP"}


@each_text
def test_a_page_has_no_progress_bar(path):
    problems = []
    for cell, name, call in calls_in(read(path)):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        silent = (
            ast.unparse(given["progressbar"]) == "False"
            if "progressbar" in given
            else None in given
        )
        if name.removeprefix("pm.") in WITH_BARS and name.startswith("pm.") and not silent:
            problems.append(f"{cell.id}: {name} needs progressbar=False")
    none_of(problems)


@each_text
def test_a_comparison_names_its_reference(path):
    problems = []
    for cell, name, call in calls_in(read(path)):
        if name != "compare_posteriors":
            continue
        table = next((k.value for k in call.keywords if k.arg == "reference"), ast.Constant(None))
        if not isinstance(table, ast.Constant):
            continue  # computed, such as f"salad_without_{j}"
        if table.value in TABLES:
            continue
        if table.value is not None:
            problems.append(
                f"{cell.id}: there is no companion/data/posteriors/{table.value}.csv; state the model in "
                f"reference_posteriors/ and run python -m reference_posteriors.make {table.value}"
            )
            continue
        lines = cell.source.split("\n")[call.lineno - 1 : call.end_lineno]
        if not any("reference=None" in line and "#" in line for line in lines):
            problems.append(
                f'{cell.id}: compare_posteriors says reference="table"; if there can be none, '
                "reference=None,  # and why"
            )
    none_of(problems)


@whole_course
def test_every_reference_is_used():
    code = [cell.source for path in CHAPTERS + SOLUTIONS for cell in code_cells(read(path))]
    code += [path.read_text(encoding="utf-8") for path in (ROOT / "companion").rglob("*.py")]
    none_of(
        f"companion/data/posteriors/{table}.csv is named in no notebook and no check: use it or delete it"
        for table in sorted(set(TABLES) - named_in("\n".join(code)))
    )


def pairs(notebook):
    """Yield each pair with the texts above it in its section, the nearest first."""
    above = []
    for cell, below in zip(notebook.cells, notebook.cells[1:], strict=False):
        if cell.cell_type == "markdown":
            if re.search(r"^## ", cell.source, re.MULTILINE):
                above = []
            above.insert(0, cell.source)
        elif "pymc" in tags(cell):
            yield above, (cell, below)
            above = []


def compared_priors(path):
    """Return how many priors of a notebook could be held against its mathematics, and the differences."""
    compared, problems = 0, []
    for above, twins in pairs(read(path)):
        for cell in twins:
            found = priors.compare(above, cell.source)
            compared += found.compared
            problems += [f"{cell.id}: {problem}" for problem in found.problems]
    return compared, problems


@each_text
def test_mathematics_and_programs_state_the_same_priors(path):
    none_of(compared_priors(path)[1])


@whole_course
def test_enough_priors_could_be_compared():
    count = sum(compared_priors(path)[0] for path in CHAPTERS + SOLUTIONS)
    print(f"{count} priors of programs were held against the mathematics above them")
    assert count >= PRIORS, (
        f"only {count} priors could be compared: does tests/rules/priors.py still read the mathematics?"
    )
