"""The columns and filters that scoring adds to the customer list.

The setting ``CUSTOMER_LIST_PARTS`` names ``WorthColumns``. Pages link to its filters by their keys:
``/customers/?flag=2`` lists the customers at high risk.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.db.models import (
    F,
    Field,
    FilteredRelation,
    IntegerField,
    Q,
    QuerySet,
    SmallIntegerField,
    TextField,
    Value,
)
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.permissions import Permission
from common.money import MinorUnitsField
from core.fields.kind import FieldKind
from core.fields.kinds import Choice, Choices, Money, Number
from core.listing.comparisons import Column, choice_comparisons, value_comparisons
from core.listing.declarations import ListColumn, ListPart, Sort
from core.listing.filters import ListFilter, option_group
from segmentation.models import ChineseSegment, ChurnLevel, InternationalSegment
from segmentation.selectors import current_run

# Annotation of a customer → the field of CustomerScore it shows, and the type of its values.
ANNOTATIONS: dict[str, tuple[str, Field[Any, Any]]] = {
    "worth_segment": ("segment_cn", TextField()),
    "worth_segment_intl": ("segment_intl", TextField()),
    "worth_monetary": ("monetary", MinorUnitsField()),
    "worth_recency": ("recency_days", IntegerField()),
    "worth_flag": ("churn_level", SmallIntegerField()),
    "worth_r": ("r", SmallIntegerField()),
    "worth_f": ("f", SmallIntegerField()),
}


def _text_of(annotation: str, format_value: Callable[[Any], str]) -> Callable[[Any, User], str]:
    """Return a function for the text of an annotation; blank for a customer without a score."""

    def text_of(customer: Any, _user: User) -> str:
        value = getattr(customer, annotation)
        return "" if value is None else format_value(value)

    return text_of


def _value_of(annotation: str) -> Callable[[Any, User], Any]:
    """Return a function for the number of an annotation; None for a customer without a score."""
    return lambda customer, _user: getattr(customer, annotation)


def _sort(annotation: str) -> Sort:
    return Sort((annotation,), empty=Q(**{f"{annotation}__isnull": True}))


def _choice_filter(
    key: str,
    label: str | Promise,
    annotation: str,
    choices: Choices,
    *,
    is_on_demand: bool = False,
) -> ListFilter:
    return ListFilter(
        key,
        label,
        choice_comparisons(Column(annotation, Choice(choices))),
        option_groups=lambda _user: [option_group(choices())],
        is_on_demand=is_on_demand,
    )


def _number_filter(key: str, label: str | Promise, annotation: str, kind: FieldKind) -> ListFilter:
    comparisons = value_comparisons(Column(annotation, kind))
    return ListFilter(key, label, comparisons, is_on_demand=True)


def _flag_choices() -> Sequence[tuple[str, str | Promise]]:
    """Return value and label of each churn level, the highest first."""
    return [(str(level.value), level.label) for level in reversed(ChurnLevel)]


def _score_choices() -> Sequence[tuple[str, str | Promise]]:
    """Return value and label of the scores 5 to 1."""
    return [(str(score), str(score)) for score in range(5, 0, -1)]


class WorthColumns(ListPart):
    """Segment, revenue, recency and churn flag from the current run."""

    slug = "worth"
    permission: ClassVar[Permission] = Permission.SCORE_VIEW
    columns = (
        ListColumn(
            "segment",
            _("Segment"),
            _text_of("worth_segment", lambda code: str(ChineseSegment(code).label)),
            "segmentation/columns/segment.html",
            _sort("worth_segment"),
        ),
        ListColumn(
            "monetary",
            _("Recent revenue"),
            _text_of("worth_monetary", Money().format),
            sort=_sort("worth_monetary"),
            is_numeric=True,
            css_class="num",
            value_of=_value_of("worth_monetary"),
        ),
        ListColumn(
            "recency",
            _("Days silent"),
            _text_of("worth_recency", str),
            sort=_sort("worth_recency"),
            is_numeric=True,
            css_class="num",
            value_of=_value_of("worth_recency"),
        ),
        ListColumn(
            "flag",
            _("Churn flag"),
            _text_of("worth_flag", lambda level: str(ChurnLevel(level).label)),
            "segmentation/columns/flag.html",
            Sort(
                groups=lambda: [Q(worth_flag=level.value) for level in ChurnLevel],
                empty=Q(worth_flag__isnull=True),
            ),
        ),
    )
    filters = (
        _choice_filter("flag", _("Churn flag"), "worth_flag", _flag_choices),
        _choice_filter("segment", _("Segment"), "worth_segment", lambda: ChineseSegment.choices),
        _choice_filter(
            "international",
            _("International segment"),
            "worth_segment_intl",
            lambda: InternationalSegment.choices,
            is_on_demand=True,
        ),
        # The cells of the overview's heatmap link to these two.
        _choice_filter("r", _("Recency score"), "worth_r", _score_choices, is_on_demand=True),
        _choice_filter("f", _("Frequency score"), "worth_f", _score_choices, is_on_demand=True),
        _number_filter("monetary", _("Recent revenue"), "worth_monetary", Money()),
        _number_filter("recency", _("Days silent"), "worth_recency", Number()),
    )

    def annotate(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Add the annotations of ANNOTATIONS, from each customer's score in the current run.

        They are None for a customer without a score, and for all customers before the first run.
        """
        run = current_run()
        annotations: dict[str, Value | F]
        if run is None:
            annotations = {
                name: Value(None, output_field=field) for name, (_, field) in ANNOTATIONS.items()
            }
        else:
            rows = rows.alias(worth=FilteredRelation("scores", condition=Q(scores__run=run.pk)))
            annotations = {name: F(f"worth__{column}") for name, (column, _) in ANNOTATIONS.items()}
        annotated: QuerySet[Any] = rows.annotate(**annotations)
        return annotated
