"""The base of administration pages of records with declared fields, including custom fields.

``crm.admin.CustomerAdmin`` derives from it.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.scoping import ScopedModel, ScopedQuerySet
from core.fields.declarations import FieldDeclaration
from core.fields.forms import INPUT_TYPES, form_field
from core.fields.record_types import RecordType
from core.service_admin import (
    LOADED_VERSION,
    AdminRequest,
    ServiceModelAdmin,
    ServiceModelForm,
)


@runtime_checkable
class SearchableQuerySet(Protocol):
    """A queryset with a text search."""

    def search(self, text: str) -> QuerySet[Any]: ...


class RecordModelForm(ServiceModelForm):
    """A model's form plus the record type's custom fields, and the version that was loaded.

    ``RecordModelAdmin.get_form`` derives a class from it for each request, with a form field for
    each of ``custom_declarations``.
    """

    custom_declarations: ClassVar[list[FieldDeclaration]] = []
    loaded_version = forms.IntegerField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[LOADED_VERSION].initial = self.instance.version
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
    """The administration pages of one record type: a form of its declared fields.

    ``search_fields`` of a subclass shows the search box; the search is that of the queryset.
    """

    record_type: ClassVar[RecordType]
    change_only_fields: ClassVar[Sequence[str]] = ()  # of the form of an existing record
    form = RecordModelForm

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the records that match, found by the index, and False: none is there twice."""
        if not isinstance(queryset, SearchableQuerySet):
            raise TypeError(queryset)
        return queryset.search(search_term), False

    def get_fields(self, request: AdminRequest, obj: Any = None) -> list[str]:
        """Return the declared fields; for an existing record also the loaded version.

        A user who may not change the record gets the read-only fields.
        """
        if obj is not None and not self.has_change_permission(request, obj):
            return self.readonly_field_names(request, obj)
        fields = [field.name for field in self.declarations(request, obj)]
        return fields if obj is None else [*fields, *self.change_only_fields, LOADED_VERSION]

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
