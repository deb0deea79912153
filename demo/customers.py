"""The customers: who they are, whose they are, and how they will spend."""

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

from django.db import connection
from django.db.backends.utils import CursorWrapper

from common.copying import copy_rows
from crm.models import Category, Grade, Industry, Source
from crm.models.customer import Stage
from demo.names import Named, Namer
from demo.people import Seat
from demo.plan import Plan
from demo.progress import Progress

# Grade: share in percent, median of a month's bill in yuan.
GRADES = {"AA": (1, 42_000), "A": (5, 11_000), "B": (16, 3_600), "C": (36, 1_100), "D": (42, 320)}
SPREAD = 0.75
SOURCES = {
    "referral": 20, "tender": 12, "exhibition": 5, "partner": 9, "cold_call": 17, "web": 6,
    "inbound_call": 7, "service_hall": 9, "transferred": 4, "billing_import": 10, "other": 1,
}  # fmt: skip
PROSPECT_STAGES = {Stage.POTENTIAL: 50, Stage.INTENDING: 30, Stage.PROSPECTIVE: 20}
SUBSIDIARY_PERCENT = 5
SECTION_ONLY_PERCENT = 8
SETTLED_PERCENT = 72  # of the buyers, already customers when the period begins
LEAVING_PERCENT = 9
SLUMP_PERCENT = 8
KNOWN_LOST_MONTHS = 4  # who has been away for longer has mostly been marked as lost
HEADQUARTERS_SHARE = 500
COLUMNS = (
    "id", "code", "name", "stage", "version", "created_at", "updated_at", "category_id", "grade_id",
    "industry_id", "owner_id", "parent_id", "source_id", "unit_id",
)  # fmt: skip


@dataclass
class Book:
    """How every customer spends, a number per customer: small however many there are.

    ``spend`` is a usual month's bill in hundredths, ``first`` and ``last`` the months (counted in
    the plan's calendar) with purchases, ``last`` excluded; none for a prospect. ``trend`` is the
    factor from one month to the next, ``slump`` whether the last months are poor, and ``bill_day``
    the day of the month a bill is written.
    """

    first_id: int
    spend: "array[int]" = field(default_factory=lambda: array("q"))
    trend: "array[float]" = field(default_factory=lambda: array("d"))
    first: "array[int]" = field(default_factory=lambda: array("h"))
    last: "array[int]" = field(default_factory=lambda: array("h"))
    slump: "array[int]" = field(default_factory=lambda: array("b"))
    bill_day: "array[int]" = field(default_factory=lambda: array("b"))

    def __len__(self) -> int:
        return len(self.spend)


def make_customers(plan: Plan, seats: list[Seat], progress: Progress) -> Book:
    """Write the customers as one COPY and return how they spend."""
    with connection.cursor() as cursor:
        book = Book(first_id=_reserve_ids(cursor, len(seats)))
        rows = _Writer(plan, book).rows(seats, progress)
        copy_rows(cursor, f"COPY crm_customer ({', '.join(COLUMNS)}) FROM STDIN", rows)
    return book


def _reserve_ids(cursor: CursorWrapper, count: int) -> int:
    """Take ``count`` ids in a row, so that parents and transactions know them beforehand."""
    cursor.execute(
        "SELECT setval(seq, nextval(seq) + %s - 1)"
        " FROM pg_get_serial_sequence('crm_customer', 'id') AS seq",
        [count],
    )
    (last,) = cursor.fetchone()
    return int(last) - count + 1


@dataclass(frozen=True)
class _Headquarters:
    """A customer that has subsidiaries."""

    id: int
    named: Named


