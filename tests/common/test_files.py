"""Reading CSV and NDJSON: encodings, separators, faulty rows, and files that are not tables."""

import hashlib
import io
import tracemalloc
from itertools import product
from pathlib import Path

import pytest

from common.files import CsvSource, FileRefusedError, NdjsonSource, Row, RowFault, open_source
from common.files.rows import BLOCK_SIZE


def csv_source(data: bytes, encoding: str = "") -> CsvSource:
    return CsvSource(io.BytesIO(data), name="t.csv", encoding=encoding)


def read_table(data: bytes, encoding: str = "") -> list[list[str]]:
    """Return the header and the cells of the rows."""
    source = csv_source(data, encoding)
    return [source.header, *(row.cells for row in source)]


def refusal(data: bytes) -> FileRefusedError:
    """Return the error that reading the data raises; its message must be one line."""
    with pytest.raises(FileRefusedError) as error:
        read_table(data)
    assert "\n" not in error.value.message
    return error.value


CHINESE = "客户编码,金额\n甲公司,12.50\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_every_encoding_gives_the_same_table(encoding: str) -> None:
    assert read_table(CHINESE.encode(encoding)) == [["客户编码", "金额"], ["甲公司", "12.50"]]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_encoding_is_detected_if_chinese_starts_after_many_blocks(encoding: str) -> None:
    ascii_part = "code,name\n" + "A1,plain\n" * (2 * BLOCK_SIZE // 9)
    rows = read_table((ascii_part + "A2,华天科技有限公司\n").encode(encoding))
    assert rows[-1] == ["A2", "华天科技有限公司"]


def test_characters_across_two_blocks_are_decoded() -> None:
    text = "名" + "," + "称\n" + "".join(f"公司{n},兰州分公司\n" for n in range(BLOCK_SIZE // 8))
    assert read_table(text.encode("gb18030"))[-1][1] == "兰州分公司"


def test_gb18030_characters_outside_gbk_are_read() -> None:
    assert read_table("名称\n𠮷祥公司\n".encode("gb18030"))[1] == ["𠮷祥公司"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_broken_utf8_is_refused_with_its_line_and_not_read_as_gb18030(line_end: str) -> None:
    lines = ["客户编码,客户名称", "甲,兰州公司", "乙,天水"]
    data = line_end.join(lines).encode() + b"\xff"
    error = refusal(data)
    assert error.code == "encoding"
    assert "3" in error.message
    assert "UTF-8" in error.message


def test_unknown_encoding_is_refused_with_its_line() -> None:
    error = refusal(b"code,name\nA,Caf\xe9\nB,x\n")
    assert error.code == "encoding"
    assert "2" in error.message


def test_named_encoding_overrides_detection() -> None:
    with pytest.raises(FileRefusedError, match="UTF-8"):
        read_table(CHINESE.encode("gb18030"), "utf-8")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separator_is_detected(separator: str) -> None:
    text = f"a{separator}b\n1{separator}2\n"
    assert read_table(text.encode()) == [["a", "b"], ["1", "2"]]


def test_separator_inside_quotation_marks_is_not_counted() -> None:
    assert read_table(b'"a,b,c,d";e\n1;2\n') == [["a,b,c,d", "e"], ["1", "2"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems_are_read(end: str) -> None:
    assert read_table(f"a,b{end}1,2{end}3,4".encode()) == [["a", "b"], ["1", "2"], ["3", "4"]]


def test_line_numbers_are_those_of_an_editor() -> None:
    rows = list(csv_source(b'\n\na,b\n1,"x\ny"\n\n2,z\n'))
    assert [(row.line, row.cells) for row in rows] == [(4, ["1", "x\ny"]), (7, ["2", "z"])]


def test_blank_rows_are_skipped() -> None:
    assert read_table(b"a,b\n,\n\n1,2\n,\n") == [["a", "b"], ["1", "2"]]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"1", RowFault.TOO_FEW),
        (b"1,2,3", RowFault.TOO_MANY),
        (b"1,2,", None),
        (b"1,a\0b", RowFault.BAD_CHARACTER),
    ],
)
def test_faulty_row_is_marked_and_its_neighbours_are_not(
    line: bytes, fault: RowFault | None
) -> None:
    rows = list(csv_source(b"a,b\n0,0\n" + line + b"\n9,9\n"))
    assert [row.fault for row in rows] == [None, fault, None]


def test_unclosed_quotation_mark_is_refused_with_its_line() -> None:
    error = refusal(b'a,b\n1,2\n3,"open\n5,6\n')
    assert error.code == "open_quote"
    assert "Line 3" in error.message


def test_unclosed_quotation_mark_in_a_huge_file_is_refused_early() -> None:
    data = b'a,b\n1,"open\n' + b"2,3\n" * 500_000
    source = csv_source(data)
    with pytest.raises(FileRefusedError, match="Line 2"):
        list(source)
    assert source.bytes_read < len(data)


def test_line_of_three_mebibytes_is_refused() -> None:
    assert refusal(b"a,b\n" + b"x" * (3 << 20)).code == "line_too_long"


@pytest.mark.parametrize("data", [b"", b"\n \n\r\n", b"\xef\xbb\xbf"])
def test_empty_file_is_refused(data: bytes) -> None:
    assert refusal(data).code == "empty"


@pytest.mark.parametrize(
    "data",
    [bytes(range(256)) * 40, b"\x89PNG\r\n\x1a\n" + b"\0" * 500, "a,b\n1,2".encode("utf-16-le")],
)
def test_binary_is_refused(data: bytes) -> None:
    assert refusal(data).code in {"not_text", "encoding"}


def test_header_of_thousands_of_columns_is_refused() -> None:
    assert refusal(b",".join([b"a"] * 5000) + b"\n1\n").code == "too_many_columns"


def test_memory_stays_flat_over_a_long_stream() -> None:
    class LongStream(io.RawIOBase):
        """Forty mebibytes of rows, generated while they are read."""

        bytes_left = 40 << 20
        line = b"C000001,1997-01-01,12.50\n"

        def read(self, size: int = -1, /) -> bytes:
            size = min(size, self.bytes_left)
            self.bytes_left -= size
            return (self.line * (size // len(self.line) + 1))[:size]

    # The first source loads what every source needs, so that it is not measured.
    header_only = CsvSource(io.BytesIO(b"a,b,c\n"), name="header")
    assert header_only.header == ["a", "b", "c"]
    tracemalloc.start()
    try:
        count = sum(1 for _row in CsvSource(LongStream(), name="long"))
        _current, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count > 1_000_000
    assert peak < 16 << 20  # bytes: the stream has 40 << 20


def read_ndjson(text: str) -> list[Row]:
    return list(NdjsonSource(io.BytesIO(text.encode()), name="n", fields=("customer", "amount")))


def test_ndjson_keeps_the_digits_of_numbers() -> None:
    rows = read_ndjson('{"customer": "A", "amount": 12.50}\n\n{"amount": 1e400, "customer": 7}\n')
    assert [(row.line, row.cells) for row in rows] == [(1, ["A", "12.50"]), (3, ["7", "1e400"])]


def test_ndjson_missing_and_null_fields_are_empty() -> None:
    assert read_ndjson('{"customer": null}')[0].cells == ["", ""]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{broken", RowFault.NOT_JSON),
        ("[1, 2]", RowFault.NOT_JSON),
        ("[" * 100_000, RowFault.NOT_JSON),
        ('{"colour": 1}', RowFault.UNKNOWN_FIELD),
        ('{"customer": true}', RowFault.NOT_PLAIN),
        ('{"customer": {"a": 1}}', RowFault.NOT_PLAIN),
        (r'{"customer": "a\u0000"}', RowFault.BAD_CHARACTER),
        (r'{"customer": "a\ud800"}', RowFault.BAD_CHARACTER),
    ],
)
def test_ndjson_faulty_line_is_marked_and_the_next_one_is_read(line: str, fault: RowFault) -> None:
    rows = read_ndjson(line + '\n{"customer": "B"}')
    assert [row.fault for row in rows] == [fault, None]
    assert all("\0" not in cell and cell.isprintable() for cell in rows[0].cells)


# Among them are parts of objects, which together with their neighbours are objects.
ODD_LINES = (
    '{"customer": "A", "amount": "1"}', '{"customer": null}', "{}", '{"customer": "{"}',
    '{"customer": "A"', '"amount": "1"}', '{}, {"customer": "A"}', '{"customer": [{"amount": 1}',
    '{"amount": 2}], "customer": "A"}', '{"amount": 1},', '"A"', '{"colour": 1}',
    '{"customer": false}', r'{"customer": "a\u0000"}', r'{"customer": "\u5170"}',
    '{"customer": "兰"} ',
)  # fmt: skip


def test_ndjson_lines_are_read_as_if_each_were_alone() -> None:
    """The reader parses several lines at once where it can."""
    alone = {line: read_ndjson(line)[0] for line in ODD_LINES}
    for lines in product(ODD_LINES, repeat=3):
        expected = [alone[line]._replace(line=number) for number, line in enumerate(lines, 1)]
        assert read_ndjson("\n".join(lines)) == expected


def open_refusal(path: Path) -> FileRefusedError:
    """Return the error that opening the file raises."""
    with pytest.raises(FileRefusedError) as error, open_source(path):
        pass
    return error.value


def test_missing_file_and_directory_are_refused(tmp_path: Path) -> None:
    assert open_refusal(tmp_path / "none.csv").code == "unreadable"
    assert open_refusal(tmp_path).code == "not_a_file"


def test_old_excel_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    assert open_refusal(path).code == "old_excel"


def test_opened_file_has_its_size_and_sha256(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n1\n")
    with open_source(path) as source:
        assert [row.cells for row in source] == [["1"]]
        assert (source.size, source.bytes_read) == (4, 4)
        assert source.sha256 == hashlib.sha256(b"a\n1\n").hexdigest()
