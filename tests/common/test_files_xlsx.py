"""Reading XLSX: values as text, and files made to exhaust the reader's memory."""

import io
import tracemalloc
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from common.files import FileRefusedError, RowFault, XlsxSource, open_source, xlsx
from tests.common.workbooks import RELATIONS_XML, WORKBOOK_XML, raw_workbook, save, workbook


def read_table(stream: io.BytesIO) -> list[list[str]]:
    source = XlsxSource(stream, name="t.xlsx")
    return [source.header, *(row.cells for row in source)]


def refusal_code(stream: io.BytesIO) -> str:
    with pytest.raises(FileRefusedError) as error:
        read_table(stream)
    assert "\n" not in error.value.message
    return error.value.code


def test_values_are_returned_as_text() -> None:
    rows = read_table(
        workbook(
            [
                ["日期", "金额", "编码", "空"],
                [date(1997, 1, 31), 77.0, "00012", None],
                [datetime(2024, 2, 29, 10, 30), 0.1 + 0.2, 12, None],  # noqa: DTZ001
                [35461, -1234.56, True, None],
            ]
        )
    )
    assert rows == [
        ["日期", "金额", "编码", "空"],
        ["1997-01-31", "77", "00012", ""],
        ["2024-02-29 10:30:00", "0.3", "12", ""],
        ["35461", "-1234.56", "TRUE", ""],
    ]


def test_chinese_date_format_is_a_date_and_a_money_format_is_not() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["a", "b"])
    sheet.append([35461, 35461])
    sheet["A2"].number_format = 'yyyy"年"m"月"d"日"'
    sheet["B2"].number_format = '"day" #,##0.00_);[Red](#,##0.00)'
    assert read_table(save(book))[1] == ["1997-01-31", "35461"]


def test_days_that_did_not_exist_are_kept_as_excel_shows_them() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for value in ["date", 0, 60, 59, 61]:
        sheet.append([value])
        sheet.cell(sheet.max_row, 1).number_format = "yyyy-mm-dd"
    assert [row[0] for row in read_table(save(book))[1:]] == [
        "1900-01-00", "1900-02-29", "1900-02-28", "1900-03-01",
    ]  # fmt: skip


def test_dates_counted_from_1904_are_read() -> None:
    book = Workbook()
    book.epoch = datetime(1904, 1, 1)  # noqa: DTZ001
    sheet = book.active
    assert sheet is not None
    sheet.append(["date"])
    sheet.append([date(1997, 1, 31)])
    assert read_table(save(book))[1] == ["1997-01-31"]


def test_rows_and_cells_without_references_are_read_in_order() -> None:
    sheet = (
        '<row><c t="inlineStr"><is><t>a</t></is></c><c t="str"><v>b</v></c></row>'
        "<row><c><v>1</v></c><c><v>2.50</v></c></row>"
    )
    assert read_table(raw_workbook(sheet)) == [["a", "b"], ["1", "2.5"]]


def test_runs_of_a_shared_text_are_joined_without_phonetic_text() -> None:
    shared = "<si><r><t>客户</t></r><r><t>编码</t></r><rPh sb='0' eb='1'><t>kehu</t></rPh></si>"
    sheet = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    assert read_table(raw_workbook(sheet, shared)) == [["客户编码"]]


def test_row_longer_than_the_header_is_marked() -> None:
    source = XlsxSource(workbook([["a"], ["1", "2"], ["3"]]), name="t")
    assert [(row.line, row.fault) for row in source] == [(2, RowFault.TOO_MANY), (3, None)]


def test_blank_sheet_is_refused_as_empty() -> None:
    assert refusal_code(workbook([])) == "empty"


def test_two_cells_in_opposite_corners_take_little_memory() -> None:
    sheet = (
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    )
    tracemalloc.start()
    try:
        source = XlsxSource(raw_workbook(sheet), name="t")
        assert [row.fault for row in source] == [RowFault.TOO_MANY]
        _current, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_long_shared_text_in_every_cell_is_in_memory_once() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 20_001))
    stream = raw_workbook(rows, f"<si><t>{'x' * 30_000}</t></si>")
    tracemalloc.start()
    try:
        assert sum(1 for _row in XlsxSource(stream, name="t")) == 19_999
        _current, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 << 20


def test_archive_above_the_unpacked_limit_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(xlsx, "MAX_UNPACKED_BYTES", 1 << 20)
    assert refusal_code(raw_workbook("<row/>" * 400_000)) == "too_big"


def test_shared_texts_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_SHARED_TEXT_BYTES", 1000)
    assert refusal_code(raw_workbook("<row/>", "<si><t>x</t></si>" * 100)) == "too_big"


def test_archive_of_thousands_of_parts_is_refused() -> None:
    assert refusal_code(raw_workbook("", **{f"x{n}": "" for n in range(2001)})) == "too_big"


def test_archive_with_false_sizes_is_refused() -> None:
    data = bytearray(raw_workbook("<row/>" * 50_000).getvalue())
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        true_size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    altered = bytes(data).replace(true_size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert altered != bytes(data)
    assert refusal_code(io.BytesIO(altered)) == "broken_xlsx"


def test_document_type_with_entities_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", '<!DOCTYPE a [<!ENTITY b "c">]>' + WORKBOOK_XML)
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS_XML)
    assert refusal_code(stream) == "broken_xlsx"


@pytest.mark.parametrize("kept_bytes", [10, 200, 1500])
def test_truncated_workbook_is_refused(kept_bytes: int) -> None:
    assert refusal_code(io.BytesIO(workbook([["a"], [1]]).getvalue()[:kept_bytes])) == "broken_xlsx"


def test_zip_that_is_not_a_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("holiday.txt", "sun")
    with pytest.raises(FileRefusedError) as error, open_source(path):
        pass
    assert error.value.code == "broken_xlsx"
