"""The notices of customers and imports, and the consumers that send them."""

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.acting import Channel
from accounts.permissions import Permission
from core.events.consumers import Consumer
from core.listing.comparisons import MINE
from core.models.event import EventQuerySet
from core.notices.declarations import NoticeDetails, NoticeKind
from core.services.assignment_notices import assignment_notices
from core.services.notice import NewNotice, send_notices
from crm.events import CUSTOMER_EVENTS, IMPORT_FINISHED
from crm.models import Customer
from crm.models.batch import BatchKind


def _assigned_text(details: NoticeDetails) -> str:
    count, actor = details.values["count"], details.actor
    if details.record is not None:
        text = _("%(actor)s gave you the customer %(name)s.")
        return text % {"actor": actor, "name": details.record.name}
    text = ngettext(
        "%(actor)s gave you %(count)s customer.", "%(actor)s gave you %(count)s customers.", count
    )
    return text % {"actor": actor, "count": f"{count:,}"}


def _assigned_url(details: NoticeDetails) -> str:
    """Return the address of the customer, or of the reader's own customers, latest change first."""
    if details.record is not None:
        return reverse("customer", args=[details.record.pk])
    if details.values["count"] == 1 or not details.reader.may(Permission.CUSTOMER_VIEW):
        return ""
    return f"{reverse('customers')}?{urlencode({'owner': MINE, 'sort': '-updated_at'})}"


def _import_text(details: NoticeDetails) -> str:
    values = details.values
    done = values["rows_created"] + values["rows_changed"] + values["rows_unchanged"]
    text = _("The import of %(file)s has finished: %(done)s rows done, %(rejected)s refused.")
    return text % {
        "file": values["file_name"],
        "done": f"{done:,}",
        "rejected": f"{values['rows_rejected']:,}",
    }


def _import_url(details: NoticeDetails) -> str:
    """Return the address of the import's job; of the customers that it changed, without one."""
    job_id = details.values.get("job")
    if job_id is not None:
        return reverse("job", args=[job_id])
    is_visible = (
        details.values["kind"] == BatchKind.CUSTOMERS
        and details.values["rows_created"] + details.values["rows_changed"] > 0
        and details.reader.may(Permission.CUSTOMER_VIEW)
    )
    return f"{reverse('customers')}?sort=-updated_at" if is_visible else ""


CUSTOMERS_ASSIGNED = NoticeKind(
    name="customer.assigned",
    icon="user-check",
    text=_assigned_text,
    url=_assigned_url,
    records=Customer.objects.visible_to,
)
IMPORT_DONE = NoticeKind(
    name="import.finished", icon="table-import", text=_import_text, url=_import_url
)


def send_assignment_notices(events: EventQuerySet) -> None:
    """Tell the new owners of customers."""
    send_notices(CUSTOMERS_ASSIGNED, assignment_notices(events, "owner"))


def send_import_notices(events: EventQuerySet) -> None:
    """Tell those who imported a file, unless the API has answered them already."""
    send_notices(
        IMPORT_DONE,
        (
            NewNotice(
                recipient_id=event.actor_id,
                key=str(event.object_id),
                values=event.data | {"job": event.context.metadata.get("job")},
                object_id=event.object_id,
            )
            for event in events.select_related("context")
            if event.actor_id is not None and event.context.metadata["channel"] != Channel.API
        ),
    )


ASSIGNMENT_CONSUMER = Consumer(
    name="crm.assignments",
    types=(CUSTOMER_EVENTS.created, CUSTOMER_EVENTS.changed),
    handle=send_assignment_notices,
)
IMPORT_CONSUMER = Consumer(name="crm.imports", types=(IMPORT_FINISHED,), handle=send_import_notices)
