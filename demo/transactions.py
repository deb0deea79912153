"""Making the transactions: bills, orders and refunds, in batches by month and billing system.

Generators pass the rows to COPY. Memory holds the buyers of one month, and a customer and a day for
each of its orders, but not the rows.

In this module a customer is a number ``n``, the index in ``SpendingProfiles``; the id in the
database is ``first_id + n``. A month is a position in ``plan.calendar()``. Amounts are in
hundredths of the currency, as the table stores them.
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
from crm.models.transaction import TransactionKind
from demo.customers import SpendingProfiles
from demo.plan import Month, Plan
from demo.progress import Progress
from demo.table_rebuild import without_keys_and_indexes

TABLE = "crm_transaction"
COPY = (
    f"COPY {TABLE} (customer_id, amount, occurred_on, batch_id, billing_system_id, kind,"
    " currency, external_id) FROM STDIN"
)
# Code, Chinese name, English name. Orders come from "order", bills and refunds from "boss".
SYSTEMS = (("boss", "BOSS 计费系统", "BOSS billing"), ("order", "订单系统", "Order system"))
MAX_BILL_SHARE = 0.6  # of all transactions; the rest are orders and refunds
REFUNDS_PERCENT = 2  # of all transactions
# Amounts of an order and of a refund, relative to the spend of a usual month.
ORDER_FACTOR = 0.22
MIN_REFUND_FACTOR, MAX_REFUND_FACTOR = 0.01, 0.12
# In the last months, customers with a slump spend this part of the usual amount.
SLUMP_MONTHS, SLUMP_FACTOR = 3, 0.4
# How likely an order is on such a day, relative to a working day.
WEEKEND_WEIGHT, HOLIDAY_WEIGHT = 0.25, 0.02
SPRING_FESTIVAL_DAYS, NATIONAL_DAY_DAYS = 8, 7  # the holidays; National Day is 1 October
# First days of the Spring Festival. For other years 12 February, a possible date, is used.
SPRING_FESTIVALS = {
    date(2019, 2, 5), date(2020, 1, 25), date(2021, 2, 12), date(2022, 2, 1), date(2023, 1, 22),
    date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26),
    date(2029, 2, 13), date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31),
    date(2034, 2, 19), date(2035, 2, 8),
}  # fmt: skip
SPRING_FESTIVAL_BY_YEAR = {day.year: day for day in SPRING_FESTIVALS}
# The spend in the month of the Spring Festival, in October and in December; another month has 1.
FESTIVAL_FACTOR, NATIONAL_DAY_FACTOR, YEAR_END_FACTOR = 0.74, 0.9, 1.18
# Amounts vary by random factors. They are drawn from a table of 2**NOISE_BITS factors, which is
# faster than a log-normal number for each of millions of rows.
NOISE_BITS, NOISE_SIGMA = 12, 0.22
ORDER_NOISE_POWER = 3  # orders vary more than bills
PROGRESS_EVERY_LINES = 2000


def spring_festival(year: int) -> date:
    """Return the first day of the Spring Festival in the year."""
    return SPRING_FESTIVAL_BY_YEAR.get(year, date(year, 2, 12))


def month_factor(month: Month) -> float:
    """Return the spend of the month relative to a usual month."""
    if spring_festival(month.first.year).replace(day=1) == month.first:
        return FESTIVAL_FACTOR
    return {10: NATIONAL_DAY_FACTOR, 12: YEAR_END_FACTOR}.get(month.first.month, 1.0)


def day_weight(day: date) -> float:
    """Return how likely an order is on the day, relative to a working day."""
    days_since_festival = (day - spring_festival(day.year)).days
    is_spring_festival = 0 <= days_since_festival < SPRING_FESTIVAL_DAYS
    is_national_holiday = day.month == 10 and day.day <= NATIONAL_DAY_DAYS
    if is_spring_festival or is_national_holiday:
        return HOLIDAY_WEIGHT
    return WEEKEND_WEIGHT if day.weekday() >= 5 else 1.0


@dataclass(frozen=True)
class _MonthPlan:
    """What is generated for the month at ``position`` of the calendar.

    A customer is billed once in ``bill_interval`` months. ``orders`` and ``refunds`` are numbers of
    rows.
    """

    month: Month
    position: int
    bill_interval: int
    orders: int
    refunds: int


def make_transactions(
    plan: Plan, profiles: SpendingProfiles, actor: User, progress: Progress
) -> None:
    """Write exactly the planned number of transactions, one import batch per month and system.

    Must run inside an audited transaction, and the table must be empty: it is truncated. It stays
    locked until the transaction ends.
    """
    generator = _TransactionGenerator(plan, profiles, _make_billing_systems())
    month_plans = generator.plan_months()
    with without_keys_and_indexes(TABLE), connection.cursor() as cursor:
        # TRUNCATE makes a new file, whose rows PostgreSQL need not write to the write-ahead log.
        cursor.execute(f"TRUNCATE {TABLE}")
        for month_plan in month_plans:
            for code, _name_zh, _name_en in SYSTEMS:
                batch = _create_batch(code, month_plan, plan, actor)
                lines = generator.generate_lines(month_plan, code, batch.pk)
                lines = _report_lines(lines, progress)
                batch.rows_read = batch.rows_created = copy_lines(cursor, COPY, lines)
                batch.save()


def _make_billing_systems() -> dict[str, int]:
    """Return the ids of the billing systems by code; create those that are missing."""
    ids = {}
    for code, name_zh, name_en in SYSTEMS:
        system, _created = BillingSystem.objects.get_or_create(
            code=code, defaults={"name_zh": name_zh, "name_en": name_en}
        )
        ids[code] = system.pk
    return ids


def _create_batch(code: str, month_plan: _MonthPlan, plan: Plan, actor: User) -> ImportBatch:
    name = f"{code}-{month_plan.month.label}.csv"
    return ImportBatch.objects.create(
        kind=BatchKind.TRANSACTIONS,
        file_name=name,
        sha256=plan.fingerprint(name),
        actor=actor,
        channel=Channel.COMMAND,
    )


def _report_lines(lines: Iterator[str], progress: Progress) -> Iterator[str]:
    """Yield the lines unchanged, and report their number to ``progress`` as they are read."""
    while chunk := list(islice(lines, PROGRESS_EVERY_LINES)):
        progress.advance(len(chunk))
        yield from chunk


class _TransactionGenerator:
    """Generates the rows of one month and billing system at a time.

    ``system_ids`` are the ids of the billing systems by code. The calls of ``generate_lines`` draw
    from one random generator: in another order they would give other amounts.
    """

    def __init__(self, plan: Plan, profiles: SpendingProfiles, system_ids: dict[str, int]) -> None:
        self._plan, self._profiles, self._system_ids = plan, profiles, system_ids
        self._rng = plan.random("transactions")
        self._calendar = plan.calendar()
        self._noise = [self._rng.lognormvariate(0, NOISE_SIGMA) for _ in range(1 << NOISE_BITS)]

    def plan_months(self) -> list[_MonthPlan]:
        """Distribute exactly the planned number of transactions over kinds and months."""
        total = self._plan.transactions
        refunds = total * REFUNDS_PERCENT // 100
        # If monthly bills would exceed their share, customers are billed every few months. The
        # interval is estimated from the last count, and grows until the bills fit.
        interval, bills = 1, self._count_bills(1)
        while bills > MAX_BILL_SHARE * total:
            interval = max(interval + 1, math.ceil(bills * interval / (MAX_BILL_SHARE * total)))
            bills = self._count_bills(interval)
        weights = [
            sum(map(day_weight, _days(month))) * month_factor(month) * len(self._buyers(position))
            for position, month in enumerate(self._calendar)
        ]
        orders_by_month = _distribute(total - bills - refunds, weights)
        refunds_by_month = _distribute(refunds, weights)
        return [
            _MonthPlan(month, position, interval, orders, refunds)
            for position, (month, orders, refunds) in enumerate(
                zip(self._calendar, orders_by_month, refunds_by_month, strict=True)
            )
        ]

    def generate_lines(
        self, month_plan: _MonthPlan, system_code: str, batch_id: int
    ) -> Iterator[str]:
        """Yield the rows of a month and system as lines in the format and column order of COPY."""
        batch_columns = f"\t{batch_id}\t{self._system_ids[system_code]}\t"
        buyers = self._buyers(month_plan.position)
        if system_code == "order":
            yield from self._orders(month_plan, buyers, batch_columns)
        else:
            yield from self._bills(month_plan, batch_columns)
            yield from self._refunds(month_plan, buyers, batch_columns)

    def _buyers(self, position: int) -> list[int]:
        """Return the customers who buy in the month."""
        first_month, end_month = self._profiles.first_month, self._profiles.end_month
        return [n for n in range(len(self._profiles)) if first_month[n] <= position < end_month[n]]

    def _billed_customers(self, position: int, interval: int) -> Iterator[int]:
        """Yield the customers with a bill in the month: one in ``interval``, others each month.

        The last month ends before the as-of date. Customers whose bill day is later have no bill.
        """
        days, bill_day = self._calendar[position].days, self._profiles.bill_day
        for n in self._buyers(position):
            if (n + position + 1) % interval == 0 and bill_day[n] <= days:
                yield n

    def _count_bills(self, interval: int) -> int:
        """Return the number of bills of all months."""
        positions = range(len(self._calendar))
        return sum(1 for p in positions for _ in self._billed_customers(p, interval))

    def _bills(self, month_plan: _MonthPlan, batch_columns: str) -> Iterator[str]:
        profiles, random_bits = self._profiles, self._rng.getrandbits
        first_id, spend, bill_day = profiles.first_id, profiles.spend, profiles.bill_day
        noise = self._noise
        days = [day.isoformat() for day in _days(month_plan.month)]
        base_factor = month_factor(month_plan.month) * month_plan.bill_interval
        ending = _last_columns(batch_columns, TransactionKind.BILL, f"B{month_plan.month.label}")
        is_slump_month = month_plan.position >= len(self._calendar) - SLUMP_MONTHS
        for n in self._billed_customers(month_plan.position, month_plan.bill_interval):
            trend = profiles.trend[n] ** month_plan.position
            factor = base_factor * trend * noise[random_bits(NOISE_BITS)]
            if is_slump_month and profiles.has_slump[n]:
                factor *= SLUMP_FACTOR
            amount = max(1, int(spend[n] * factor))
            yield f"{first_id + n}\t{amount}\t{days[bill_day[n] - 1]}{ending}{n:07}\n"

    def _orders(
        self, month_plan: _MonthPlan, buyers: list[int], batch_columns: str
    ) -> Iterator[str]:
        ending = _last_columns(batch_columns, TransactionKind.ORDER, f"O{month_plan.month.label}")
        is_slump_month = month_plan.position >= len(self._calendar) - SLUMP_MONTHS
        base_factor = ORDER_FACTOR * month_factor(month_plan.month)
        customer_days = self._random_customer_days(month_plan.month, buyers, month_plan.orders)
        for number, (n, day) in enumerate(customer_days):
            noise = self._noise[self._rng.getrandbits(NOISE_BITS)]
            factor = base_factor * noise**ORDER_NOISE_POWER
            if is_slump_month and self._profiles.has_slump[n]:
                factor *= SLUMP_FACTOR
            amount = max(1, int(self._profiles.spend[n] * factor))
            yield f"{self._profiles.first_id + n}\t{amount}\t{day}{ending}{number:07}\n"

    def _refunds(
        self, month_plan: _MonthPlan, buyers: list[int], batch_columns: str
    ) -> Iterator[str]:
        ending = _last_columns(batch_columns, TransactionKind.REFUND, f"R{month_plan.month.label}")
        customer_days = self._random_customer_days(month_plan.month, buyers, month_plan.refunds)
        for number, (n, day) in enumerate(customer_days):
            factor = self._rng.uniform(MIN_REFUND_FACTOR, MAX_REFUND_FACTOR)
            amount = max(1, int(self._profiles.spend[n] * factor))
            yield f"{self._profiles.first_id + n}\t{-amount}\t{day}{ending}{number:07}\n"

    def _random_customer_days(
        self, month: Month, buyers: list[int], count: int
    ) -> Iterator[tuple[int, str]]:
        """Return ``count`` random pairs of a buyer and an ISO date of the month.

        Customers who spend more are drawn more often, in proportion to the root of their spend.
        """
        if not count:
            return iter(())
        days = list(_days(month))
        spend = self._profiles.spend
        customer_weights = list(accumulate(math.sqrt(spend[n]) for n in buyers))
        day_weights = list(accumulate(map(day_weight, days)))
        customers = self._rng.choices(buyers, cum_weights=customer_weights, k=count)
        day_texts = self._rng.choices(
            [day.isoformat() for day in days], cum_weights=day_weights, k=count
        )
        return zip(customers, day_texts, strict=True)


def _last_columns(batch_columns: str, kind: TransactionKind, id_prefix: str) -> str:
    """Return the end of a line: the columns from batch on, without the number of the external id.

    An external id is this prefix and a number, for example ``B2026030000012``: unique in its
    billing system, because the prefix names kind and month.
    """
    return f"{batch_columns}{kind.value}\t{settings.CURRENCY}\t{id_prefix}"


def _days(month: Month) -> list[date]:
    return [month.first + timedelta(days=n) for n in range(month.days)]


def _distribute(total: int, weights: list[float]) -> list[int]:
    """Split ``total`` into whole numbers in proportion to the weights; they add up to it."""
    sums = list(accumulate(weights))
    bounds = [round(total * weight_sum / sums[-1]) for weight_sum in sums]
    return [end - start for start, end in zip([0, *bounds], bounds, strict=False)]
