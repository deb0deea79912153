"""Reading a JSON array: the same rows however the bytes arrive, and never much of it at a time."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.files import FileRefusedError, JsonArraySource, NdjsonSource, Row, RowFault
from common.files.json_array import MAX_ELEMENT_LENGTH
from common.files.rows import BLOCK_SIZE

FIELDS = ("customer", "amount")
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)
)
ELEMENTS = st.one_of(
    st.dictionaries(st.sampled_from([*FIELDS, "colour"]), VALUES, max_size=3),
    VALUES,
    st.lists(VALUES, max_size=3),
)


def read(data: bytes) -> list[Row]:
    return list(JsonArraySource(io.BytesIO(data), name="a", fields=FIELDS))


def refusal(data: bytes) -> FileRefusedError:
    with pytest.raises(FileRefusedError) as error:
        read(data)
    return error.value


def test_elements_are_rows_numbered_from_one() -> None:
    rows = read('[{"customer": "甲", "amount": 12.50},\n {"amount": 1e400}]'.encode())
    assert [(row.line, row.cells) for row in rows] == [(1, ["甲", "12.50"]), (2, ["", "1e400"])]


@given(st.lists(ELEMENTS, max_size=5), st.sampled_from([None, 1]), st.booleans())
def test_elements_are_read_as_ndjson_lines_are(
    elements: list[Any], indent: int | None, is_ascii: bool
) -> None:
    array = json.dumps(elements, indent=indent, ensure_ascii=is_ascii)
    rows = read(array.encode())
    assert len(rows) == len(elements)
    for element, row in zip(elements, rows, strict=True):
        line = json.dumps(element, ensure_ascii=is_ascii).encode()
        (expected,) = NdjsonSource(io.BytesIO(line), name="n", fields=FIELDS)
        assert row.fault == expected.fault
        if row.fault is None:
            assert row.cells == expected.cells


@pytest.mark.parametrize("offset", range(12))
def test_element_may_be_cut_anywhere_by_a_block(offset: int) -> None:
    element = b'{"amount":123}'
    padding = b" " * (BLOCK_SIZE - offset - 1)
    rows = read(b"[" + padding + element + b" , 77,\r\n" + element + b"]\n")
    assert [row.cells for row in rows] == [["", "123"], ["77"], ["", "123"]]
    assert rows[1].fault == RowFault.NOT_JSON


def test_number_cut_by_a_block_is_one_number() -> None:
    padding = b" " * (BLOCK_SIZE - 3)
    (row,) = read(b"[" + padding + b"12345]")
    assert row.cells == ["12345"]


def test_array_of_many_blocks_is_read_with_little_in_memory() -> None:
    element = json.dumps({"customer": "C" * 50, "amount": "1.00"}).encode()
    stream = _CountingStream(b"[" + b",".join([element] * 50_000) + b"]")
    source = JsonArraySource(stream, name="a", fields=FIELDS)
    for number, row in enumerate(source, start=1):
        assert row.line == number
        # What was read is at most one block ahead of what was returned.
        assert stream.tell() <= number * (len(element) + 1) + BLOCK_SIZE
    assert (number, source.bytes_read) == (50_000, stream.size)


class _CountingStream(io.BytesIO):
    """A stream that knows its size."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.size = len(data)


@pytest.mark.parametrize("data", [b"[]", b" [ ] \n", b"\xef\xbb\xbf[]"])
def test_empty_array_has_no_rows(data: bytes) -> None:
    assert read(data) == []


@pytest.mark.parametrize(
    ("element", "fault"),
    [
        ("7", RowFault.NOT_JSON),
        ("[1, 2]", RowFault.NOT_JSON),
        ('{"colour": 1}', RowFault.UNKNOWN_FIELD),
        ('{"customer": {"a": 1}}', RowFault.NOT_PLAIN),
        (r'{"customer": "a\u0000"}', RowFault.BAD_CHARACTER),
        (r'{"customer": "a\ud800"}', RowFault.BAD_CHARACTER),
    ],
)
def test_faulty_element_is_marked_and_the_next_one_is_read(element: str, fault: RowFault) -> None:
    rows = read(f'[{element}, {{"customer": "B"}}]'.encode())
    assert [row.fault for row in rows] == [fault, None]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"  ", "not_an_array"),
        (b'{"customer": "A"}', "not_an_array"),
        (b'"text"', "not_an_array"),
        (b"[", "broken_json"),
        (b"[1", "broken_json"),
        (b"[1,", "broken_json"),
        (b"[1,]", "broken_json"),
        (b"[1 2]", "broken_json"),
        (b"[1] 2", "broken_json"),
        (b"[1]]", "broken_json"),
        (b"[,1]", "broken_json"),
        (b'[{"customer": "A]', "broken_json"),
        (b"[" * 100_000, "broken_json"),
        (b'[{"customer": "\xff"}]', "encoding"),
        (b'["' + b"x" * (MAX_ELEMENT_LENGTH + 2 * BLOCK_SIZE), "broken_json"),
    ],
)
def test_what_is_no_array_is_refused(data: bytes, code: str) -> None:
    assert refusal(data).code == code


def test_refusal_names_the_element() -> None:
    assert "Element 3 " in refusal(b"[1, 2, {broken}]").message


def test_element_without_an_end_is_not_read_to_the_end_of_the_stream() -> None:
    stream = io.BytesIO(b'["' + b"x" * (20 * MAX_ELEMENT_LENGTH))
    with pytest.raises(FileRefusedError):
        list(JsonArraySource(stream, name="a", fields=FIELDS))
    assert stream.tell() <= MAX_ELEMENT_LENGTH + 2 * BLOCK_SIZE
