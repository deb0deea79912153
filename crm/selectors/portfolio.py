"""A person's customers in numbers, for the home page."""

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from accounts.permissions import DataAccessLevel, Permission
from crm.models import Customer
from crm.models.customer import Stage
from crm.selectors.revenue import MonthSoFar, month_so_far

CACHE_SECONDS = 300


@dataclass(frozen=True)
class StageCount:
    """How many customers stand in one stage."""

    stage: Stage
    customers: int


@dataclass(frozen=True)
class Portfolio:
    """Customers by stage and, for whoever may see transactions, revenue of this month and last.

    ``own`` says whether the numbers are the person's own customers or all they see.
    """

    as_of: datetime
    own: bool
    total: int
    stages: tuple[StageCount, ...]
    revenue: MonthSoFar | None

    @property
    def most(self) -> int:
        """The customers of the fullest stage."""
        return max((each.customers for each in self.stages), default=0)


def portfolio(user: User) -> Portfolio:
    """Return the numbers, at most five minutes old where they sum up more than one's own."""
    own = user.access_level == DataAccessLevel.OWN
    if own:
        return _portfolio(user, own=True)
    # Everybody of one access level in one unit sees the same; revenue is part of it by permission.
    revenue = user.may(Permission.TRANSACTION_VIEW)
    key = f"crm:portfolio:{user.access_level}:{user.unit_path}:{revenue}"
    known = cache.get(key)
    if not isinstance(known, Portfolio):
        known = _portfolio(user, own=False)
        cache.set(key, known, CACHE_SECONDS)
    return known


def _portfolio(user: User, *, own: bool) -> Portfolio:
    customers = Customer.objects.visible_to(user)
    if own:
        customers = customers.filter(owner=user)
    counts = dict(customers.order_by().values_list("stage").annotate(customers=Count("pk")))
    may_see_revenue = user.may(Permission.TRANSACTION_VIEW)
    return Portfolio(
        as_of=timezone.now(),
        own=own,
        total=sum(counts.values()),
        stages=tuple(StageCount(stage, counts.get(stage.value, 0)) for stage in Stage),
        revenue=(
            month_so_far(user, today=timezone.localdate(), own=own) if may_see_revenue else None
        ),
    )
