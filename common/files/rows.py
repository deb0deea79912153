"""What all readers share: the interface RowSource, rows and their faults, and counting bytes.

A *fault* concerns one row, and the rest of the file is read. A *refusal* concerns the whole file.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

BLOCK_SIZE = 256 * 1024  # bytes


class FileRefusedError(Exception):
    """The file as a whole cannot be read.

    ``message`` is one translated line for the user. ``code`` is for programs and does not change,
    for example ``not_text``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class RowFault(TextChoices):
    """Why a single row cannot be read. The other rows of the file can."""

    TOO_FEW = "too_few_fields", gettext_lazy("Fewer fields than the header has")
    TOO_MANY = "too_many_fields", gettext_lazy("More fields than the header has")
    BAD_CHARACTER = "bad_character", gettext_lazy("Holds a character that is not text")
    NOT_JSON = "not_json", gettext_lazy("Not a JSON object")
    UNKNOWN_FIELD = "unknown_field", gettext_lazy("Holds a field that is not known")
    NOT_PLAIN = "not_plain", gettext_lazy("Values must be text, numbers or null")


class Row(NamedTuple):
    """One row of a table.

    ``line``: the number of the line at which it starts, counted from 1; in XLSX the row's
    number, in a JSON array that of the element.
    ``cells``: texts in the order of the header, as many as the header has unless there is a fault.
    ``fault``: why the row cannot be used, or None.
    """

    line: int
    cells: list[str]
    fault: RowFault | None = None


class ByteStream(Protocol):
    """An open file or the body of a request. ``read`` may return fewer bytes than requested."""

    def read(self, size: int = -1, /) -> bytes: ...


class RowSource(Protocol):
    """A table that is being read, once and in order.

    ``header`` is known before the iteration. ``size`` is the size in bytes that ``bytes_read``
    reaches at the end, or None if it is unknown. ``sha256`` is that of the bytes read so far, so
    take it after the iteration. Iteration raises FileRefusedError.
    """

    name: str
    header: list[str]
    size: int | None

    @property
    def bytes_read(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    def __iter__(self) -> Iterator[Row]: ...


class MeteredReader:
    """Reads a stream in blocks, and counts and hashes its bytes."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.bytes_read = 0

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes read so far."""
        return self._digest.hexdigest()

    def blocks(self) -> Iterator[bytes]:
        """Yield the stream in blocks of BLOCK_SIZE bytes; only the last may be shorter."""
        while block := self._read_full_block():
            self._digest.update(block)
            self.bytes_read += len(block)
            yield block

    def _read_full_block(self) -> bytes:
        """Read until the block is full or the stream ends; return empty bytes at the end."""
        pieces, missing_bytes = [], BLOCK_SIZE
        while missing_bytes and (piece := self._stream.read(missing_bytes)):
            pieces.append(piece)
            missing_bytes -= len(piece)
        return b"".join(pieces)


def empty_file_error() -> FileRefusedError:
    """Return the refusal of a file without even a header."""
    return FileRefusedError("empty", _("The file is empty."))
