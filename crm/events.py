"""The events of customers, interactions and imports.

``import.finished`` is about an ``ImportBatch``. Its data has the batch's ``kind``, ``file_name``,
``rows_created``, ``rows_changed``, ``rows_unchanged`` and ``rows_rejected``. Transactions, of which
there are millions, have no other event.
"""

from django.utils.translation import gettext_lazy as _

from core.events.declarations import EventType, RecordEvents

CUSTOMER_EVENTS = RecordEvents(
    created=EventType("customer.created", _("Customer created")),
    changed=EventType("customer.changed", _("Customer changed")),
    deleted=EventType("customer.deleted", _("Customer deleted")),
    fields=("code", "stage", "grade", "owner", "unit"),
)
INTERACTION_EVENTS = RecordEvents(
    created=EventType("interaction.created", _("Interaction logged")),
    changed=EventType("interaction.changed", _("Interaction changed")),
    deleted=EventType("interaction.deleted", _("Interaction deleted")),
    fields=("customer", "channel", "direction", "phase", "occurred_at", "user", "next_step_on"),
)
IMPORT_FINISHED = EventType("import.finished", _("Import finished"))
