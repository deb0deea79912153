"""Reading NDJSON line by line: one JSON object per line, with known field names.

The bulk endpoint of the API uses it. Example of a line: ``{"customer": "GZ001", "amount": 12.50}``.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

from common.files.json_records import DECODER, JsonRecordSource, unparsed_cells
from common.files.rows import Row, RowFault
from common.files.text import decode_lines

BLOCK_LINES = 200  # that are parsed together


class NdjsonSource(JsonRecordSource):
    """A stream of JSON objects, each on a line. Iteration raises FileRefusedError."""

    def __iter__(self) -> Iterator[Row]:
        """Yield a row for every line that is not blank, with its fault if it has one."""
        lines = decode_lines(self._stream.blocks())
        first_number = 1
        while block := list(islice(lines, BLOCK_LINES)):
            cells_of_lines = self._parse_plain_lines(block)
            if cells_of_lines is not None:
                yield from map(Row, range(first_number, first_number + len(block)), cells_of_lines)
            else:
                yield from self._parse_lines(block, first_number)
            first_number += len(block)

    def _parse_lines(self, lines: Sequence[str], first_number: int) -> Iterator[Row]:
        for number, line in enumerate(lines, start=first_number):
            if line.strip():
                cells, fault = self._read_line(line)
                yield Row(number, cells, fault)

    def _read_line(self, line: str) -> tuple[list[str], RowFault | None]:
        try:
            record = DECODER.decode(line)
        except (ValueError, RecursionError):  # RecursionError: nested too deeply
            return unparsed_cells(line), RowFault.NOT_JSON
        return self._cells_of(record, line)

    def _parse_plain_lines(self, lines: Sequence[str]) -> list[list[str]] | None:
        """Return the cells of each line, or None if the lines must be parsed one by one.

        Parsing the lines together, as one array, takes a third of the time. Only an escape sequence
        can be a character that PostgreSQL cannot store, so lines with one are parsed alone.
        """
        records = None if any("\\u" in line for line in lines) else _decode_objects(lines)
        if records is None or not set().union(*records) <= self._known_fields:
            return None
        blanks = dict.fromkeys(self.header, "")
        cells_of_lines = [list((blanks | record).values()) for record in records]
        types = set(map(type, chain.from_iterable(cells_of_lines)))
        if not types <= {str, type(None)}:
            return None
        if type(None) in types:
            return [[cell or "" for cell in cells] for cells in cells_of_lines]
        return cells_of_lines


def _decode_objects(lines: Sequence[str]) -> list[dict[str, Any]] | None:
    """Return the object of each line, or None if that takes a closer look.

    Each line must start with ``{`` and have no other. If all lines together are an array of as many
    objects, each object starts with a line and ends before the next.
    """
    stripped_lines = [line.strip(" \t\r\n") for line in lines]
    text = ",\n".join(stripped_lines)
    if text.count("{") != len(lines) or not all(line[:1] == "{" for line in stripped_lines):
        return None
    try:
        records: list[Any] = DECODER.decode(f"[{text}]")
    except (ValueError, RecursionError):
        return None
    return records if set(map(type, records)) == {dict} and len(records) == len(lines) else None
