"""The reference lists, for the API: industries, sources, categories, grades, billing systems."""

from typing import Any

from django.db.models import Manager
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from core.fields.kinds import Text, YesNo
from core.listing.comparisons import Column, exact_comparisons, yes_no_comparisons
from core.listing.declarations import ListDeclaration, Sort, fixed_columns
from core.listing.filters import ListFilter
from crm.models import BillingSystem, Category, Grade, Industry, Source

FILTERS = (
    ListFilter("code", _("code"), exact_comparisons(Column("code", Text()))),
    ListFilter(
        "is_active",
        _("offered for new records"),
        yes_no_comparisons(Column("is_active", YesNo()), may_be_empty=False),
    ),
)
SECTION_FILTER = ListFilter(
    "section", _("section"), exact_comparisons(Column("parent__code", Text()))
)


def _reference_list(
    entries: Manager[Any], name: str, title: str | Promise, *more_filters: ListFilter
) -> ListDeclaration:
    """Return the list of the entries, in the order of forms."""
    filters = (*FILTERS, *more_filters)
    return ListDeclaration(
        name=name,
        title=title,
        permission=Permission.CUSTOMER_VIEW,
        rows=lambda _user: entries.all(),
        columns=fixed_columns(),
        filters=lambda _fields: filters,
        sorts={"position": Sort(("position", "code")), "code": Sort(("code",))},
        default_sort="position",
    )


INDUSTRY_LIST = _reference_list(Industry.objects, "industries", _("industries"), SECTION_FILTER)
SOURCE_LIST = _reference_list(Source.objects, "sources", _("customer sources"))
CATEGORY_LIST = _reference_list(Category.objects, "categories", _("customer categories"))
GRADE_LIST = _reference_list(Grade.objects, "grades", _("customer grades"))
BILLING_SYSTEM_LIST = _reference_list(
    BillingSystem.objects, "billing-systems", _("billing systems")
)
