"""Opening a file as CSV or XLSX, depending on its content and not on its name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext as _

from common.files.csv_rows import CsvSource
from common.files.rows import FileRefusedError, RowSource
from common.files.xlsx import XlsxSource

ZIP_SIGNATURE = b"PK\x03\x04"  # XLSX is a ZIP archive
OLE_SIGNATURE = b"\xd0\xcf\x11\xe0"  # old and password-protected Excel files


@contextmanager
def open_source(path: Path, *, encoding: str = "", name: str = "") -> Iterator[RowSource]:
    """Open a CSV or XLSX file for the block; raise FileRefusedError if it cannot be read.

    ``encoding`` is for CSV, see ``CsvSource``. ``name`` is what the source is called; without it,
    as the file.
    """
    if path.exists() and not path.is_file():
        raise FileRefusedError("not_a_file", _("%(path)s is not a file.") % {"path": path})
    try:
        file = path.open("rb")
    except OSError as error:
        message = _("%(path)s cannot be read: %(why)s.")
        raise FileRefusedError(
            "unreadable", message % {"path": path, "why": error.strerror}
        ) from error
    with file:
        signature = file.read(4)
        file.seek(0)
        if signature == OLE_SIGNATURE:
            raise FileRefusedError(
                "old_excel",
                _("This is an old or password-protected Excel file. Save it as plain XLSX or CSV."),
            )
        if signature == ZIP_SIGNATURE:
            yield XlsxSource(file, name=name or path.name)
        else:
            size = path.stat().st_size
            yield CsvSource(file, name=name or path.name, size=size, encoding=encoding)
