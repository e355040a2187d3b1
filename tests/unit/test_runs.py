"""The store of runs, and what makes a run stale."""

import base64
from datetime import date
import io
import json
from pathlib import Path
import sys

import course
import dependencies
import nbformat.v4 as nbf
import numpy as np
from PIL import Image
import pytest
import runs

GUIDE = "chapter,id\n01-one,1E1\n01-one,1E2\n02-two,2E1\n05-five,5E1\n"
FILES = {
    "requirements.txt": "numpy==2\n",
    "companion/__init__.py": "",
    "companion/datasets.py": "import csv\n",
    "companion/plots.py": "from companion import colors\n",
    "companion/colors.py": "",
    "companion/posteriors.py": "def reference(name): ...\n",
    "companion/prose.py": "",
    "companion/lessons/__init__.py": "",
    "companion/lessons/linear.py": "from ..plots import band\n",
    "companion/exercises/__init__.py": "from companion.exercises import checks, engine\n",
    "companion/exercises/engine.py": "from companion.exercises import guide\n",
    "companion/exercises/guide.py": "",
    "companion/exercises/guide.csv": GUIDE,
    "companion/exercises/checks/__init__.py": "import importlib\n",
    "companion/exercises/checks/shared.py": "",
    "companion/exercises/checks/ch01_one.py": (
        "from companion.exercises.checks import shared\n"
        "from companion.posteriors import reference\nreference('of_the_check')\n"
    ),
    "companion/exercises/checks/ch02_two.py": "from companion.lessons import linear\n",
    "companion/data/radon.csv": "county\n",
    "companion/data/posteriors/of_the_check.csv": "variable\n",
    "companion/data/posteriors/wells.csv": "variable\n",
    "companion/data/posteriors/salad_without_0.csv": "variable\n",
    "companion/data/posteriors/salad_without_1.csv": "variable\n",
}
CODE = {
    "chapters/01-one.ipynb": "from companion import plots",
    "chapters/02-two.ipynb": "import companion.datasets as data\nfrom companion.prose import *",
    "chapters/03-three.ipynb": "from companion.lessons.linear import band",
    "chapters/04-four.ipynb": (
        "from companion.posteriors import reference\nnames = ['wells']\nreference(names[0])"
    ),
    "chapters/05-five.ipynb": (
        "from companion.posteriors import reference\n[reference(f'salad_without_{i}') for i in '01']"
    ),
    "chapters/06-six.ipynb": "%matplotlib inline",
    "chapters/07-seven.ipynb": (
        "import importlib\nfrom companion import posteriors\nf'{1}{2}'\n"
        "importlib.import_module('companion.prose')"
    ),
    "exercises/01-one.ipynb": "from companion.exercises import check",
    "exercises/02-two.ipynb": "from companion.exercises import check",
    "exercises/03-three.ipynb": "from companion.exercises import check",
}
ALL = set(CODE)
EXERCISES = {name for name in CODE if name.startswith("exercises/")}
UNKNOWN = "chapters/06-six.ipynb"  # not plain Python: it may import anything

