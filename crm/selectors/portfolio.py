"""A user's customers in numbers, for the home page."""

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from accounts.permissions import DataAccessLevel, Permission
from crm.models import Customer
from crm.models.customer import Stage
from crm.selectors.revenue import MonthToDate, month_to_date

CACHE_SECONDS = 300  # how old the numbers of a unit may be


@dataclass(frozen=True)
class StageCount:
    """The number of customers in one stage."""

    stage: Stage
    count: int


@dataclass(frozen=True)
class Portfolio:
    """The number of customers by stage, and the revenue of this month and the last.

    ``is_own`` says that the numbers are those of the customers the user owns; otherwise they are
    those of all customers the user sees. ``as_of`` is when they were computed. ``stages`` has all
    stages in their order. ``revenue`` is None for users who may not see transactions.
    """

    as_of: datetime
    is_own: bool
    total: int
    stages: tuple[StageCount, ...]
    revenue: MonthToDate | None

    @property
    def max_stage_count(self) -> int:
        """The number of customers in the stage with the most of them."""
        return max((stage_count.count for stage_count in self.stages), default=0)


def portfolio(user: User) -> Portfolio:
    """Return the numbers of the customers the user owns, or of all that they see.

    The former are for users whose access level is ``own`` and are always computed. The latter are
    cached for CACHE_SECONDS.
    """
    if user.access_level == DataAccessLevel.OWN:
        return _compute_portfolio(user, is_own=True)
    # All users with these properties see the same numbers, so they share a cache entry.
    may_see_revenue = user.may(Permission.TRANSACTION_VIEW)
    key = f"crm:portfolio:{user.access_level}:{user.unit_path}:{may_see_revenue}"
    cached = cache.get(key)
    if isinstance(cached, Portfolio):
        return cached
    computed = _compute_portfolio(user, is_own=False)
    cache.set(key, computed, CACHE_SECONDS)
    return computed


def _compute_portfolio(user: User, *, is_own: bool) -> Portfolio:
    customers = Customer.objects.visible_to(user)
    if is_own:
        customers = customers.filter(owner=user)
    counts = dict(customers.order_by().values_list("stage").annotate(count=Count("pk")))
    may_see_revenue = user.may(Permission.TRANSACTION_VIEW)
    return Portfolio(
        as_of=timezone.now(),
        is_own=is_own,
        total=sum(counts.values()),
        stages=tuple(StageCount(stage, counts.get(stage.value, 0)) for stage in Stage),
        revenue=(
            month_to_date(user, today=timezone.localdate(), own_only=is_own)
            if may_see_revenue
            else None
        ),
    )
