"""History of the records people edit, written by database triggers: raw SQL is recorded too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import pghistory
from django.db import models

M = TypeVar("M", bound=models.Model)


def tracked(*, exclude: Sequence[str] = ()) -> Callable[[type[M]], type[M]]:
    """Keep every state of the model's rows: made, changed, deleted; but for the fields excluded.

    The triggers are made anew for each model: the library's trackers keep state of theirs.
    """

    def decorate(model: type[M]) -> type[M]:
        pghistory.track(
            pghistory.InsertEvent(),
            pghistory.UpdateEvent(),
            pghistory.DeleteEvent(),
            exclude=list(exclude) or None,
        )(model)
        return model

    return decorate


@dataclass(frozen=True)
class Change:
    """One entry of a record's history: what, when, by whom, through which door, and why."""

    at: datetime
    label: str  # insert, update or delete
    actor: int
    action: str
    door: str
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
        door=told.get("door", ""),
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