STALE = {
    "requirements.txt": ALL,
    "companion/__init__.py": ALL,
    "companion/colors.py": {
        "chapters/01-one.ipynb",
        "chapters/03-three.ipynb",
        UNKNOWN,
        "exercises/02-two.ipynb",
        "exercises/03-three.ipynb",
    },
    "companion/datasets.py": {"chapters/02-two.ipynb", UNKNOWN},
    "companion/data/radon.csv": {"chapters/02-two.ipynb", UNKNOWN},
    "companion/prose.py": {"chapters/02-two.ipynb", "chapters/07-seven.ipynb", UNKNOWN},
    "companion/lessons/__init__.py": {
        "chapters/03-three.ipynb",
        UNKNOWN,
        "exercises/02-two.ipynb",
        "exercises/03-three.ipynb",
    },
    "companion/exercises/engine.py": EXERCISES | {UNKNOWN},
    "companion/exercises/checks/ch01_one.py": {
        "exercises/01-one.ipynb",
        "exercises/03-three.ipynb",
        UNKNOWN,
    },
    # 03 has no checks of its own: it might use any.
    "companion/exercises/checks/ch02_two.py": {
        "exercises/02-two.ipynb",
        "exercises/03-three.ipynb",
        UNKNOWN,
    },
    "companion/exercises/checks/shared.py": {
        "exercises/01-one.ipynb",
        "exercises/03-three.ipynb",
        UNKNOWN,
    },
    "companion/data/posteriors/of_the_check.csv": {
        "exercises/01-one.ipynb",
        "exercises/03-three.ipynb",
        UNKNOWN,
    },
    "companion/data/posteriors/wells.csv": {"chapters/04-four.ipynb", UNKNOWN},
    "companion/data/posteriors/salad_without_1.csv": {"chapters/05-five.ipynb", UNKNOWN},
}

# In two pieces, because a rule looks for folders that only one machine has.
SCRATCH = "/" + "tmp/"


def notebook(code, prose="Some prose."):
    cells = [nbf.new_markdown_cell(prose, id="title"), nbf.new_code_cell(code, id="code")]
    return nbf.new_notebook(cells=cells)


def executed(code="1 + 1", **data):
    made = notebook(code)
    data = data or {"text/plain": "2"}
    made.cells[1].outputs = [nbf.new_output("execute_result", data=data, execution_count=1)]
    made.cells[1].execution_count = 1
    return made


def write(root, name, made):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(nbf.writes(made), encoding="utf-8")


