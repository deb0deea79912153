"""The base of administration pages of records with declared fields, including custom fields.

``crm.admin.CustomerAdmin`` derives from it.
"""

from typing import Any, ClassVar

from django import forms
from django.db.models import Model, QuerySet
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.scoping import ScopedModel, ScopedQuerySet
from core.fields.declarations import FieldDeclaration
from core.fields.forms import INPUT_TYPES, form_field
from core.fields.record_types import RecordType
from core.service_admin import AdminRequest, ServiceModelAdmin, ServiceModelForm


class RecordModelForm(ServiceModelForm):
    """A model's form plus the record type's custom fields.

    ``RecordModelAdmin.get_form`` derives a class from it for each request, with a form field for
    each of ``custom_declarations``.
    """

    custom_declarations: ClassVar[list[FieldDeclaration]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.custom_declarations:
            self.fields[field.name].initial = field.value_of(self.instance)

    @property
    def changed_data(self) -> list[str]:
        """The changed fields, without custom fields that the submitted form did not have.

        Such a field was added after the form was loaded; without a value it would look emptied.
        """
        absent = {field.name for field in self.custom_declarations} - set(self.data)
        return [name for name in super().changed_data if name not in absent]


class RecordModelAdmin(ServiceModelAdmin):
    """The administration pages of one record type: a form of its declared fields."""

    record_type: ClassVar[RecordType]
    form = RecordModelForm

    def declarations(self, request: AdminRequest, obj: Model | None) -> list[FieldDeclaration]:
        """Return the fields that the user may see and that apply to the record's category.

        ``obj`` is the record; None for a new one, whose fields include those of all categories.
        """
        category = None if obj is None else self.record_type.category_of(obj)
        return [
            field
            for field in self.record_type.fields_for(request.user)
            if obj is None or field.applies_to(category)
        ]

    def readonly_field_names(self, request: AdminRequest, obj: Model) -> list[str]:
        """Return the names of the fields shown to a user who may not change the record.

        Django's read-only fields show a related record's name to everyone, so a reference to a
        record that the user may not see is left out. Custom fields are left out too, because
        Django shows only attributes of the model here; the record's own page has them.
        """
        return [
            field.name
            for field in self.declarations(request, obj)
            if not field.is_custom and not _refers_to_hidden_record(field, request, obj)
        ]

    def history_fields(self) -> list[FieldDeclaration]:
        """Return all declared fields; the history masks those the user may not see."""
        return self.record_type.all_fields()

    def get_form(
        self, request: AdminRequest, obj: Any = None, **kwargs: Any
    ) -> type[ServiceModelForm]:
        """Return the form class with a form field for each custom field the user may see."""
        custom = [field for field in self.declarations(request, obj) if field.is_custom]
        added: dict[str, Any] = {
            field.name: _admin_form_field(field, request, obj) for field in custom
        }
        added["custom_declarations"] = custom
        form = type(self.form.__name__, (self.form,), added)
        return super().get_form(request, obj, form=form, **kwargs)


def _refers_to_hidden_record(field: FieldDeclaration, request: AdminRequest, obj: Model) -> bool:
    """Return whether the field's value is a record that the user may not see."""
    value = field.value_of(obj)
    if not isinstance(value, ScopedModel):  # other models are visible to everyone
        return False
    visible: QuerySet[Any] = ScopedQuerySet(value.__class__).visible_to(request.user)
    return not visible.filter(pk=value.pk).exists()


def _admin_form_field(
    field: FieldDeclaration, request: AdminRequest, obj: Model | None
) -> forms.Field:
    """Return the form field of a declaration with a widget of the administration's theme."""
    admin_field = form_field(field, request.user, field.value_of(obj) if obj else None)
    if isinstance(admin_field.widget, forms.Select):
        admin_field.widget = UnfoldAdminSelectWidget(choices=admin_field.widget.choices)
    elif isinstance(admin_field.widget, forms.Textarea):
        admin_field.widget = UnfoldAdminTextareaWidget()
    else:
        admin_field.widget = UnfoldAdminTextInputWidget(attrs=INPUT_TYPES.get(type(field.kind), {}))
    return admin_field
