"""The list of interactions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from django.db.models import Exists, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from common.parsing.errors import UnreadableError
from core.fields.declarations import FieldDeclaration
from core.fields.faults import ValueFault
from core.listing.comparisons import MINE, time_comparisons
from core.listing.conditions import Condition
from core.listing.declarations import (
    ListColumn,
    ListDeclaration,
    ListTab,
    Sort,
    field_column,
)
from core.listing.field_filters import field_filter, offering_periods, reference_filter
from core.listing.filters import Comparison, ListFilter, option_group
from crm.fields import INTERACTION
from crm.models import Interaction
from crm.models.interaction import InteractionQuerySet
from crm.selectors.interactions import later_interactions
from staff.fields import UNIT

WHEN_PERIODS = (
    "today", "yesterday", "last_7_days", "last_30_days", "this_month", "last_month", "this_quarter",
    "this_year",
)  # fmt: skip
CONTENT = ListColumn(
    key="content",
    label=_("What was said"),
    text_of=lambda interaction, _user: interaction.summary,
    template="crm/columns/interaction.html",
    css_class="name wrap",
)
CUSTOMER_COLUMN = ListColumn(
    key="customer",
    label=_("Customer"),
    text_of=lambda interaction, _user: interaction.customer.name,
    template="crm/columns/interaction_customer.html",
    css_class="full wrap",
)
# The templates of the cells of some fields; all others are text.
CELL_TEMPLATES = {
    "channel": "crm/columns/channel.html",
    "occurred_at": "crm/columns/occurred_at.html",
    "next_step_on": "crm/columns/next_step.html",
}
SHORT_LABELS: dict[str, str | Promise] = {"next_step_on": _("Next step")}
UNIT_FILTER = reference_filter(
    "unit",
    _("Unit"),
    "user__unit",
    replace(UNIT, mine=lambda user: user.unit),
)


def _not_contacted_since() -> Q:
    """Return the condition for the last interaction with its customer: its next step is open."""
    return ~Q(Exists(later_interactions()))


NEXT_STEPS: dict[str, tuple[str | Promise, Callable[[], Q]]] = {
    "overdue": (_("Overdue"), lambda: Q(next_step_on__lt=timezone.localdate())),
    "next_7_days": (
        _("Next 7 days"),
        lambda: Q(
            next_step_on__gte=timezone.localdate(),
            next_step_on__lt=timezone.localdate() + timedelta(days=7),
        ),
    ),
    "open": (_("All open ones"), lambda: Q(next_step_on__isnull=False)),
}


def _next_step_condition(_user: User, values: Sequence[str]) -> Q:
    return NEXT_STEPS[values[0]][1]() & _not_contacted_since()


def _parse_next_step(text: str) -> str:
    if text not in NEXT_STEPS:
        raise UnreadableError(ValueFault.NOT_IN_LIST)
    return text


NEXT_STEP_FILTER = ListFilter(
    key="next_step",
    label=_("Next step"),
    comparisons=[
        Comparison(
            "",
            _parse_next_step,
            _next_step_condition,
            format=lambda value: str(NEXT_STEPS[value][0]),
        )
    ],
    option_groups=lambda _user: [
        option_group((value, label) for value, (label, _condition) in NEXT_STEPS.items())
    ],
)


UPDATED_AT_FILTER = ListFilter(
    key="updated_at",
    label=_("Changed"),
    comparisons=time_comparisons("updated_at"),
    is_on_demand=True,
)


def _columns(
    fields: Sequence[FieldDeclaration], part_columns: Sequence[ListColumn]
) -> list[ListColumn]:
    field_columns = []
    for field in fields:
        if field.in_list:
            column = field_column(field, CELL_TEMPLATES.get(field.name, ""))
            label = SHORT_LABELS.get(field.name, column.label)
            field_columns.append(replace(column, label=label))
    return [CONTENT, CUSTOMER_COLUMN, *field_columns, *part_columns]


def _filters(fields: Sequence[FieldDeclaration]) -> list[ListFilter]:
    filters = []
    for field in fields:
        if not field.in_filters:
            continue
        list_filter = field_filter(field)
        if field.name == "occurred_at":
            list_filter = offering_periods(list_filter, *WHEN_PERIODS)
        elif field.name == "next_step_on" or (field.is_custom and not field.in_list):
            list_filter = replace(list_filter, is_offered=False)
        filters.append(list_filter)
    return [*filters, UNIT_FILTER, NEXT_STEP_FILTER, UPDATED_AT_FILTER]


def _visible_interactions(user: User) -> QuerySet[Any]:
    return Interaction.objects.visible_to(user)


def _search(interactions: QuerySet[Any], text: str, *, is_ordered: bool = False) -> QuerySet[Any]:
    if not isinstance(interactions, InteractionQuerySet):
        raise TypeError(interactions)
    return interactions.search(text, is_ordered=is_ordered)


INTERACTION_LIST = ListDeclaration(
    name="interactions",
    url_name="interactions",
    title=_("Interactions"),
    search_hint=_("What was said, outcome, next step"),
    permission=Permission.INTERACTION_VIEW,
    rows=_visible_interactions,
    search=_search,
    search_in_order=partial(_search, is_ordered=True),
    columns=_columns,
    filters=_filters,
    fields=INTERACTION.fields,
    fields_for=INTERACTION.fields_for,
    sorts={"id": Sort(), "updated_at": Sort(("updated_at",))},
    default_sort="-occurred_at",
    tabs=(
        ListTab("mine", pgettext_lazy("interactions", "Mine"), (Condition("user", (MINE,)),)),
        ListTab("unit", _("My unit's"), (Condition("unit", (MINE,)),)),
        ListTab("all", _("All")),
    ),
    related=("customer", "user"),
)
