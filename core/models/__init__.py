"""Records that belong to no business noun."""

from core.models.custom_field import CustomField, CustomFieldKind

__all__ = ["CustomField", "CustomFieldKind"]
