"""Reading NDJSON line by line: one JSON object per line, with known field names.

The bulk endpoint of the API uses it. Example of a line: ``{"customer": "GZ001", "amount": 12.50}``.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, islice

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

        Parsing the lines together, as one array, takes a third of the time. The array could have
        the right number of elements by chance although a line is not one object, as in the lines
        ``{}, {}`` and ``{"a": 1`` and ``"b": 2}``. This is excluded for lines that each start with
        ``{`` and end with ``}``, if no value is itself an object or array: no text goes beyond the
        end of a line, because it may not contain a line break, so the first ``}`` of a line closes
        the object that the line starts with. Each line then has one element at least, so each has
        exactly one. Only an escape sequence can be a character that PostgreSQL cannot store.
        """
        stripped_lines = [line.strip(" \t\r\n") for line in lines]
        if not all(line[:1] == "{" and line[-1:] == "}" for line in stripped_lines):
            return None
        text = ",\n".join(stripped_lines)
        if "\\u" in text:
            return None
        try:
            records = DECODER.decode(f"[{text}]")
        except (ValueError, RecursionError):
            return None
        if len(records) != len(lines) or set(map(type, records)) != {dict}:
            return None
        if not set().union(*records) <= self._known_fields:
            return None
        blanks = dict.fromkeys(self.header, "")
        cells_of_lines = [list((blanks | record).values()) for record in records]
        types = set(map(type, chain.from_iterable(cells_of_lines)))
        if types == {str}:
            return cells_of_lines
        if types == {str, type(None)}:
            return [[cell or "" for cell in cells] for cells in cells_of_lines]
        return None
