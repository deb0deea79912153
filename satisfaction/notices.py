"""The notices of complaints, and the consumer that sends them."""

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.permissions import Permission
from core.events.consumers import Consumer
from core.listing.comparisons import MINE
from core.models.event import EventQuerySet
from core.notices.declarations import NoticeDetails, NoticeKind
from core.services.assignment_notices import assignment_notices
from core.services.notice import send_notices
from satisfaction.events import COMPLAINT_EVENTS
from satisfaction.models import Complaint


def _assigned_text(details: NoticeDetails) -> str:
    count, complaint = details.values["count"], details.record
    if complaint is not None:
        text = _("%(actor)s gave you the complaint %(number)s: %(title)s")
        values = {"number": complaint.number, "title": complaint.title}
        return text % {"actor": details.actor, **values}
    text = ngettext(
        "%(actor)s gave you %(count)s complaint.", "%(actor)s gave you %(count)s complaints.", count
    )
    return text % {"actor": details.actor, "count": f"{count:,}"}


def _assigned_url(details: NoticeDetails) -> str:
    """Return the address of the complaint, or of the open ones that the reader looks after."""
    if details.record is not None:
        return reverse("complaint", args=[details.record.pk])
    if details.values["count"] == 1 or not details.reader.may(Permission.COMPLAINT_VIEW):
        return ""
    return f"{reverse('complaints')}?{urlencode({'owner': MINE})}"


COMPLAINTS_ASSIGNED = NoticeKind(
    name="complaint.assigned",
    icon="message-report",
    text=_assigned_text,
    url=_assigned_url,
    records=Complaint.objects.visible_to,
)


def send_assignment_notices(events: EventQuerySet) -> None:
    """Tell those who are to look after complaints."""
    send_notices(COMPLAINTS_ASSIGNED, assignment_notices(events, "owner"))


ASSIGNMENT_CONSUMER = Consumer(
    name="satisfaction.assignments",
    types=(COMPLAINT_EVENTS.created, COMPLAINT_EVENTS.changed),
    handle=send_assignment_notices,
)
