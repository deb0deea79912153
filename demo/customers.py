"""Making the customers, and the profiles by which their transactions are generated.

A customer is a *prospect*, who never bought, or a *buyer*. The random numbers are drawn
in a fixed order, so that the same plan gives the same customers; reordering calls changes them all.
"""

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper

from common.copying import copy_rows
from crm.models import Category, Grade, Industry, Source
from crm.models.customer import Stage
from demo.custom_fields import make_custom_values
from demo.names import NameGenerator, OrganisationName
from demo.people import CustomerPlacement
from demo.plan import Plan
from demo.progress import Progress


class GradeShare(NamedTuple):
    """The percentage of customers of a grade, and their median monthly spend in yuan."""

    percent: int
    median_spend: int


# By the code of the grade.
GRADES = {
    "AA": GradeShare(1, 42_000),
    "A": GradeShare(5, 11_000),
    "B": GradeShare(16, 3_600),
    "C": GradeShare(36, 1_100),
    "D": GradeShare(42, 320),
}
GRADES_OF_PARENTS = {"AA", "A", "B"}  # an enterprise of such a grade can have subsidiaries
SPEND_SIGMA = 0.75  # of the log-normal distribution of the spend within a grade
MIN_SPEND = 100  # hundredths a month
TREND_MEAN, TREND_SIGMA = 1.004, 0.012  # the factor of a customer's spend from month to month
# The percentage of customers by the code of their source, and of prospects by stage.
SOURCES = {
    "referral": 20, "tender": 12, "exhibition": 5, "partner": 9, "cold_call": 17, "web": 6,
    "inbound_call": 7, "service_hall": 9, "transferred": 4, "billing_import": 10, "other": 1,
}  # fmt: skip
PROSPECT_STAGES = {Stage.POTENTIAL: 50, Stage.INTENDING: 30, Stage.PROSPECTIVE: 20}
SUBSIDIARY_PERCENT = 5
SECTION_ONLY_PERCENT = 8  # of customers: their industry is a section of GB/T 4754, not a division
EXISTING_PERCENT = 72  # of buyers: they buy from the first month on; the others begin later
LEAVING_PERCENT = 9  # of buyers: they stop buying in a random month
SLUMP_PERCENT = 8  # of customers: their spend falls in the last months
LOST_AFTER_MONTHS = 4  # without a purchase the stage is LOST
SIGNED_MONTHS = 6  # since the first purchase the stage is SIGNED, then DEVELOPED
LAST_BILL_DAY = 6  # customers get their bill on a fixed day from the 1st to the 6th of the month
# A customer was created at most so long before the first purchase; "existing" customers buy from
# the first month on. A prospect was created at most so many days before the as-of date.
MAX_YEARS_EXISTING, MAX_YEARS_NEW, MAX_DAYS_PROSPECT = 8, 0.2, 400
MAX_PARENTS = 500  # a subsidiary belongs to one of the latest 500 possible parents
COLUMNS = (
    "id", "code", "name", "stage", "version", "created_at", "updated_at", "category_id", "grade_id",
    "industry_id", "owner_id", "parent_id", "source_id", "unit_id", "custom_values",
)  # fmt: skip


@dataclass
class SpendingProfiles:
    """How every customer spends. Each array has one number per customer, to use little memory.

    Index n belongs to the customer with the id ``first_id + n``.

    ``spend``: the amount of a usual month in hundredths. ``first_month`` and ``end_month``: the
    purchases are in the months ``first_month <= month < end_month`` of the plan's calendar; for a
    prospect both are 0. ``trend``: the factor of the spend from one month to the next.
    ``has_slump``: whether the spend falls in the last months. ``bill_day``: the day of the month of
    the bill.
    """

    first_id: int
    spend: "array[int]" = field(default_factory=lambda: array("q"))
    trend: "array[float]" = field(default_factory=lambda: array("d"))
    first_month: "array[int]" = field(default_factory=lambda: array("h"))
    end_month: "array[int]" = field(default_factory=lambda: array("h"))
    has_slump: "array[int]" = field(default_factory=lambda: array("b"))
    bill_day: "array[int]" = field(default_factory=lambda: array("b"))

    def __len__(self) -> int:
        return len(self.spend)


