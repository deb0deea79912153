"""Reading NDJSON line by line: one JSON object per line, with known field names.

The bulk endpoint of the API uses it. Example of a line: ``{"customer": "GZ001", "amount": 12.50}``.
"""

import json
from collections.abc import Iterator, Sequence

from common.files.rows import ByteStream, MeteredReader, Row, RowFault
from common.files.text import decode_lines

MAX_UNPARSED_CHARACTERS = 2000  # of a faulty line, which becomes the only cell of its row


class NdjsonSource:
    """A stream of JSON objects.

    ``fields`` are the names that an object may have; their order is the order of the cells. A field
    that is missing or null becomes an empty cell. Numbers become texts with the digits of the
    input. ``size`` is the number of bytes, if it is known. Iteration raises FileRefusedError.
    """

    def __init__(
        self, stream: ByteStream, *, name: str, fields: Sequence[str], size: int | None = None
    ) -> None:
        self.name = name
        self.size = size
        self.header = list(fields)
        self._stream = MeteredReader(stream)

    @property
    def bytes_read(self) -> int:
        """The number of bytes read so far."""
        return self._stream.bytes_read

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes read so far."""
        return self._stream.sha256

    def __iter__(self) -> Iterator[Row]:
        """Yield a row for every line that is not blank, with its fault if it has one."""
        known_fields = set(self.header)
        for number, line in enumerate(decode_lines(self._stream.blocks()), start=1):
            if line.strip():
                cells, fault = self._read_cells(line, known_fields)
                yield Row(number, cells, fault)

    def _read_cells(self, line: str, known_fields: set[str]) -> tuple[list[str], RowFault | None]:
        """Return the cells and the fault of a line.

        If the cells cannot be told apart, the only cell is the line itself, for the rejects file.
        """
        unparsed = [line.strip()[:MAX_UNPARSED_CHARACTERS]]
        try:
            record = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError):  # RecursionError: nested too deeply
            return _storable(unparsed), RowFault.NOT_JSON
        if not isinstance(record, dict):
            return _storable(unparsed), RowFault.NOT_JSON
        if not record.keys() <= known_fields:
            return _storable(unparsed), RowFault.UNKNOWN_FIELD
        values = [record.get(field) for field in self.header]
        cells = ["" if value is None else value for value in values]
        if not all(isinstance(cell, str) for cell in cells):
            return _storable(unparsed), RowFault.NOT_PLAIN
        if cells != _storable(cells):
            return _storable(cells), RowFault.BAD_CHARACTER
        return cells, None


def _storable(cells: list[str]) -> list[str]:
    """Return the cells without the characters that PostgreSQL cannot store.

    NUL becomes U+FFFD, the replacement character. A surrogate without its pair, which JSON can
    contain as an escape sequence, becomes a question mark.
    """
    return [
        cell.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8") for cell in cells
    ]
