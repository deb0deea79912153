"""Writing rows with PostgreSQL's COPY from an iterator. Memory holds one chunk of rows."""

from collections.abc import Generator, Iterable, Sequence

from django.db import DatabaseError
from django.db.backends.utils import CursorWrapper

# The chunks are small, so that the database reads one while the next is being built.
CHUNK_CHARACTERS = 8 * 1024
NULL = r"\N"
# The backslash comes first, because the other replacements add backslashes.
ESCAPES = (("\\", r"\\"), ("\t", r"\t"), ("\n", r"\n"), ("\r", r"\r"))


def copy_rows(cursor: CursorWrapper, statement: str, rows: Iterable[Sequence[object]]) -> int:
    """Write rows with a ``COPY … FROM STDIN`` statement and return how many there were.

    Values are written with ``str()``, None as NULL. An exception of ``rows`` is raised unchanged; a
    row that the database refuses raises an error of django.db.
    """
    return copy_lines(cursor, statement, map(format_row, rows))


def copy_lines(cursor: CursorWrapper, statement: str, lines: Iterable[str]) -> int:
    """Do the same as ``copy_rows`` for lines that are already in COPY's text format."""
    stream = _CopyStream(lines)
    try:
        with cursor.db.wrap_database_errors:
            cursor.copy_expert(statement, stream)
    except DatabaseError:
        # The driver reports every exception of the stream as a cancelled COPY.
        if stream.error is not None:
            raise stream.error from None
        raise
    return int(cursor.rowcount)


def format_row(row: Sequence[object]) -> str:
    """Return a row as a line in COPY's text format."""
    cells = []
    for value in row:
        if value is None:
            cells.append(NULL)
            continue
        text = str(value)
        # This runs for every cell of every import. Testing first is faster than replacing always.
        if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
            text = _escape(text)
        cells.append(text)
    return "\t".join(cells) + "\n"


def _escape(text: str) -> str:
    for character, escaped in ESCAPES:
        text = text.replace(character, escaped)
    return text


class _CopyStream:
    """The stream that the driver reads with ``read(size)``; empty bytes are its end.

    ``size`` is ignored: the driver accepts more bytes than it requests. ``read`` is the ``send``
    method of a generator, not a method of this class. If an interrupt arrives while the driver
    sends data, Python raises it at the next call. In a generator that is inside the ``try``, so it
    is stored in ``error``; in a method it would be raised before the first line.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.error: BaseException | None = None
        chunks = self._chunks(lines)
        next(chunks)  # run to the first yield, so that ``send`` can be called
        self.read = chunks.send

    def _chunks(self, lines: Iterable[str]) -> Generator[bytes, int, None]:
        chunk: list[str] = []
        characters = 0
        try:
            yield b""
            for line in lines:
                chunk.append(line)
                characters += len(line)
                if characters >= CHUNK_CHARACTERS:
                    yield "".join(chunk).encode()
                    chunk.clear()
                    characters = 0
            if chunk:
                yield "".join(chunk).encode()
            yield b""
        except BaseException as error:
            self.error = error
            raise
