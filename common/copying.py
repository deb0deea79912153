"""Writing rows by PostgreSQL's COPY as they are made: memory holds one chunk of them."""

from collections.abc import Generator, Iterable, Sequence

from django.db import DatabaseError
from django.db.backends.utils import CursorWrapper

# Small, so that the database works on one chunk while the next is made.
CHUNK_CHARACTERS = 8 * 1024
NULL = r"\N"
# Backslash first: what the other replacements write contains one.
ESCAPES = (("\\", r"\\"), ("\t", r"\t"), ("\n", r"\n"), ("\r", r"\r"))


def copy_rows(cursor: CursorWrapper, statement: str, rows: Iterable[Sequence[object]]) -> int:
    """Write rows with a ``COPY … FROM STDIN`` statement and return how many there were.

    A value is written as ``str()`` has it, None as NULL. Raises what ``rows`` raises, and the
    errors of django.db for what the database refuses.
    """
    return copy_lines(cursor, statement, map(format_row, rows))


def copy_lines(cursor: CursorWrapper, statement: str, lines: Iterable[str]) -> int:
    """Like ``copy_rows``, for rows that are lines in COPY's text format already."""
    feed = _Feed(lines)
    try:
        with cursor.db.wrap_database_errors:
            cursor.copy_expert(statement, feed)
    except DatabaseError:
        # The driver reports every error of the feed as a cancelled COPY.
        if feed.error is not None:
            raise feed.error from None
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
        # This runs for every cell of every import; looking first is faster than translating.
        if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
            text = _escape(text)
        cells.append(text)
    return "\t".join(cells) + "\n"


def _escape(text: str) -> str:
    for character, escaped in ESCAPES:
        text = text.replace(character, escaped)
    return text


class _Feed:
    """What the driver reads from: an object with ``read(size)``, which ends with empty bytes.

    ``size`` is ignored, for the driver takes more than it asks for. ``read`` is the generator's
    own ``send``: an interrupt that arrives while the driver is sending is raised inside the
    generator, whose ``except`` remembers it. A method would let it out before its first line.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.error: BaseException | None = None
        chunks = self._chunks(lines)
        next(chunks)  # to the first yield, where send continues
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
