"""Writing an event that is not the change of a record."""

import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from core.events.declarations import EventType

INSERT = """
    INSERT INTO core_event (type, object_id, data, context_id, transaction_id, occurred_at)
    VALUES (%s, %s, %s::jsonb, _pgh_attach_context(), pg_current_xact_id()::text::bigint, now())
"""


def emit(event_type: EventType, *, object_id: int, data: Mapping[str, Any] | None = None) -> None:
    """Write an event in the current ``audited_transaction``, which names actor and action.

    For what a trigger does not see, such as the end of an import or of a run. Mass data has one
    event per batch. ``data`` must be serialisable as JSON; the declaration of the type says what it
    has. Raises IntegrityError outside of an audited transaction.
    """
    with connection.cursor() as cursor:
        values = json.dumps(dict(data or {}), cls=DjangoJSONEncoder)
        cursor.execute(INSERT, [event_type.name, object_id, values])
