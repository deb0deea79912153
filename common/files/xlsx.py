"""XLSX, read row by row: the first sheet, streamed out of the archive.

Read with the standard library's own ZIP and XML parsers, as nothing may depend on what the file
claims: a library that lays the sheet out in memory is brought down by a file of two kilobytes whose
two cells stand in opposite corners, or whose every cell repeats one long shared text. Here memory
is bounded by the shared texts (MAX_SHARED) and one row. See ECMA-376 part 1, §18 (SpreadsheetML).
"""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO
from xml.parsers.expat import ExpatError

from django.utils.translation import gettext as _

from common.files.rows import BLOCK, FileRefusedError, Meter, Row, RowFault, empty_file
from common.files.sheet import SharedTexts, Sheet, Workbook, date_styles, relations

MAX_PARTS = 2000
MAX_BYTES = 1 << 30
MAX_SHARED = 128 << 20
MAX_OTHER = 8 << 20

BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, ExpatError, EOFError,
    LookupError, ValueError, NotImplementedError, RuntimeError, OverflowError,
)  # fmt: skip


class XlsxSource:
    """The first sheet of a workbook. Making one reads the header and the shared texts."""

    def __init__(self, file: BinaryIO, *, name: str) -> None:
        self.name = name
        self.sha256 = _fingerprint(file)
        self.bytes_read = 0
        with _readable():
            self._archive = zipfile.ZipFile(file)
            _refuse_bombs(self._archive)
            self._sheet, part = self._open_first_sheet()
            self.size: int | None = self._archive.getinfo(part).file_size
            self._rows = self._filled_rows(part)
            header = next(self._rows, None)
        if header is None:
            raise empty_file()
        self.header = [cell.strip() for cell in header[1]]

    def __iter__(self) -> Iterator[Row]:
        """Yield every row that is not blank. Cells missing at a row's end are empty ones."""
        width = len(self.header)
        with _readable():
            for line, cells, overflows in self._rows:
                fault = RowFault.TOO_MANY if overflows else None
                yield Row(line, cells + [""] * (width - len(cells)), fault)

    def _open_first_sheet(self) -> tuple[Sheet, str]:
        workbook = Workbook()
        workbook.feed(self._small("xl/workbook.xml"))
        targets = relations(self._small("xl/_rels/workbook.xml.rels"))
        sheet = Sheet(since_1904=workbook.since_1904)
        for target, kind in targets.values():
            part = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
            if kind == "sharedStrings":
                shared = SharedTexts()
                for block in self._blocks(part, MAX_SHARED):
                    shared.feed(block)
                sheet.shared = shared.texts
            elif kind == "styles":
                sheet.dates = date_styles(self._small(part))
        target, _kind = targets[workbook.first_sheet]
        return sheet, posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")

    def _filled_rows(self, part: str) -> Iterator[tuple[int, list[str], bool]]:
        for block in self._blocks(part, MAX_BYTES):
            self.bytes_read += len(block)
            self._sheet.feed(block)
            yield from (row for row in self._sheet.take() if any(row[1]) or row[2])

    def _small(self, part: str) -> bytes:
        return b"".join(self._blocks(part, MAX_OTHER))

    def _blocks(self, part: str, most: int) -> Iterator[bytes]:
        """Yield a part's bytes; the archive's own reader stops at the size it declares."""
        if self._archive.getinfo(part).file_size > most:
            raise _too_big()
        with self._archive.open(part) as stream:
            while block := stream.read(BLOCK):
                yield block


def _fingerprint(file: BinaryIO) -> str:
    meter = Meter(file)
    for _block in meter.blocks():
        pass
    file.seek(0)
    return meter.sha256


def _refuse_bombs(archive: zipfile.ZipFile) -> None:
    """Refuse an archive that would unpack to more than any sheet needs, before unpacking it."""
    parts = archive.infolist()
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_BYTES:
        raise _too_big()


def _too_big() -> FileRefusedError:
    return FileRefusedError(
        "too_big", _("This workbook unpacks to more than can be read safely. Send it as CSV.")
    )


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        raise FileRefusedError(
            "broken_xlsx", _("This XLSX file is damaged or is none. Save it again, or as CSV.")
        ) from error