@pytest.fixture
def root(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name, code in CODE.items():
        write(tmp_path, name, notebook(code))
    return tmp_path


def digests(root):
    return {name: dependencies.digest(root, name, course.read(root / name)) for name in CODE}


def changed(root, before):
    return {name for name, digest in digests(root).items() if digest != before[name]}


@pytest.mark.parametrize("name", STALE)
def test_a_change_makes_stale_what_depends_on_it_and_nothing_else(root, name):
    before = digests(root)
    (root / name).write_text(FILES[name] + "\n# changed\n")
    assert changed(root, before) == STALE[name]


@pytest.mark.parametrize(
    ("row", "chapters"),
    [
        ("01-one,1E2", {"01", "03"}),
        ("02-two,2E1", {"01", "02", "03"}),  # the next after the last of 01
        ("05-five,5E1", {"02", "03"}),
    ],
)
def test_a_row_of_the_guide_concerns_its_chapter_and_the_one_before(root, row, chapters):
    """A pass shows its exercise's row, and names the next exercise; 03 has no rows of its own."""
    before = digests(root)
    guide = root / "companion/exercises/guide.csv"
    guide.write_text(guide.read_text().replace(row, f"{row} changed"))
    assert {name[10:12] for name in changed(root, before) - {UNKNOWN}} == chapters


def test_the_real_companion_is_split_by_what_is_imported():
    """The map of the course itself: a lesson concerns its chapters, diagnostics nearly all."""
    reached = {}
    for path in course.in_book():
        name = course.name_of(path)
        files = dependencies.dependencies(course.ROOT, name, course.read(path))
        reached[name] = {course.name_of(file) for file in files}
    assert all("companion/__init__.py" in files for files in reached.values())
    scorecard = {n for n, files in reached.items() if "companion/lessons/scorecard.py" in files}
    assert scorecard and all("16-" in name for name in scorecard)
    for name, files in reached.items():
        checks = {file for file in files if "/checks/ch" in file}
        number = Path(name).name[:2]
        assert all(f"/ch{number}_" in file for file in checks), name


@pytest.mark.parametrize("change", ["prose", "caption", "ends of lines", "Python", "new module"])
def test_what_the_code_does_not_depend_on_makes_nothing_stale(root, monkeypatch, change):
    before = digests(root)
    for name, code in CODE.items():
        if change == "prose":
            write(root, name, notebook(code, prose="Other prose."))
        if change == "caption":
            made = notebook(code)
            made.cells[1].metadata = {"tags": ["hide-input"], "mystnb": {"figure": {}}}
            write(root, name, made)
    if change == "ends of lines":
        for name in FILES:
            path = root / name
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    if change == "Python":
        monkeypatch.setattr(sys, "version_info", (3, 13, 0, "final", 0))
    if change == "new module":
        (root / "companion" / "brand_new.py").write_text("x = 1\n")
        before.pop(UNKNOWN)
    found = digests(root)
    assert {name: found[name] for name in before} == before


def test_the_code_and_the_tag_that_lets_a_cell_fail_make_a_run_stale(root):
    name = "chapters/01-one.ipynb"
    made = notebook(CODE[name])
    found = {dependencies.digest(root, name, made)}
    made.cells[1].metadata["tags"] = ["raises-exception"]
    found.add(dependencies.digest(root, name, made))
    made.cells[1].source += "  # and more"
    found.add(dependencies.digest(root, name, made))
    assert len(found) == 3


NAME = "chapters/01-a.ipynb"


def ship_as(root, made, seconds=1.0):
    """Put a run into `runs/`."""
    runs.keep_run(root, NAME, made, seconds=seconds)
    (root / runs.SHIPPED / NAME).parent.mkdir(parents=True, exist_ok=True)
    (root / runs.LOCAL / NAME).rename(root / runs.SHIPPED / NAME)


def test_a_shipped_run_comes_first_then_one_of_this_machine_then_none(tmp_path):
    made = executed()
    assert runs.find_run(tmp_path, NAME, made) is None
    runs.keep_run(tmp_path, NAME, made)
    assert not runs.find_run(tmp_path, NAME, made).shipped
    ship_as(tmp_path, made)
    runs.keep_run(tmp_path, NAME, made)
    assert runs.find_run(tmp_path, NAME, made).shipped
    assert not runs.find_run(tmp_path, NAME, made, fresh=True).shipped


def test_a_stale_shipped_run_gives_way_to_a_current_one_of_this_machine(tmp_path):
    ship_as(tmp_path, executed("1 + 1"))
    now = executed("2 + 2", **{"text/plain": "4"})
    assert runs.find_run(tmp_path, NAME, now) is None
    runs.keep_run(tmp_path, NAME, now)
    run = runs.find_run(tmp_path, NAME, now)
    assert not run.shipped and run.notebook.cells[1].outputs[0].data["text/plain"] == "4"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"{}", b"null", b'{"cells": [], "metadata": {"run": 3}}']
)
def test_a_damaged_run_counts_as_none_and_is_replaced(tmp_path, content):
    made = executed()
    for folder in (runs.SHIPPED, runs.LOCAL):
        (tmp_path / folder / NAME).parent.mkdir(parents=True)
        (tmp_path / folder / NAME).write_bytes(content)
    assert runs.find_run(tmp_path, NAME, made) is None
    runs.keep_run(tmp_path, NAME, made)
    assert runs.find_run(tmp_path, NAME, made)


def test_a_run_whose_code_was_edited_is_not_used(tmp_path):
    made = executed()
    runs.keep_run(tmp_path, NAME, made)
    path = tmp_path / runs.LOCAL / NAME
    path.write_text(path.read_text().replace("1 + 1", "1 + 2"))
    assert runs.find_run(tmp_path, NAME, made) is None


def test_a_run_carries_its_record(tmp_path):
    runs.keep_run(tmp_path, NAME, executed(), seconds=12.34)
    record = runs.find_run(tmp_path, NAME, executed()).record
    assert set(record) == {"digest", "processor", "versions", "date", "seconds"}
    assert record["seconds"] == 12.3
    assert record["versions"]["python"].startswith("3.") and "pymc" in record["versions"]
    assert (
        "(" in record["processor"]
        and abs((date.today() - date.fromisoformat(record["date"])).days) < 2
    )
    assert runs.seconds_of(tmp_path, NAME) == 12.3
    assert runs.seconds_of(tmp_path, "chapters/02-b.ipynb") is None


