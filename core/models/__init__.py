"""Models that every app uses: custom fields and files of records."""

from core.models.attachment import Attachment
from core.models.custom_field import CustomField, CustomFieldKind

__all__ = ["Attachment", "CustomField", "CustomFieldKind"]
