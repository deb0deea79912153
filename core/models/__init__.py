"""Models that every app uses: custom fields, events and their consumers, notices."""

from core.models.custom_field import CustomField, CustomFieldKind
from core.models.event import Event, EventConsumer
from core.models.notice import Notice

__all__ = ["CustomField", "CustomFieldKind", "Event", "EventConsumer", "Notice"]
