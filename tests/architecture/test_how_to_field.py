"""The how-to page for a field, followed in a copy of the project: edits, commands, tests."""

import re
from pathlib import Path

import pytest

from tests.architecture.project_copy import apply_edits, copy_project, run
from tests.architecture.test_how_to import FOLDER, edits_of

PAGE = (FOLDER / "add-a-field-to-the-customer.md").read_text(encoding="utf-8")
SHELL_BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
TRANSLATION = re.compile(r"\(`(\w+)`: (\S+)\)")
CATALOGUE = Path("locale", "zh_Hans", "LC_MESSAGES", "django.po")
MAX_EDITED_FILES = 5


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
    apply_edits(tmp_path, PAGE)
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
