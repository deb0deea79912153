"""Reading CSV row by row: separated by comma, semicolon or tab, quoted with double quotes.

The first line that is not blank is the header, which also decides the separator. Broken quotation
makes the rest of the file unreadable, so it refuses the whole file; other faults refuse one row.
"""

import csv
from collections.abc import Iterator
from itertools import chain

from django.utils.translation import gettext as _

from common.files.rows import (
    ByteStream,
    FileRefusedError,
    MeteredReader,
    Row,
    RowFault,
    empty_file_error,
)
from common.files.text import decode_lines

SEPARATORS = ",;\t"
MAX_COLUMNS = 200


class CsvSource:
    """A CSV stream, which is read once, in order.

    ``name`` names the file in the record of the import. ``size`` is the number of bytes, if it is
    known, for reporting progress. ``encoding`` is one of ``text.ENCODINGS``; if it is empty, the
    encoding is detected. The constructor reads the header. The constructor and iteration raise
    FileRefusedError.
    """

    def __init__(
        self, stream: ByteStream, *, name: str, size: int | None = None, encoding: str = ""
    ) -> None:
        self.name = name
        self.size = size
        self._stream = MeteredReader(stream)
        lines = decode_lines(self._stream.blocks(), encoding)
        self._blank_lines, first_line = _skip_blank_lines(lines)
        self._csv_reader = csv.reader(
            chain([first_line], lines),
            delimiter=_detect_separator(first_line),
            strict=True,
            skipinitialspace=True,
        )
        try:
            self.header = _clean_header(next(self._csv_reader, None))
        except csv.Error as error:
            raise _open_quote_error(self._blank_lines + 1) from error

    @property
    def bytes_read(self) -> int:
        """The number of bytes read so far."""
        return self._stream.bytes_read

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes read so far."""
        return self._stream.sha256

    def __iter__(self) -> Iterator[Row]:
        """Yield every row that is not blank, with its fault if it has one."""
        width = len(self.header)
        reader = self._csv_reader
        while True:
            # ``line_num`` does not count the blank lines before the header.
            line = self._blank_lines + reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise _open_quote_error(line) from error
            if cells is None:
                return
            if any(cells):
                yield _make_row(line, cells, width)


def _open_quote_error(line: int) -> FileRefusedError:
    """Return the refusal of a file whose row at ``line`` breaks the rules of quotation.

    A cell of more than 131,072 characters breaks them too: an unclosed quote usually causes it.
    """
    message = _("Line %(line)d: a quotation mark is opened and not closed where the cell ends.")
    return FileRefusedError("open_quote", message % {"line": line})


def _make_row(line: int, cells: list[str], width: int) -> Row:
    """Return the row with its fault. ``width`` is the number of columns of the header.

    Empty cells behind the last column are dropped, because spreadsheets write them.
    """
    if len(cells) > width and not any(cells[width:]):
        cells = cells[:width]
    if len(cells) == width:
        fault = None
    else:
        fault = RowFault.TOO_FEW if len(cells) < width else RowFault.TOO_MANY
    if "\0" in "".join(cells):
        fault = RowFault.BAD_CHARACTER
    return Row(line, cells, fault)


def _skip_blank_lines(lines: Iterator[str]) -> tuple[int, str]:
    """Return the number of blank lines at the start, and the first line that is not blank.

    Raises FileRefusedError if there is none.
    """
    for count, line in enumerate(lines):
        if line.strip("\ufeff \t\r\n"):
            return count, line.lstrip("\ufeff")
    raise empty_file_error()


def _detect_separator(line: str) -> str:
    """Return the separator that occurs most often outside quotation marks in the header."""
    unquoted = "".join(line.split('"')[::2])  # every second part is inside quotation marks
    return max(SEPARATORS, key=unquoted.count)


def _clean_header(cells: list[str] | None) -> list[str]:
    """Return the header without surrounding blanks and without empty columns at its end.

    Raises FileRefusedError.
    """
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
