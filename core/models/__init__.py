"""Models that every app uses: custom fields, files of records, and jobs."""

from core.models.attachment import Attachment
from core.models.custom_field import CustomField, CustomFieldKind
from core.models.job import Job

__all__ = ["Attachment", "CustomField", "CustomFieldKind", "Job"]
