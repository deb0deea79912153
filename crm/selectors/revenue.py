"""What customers pay, summed from transactions by the covering index, never from the heap.

All amounts are net of refunds unless the name says otherwise, in the company's currency.
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
MONTHS_SHOWN = 24


@dataclass(frozen=True)
class Month:
    """One calendar month: net revenue, and the refunds already in it (zero or negative)."""

    first: date
    net: Decimal
    refunds: Decimal


@dataclass(frozen=True)
class Revenue:
    """A customer's revenue up to and including ``as_of``; ``months`` runs oldest first.

    ``ended`` says that nothing was bought in the two years before today, and that ``as_of`` is
    therefore the day of the last transaction.
    """

    as_of: date
    ended: bool
    months: tuple[Month, ...]
    year: Decimal
    year_before: Decimal

    @property
    def growth(self) -> Decimal | None:
        """The last 12 months against the 12 before, as a share; None where there were none."""
        return growth(self.year, self.year_before)


def growth(now: Decimal, before: Decimal) -> Decimal | None:
    """Return by what share of ``before`` it is exceeded by ``now``; None without a base."""
    if before <= 0:
        return None
    return (now / before - 1).quantize(Decimal("0.001"))


def revenue_of(customer: Customer, *, today: date) -> Revenue | None:
    """Return the revenue of a customer already known to be in scope; None without transactions."""
    past = customer.transactions.filter(occurred_on__lte=today)
    last_on = past.aggregate(last=Max("occurred_on"))["last"]
    if last_on is None:
        return None
    ended = last_on < months_back(today, MONTHS_SHOWN - 1)
    as_of = last_on if ended else today
    a_year_ago, two_years_ago = months_back(as_of, 12), months_back(as_of, 24)
    first = as_of.replace(day=1)
    totals = past.aggregate(
        year=_sum(Q(occurred_on__gt=a_year_ago)),
        before=_sum(Q(occurred_on__gt=two_years_ago, occurred_on__lte=a_year_ago)),
    )
    return Revenue(
        as_of=as_of,
        ended=ended,
        months=tuple(_months(past, first=months_back(first, MONTHS_SHOWN - 1), last=first)),
        year=totals["year"] or ZERO,
        year_before=totals["before"] or ZERO,
    )


def latest_transactions(customer: Customer, *, limit: int) -> QuerySet[Transaction]:
    """Return the newest transactions of a customer already known to be in scope."""
    return customer.transactions.select_related("billing_system").order_by("-occurred_on", "-pk")[
        :limit
    ]


@dataclass(frozen=True)
class MonthSoFar:
    """Revenue of this month up to today, of last month up to the same day, and of all of it."""

    today: date
    now: Decimal
    last_so_far: Decimal
    last_whole: Decimal

    @property
    def growth(self) -> Decimal | None:
        """This month against the same days of last month, as a share."""
        return growth(self.now, self.last_so_far)


def month_so_far(user: User, *, today: date, own: bool) -> MonthSoFar:
    """Return this month and last of all customers ``user`` sees, or of their ``own`` only."""
    customers = Customer.objects.visible_to(user)
    if own:
        customers = customers.filter(owner=user)
    this, same_day = today.replace(day=1), months_back(today, 1)
    last = same_day.replace(day=1)
    sums = (
        Transaction.objects.visible_to(user)
        .filter(customer__in=customers.values("pk"), occurred_on__gte=last, occurred_on__lte=today)
        .aggregate(
            now=_sum(Q(occurred_on__gte=this)),
            last_so_far=_sum(Q(occurred_on__lte=same_day)),
            last_whole=_sum(Q(occurred_on__lt=this)),
        )
    )
    return MonthSoFar(
        today=today,
        now=sums["now"] or ZERO,
        last_so_far=sums["last_so_far"] or ZERO,
        last_whole=sums["last_whole"] or ZERO,
    )


def months_back(day: date, months: int) -> date:
    """Return the same day ``months`` earlier, or that month's last day where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    _weekday, length = monthrange(year, month + 1)
    return date(year, month + 1, min(day.day, length))


def _sum(which: Q) -> Sum:
    return Sum("amount", filter=which)


def _months(past: QuerySet[Transaction], *, first: date, last: date) -> Iterator[Month]:
    rows = (
        past.filter(occurred_on__gte=first)
        .order_by()
        .annotate(month=TruncMonth("occurred_on"))
        .values("month")
        .annotate(net=Sum("amount"), refunds=_sum(Q(amount__lt=0)))
    )
    known = {row["month"]: row for row in rows}
    for number in range(MONTHS_SHOWN - 1, -1, -1):
        month = months_back(last, number)
        row = known.get(month)
        yield Month(
            first=month,
            net=row["net"] if row else ZERO,
            refunds=(row["refunds"] or ZERO) if row else ZERO,
        )
