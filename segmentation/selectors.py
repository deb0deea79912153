"""Reads of runs and scores.

Readers see one run: the published one with the newest as-of date. They take it once per request
(``current_run``) and ask for scores of that run alone, so that a run published meanwhile changes
nothing under their hands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum

from accounts.models import User
from accounts.scoping import ScopedQuerySet
from crm.models import Customer
from segmentation.models import CustomerScore, RunState, ScoringRun

HISTORY_RUNS = 12


def runs() -> QuerySet[ScoringRun]:
    """Return all runs, newest first, with who asked for them."""
    return ScoringRun.objects.select_related("requested_by").order_by("-pk")


def published_runs() -> QuerySet[ScoringRun]:
    """Return what readers may see, newest as-of date first."""
    return ScoringRun.objects.filter(state=RunState.PUBLISHED).order_by("-as_of")


def current_run() -> ScoringRun | None:
    """Return the run whose figures are shown, or None before the first."""
    return published_runs().first()


def is_scored(as_of: date) -> bool:
    """Tell whether a published run of that date exists."""
    return published_runs().filter(as_of=as_of).exists()


def active_run() -> ScoringRun | None:
    """Return the run that is queued or running, if there is one."""
    return next((run for run in runs()[:1] if run.is_active), None)


def scores_of(user: User, run: ScoringRun) -> ScopedQuerySet[CustomerScore]:
    """Return one run's scores of the customers the person sees."""
    return CustomerScore.objects.visible_to(user).filter(run=run)


def score_history(
    user: User, customer: Customer
) -> tuple[Sequence[ScoringRun], Sequence[CustomerScore]]:
    """Return the latest published runs, and the customer's scores in them, newest first.

    The runs are fetched first, so that the database opens their partitions and no others.
    """
    latest = list(published_runs()[:HISTORY_RUNS])
    found = CustomerScore.objects.visible_to(user).filter(customer=customer, run__in=latest)
    scores = {score.run_id: score for score in found}
    for run in latest:
        if run.pk in scores:
            scores[run.pk].run = run
    return latest, [scores[run.pk] for run in latest if run.pk in scores]


def new_flags(user: User, run: ScoringRun, previous: ScoringRun | None) -> QuerySet[CustomerScore]:
    """Return who got a flag, or a higher one, since the previous run; most money first."""
    flagged = scores_of(user, run).filter(churn_level__gt=0)
    if previous is not None:
        before = scores_of(user, previous).filter(
            customer=OuterRef("customer"), churn_level__gte=OuterRef("churn_level")
        )
        flagged = flagged.filter(~Exists(before))
    return flagged.select_related("customer").order_by("-monetary", "customer_id")


@dataclass(frozen=True)
class ScoreGroup:
    """How many customers, with how much money, share scores, segments and flag."""

    r: int
    f: int
    m: int
    segment_cn: str
    segment_intl: str
    churn_level: int
    customers: int
    money: Decimal


def score_groups(user: User, run: ScoringRun) -> list[ScoreGroup]:
    """Return a run's scores summed up, one query for all the overview is made of."""
    keys = ("r", "f", "m", "segment_cn", "segment_intl", "churn_level")
    groups = scores_of(user, run).order_by().values(*keys)
    return [
        ScoreGroup(**group)
        for group in groups.annotate(customers=Count("customer_id"), money=Sum("monetary"))
    ]