def make_customers(
    plan: Plan, placements: list[CustomerPlacement], progress: Progress
) -> SpendingProfiles:
    """Write one customer per placement with a single COPY; return their spending profiles.

    Must run inside an audited transaction.
    """
    with connection.cursor() as cursor:
        profiles = SpendingProfiles(first_id=_reserve_ids(cursor, len(placements)))
        rows = _CustomerGenerator(plan, profiles).generate_rows(placements, progress)
        copy_rows(cursor, f"COPY crm_customer ({', '.join(COLUMNS)}) FROM STDIN", rows)
    return profiles


def _reserve_ids(cursor: CursorWrapper, count: int) -> int:
    """Reserve ``count`` consecutive ids and return the first.

    Subsidiaries and transactions refer to customers by id while the customers are written.
    """
    cursor.execute(
        "SELECT setval(seq, nextval(seq) + %s - 1)"
        " FROM pg_get_serial_sequence('crm_customer', 'id') AS seq",
        [count],
    )
    (last,) = cursor.fetchone()
    return int(last) - count + 1


@dataclass(frozen=True)
class _ParentGroup:
    """A customer that can have subsidiaries, whose names begin with its name."""

    id: int
    name: OrganisationName


class _CustomerGenerator:
    """Generates one customer at a time, and adds its spending profile to ``profiles``."""

    def __init__(self, plan: Plan, profiles: SpendingProfiles) -> None:
        self._plan, self._profiles = plan, profiles
        self._rng = plan.random("customers")
        self._custom_rng = plan.random("custom values")
        self._name_generator = NameGenerator(plan.random("names"))
        self._months = plan.calendar()
        self._parent_groups: list[_ParentGroup] = []
        self._count_by_city: Counter[str] = Counter()
        # Ids by code. The codes of industries are sections ("C") and divisions ("34").
        self._categories = dict(Category.objects.values_list("code", "pk"))
        self._grades = dict(Grade.objects.values_list("code", "pk"))
        self._sources = dict(Source.objects.values_list("code", "pk"))
        self._industries = dict(Industry.objects.values_list("code", "pk"))
        self._section_of_division = {
            code: section
            for code, section in Industry.objects.values_list("code", "parent")
            if section is not None
        }

    def generate_rows(
        self, placements: list[CustomerPlacement], progress: Progress
    ) -> Iterator[tuple[object, ...]]:
        """Yield the values of COLUMNS of one customer per placement.

        The spending profile of a customer is complete when its row has been yielded.
        """
        for position, placement in enumerate(placements):
            # At least one customer has to buy, so that the transactions can be distributed.
            is_certain_buyer = position == 0
            yield self._make_row(
                self._profiles.first_id + position, placement, is_certain_buyer=is_certain_buyer
            )
            progress.advance(1)

    def _make_row(
        self, pk: int, placement: CustomerPlacement, *, is_certain_buyer: bool
    ) -> tuple[object, ...]:
        """Return the values of COLUMNS, in their order, and add the spending profile."""
        rng = self._rng
        grade = rng.choices(list(GRADES), [share.percent for share in GRADES.values()])[0]
        name, parent_id = self._make_name(pk, placement, grade)
        stage = self._add_profile(grade, name.category, is_certain_buyer=is_certain_buyer)
        created_at = self._creation_time(stage, self._profiles.first_month[-1])
        updated_at = created_at + (self._as_of() - created_at) * rng.random()
        city = placement.city.code
        self._count_by_city[city] += 1
        return (
            pk,
            f"{city}{self._count_by_city[city]:06}",
            name.text,
            stage.value,
            1,  # version
            created_at,
            updated_at,
            self._categories[name.category],
            self._grades[grade],
            self._industry_id(name.division),
            placement.owner_id,
            parent_id,
            self._sources[rng.choices(list(SOURCES), list(SOURCES.values()))[0]],
            placement.unit_id,
            self._custom_values(grade, stage),
        )

    def _custom_values(self, grade: str, stage: Stage) -> str:
        """Return the custom fields' values as JSON; a prospect has none yet."""
        if stage in PROSPECT_STAGES:
            return "{}"
        return make_custom_values(self._custom_rng, grade, self._plan.as_of)

    def _make_name(
        self, pk: int, placement: CustomerPlacement, grade: str
    ) -> tuple[OrganisationName, int | None]:
        """Return the name, and for a subsidiary the id of its parent group."""
        if self._parent_groups and self._rng.random() * 100 < SUBSIDIARY_PERCENT:
            group = self._rng.choice(self._parent_groups)
            if text := self._name_generator.make_subsidiary_name(group.name.text, placement.city):
                return replace(group.name, text=text), group.id
        name = self._name_generator.make_organisation_name(placement.city)
        if name.category == "enterprise" and grade in GRADES_OF_PARENTS:
            self._parent_groups.append(_ParentGroup(pk, name))
            del self._parent_groups[:-MAX_PARENTS]
        return name, None

    def _industry_id(self, division: str) -> int:
        """Return the id of the division, or at times only that of its section."""
        if self._rng.random() * 100 < SECTION_ONLY_PERCENT:
            return self._section_of_division[division]
        return self._industries[division]

    def _add_profile(self, grade: str, category: str, *, is_certain_buyer: bool) -> Stage:
        """Add the spending profile of a customer and return the stage that fits it."""
        rng, profiles, month_count = self._rng, self._profiles, len(self._months)
        is_prospect = not is_certain_buyer and rng.random() * 100 < self._plan.prospects
        is_existing = is_certain_buyer or rng.random() * 100 < EXISTING_PERCENT
        first_month = 0 if is_existing else rng.randrange(month_count)
        is_leaving = not is_certain_buyer and rng.random() * 100 < LEAVING_PERCENT
        end_month = rng.randint(first_month + 1, month_count) if is_leaving else month_count
        median_spend = GRADES[grade].median_spend * 100  # in hundredths
        usual_spend = median_spend * rng.lognormvariate(0, SPEND_SIGMA)
        profiles.spend.append(max(MIN_SPEND, round(usual_spend)))
        profiles.trend.append(rng.gauss(TREND_MEAN, TREND_SIGMA))
        profiles.has_slump.append(rng.random() * 100 < SLUMP_PERCENT)
        profiles.bill_day.append(rng.randint(1, LAST_BILL_DAY))
        profiles.first_month.append(0 if is_prospect else first_month)
        profiles.end_month.append(0 if is_prospect else end_month)
        if is_prospect:
            return rng.choices(list(PROSPECT_STAGES), list(PROSPECT_STAGES.values()))[0]
        if category == "channel_partner":
            return Stage.PARTNER
        if end_month <= month_count - LOST_AFTER_MONTHS:
            return Stage.LOST
        return Stage.SIGNED if month_count - first_month <= SIGNED_MONTHS else Stage.DEVELOPED

    def _creation_time(self, stage: Stage, first_month: int) -> datetime:
        """Return when the customer was created: before the first purchase in ``first_month``.

        A prospect, who has no purchase, was created within the last MAX_DAYS_PROSPECT days.
        """
        rng = self._rng
        if stage in PROSPECT_STAGES:
            return self._as_of() - timedelta(days=rng.uniform(1, MAX_DAYS_PROSPECT))
        # The purchase is on some day of this month, or later.
        month_start = datetime.combine(self._months[first_month].first, time.min, tzinfo=UTC)
        max_years = MAX_YEARS_EXISTING if first_month == 0 else MAX_YEARS_NEW
        days_before = 365 * max_years * rng.random()
        return month_start - timedelta(days=days_before, minutes=rng.randrange(1440))

    def _as_of(self) -> datetime:
        """Return the beginning of the as-of date in UTC."""
        return datetime.combine(self._plan.as_of, time.min, tzinfo=UTC)
