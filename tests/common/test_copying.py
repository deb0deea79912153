"""COPY: values are stored unchanged, and errors of the rows are raised unchanged."""

import signal
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import repeat
from types import FrameType

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.copying import CHUNK_CHARACTERS, copy_lines, copy_rows, format_columns, format_row
from common.files import FileRefusedError
from crm.models.transaction import TransactionKind

COPY = "COPY copied FROM STDIN"
# Everything that a text column can store: all of Unicode except NUL and surrogates.
ANY_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
# Enough rows to fill the socket's buffer, so that the driver has to wait for PostgreSQL.
MANY_ROWS = 200_000


@pytest.fixture
def cursor(db: None) -> Iterator[CursorWrapper]:
    with connection.cursor() as table_cursor:
        table_cursor.execute(
            "CREATE TEMP TABLE copied (number bigint, content text) ON COMMIT DROP"
        )
        yield table_cursor


def copy_texts(cursor: CursorWrapper, contents: Iterable[object]) -> int:
    return copy_rows(cursor, COPY, enumerate(contents))


def read_texts(cursor: CursorWrapper) -> list[object]:
    cursor.execute("SELECT content FROM copied ORDER BY number")
    return [content for (content,) in cursor.fetchall()]


def assert_connection_is_usable() -> None:
    """Check that the failed COPY has ended: the next statement works and finds no rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM copied")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    "content",
    [
        None, "", " ", "a\tb", "a\nb", "a\r\nb", "\r", "\t", "\n", "\\", "\\\\", "\\N", "\\.",
        "\\t", "\\x41", "ends with \\", "中国移动", "集团\t客户\n\\", "😀", "\x01\x1f\x7f\ufeff",
    ],
)  # fmt: skip
def test_special_characters_are_stored_unchanged(
    cursor: CursorWrapper, content: str | None
) -> None:
    assert copy_texts(cursor, [content, content]) == 2
    assert read_texts(cursor) == [content, content]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(st.none() | ANY_TEXT | st.text("\\\t\n\r\bN.x4中"), max_size=20))
def test_any_texts_are_stored_unchanged(cursor: CursorWrapper, contents: list[str | None]) -> None:
    cursor.execute("TRUNCATE copied")
    assert copy_texts(cursor, contents) == len(contents)
    assert read_texts(cursor) == contents


def test_values_of_other_types_are_stored_unchanged(db: None) -> None:
    at = datetime(2026, 3, 5, 23, 59, 59, 123456, tzinfo=UTC)
    row = (-(2**63), True, False, date(2026, 3, 5), at, 0.1, TransactionKind.REFUND)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE copied (a bigint, b boolean, c boolean, d date, e timestamptz,"
            " f double precision, g smallint) ON COMMIT DROP"
        )
        copy_rows(cursor, COPY, [row])
        cursor.execute("SELECT * FROM copied")
        assert cursor.fetchone() == row


def test_no_rows_are_copied_from_an_empty_iterable(cursor: CursorWrapper) -> None:
    assert copy_texts(cursor, []) == 0
    assert read_texts(cursor) == []


def test_a_row_longer_than_a_chunk_is_stored_whole(cursor: CursorWrapper) -> None:
    contents = ["长" * (3 * CHUNK_CHARACTERS), "x", "y" * (CHUNK_CHARACTERS + 1)]
    assert copy_texts(cursor, contents) == 3
    assert read_texts(cursor) == contents


def test_lines_in_copy_format_are_written_unchanged(cursor: CursorWrapper) -> None:
    assert copy_lines(cursor, COPY, (f"{n}\tB{n}\n" for n in range(3))) == 3
    assert read_texts(cursor) == ["B0", "B1", "B2"]


def test_nul_is_refused_by_the_database(cursor: CursorWrapper) -> None:
    with pytest.raises(DataError, match="0x00"), transaction.atomic():
        copy_texts(cursor, ["good", "a\0b"])
    assert_connection_is_usable()


def test_a_value_that_does_not_fit_its_column_is_refused(cursor: CursorWrapper) -> None:
    with pytest.raises(DataError, match="bigint"), transaction.atomic():
        copy_rows(cursor, COPY, [("many", "x")])
    assert_connection_is_usable()


def test_a_violated_constraint_raises_integrity_error(cursor: CursorWrapper) -> None:
    cursor.execute("ALTER TABLE copied ADD UNIQUE (content)")
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_texts(cursor, repeat("same", MANY_ROWS))
    assert_connection_is_usable()


@pytest.mark.parametrize("rows_before", [0, 1, 50_000])
@pytest.mark.parametrize(
    "error", [FileRefusedError("damaged", "It ends too early."), ValueError("x"), SystemExit(3)]
)
def test_an_error_of_the_rows_is_raised_unchanged(
    cursor: CursorWrapper, error: BaseException, rows_before: int
) -> None:
    def rows() -> Iterator[str]:
        yield from repeat("good", rows_before)
        raise error

    with pytest.raises(type(error)) as raised, transaction.atomic():
        copy_texts(cursor, rows())
    assert raised.value is error
    assert_connection_is_usable()


def test_a_surrogate_raises_unicode_encode_error(cursor: CursorWrapper) -> None:
    with pytest.raises(UnicodeEncodeError), transaction.atomic():
        copy_texts(cursor, ["\ud800"])
    assert_connection_is_usable()


@pytest.mark.parametrize("attempt", range(10))
def test_an_interrupt_at_any_moment_is_raised_unchanged(
    cursor: CursorWrapper, attempt: int
) -> None:
    """The signal arrives while a line is built or while the driver waits for the database.

    Each attempt waits 7 ms longer than the one before, to hit different moments.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    lines = repeat(f"1\t{'x' * 200}\n", 20 * MANY_ROWS)
    previous_handler = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02 + 0.007 * attempt)
        with pytest.raises(KeyboardInterrupt), transaction.atomic():
            copy_lines(cursor, COPY, lines)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous_handler)
    assert_connection_is_usable()


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1))
def test_columns_become_the_same_lines_as_their_rows(rows: list[tuple[str, str]]) -> None:
    lines = "".join(format_row((*row, None, None)) for row in rows)
    assert format_columns(zip(*rows, strict=True), nulls=2) == lines
