"""The lists of units and users, for the API."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import OrgUnit, User
from accounts.models.unit import UnitKind
from accounts.permissions import Permission
from core.fields.kinds import Choice, Text, YesNo
from core.fields.reference import Reference
from core.listing.comparisons import (
    Column,
    choice_comparisons,
    exact_comparisons,
    yes_no_comparisons,
)
from core.listing.declarations import ListDeclaration, Sort, fixed_columns
from core.listing.field_filters import reference_filter
from core.listing.filters import ListFilter
from staff.fields import UNIT

PARENT_UNIT = Reference(records=OrgUnit.objects.visible_to)
MANAGER = Reference(
    records=User.objects.visible_to, key="employee_number", lookup="employee_number__iexact"
)
UNIT_FILTERS = (
    ListFilter("code", _("code"), exact_comparisons(Column("code", Text()))),
    ListFilter(
        "kind",
        _("kind"),
        choice_comparisons(Column("kind", Choice(lambda: UnitKind.choices)), may_be_empty=False),
    ),
    reference_filter("parent", _("belongs to"), "parent", PARENT_UNIT),
)
USER_FILTERS = (
    ListFilter(
        "employee_number",
        _("employee number"),
        exact_comparisons(Column("employee_number", Text())),
    ),
    reference_filter("unit", _("unit"), "unit", UNIT),
    ListFilter("role", _("role"), exact_comparisons(Column("role__code", Text()))),
    reference_filter("manager", _("manager"), "manager", MANAGER),
    ListFilter(
        "is_active",
        _("active"),
        yes_no_comparisons(Column("is_active", YesNo()), may_be_empty=False),
    ),
    ListFilter(
        "is_service",
        _("service account"),
        yes_no_comparisons(Column("is_service", YesNo()), may_be_empty=False),
    ),
)


def _visible_units(user: User) -> QuerySet[Any]:
    return OrgUnit.objects.visible_to(user)


def _visible_users(user: User) -> QuerySet[Any]:
    return User.objects.visible_to(user)


def _search_users(users: QuerySet[Any], text: str) -> QuerySet[Any]:
    for word in text.split():
        users = users.filter(Q(name__icontains=word) | Q(employee_number__icontains=word))
    return users


UNIT_LIST = ListDeclaration(
    name="units",
    title=_("units"),
    permission=Permission.CUSTOMER_VIEW,
    rows=_visible_units,
    columns=fixed_columns(),
    filters=lambda _fields: UNIT_FILTERS,
    sorts={"id": Sort(), "code": Sort(("code",))},
    default_sort="code",
)
USER_LIST = ListDeclaration(
    name="users",
    title=_("users"),
    permission=Permission.CUSTOMER_VIEW,
    rows=_visible_users,
    search=_search_users,
    columns=fixed_columns(),
    filters=lambda _fields: USER_FILTERS,
    sorts={
        "id": Sort(),
        "name": Sort(("name",)),
        "employee_number": Sort(("employee_number",)),
    },
    default_sort="-id",
)
