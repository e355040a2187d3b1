"""What is remembered of calibrations: complete, of the models as they are, and uniform."""

from calibration import LIKELIHOOD, record
from course import ROOT, code_cells, name_of, notebooks, read

from tests.rules.common import none_of, whole_course

ENTRIES = record.load()


@whole_course
def test_every_calibration_is_that_of_its_model():
    problems = [f"{key} has changed, or has no ranks" for key in record.stale(ENTRIES)]
    for model in record.models():
        entry = ENTRIES.get(model.key, {"ranks": {}})
        sizes = {quantity: len(ranks) for quantity, ranks in entry["ranks"].items()}
        if sizes != dict.fromkeys([LIKELIHOOD, *model.quantities], model.data_sets):
            problems.append(f"{model.key} has other numbers of ranks: {sizes}")
    none_of(problems)


@whole_course
def test_all_ranks_are_uniform():
    none_of(
        f"{each.quantity} of {each.model}: p = {each.p:.2g}, among all {each.adjusted:.2g}"
        for each in record.judge(ENTRIES)
        if not each.uniform
    )


@whole_course
def test_a_model_is_calibrated_or_says_why_not():
    none_of(
        f"{row['notebook']} {row['cell']}: give a model and its quantities, or a reason, and not both"
        for row in record.rows()
        if bool(row["left_out"]) == bool((row["pymc"] or row["tfp"]) and row["quantities"])
    )


@whole_course
def test_each_model_of_a_chapter_is_in_the_table():
    listed = {(f"chapters/{row['notebook']}.ipynb", f"{row['cell']}-pymc") for row in record.rows()}
    none_of(
        f"{name_of(path)} {cell.id}: a line in chapters/calibration.csv, with quantities or a reason"
        for path in notebooks(ROOT, ("chapters",))
        for cell in code_cells(read(path))
        if cell.id.endswith("-pymc") and "pm.Model(" in cell.source
        if (name_of(path), cell.id) not in listed
    )
