"""What all readers share: rows, the faults of rows, the refusal of a file, and counting bytes."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

BLOCK_SIZE = 1 << 18  # bytes


class FileRefusedError(Exception):
    """The file as a whole cannot be read. ``message`` is one line for the user.

    Programs use ``code``, which does not change.
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
    """One row: the line it starts at, its cells in the order of the header, and its fault."""

    line: int
    cells: list[str]
    fault: RowFault | None = None


class ByteStream(Protocol):
    """An open file or the body of a request."""

    def read(self, size: int = -1, /) -> bytes: ...


class RowSource(Protocol):
    """A table being read. ``bytes_read`` and ``sha256`` describe the part read so far."""

    name: str
    header: list[str]
    size: int | None

    @property
    def bytes_read(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    def __iter__(self) -> Iterator[Row]: ...


class MeteredReader:
    """Reads a stream in full blocks, and counts and hashes the bytes."""

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
        pieces, missing_bytes = [], BLOCK_SIZE
        while missing_bytes and (piece := self._stream.read(missing_bytes)):
            pieces.append(piece)
            missing_bytes -= len(piece)
        return b"".join(pieces)


def empty_file_error() -> FileRefusedError:
    """Return the refusal of a file without even a header."""
    return FileRefusedError("empty", _("The file is empty."))
