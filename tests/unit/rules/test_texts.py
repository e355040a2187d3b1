"""Which files the rules of prose are about."""

import pytest

from tests.rules import test_rules


@pytest.mark.parametrize("git", [True, False], ids=["a clone", "an archive"])
def test_texts_are_found_with_git_and_without(tmp_path, monkeypatch, git):
    for name in (
        "README.md", "Makefile", ".ci/run", "chapters/01-a.ipynb", "tools/a.py", "work/01-a.ipynb",
        "_build/html/a.js", "chapters/.ipynb_checkpoints/a.ipynb", "tools/__pycache__/b.py",
        "runs/chapters/01-a.ipynb", ".venv/lib/c.py", "companion.egg-info/a.md", "picture.png",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    if git:
        (tmp_path / ".git").mkdir()
        (tmp_path / ".git/description.md").write_text("")
    ignored = (test_rules.ROOT / ".gitignore").read_text(encoding="utf-8")
    (tmp_path / ".gitignore").write_text(ignored)
    monkeypatch.setattr(test_rules, "ROOT", tmp_path)
    found = {path.relative_to(tmp_path).as_posix() for path in test_rules.texts()}
    assert found == {".ci/run", "Makefile", "README.md", "chapters/01-a.ipynb", "tools/a.py"}
