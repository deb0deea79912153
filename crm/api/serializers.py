"""JSON of customers and transactions. The services check what is allowed."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from core.api.record_fields import CUSTOM_FIELDS, CustomValuesField, serializer_field
from core.api.resources import StrictSerializer
from crm.fields import CUSTOMER
from crm.models import Customer, Transaction
from crm.models.transaction import TransactionKind


class CustomerSerializer(StrictSerializer[Customer]):
    """A customer with its declared fields.

    Related records are given by code, users by employee number. A parent group that the user does
    not see is null.
    """

    id = serializers.IntegerField(read_only=True)
    version = serializers.IntegerField(read_only=True)
    # With a given time zone, the field need not find the current one for each value.
    created_at = serializers.DateTimeField(
        read_only=True, default_timezone=timezone.get_default_timezone()
    )
    updated_at = serializers.DateTimeField(
        read_only=True, default_timezone=timezone.get_default_timezone()
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add the declared fields, and the custom fields as one object."""
        declared = {field.name: serializer_field(field) for field in CUSTOMER.fields}
        # The default is the unit of the user.
        declared["unit"].required = False
        return super().get_fields() | declared | {CUSTOM_FIELDS: CustomValuesField(CUSTOMER.name)}


class CustomerChangeSerializer(CustomerSerializer):
    """A change of a customer, with a reason."""

    reason = serializers.CharField(
        max_length=200, write_only=True, required=False, help_text="Kept in the history."
    )


class TransactionSerializer(serializers.Serializer[Transaction]):
    """A bill, order or refund; related records are given by code."""

    id = serializers.IntegerField()
    customer = serializers.CharField(source="customer.code")
    date = serializers.DateField(source="occurred_on")
    amount = serializers.DecimalField(max_digits=20, decimal_places=2)
    currency = serializers.CharField()
    kind = serializers.SerializerMethodField()
    billing_system = serializers.CharField(source="billing_system.code")
    external_id = serializers.CharField()
    batch = serializers.IntegerField(source="batch_id")

    def get_kind(self, transaction: Transaction) -> str:
        """Return bill, order or refund."""
        return TransactionKind(transaction.kind).name.lower()


class TransactionRowSerializer(serializers.Serializer[Any]):
    """A transaction of a bulk import. It describes the rows; the import parses and checks them."""

    customer = serializers.CharField(help_text="Code of the customer.")
    date = serializers.CharField(help_text="For example 2026-10-01.")
    amount = serializers.CharField(
        help_text="For example 1280.00; negative for a refund. A JSON number is accepted too."
    )
    kind = serializers.CharField(
        required=False, help_text="bill, order or refund; by default what the amount says."
    )
    external_id = serializers.CharField(
        required=False,
        help_text="The transaction's id in its system: with it, a corrected row replaces this one.",
    )
    currency = serializers.CharField(required=False, help_text="Only the company's currency.")
    customer_name = serializers.CharField(
        required=False, help_text="Name of a customer that the import creates."
    )


class BulkOptionsSerializer(StrictSerializer[dict[str, Any]]):
    """The options of a bulk import."""

    system = serializers.CharField(
        max_length=30, help_text="Code of the billing system the transactions come from."
    )
    create_customers = serializers.BooleanField(
        default=False,
        help_text="Create customers that do not exist yet, instead of rejecting their rows.",
    )
    dry_run = serializers.BooleanField(
        default=False, help_text="Check everything and return the same counts, but store nothing."
    )
    unit = serializers.CharField(
        max_length=30, default="", allow_blank=True,
        help_text="Code of the unit new customers belong to; the user's own by default.",
    )  # fmt: skip


class RejectSerializer(serializers.Serializer[Any]):
    """A row that was not imported, with the reason."""

    line = serializers.IntegerField(
        help_text="Number of the line, counted from 1; in a JSON array of the element."
    )
    column = serializers.CharField()
    value = serializers.CharField()
    code = serializers.CharField(help_text="Stable, for programs.")
    reason = serializers.CharField(help_text="For people, in the user's language.")


class BulkResultSerializer(serializers.Serializer[Any]):
    """The result of a bulk import; ``rows_read`` is the sum of the four counts after it."""

    batch = serializers.IntegerField(
        source="batch_id", allow_null=True, help_text="Null when nothing was stored."
    )
    dry_run = serializers.BooleanField()
    rows_read = serializers.IntegerField()
    rows_created = serializers.IntegerField()
    rows_changed = serializers.IntegerField()
    rows_unchanged = serializers.IntegerField()
    rows_rejected = serializers.IntegerField()
    customers_created = serializers.IntegerField()
    reasons = serializers.DictField(
        source="rejects_by_reason",
        child=serializers.IntegerField(),
        help_text="How many rows were rejected for each reason.",
    )
    rejects = RejectSerializer(
        source="first_rejects", many=True, help_text="The first 100 of them."
    )
