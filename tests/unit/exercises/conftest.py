"""Keep the progress of the tests away from the learner's."""

from companion.exercises import engine, progress_file
import pytest


@pytest.fixture(autouse=True)
def progress_path(tmp_path, monkeypatch):
    """Keep the progress of the tests away from the learner's."""
    path = tmp_path / "progress.json"
    monkeypatch.setenv("COMPANION_PROGRESS", str(path))
    monkeypatch.setattr(engine, "_SESSION", {})
    monkeypatch.setattr(progress_file, "_MEMORY", {})
    return path
