"""Reading NDJSON line by line: one JSON object per line, with known field names.

The bulk endpoint of the API uses it. Example of a line: ``{"customer": "GZ001", "amount": 12.50}``.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from common.files.json_records import DECODER, JsonRecordSource, unparsed_cells
from common.files.rows import Row, RowFault
from common.files.text import decode_lines

BLOCK_LINES = 500  # that are parsed together
# The types of the values of a plain object. The decoder returns numbers as texts.
_PLAIN_TYPES = frozenset({str, bool, type(None)})


class NdjsonSource(JsonRecordSource):
    """A stream of JSON objects, each on a line. Iteration raises FileRefusedError."""

    def __iter__(self) -> Iterator[Row]:
        """Yield a row for every line that is not blank, with its fault if it has one."""
        lines = decode_lines(self._stream.blocks())
        number = 0
        while block := list(islice(lines, BLOCK_LINES)):
            records = _decode_plain_objects(block)
            for position, line in enumerate(block):
                number += 1
                if records is not None:
                    cells, fault = self._cells_of(records[position], line)
                elif line.strip():
                    cells, fault = self._read_line(line)
                else:
                    continue
                yield Row(number, cells, fault)

    def _read_line(self, line: str) -> tuple[list[str], RowFault | None]:
        try:
            record = DECODER.decode(line)
        except (ValueError, RecursionError):  # RecursionError: nested too deeply
            return unparsed_cells(line), RowFault.NOT_JSON
        return self._cells_of(record, line)


def _decode_plain_objects(lines: Sequence[str]) -> list[Any] | None:
    """Return the object of each line, or None if the lines must be parsed one by one.

    Parsing the lines together, as one array, takes about half as long. The array could have the
    right number of elements by chance although a line is not one object, as in the lines ``{}, {}``
    and ``{"a": 1`` and ``"b": 2}``. This is excluded for lines that each start with ``{`` and end
    with ``}``, if no value is itself an object or array: no text goes beyond the end of a line,
    because it may not contain a line break, so that the first ``}`` of a line closes the object
    that the line starts with. Each line then has one element at least, so each has exactly one.
    """
    stripped_lines = [line.strip(" \t\r\n") for line in lines]
    if not all(line[:1] == "{" and line[-1:] == "}" for line in stripped_lines):
        return None
    try:
        records: list[Any] = DECODER.decode("[" + ",\n".join(stripped_lines) + "]")
    except (ValueError, RecursionError):
        return None
    if len(records) != len(lines):
        return None
    for record in records:
        if type(record) is not dict or not _PLAIN_TYPES.issuperset(map(type, record.values())):
            return None
    return records
