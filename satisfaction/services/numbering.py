"""Complaint numbers: TS-YYYYMM-NNNNN, counted anew in every local month."""

from datetime import date

from django.db import connection

# One statement both takes the numbers and holds the month's row until the transaction ends, so that
# two openings at once get one number after the other. A number is never given out twice.
TAKE = """
    INSERT INTO satisfaction_complaintseries AS series (month, last) VALUES (%s, %s)
    ON CONFLICT (month) DO UPDATE SET last = series.last + excluded.last
    RETURNING last
"""


def take_numbers(*, day: date, count: int) -> list[str]:
    """Return the next ``count`` complaint numbers of the month ``day`` (local date) lies in.

    Call it late in the transaction: until it ends, others who open a complaint wait.
    """
    month = day.replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [month, count])
        (last,) = cursor.fetchone()
    return [f"TS-{month:%Y%m}-{n:05}" for n in range(last - count + 1, last + 1)]
