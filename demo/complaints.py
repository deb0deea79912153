"""Making the complaints of the last year, with their timelines.

A complaint's timeline is its ``ComplaintEntry`` rows: received, comments, closed, reopened. A
service agent of the customer's province receives, works on and closes the complaint.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle

from django.utils import timezone

from accounts.models import User
from crm.models import Customer
from demo.complaint_templates import (
    COMMENTS,
    COMPLAINT_TEMPLATES,
    PRODUCTS,
    REOPENING_TEXT,
    ComplaintTemplate,
)
from demo.customers import PROSPECT_STAGES
from demo.people import agents_by_unit
from demo.plan import Plan
from demo.progress import Progress
from demo.units import Organisation
from satisfaction.models import Complaint, ComplaintEntry
from satisfaction.models.complaint import EntryKind, State
from satisfaction.services.numbering import take_numbers

COMPLAINTS_PERCENT = 15  # of the number of customers
MAX_COMPLAINTS = 6000
MIN_RECENT_COMPLAINTS = 6  # so many are at most OPEN_DAYS / 2 old, so that some are still open
OPEN_DAYS = 12  # nearly every complaint that is older is closed
LEFT_OPEN_PROBABILITY = 0.04  # of a complaint that is old enough to be closed
REOPENED_PROBABILITY = 0.05  # of a closed complaint
PERIOD_DAYS = 360
# Complaints are received between 08:30 and 18:30 local time, as minutes after midnight.
FIRST_MINUTE, LAST_MINUTE = 510, 1110
MIN_HOURS_BETWEEN_ENTRIES, MAX_HOURS_BETWEEN_ENTRIES = 0.3, 30
BATCH_SIZE = 1000  # rows per INSERT statement


@dataclass(frozen=True)
class _TimelineEntry:
    """One entry of a complaint's timeline, before the complaint has an id."""

    kind: EntryKind
    text: str
    author: User
    at: datetime


def make_complaints(
    plan: Plan,
    organisation: Organisation,
    agents_by_province: dict[str, User],
    progress: Progress,
) -> None:
    """Write the complaints, numbered in the order of receipt, and their timelines.

    The numbers are per month, so the complaints are made month by month, oldest first. Must run
    inside an audited transaction.
    """
    rng = plan.random("complaints")
    receipts_by_month: dict[date, list[datetime]] = defaultdict(list)
    for received_at in sorted(_receipt_times(plan, rng)):
        receipts_by_month[timezone.localdate(received_at).replace(day=1)].append(received_at)
    customers = _random_buyers(plan, rng)
    generator = _ComplaintGenerator(plan, rng, organisation, agents_by_province)
    for month, receipts in receipts_by_month.items():
        numbers = take_numbers(day=month, count=len(receipts))
        generated = [
            generator.make_complaint(number, next(customers), received_at)
            for number, received_at in zip(numbers, receipts, strict=True)
        ]
        _write(generated)
        progress.advance(len(generated))


def _write(generated: list[tuple[Complaint, list[_TimelineEntry]]]) -> None:
    Complaint.objects.bulk_create(
        [complaint for complaint, _timeline in generated], batch_size=BATCH_SIZE
    )
    ComplaintEntry.objects.bulk_create(
        (
            ComplaintEntry(
                complaint=complaint,
                kind=entry.kind,
                text=entry.text,
                author=entry.author,
                at=entry.at,
            )
            for complaint, timeline in generated
            for entry in timeline
        ),
        batch_size=BATCH_SIZE,
    )


