"""The list of customers: what its page, the API and exports offer of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from core.fields.declarations import FieldDeclaration
from core.fields.kinds import Text
from core.listing.comparisons import Column, exact_comparisons, time_comparisons
from core.listing.declarations import (
    BulkEdit,
    ListColumn,
    ListDeclaration,
    Sort,
    field_column,
)
from core.listing.field_filters import field_filter
from core.listing.filters import ListFilter
from crm.composition import customer_list_parts
from crm.fields import CUSTOMER
from crm.models import Customer
from crm.models.customer import CustomerQuerySet
from crm.services.customer import update_customer

# The templates of the cells of some fields; all others are text.
CELL_TEMPLATES = {
    "grade": "crm/columns/grade.html",
    "stage": "crm/columns/stage.html",
    "owner": "crm/columns/owner.html",
    "industry": "crm/columns/industry.html",
}
NAME = ListColumn(
    key="name",
    label=_("Customer"),
    text_of=lambda customer, _user: customer.name,
    template="crm/columns/name.html",
    sort=Sort(("name",)),
    css_class="name",
)
UPDATED_AT = ListColumn(
    key="updated_at",
    label=_("Changed"),
    text_of=lambda customer, _user: date_format(localtime(customer.updated_at), "Y-m-d H:i"),
    template="crm/columns/updated_at.html",
    sort=Sort(("updated_at",)),
    css_class="phone-skip",
    value_of=lambda customer, _user: customer.updated_at,
)
CODE = ListColumn("code", _("Customer code"), lambda customer, _user: customer.code)
CODE_FILTER = ListFilter(
    key="code",
    label=_("Customer code"),
    comparisons=exact_comparisons(Column("code", Text())),
    is_offered=False,
)
UPDATED_AT_FILTER = ListFilter(
    key="updated_at",
    label=_("Changed"),
    comparisons=time_comparisons("updated_at"),
    is_on_demand=True,
)
MAIN_FILTERS = {"stage", "grade", "industry", "owner", "unit"}  # the page always shows these


def _columns(
    fields: Sequence[FieldDeclaration], part_columns: Sequence[ListColumn]
) -> list[ListColumn]:
    field_columns = [
        field_column(field, CELL_TEMPLATES.get(field.name, "")) for field in fields if field.in_list
    ]
    return [NAME, *field_columns, *part_columns, UPDATED_AT]


def _export_columns(
    fields: Sequence[FieldDeclaration], part_columns: Sequence[ListColumn]
) -> list[ListColumn]:
    """Return the code, all fields but the parent, and what other apps show.

    The parent may be a customer whom the user may not see.
    """
    others = [field for field in fields if field.name not in {"code", "name", "parent"}]
    field_columns = [field_column(field) for field in others]
    return [CODE, NAME, *field_columns, *part_columns, UPDATED_AT]


def _filters(fields: Sequence[FieldDeclaration]) -> list[ListFilter]:
    """Return the filters; that of a custom field is offered if the field is a column."""
    field_filters = [
        replace(
            field_filter(field),
            is_offered=field.in_list or not field.is_custom,
            is_on_demand=field.name not in MAIN_FILTERS,
        )
        for field in fields
        if field.in_filters
    ]
    return [*field_filters, CODE_FILTER, UPDATED_AT_FILTER]


def _visible_customers(user: User) -> QuerySet[Any]:
    return Customer.objects.visible_to(user)


def _search(customers: QuerySet[Any], text: str) -> QuerySet[Any]:
    if not isinstance(customers, CustomerQuerySet):
        raise TypeError(customers)
    return customers.search(text)


def _update(actor: User, customer_id: int, changes: Mapping[str, Any], reason: str) -> None:
    update_customer(customer_id=customer_id, actor=actor, reason=reason, **changes)


BULK_EDITS = (
    BulkEdit("owner", Permission.CUSTOMER_REASSIGN, _update),
    BulkEdit("grade", Permission.CUSTOMER_EDIT, _update, asks_reason=True),
    BulkEdit("stage", Permission.CUSTOMER_EDIT, _update),
    BulkEdit("industry", Permission.CUSTOMER_EDIT, _update),
    BulkEdit("source", Permission.CUSTOMER_EDIT, _update),
)

CUSTOMER_LIST = ListDeclaration(
    name="customers",
    url_name="customers",
    title=_("Customers"),
    search_hint=_("Name or code"),
    permission=Permission.CUSTOMER_VIEW,
    rows=_visible_customers,
    search=_search,
    columns=_columns,
    filters=_filters,
    fields=CUSTOMER.fields,
    fields_for=CUSTOMER.fields_for,
    sorts={"code": Sort(("code",), branches=Customer.visibility_branches), "id": Sort()},
    default_sort="code",
    branches=Customer.own_branches,
    parts=customer_list_parts,
    related=("unit",),
    export_columns=_export_columns,
    bulk_edits=BULK_EDITS,
)
