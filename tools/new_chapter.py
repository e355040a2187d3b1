"""Make a chapter to start from: small, but complete, so that all rules hold and everything runs.

    python tools/new_chapter.py 18 counts "Counts"             write it
    python tools/new_chapter.py 18 counts "Counts" --remove    take it away again, if nothing was changed

It writes the chapter, its solution and exercise, the check, the check's cases, the reference model and its
tables, and the chapter's lines in `_toc.yml`, `chapters/cards.csv`, `chapters/additions.csv`,
`chapters/calibration.csv` and the guide of the exercises. Then replace what is in it: see CONTRIBUTING.md, "A new chapter".

The text comes from `tools/chapter_template/`, where the chapter has the number 99, the name `the-slug` and
the title "The Title".
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
import re
import subprocess
import sys
import textwrap

from calibration import TABLE as CALIBRATION
from cards import LINE, LINES
from cards import TABLE as CARDS
from chapter_files import BELOW_CHAPTER, files_of, module_of, stems
from course import ROOT, read
from dependencies import GUIDE
from learners_copies import text
import make_exercises

TEMPLATE = Path(__file__).resolve().parent / "chapter_template"
TOC, ADDITIONS = "_toc.yml", "chapters/additions.csv"
NEEDED = ("03", "04")  # the chapters that the template builds on
QUESTION = "How likely is it that the next delivery takes more than 45 minutes?"
TABLES = ("the_slug_all", "the_slug_part")  # what the template's reference model makes


class Refused(ValueError):
    """What was asked for cannot be done; nothing has been written."""


@dataclass(frozen=True)
class Chapter:
    """The number, name and title of a chapter, and where its parts are."""

    number: int
    slug: str
    title: str

    def __post_init__(self) -> None:
        """Say all that is wrong with the arguments at once."""
        problems = []
        if not 1 <= self.number <= 98:
            problems.append(f"the number must be from 1 to 98, but {self.number} was given")
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", self.slug):
            problems.append(
                f"the name must be lower-case words with hyphens, such as 'counts', but {self.slug!r} was given"
            )
        if not self.title.strip() or re.search(r'[|\n\\`$"\[\]]', self.title):
            problems.append(
                "the title must be a line of plain words, without Markdown, quotes or |, "
                f"but {self.title!r} was given"
            )
        if problems:
            raise Refused("; ".join(problems))

    @property
    def stem(self) -> str:
        """Return the name of its notebooks: `18-counts`."""
        return f"{self.number:02d}-{self.slug}"

    @property
    def module(self) -> str:
        """Return the name of its modules: `ch18_counts`."""
        return module_of(self.stem)

    def named(self, template: str) -> str:
        """Return a text of the template with this chapter's number, name and title."""
        for old, new in {
            "99-the-slug": self.stem,
            "ch99_the_slug": self.module,
            "the-slug": self.slug,
            "the_slug": self.slug.replace("-", "_"),
            "The Title": self.title,
            "hapter 99": f"hapter {self.number:02d}",
        }.items():
            template = template.replace(old, new)
        # 99E1, 99e1 and the seeds 9901, 9902, ...
        return re.sub(r"(?<!\d)99(?=[Ee]1\b|\d\d\b)", str(self.number), template)


def texts(chapter: Chapter) -> dict[str, str]:
    """Return the files of a new chapter that are written from the template."""
    places = {
        f"chapters/{chapter.stem}.ipynb": "chapter.ipynb",
        f"solutions/{chapter.stem}.ipynb": "solution.ipynb",
        f"companion/exercises/checks/{chapter.module}.py": "check.py",
        f"tests/unit/exercises/{chapter.module}.py": "cases.py",
        f"reference_posteriors/{chapter.module}.py": "reference.py",
    }
    return {
        place: formatted(place, chapter.named((TEMPLATE / name).read_text(encoding="utf-8")))
        for place, name in places.items()
    }


def formatted(name: str, source: str) -> str:
    """Return a module with its lines broken anew, for names are not all as long as the template's."""
    if not name.endswith(".py"):
        return source
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", name, "-"]
    return subprocess.run(
        command, cwd=ROOT, input=source, capture_output=True, check=True, encoding="utf-8"
    ).stdout


def tables(chapter: Chapter) -> list[str]:
    """Return the names of its reference posteriors."""
    return [chapter.named(name) for name in TABLES]


def made(chapter: Chapter) -> list[str]:
    """Return the files of a new chapter that tools make from the others."""
    posteriors = (f"companion/data/posteriors/{name}.csv" for name in tables(chapter))
    return [f"exercises/{chapter.stem}.ipynb", *posteriors]


