"""The events of complaints."""

from django.utils.translation import gettext_lazy as _

from core.events.declarations import EventType, RecordEvents

COMPLAINT_EVENTS = RecordEvents(
    created=EventType("complaint.created", _("Complaint opened")),
    changed=EventType("complaint.changed", _("Complaint changed")),
    deleted=EventType("complaint.deleted", _("Complaint deleted")),
    fields=("number", "customer", "state", "owner"),
)
