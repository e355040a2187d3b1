"""Installed from a wheel somewhere else, the companion has all that it reads."""

import os
from pathlib import Path
import shutil
import subprocess
import sys
from zipfile import ZipFile

from course import ROOT
import pytest

# What a learner does who has the package and not the course. It runs in a folder of its own.
ELSEWHERE = """
from inspect import signature
from pathlib import Path
import sys

import companion
from companion import datasets
from companion.exercises import check
from companion.posteriors import FOLDER, compare_posteriors, reference
import arviz as az
import numpy as np

installed = Path(sys.argv[1])
assert Path(companion.__file__).is_relative_to(installed), companion.__file__
assert FOLDER.is_relative_to(installed)

names = [path.stem for path in FOLDER.glob("*.csv")]
assert "eight_schools" in names
for name in names:
    assert len(reference(name)) > 0, name

for name in datasets.__all__:
    make = getattr(datasets, name)
    needed = [p for p in signature(make).parameters.values() if p.default is p.empty]
    assert needed or len(make()) > 0, name

exact = reference("climate_memory")
rng = np.random.default_rng(7501)
draws = {name: rng.normal(exact.loc[name, "mean"], exact.loc[name, "sd"], (4, 1000)) for name in exact.index}
fit = az.from_dict({"posterior": {name: draws[name] for name in ("mu", "tau", "phi")}})
compare_posteriors(fit, reference="climate_memory")

outcome = check("13H1", idata=fit, naive_spread=float(exact.loc["tau", "mean"]))
assert outcome.misconception == "joint-for-naive", outcome
assert check("3E1", mcse=0.02, draws=16_000, observations=200).passed
print("all is there")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Build a wheel from a copy of the package, without the network, and unpack it."""
    source, target = (tmp_path_factory.mktemp(name) for name in ("source", "installed"))
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(
        ROOT / "companion", source / "companion", ignore=shutil.ignore_patterns("__pycache__", ".*")
    )
    build = "from setuptools import build_meta; build_meta.build_wheel('.')"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    (wheel,) = source.glob("*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(target)
    return source / "companion", target


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_every_file_of_the_package_travels(installed):
    source, target = installed
    assert files_in(target / "companion") == files_in(source)


def test_data_references_and_exercises_work_elsewhere(installed, tmp_path):
    _, target = installed
    environment = os.environ | {"PYTHONPATH": str(target), "COMPANION_PROGRESS": "off"}
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(target)],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "all is there\n"
