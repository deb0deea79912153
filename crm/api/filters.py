"""Filters of the API's lists."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from rest_framework.exceptions import ValidationError

from accounts.models import OrgUnit, User
from common.parsing.errors import UnreadableError
from core.api.resources import require_user
from core.fields.custom import CUSTOM_PREFIX
from core.fields.declarations import FieldDeclaration
from core.fields.faults import ValueFault
from core.fields.kinds import Choice
from core.fields.queries import condition
from crm.fields import CUSTOMER
from crm.models import Customer, Transaction
from crm.models.customer import CustomerQuerySet
from crm.models.transaction import TransactionKind

DATE_FORMATS = ["%Y-%m-%d"]
KIND_CHOICES = [(kind.name.lower(), kind.label) for kind in TransactionKind]


def _filters_for(fields: Iterable[FieldDeclaration]) -> dict[str, filters.Filter]:
    return {field.name: _filter_for(field) for field in fields if field.in_filters}


def _filter_for(field: FieldDeclaration) -> filters.Filter:
    """Return the filter of a declared field.

    A related record is given by its key, a choice by its code, other values as people write them; a
    text matches a part of the value. A value that is none of the kind's answers 400.
    """

    def filter_by_value(customers: CustomerQuerySet, name: str, text: str) -> CustomerQuerySet:
        try:
            return customers.filter(condition(field, text))
        except UnreadableError as error:
            message = str(ValueFault(error.code).label)
            raise ValidationError({field.name: [message]}) from error

    if isinstance(field.kind, Choice):
        return filters.ChoiceFilter(method=filter_by_value, choices=field.kind.choices())
    return filters.CharFilter(method=filter_by_value, max_length=200)


class CustomerFilters(filters.FilterSet):
    """Filters of customers: one for each declared field with ``in_filters``, and those below.

    Filters of custom fields, such as ``custom_staff``, depend on the user and on what
    administrators added. They are therefore made for each request that uses one.
    """

    code = filters.CharFilter("code", max_length=40)
    search = filters.CharFilter(
        method="filter_by_text", max_length=100, label="Words of name or code"
    )
    unit = filters.CharFilter(
        method="filter_by_unit", max_length=30, label="The unit or one below it"
    )
    pool = filters.BooleanFilter("owner", lookup_expr="isnull", label="Without an owner")
    industry = filters.CharFilter(
        method="filter_by_industry", max_length=30, label="Section or division"
    )
    updated_since = filters.IsoDateTimeFilter("updated_at", method="filter_by_update_time")

    @classmethod
    def get_filters(cls) -> dict[str, filters.Filter]:
        """Add a filter for each declared field of the model that this class has none for."""
        explicit_filters: dict[str, filters.Filter] = super().get_filters()
        return _filters_for(CUSTOMER.fields) | explicit_filters

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        requested = {name for name in self.data or () if name.startswith(CUSTOM_PREFIX)}
        user = getattr(self.request, "user", None)
        if requested and isinstance(user, User):
            custom_filters = _filters_for(CUSTOMER.custom_fields_for(user))
            unknown = sorted(requested - custom_filters.keys())
            if unknown:
                raise ValidationError({name: [_("There is no such field.")] for name in unknown})
            for name, custom_filter in custom_filters.items():
                # As FilterSet does for the filters that its class declares.
                custom_filter.parent = self
                custom_filter.model = Customer
                self.filters[name] = custom_filter

    def filter_by_text(self, customers: CustomerQuerySet, name: str, text: str) -> CustomerQuerySet:
        """Keep customers whose name or code contains every word."""
        return customers.search(text, CUSTOMER.searched_columns)

    def filter_by_unit(self, customers: CustomerQuerySet, name: str, code: str) -> CustomerQuerySet:
        """Keep customers of the unit and the units below it; none if the user does not see it."""
        unit = OrgUnit.objects.visible_to(require_user(self.request)).filter(code=code).first()
        if unit is None:
            return customers.none()
        return customers.filter(unit__path__descendants=str(unit.path))

    def filter_by_update_time(
        self, customers: CustomerQuerySet, name: str, since: datetime
    ) -> CustomerQuerySet:
        """Keep customers changed since then.

        The time is compared in UTC, because PostgreSQL does not accept every offset.
        """
        try:
            return customers.filter(updated_at__gte=since.astimezone(UTC))
        except OverflowError as error:
            raise ValidationError({"updated_since": [_("There is no such time.")]}) from error

    def filter_by_industry(
        self, customers: CustomerQuerySet, name: str, code: str
    ) -> CustomerQuerySet:
        """Keep customers of the division, or of every division of the section."""
        return customers.filter(Q(industry__code=code) | Q(industry__parent__code=code))

    class Meta:
        model = Customer
        fields: list[str] = []


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
