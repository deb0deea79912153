"""Text in spreadsheets that must not be run as a formula."""

import re

# Spreadsheet programs run a cell that starts with one of these signs as a formula. The full-width
# signs are for Chinese versions of such programs.
_FORMULA_START = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"\s*[+-]?[0-9][0-9.,]*\s*")


def escape_formula(cell: str) -> str:
    """Put an apostrophe before text that a spreadsheet program would run as a formula.

    Numbers, such as -5 or +86, are returned unchanged. An import takes the apostrophe for a part of
    the value, so whoever corrects the file must remove it.
    """
    if _FORMULA_START.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell
