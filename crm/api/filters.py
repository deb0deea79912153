"""What the lists of the API can be narrowed by."""

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
from core.fields.custom import PREFIX
from core.fields.declarations import FieldDeclaration
from core.fields.faults import ValueFault
from core.fields.kinds import Choice
from core.fields.queries import condition
from crm.fields import CUSTOMER
from crm.models import Customer, Transaction
from crm.models.customer import CustomerQuerySet
from crm.models.transaction import Kind

DAY = ["%Y-%m-%d"]
KINDS = [(kind.name.lower(), kind.label) for kind in Kind]


def _filters_for(fields: Iterable[FieldDeclaration]) -> dict[str, filters.Filter]:
    return {field.name: _filter_for(field) for field in fields if field.in_filters}


def _filter_for(field: FieldDeclaration) -> filters.Filter:
    """Return the filter of a declared field: by key, by code, or by what its kind can read."""

    def by_value(customers: CustomerQuerySet, name: str, text: str) -> CustomerQuerySet:
        try:
            return customers.filter(condition(field, text))
        except UnreadableError as error:
            message = str(ValueFault(error.code).label)
            raise ValidationError({field.name: [message]}) from error

    if isinstance(field.kind, Choice):
        return filters.ChoiceFilter(method=by_value, choices=field.kind.choices())
    return filters.CharFilter(method=by_value, max_length=200)


class CustomerFilters(filters.FilterSet):
    """Customers by every declared field that filters, custom ones included, and by their keys."""

    code = filters.CharFilter("code", max_length=40)
    search = filters.CharFilter(method="by_text", max_length=100, label="Words of name or code")
    unit = filters.CharFilter(method="by_unit", max_length=30, label="The unit or one below it")
    pool = filters.BooleanFilter("owner", lookup_expr="isnull", label="Without an owner")
    industry = filters.CharFilter(method="by_industry", max_length=30, label="Section or division")
    updated_since = filters.IsoDateTimeFilter("updated_at", method="by_time")

    @classmethod
    def get_filters(cls) -> dict[str, filters.Filter]:
        """Add a filter for each declared field of the model that has none of its own."""
        own: dict[str, filters.Filter] = super().get_filters()
        return _filters_for(CUSTOMER.fields) | own

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        user = getattr(self.request, "user", None)
        if isinstance(user, User) and any(name.startswith(PREFIX) for name in self.data or ()):
            for name, added in _filters_for(CUSTOMER.custom_fields_for(user)).items():
                added.parent, added.model = self, Customer
                self.filters[name] = added

    def by_text(self, customers: CustomerQuerySet, name: str, text: str) -> CustomerQuerySet:
        """Keep customers whose name or code holds every word."""
        return customers.search(text, CUSTOMER.searched_columns)

    def by_unit(self, customers: CustomerQuerySet, name: str, code: str) -> CustomerQuerySet:
        """Keep customers of the unit and of everything below it; none of a unit not seen."""
        unit = OrgUnit.objects.visible_to(require_user(self.request)).filter(code=code).first()
        if unit is None:
            return customers.none()
        return customers.filter(unit__path__descendants=str(unit.path))

    def by_time(self, customers: CustomerQuerySet, name: str, since: datetime) -> CustomerQuerySet:
        """Keep customers changed since; in UTC, for PostgreSQL does not take every offset."""
        try:
            return customers.filter(updated_at__gte=since.astimezone(UTC))
        except OverflowError as error:
            raise ValidationError({"updated_since": [_("There is no such time.")]}) from error

    def by_industry(self, customers: CustomerQuerySet, name: str, code: str) -> CustomerQuerySet:
        """Keep customers of the division, or of every division of the section."""
        return customers.filter(Q(industry__code=code) | Q(industry__parent__code=code))

    class Meta:
        model = Customer
        fields: list[str] = []


class TransactionFilters(filters.FilterSet):
    """Transactions by customer, time, kind and where they came from."""

    customer = filters.CharFilter("customer__code", max_length=40)
    date_from = filters.DateFilter("occurred_on", lookup_expr="gte", input_formats=DAY)
    date_to = filters.DateFilter("occurred_on", lookup_expr="lte", input_formats=DAY)
    kind = filters.ChoiceFilter(method="by_kind", choices=KINDS)
    billing_system = filters.CharFilter("billing_system__code", max_length=30)
    external_id = filters.CharFilter("external_id", max_length=100)

    def by_kind(self, found: QuerySet[Transaction], name: str, kind: Any) -> QuerySet[Transaction]:
        """Keep bills, orders or refunds."""
        return found.filter(kind=Kind[kind.upper()])

    class Meta:
        model = Transaction
        fields: list[str] = []
