"""The types and consumers of events of all apps, by name, from the settings."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from common.loading import import_by_name
from core.events.consumers import Consumer
from core.events.declarations import EventType, RecordEvents


@cache
def event_types() -> dict[str, EventType]:
    """Return the types by name, from settings.EVENT_TYPES; TypeError or ImportError if wrong.

    An entry is an EventType, or a RecordEvents with three of them.
    """
    types: list[EventType] = []
    for path in settings.EVENT_TYPES:
        declared = import_string(path)
        if isinstance(declared, RecordEvents):
            types.extend(declared.types)
        elif isinstance(declared, EventType):
            types.append(declared)
        else:
            raise TypeError(f"{path} is no EventType and no RecordEvents")
    return {each.name: each for each in types}


@cache
def consumers() -> dict[str, Consumer]:
    """Return the consumers by name, from settings.EVENT_CONSUMERS."""
    return import_by_name(settings.EVENT_CONSUMERS, Consumer)
