"""A copy of the project, in which a how-to page is followed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.architecture.test_how_to import ROOT, edits_of


def copy_project(target: Path) -> None:
    """Copy the files that git does not ignore; link the browser packages."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, encoding="utf-8",
    ).stdout  # fmt: skip
    for name in filter(None, names.split("\0")):
        source, copy = ROOT / name, target / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    (target / "node_modules").symlink_to(ROOT / "node_modules")


def run(project: Path, *arguments: str) -> None:
    """Run a Python module in the copy with databases of its own; fail with its output."""
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("PYTEST")},
        # Two workers may follow two pages at the same time.
        "TEST_DATABASE_PREFIX": f"howto_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}",
        "PYTHONPATH": str(project),
    }
    process = subprocess.run(
        [sys.executable, *arguments], cwd=project, check=False, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    )  # fmt: skip
    assert process.returncode == 0, process.stdout


def apply_edits(project: Path, page: str) -> None:
    """Apply the edits of a how-to page to the copy."""
    for edit in edits_of(page):
        path = project / edit.path
        path.write_text(edit.applied_to("" if edit.is_new else path.read_text(encoding="utf-8")))
