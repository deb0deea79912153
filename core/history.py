"""Reading the history that database triggers write: who changed what, when, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models


@dataclass(frozen=True)
class Change:
    """One entry of a record's history: what, when, by whom, through which channel, and why."""

    at: datetime
    label: str  # insert, update or delete
    actor: int
    action: str
    channel: str
    reason: str
    fields: tuple[tuple[str, Any, Any], ...]  # name, before, after


def changes_of(record: Any, *, limit: int = 200) -> list[Change]:
    """Return the latest entries of a tracked record's history, newest first."""
    related = [field.name for field in _fields(record.events.model) if field.is_relation]
    states = record.events.select_related("pgh_context").prefetch_related(*related)
    events = list(states.order_by("-pgh_id")[: limit + 1])
    before = [*events[1:], None]
    return [_change(event, earlier) for event, earlier in zip(events, before, strict=True)][:limit]


def _change(event: Any, earlier: Any) -> Change:
    told = event.pgh_context.metadata if event.pgh_context else {}
    fields = [
        (field.verbose_name, getattr(earlier, field.name, None), getattr(event, field.name))
        for field in _fields(type(event))
    ]
    return Change(
        at=event.pgh_created_at,
        label=event.pgh_label,
        actor=told.get("actor", 0),
        action=told.get("action", ""),
        channel=told.get("channel", ""),
        reason=told.get("reason", ""),
        fields=tuple(field for field in fields if field[1] != field[2]),
    )


def _fields(events: type[models.Model]) -> list[Any]:
    """Return the record's own fields among those of its events."""
    return [
        field
        for field in events._meta.fields  # noqa: SLF001 (documented for everyone)
        if not field.name.startswith("pgh_") and field.name != "id"
    ]
