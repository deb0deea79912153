"""The lists of scoring runs, for its page and the API, and of scores, for the API."""

from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from core.fields.kinds import Choice, Date
from core.listing.comparisons import (
    Column,
    choice_comparisons,
    date_comparisons,
    time_comparisons,
)
from core.listing.declarations import ListColumn, ListDeclaration, Sort, fixed_columns
from core.listing.field_filters import reference_filter
from core.listing.filters import ListFilter, option_group
from crm.fields import CUSTOMER_REFERENCE
from segmentation.models import (
    ChineseSegment,
    ChurnLevel,
    InternationalSegment,
    RunState,
    ScoringRun,
)
from segmentation.selectors import all_runs, current_run, visible_scores


def _count(name: str) -> Any:
    """Return a function for the text of a count; blank for a run without a result."""

    def text_of(run: ScoringRun, _user: User) -> str:
        return number_format(getattr(run, name)) if run.has_result else ""

    return text_of


def _seconds(run: ScoringRun, _user: User) -> str:
    return "" if run.seconds is None else f"{run.seconds:.2f}"


COLUMNS = (
    ListColumn(
        key="as_of",
        label=_("As of"),
        text_of=lambda run, _user: run.as_of.isoformat(),
        template="segmentation/columns/as_of.html",
        sort=Sort(("as_of",)),
        css_class="name",
    ),
    ListColumn(
        key="state",
        label=_("State"),
        text_of=lambda run, _user: str(RunState(run.state).label),
        template="segmentation/columns/run_state.html",
    ),
    ListColumn("customers", _("Customers"), _count("customers"), is_numeric=True, css_class="num"),
    ListColumn(
        "flagged_high", _("High risk"), _count("flagged_high"), is_numeric=True, css_class="num"
    ),
    ListColumn(
        "flagged_watch",
        _("Watch"),
        _count("flagged_watch"),
        is_numeric=True,
        css_class="num phone-skip",
    ),
    ListColumn(
        key="seconds",
        label=_("Duration"),
        text_of=_seconds,
        template="segmentation/columns/seconds.html",
        is_numeric=True,
        css_class="num",
    ),
    ListColumn("requested_by", _("Requested by"), lambda run, _user: run.requested_by.name),
    ListColumn(
        key="requested_at",
        label=_("Requested"),
        text_of=lambda run, _user: date_format(localtime(run.requested_at), "Y-m-d H:i"),
        template="segmentation/columns/requested_at.html",
        sort=Sort(("requested_at",)),
    ),
)
FILTERS = (
    ListFilter(
        key="state",
        label=_("State"),
        comparisons=choice_comparisons(
            Column("state", Choice(lambda: RunState.choices)), may_be_empty=False
        ),
        option_groups=lambda _user: [option_group(RunState.choices)],
    ),
    ListFilter("as_of", _("As of"), date_comparisons(Column("as_of", Date())), is_offered=False),
    ListFilter("requested_at", _("Requested"), time_comparisons("requested_at")),
)


RUN_LIST = ListDeclaration(
    name="runs",
    url_name="runs",
    title=_("Scoring runs"),
    permission=Permission.RUN_VIEW,
    rows=lambda _user: all_runs(),
    columns=fixed_columns(*COLUMNS),
    filters=lambda _fields: FILTERS,
    sorts={"id": Sort()},
    default_sort="-id",
)


def _choice_filter(key: str, label: str | Promise, path: str, choices: Any) -> ListFilter:
    comparisons = choice_comparisons(Column(path, Choice(lambda: choices)), may_be_empty=False)
    return ListFilter(key, label, comparisons)


SCORE_FILTERS = (
    reference_filter("customer", _("Customer"), "customer", CUSTOMER_REFERENCE),
    _choice_filter(
        "flag",
        _("Churn flag"),
        "churn_level",
        [(str(level.value), level.label) for level in ChurnLevel],
    ),
    _choice_filter("segment", _("Segment"), "segment_cn", ChineseSegment.choices),
    _choice_filter(
        "international",
        _("International segment"),
        "segment_intl",
        InternationalSegment.choices,
    ),
)
# The scores of one run, of which each customer has one: of the current one, until the API's view
# replaces the rows by those of another.
SCORE_LIST = ListDeclaration(
    name="scores",
    title=_("Scores"),
    permission=Permission.SCORE_VIEW,
    rows=lambda user: visible_scores(user, current_run()),
    columns=fixed_columns(),
    filters=lambda _fields: SCORE_FILTERS,
    sorts={"customer_id": Sort()},
    default_sort="-customer_id",
    row_key="customer_id",
)