def rows(chapter: Chapter) -> dict[str, list[tuple[str, str]]]:
    """Return the lines of a new chapter in the course's lists, each with the pattern of its neighbors."""
    number, stem, title = f"{chapter.number:02d}", chapter.stem, chapter.title
    quoted = f'"{title}"' if "," in title else title
    named = f"{number} · {title}"
    short = " ".join(textwrap.wrap(chapter.slug.replace("-", " "), LINE)[:LINES]).capitalize()
    needs = " ".join(need for need in NEEDED if int(need) < chapter.number)
    in_toc = "'" + named.replace("'", "''") + "'" if re.search(r"[:#']", named) else named
    below = "".join(
        f"          - file: {folder}/{stem}\n            title: {name}\n"
        for folder, name in BELOW_CHAPTER.items()
    )
    return {
        TOC: [
            (
                f"      - file: chapters/{stem}\n        title: {in_toc}\n        sections:\n{below}",
                r"      - file: chapters/(\d\d)-.*\n(?:        .*\n)*",
            )
        ],
        CARDS: [(f"{stem},{short},{QUESTION},fig-{chapter.slug}-data,{needs}\n", r"(\d\d)-.*\n")],
        ADDITIONS: [
            (
                f"C-{number}.1,section,{quoted},chapters/{stem}.ipynb,In neither source\n",
                r"C-(\d\d)\.\d+,.*\n",
            )
        ],
        CALIBRATION.as_posix(): [
            (f"{stem},delivery,,,,,,,It is new: nobody has calibrated it yet.\n", r"(\d\d)-.*\n")
        ],
        GUIDE: [
            (
                f"{stem},{chapter.number}E1,five-question,prediction,a posterior from fewer data,{stem}#model,\n",
                r"(\d\d)-[^,]*,.*\n",
            )
        ],
    }


def with_line(content: str, line: str, pattern: str, number: int) -> str:
    """Return a list with a new line, after the last one of a smaller number."""
    neighbors = list(re.finditer(f"^{pattern}", content, re.MULTILINE))
    if not neighbors:
        raise Refused(f"no line like {pattern!r} was found to put {line.strip()!r} below")
    before = [found for found in neighbors if int(found[1]) < number]
    place = before[-1].end() if before else neighbors[0].start()
    return content[:place] + line + content[place:]


def write(root: Path, chapter: Chapter) -> list[str]:
    """Write a new chapter; return the names of the files that were written or changed.

    Raises
    ------
    Refused
        If there is a chapter of this number, or a file of this name, already.
    """
    names = [name for stem in stems(root, chapter.number) for name in files_of(stem)]
    if there := sorted(name for name in {*names, *made(chapter)} if (root / name).exists()):
        raise Refused(f"nothing is overwritten, and there is already {', '.join(there)}")
    files = texts(chapter)
    for name, lines in rows(chapter).items():
        files[name] = (root / name).read_text(encoding="utf-8")
        for line, pattern in lines:
            files[name] = with_line(files[name], line, pattern, chapter.number)
    for name, content in files.items():
        (root / name).write_text(content, encoding="utf-8", newline="\n")
    exercise = root / f"exercises/{chapter.stem}.ipynb"
    exercise.write_text(exercise_of(root, chapter), encoding="utf-8", newline="\n")
    command = [sys.executable, "-m", "reference_posteriors.make", *tables(chapter)]
    subprocess.run(command, cwd=root, check=True)
    return [*files, *made(chapter)]


def exercise_of(root: Path, chapter: Chapter) -> str:
    """Return the exercise that follows from the solution."""
    solution = read(root / f"solutions/{chapter.stem}.ipynb")
    return text(make_exercises.make_exercise(solution))


def remove(root: Path, chapter: Chapter) -> list[str]:
    """Take away a chapter of which nothing was changed; return the files that were deleted or changed.

    Raises
    ------
    Refused
        If a file is not there or not as it was made; it names them.
    """
    expected = texts(chapter)
    wrong = [name for name in made(chapter) if not (root / name).exists()]
    wrong += [
        name
        for name, content in expected.items()
        if not (root / name).exists() or (root / name).read_text(encoding="utf-8") != content
    ]
    if not wrong:
        exercise = root / f"exercises/{chapter.stem}.ipynb"
        wrong += (
            [exercise.name]
            if exercise.read_text(encoding="utf-8") != exercise_of(root, chapter)
            else []
        )
    lists = {}
    for name, lines in rows(chapter).items():
        lists[name] = (root / name).read_text(encoding="utf-8")
        for line, _ in lines:
            if lists[name].count(line) != 1:
                wrong.append(f"{name} ({line.strip()!r})")
            lists[name] = lists[name].replace(line, "")
    if wrong:
        raise Refused(
            f"nothing is removed, because these are not as they were made: {', '.join(wrong)}"
        )
    for name in [*expected, *made(chapter)]:
        (root / name).unlink()
    for name, content in lists.items():
        (root / name).write_text(content, encoding="utf-8", newline="\n")
    return [*expected, *made(chapter), *lists]


def main(arguments: list[str] | None = None) -> int:
    """Write or remove a chapter; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("number", type=int, help="such as 18")
    parser.add_argument("name", help="lower-case words with hyphens, for file names: counts")
    parser.add_argument("title", help='in quotes: "Counts"')
    parser.add_argument(
        "--remove", action="store_true", help="take it away, if nothing was changed"
    )
    options = parser.parse_args(arguments)
    try:
        chapter = Chapter(options.number, options.name, options.title)
        done = (remove if options.remove else write)(ROOT, chapter)
    except Refused as reason:
        print(f"{reason}.", file=sys.stderr)
        return 1
    for name in done:
        print(name)
    if not options.remove:
        print(
            f"\nNow put your own content into chapters/{chapter.stem}.ipynb, solutions/{chapter.stem}.ipynb and "
            f"companion/exercises/checks/{chapter.module}.py, then:\n"
            f"    python -m reference_posteriors.make {' '.join(tables(chapter))}\n"
            "    python tools/make_exercises.py\n"
            f"    python tools/run_tests.py --chapter {chapter.number}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
