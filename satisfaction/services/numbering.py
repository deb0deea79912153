"""Complaint numbers: TS-YYYYMM-NNNNN, starting at 1 in every local month."""

from datetime import date

from django.db import connection

# One statement takes the numbers and locks the month's row until the transaction ends. Two
# transactions at once therefore get different numbers, one after the other.
TAKE_NUMBERS = """
    INSERT INTO satisfaction_complaintseries AS series (month, last) VALUES (%s, %s)
    ON CONFLICT (month) DO UPDATE SET last = series.last + excluded.last
    RETURNING last
"""


def take_numbers(*, day: date, count: int) -> list[str]:
    """Return the next ``count`` complaint numbers of the month of ``day``, a local date.

    Call it late in a transaction: other transactions that open a complaint wait until it ends.
    """
    month = day.replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute(TAKE_NUMBERS, [month, count])
        (last,) = cursor.fetchone()
    return [f"TS-{month:%Y%m}-{n:05}" for n in range(last - count + 1, last + 1)]
