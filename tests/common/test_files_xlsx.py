"""Reading XLSX: values as typed, and files made to bring a reader down."""

import io
import tracemalloc
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from common.files import FileRefusedError, RowFault, XlsxSource, open_source, xlsx
from tests.common.workbooks import RELATIONS, WORKBOOK, raw_workbook, saved, workbook


def table(stream: io.BytesIO) -> list[list[str]]:
    found = XlsxSource(stream, name="t.xlsx")
    return [found.header, *(row.cells for row in found)]


def refusal(stream: io.BytesIO) -> str:
    with pytest.raises(FileRefusedError) as caught:
        table(stream)
    assert "\n" not in caught.value.message
    return caught.value.code


def test_values_come_out_as_typed() -> None:
    rows = table(
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
        ["2024-02-29", "0.3", "12", ""],
        ["35461", "-1234.56", "TRUE", ""],
    ]


def test_chinese_date_format_is_a_date_and_a_money_format_is_none() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["a", "b"])
    sheet.append([35461, 35461])
    sheet["A2"].number_format = 'yyyy"年"m"月"d"日"'
    sheet["B2"].number_format = '"day" #,##0.00_);[Red](#,##0.00)'
    assert table(saved(book))[1] == ["1997-01-31", "35461"]


def test_days_that_never_were_stay_recognisable() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for value in ["date", 0, 60, 59, 61]:
        sheet.append([value])
        sheet.cell(sheet.max_row, 1).number_format = "yyyy-mm-dd"
    assert [row[0] for row in table(saved(book))[1:]] == [
        "1900-01-00", "1900-02-29", "1900-02-28", "1900-03-01",
    ]  # fmt: skip


def test_workbook_counting_from_1904_is_read_right() -> None:
    book = Workbook()
    book.epoch = datetime(1904, 1, 1)  # noqa: DTZ001
    sheet = book.active
    assert sheet is not None
    sheet.append(["date"])
    sheet.append([date(1997, 1, 31)])
    assert table(saved(book))[1] == ["1997-01-31"]


def test_rows_and_cells_without_places_are_taken_in_order() -> None:
    sheet = (
        '<row><c t="inlineStr"><is><t>a</t></is></c><c t="str"><v>b</v></c></row>'
        "<row><c><v>1</v></c><c><v>2.50</v></c></row>"
    )
    assert table(raw_workbook(sheet)) == [["a", "b"], ["1", "2.5"]]


def test_shared_text_in_runs_is_joined_without_its_reading_aid() -> None:
    shared = "<si><r><t>客户</t></r><r><t>编码</t></r><rPh sb='0' eb='1'><t>kehu</t></rPh></si>"
    sheet = '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
    assert table(raw_workbook(sheet, shared)) == [["客户编码"]]


def test_row_longer_than_the_header_is_marked() -> None:
    found = XlsxSource(workbook([["a"], ["1", "2"], ["3"]]), name="t")
    assert [(row.line, row.fault) for row in found] == [(2, RowFault.TOO_MANY), (3, None)]


def test_blank_sheet_is_refused_as_empty() -> None:
    assert refusal(workbook([])) == "empty"


def test_two_cells_in_opposite_corners_take_no_memory() -> None:
    sheet = (
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    )
    tracemalloc.start()
    try:
        found = XlsxSource(raw_workbook(sheet), name="t")
        assert [row.fault for row in found] == [RowFault.TOO_MANY]
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_one_long_text_in_every_cell_takes_its_memory_once() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 20_001))
    stream = raw_workbook(rows, f"<si><t>{'x' * 30_000}</t></si>")
    tracemalloc.start()
    try:
        assert sum(1 for _row in XlsxSource(stream, name="t")) == 19_999
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 << 20


def test_archive_that_unpacks_beyond_the_limit_is_refused_before_it_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(xlsx, "MAX_BYTES", 1 << 20)
    assert refusal(raw_workbook("<row/>" * 400_000)) == "too_big"


def test_shared_texts_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_SHARED", 1000)
    assert refusal(raw_workbook("<row/>", "<si><t>x</t></si>" * 100)) == "too_big"


def test_archive_of_thousands_of_parts_is_refused() -> None:
    assert refusal(raw_workbook("", **{f"x{n}": "" for n in range(2001)})) == "too_big"


def test_archive_that_lies_about_its_sizes_is_refused() -> None:
    data = bytearray(raw_workbook("<row/>" * 50_000).getvalue())
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        true = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    lying = bytes(data).replace(true.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert lying != bytes(data)
    assert refusal(io.BytesIO(lying)) == "broken_xlsx"


def test_document_type_with_entities_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.xml", '<!DOCTYPE a [<!ENTITY b "c">]>' + WORKBOOK)
        archive.writestr("xl/_rels/workbook.xml.rels", RELATIONS)
    assert refusal(stream) == "broken_xlsx"


@pytest.mark.parametrize("keep", [10, 200, 1500])
def test_truncated_workbook_is_refused(keep: int) -> None:
    assert refusal(io.BytesIO(workbook([["a"], [1]]).getvalue()[:keep])) == "broken_xlsx"


def test_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("holiday.txt", "sun")
    with pytest.raises(FileRefusedError) as caught, open_source(path):
        pass
    assert caught.value.code == "broken_xlsx"
