"""Models that every app uses: custom fields, files of records, jobs, notices, views of lists."""

from core.models.attachment import Attachment
from core.models.custom_field import CustomField, CustomFieldKind
from core.models.event import Event, EventConsumer
from core.models.job import Job
from core.models.notice import Notice
from core.models.saved_view import DefaultView, SavedView

__all__ = [
    "Attachment",
    "CustomField",
    "CustomFieldKind",
    "DefaultView",
    "Event",
    "EventConsumer",
    "Job",
    "Notice",
    "SavedView",
]
