"""XLSX files for tests: honest ones by openpyxl, malicious ones by hand."""

import io
import zipfile
from collections.abc import Sequence

from openpyxl import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
WORKBOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
RELATIONS = (
    f'<Relationships xmlns="{PACKAGE}">'
    f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    "</Relationships>"
)


def workbook(rows: Sequence[Sequence[object]]) -> io.BytesIO:
    """Return an XLSX of the rows, as a spreadsheet program would save it."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    return saved(book)


def saved(book: Workbook) -> io.BytesIO:
    """Return the workbook's bytes."""
    stream = io.BytesIO()
    book.save(stream)
    stream.seek(0)
    return stream


def raw_workbook(sheet: str, shared: str = "", **parts: str) -> io.BytesIO:
    """Return an XLSX whose sheet holds the given XML."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", WORKBOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS)
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{shared}</sst>')
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{MAIN}"><sheetData>{sheet}</sheetData></worksheet>',
        )
        for name, text in parts.items():
            archive.writestr(name, text)
    stream.seek(0)
    return stream
