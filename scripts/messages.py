"""The Chinese translation: update, check and compile the message file.

``python -m scripts.messages update [FILE…]``: write the messages of the code into the Chinese PO
file; translations of the given PO files are used for messages that have none yet.
``python -m scripts.messages check``: print what is missing or wrong in the Chinese PO file.
``python -m scripts.messages compile``: write the MO files that Django reads.

A message is a text of the interface; its English text in the code is its id. Babel extracts and
compiles, so the machine needs no gettext programs.
"""

import os
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
CHINESE = LOCALE / "zh_Hans" / "LC_MESSAGES" / "django.po"
SOURCE_FOLDERS = (
    "accounts", "common", "config", "core", "crm", "demo", "satisfaction", "segmentation", "staff",
    "templates",
)  # fmt: skip
# The functions that mark messages, and which of their arguments are what, in Babel's notation:
# (1, 2) are singular and plural, "c" marks the context, None means the first argument.
KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "_": None,
}
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|%[sd]|\{[a-z_]*\}")  # %(name)s, %s or {name}


def _sources() -> Iterator[tuple[Path, bytes]]:
    """Yield the path and the Python source of each file that can contain messages.

    A template is converted to Python source with the same messages.
    """
    for folder in SOURCE_FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix == ".py":
                yield path, path.read_bytes()
            elif path.suffix in {".html", ".txt"}:
                text = path.read_text(encoding="utf-8")
                # templatize returns calls of gettext among filler letters, with an indentation that
                # Python does not accept.
                lines = templatize(text, origin=str(path)).splitlines()
                yield path, "\n".join(line.lstrip() for line in lines).encode()


def collect_messages() -> Catalog:
    """Return every message of the code and the templates, with the files that contain it."""
    catalog = Catalog(project="group-crm", charset="utf-8")
    for path, source in _sources():
        location = path.relative_to(ROOT).as_posix()
        messages = extract(
            "python", BytesIO(source), keywords=KEYWORDS, options={"encoding": "utf-8"}
        )
        for _line, message, _comments, context in messages:
            catalog.add(message, locations=[(location, 0)], context=context)  # 0: no line number
    return catalog


def _read(path: Path) -> Catalog:
    """Return the messages of a PO file."""
    with path.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def update(extra: list[Path]) -> None:
    """Rewrite the Chinese PO file with the messages of the code.

    Existing translations are kept; messages that the code does not use are dropped. The
    translations of ``extra`` PO files are used for messages without a translation.
    """
    current = _read(CHINESE) if CHINESE.is_file() else Catalog(locale="zh_Hans")
    translations = {_key(m): m.string for path in extra for m in _read(path) if _is_translated(m)}
    translations |= {_key(m): m.string for m in current if _is_translated(m)}
    updated = Catalog(
        locale="zh_Hans",
        project="group-crm",
        version="1",
        charset="utf-8",
        fuzzy=False,
        header_comment="# Simplified Chinese. Kept complete by: make messages",
        last_translator="",
        language_team="",
        msgid_bugs_address="",
    )
    for message in collect_messages():
        if message.id:
            string = translations.get(_key(message), "")
            # A message may have become plural, or have ceased to be.
            if message.pluralizable and isinstance(string, str):
                string = (string,)
            elif string and not message.pluralizable and not isinstance(string, str):
                string = string[0]
            updated.add(message.id, string, locations=message.locations, context=message.context)
    CHINESE.parent.mkdir(parents=True, exist_ok=True)
    with CHINESE.open("wb") as file:
        write_po(
            file, updated, width=100, sort_output=True, omit_header=False, include_lineno=False
        )


def _key(message: Message) -> tuple[str, str]:
    """Return context and id, which identify a message. The id of a plural is its singular."""
    first = message.id[0] if isinstance(message.id, tuple | list) else message.id
    return message.context or "", first


def _strings(message: Message) -> list[str]:
    """Return the translations: one, or one for each plural form, of which Chinese has one."""
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def _is_translated(message: Message) -> bool:
    """Return whether all translations are given and none is marked as uncertain ("fuzzy")."""
    return bool(message.id) and not message.fuzzy and all(_strings(message))


def find_problems() -> list[str]:
    """Return one line for every message that is missing, unused, untranslated or wrong."""
    # The message with an empty id is the header of the file.
    chinese = {_key(message): message for message in _read(CHINESE) if message.id}
    expected = {_key(message): message for message in collect_messages() if message.id}
    lines = [f"not in the Chinese file: {key[1]!r}" for key in expected.keys() - chinese.keys()]
    lines += [f"no longer used: {key[1]!r}" for key in chinese.keys() - expected.keys()]
    for key in expected.keys() & chinese.keys():
        if not _is_translated(chinese[key]):
            lines.append(f"not translated: {key[1]!r}")
        elif not _has_same_placeholders(chinese[key]):
            lines.append(f"placeholders differ: {key[1]!r}")
    return sorted(lines)


def _has_same_placeholders(message: Message) -> bool:
    """Return whether each translation has the placeholders of the English text, in any order.

    A plural is compared with the English plural, because a singular may leave out the number.
    """
    ids = [message.id] if isinstance(message.id, str) else list(message.id or ())
    placeholders = set(PLACEHOLDER.findall(ids[-1]))
    return all(set(PLACEHOLDER.findall(string)) == placeholders for string in _strings(message))


def compile_all() -> None:
    """Compile each PO file whose MO file is missing or older, and replace that in one step."""
    for source in LOCALE.glob("*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if target.is_file() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        temporary = target.with_suffix(f".{os.getpid()}")
        with temporary.open("wb") as file:
            write_mo(file, _read(source))
        temporary.replace(target)


def main(arguments: list[str]) -> int:
    """Run one of the three commands and return its exit code: 1 if the check finds a problem."""
    match arguments:
        case ["update", *extra]:
            update([Path(name) for name in extra])
        case ["check"]:
            problems = find_problems()
            print("\n".join(problems) or "Chinese: complete")
            return 1 if problems else 0
        case ["compile"]:
            compile_all()
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
