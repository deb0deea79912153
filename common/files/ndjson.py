"""Reading NDJSON line by line: one JSON object per line, with known field names.

The bulk endpoint of the API uses it. Example of a line: ``{"customer": "GZ001", "amount": 12.50}``.
"""

from collections.abc import Iterator

from common.files.json_records import DECODER, JsonRecordSource, unparsed_cells
from common.files.rows import Row, RowFault
from common.files.text import decode_lines


class NdjsonSource(JsonRecordSource):
    """A stream of JSON objects, each on a line. Iteration raises FileRefusedError."""

    def __iter__(self) -> Iterator[Row]:
        """Yield a row for every line that is not blank, with its fault if it has one."""
        for number, line in enumerate(decode_lines(self._stream.blocks()), start=1):
            if line.strip():
                cells, fault = self._read_line(line)
                yield Row(number, cells, fault)

    def _read_line(self, line: str) -> tuple[list[str], RowFault | None]:
        try:
            record = DECODER.decode(line)
        except (ValueError, RecursionError):  # RecursionError: nested too deeply
            return unparsed_cells(line), RowFault.NOT_JSON
        return self._cells_of(record, line)
