"""Making files of some customers and complaints.

Their number hardly grows with the company, because each is a file on the disk. If the company is
rolled back, the files stay, until the nightly check removes them.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time

from django.conf import settings
from django.core.files.base import ContentFile

from accounts.models import User
from core.files.storage import store_file
from core.models import Attachment
from crm.files import CUSTOMER_FILES
from crm.models import Customer
from demo import file_contents
from demo.plan import Plan
from satisfaction.files import COMPLAINT_FILES
from satisfaction.models import Complaint

MAX_RECORDS = 60  # of each type
RECORDS_PERCENT = 5  # of all, up to MAX_RECORDS
# The first customers of this account manager, who has a login, have files in any company.
SHOWN_MANAGER, SHOWN_CUSTOMERS = "manager", 3


@dataclass(frozen=True)
class _Record:
    """A record that gets files: who adds them, and when at the earliest."""

    type_name: str
    pk: int
    user: User
    begin: datetime


def make_files(plan: Plan) -> None:
    """Store the files and write their rows. Must run inside an audited transaction."""
    rng = plan.random("files")
    as_of = datetime.combine(plan.as_of, time.min, tzinfo=UTC)
    parts = (
        (_customers(rng), file_contents.CUSTOMER_FILES),
        (_complaints(rng), file_contents.COMPLAINT_FILES),
    )
    Attachment.objects.bulk_create(
        _make_file(record, name, make_content(rng), _random_time(rng, record.begin, as_of))
        for records, contents in parts
        for record in records
        for name, make_content in rng.sample([*contents.items()], rng.randint(1, len(contents)))
    )


def _make_file(record: _Record, name: str, content: bytes, added_at: datetime) -> Attachment:
    """Store the file, and return its unsaved row."""
    stored = store_file(ContentFile(content), max_bytes=settings.FILE_MAX_BYTES)
    return Attachment(
        record_type=record.type_name,
        record_id=record.pk,
        name=name,
        kind=stored.kind,
        size=stored.size,
        sha256=stored.sha256,
        stored_name=stored.stored_name,
        added_by=record.user,
        added_at=added_at,
    )


def _customers(rng: random.Random) -> list[_Record]:
    """Return customers with an account manager, who adds the files."""
    owned = Customer.objects.filter(owner__isnull=False).order_by("code")
    shown = owned.filter(owner__employee_number=SHOWN_MANAGER).values_list("pk", flat=True)
    ids = [*shown[:SHOWN_CUSTOMERS], *_sample(rng, owned.values_list("pk", flat=True))]
    return [
        _Record(CUSTOMER_FILES.name, customer.pk, customer.owner, customer.created_at)
        for customer in owned.filter(pk__in=ids).select_related("owner")
        if customer.owner is not None
    ]


def _complaints(rng: random.Random) -> list[_Record]:
    """Return complaints, whose owners add the files."""
    complaints = Complaint.objects.order_by("number")
    ids = _sample(rng, complaints.values_list("pk", flat=True))
    return [
        _Record(COMPLAINT_FILES.name, complaint.pk, complaint.owner, complaint.opened_at)
        for complaint in complaints.filter(pk__in=ids).select_related("owner")
    ]


def _sample(rng: random.Random, ids: Iterable[int]) -> list[int]:
    population = list(ids)
    return rng.sample(population, min(MAX_RECORDS, len(population) * RECORDS_PERCENT // 100))


def _random_time(rng: random.Random, begin: datetime, end: datetime) -> datetime:
    return begin + (end - begin) * rng.random()
