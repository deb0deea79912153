"""JSON of customers and transactions. The services check what is allowed."""

from typing import Any

from rest_framework import serializers

from core.api.records import RecordSerializer
from core.api.resources import StrictSerializer
from crm.fields import CUSTOMER, INTERACTION
from crm.models import Transaction
from crm.models.transaction import TransactionKind


class CustomerSerializer(RecordSerializer):
    """A customer with its declared fields.

    Related records are given by code, users by employee number. A parent group that the user does
    not see is null.
    """

    record_type = CUSTOMER

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Make the unit optional: the default is that of the user."""
        fields = super().get_fields()
        fields["unit"].required = False
        return fields


class CustomerChangeSerializer(CustomerSerializer):
    """A change of a customer, with a reason."""

    reason = serializers.CharField(
        max_length=200, write_only=True, required=False, help_text="Kept in the history."
    )


class InteractionSerializer(RecordSerializer):
    """An interaction with its declared fields; the customer is given by code, the user by number.

    One that another system has sent has the code of that system and its own id there.
    """

    record_type = INTERACTION

    source_system = serializers.CharField(
        source="source_system.code", read_only=True, allow_null=True, default=None
    )
    external_id = serializers.CharField(read_only=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Make the user optional: the default is the user of the request."""
        fields = super().get_fields()
        fields["user"].required = False
        return fields


class TransactionSerializer(serializers.Serializer[Transaction]):
    """A bill, order or refund; related records are given by code."""

    id = serializers.IntegerField()
    customer = serializers.CharField(source="customer_code")
    date = serializers.DateField(source="occurred_on")
    amount = serializers.DecimalField(max_digits=20, decimal_places=2)
    currency = serializers.CharField()
    kind = serializers.SerializerMethodField()
    billing_system = serializers.CharField(source="billing_system_code")
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


class InteractionRowSerializer(serializers.Serializer[Any]):
    """An interaction of a bulk import. It describes the rows; the import parses and checks them.

    Custom fields are sent as ``custom_<key>``.
    """

    customer = serializers.CharField(help_text="Code of the customer.")
    channel = serializers.CharField(help_text="For example phone.")
    occurred_at = serializers.CharField(help_text="For example 2026-10-01 14:30.")
    content = serializers.CharField()
    external_id = serializers.CharField(
        required=False,
        help_text="The interaction's id in its system: with it, a corrected row replaces this one.",
    )
    direction = serializers.CharField(required=False, help_text="inbound or outbound.")
    phase = serializers.CharField(required=False)
    duration_minutes = serializers.CharField(required=False)
    user = serializers.CharField(required=False, help_text="Employee number.")
    outcome = serializers.CharField(required=False)
    next_step = serializers.CharField(required=False)
    next_step_on = serializers.CharField(required=False, help_text="For example 2026-10-08.")


class SystemSerializer(StrictSerializer[dict[str, Any]]):
    """The options of every bulk import."""

    system = serializers.CharField(
        max_length=30,
        help_text="Code of the system the rows come from, one of the billing systems.",
    )
    dry_run = serializers.BooleanField(
        default=False, help_text="Check everything and return the same counts, but store nothing."
    )


class BulkOptionsSerializer(SystemSerializer):
    """The options of a bulk import of transactions."""

    create_customers = serializers.BooleanField(
        default=False,
        help_text="Create customers that do not exist yet, instead of rejecting their rows.",
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
