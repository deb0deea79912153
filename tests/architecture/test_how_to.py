"""The edits of the how-to pages can be applied to the code.

An edit is a ``diff`` block. The first file name in the paragraph before it is the edited file. Its
lines begin with a blank (context), a minus (removed) or a plus (added); ``@@`` separates hunks. A
block of another language after a paragraph with "New file" is a new file, which must not exist yet.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "docs" / "how-to"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
CODE_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
FILE_NAME = re.compile(r"`([\w./-]+\.\w+)`")


@dataclass(frozen=True)
class Edit:
    """A change of one file. A hunk is the text before and after; a new file has none before."""

    path: str
    hunks: tuple[tuple[str, str], ...]
    is_new: bool = False

    def applied_to(self, text: str) -> str:
        """Return the changed text; raise ValueError unless each hunk occurs exactly once."""
        for before, after in self.hunks:
            if not self.is_new and text.count(before) != 1:
                raise ValueError(f"{self.path} has {text.count(before)} times:\n{before}")
            text = after if self.is_new else text.replace(before, after)
        return text


def edits_of(page: str) -> Iterator[Edit]:
    """Return the edits of a page in their order."""
    for block in CODE_BLOCK.finditer(page):
        indent, language, body = block.groups()
        paragraph = page[: block.start()].rstrip().rsplit("\n\n", 1)[-1]
        file_name = FILE_NAME.search(paragraph)
        body = body.removeprefix(indent).replace("\n" + indent, "\n")
        if language == "diff":
            if file_name is None:
                raise ValueError(f"no file is named before:\n{body}")
            yield Edit(file_name[1], tuple(_hunk(text) for text in body.split("@@\n")))
        elif file_name is not None and "New file" in paragraph:
            yield Edit(file_name[1], (("", body),), is_new=True)


def _hunk(text: str) -> tuple[str, str]:
    lines = text.splitlines()
    before = [line[1:] for line in lines if not line.startswith("+")]
    after = [line[1:] for line in lines if not line.startswith("-")]
    return "\n".join(before) + "\n", "\n".join(after) + "\n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_edit_of_the_page_can_be_applied(page: Path) -> None:
    texts: dict[str, str] = {}
    for edit in edits_of(page.read_text(encoding="utf-8")):
        path = ROOT / edit.path
        if edit.is_new:
            assert not path.exists(), path
            texts[edit.path] = ""
        elif edit.path not in texts:
            texts[edit.path] = path.read_text(encoding="utf-8")
        texts[edit.path] = edit.applied_to(texts[edit.path])
    assert texts


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_is_in_the_index(page: Path) -> None:
    assert f"]({page.name})" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_edit_that_does_not_fit_is_refused() -> None:
    page = "1. `crm/x.py`: say more.\n\n   ```diff\n    a\n   +b\n   ```\n"
    (edit,) = edits_of(page)
    assert edit.applied_to("a\nc\n") == "a\nb\nc\n"
    for text in ("c\n", "a\na\n"):
        with pytest.raises(ValueError, match=r"crm/x\.py"):
            edit.applied_to(text)