def _receipt_times(plan: Plan, rng: random.Random) -> list[datetime]:
    """Return a time for each complaint, unsorted, in UTC: PERIOD_DAYS to one day before as-of.

    MIN_RECENT_COMPLAINTS of them are in the last days. The weekday is not considered.
    """
    end = datetime.combine(plan.as_of, time.min, tzinfo=timezone.get_current_timezone())
    count = min(
        MAX_COMPLAINTS, max(MIN_RECENT_COMPLAINTS * 2, plan.customers * COMPLAINTS_PERCENT // 100)
    )
    days = [rng.randint(1, PERIOD_DAYS) for _ in range(count - MIN_RECENT_COMPLAINTS)]
    days += [rng.randint(1, OPEN_DAYS // 2) for _ in range(MIN_RECENT_COMPLAINTS)]
    times = []
    for days_before in days:
        minutes = rng.randint(FIRST_MINUTE, LAST_MINUTE)
        local_time = end - timedelta(days=days_before) + timedelta(minutes=minutes)
        times.append(local_time.astimezone(UTC))
    return times


def _random_buyers(plan: Plan, rng: random.Random) -> Iterator[Customer]:
    """Yield random customers that are not prospects, without end: the same list again and again.

    Only ``pk``, ``unit`` and ``owner`` are loaded.
    """
    buyers = Customer.objects.exclude(stage__in=PROSPECT_STAGES).order_by("pk")
    buyer_ids = list(buyers.values_list("pk", flat=True))
    drawn_ids = rng.choices(buyer_ids, k=min(MAX_COMPLAINTS, plan.customers))
    customers = buyers.only("pk", "unit", "owner").in_bulk(drawn_ids)
    return (customers[pk] for pk in cycle(drawn_ids))


class _ComplaintGenerator:
    """Makes one complaint with its timeline at a time."""

    def __init__(
        self,
        plan: Plan,
        rng: random.Random,
        organisation: Organisation,
        agents_by_province: dict[str, User],
    ) -> None:
        self._rng = rng
        self._as_of = datetime.combine(plan.as_of, time.min, tzinfo=UTC)
        self._agents_by_unit = agents_by_unit(organisation, agents_by_province)

    def make_complaint(
        self, number: str, customer: Customer, received_at: datetime
    ) -> tuple[Complaint, list[_TimelineEntry]]:
        """Return an unsaved complaint received at ``received_at``, and its timeline."""
        template, product = self._rng.choice(COMPLAINT_TEMPLATES), self._rng.choice(PRODUCTS)
        agent = self._agents_by_unit[customer.unit_id]
        timeline = self._make_timeline(template, product, agent, received_at)
        last = timeline[-1]
        is_closed = last.kind == EntryKind.CLOSED
        complaint = Complaint(
            number=number,
            customer=customer,
            title=template.title.format(product=product),
            description=template.description.format(product=product),
            state=_final_state(timeline),
            opened_at=received_at,
            opened_by=agent,
            owner=agent,
            closed_at=last.at if is_closed else None,
            closed_by=last.author if is_closed else None,
            resolution=last.text if is_closed else "",
            version=len(timeline),  # every entry is one change of the complaint
            updated_at=last.at,
        )
        return complaint, timeline

    def _make_timeline(
        self, template: ComplaintTemplate, product: str, agent: User, received_at: datetime
    ) -> list[_TimelineEntry]:
        """Return the entries in order, all of them before the as-of date (midnight UTC).

        The older a complaint is, the more likely it is closed. Steps that would happen after the
        as-of date have not happened yet and are left out.
        """
        rng = self._rng
        steps: list[tuple[EntryKind, str]] = [
            (EntryKind.COMMENT, text) for text in rng.sample(COMMENTS, rng.randint(0, 3))
        ]
        resolution = template.resolution.format(product=product)
        age_days = (self._as_of - received_at).days
        if age_days > rng.uniform(0, OPEN_DAYS) and rng.random() > LEFT_OPEN_PROBABILITY:
            steps.append((EntryKind.CLOSED, resolution))
            if rng.random() < REOPENED_PROBABILITY:
                steps.append((EntryKind.REOPENED, REOPENING_TEXT))
                if age_days > OPEN_DAYS:
                    steps.append((EntryKind.CLOSED, resolution))
        timeline = [_TimelineEntry(EntryKind.RECEIVED, "", agent, received_at)]
        for kind, text in steps:
            at = timeline[-1].at + timedelta(
                hours=rng.uniform(MIN_HOURS_BETWEEN_ENTRIES, MAX_HOURS_BETWEEN_ENTRIES)
            )
            if at >= self._as_of:
                break
            timeline.append(_TimelineEntry(kind, text, agent, at))
        return timeline


def _final_state(timeline: list[_TimelineEntry]) -> State:
    """Return the state that the last entry other than a comment leads to.

    The states have the same values as these kinds of entries: received, closed, reopened.
    """
    kinds = [entry.kind for entry in timeline if entry.kind != EntryKind.COMMENT]
    return State(kinds[-1].value)
