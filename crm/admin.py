"""Administration of reference lists, customers and imports."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.models import User
from accounts.permissions import Permission
from core.record_admin import RecordModelAdmin, RecordModelForm
from core.service_admin import LOADED_VERSION, AdminRequest, ServiceModelAdmin, VersionedForm
from crm.fields import CUSTOMER
from crm.models import (
    BillingSystem,
    Category,
    Customer,
    Grade,
    ImportBatch,
    Industry,
    Source,
)
from crm.models.customer import CustomerQuerySet
from crm.models.reference import ReferenceEntry
from crm.services.customer import create_customer, update_customer
from crm.services.reference import delete_reference, save_reference


class ReferenceAdmin(ServiceModelAdmin):
    """A reference list. An entry that is in use is deactivated instead of deleted."""

    view_permission = Permission.REFERENCE_MANAGE
    change_permission = Permission.REFERENCE_MANAGE
    may_delete = True
    form = VersionedForm
    list_display = ["code", "name_zh", "name_en", "position", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["code", "name_zh", "name_en"]

    def save_through_service(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> ReferenceEntry:
        """Add or change the entry."""
        entry: ReferenceEntry = save_reference(self.model, actor=actor, entry_id=pk, **values)
        return entry

    def delete_through_service(self, actor: User, record: ReferenceEntry) -> None:
        """Delete the entry."""
        delete_reference(self.model, actor=actor, entry_id=record.pk)


for model in (Industry, Source, Category, Grade, BillingSystem):
    admin.site.register(model, ReferenceAdmin)


class CustomerForm(RecordModelForm):
    """A customer's declared fields, the version when the form was loaded, and a reason."""

    loaded_version = forms.IntegerField(required=False, widget=forms.HiddenInput())
    reason = forms.CharField(
        label=_("reason for the change"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
    )

    class Meta:
        model = Customer
        fields = [field.name for field in CUSTOMER.fields]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[LOADED_VERSION].initial = self.instance.version


@admin.register(Customer)
class CustomerAdmin(RecordModelAdmin):
    """Customers, for corrections by the administrator of a division."""

    view_permission = Permission.CUSTOMER_VIEW
    change_permission = Permission.CUSTOMER_EDIT
    form = CustomerForm
    record_type = CUSTOMER
    list_display = ["code", "name", "stage", "grade", "unit", "owner"]
    list_filter = ["stage", "grade", "category", "source"]
    list_select_related = ["grade", "unit", "owner"]
    search_fields = CUSTOMER.searched_columns  # shows the search box; see get_search_results
    autocomplete_fields = ["parent"]
    ordering = ["code"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the customers that match, found by the index, and False: none is there twice."""
        if not isinstance(queryset, CustomerQuerySet):
            raise TypeError(queryset)
        return queryset.search(search_term), False

    def get_fields(self, request: AdminRequest, obj: Customer | None = None) -> list[str]:
        """Return the declared fields; for an existing customer also reason and loaded version.

        A user who may not change the customer gets the read-only fields.
        """
        if obj is not None and not self.has_change_permission(request, obj):
            return self.readonly_field_names(request, obj)
        fields = [field.name for field in self.declarations(request, obj)]
        return fields if obj is None else [*fields, "reason", LOADED_VERSION]

    def save_through_service(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> Customer:
        """Create the customer, or change it if it is still at the loaded version."""
        values = {name: value for name, value in values.items() if name != "reason"}
        if pk is None:
            return create_customer(actor=actor, **values)
        version, reason = form.cleaned_data[LOADED_VERSION], form.cleaned_data["reason"]
        return update_customer(
            customer_id=pk, actor=actor, version=version, reason=reason, **values
        )


@admin.register(ImportBatch)
class ImportBatchAdmin(ServiceModelAdmin):
    """Imports, read-only: who imported which file, with the counts of rows."""

    view_permission = Permission.ADMIN_ENTER
    list_display = [
        "id", "kind", "file_name", "actor", "channel", "created_at",
        "rows_read", "rows_created", "rows_changed", "rows_rejected",
    ]  # fmt: skip
    list_filter = ["kind", "channel"]
    list_select_related = ["actor"]
    search_fields = ["file_name"]
