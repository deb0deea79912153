"""What every source of rows gives: a header, then rows with their line; and how it refuses."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

BLOCK = 1 << 18


class FileRefusedError(Exception):
    """The input as a whole cannot be read. ``code`` is stable, the message one line for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class RowFault(TextChoices):
    """Why a single row cannot be read; the rows around it can."""

    TOO_FEW = "too_few_fields", gettext_lazy("Fewer fields than the header has")
    TOO_MANY = "too_many_fields", gettext_lazy("More fields than the header has")
    BAD_CHARACTER = "bad_character", gettext_lazy("Holds a character that is not text")
    NOT_JSON = "not_json", gettext_lazy("Not a JSON object")
    UNKNOWN_FIELD = "unknown_field", gettext_lazy("Holds a field that is not known")
    NOT_PLAIN = "not_plain", gettext_lazy("Values must be text, numbers or null")


class Row(NamedTuple):
    """One row: the line it starts at, its cells in the order of the header, what is wrong."""

    line: int
    cells: list[str]
    fault: RowFault | None = None


class Readable(Protocol):
    """Bytes from anywhere: an open file, a request's body."""

    def read(self, size: int = -1, /) -> bytes: ...


class RowSource(Protocol):
    """A table being read. ``bytes_read`` and ``sha256`` speak of what was read so far."""

    name: str
    header: list[str]
    size: int | None

    @property
    def bytes_read(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    def __iter__(self) -> Iterator[Row]: ...


class Meter:
    """Reads a stream in full blocks, counting and fingerprinting what passes."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.bytes_read = 0

    @property
    def sha256(self) -> str:
        """Fingerprint of the bytes read so far."""
        return self._digest.hexdigest()

    def blocks(self) -> Iterator[bytes]:
        """Yield the stream in blocks of BLOCK bytes; only the last may be shorter."""
        while block := self._full_block():
            self._digest.update(block)
            self.bytes_read += len(block)
            yield block

    def _full_block(self) -> bytes:
        pieces, wanted = [], BLOCK
        while wanted and (piece := self._stream.read(wanted)):
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)


def empty_file() -> FileRefusedError:
    """Say that there is nothing, not even a header."""
    return FileRefusedError("empty", _("The file is empty."))
