"""CSV, read row by row: separated by comma, semicolon or tab, quoted as spreadsheets quote."""

import csv
from collections.abc import Iterator
from itertools import chain

from django.utils.translation import gettext as _

from common.files.rows import FileRefusedError, Meter, Readable, Row, RowFault, empty_file
from common.files.text import lines

SEPARATORS = ",;\t"
MAX_COLUMNS = 200


class CsvSource:
    """A CSV stream; ``stream`` is read once, in order. ``encoding`` overrides what is detected.

    Making one reads the header; that and iterating raise FileRefusedError.
    """

    def __init__(
        self, stream: Readable, *, name: str, size: int | None = None, encoding: str = ""
    ) -> None:
        self.name = name
        self.size = size
        self._meter = Meter(stream)
        text = lines(self._meter.blocks(), encoding)
        self._skipped, first = _first_line(text)
        self._reader = csv.reader(
            chain([first], text), delimiter=_separator(first), strict=True, skipinitialspace=True
        )
        self.header = _header(self._read())

    @property
    def bytes_read(self) -> int:
        """How far the stream has been read."""
        return self._meter.bytes_read

    @property
    def sha256(self) -> str:
        """Fingerprint of the bytes read so far."""
        return self._meter.sha256

    def __iter__(self) -> Iterator[Row]:
        """Yield every row that is not blank, with the line it starts at."""
        width = len(self.header)
        while True:
            line = self._skipped + self._reader.line_num + 1
            cells = self._read()
            if cells is None:
                return
            if any(cells):
                yield _row(line, cells, width)

    def _read(self) -> list[str] | None:
        line = self._skipped + self._reader.line_num + 1
        try:
            return next(self._reader, None)
        except csv.Error as error:
            message = _(
                "Line %(line)d: a quotation mark is opened and not closed where the cell ends."
            )
            raise FileRefusedError("open_quote", message % {"line": line}) from error


def _row(line: int, cells: list[str], width: int) -> Row:
    if len(cells) > width and not any(cells[width:]):
        cells = cells[:width]
    if len(cells) == width:
        fault = None
    else:
        fault = RowFault.TOO_FEW if len(cells) < width else RowFault.TOO_MANY
    if any("\0" in cell for cell in cells):
        fault = RowFault.BAD_CHARACTER
    return Row(line, cells, fault)


def _first_line(text: Iterator[str]) -> tuple[int, str]:
    """Skip blank lines; return how many there were, and the header's first line."""
    for skipped, line in enumerate(text):
        if line.strip("\ufeff \t\r\n"):
            return skipped, line.lstrip("\ufeff")
    raise empty_file()


def _separator(line: str) -> str:
    """The separator that stands most often outside quotation marks in the header."""
    bare = "".join(line.split('"')[::2])
    return max(SEPARATORS, key=bare.count)


def _header(cells: list[str] | None) -> list[str]:
    header = [cell.strip() for cell in cells or []]
    while header and not header[-1]:
        header.pop()
    if any("\0" in cell for cell in header):
        raise FileRefusedError("not_text", _("The header holds characters that are not text."))
    if len(header) > MAX_COLUMNS:
        message = _("The header has %(count)d columns; at most %(most)d are read.")
        raise FileRefusedError(
            "too_many_columns", message % {"count": len(header), "most": MAX_COLUMNS}
        )
    return header
