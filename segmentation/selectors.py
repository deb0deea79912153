"""Reads of scoring runs and customers' scores.

The *current run* is the published one with the newest as-of date, and pages show its figures. A
request calls ``current_run`` once and reads only the scores of that run, so that its figures belong
together even if another run is published meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, F, QuerySet, Sum

from accounts.models import User
from accounts.permissions import DataAccessLevel
from accounts.scoping import ScopedQuerySet, ScopedUser
from crm.models import Customer
from segmentation.models import CustomerScore, RunState, ScoreTotal, ScoringRun
from segmentation.models.run import ACTIVE_STATES

MAX_HISTORY_RUNS = 12  # on the customer page


def all_runs() -> QuerySet[ScoringRun]:
    """Return all runs with their jobs and who requested them, the latest request first."""
    return ScoringRun.objects.select_related("requested_by", "job").order_by("-pk")


def published_runs() -> QuerySet[ScoringRun]:
    """Return the published runs, at most one per as-of date, newest date first."""
    return ScoringRun.objects.filter(state=RunState.PUBLISHED).order_by("-as_of")


def current_run() -> ScoringRun | None:
    """Return the run whose figures are shown, or None if none was published yet."""
    return published_runs().first()


def is_scored(as_of: date) -> bool:
    """Tell whether a published run of that date exists."""
    return published_runs().filter(as_of=as_of).exists()


def active_run() -> ScoringRun | None:
    """Return the run that is queued or running, if there is one."""
    return all_runs().filter(state__in=ACTIVE_STATES).first()


def visible_scores(user: ScopedUser, run: ScoringRun | None) -> ScopedQuerySet[CustomerScore]:
    """Return one run's scores of the customers ``user`` may see; none without a run."""
    scores = CustomerScore.objects.visible_to(user)
    return scores.none() if run is None else scores.filter(run=run)


def score_history(
    user: User, customer: Customer
) -> tuple[Sequence[ScoringRun], Sequence[CustomerScore]]:
    """Return the latest published runs, and the customer's scores in them, both newest first.

    There are MAX_HISTORY_RUNS at most. A run that did not score the customer has no score in the
    list. Each score has its ``run``, without another query. The runs are fetched first: with their
    ids in the query, the database reads only their partitions.
    """
    latest_runs = list(published_runs()[:MAX_HISTORY_RUNS])
    scores = CustomerScore.objects.visible_to(user).filter(customer=customer, run__in=latest_runs)
    score_by_run = {score.run_id: score for score in scores}
    for run in latest_runs:
        if run.pk in score_by_run:
            score_by_run[run.pk].run = run
    return latest_runs, [score_by_run[run.pk] for run in latest_runs if run.pk in score_by_run]


def new_flags(user: User, run: ScoringRun) -> QuerySet[CustomerScore]:
    """Return the run's scores whose flag is new or higher than before, most revenue first.

    Without a run before, all flags are new. The scores have their customers.
    """
    flagged = visible_scores(user, run).filter(churn_level__gt=F("previous_churn_level"))
    return flagged.select_related("customer").order_by("-monetary", "customer_id")


@dataclass(frozen=True)
class ScoreGroup:
    """The customers of a run who have the same scores, segments and churn level.

    ``customers`` is their number, ``revenue`` the sum of their monetary values.
    """

    r: int
    f: int
    m: int
    segment_cn: str
    segment_intl: str
    churn_level: int
    customers: int
    revenue: Decimal


def score_groups(user: User, run: ScoringRun) -> list[ScoreGroup]:
    """Return the run's scores of the customers ``user`` may see, grouped.

    The groups are few and come from one query; the overview adds up all its figures from them. They
    are read from the totals of the units whose customers the user sees. For a user who sees only
    some customers of a unit, the scores are added up.
    """
    keys = ("r", "f", "m", "segment_cn", "segment_intl", "churn_level")
    if user.access_level == DataAccessLevel.OWN:
        scores = visible_scores(user, run).order_by().values(*keys)
        groups = scores.annotate(number=Count("customer_id"), sum=Sum("monetary"))
    else:
        totals = ScoreTotal.objects.visible_to(user).filter(run=run).order_by().values(*keys)
        groups = totals.annotate(number=Sum("customer_count"), sum=Sum("revenue"))
    return [ScoreGroup(*group) for group in groups.values_list(*keys, "number", "sum")]