def test_of_a_run_that_failed_only_what_came_before_is_kept(tmp_path):
    made = executed()
    made.cells.append(nbf.new_code_cell("2", id="later", outputs=made.cells[1].outputs))
    runs.keep_run(tmp_path, NAME, made, failure={"index": 1, "error": "NameError: x"})
    run = runs.find_run(tmp_path, NAME, made)
    assert run.failure == {"index": 1, "error": "NameError: x"}
    assert run.notebook.cells[1].outputs and not run.notebook.cells[2].outputs
    assert runs.seconds_of(tmp_path, NAME) is None


def test_outputs_are_put_into_the_notebook_of_today(tmp_path):
    today = notebook("1 + 1", prose="Better prose.")
    filled = runs.with_outputs(today, executed())
    assert filled.cells[0].source == "Better prose."
    assert filled.cells[1].outputs[0].data["text/plain"] == "2"
    assert not today.cells[1].outputs


PRINTED = {
    "{root}/companion/plots.py:3": "companion/plots.py:3",
    f"{SCRATCH}ipykernel_12/345.py:3: UserWarning: short": "cell:3: UserWarning: short",
    "\x1b[32m/elsewhere/.venv/lib/python3.12/site-packages/xarray/tree.py:1": "\x1b[32msite-packages/xarray/tree.py:1",
    "File ~/course/.venv/lib/python3.13/site-packages/pymc/a.py": "File site-packages/pymc/a.py",
    "File /usr/lib/python3.12/json/decoder.py:338": "File python3.12/json/decoder.py:338",
    r"C:\Users\me\.venv\Lib\site-packages\jax\a.py": r"site-packages/jax\a.py",
    "python3.12 and site-packages/ are words; 1/2 is a half": "python3.12 and site-packages/ are words; 1/2 is a half",
}


@pytest.mark.parametrize("text", PRINTED)
def test_paths_of_this_machine_stay_here(tmp_path, text):
    text, kept = text.replace("{root}", str(tmp_path)), PRINTED[text]
    made = executed(**{"text/html": text})
    made.cells[1].outputs += [
        nbf.new_output("stream", text=text),
        nbf.new_output("error", ename="E", evalue=text, traceback=["E", text]),
    ]
    runs.keep_run(tmp_path, NAME, made)
    html, stream, error = runs.find_run(tmp_path, NAME, made).notebook.cells[1].outputs
    assert html.data["text/html"] == stream.text == error.evalue == error.traceback[1] == kept


def test_one_form_of_an_output_is_kept_and_a_table_without_indentation(tmp_path):
    table = (
        "<p>A <b>b</b> <i>c</i></p>\n<table>\n  <tr>\n    <td>1 <b>x</b></td>\n  </tr>\n</table>"
    )
    runs.keep_run(tmp_path, NAME, executed(**{"text/html": table, "text/plain": "a table"}))
    data = runs.find_run(tmp_path, NAME, executed()).notebook.cells[1].outputs[0].data
    assert dict(data) == {
        "text/html": "<p>A <b>b</b> <i>c</i></p><table><tr><td>1 <b>x</b></td></tr></table>"
    }


def test_what_a_sentence_claims_is_kept_with_it(tmp_path):
    made = executed()
    made.cells[1].outputs[0].metadata = {"claims": [{"margin": 5.0}]}
    runs.keep_run(tmp_path, NAME, made)
    run = runs.find_run(tmp_path, NAME, made)
    assert run.notebook.cells[1].outputs[0].metadata.claims[0].margin == 5.0


