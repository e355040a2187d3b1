"""The files of a chapter, by its number and name: `18-counts` in notebooks, `ch18_counts` in modules."""

from pathlib import Path

from course import ROOT

NOTEBOOK_FOLDERS = ("chapters", "solutions", "exercises")
BELOW_CHAPTER = {
    "exercises": "Exercises",
    "solutions": "Solutions",
}  # in the contents, in this order
MODULE_FOLDERS = ("companion/exercises/checks", "tests/unit/exercises", "reference_posteriors")


def module_of(stem: str) -> str:
    """Return how modules are called that belong to the notebooks `18-counts`: `ch18_counts`."""
    return f"ch{stem.replace('-', '_')}"


def stem_of(path: Path) -> str:
    """Return the chapter that a notebook or a module belongs to: `18-counts`."""
    return path.stem.removeprefix("ch").replace("_", "-") if path.suffix == ".py" else path.stem


def files_of(stem: str) -> list[str]:
    """Return the names of all files that a chapter consists of, but for its reference posteriors."""
    notebooks = [f"{folder}/{stem}.ipynb" for folder in NOTEBOOK_FOLDERS]
    return notebooks + [f"{folder}/{module_of(stem)}.py" for folder in MODULE_FOLDERS]


def stems(root: Path = ROOT, number: int | None = None) -> list[str]:
    """Return the chapters of which there is at least one file, or those of one number, in order."""
    start = "[0-9][0-9]" if number is None else f"{number:02d}"
    found = [
        path for folder in NOTEBOOK_FOLDERS for path in (root / folder).glob(f"{start}-*.ipynb")
    ]
    found += [path for folder in MODULE_FOLDERS for path in (root / folder).glob(f"ch{start}_*.py")]
    return sorted({stem_of(path) for path in found})
