"""Streaming parsers for the XML parts of an XLSX workbook (ECMA-376 part 1, §18), for ``xlsx.py``.

Each class reads one part, which it gets in blocks through ``feed``. Cells are returned as text:
dates as 1997-01-31, numbers with the fifteen digits that a spreadsheet shows. A spreadsheet stores
a date as a number of days (its *serial*) with a style that shows it as a date.
"""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from xml.parsers import expat

from django.utils.translation import gettext as _

from common.files.csv_rows import MAX_COLUMNS
from common.files.rows import FileRefusedError

# The ids of the built-in date and time formats, with those of the East Asian editions (§18.8.30).
BUILT_IN_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
# Parts of a format code whose letters do not stand for a date: quoted and escaped text, colours
# and conditions in square brackets, and the characters after _ (space of that width) and * (fill).
_LITERAL_IN_FORMAT = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_CELL_REFERENCE = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")  # for example B7
_DATE_OF_SERIAL_0 = date(1899, 12, 30)  # right for serials from 61; see ``_format_date``
_SERIAL_OF_1904 = 1462  # of 1904-01-01, which old workbooks from Macs count as day 0
_MAX_SERIAL = 2958465  # of 9999-12-31


class SheetRow(NamedTuple):
    """A row of the sheet.

    ``line`` is the number of the row, counted from 1. ``cells`` ends with the last stored cell, so
    it can be shorter than the header. ``has_too_many`` says that it had more cells than the header;
    the rest was dropped.
    """

    line: int
    cells: list[str]
    has_too_many: bool


class XmlPart:
    """The base of the parsers. A subclass overrides ``start_element`` and ``end_element``."""

    def __init__(self) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._handle_start
        parser.EndElementHandler = self._handle_end
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser = parser

    def feed(self, block: bytes) -> None:
        """Parse the next block; raise ExpatError when it is not well-formed."""
        self._parser.Parse(block)

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        """Handle the start of an element; ``name`` is without namespace."""

    def end_element(self, name: str) -> None:
        """Handle the end of an element."""

    def _handle_start(self, name: str, attributes: dict[str, str]) -> None:
        self.start_element(name.rpartition(":")[2], attributes)

    def _handle_end(self, name: str) -> None:
        self.end_element(name.rpartition(":")[2])

    def _refuse_doctype(self, *_declaration: object) -> None:
        """Raise ValueError: entities of a document type can expand to gigabytes of text."""
        raise ValueError("a workbook must not declare a document type")


class Workbook(XmlPart):
    """The part ``xl/workbook.xml``.

    ``first_sheet_id`` is the id of the relation that leads to the first sheet, for example
    ``rId1``. ``since_1904`` says that dates are counted from 1904 and not from 1900.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first_sheet_id = ""
        self.since_1904 = False

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        """Read the first sheet's relation id and the date system."""
        if name == "sheet" and not self.first_sheet_id:
            # The attribute is usually ``r:id``, but a file may choose another prefix than ``r``.
            self.first_sheet_id = next(
                value for key, value in attributes.items() if key.endswith(":id")
            )
        elif name == "workbookPr":
            self.since_1904 = attributes.get("date1904") in {"1", "true"}


class _RelationsPart(XmlPart):
    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, tuple[str, str]] = {}

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            kind = attributes["Type"].rpartition("/")[2]  # the type is a URL
            self.targets[attributes["Id"]] = (attributes["Target"], kind)


def read_relations(xml: bytes) -> dict[str, tuple[str, str]]:
    """Return the target and the kind of every relation of the workbook, by relation id.

    For example ``{"rId1": ("worksheets/sheet1.xml", "worksheet")}``.
    """
    part = _RelationsPart()
    part.feed(xml)
    return part.targets


