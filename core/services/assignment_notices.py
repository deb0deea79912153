"""Who was given which records, read from their events: for notices such as "3 customers"."""

from django.db.models import BigIntegerField, Count, F, Min
from django.db.models.fields.json import KT, KeyTextTransform
from django.db.models.functions import Cast

from core.models.event import EventQuerySet
from core.services.notice import NewNotice


def assignment_notices(events: EventQuerySet, field: str) -> list[NewNotice]:
    """Return a notice for each action that gave a user records by setting ``field``.

    ``field`` is a reference to a user and declared in the events. Users who gave records to
    themselves get none. The values are ``actor`` (an id) and ``count``; the notice is about the
    record if it was one. All events of an action are in one transaction, so the count is complete.
    """
    rows = (
        events.order_by()
        .annotate(
            recipient=Cast(KT(f"data__{field}__1"), BigIntegerField()),
            actor=Cast(KeyTextTransform("actor", "context__metadata"), BigIntegerField()),
        )
        .filter(recipient__isnull=False)
        .exclude(recipient=F("actor"))
        .values("context_id", "recipient", "actor")
        .annotate(
            records=Count("object_id", distinct=True), record=Min("object_id"), first=Min("pk")
        )
        .order_by("first")
    )
    return [
        NewNotice(
            recipient_id=row["recipient"],
            key=str(row["context_id"]),
            values={"actor": row["actor"], "count": row["records"]},
            object_id=row["record"] if row["records"] == 1 else None,
        )
        for row in rows
        if row["actor"] is not None
    ]
