"""The names of files, as users gave them: cleaned for headers, pages and the disks of readers."""

import unicodedata

MAX_NAME_LENGTH = 150  # characters
MAX_ENDING_LENGTH = 16  # of an ending that stays when a name is cut
DEFAULT_NAME = "file"
FORBIDDEN_CHARACTERS = frozenset('<>:"|?*')  # Windows allows them in no file name
# Control and format characters (a right-to-left mark turns "fdp.exe" into "exe.pdf"), lone
# surrogates, separators of lines and paragraphs.
FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Endings of files that Windows, macOS or a browser would run at a double click.
PROGRAM_ENDINGS = frozenset(
    {
        "apk", "app", "application", "bat", "chm", "cmd", "com", "cpl", "dll", "exe", "gadget",
        "hta", "inf", "jar", "js", "jse", "lnk", "msc", "msi", "msp", "pif", "ps1", "psm1", "reg",
        "scf", "scr", "sh", "url", "vb", "vbe", "vbs", "ws", "wsf", "wsh",
    }
)  # fmt: skip


def clean_file_name(name: str) -> str:
    """Return the name without folders, control characters and outer dots and blanks.

    A name that is too long keeps its ending. A name of which nothing is left becomes DEFAULT_NAME.
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    cleaned = "".join(
        "_" if character in FORBIDDEN_CHARACTERS else character
        for character in name
        if unicodedata.category(character) not in FORBIDDEN_CATEGORIES
    )
    # Windows drops dots and blanks at the end, so that "a.exe." would be a program there.
    cleaned = " ".join(cleaned.split()).strip(". ")
    if len(cleaned) > MAX_NAME_LENGTH:
        cleaned = _cut(cleaned)
    return cleaned or DEFAULT_NAME


def _cut(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > MAX_ENDING_LENGTH:
        return name[:MAX_NAME_LENGTH].rstrip(". ")
    return stem[: MAX_NAME_LENGTH - len(ending) - 1].rstrip(". ") + dot + ending


def is_program_name(name: str) -> bool:
    """Return whether a clean name has the ending of a program or script."""
    _stem, dot, ending = name.rpartition(".")
    return bool(dot) and ending.strip().lower() in PROGRAM_ENDINGS