class _Writer:
    """Invents one customer after the other."""

    def __init__(self, plan: Plan, book: Book) -> None:
        self._plan, self._book = plan, book
        self._rng = plan.random("customers")
        self._namer = Namer(plan.random("names"))
        self._months = plan.calendar()
        self._groups: list[_Headquarters] = []
        self._numbers: Counter[str] = Counter()
        self._categories = dict(Category.objects.values_list("code", "pk"))
        self._grades = dict(Grade.objects.values_list("code", "pk"))
        self._sources = dict(Source.objects.values_list("code", "pk"))
        self._industries = dict(Industry.objects.values_list("code", "pk"))
        self._sections = {
            code: section
            for code, section in Industry.objects.values_list("code", "parent")
            if section is not None
        }

    def rows(self, seats: list[Seat], progress: Progress) -> Iterator[tuple[object, ...]]:
        """Yield the columns of one customer per seat, and enter each into the book."""
        for position, seat in enumerate(seats):
            yield self._row(self._book.first_id + position, seat, buys=position == 0)
            progress.advance(1)

    def _row(self, pk: int, seat: Seat, *, buys: bool) -> tuple[object, ...]:
        rng = self._rng
        grade = rng.choices(list(GRADES), [share for share, _bill in GRADES.values()])[0]
        named, parent = self._identity(pk, seat, grade)
        stage = self._life(grade, named.category, certain=buys)
        created = self._created(stage)
        self._numbers[seat.city.code] += 1
        return (
            pk,
            f"{seat.city.code}{self._numbers[seat.city.code]:06}",
            named.name,
            stage.value,
            1,
            created,
            created + (self._now() - created) * rng.random(),
            self._categories[named.category],
            self._grades[grade],
            self._industry(named.division),
            seat.owner_id,
            parent,
            self._sources[rng.choices(list(SOURCES), list(SOURCES.values()))[0]],
            seat.unit_id,
        )

    def _identity(self, pk: int, seat: Seat, grade: str) -> tuple[Named, int | None]:
        """Return the name, and the id of the parent group where it is a subsidiary."""
        if self._groups and self._rng.random() * 100 < SUBSIDIARY_PERCENT:
            group = self._rng.choice(self._groups)
            if name := self._namer.branch(group.named.name, seat.city):
                return replace(group.named, name=name), group.id
        named = self._namer.organisation(seat.city)
        if named.category == "enterprise" and grade in {"AA", "A", "B"}:
            self._groups.append(_Headquarters(pk, named))
            del self._groups[:-HEADQUARTERS_SHARE]
        return named, None

    def _industry(self, division: str) -> int:
        if self._rng.random() * 100 < SECTION_ONLY_PERCENT:
            return self._sections[division]
        return self._industries[division]

    def _life(self, grade: str, category: str, *, certain: bool) -> Stage:
        """Enter how it spends into the book and return the stage that goes with it."""
        rng, book, months = self._rng, self._book, len(self._months)
        prospect = not certain and rng.random() * 100 < self._plan.prospects
        settled = certain or rng.random() * 100 < SETTLED_PERCENT
        first = 0 if settled else rng.randrange(months)
        leaves = not certain and rng.random() * 100 < LEAVING_PERCENT
        last = rng.randint(first + 1, months) if leaves else months
        book.spend.append(max(100, round(GRADES[grade][1] * 100 * rng.lognormvariate(0, SPREAD))))
        book.trend.append(rng.gauss(1.004, 0.012))
        book.slump.append(rng.random() * 100 < SLUMP_PERCENT)
        book.bill_day.append(rng.randint(1, 6))
        book.first.append(0 if prospect else first)
        book.last.append(0 if prospect else last)
        if prospect:
            return rng.choices(list(PROSPECT_STAGES), list(PROSPECT_STAGES.values()))[0]
        if category == "channel_partner":
            return Stage.PARTNER
        if last <= months - KNOWN_LOST_MONTHS:
            return Stage.LOST
        return Stage.SIGNED if months - first <= 6 else Stage.DEVELOPED

    def _created(self, stage: Stage) -> datetime:
        """Return when the file was opened: before the first purchase, or lately for a prospect."""
        book, rng = self._book, self._rng
        if stage in PROSPECT_STAGES:
            return self._now() - timedelta(days=rng.uniform(1, 400))
        month = self._months[book.first[-1]].first
        opened = datetime(month.year, month.month, 1, tzinfo=UTC)
        years = 8 if book.first[-1] == 0 else 0.2
        return opened - timedelta(days=365 * years * rng.random(), minutes=rng.randrange(1440))

    def _now(self) -> datetime:
        return datetime.combine(self._plan.as_of, time.min, tzinfo=UTC)
