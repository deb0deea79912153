"""The how-to page for a job, followed in a copy of the project: edits, checks, tests."""

import re
from pathlib import Path

import pytest

from tests.architecture.project_copy import apply_edits, copy_project, run
from tests.architecture.test_how_to import FOLDER

PAGE = (FOLDER / "add-a-job.md").read_text(encoding="utf-8")
TEST_COMMAND = re.compile(r"`\.venv/bin/python (-m pytest [^`]*)`")


@pytest.mark.slow
def test_job_of_the_page_works(tmp_path: Path) -> None:
    copy_project(tmp_path)
    apply_edits(tmp_path, PAGE)
    (command,) = TEST_COMMAND.findall(PAGE)
    run(tmp_path, *command.split())
    run(tmp_path, "-m", "ruff", "check", "satisfaction", "tests/satisfaction")
    run(tmp_path, "-m", "ruff", "format", "--check", "satisfaction", "tests/satisfaction")
