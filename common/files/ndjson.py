"""NDJSON, read line by line: one object per line, with the field names it is told to expect."""

import json
from collections.abc import Iterator, Sequence

from common.files.rows import Meter, Readable, Row, RowFault
from common.files.text import lines

SHOWN = 2000


class NdjsonSource:
    """A stream of JSON objects. A field that is missing or null is an empty cell.

    Numbers keep the digits they were sent with. Iterating raises FileRefusedError.
    """

    def __init__(
        self, stream: Readable, *, name: str, fields: Sequence[str], size: int | None = None
    ) -> None:
        self.name = name
        self.size = size
        self.header = list(fields)
        self._meter = Meter(stream)

    @property
    def bytes_read(self) -> int:
        """How far the stream has been read."""
        return self._meter.bytes_read

    @property
    def sha256(self) -> str:
        """Fingerprint of the bytes read so far."""
        return self._meter.sha256

    def __iter__(self) -> Iterator[Row]:
        """Yield a row for every line that is not blank."""
        known = set(self.header)
        for number, line in enumerate(lines(self._meter.blocks()), start=1):
            if line.strip():
                cells, fault = self._cells(line, known)
                yield Row(number, cells, fault)

    def _cells(self, line: str, known: set[str]) -> tuple[list[str], RowFault | None]:
        as_sent = [line.strip()[:SHOWN]]
        try:
            found = json.loads(line, parse_float=str, parse_int=str, parse_constant=str)
        except (ValueError, RecursionError):
            return _printable(as_sent), RowFault.NOT_JSON
        if not isinstance(found, dict):
            return _printable(as_sent), RowFault.NOT_JSON
        if not found.keys() <= known:
            return _printable(as_sent), RowFault.UNKNOWN_FIELD
        values = [found.get(field) for field in self.header]
        cells = ["" if value is None else value for value in values]
        if not all(isinstance(cell, str) for cell in cells):
            return _printable(as_sent), RowFault.NOT_PLAIN
        if cells != _printable(cells):
            return _printable(cells), RowFault.BAD_CHARACTER
        return cells, None


def _printable(cells: list[str]) -> list[str]:
    """Replace what no database keeps: NUL and halves of characters."""
    return [
        cell.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8") for cell in cells
    ]
