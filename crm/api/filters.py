"""What the lists of the API can be narrowed by."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from rest_framework.exceptions import ValidationError

from accounts.models import OrgUnit
from core.api.resources import require_user
from crm.models import Customer, Transaction
from crm.models.customer import CustomerQuerySet, Stage
from crm.models.transaction import Kind

DAY = ["%Y-%m-%d"]
KINDS = [(kind.name.lower(), kind.label) for kind in Kind]


class CustomerFilters(filters.FilterSet):
    """Customers by their keys and by what they are."""

    code = filters.CharFilter("code", max_length=40)
    search = filters.CharFilter(method="by_words", max_length=100, label="Words of name or code")
    unit = filters.CharFilter(method="by_unit", max_length=30, label="The unit or one below it")
    owner = filters.CharFilter("owner__employee_number", lookup_expr="iexact", max_length=40)
    pool = filters.BooleanFilter("owner", lookup_expr="isnull", label="Without an owner")
    industry = filters.CharFilter(method="by_industry", max_length=30, label="Section or division")
    category = filters.CharFilter("category__code", max_length=30)
    source = filters.CharFilter("source__code", max_length=30)
    grade = filters.CharFilter("grade__code", max_length=30)
    stage = filters.ChoiceFilter(choices=Stage.choices)
    updated_since = filters.IsoDateTimeFilter("updated_at", method="by_time")

    def by_words(self, found: CustomerQuerySet, name: str, words: str) -> CustomerQuerySet:
        """Keep customers whose name or code holds every word."""
        return found.search(words)

    def by_unit(self, found: CustomerQuerySet, name: str, code: str) -> CustomerQuerySet:
        """Keep customers of the unit and of everything below it; none of a unit not seen."""
        unit = OrgUnit.objects.visible_to(require_user(self.request)).filter(code=code).first()
        if unit is None:
            return found.none()
        return found.filter(unit__path__descendants=str(unit.path))

    def by_time(self, found: CustomerQuerySet, name: str, since: datetime) -> CustomerQuerySet:
        """Keep customers changed since; in UTC, for PostgreSQL does not take every offset."""
        try:
            return found.filter(updated_at__gte=since.astimezone(UTC))
        except OverflowError as error:
            raise ValidationError({"updated_since": [_("There is no such time.")]}) from error

    def by_industry(self, found: CustomerQuerySet, name: str, code: str) -> CustomerQuerySet:
        """Keep customers of the division, or of every division of the section."""
        return found.filter(Q(industry__code=code) | Q(industry__parent__code=code))

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
