"""Making some notices of the demo users: customers and a complaint they were given, an import.

In a company at work, consumers of events make them. The events of the demonstration company itself
are deleted, because nothing of it is news.
"""

from datetime import UTC, datetime, time, timedelta

from accounts.models import User
from core.models import Notice
from core.services.notice import NewNotice, send_notices
from crm.models import Customer, ImportBatch
from crm.notices import CUSTOMERS_ASSIGNED, IMPORT_DONE
from demo.plan import Plan
from satisfaction.models import Complaint
from satisfaction.notices import COMPLAINTS_ASSIGNED

# The age of a notice at the as-of date, by its key.
HOURS_BY_KEY = {"demo-1": 2, "demo-2": 26, "demo-3": 50, "demo-4": 75}
READ_KEYS = ("demo-3", "demo-4")


def make_notices(plan: Plan) -> None:
    """Write the notices of "manager" and of the division's administrator "divadmin"."""
    _send_to_manager()
    _send_to_administrator()
    as_of = datetime.combine(plan.as_of, time.min, tzinfo=UTC)
    for key, hours in HOURS_BY_KEY.items():
        created_at = as_of - timedelta(hours=hours)
        read_at = created_at + timedelta(hours=1) if key in READ_KEYS else None
        Notice.objects.filter(key=key).update(created_at=created_at, read_at=read_at)


def _send_to_manager() -> None:
    head, manager, agent = (
        User.objects.get_by_natural_key(number) for number in ("head", "manager", "agent")
    )
    customer_id = Customer.objects.filter(owner=manager).earliest("pk").pk
    complaints = Complaint.objects.filter(customer__owner=manager).order_by("-pk")
    by_head = {"actor": head.pk}
    send_notices(
        CUSTOMERS_ASSIGNED,
        [
            NewNotice(manager.pk, "demo-4", by_head | {"count": 12}),
            NewNotice(manager.pk, "demo-3", by_head | {"count": 1}, customer_id),
        ],
    )
    send_notices(
        COMPLAINTS_ASSIGNED,
        [
            NewNotice(manager.pk, "demo-2", {"actor": agent.pk, "count": 1}, complaint.pk)
            for complaint in complaints[:1]
        ],
    )
    send_notices(CUSTOMERS_ASSIGNED, [NewNotice(manager.pk, "demo-1", by_head | {"count": 3})])


def _send_to_administrator() -> None:
    administrator = User.objects.get_by_natural_key("divadmin")
    batch = ImportBatch.objects.latest("pk")
    names = ("kind", "file_name", "rows_created", "rows_changed", "rows_unchanged", "rows_rejected")
    values = {name: getattr(batch, name) for name in names}
    send_notices(IMPORT_DONE, [NewNotice(administrator.pk, "demo-1", values, batch.pk)])
