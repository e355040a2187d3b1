"""A small course without results."""

import pytest

from .made import CODE, NAME, OTHER, write


@pytest.fixture
def course(tmp_path):
    (tmp_path / "requirements.txt").write_text("numpy==2\n")
    (tmp_path / "companion").mkdir()
    for name in (NAME, OTHER):
        write(tmp_path / name, CODE)
    return tmp_path
