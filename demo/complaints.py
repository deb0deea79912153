"""The complaints of the last year: what happened, who answered, and what became of it."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle

from django.utils import timezone

from accounts.models import User
from crm.models import Customer
from demo.customers import PROSPECT_STAGES
from demo.plan import Plan
from demo.progress import Progress
from demo.stories import COMMENTS, PRODUCTS, REOPENING, STORIES, Story
from demo.units import Organisation
from satisfaction.models import Complaint, ComplaintEntry
from satisfaction.models.complaint import EntryKind, State
from satisfaction.services.numbering import take_numbers

SHARE_PERCENT = 15
MOST = 6000
MIN_OPEN = 6
OPEN_DAYS = 12  # nearly everything older than this is closed
LEFT_OPEN, REOPENED = 0.04, 0.05
DAYS = 360
BATCH = 1000


@dataclass(frozen=True)
class _Event:
    """One entry of a complaint's timeline."""

    kind: EntryKind
    text: str
    author: User
    at: datetime


def make_complaints(
    plan: Plan, organisation: Organisation, agents: dict[str, User], progress: Progress
) -> None:
    """Write the complaints, numbered in the order they came in, and their timelines."""
    rng = plan.random("complaints")
    by_month: dict[date, list[datetime]] = defaultdict(list)
    for moment in sorted(_moments(plan, rng)):
        by_month[timezone.localdate(moment).replace(day=1)].append(moment)
    customers = _customers(plan, rng)
    writer = _Writer(plan, rng, organisation, agents)
    for month, moments in by_month.items():
        numbers = take_numbers(day=month, count=len(moments))
        made = [
            writer.complaint(number, next(customers), moment)
            for number, moment in zip(numbers, moments, strict=True)
        ]
        Complaint.objects.bulk_create([complaint for complaint, _ in made], batch_size=BATCH)
        ComplaintEntry.objects.bulk_create(
            (
                ComplaintEntry(
                    complaint=complaint, kind=e.kind, text=e.text, author=e.author, at=e.at
                )
                for complaint, events in made
                for e in events
            ),
            batch_size=BATCH,
        )
        progress.advance(len(made))


def _moments(plan: Plan, rng: random.Random) -> list[datetime]:
    """Return when complaints came in: working hours of the last year, some of them lately."""
    end = datetime.combine(plan.as_of, time.min, tzinfo=timezone.get_current_timezone())
    count = min(MOST, max(MIN_OPEN * 2, plan.customers * SHARE_PERCENT // 100))
    days = [rng.randint(1, DAYS) for _ in range(count - MIN_OPEN)]
    days += [rng.randint(1, OPEN_DAYS // 2) for _ in range(MIN_OPEN)]
    return [
        (end - timedelta(days=day) + timedelta(minutes=rng.randint(510, 1110))).astimezone(UTC)
        for day in days
    ]


def _customers(plan: Plan, rng: random.Random) -> Iterator[Customer]:
    """Yield customers who buy, at random and again and again."""
    buyers = Customer.objects.exclude(stage__in=PROSPECT_STAGES).order_by("pk")
    keys = rng.choices(list(buyers.values_list("pk", flat=True)), k=min(MOST, plan.customers))
    known = buyers.only("pk", "unit", "owner").in_bulk(keys)
    return (known[key] for key in cycle(keys))


class _Writer:
    """Puts complaints into words."""

    def __init__(
        self, plan: Plan, rng: random.Random, organisation: Organisation, agents: dict[str, User]
    ) -> None:
        self._rng = rng
        self._end = datetime.combine(plan.as_of, time.min, tzinfo=UTC)
        by_path = {str(unit.path): agents[unit.code] for unit in organisation.provinces}
        self._agents = {
            unit.pk: agent
            for unit in organisation.units.values()
            for path, agent in by_path.items()
            if f"{unit.path}.".startswith(f"{path}.")
        }

    def complaint(
        self, number: str, customer: Customer, opened: datetime
    ) -> tuple[Complaint, list[_Event]]:
        """Return a complaint that came in at ``opened``, and its timeline."""
        story, product = self._rng.choice(STORIES), self._rng.choice(PRODUCTS)
        agent = self._agents[customer.unit_id]
        events = self._events(story, product, agent, opened)
        last = events[-1]
        closed = last.kind == EntryKind.CLOSED
        complaint = Complaint(
            number=number,
            customer=customer,
            title=story.title.format(product=product),
            description=story.description.format(product=product),
            state=_state(events),
            opened_at=opened,
            opened_by=agent,
            owner=agent,
            closed_at=last.at if closed else None,
            closed_by=last.author if closed else None,
            resolution=last.text if closed else "",
            version=len(events),
        )
        return complaint, events

    def _events(self, story: Story, product: str, agent: User, opened: datetime) -> list[_Event]:
        """Return what happened, in order; nothing lies after the as-of date."""
        rng = self._rng
        steps: list[tuple[EntryKind, str]] = [
            (EntryKind.COMMENT, text) for text in rng.sample(COMMENTS, rng.randint(0, 3))
        ]
        resolution = story.resolution.format(product=product)
        age = (self._end - opened).days
        if age > rng.uniform(0, OPEN_DAYS) and rng.random() > LEFT_OPEN:
            steps.append((EntryKind.CLOSED, resolution))
            if rng.random() < REOPENED:
                steps.append((EntryKind.REOPENED, REOPENING))
                if age > OPEN_DAYS:
                    steps.append((EntryKind.CLOSED, resolution))
        events = [_Event(EntryKind.RECEIVED, "", agent, opened)]
        for kind, text in steps:
            at = events[-1].at + timedelta(hours=rng.uniform(0.3, 30))
            if at >= self._end:
                break
            events.append(_Event(kind, text, agent, at))
        return events


def _state(events: list[_Event]) -> State:
    """Return where a complaint with this timeline stands."""
    turns = [event.kind for event in events if event.kind != EntryKind.COMMENT]
    return State(turns[-1].value)
