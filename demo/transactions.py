"""The transactions: monthly bills, orders and refunds, month by month as billing sends them.

Rows go from a generator straight into COPY: what is held in memory is a month's list of buyers,
however many transactions there are.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, islice

from django.conf import settings
from django.db import connection

from accounts.acting import Channel
from accounts.models import User
from common.copying import copy_lines
from crm.models import BillingSystem, ImportBatch
from crm.models.batch import BatchKind
from crm.models.transaction import Kind
from demo.bare import bare
from demo.customers import Book
from demo.plan import Month, Plan
from demo.progress import Progress

TABLE = "crm_transaction"
COPY = (
    f"COPY {TABLE} (customer_id, amount, occurred_on, batch_id, billing_system_id, kind,"
    " currency, external_id) FROM STDIN"
)
SYSTEMS = (("boss", "BOSS 计费系统", "BOSS billing"), ("order", "订单系统", "Order system"))
MAX_BILLS = 0.6  # of all transactions; the rest are orders and refunds
REFUNDS_PERCENT = 2
ORDER_SHARE = 0.22  # of a usual month's bill
SLUMP_MONTHS, SLUMP = 3, 0.4
WEEKEND = 0.25
HOLIDAY_DAYS = 8
# First days of the Spring Festival; outside these years the middle of February stands in.
FESTIVALS = {
    date(2019, 2, 5), date(2020, 1, 25), date(2021, 2, 12), date(2022, 2, 1), date(2023, 1, 22),
    date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26),
    date(2029, 2, 13), date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31),
    date(2034, 2, 19), date(2035, 2, 8),
}  # fmt: skip
FESTIVAL_OF = {day.year: day for day in FESTIVALS}
FESTIVAL_DIP, NATIONAL_DAY_DIP, YEAR_END_RISE = 0.74, 0.9, 1.18
NOISE_BITS = 12
LINES_PER_REPORT = 2000


def festival(year: int) -> date:
    """Return the first day of the Spring Festival."""
    return FESTIVAL_OF.get(year, date(year, 2, 12))


def season(month: Month) -> float:
    """Return how a month compares with a usual one."""
    if festival(month.first.year).replace(day=1) == month.first:
        return FESTIVAL_DIP
    return {10: NATIONAL_DAY_DIP, 12: YEAR_END_RISE}.get(month.first.month, 1.0)


def business(day: date) -> float:
    """Return how many orders a day brings, in those of a working day; none on long holidays."""
    since_festival = (day - festival(day.year)).days
    if 0 <= since_festival < HOLIDAY_DAYS or (day.month == 10 and day.day < HOLIDAY_DAYS):
        return 0.02
    return WEEKEND if day.weekday() >= 5 else 1.0


@dataclass(frozen=True)
class _Quota:
    """How many rows of each kind a month has; ``every`` is the months between two bills."""

    month: Month
    position: int
    every: int
    orders: int
    refunds: int


def make_transactions(plan: Plan, book: Book, actor: User, progress: Progress) -> None:
    """Write exactly as many transactions as the plan asks for, with a batch per month and system.

    The table must be empty; it is locked until the transaction that is open ends.
    """
    ledger = _Ledger(plan, book)
    quotas = ledger.quotas()
    with bare(TABLE), connection.cursor() as cursor:
        # An emptied table is a new file, whose rows need not go through the write-ahead log.
        cursor.execute(f"TRUNCATE {TABLE}")
        for code, name_zh, name_en in SYSTEMS:
            system, _made = BillingSystem.objects.get_or_create(
                code=code, defaults={"name_zh": name_zh, "name_en": name_en}
            )
            ledger.systems[code] = system.pk
        for quota in quotas:
            for code in ledger.systems:
                batch = _open_batch(code, quota, plan, actor)
                lines = _count_lines(ledger.lines(quota, code, batch.pk), progress)
                batch.rows_read = batch.rows_created = copy_lines(cursor, COPY, lines)
                batch.save()


def _open_batch(code: str, quota: _Quota, plan: Plan, actor: User) -> ImportBatch:
    name = f"{code}-{quota.month.label}.csv"
    return ImportBatch.objects.create(
        kind=BatchKind.TRANSACTIONS,
        file_name=name,
        sha256=plan.fingerprint(name),
        actor=actor,
        channel=Channel.COMMAND,
    )


def _count_lines(lines: Iterator[str], progress: Progress) -> Iterator[str]:
    """Yield the lines, and report them to ``progress`` some thousands at a time."""
    while chunk := list(islice(lines, LINES_PER_REPORT)):
        progress.advance(len(chunk))
        yield from chunk


class _Ledger:
    """Invents the rows of one month and system at a time."""

    def __init__(self, plan: Plan, book: Book) -> None:
        self._plan, self._book = plan, book
        self._rng = plan.random("transactions")
        self._calendar = plan.calendar()
        self._noise = [self._rng.lognormvariate(0, 0.22) for _ in range(1 << NOISE_BITS)]
        self.systems: dict[str, int] = {}

    def quotas(self) -> list[_Quota]:
        """Share out the plan's transactions over kinds and months, to the row."""
        total = self._plan.transactions
        refunds = total * REFUNDS_PERCENT // 100
        every, bills = 1, self._count_bills(1)
        while bills > MAX_BILLS * total:
            every = max(every + 1, math.ceil(bills * every / (MAX_BILLS * total)))
            bills = self._count_bills(every)
        weights = [
            sum(map(business, _days(month))) * season(month) * len(self._buyers(position))
            for position, month in enumerate(self._calendar)
        ]
        orders_by_month = _share_out(total - bills - refunds, weights)
        refunds_by_month = _share_out(refunds, weights)
        return [
            _Quota(month, position, every, orders, refunds)
            for position, (month, orders, refunds) in enumerate(
                zip(self._calendar, orders_by_month, refunds_by_month, strict=True)
            )
        ]

    def lines(self, quota: _Quota, system: str, batch: int) -> Iterator[str]:
        """Yield the rows of a month and system as lines for COPY."""
        tail = f"\t{batch}\t{self.systems[system]}\t"
        buyers = self._buyers(quota.position)
        if system == "order":
            yield from self._orders(quota, buyers, tail)
        else:
            yield from self._bills(quota, tail)
            yield from self._refunds(quota, buyers, tail)

    def _buyers(self, position: int) -> list[int]:
        first, last = self._book.first, self._book.last
        return [n for n in range(len(self._book)) if first[n] <= position < last[n]]

    def _billed(self, position: int, every: int) -> Iterator[int]:
        """Yield who gets a bill in a month: one in ``every``, if the day has come."""
        days, bill_day = self._calendar[position].days, self._book.bill_day
        for n in self._buyers(position):
            if (n + position + 1) % every == 0 and bill_day[n] <= days:
                yield n

    def _count_bills(self, every: int) -> int:
        return sum(1 for p in range(len(self._calendar)) for _ in self._billed(p, every))

    def _bills(self, quota: _Quota, tail: str) -> Iterator[str]:
        book, bits = self._book, self._rng.getrandbits
        first_id, spend, bill_day, noise = book.first_id, book.spend, book.bill_day, self._noise
        days = [day.isoformat() for day in _days(quota.month)]
        label, level = quota.month.label, season(quota.month) * quota.every
        ending = f"{tail}{Kind.BILL.value}\t{settings.CURRENCY}\tB{label}"
        slump = quota.position >= len(self._calendar) - SLUMP_MONTHS
        for n in self._billed(quota.position, quota.every):
            factor = level * book.trend[n] ** quota.position * noise[bits(NOISE_BITS)]
            if slump and book.slump[n]:
                factor *= SLUMP
            amount = max(1, int(spend[n] * factor))
            yield f"{first_id + n}\t{amount}\t{days[bill_day[n] - 1]}{ending}{n:07}\n"

    def _orders(self, quota: _Quota, buyers: list[int], tail: str) -> Iterator[str]:
        ending = f"{tail}{Kind.ORDER.value}\t{settings.CURRENCY}\tO{quota.month.label}"
        slump = quota.position >= len(self._calendar) - SLUMP_MONTHS
        level = ORDER_SHARE * season(quota.month)
        chosen = self._chosen(quota.month, buyers, quota.orders)
        for number, (n, day) in enumerate(chosen):
            factor = level * self._noise[self._rng.getrandbits(NOISE_BITS)] ** 3
            if slump and self._book.slump[n]:
                factor *= SLUMP
            amount = max(1, int(self._book.spend[n] * factor))
            yield f"{self._book.first_id + n}\t{amount}\t{day}{ending}{number:07}\n"

    def _refunds(self, quota: _Quota, buyers: list[int], tail: str) -> Iterator[str]:
        ending = f"{tail}{Kind.REFUND.value}\t{settings.CURRENCY}\tR{quota.month.label}"
        chosen = self._chosen(quota.month, buyers, quota.refunds)
        for number, (n, day) in enumerate(chosen):
            amount = max(1, int(self._book.spend[n] * self._rng.uniform(0.01, 0.12)))
            yield f"{self._book.first_id + n}\t{-amount}\t{day}{ending}{number:07}\n"

    def _chosen(self, month: Month, buyers: list[int], count: int) -> Iterator[tuple[int, str]]:
        """Return who does something on which day of the month: those who spend more, more often."""
        if not count:
            return iter(())
        days = list(_days(month))
        spend = self._book.spend
        weights = list(accumulate(math.sqrt(spend[n]) for n in buyers))
        day_weights = list(accumulate(map(business, days)))
        who = self._rng.choices(buyers, cum_weights=weights, k=count)
        when = self._rng.choices(
            [day.isoformat() for day in days], cum_weights=day_weights, k=count
        )
        return zip(who, when, strict=True)


def _days(month: Month) -> list[date]:
    return [month.first + timedelta(days=n) for n in range(month.days)]


def _share_out(total: int, weights: list[float]) -> list[int]:
    """Split a whole number in proportion to weights; the parts add up to it."""
    sums = list(accumulate(weights))
    marks = [round(total * mark / sums[-1]) for mark in sums]
    return [mark - before for before, mark in zip([0, *marks], marks, strict=False)]
