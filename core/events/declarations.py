"""What types of events there are, and what the events of a record say."""

from dataclasses import dataclass

from django.utils.functional import Promise

# Change with every save, so they say nothing about what was changed.
BOOKKEEPING_FIELDS = frozenset({"version", "created_at", "updated_at"})


@dataclass(frozen=True)
class EventType:
    """A type of event. The part of ``name`` before the dot says what ``object_id`` identifies.

    Events store the name, for example ``"customer.changed"``, so a name never changes.
    """

    name: str
    label: str | Promise


@dataclass(frozen=True)
class RecordEvents:
    """The events of a record type, which ``core.events.triggers.emits_events`` writes.

    ``fields`` are the fields of the model whose values before and after are in the events. Never
    name a masked field here: consumers pass events on to readers whose role may not see it. Other
    changed fields are in the event by name only; a change of nothing but ``ignored_fields`` is no
    event.
    """

    created: EventType
    changed: EventType
    deleted: EventType
    fields: tuple[str, ...]
    ignored_fields: frozenset[str] = BOOKKEEPING_FIELDS

    @property
    def types(self) -> tuple[EventType, ...]:
        """The three types."""
        return (self.created, self.changed, self.deleted)
