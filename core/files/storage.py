"""Where the contents of files are: in the storage ``attachments`` of ``settings.STORAGES``.

A stored file has a random name of our own, in one of 256 folders: ``3f/3f2a…`` (32 hexadecimal
digits). What a user called the file appears in no path.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import IO, Any
from uuid import uuid4

from django.core.files import File
from django.core.files.storage import Storage, storages

from core.files.kinds import HEAD_BYTES, TAIL_BYTES, FileKind, is_program, kind_of

logger = logging.getLogger(__name__)

STORAGE = "attachments"  # its name in settings.STORAGES
STORED_NAME_PATTERN = r"^[0-9a-f]{2}/[0-9a-f]{32}$"  # in syntax of both Python and PostgreSQL
FOLDERS = tuple(f"{number:02x}" for number in range(256))


class FileTooLargeError(Exception):
    """The content is larger than the limit; nothing is stored."""


@dataclass(frozen=True)
class StoredFile:
    """What was found while a file was stored."""

    stored_name: str
    size: int  # bytes
    sha256: str
    kind: FileKind
    is_program: bool


def file_storage() -> Storage:
    """Return the storage of the files."""
    return storages[STORAGE]


def is_stored_name(name: str) -> bool:
    """Return whether a file of the storage has a name that ``store_file`` gives."""
    return re.fullmatch(STORED_NAME_PATTERN, name) is not None


class _MeasuredFile(File[bytes]):
    """A file that is hashed, measured and looked at while its chunks are read, once."""

    def __init__(self, content: File[Any], max_bytes: int) -> None:
        super().__init__(content.file, content.name)
        self._content = content
        self._max_bytes = max_bytes
        self._digest = sha256()
        self.bytes_read = 0
        self.head = b""
        self.tail = b""

    @property
    def sha256(self) -> str:
        """The hash of what was read, as hexadecimal digits."""
        return self._digest.hexdigest()

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Yield the content in parts; raise FileTooLargeError as soon as it exceeds the limit."""
        for chunk in self._content.chunks(chunk_size):
            self.bytes_read += len(chunk)
            if self.bytes_read > self._max_bytes:
                raise FileTooLargeError
            self._digest.update(chunk)
            if len(self.head) < HEAD_BYTES:
                self.head += chunk[: HEAD_BYTES - len(self.head)]
            self.tail = (self.tail + chunk)[-TAIL_BYTES:]
            yield chunk


def store_file(content: File[Any], *, max_bytes: int) -> StoredFile:
    """Write the content into the storage in parts, and return what was found.

    Raises FileTooLargeError. After an error nothing is left in the storage.
    """
    identifier = uuid4().hex
    stored_name = f"{identifier[:2]}/{identifier}"
    measured = _MeasuredFile(content, max_bytes)
    try:
        file_storage().save(stored_name, measured)
    except BaseException:
        remove_stored_file(stored_name)
        raise
    return StoredFile(
        stored_name=stored_name,
        size=measured.bytes_read,
        sha256=measured.sha256,
        kind=kind_of(measured.head, measured.tail),
        is_program=is_program(measured.head),
    )


def open_stored_file(stored_name: str) -> IO[bytes]:
    """Return the file, opened for reading; raise FileNotFoundError if it is missing."""
    return file_storage().open(stored_name, "rb")


def remove_stored_file(stored_name: str) -> None:
    """Remove a file from the storage; a missing one is no error.

    A file that cannot be removed is logged; the nightly check removes it later.
    """
    try:
        file_storage().delete(stored_name)
    except OSError:
        logger.exception("cannot remove the stored file %s", stored_name)
