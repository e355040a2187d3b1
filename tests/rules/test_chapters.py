"""A chapter is complete: all its files and rows are there. One run lists everything that is missing."""

import ast
import csv
from importlib import import_module
import re

import cards
from chapter_files import BELOW_CHAPTER, files_of, module_of, stems
from course import FOLDED, ROOT, SETUP, pages, tags
from dependencies import GUIDE
import predict_cards
import pytest
from tidy_notebooks import read
import yaml

from tests.rules.common import NOTEBOOKS, each_chapter, none_of, whole_course

CONTENT = {
    "chapters": "the chapter",
    "solutions": "its exercises with answers; the first cell is `# Solutions: Title`",
    "exercises": "run python tools/make_exercises.py",
    "companion/exercises/checks": "a function for each exercise, under @exercise(...)",
    "tests/unit/exercises": (
        "CASES = {...}: for each exercise right answers, and wrong ones with the mistake they show"
    ),
    "reference_posteriors": "a function under @model for each posterior that the chapter shows",
}
MAPS = ("chapters/source-map.csv", "chapters/additions.csv")


def missing_files(stem):
    """Yield the files that a chapter lacks."""
    for name in files_of(stem):
        path = ROOT / name
        if not path.exists():
            yield f"{name} is missing: {CONTENT[name.rpartition('/')[0]]}"
        elif path.suffix == ".py":
            try:
                ast.parse(path.read_text(encoding="utf-8"))
            except SyntaxError as error:
                yield f"{name}, line {error.lineno}: not Python ({error.msg})"
    others = set(stems(number=int(stem[:2]))) - {stem}
    if others:
        yield f"another chapter has this number: {', '.join(others)}; the names of all files must agree"


def missing_rows(stem):
    """Yield the lists in which a chapter does not stand."""
    path = ROOT / "chapters" / f"{stem}.ipynb"
    heading = read(path).cells[0].source.split("\n")[0] if path.exists() else "# Title"
    title = heading.removeprefix("# ")
    named = f"{stem[:2]} · {title}"
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = {page["file"]: page for part in toc["parts"] for page in part["chapters"]}
    chapter = listed.get(f"chapters/{stem}", {})
    if chapter.get("title") != named:
        yield f"_toc.yml, chapters: `- file: chapters/{stem}` with `title: {named}` below it"
    sections = [(page["file"], page.get("title")) for page in chapter.get("sections", ())]
    for place, (folder, name) in enumerate(BELOW_CHAPTER.items()):
        if sections[place : place + 1] != [(f"{folder}/{stem}", name)]:
            yield (
                f"_toc.yml, {folder}: `- file: {folder}/{stem}` with `title: {name}` below it, as number "
                f"{place + 1} of the `sections:` of the chapter"
            )
    targets = []
    for name in MAPS:
        with open(ROOT / name, encoding="utf-8", newline="") as file:
            targets += [line["target"].partition("#")[0] for line in csv.DictReader(file)]
    if f"chapters/{stem}.ipynb" not in targets:
        yield (
            f"{MAPS[1]}: a row `C-{stem[:2]}.1,section,{title},chapters/{stem}.ipynb,what is new`, or a row of "
            f"{MAPS[0]} for each item of a source"
        )


def missing_exercises(stem):
    """Yield what the check module of a chapter, its notebooks and its cases do not agree about."""
    module = module_of(stem)
    try:
        registry = import_module("companion.exercises.registry")
        import_module("companion.exercises")
    except Exception as error:  # whatever a half-written module raises at import
        yield f"companion.exercises cannot be imported: {type(error).__name__}: {error}"
        return
    lead_of = import_module("companion.exercises.guide").lead_of
    own = [item for item in registry.EXERCISES.values() if item.chapter == stem]
    if not own:
        yield (
            f"companion/exercises/checks/{module}.py registers no exercise: "
            f'@exercise("{int(stem[:2])}E1", "a title", answer="what is expected")'
        )
    for item in own:
        if lead_of(item.id) is None:
            yield (
                f"{GUIDE}: a row `{stem},{item.id},cell-that-asks,topic,concept,{stem}#cell-that-explains,`"
            )
    if not (ROOT / "tests/unit/exercises" / f"{module}.py").exists():
        return
    try:
        cases = import_module(f"tests.unit.exercises.{module}").CASES
    except Exception as error:
        yield f"tests/unit/exercises/{module}.py: {type(error).__name__}: {error}"
        return
    for item in own:
        if item.id not in cases:
            yield f'tests/unit/exercises/{module}.py: CASES has no "{item.id}"'
    for name in set(cases) - {item.id for item in own}:
        yield f"tests/unit/exercises/{module}.py: {name} is in CASES, but in no check of this chapter"


@pytest.mark.parametrize("stem", stems())
def test_a_chapter_is_complete(stem):
    none_of([*missing_files(stem), *missing_rows(stem), *missing_exercises(stem)])


@each_chapter
def test_a_card_says_what_a_chapter_asks(path):
    none_of(cards.problems(path.stem))


@each_chapter
def test_a_chapter_has_its_parts(path):
    cells = read(path).cells
    first, last = cells[0].source, cells[-1]
    paragraphs = first.split("\n\n")
    shown = [
        cell
        for cell in cells
        if not FOLDED.union(predict_cards.OPENINGS).intersection(tags(cell))
        and "explorable-" not in cell.id
    ]
    wanted = {
        "the first cell begins with a line `# Title`": re.fullmatch(r"# .+", paragraphs[0]),
        "the second paragraph is the promise: You will ...": first.partition("\n\n")[2].startswith(
            "You will"
        ),
        "the first cell lists what the reader can do: After this chapter you can ...": (
            "After this chapter you can" in first
        ),
        "the second cell has the imports, and the id setup": len(cells) > 1
        and cells[1].id == SETUP,
        "the last cell has the id summary": last.id == "summary",
        f"the summary leads to ../exercises/{path.name}": f"../exercises/{path.name}"
        in last.source,
        "the summary ends with **Further reading.**": "Further reading" in last.source,
        f"18 to 45 cells, without folded ones, cards and explorables; there are {len(shown)}": 18
        <= len(shown)
        <= 45,
    }
    none_of(what for what, is_there in wanted.items() if not is_there)


@whole_course
def test_every_notebook_is_in_the_table_of_contents():
    listed = pages()
    none_of(
        f"_toc.yml has no `- file: {path.parent.name}/{path.stem}`"
        for path in NOTEBOOKS
        if f"{path.parent.name}/{path.stem}" not in listed
    )
