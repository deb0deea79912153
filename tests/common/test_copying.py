"""COPY: what goes in comes out, and what goes wrong on the way is raised as what it is."""

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

from common.copying import CHUNK_CHARACTERS, copy_lines, copy_rows
from common.files import FileRefusedError
from crm.models.transaction import Kind

COPY = "COPY copied FROM STDIN"
# Whatever a text column can hold: all of Unicode but NUL, and surrogates, which UTF-8 lacks.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
# Enough rows that PostgreSQL's socket fills up and the driver waits for it in between.
MANY = 200_000


@pytest.fixture
def cursor(db: None) -> Iterator[CursorWrapper]:
    with connection.cursor() as opened:
        opened.execute("CREATE TEMP TABLE copied (number bigint, content text) ON COMMIT DROP")
        yield opened


def copy(cursor: CursorWrapper, contents: Iterable[object]) -> int:
    return copy_rows(cursor, COPY, enumerate(contents))


def read(cursor: CursorWrapper) -> list[object]:
    cursor.execute("SELECT content FROM copied ORDER BY number")
    return [content for (content,) in cursor.fetchall()]


def assert_still_usable() -> None:
    """The connection is left outside of COPY: the next statement is answered."""
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
def test_text_comes_out_as_it_went_in(cursor: CursorWrapper, content: str | None) -> None:
    assert copy(cursor, [content, content]) == 2
    assert read(cursor) == [content, content]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(st.none() | TEXTS | st.text("\\\t\n\r\bN.x4中"), max_size=20))
def test_any_texts_come_out_as_they_went_in(
    cursor: CursorWrapper, contents: list[str | None]
) -> None:
    cursor.execute("TRUNCATE copied")
    assert copy(cursor, contents) == len(contents)
    assert read(cursor) == contents


def test_values_of_other_types_are_read_by_their_column(db: None) -> None:
    at = datetime(2026, 3, 5, 23, 59, 59, 123456, tzinfo=UTC)
    row = (-(2**63), True, False, date(2026, 3, 5), at, 0.1, Kind.REFUND)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE copied (a bigint, b boolean, c boolean, d date, e timestamptz,"
            " f double precision, g smallint) ON COMMIT DROP"
        )
        copy_rows(cursor, COPY, [row])
        cursor.execute("SELECT * FROM copied")
        assert cursor.fetchone() == row


def test_no_rows_are_none(cursor: CursorWrapper) -> None:
    assert copy(cursor, []) == 0
    assert read(cursor) == []


def test_a_row_longer_than_a_chunk_goes_in_whole(cursor: CursorWrapper) -> None:
    contents = ["长" * (3 * CHUNK_CHARACTERS), "x", "y" * (CHUNK_CHARACTERS + 1)]
    assert copy(cursor, contents) == 3
    assert read(cursor) == contents


def test_lines_are_written_as_they_are(cursor: CursorWrapper) -> None:
    assert copy_lines(cursor, COPY, (f"{n}\tB{n}\n" for n in range(3))) == 3
    assert read(cursor) == ["B0", "B1", "B2"]


def test_nul_is_refused_by_the_database(cursor: CursorWrapper) -> None:
    with pytest.raises(DataError, match="0x00"), transaction.atomic():
        copy(cursor, ["good", "a\0b"])
    assert_still_usable()


def test_a_value_that_does_not_fit_its_column_is_refused(cursor: CursorWrapper) -> None:
    with pytest.raises(DataError, match="bigint"), transaction.atomic():
        copy_rows(cursor, COPY, [("many", "x")])
    assert_still_usable()


def test_a_constraint_is_reported_as_by_any_other_statement(cursor: CursorWrapper) -> None:
    cursor.execute("ALTER TABLE copied ADD UNIQUE (content)")
    with pytest.raises(IntegrityError), transaction.atomic():
        copy(cursor, repeat("same", MANY))
    assert_still_usable()


@pytest.mark.parametrize("rows_before", [0, 1, 50_000])
@pytest.mark.parametrize(
    "error", [FileRefusedError("damaged", "It ends too early."), ValueError("x"), SystemExit(3)]
)
def test_an_error_of_the_rows_is_raised_as_itself(
    cursor: CursorWrapper, error: BaseException, rows_before: int
) -> None:
    def rows() -> Iterator[str]:
        yield from repeat("good", rows_before)
        raise error

    with pytest.raises(type(error)) as raised, transaction.atomic():
        copy(cursor, rows())
    assert raised.value is error
    assert_still_usable()


def test_text_that_utf8_lacks_is_raised_as_itself(cursor: CursorWrapper) -> None:
    with pytest.raises(UnicodeEncodeError), transaction.atomic():
        copy(cursor, ["\ud800"])
    assert_still_usable()


@pytest.mark.parametrize("round_", range(10))
def test_an_interrupt_at_any_moment_is_raised_as_itself(cursor: CursorWrapper, round_: int) -> None:
    """A signal comes while a line is made, or while the driver waits for the database."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    lines = repeat(f"1\t{'x' * 200}\n", 20 * MANY)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02 + 0.007 * round_)
        with pytest.raises(KeyboardInterrupt), transaction.atomic():
            copy_lines(cursor, COPY, lines)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert_still_usable()
