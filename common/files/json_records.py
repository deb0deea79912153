"""What the readers of JSON share: the cells of an object with known field names."""

import json
from collections.abc import Sequence
from typing import Any

from common.files.rows import ByteStream, MeteredReader, RowFault

MAX_UNPARSED_CHARACTERS = 2000  # of a faulty object, which becomes the only cell of its row

# Numbers become texts with the digits of the input.
DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


class JsonRecordSource:
    """The base of the readers of JSON objects.

    ``fields`` are the names that an object may have; their order is the order of the cells. A field
    that is missing or null becomes an empty cell. ``size`` is the number of bytes, if it is known.
    """

    def __init__(
        self, stream: ByteStream, *, name: str, fields: Sequence[str], size: int | None = None
    ) -> None:
        self.name = name
        self.size = size
        self.header = list(fields)
        self._stream = MeteredReader(stream)
        self._known_fields = set(fields)

    @property
    def bytes_read(self) -> int:
        """The number of bytes read so far."""
        return self._stream.bytes_read

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes read so far."""
        return self._stream.sha256

    def _cells_of(self, record: Any, text: str) -> tuple[list[str], RowFault | None]:
        """Return the cells and the fault of an object, whose JSON is ``text``.

        If the cells cannot be told apart, the only cell is the text itself, for the rejects file.
        """
        if not isinstance(record, dict):
            return unparsed_cells(text), RowFault.NOT_JSON
        if not record.keys() <= self._known_fields:
            return unparsed_cells(text), RowFault.UNKNOWN_FIELD
        values = map(record.get, self.header)
        cells = ["" if value is None else value for value in values]
        if set(map(type, cells)) != {str}:
            return unparsed_cells(text), RowFault.NOT_PLAIN
        if _is_storable("".join(cells)):
            return cells, None
        return _storable(cells), RowFault.BAD_CHARACTER


def unparsed_cells(text: str) -> list[str]:
    """Return the beginning of a faulty object as the only cell of its row."""
    return _storable([text.strip()[:MAX_UNPARSED_CHARACTERS]])


def _is_storable(text: str) -> bool:
    """Return whether PostgreSQL can store the text: whether ``_storable`` would leave it as it is.

    This runs for every row. ASCII, the usual case, needs no encoding to be checked.
    """
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _storable(cells: list[str]) -> list[str]:
    """Return the cells without the characters that PostgreSQL cannot store.

    NUL becomes U+FFFD, the replacement character. A surrogate without its pair, which JSON can
    contain as an escape sequence, becomes a question mark.
    """
    return [
        cell.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8") for cell in cells
    ]
