"""The rules of CONTRIBUTING.md that a machine can check: prose, code, and the form of chapters."""

import ast
from collections import Counter
from pathlib import Path
import re
import subprocess
import sys

from course import FOLDED, ROOT, code_cells, name_of, notebooks, tags
import pytest
from tidy_notebooks import read
import yaml

NOTEBOOKS = notebooks()
CHAPTERS = [path for path in NOTEBOOKS if path.parent.name == "chapters"]
SAMPLERS = re.compile(r"\bpm\.sample\(")

# British spellings, machine paths, and words that have no place in a finished course.
BRITISH = re.compile(
    r"(?i)\b(centred|centring|modell(ed|ing|er)|labell(ed|ing)|behaviour\w*|colour\w*|favour\w*|neighbour\w*"
    r"|(normal|standard|parameter|reparameter|general|regular|visual|marginal|summar|real|recogn|minim|maxim"
    r"|optim|random|categor|emphas|organ|initial)is(e[ds]?|ing|ation)|analys(e[ds]?|ing)(?= )|grey)\b"
)
PATHS = re.compile(r"(/work/|/home/|/root/|/tmp/|/Users/|[A-Z]:\\\\)")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|lorem ipsum)\b")


def texts():
    """Return the text files that people read or run, but not the tests' own lists of words."""
    kept = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    ends = (".py", ".md", ".ipynb", ".yml", ".toml", ".css", ".js", ".bib", "Makefile", "run")
    own = name_of(Path(__file__))
    return [ROOT / name for name in kept if name.endswith(ends) and name != own]


@pytest.mark.parametrize("path", texts(), ids=name_of)
def test_text_is_american_finished_and_of_no_machine(path):
    if not path.exists():
        pytest.skip("deleted, and git does not know yet")
    text = path.read_text(encoding="utf-8")
    is_prose = path.suffix in (".md", ".ipynb") and "data" not in path.parts
    for pattern in (PATHS, UNFINISHED, *([BRITISH] if is_prose else [])):
        found = pattern.search(text)
        assert not found, f"{found.group()!r} in line {text[: found.start()].count(chr(10)) + 1}"


def test_the_code_is_formatted_and_linted():
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--quiet", "."],
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"ruff {' '.join(command)}:\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_a_chapter_has_its_parts(path):
    cells = read(path).cells
    promise = cells[0].source.split("\n\n")
    assert re.fullmatch(r"# .+", promise[0]), "the first cell starts with the title"
    assert promise[1].startswith("You will"), "the promise comes first"
    assert "After this chapter you can" in cells[0].source
    assert cells[1].id == "setup"
    assert cells[-1].id == "summary" and f"../exercises/{path.name}" in cells[-1].source
    assert "Further reading" in cells[-1].source
    shown = [cell for cell in cells if not FOLDED.intersection(tags(cell))]
    assert 18 <= len(shown) <= 45, f"{len(shown)} cells, not counting folded ones"


@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_each_pair_is_followed_by_the_proof_that_it_is_one_model(path):
    unproved = None
    for cell in code_cells(read(path)):
        if "tfp" in tags(cell):
            unproved = unproved or cell.id
        elif "assert_same_density(" in cell.source and not FOLDED.intersection(tags(cell)):
            unproved = None
        fits = SAMPLERS.search(cell.source) or "sample_tfp(" in cell.source
        before = cell.source.find("assert_same_density(")
        assert not (unproved and fits and before < 0), (
            f"{unproved} is sampled in {cell.id} before assert_same_density"
        )
    assert unproved is None, f"no assert_same_density follows {unproved}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_twins_stand_together(path):
    cells = read(path).cells
    for i, cell in enumerate(cells):
        if "pymc" in tags(cell):
            assert "tfp" in tags(cells[i + 1]), f"{cell.id} has no tfp cell below it"
        if "tfp" in tags(cell):
            assert "pymc" in tags(cells[i - 1]), f"{cell.id} has no pymc cell above it"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_figures_are_named_captioned_and_described(path):
    for cell in code_cells(read(path)):
        draws = "plt.show()" in cell.source
        assert draws == cell.id.startswith("fig-"), f"{cell.id}: plt.show() and the id disagree"
        if draws:
            information = cell.metadata.get("mystnb", {})
            figure, image = information.get("figure", {}), information.get("image", {})
            named = None if path.parent.name == "exercises" else cell.id
            assert figure.get("name") == named, f"{cell.id}: the figure's name is the cell's id"
            assert len(figure.get("caption", "")) > 20, f"{cell.id} needs a caption"
            assert len(image.get("alt", "")) > 40, f"{cell.id} needs an alt text"


def test_a_figure_has_its_name_for_itself():
    book = [path for path in NOTEBOOKS if path.parent.name != "exercises"]
    places = {}
    for path in book:
        for cell in code_cells(read(path)):
            if cell.id.startswith("fig-"):
                places.setdefault(cell.id, []).append(name_of(path))
    shared = {name: where for name, where in places.items() if len(where) > 1}
    assert not shared, f"the name of a figure is its address in the book: {shared}"


def seeds_of(path):
    """Return all whole numbers that are passed as a seed in a notebook."""
    found = []
    for cell in code_cells(read(path)):
        for node in ast.walk(ast.parse(cell.source)):
            if not isinstance(node, ast.Call):
                continue
            values = [k.value for k in node.keywords if k.arg in ("seed", "random_seed")]
            if isinstance(node.func, ast.Attribute) and node.func.attr == "default_rng":
                values += node.args[:1]
            found += [v.value for v in values if isinstance(v, ast.Constant)]
    return found


@pytest.mark.parametrize("path", CHAPTERS, ids=name_of)
def test_a_seed_is_used_once(path):
    seeds = Counter(seeds_of(path))
    assert not [seed for seed, times in seeds.items() if times > 1]
    number = str(int(path.name[:2]))
    assert not [seed for seed in seeds if not str(seed).startswith(number)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_pymc_says_how_many_chains_and_what_seed(path):
    for cell in code_cells(read(path)):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pm.sample":
                names = {keyword.arg for keyword in node.keywords}
                spread = None in names  # settings passed as **settings
                assert {"random_seed"} <= names, f"{cell.id}: pm.sample needs random_seed"
                assert spread or {"chains", "tune"} <= names, f"{cell.id}: say chains and tune"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_nothing_is_silenced(path):
    for cell in code_cells(read(path)):
        for way in ("filterwarnings", "simplefilter", "catch_warnings", "logging.", "%%capture"):
            assert way not in cell.source, f"{cell.id} silences with {way}"


def test_every_notebook_is_in_the_table_of_contents():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text())
    listed = {f"{chapter['file']}" for part in toc["parts"] for chapter in part["chapters"]}
    assert {name_of(path).removesuffix(".ipynb") for path in NOTEBOOKS} <= listed
