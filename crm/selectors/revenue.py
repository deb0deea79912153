"""Revenue of customers, summed from transactions, for the customer page and the home page.

Amounts are in the company's currency and net of refunds unless the name says otherwise. The sums
need only the columns of the index ``crm_transaction_customer_date``, so PostgreSQL need not read
the table itself.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Max, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from accounts.models import User
from crm.models import Customer, Transaction

ZERO = Decimal("0.00")
REVENUE_MONTHS = 24  # that ``Revenue`` has, as many as its two sums of 12 months cover


@dataclass(frozen=True)
class Month:
    """One calendar month: net revenue, and the refunds included in it (zero or negative)."""

    first_day: date
    net: Decimal
    refunds: Decimal


@dataclass(frozen=True)
class Revenue:
    """A customer's revenue up to and including the day ``as_of``.

    ``as_of`` is today, unless the last transaction is more than 23 months ago. Then ``has_ended``
    is True and ``as_of`` is the day of that transaction. ``months`` has the month of ``as_of`` and
    the 23 before it, the oldest first. The sums of 12 months end with ``as_of`` and with the same
    day of the year before.
    """

    as_of: date
    has_ended: bool
    months: tuple[Month, ...]
    last_12_months: Decimal
    previous_12_months: Decimal

    @property
    def growth(self) -> Decimal | None:
        """The growth of the last 12 months over the 12 before, as a fraction."""
        return growth(self.last_12_months, self.previous_12_months)


def growth(current: Decimal, previous: Decimal) -> Decimal | None:
    """Return the growth as a fraction, 0.1 for 10 %; None if ``previous`` is not positive."""
    if previous <= 0:
        return None
    return (current / previous - 1).quantize(Decimal("0.001"))


def revenue_of(customer: Customer, *, today: date) -> Revenue | None:
    """Return the revenue of a customer; None without transactions up to today.

    The caller must have checked that the user may see the customer and its transactions.
    """
    transactions = customer.transactions.filter(occurred_on__lte=today)
    last_day = transactions.aggregate(last=Max("occurred_on"))["last"]
    if last_day is None:
        return None
    has_ended = last_day < months_back(today, REVENUE_MONTHS - 1)
    as_of = last_day if has_ended else today
    one_year_ago, two_years_ago = months_back(as_of, 12), months_back(as_of, 24)
    totals = transactions.aggregate(
        last=_sum_amount(Q(occurred_on__gt=one_year_ago)),
        previous=_sum_amount(Q(occurred_on__gt=two_years_ago, occurred_on__lte=one_year_ago)),
    )
    return Revenue(
        as_of=as_of,
        has_ended=has_ended,
        months=tuple(_months(transactions, last_month=as_of.replace(day=1))),
        last_12_months=totals["last"] or ZERO,
        previous_12_months=totals["previous"] or ZERO,
    )


def latest_transactions(customer: Customer, *, limit: int) -> QuerySet[Transaction]:
    """Return the ``limit`` newest transactions of a customer, with their billing systems.

    The caller must have checked that the user may see the customer and its transactions.
    """
    return customer.transactions.select_related("billing_system").order_by("-occurred_on", "-pk")[
        :limit
    ]


@dataclass(frozen=True)
class MonthToDate:
    """Revenue of this month up to today, of last month up to the same day, and of last month."""

    today: date
    this_month: Decimal
    last_month_to_date: Decimal
    last_month: Decimal

    @property
    def growth(self) -> Decimal | None:
        """The growth of this month over the same days of last month, as a fraction."""
        return growth(self.this_month, self.last_month_to_date)


def month_to_date(user: User, *, today: date, own_only: bool) -> MonthToDate:
    """Return the revenue of all customers ``user`` sees, or only of those they own."""
    customers = Customer.objects.visible_to(user)
    if own_only:
        customers = customers.filter(owner=user)
    first_of_month, same_day = today.replace(day=1), months_back(today, 1)
    first_of_last_month = same_day.replace(day=1)
    transactions = Transaction.objects.visible_to(user).filter(
        customer__in=customers.values("pk"),
        occurred_on__gte=first_of_last_month,
        occurred_on__lte=today,
    )
    totals = transactions.aggregate(
        this_month=_sum_amount(Q(occurred_on__gte=first_of_month)),
        last_month_to_date=_sum_amount(Q(occurred_on__lte=same_day)),
        last_month=_sum_amount(Q(occurred_on__lt=first_of_month)),
    )
    return MonthToDate(
        today=today,
        this_month=totals["this_month"] or ZERO,
        last_month_to_date=totals["last_month_to_date"] or ZERO,
        last_month=totals["last_month"] or ZERO,
    )


def months_back(day: date, months: int) -> date:
    """Return the same day ``months`` earlier, or the last day of that month if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    _weekday, length = monthrange(year, month + 1)
    return date(year, month + 1, min(day.day, length))


def _sum_amount(condition: Q) -> Sum:
    return Sum("amount", filter=condition)


def _months(transactions: QuerySet[Transaction], *, last_month: date) -> Iterator[Month]:
    """Yield REVENUE_MONTHS months up to ``last_month`` (its first day), the oldest first.

    Months without transactions are included.
    """
    rows = (
        transactions.filter(occurred_on__gte=months_back(last_month, REVENUE_MONTHS - 1))
        .order_by()
        .annotate(month=TruncMonth("occurred_on"))
        .values("month")
        .annotate(net=Sum("amount"), refunds=_sum_amount(Q(amount__lt=0)))
    )
    rows_by_month = {row["month"]: row for row in rows}
    for months_ago in range(REVENUE_MONTHS - 1, -1, -1):
        first_day = months_back(last_month, months_ago)
        row = rows_by_month.get(first_day)
        yield Month(
            first_day=first_day,
            net=row["net"] if row else ZERO,
            refunds=(row["refunds"] or ZERO) if row else ZERO,
        )
