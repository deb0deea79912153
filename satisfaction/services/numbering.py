"""Complaint numbers, such as TS-202607-00001: the month (local time), and a number from 1 in it."""

from datetime import date

from django.db import connection

# Adds ``count`` to the month's last number. The statement locks the month's row until the
# transaction ends: of two transactions at once, the second waits and gets the numbers that follow
# those of the first. A transaction that is rolled back leaves no gap.
TAKE_NUMBERS = """
    INSERT INTO satisfaction_complaintseries AS series (month, last) VALUES (%s, %s)
    ON CONFLICT (month) DO UPDATE SET last = series.last + excluded.last
    RETURNING last
"""


def take_numbers(*, day: date, count: int) -> list[str]:
    """Return the next ``count`` complaint numbers of the month of ``day``, a local date.

    Call it in the transaction that saves the complaints, and late: other transactions that open a
    complaint in this month wait until it ends.
    """
    month = day.replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute(TAKE_NUMBERS, [month, count])
        (last,) = cursor.fetchone()
    return [f"TS-{month:%Y%m}-{n:05}" for n in range(last - count + 1, last + 1)]
