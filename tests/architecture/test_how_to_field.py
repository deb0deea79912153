"""The how-to page for a field, followed in a copy of the project: edits, commands, tests."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.test_how_to import FOLDER, ROOT, edits_of

PAGE = (FOLDER / "add-a-field-to-the-customer.md").read_text(encoding="utf-8")
SHELL_BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
TRANSLATION = re.compile(r"\(`(\w+)`: (\S+)\)")
CATALOGUE = Path("locale", "zh_Hans", "LC_MESSAGES", "django.po")
MAX_EDITED_FILES = 5


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
        "TEST_DATABASE_PREFIX": "howto",
        "PYTHONPATH": str(project),
    }
    process = subprocess.run(
        [sys.executable, *arguments], cwd=project, check=False, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
    )  # fmt: skip
    assert process.returncode == 0, process.stdout


def fill_translations(project: Path) -> None:
    """Fill in the Chinese translations that the page gives."""
    path = project / CATALOGUE
    text = path.read_text(encoding="utf-8")
    for english, chinese in TRANSLATION.findall(PAGE):
        empty = f'msgid "{english}"\nmsgstr ""\n'
        assert empty in text, english
        text = text.replace(empty, f'msgid "{english}"\nmsgstr "{chinese}"\n')
    path.write_text(text, encoding="utf-8")


def test_page_asks_for_at_most_five_edits() -> None:
    edited_files = {edit.path for edit in edits_of(PAGE)}
    assert len(edited_files | {"the migration", "the translation"}) <= MAX_EDITED_FILES


@pytest.mark.slow
def test_field_of_the_page_is_at_every_entry_point(tmp_path: Path) -> None:
    copy_project(tmp_path)
    for edit in edits_of(PAGE):
        path = tmp_path / edit.path
        path.write_text(edit.applied_to("" if edit.is_new else path.read_text(encoding="utf-8")))
    blocks = [block.splitlines() for block in SHELL_BLOCK.findall(PAGE)]
    make_migration, format_migration, test = (line.split() for block in blocks for line in block)
    run(tmp_path, *make_migration[1:])
    run(tmp_path, "-m", "ruff", *format_migration[1:])
    run(tmp_path, "-m", "scripts.messages", "update")
    fill_translations(tmp_path)
    run(tmp_path, "-m", "scripts.messages", "check")
    run(tmp_path, "-m", "scripts.messages", "compile")
    run(tmp_path, "-m", "ruff", "check", "crm", "tests/crm")
    run(tmp_path, "manage.py", "makemigrations", "--check", "--dry-run")
    run(tmp_path, *test[1:])
