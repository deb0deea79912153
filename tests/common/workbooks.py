"""XLSX files for tests: valid ones from openpyxl, malicious ones from raw XML."""

import io
import zipfile
from collections.abc import Sequence

from openpyxl import Workbook

MAIN_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE_NAMESPACE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_NAMESPACE = "http://schemas.openxmlformats.org/package/2006/relationships"
WORKBOOK_XML = (
    f'<workbook xmlns="{MAIN_NAMESPACE}" xmlns:r="{OFFICE_NAMESPACE}"><sheets>'
    '<sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
RELATIONS_XML = (
    f'<Relationships xmlns="{PACKAGE_NAMESPACE}">'
    f'<Relationship Id="rId1" Type="{OFFICE_NAMESPACE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{OFFICE_NAMESPACE}/sharedStrings" Target="sharedStrings.xml"/>'
    "</Relationships>"
)


def workbook(rows: Sequence[Sequence[object]]) -> io.BytesIO:
    """Return an XLSX of the rows, as a spreadsheet program would save it."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    return save(book)


def save(book: Workbook) -> io.BytesIO:
    """Save the workbook to a stream and return the stream."""
    stream = io.BytesIO()
    book.save(stream)
    stream.seek(0)
    return stream


def raw_workbook(sheet: str, shared: str = "", **parts: str) -> io.BytesIO:
    """Return an XLSX with the given XML as rows of its sheet.

    ``shared`` is the XML of the shared strings. ``parts`` are additional files of the archive, with
    their content by name.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", WORKBOOK_XML)
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS_XML)
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN_NAMESPACE}">{shared}</sst>')
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{MAIN_NAMESPACE}"><sheetData>{sheet}</sheetData></worksheet>',
        )
        for name, text in parts.items():
            archive.writestr(name, text)
    stream.seek(0)
    return stream
