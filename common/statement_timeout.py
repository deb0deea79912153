"""A limit to how long statements may take."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg2 import errors


class StatementTimeoutError(Exception):
    """A statement took longer than it may."""


@contextmanager
def statement_timeout(milliseconds: int) -> Iterator[None]:
    """Cancel a statement of the block after so many milliseconds; 0 is no limit.

    Raises StatementTimeoutError. What the block has written is then rolled back; the surrounding
    transaction can go on.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [milliseconds])
            yield
            # A surrounding transaction would keep the limit. The rollback ends it otherwise.
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, errors.QueryCanceled):
            raise StatementTimeoutError from error
        raise
