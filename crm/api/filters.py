"""Filters of the API's list of transactions."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from crm.models import Transaction
from crm.models.transaction import TransactionKind

DATE_FORMATS = ["%Y-%m-%d"]
KIND_CHOICES = [(kind.name.lower(), kind.label) for kind in TransactionKind]


class TransactionFilters(filters.FilterSet):
    """Filters of transactions."""

    customer = filters.CharFilter("customer__code", max_length=40)
    date_from = filters.DateFilter("occurred_on", lookup_expr="gte", input_formats=DATE_FORMATS)
    date_to = filters.DateFilter("occurred_on", lookup_expr="lte", input_formats=DATE_FORMATS)
    kind = filters.ChoiceFilter(method="filter_by_kind", choices=KIND_CHOICES)
    billing_system = filters.CharFilter("billing_system__code", max_length=30)
    external_id = filters.CharFilter("external_id", max_length=100)

    def filter_by_kind(
        self, transactions: QuerySet[Transaction], name: str, kind: Any
    ) -> QuerySet[Transaction]:
        """Keep bills, orders or refunds."""
        return transactions.filter(kind=TransactionKind[kind.upper()])

    class Meta:
        model = Transaction
        fields: list[str] = []