def png_of(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


def pixels_of(png):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")).astype(float)


def test_a_figure_of_few_colors_is_kept_pixel_by_pixel_in_fewer_bytes():
    rng = np.random.default_rng(7)
    palette = rng.integers(0, 256, (90, 3), dtype=np.uint8)
    pixels = palette[rng.integers(0, 90, (150, 200))]
    png = png_of(pixels)
    light = runs.lighter(png)
    assert len(light) < 0.6 * len(png)
    assert np.array_equal(pixels_of(light), pixels)
    assert runs.lighter(png) == light
    assert runs.lighter(light) == light


def test_a_figure_of_many_colors_looks_the_same():
    ramp = np.linspace(0, 255, 300).astype(np.uint8)
    pixels = np.stack(
        [np.tile(ramp, (200, 1)), np.full((200, 300), 90, np.uint8), np.tile(ramp[::-1], (200, 1))],
        -1,
    )
    light = runs.lighter(png_of(pixels))
    assert np.abs(pixels_of(light) - pixels).mean() < 1.0


@pytest.fixture
def small(tmp_path):
    """A course of two notebooks, both run on this machine."""
    for name in ("chapters/01-a.ipynb", "chapters/02-b.ipynb"):
        write(tmp_path, name, notebook("1 + 1"))
        runs.keep_run(tmp_path, name, executed(), seconds=3.0)
    return tmp_path


def test_what_ships_is_complete_and_says_so_in_the_manifest(small):
    assert set(runs.shipped_problems(small).values()) == {"missing"}
    runs.ship(small, ["chapters/01-a.ipynb", "chapters/02-b.ipynb"])
    assert runs.shipped_problems(small) == {}
    listed = json.loads((small / runs.MANIFEST).read_text())
    assert list(listed) == ["chapters/01-a.ipynb", "chapters/02-b.ipynb"]
    record = runs.load(small, runs.SHIPPED, "chapters/02-b.ipynb").record
    assert listed["chapters/02-b.ipynb"] == record and record["seconds"] == 3.0
    assert runs.manifest_of(small) == (small / runs.MANIFEST).read_text()
    assert runs.shipped_bytes(small) == sum(
        path.stat().st_size for path in (small / "runs").rglob("*") if path.is_file()
    )


def test_a_run_that_ships_has_the_prose_of_today_and_stays_otherwise(small):
    runs.ship(small, ["chapters/01-a.ipynb", "chapters/02-b.ipynb"])
    before = (small / "runs/chapters/02-b.ipynb").stat().st_mtime_ns
    write(small, "chapters/01-a.ipynb", notebook("1 + 1", prose="Better prose."))
    for path in (small / runs.LOCAL).rglob("*.ipynb"):
        path.unlink()
    runs.ship(small, [])
    assert "Better prose." in (small / "runs/chapters/01-a.ipynb").read_text()
    assert runs.shipped_problems(small) == {}
    assert (small / "runs/chapters/02-b.ipynb").stat().st_mtime_ns == before


def test_a_changed_cell_is_stale_until_it_has_run(small):
    runs.ship(small, ["chapters/01-a.ipynb", "chapters/02-b.ipynb"])
    write(small, "chapters/01-a.ipynb", notebook("2 + 2"))
    assert runs.shipped_problems(small) == {"chapters/01-a.ipynb": "stale"}


def test_the_run_of_a_notebook_that_is_gone_does_not_ship_and_other_files_stay(small):
    runs.ship(small, ["chapters/01-a.ipynb", "chapters/02-b.ipynb"])
    (small / "runs/seeds.json").write_text("{}")
    (small / "chapters/02-b.ipynb").unlink()
    assert runs.strays(small) == [small / "runs/chapters/02-b.ipynb"]
    runs.ship(small, [])
    assert not runs.strays(small) and (small / "runs/seeds.json").exists()
    assert list(json.loads((small / runs.MANIFEST).read_text())) == ["chapters/01-a.ipynb"]
