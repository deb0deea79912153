"""Models that every app uses: custom fields."""

from core.models.custom_field import CustomField, CustomFieldKind

__all__ = ["CustomField", "CustomFieldKind"]
