"""Making the complaints of the last year, with their timelines."""

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
from demo.plan import Plan
from demo.progress import Progress
from demo.units import Organisation
from satisfaction.models import Complaint, ComplaintEntry
from satisfaction.models.complaint import EntryKind, State
from satisfaction.services.numbering import take_numbers

COMPLAINTS_PERCENT = 15  # of the number of customers
MAX_COMPLAINTS = 6000
MIN_OPEN_COMPLAINTS = 6
OPEN_DAYS = 12  # nearly every complaint that is older is closed
LEFT_OPEN_PROBABILITY, REOPENED_PROBABILITY = 0.04, 0.05
PERIOD_DAYS = 360
BATCH_SIZE = 1000


@dataclass(frozen=True)
class _TimelineEntry:
    """One entry of a complaint's timeline."""

    kind: EntryKind
    text: str
    author: User
    at: datetime


def make_complaints(
    plan: Plan, organisation: Organisation, agents: dict[str, User], progress: Progress
) -> None:
    """Write the complaints, numbered in the order of receipt, and their timelines."""
    rng = plan.random("complaints")
    receipts_by_month: dict[date, list[datetime]] = defaultdict(list)
    for received_at in sorted(_receipt_times(plan, rng)):
        receipts_by_month[timezone.localdate(received_at).replace(day=1)].append(received_at)
    customers = _random_buyers(plan, rng)
    generator = _ComplaintGenerator(plan, rng, organisation, agents)
    for month, receipts in receipts_by_month.items():
        numbers = take_numbers(day=month, count=len(receipts))
        generated = [
            generator.make_complaint(number, next(customers), received_at)
            for number, received_at in zip(numbers, receipts, strict=True)
        ]
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
        progress.advance(len(generated))


def _receipt_times(plan: Plan, rng: random.Random) -> list[datetime]:
    """Return times in the working hours of the last year, a few of them in the last days."""
    end = datetime.combine(plan.as_of, time.min, tzinfo=timezone.get_current_timezone())
    count = min(
        MAX_COMPLAINTS, max(MIN_OPEN_COMPLAINTS * 2, plan.customers * COMPLAINTS_PERCENT // 100)
    )
    days = [rng.randint(1, PERIOD_DAYS) for _ in range(count - MIN_OPEN_COMPLAINTS)]
    days += [rng.randint(1, OPEN_DAYS // 2) for _ in range(MIN_OPEN_COMPLAINTS)]
    return [
        (end - timedelta(days=day) + timedelta(minutes=rng.randint(510, 1110))).astimezone(UTC)
        for day in days
    ]


def _random_buyers(plan: Plan, rng: random.Random) -> Iterator[Customer]:
    """Yield random customers that are not prospects, without end."""
    buyers = Customer.objects.exclude(stage__in=PROSPECT_STAGES).order_by("pk")
    buyer_ids = list(buyers.values_list("pk", flat=True))
    keys = rng.choices(buyer_ids, k=min(MAX_COMPLAINTS, plan.customers))
    customers = buyers.only("pk", "unit", "owner").in_bulk(keys)
    return (customers[key] for key in cycle(keys))


class _ComplaintGenerator:
    """Makes one complaint with its timeline at a time."""

    def __init__(
        self, plan: Plan, rng: random.Random, organisation: Organisation, agents: dict[str, User]
    ) -> None:
        self._rng = rng
        self._as_of = datetime.combine(plan.as_of, time.min, tzinfo=UTC)
        agents_by_path = {str(unit.path): agents[unit.code] for unit in organisation.provinces}
        self._agents_by_unit = {
            unit.pk: agent
            for unit in organisation.units.values()
            for path, agent in agents_by_path.items()
            if f"{unit.path}.".startswith(f"{path}.")
        }

    def make_complaint(
        self, number: str, customer: Customer, received_at: datetime
    ) -> tuple[Complaint, list[_TimelineEntry]]:
        """Return a complaint received at ``received_at``, and its timeline."""
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
            version=len(timeline),
        )
        return complaint, timeline

    def _make_timeline(
        self, template: ComplaintTemplate, product: str, agent: User, received_at: datetime
    ) -> list[_TimelineEntry]:
        """Return the entries in order, all of them before the as-of date."""
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
            at = timeline[-1].at + timedelta(hours=rng.uniform(0.3, 30))
            if at >= self._as_of:
                break
            timeline.append(_TimelineEntry(kind, text, agent, at))
        return timeline


def _final_state(timeline: list[_TimelineEntry]) -> State:
    """Return the state of the last entry that is not a comment."""
    states = [entry.kind for entry in timeline if entry.kind != EntryKind.COMMENT]
    return State(states[-1].value)
