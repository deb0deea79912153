"""Administration of custom fields, and the list of the files of records."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from accounts.models import User
from accounts.permissions import Permission
from core.fields.faults import ValueFault
from core.fields.record_types import record_types
from core.files.records import attachment_records
from core.models import Attachment, CustomField
from core.service_admin import LOADED_VERSION, AdminRequest, ServiceModelAdmin, VersionedForm
from core.services.custom_field import IMMUTABLE_FIELDS, save_custom_field

SEPARATOR = "|"  # between the texts of one choice


class ChoiceLinesField(forms.Field):
    """A text area for the choices of a custom field, one per line: ``code | 中文 | English``.

    The value is a list of ``{"code": …, "zh": …, "en": …}``, as CustomField stores it.
    """

    def to_python(self, value: Any) -> list[dict[str, str]]:
        """Return the choices of the lines; raise ValidationError for a line of another form.

        A missing Chinese name becomes the code, a missing English name the Chinese one.
        """
        choices = []
        text = str(value or "")
        if "\0" in text:  # a CharField would refuse it; PostgreSQL cannot store it
            raise ValidationError(ValueFault.BAD_CHARACTER.label)
        for line in text.splitlines():
            parts = [part.strip() for part in line.split(SEPARATOR)]
            if not any(parts):
                continue
            if len(parts) > 3 or not parts[0]:
                message = _("Write code | Chinese | English, not “%(line)s”.")
                raise ValidationError(message % {"line": line})
            code, zh, en = [*parts, "", ""][:3]
            choices.append({"code": code, "zh": zh or code, "en": en or zh or code})
        return choices

    def prepare_value(self, value: Any) -> Any:
        """Return the lines of stored choices; submitted text is returned unchanged."""
        if not isinstance(value, list):
            return value
        separator = f" {SEPARATOR} "
        return "\n".join(
            separator.join((choice["code"], choice["zh"], choice["en"])) for choice in value
        )

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the choices changed; an invalid line counts as a change."""
        try:
            return bool(self.to_python(data) != (initial or []))
        except ValidationError:
            return True


class CustomFieldForm(VersionedForm):
    """The form of a custom field, with the record types and categories as choices."""

    record_type = forms.ChoiceField(
        label=gettext_lazy("record"), choices=(), widget=UnfoldAdminSelectWidget()
    )
    choices = ChoiceLinesField(
        label=gettext_lazy("choices"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text=gettext_lazy("One on a line: code | Chinese | English"),
    )
    categories = forms.MultipleChoiceField(
        label=gettext_lazy("only for"),
        required=False,
        choices=(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=gettext_lazy("Records of these categories have the field; all, if none is named"),
    )

    class Meta:
        model = CustomField
        fields = [
            "record_type", "key", "label_zh", "label_en", "kind", "choices", "categories",
            "required", "sensitive", "in_list", "position", "help_zh", "help_en", "is_active",
        ]  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = record_types().values()
        choices = {
            "record_type": [(record_type.name, str(record_type.label)) for record_type in types],
            "categories": [
                pair for record_type in types for pair in record_type.category_choices()
            ],
        }
        for name, pairs in choices.items():
            field = self.fields.get(name)  # None if the field is read-only
            if isinstance(field, forms.ChoiceField):
                field.choices = pairs


@admin.register(CustomField)
class CustomFieldAdmin(ServiceModelAdmin):
    """Custom fields. Values are kept when a field is no longer active."""

    view_permission = Permission.FIELD_MANAGE
    change_permission = Permission.FIELD_MANAGE
    form = CustomFieldForm
    list_display = ["label", "key", "record_type", "kind", "required", "position", "is_active"]
    list_filter = ["record_type", "kind", "is_active"]
    search_fields = ["key", "label_zh", "label_en"]
    ordering = ["record_type", "position", "key"]

    def get_fields(self, request: AdminRequest, obj: CustomField | None = None) -> list[str]:
        """Return the fields of the form and the loaded version."""
        return [*CustomFieldForm.Meta.fields, LOADED_VERSION]

    def get_readonly_fields(
        self, request: AdminRequest, obj: CustomField | None = None
    ) -> list[str]:
        """Make the immutable fields of an existing custom field read-only."""
        return [] if obj is None else sorted(IMMUTABLE_FIELDS)

    def save_through_service(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> CustomField:
        """Add the field or change it."""
        return save_custom_field(actor=actor, field_id=pk, **values)


@admin.register(Attachment)
class AttachmentAdmin(ServiceModelAdmin):
    """The files of records, read-only: who added which file to what, and where it is stored."""

    view_permission = Permission.ADMIN_ENTER
    list_display = ["name", "record_type", "record_id", "kind", "size", "added_by", "added_at"]
    list_filter = ["record_type", "kind"]
    list_select_related = ["added_by"]
    search_fields = ["name", "sha256"]

    def get_queryset(self, request: AdminRequest) -> QuerySet[Any]:
        """Return the visible files of the record types whose files the user may see."""
        viewable = [
            records.name
            for records in attachment_records().values()
            if request.user.may(records.view_permission)
        ]
        return super().get_queryset(request).filter(record_type__in=viewable)
