"""Models that every app uses: custom fields, files of records, jobs, events, notices."""

from core.models.attachment import Attachment
from core.models.custom_field import CustomField, CustomFieldKind
from core.models.event import Event, EventConsumer
from core.models.job import Job
from core.models.notice import Notice

__all__ = [
    "Attachment",
    "CustomField",
    "CustomFieldKind",
    "Event",
    "EventConsumer",
    "Job",
    "Notice",
]
