"""Writing many rows with PostgreSQL's COPY, from an iterator. Memory holds one chunk of rows.

Imports and the demonstration company use it. How the driver (psycopg2) shapes this module is in
docs/adr/0011.
"""

from collections.abc import Generator, Iterable, Sequence

from django.db import DatabaseError
from django.db.backends.utils import CursorWrapper

# The driver waits until the database has taken a chunk. Small chunks are faster, because the
# database works on one while the next is being built.
CHUNK_CHARACTERS = 8 * 1024
NULL = r"\N"  # NULL in COPY's text format
# The backslash comes first, because the other replacements add backslashes.
ESCAPES = (("\\", r"\\"), ("\t", r"\t"), ("\n", r"\n"), ("\r", r"\r"))


def copy_rows(cursor: CursorWrapper, statement: str, rows: Iterable[Sequence[object]]) -> int:
    """Write rows with a ``COPY … FROM STDIN`` statement and return how many there were.

    ``statement`` is for example ``COPY stage FROM STDIN``; the values of a row have the order of
    its columns. Values are written with ``str()``, None as NULL. An exception that iterating over
    ``rows`` raises is raised unchanged. A row that the database refuses raises an error of
    django.db. In both cases the transaction has failed.
    """
    return copy_lines(cursor, statement, map(format_row, rows))


def copy_lines(cursor: CursorWrapper, statement: str, lines: Iterable[str]) -> int:
    """Do the same as ``copy_rows`` for lines that are already in the form of ``format_row``."""
    stream = _CopyStream(lines)
    try:
        with cursor.db.wrap_database_errors:
            cursor.copy_expert(statement, stream)
    except DatabaseError:
        # The driver reports every exception of the stream as a cancelled COPY and drops the
        # exception itself, so the stream stores it.
        if stream.error is not None:
            raise stream.error from None
        raise
    return int(cursor.rowcount)


def format_row(row: Sequence[object]) -> str:
    r"""Return a row as a line in COPY's text format: ``["a", None]`` becomes ``a\t\N\n``.

    Tabs, line breaks and backslashes inside a value are escaped with a backslash.
    """
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


def format_columns(columns: Iterable[Iterable[str]], *, nulls: int) -> str:
    r"""Return rows whose cells are given by column, as lines in COPY's text format.

    Each row ends with ``nulls`` times NULL. The columns ``["1", "2"]`` and ``["a", "b"]`` with one
    NULL become ``1\ta\t\N\n2\tb\t\N\n``. All columns have the same number of cells.
    """
    rows = list(zip(*columns, strict=True))
    text = "\n".join(map("\t".join, rows)) + "\n"
    ending = f"\t{NULL}" * nulls + "\n"
    separators = len(rows) * (len(rows[0]) - 1)
    # Only the separators of the text must be left: otherwise a cell has a character to be escaped.
    if (
        "\\" in text
        or "\r" in text
        or text.count("\n") != len(rows)
        or text.count("\t") != separators
    ):
        return "".join(format_row((*row, *(None,) * nulls)) for row in rows)
    return text.replace("\n", ending)


def _escape(text: str) -> str:
    for character, escaped in ESCAPES:
        text = text.replace(character, escaped)
    return text


class _CopyStream:
    """The stream that the driver reads with ``read(size)``; empty bytes mean its end.

    ``size`` is ignored, because the driver accepts more bytes than it requests. ``error`` is the
    exception that ended the stream, if any.

    ``read`` is the ``send`` method of a running generator and not a method of this class, because
    of Ctrl-C. While the driver sends data, Python cannot raise KeyboardInterrupt, and raises it
    when the driver next calls Python code. A generator continues inside its ``try`` block, which
    stores the exception; a method would raise it before its first line.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.error: BaseException | None = None
        chunks = self._chunks(lines)
        next(chunks)  # run to the first yield, which ``send`` requires
        self.read = chunks.send

    def _chunks(self, lines: Iterable[str]) -> Generator[bytes, int, None]:
        """Yield empty bytes for the constructor, then the chunks, then empty bytes as the end."""
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
