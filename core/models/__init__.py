"""Models that every app uses: custom fields and jobs."""

from core.models.custom_field import CustomField, CustomFieldKind
from core.models.job import Job

__all__ = ["CustomField", "CustomFieldKind", "Job"]
