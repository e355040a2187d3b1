"""The course as an archive, as a forge's button downloads it: without `.git`."""

import os
import shutil
import subprocess
import sys

from course import ROOT


def collected(root):
    """Return the tests of the rules that pytest finds in a copy of the course."""
    command = [
        sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider",
        "--collect-only", "tests/rules/test_rules.py",
    ]  # fmt: skip
    own = os.environ | {"PYTHONPATH": str(root), "GIT_CEILING_DIRECTORIES": str(root.parent)}
    done = subprocess.run(command, cwd=root, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {line for line in done.stdout.splitlines() if "::" in line}


def test_the_rules_hold_without_git_for_the_same_files(tmp_path):
    copy = tmp_path / "course-main"
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    left_out = shutil.ignore_patterns(".git", "runs", *(name.rstrip("/") for name in ignored))
    shutil.copytree(ROOT, copy, ignore=left_out)
    assert collected(copy) == collected(ROOT)
