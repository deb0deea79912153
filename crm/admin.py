"""Administration of reference lists, customers, interactions and imports."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.models import User
from accounts.permissions import Permission
from core.record_admin import RecordModelAdmin, RecordModelForm
from core.service_admin import LOADED_VERSION, ServiceModelAdmin, VersionedForm
from crm.fields import CUSTOMER, INTERACTION
from crm.models import (
    BillingSystem,
    Category,
    Customer,
    Grade,
    ImportBatch,
    Industry,
    Interaction,
    Source,
)
from crm.models.interaction import SEARCHED_COLUMNS
from crm.models.reference import ReferenceEntry
from crm.services.customer import create_customer, update_customer
from crm.services.interaction import delete_interaction, log_interaction, update_interaction
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
    """A customer's declared fields, and a reason."""

    reason = forms.CharField(
        label=_("reason for the change"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
    )

    class Meta:
        model = Customer
        fields = [field.name for field in CUSTOMER.fields]


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
    change_only_fields = ("reason",)
    search_fields = CUSTOMER.searched_columns
    autocomplete_fields = ["parent"]
    ordering = ["code"]

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


class InteractionForm(RecordModelForm):
    """An interaction's declared fields."""

    class Meta:
        model = Interaction
        fields = [field.name for field in INTERACTION.fields]


@admin.register(Interaction)
class InteractionAdmin(RecordModelAdmin):
    """Interactions, for corrections by the administrator of a division."""

    view_permission = Permission.INTERACTION_VIEW
    change_permission = Permission.INTERACTION_MANAGE
    may_delete = True
    form = InteractionForm
    record_type = INTERACTION
    list_display = ["occurred_at", "customer", "channel", "direction", "phase", "user", "said"]
    list_filter = ["channel", "direction", "phase"]
    list_select_related = ["customer", "user"]
    search_fields = SEARCHED_COLUMNS
    autocomplete_fields = ["customer"]
    ordering = ["-occurred_at", "-pk"]

    @admin.display(description=_("What was said"))
    def said(self, interaction: Interaction) -> str:
        """Return the first line of what was said."""
        return interaction.summary

    def save_through_service(
        self, actor: User, pk: Any, values: dict[str, Any], form: forms.ModelForm[Any]
    ) -> Interaction:
        """Log the interaction, or change it if it is still at the loaded version."""
        if pk is None:
            return log_interaction(actor=actor, **values)
        version = form.cleaned_data[LOADED_VERSION]
        return update_interaction(interaction_id=pk, actor=actor, version=version, **values)

    def delete_through_service(self, actor: User, record: Interaction) -> None:
        """Delete the interaction."""
        delete_interaction(interaction_id=record.pk, actor=actor)


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
