"""Opening a file by what it holds, whatever its name says."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext as _

from common.files.csv_rows import CsvSource
from common.files.rows import FileRefusedError, RowSource
from common.files.xlsx import XlsxSource

ZIP, OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@contextmanager
def open_source(path: Path, *, encoding: str = "") -> Iterator[RowSource]:
    """Open a CSV or XLSX file for reading; raise FileRefusedError saying why not."""
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
        start = file.read(4)
        file.seek(0)
        if start == OLD_OFFICE:
            raise FileRefusedError(
                "old_excel",
                _("This is an old or password-protected Excel file. Save it as plain XLSX or CSV."),
            )
        if start == ZIP:
            yield XlsxSource(file, name=path.name)
        else:
            size = path.stat().st_size
            yield CsvSource(file, name=path.name, size=size, encoding=encoding)
