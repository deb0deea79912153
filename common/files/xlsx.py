"""Reading the first sheet of an XLSX file row by row, as a stream from the archive.

This uses the ZIP and XML parsers of the standard library, because a library that builds the whole
sheet in memory runs out of it on a malicious file: two cells in opposite corners of the sheet, or
one long shared text in every cell, take only two kilobytes of XLSX. Here the memory is limited to
the shared texts (MAX_SHARED_TEXT_BYTES) and the rows of one block (docs/adr/0010).

An XLSX file is a ZIP archive; its files are called *parts*. The parts read here are the workbook
(the list of sheets), its relations (which part is which), the shared texts (cells refer to them by
index), the styles (which cells show dates) and the first sheet. See ECMA-376 part 1, §18
(SpreadsheetML).
"""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO
from xml.parsers.expat import ExpatError

from django.utils.translation import gettext as _

from common.files.rows import (
    BLOCK_SIZE,
    FileRefusedError,
    MeteredReader,
    Row,
    RowFault,
    empty_file_error,
)
from common.files.xlsx_parts import (
    SharedTexts,
    Sheet,
    SheetRow,
    Workbook,
    read_date_styles,
    read_relations,
)

MEBIBYTE = 1024 * 1024
MAX_PARTS = 2000
MAX_UNPACKED_BYTES = 1024 * MEBIBYTE
MAX_SHARED_TEXT_BYTES = 128 * MEBIBYTE
MAX_OTHER_PART_BYTES = 8 * MEBIBYTE  # parts that are read into memory as a whole

# What zipfile, zlib, expat and the parsers of xlsx_parts raise for a damaged or malicious file.
DAMAGED_FILE_ERRORS = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, ExpatError, EOFError,
    LookupError, ValueError, NotImplementedError, RuntimeError, OverflowError,
)  # fmt: skip


class XlsxSource:
    """The first sheet of a workbook, a ``RowSource``.

    The first row that is not blank is the header. ``size`` and ``bytes_read`` count the unpacked
    bytes of the sheet, ``sha256`` is that of the whole file. The constructor reads the file once
    for it, then the shared texts and the header. The constructor and iteration raise
    FileRefusedError.
    """

    def __init__(self, file: BinaryIO, *, name: str) -> None:
        self.name = name
        self.sha256 = _sha256(file)
        self.bytes_read = 0
        with _refuse_damaged_file():
            self._archive = zipfile.ZipFile(file)
            _refuse_oversized_archive(self._archive)
            self._sheet, part = self._open_first_sheet()
            self.size: int | None = self._archive.getinfo(part).file_size
            self._rows = self._non_blank_rows(part)
            header = next(self._rows, None)
        if header is None:
            raise empty_file_error()
        self.header = [cell.strip() for cell in header.cells]

    def __iter__(self) -> Iterator[Row]:
        """Yield every row that is not blank. Missing cells at the end of a row become empty."""
        width = len(self.header)
        with _refuse_damaged_file():
            for line, cells, has_too_many in self._rows:
                fault = RowFault.TOO_MANY if has_too_many else None
                yield Row(line, cells + [""] * (width - len(cells)), fault)

    def _open_first_sheet(self) -> tuple[Sheet, str]:
        """Return a parser for the first sheet and the name of the sheet's part.

        The parser has the shared texts and the date styles, which may stand behind the sheet in
        the archive.
        """
        workbook = Workbook()
        workbook.feed(self._read_small_part("xl/workbook.xml"))
        targets = read_relations(self._read_small_part("xl/_rels/workbook.xml.rels"))
        sheet = Sheet(since_1904=workbook.since_1904)
        for target, kind in targets.values():
            part = _part_name(target)
            if kind == "sharedStrings":
                shared = SharedTexts()
                for block in self._read_part(part, MAX_SHARED_TEXT_BYTES):
                    shared.feed(block)
                sheet.shared_texts = shared.texts
            elif kind == "styles":
                sheet.date_styles = read_date_styles(self._read_small_part(part))
        target, _kind = targets[workbook.first_sheet_id]
        return sheet, _part_name(target)

    def _non_blank_rows(self, part: str) -> Iterator[SheetRow]:
        """Feed the sheet's parser with the part, block by block, and yield the rows it has read."""
        for block in self._read_part(part, MAX_UNPACKED_BYTES):
            self.bytes_read += len(block)
            self._sheet.feed(block)
            yield from (row for row in self._sheet.pop_rows() if any(row.cells) or row.has_too_many)

    def _read_small_part(self, part: str) -> bytes:
        return b"".join(self._read_part(part, MAX_OTHER_PART_BYTES))

    def _read_part(self, part: str, max_bytes: int) -> Iterator[bytes]:
        """Yield the bytes of a part; raise FileRefusedError if it is larger than ``max_bytes``.

        The declared size can be trusted, because the ZIP reader yields no byte beyond it.
        """
        if self._archive.getinfo(part).file_size > max_bytes:
            raise _too_big_error()
        with self._archive.open(part) as stream:
            while block := stream.read(BLOCK_SIZE):
                yield block


def _part_name(target: str) -> str:
    """Return the part that a relation of the workbook leads to.

    ``worksheets/sheet1.xml``, which is relative to the folder ``xl``, and the absolute
    ``/xl/worksheets/sheet1.xml`` both become ``xl/worksheets/sheet1.xml``.
    """
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def _sha256(file: BinaryIO) -> str:
    """Return the SHA-256 of the file, and go back to its start."""
    reader = MeteredReader(file)
    for _block in reader.blocks():
        pass
    file.seek(0)
    return reader.sha256


def _refuse_oversized_archive(archive: zipfile.ZipFile) -> None:
    """Raise FileRefusedError for an archive that declares too many parts or too many bytes."""
    parts = archive.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise _too_big_error()


def _too_big_error() -> FileRefusedError:
    return FileRefusedError(
        "too_big", _("This workbook unpacks to more than can be read safely. Send it as CSV.")
    )


@contextmanager
def _refuse_damaged_file() -> Iterator[None]:
    """Raise FileRefusedError in place of the errors that a damaged file causes."""
    try:
        yield
    except DAMAGED_FILE_ERRORS as error:
        message = _("This file is damaged or is not an XLSX file. Save it again, or as CSV.")
        raise FileRefusedError("broken_xlsx", message) from error