class _StylesPart(XmlPart):
    """The part ``xl/styles.xml``.

    ``custom_formats``: format codes by their id. ``cell_formats``: the format id of each cell
    style, in the order of the styles; a cell refers to its style by index.
    """

    def __init__(self) -> None:
        super().__init__()
        self.custom_formats: dict[str, str] = {}
        self.cell_formats: list[str] = []
        self._in_cell_formats = False

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            self.custom_formats[attributes["numFmtId"]] = attributes["formatCode"]
        elif name == "cellXfs":
            self._in_cell_formats = True
        elif name == "xf" and self._in_cell_formats:
            self.cell_formats.append(attributes.get("numFmtId", "0"))

    def end_element(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cell_formats = False


def read_date_styles(xml: bytes) -> frozenset[int]:
    """Return the indexes of the cell styles that show a date or, if they are built in, a time."""
    styles = _StylesPart()
    styles.feed(xml)

    def is_date_format(format_id: str) -> bool:
        if format_id in styles.custom_formats:
            letters = _LITERAL_IN_FORMAT.sub("", styles.custom_formats[format_id]).lower()
            return "y" in letters or "d" in letters
        return int(format_id) in BUILT_IN_DATE_FORMATS

    return frozenset(
        index for index, format_id in enumerate(styles.cell_formats) if is_date_format(format_id)
    )


class _TextPart(XmlPart):
    """A part with texts, which are collected until ``_pop_text`` returns them.

    The texts are in the elements ``t`` (text) and ``v`` (value). Phonetic runs (``rPh``), which say
    how to pronounce a text, are left out.
    """

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[str] = []
        self._phonetic_depth = 0

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        if name == "rPh":
            self._phonetic_depth += 1
        elif name in {"t", "v"} and not self._phonetic_depth:
            self._parser.CharacterDataHandler = self._pieces.append

    def end_element(self, name: str) -> None:
        if name == "rPh":
            self._phonetic_depth -= 1
        elif name in {"t", "v"}:
            self._parser.CharacterDataHandler = None

    def _pop_text(self) -> str:
        """Return the text collected since the last call."""
        text = "".join(self._pieces)
        self._pieces.clear()
        return text


class SharedTexts(_TextPart):
    """The texts that cells refer to by index, usually in the part ``xl/sharedStrings.xml``.

    An element ``si`` is one text, which can consist of several differently formatted pieces.
    """

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def end_element(self, name: str) -> None:
        """Store a text when its item ends."""
        super().end_element(name)
        if name == "si":
            self.texts.append(self._pop_text())


class Sheet(_TextPart):
    """The rows of a sheet, such as ``<row r="2"><c r="B2" t="s" s="1"><v>0</v></c></row>``.

    This row 2 has one cell (``c``) with position, type, index of its style, and value. The first
    row that is not blank is the header. Of the other rows only as many cells are kept as the header
    has; one with more gets ``has_too_many``. Set ``shared_texts`` and ``date_styles`` before the
    first ``feed``, and call ``pop_rows`` after each.
    """

    def __init__(self, *, since_1904: bool) -> None:
        super().__init__()
        self.shared_texts: list[str] = []
        self.date_styles: frozenset[int] = frozenset()
        self._header_width: int | None = None
        self._serial_offset = _SERIAL_OF_1904 if since_1904 else 0
        self._rows: list[SheetRow] = []
        # The row and the cell being read. Columns count from 0.
        self._line = 0
        self._cells: list[str] = []
        self._column = -1
        self._has_too_many = False
        self._cell_type = ""
        self._cell_style = 0

    def pop_rows(self) -> list[SheetRow]:
        """Return the rows read since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        """Read the position of a row or cell; one without a position follows the previous one."""
        if name == "c":
            reference = _CELL_REFERENCE.fullmatch(attributes.get("r", ""))
            self._column = _column_index(reference[1]) if reference else self._column + 1
            self._cell_type = attributes.get("t", "n")
            self._cell_style = int(attributes.get("s", "0"))
        elif name == "row":
            self._line = int(attributes.get("r", self._line + 1))
            self._cells, self._column, self._has_too_many = [], -1, False
        else:
            super().start_element(name, attributes)

    def end_element(self, name: str) -> None:
        """Store a cell or row when it ends."""
        super().end_element(name)
        if name == "c":
            self._add_cell(self._pop_text())
        elif name == "row":
            self._rows.append(SheetRow(self._line, self._cells, self._has_too_many))
            if self._header_width is None and any(self._cells):
                self._header_width = len(self._cells)

    def _add_cell(self, text: str) -> None:
        """Add a cell to the row, and empty cells for the columns that the sheet skips."""
        if not text:
            return
        max_columns = MAX_COLUMNS if self._header_width is None else self._header_width
        if self._column >= max_columns:
            self._handle_too_many_cells()
            return
        missing = self._column + 1 - len(self._cells)
        self._cells.extend([""] * missing)
        self._cells[self._column] = self._cell_text(text)

    def _handle_too_many_cells(self) -> None:
        """Refuse the file if the header has too many cells; mark any other row."""
        if self._header_width is None:
            message = _("The header has more than %(most)d columns.") % {"most": MAX_COLUMNS}
            raise FileRefusedError("too_many_columns", message)
        self._has_too_many = True

    def _cell_text(self, value: str) -> str:
        """Return the text of a cell from its stored value; see §18.18.11 for the cell types."""
        if self._cell_type == "s":  # the value is an index
            return self.shared_texts[int(value)]
        if self._cell_type == "b":
            return "FALSE" if value == "0" else "TRUE"
        if self._cell_type != "n":  # a text, the text of a formula, an ISO date, or an error
            return value
        if self._cell_style in self.date_styles:
            return _format_date(value, self._serial_offset)
        return value if value.isdigit() else _format_number(value)


def _column_index(letters: str) -> int:
    """Return 0 for A, 25 for Z, 26 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _format_number(number: str) -> str:
    """Return a number with at most fifteen significant digits and without an exponent.

    A spreadsheet may store 0.1 + 0.2 as 0.30000000000000004 and shows 0.3.
    """
    rounded = f"{float(number):.15g}"
    return f"{Decimal(rounded):f}" if "e" in rounded else rounded


def _format_date(number: str, serial_offset: int) -> str:
    """Return a serial as the date that Excel shows, with the time of day if it has one.

    Excel counts a day 60, 1900-02-29, which did not exist, and shows day 0, which a time without a
    date has, as 1900-01-00. Both are returned, so that the import rejects them as it does in CSV. A
    number that is no date is returned unchanged.
    """
    serial = int(float(number)) + serial_offset
    if serial == 0:
        return "1900-01-00"
    if serial == 60:
        return "1900-02-29"
    if not 1 <= serial <= _MAX_SERIAL:
        return number
    days = serial + 1 if serial < 60 else serial  # before the day that did not exist
    seconds = round(float(number) % 1 * 86_400)
    if not 0 < seconds < 86_400:
        return (_DATE_OF_SERIAL_0 + timedelta(days=days)).isoformat()
    midnight = datetime.combine(_DATE_OF_SERIAL_0, time.min)
    return (midnight + timedelta(days=days, seconds=seconds)).isoformat(" ")
