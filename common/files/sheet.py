"""The parts of an XLSX workbook, as streaming parsers (ECMA-376 part 1, §18).

Cells come out as the text one would have typed: dates as 1997-01-31, numbers with the fifteen
digits a spreadsheet keeps.
"""

import re
from datetime import date, timedelta
from decimal import Decimal
from xml.parsers import expat

from django.utils.translation import gettext as _

from common.files.csv_rows import MAX_COLUMNS
from common.files.rows import FileRefusedError

# Numbers of the built-in date formats, those of the East Asian editions included (§18.8.30).
BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_NO_DATE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_CELL = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_FIRST_SERIAL = date(1899, 12, 30)
_DAYS_TO_1904 = 1462
_LAST_SERIAL = 2958465


class Part:
    """A part of the workbook being parsed; derived classes say what elements mean to them."""

    def __init__(self) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._started
        parser.EndElementHandler = self._ended
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser = parser

    def feed(self, block: bytes) -> None:
        """Parse the next block; raise ExpatError when it is not well-formed."""
        self._parser.Parse(block)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        self.start(name.rpartition(":")[2], attributes)

    def _ended(self, name: str) -> None:
        self.end(name.rpartition(":")[2])

    def _refuse_doctype(self, *_declaration: object) -> None:
        raise ValueError("a workbook declares no document type")


class Workbook(Part):
    """Which sheet is the first, and from which year days are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.first_sheet = ""
        self.since_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Keep the first sheet's relation and the date system."""
        if name == "sheet" and not self.first_sheet:
            self.first_sheet = next(
                value for key, value in attributes.items() if key.endswith(":id")
            )
        elif name == "workbookPr":
            self.since_1904 = attributes.get("date1904") in {"1", "true"}


class _Relations(Part):
    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, tuple[str, str]] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            kind = attributes["Type"].rpartition("/")[2]
            self.targets[attributes["Id"]] = (attributes["Target"], kind)


def relations(xml: bytes) -> dict[str, tuple[str, str]]:
    """Return the target and kind of every relation of the workbook, by its id."""
    part = _Relations()
    part.feed(xml)
    return part.targets


class _Styles(Part):
    def __init__(self) -> None:
        super().__init__()
        self.custom: dict[str, str] = {}
        self.formats: list[str] = []
        self._in_cells = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            self.custom[attributes["numFmtId"]] = attributes["formatCode"]
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            self.formats.append(attributes.get("numFmtId", "0"))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cells = False


def date_styles(xml: bytes) -> frozenset[int]:
    """Return the numbers of the cell styles that show a date."""
    styles = _Styles()
    styles.feed(xml)

    def shows_date(number: str) -> bool:
        if number in styles.custom:
            letters = _NO_DATE.sub("", styles.custom[number]).lower()
            return "y" in letters or "d" in letters
        return int(number) in BUILT_IN_DATES

    return frozenset(
        position for position, number in enumerate(styles.formats) if shows_date(number)
    )


class _Texts(Part):
    """A part that holds texts; what is said aloud (phonetic runs) is not part of them."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[str] = []
        self._aloud = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "rPh":
            self._aloud += 1
        elif name in {"t", "v"} and not self._aloud:
            self._parser.CharacterDataHandler = self._pieces.append

    def end(self, name: str) -> None:
        if name == "rPh":
            self._aloud -= 1
        elif name in {"t", "v"}:
            self._parser.CharacterDataHandler = None

    def _text(self) -> str:
        text = "".join(self._pieces)
        self._pieces.clear()
        return text


class SharedTexts(_Texts):
    """The table of texts that cells refer to by number."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def end(self, name: str) -> None:
        """Keep a text when its item ends."""
        super().end(name)
        if name == "si":
            self.texts.append(self._text())


class Sheet(_Texts):
    """The rows of a sheet. The first that is not blank bounds how many cells of others are kept."""

    def __init__(self, *, since_1904: bool) -> None:
        super().__init__()
        self.shared: list[str] = []
        self.dates: frozenset[int] = frozenset()
        self._width: int | None = None
        self._days = _DAYS_TO_1904 if since_1904 else 0
        self._rows: list[tuple[int, list[str], bool]] = []
        self._line = 0
        self._cells: list[str] = []
        self._column = -1
        self._overflows = False
        self._type = ""
        self._style = 0

    def take(self) -> list[tuple[int, list[str], bool]]:
        """Return the rows parsed since the last call: line, cells, whether there were too many."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Note where a row or cell stands."""
        if name == "c":
            place = _CELL.fullmatch(attributes.get("r", ""))
            self._column = _column(place[1]) if place else self._column + 1
            self._type = attributes.get("t", "n")
            self._style = int(attributes.get("s", "0"))
        elif name == "row":
            self._line = int(attributes.get("r", self._line + 1))
            self._cells, self._column, self._overflows = [], -1, False
        else:
            super().start(name, attributes)

    def end(self, name: str) -> None:
        """Keep a cell or row when it ends."""
        super().end(name)
        if name == "c":
            self._put(self._text())
        elif name == "row":
            self._rows.append((self._line, self._cells, self._overflows))
            if self._width is None and any(self._cells):
                self._width = len(self._cells)

    def _put(self, text: str) -> None:
        if not text:
            return
        if self._column >= (MAX_COLUMNS if self._width is None else self._width):
            self._overflow()
            return
        missing = self._column + 1 - len(self._cells)
        self._cells.extend([""] * missing)
        self._cells[self._column] = self._shown(text)

    def _overflow(self) -> None:
        if self._width is None:
            message = _("The header has more than %(most)d columns.") % {"most": MAX_COLUMNS}
            raise FileRefusedError("too_many_columns", message)
        self._overflows = True

    def _shown(self, text: str) -> str:
        if self._type == "s":
            return self.shared[int(text)]
        if self._type == "b":
            return "FALSE" if text == "0" else "TRUE"
        if self._type != "n":
            return text
        if self._style in self.dates:
            return _dated(text, self._days)
        return text if text.isdigit() else _tidy(text)


def _column(letters: str) -> int:
    """Return 0 for A, 25 for Z, 26 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _tidy(number: str) -> str:
    """Drop what binary fractions add behind the fifteen digits a spreadsheet shows."""
    short = f"{float(number):.15g}"
    return f"{Decimal(short):f}" if "e" in short else short


def _dated(number: str, days: int) -> str:
    """Return a day count as a date. Day 60 is the 29 February that 1900 did not have."""
    serial = int(float(number)) + days
    if not 1 <= serial <= _LAST_SERIAL:
        return "1900-01-00" if serial == 0 else number
    if serial == 60:
        return "1900-02-29"
    return (_FIRST_SERIAL + timedelta(days=serial + (serial < 60))).isoformat()
