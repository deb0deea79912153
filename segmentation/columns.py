"""The columns and filters that scoring adds to the customer list.

The setting ``CUSTOMER_LIST_PARTS`` names ``WorthColumns``. Pages link to its filters by their keys:
``/customers/?flag=2`` lists the customers at high risk.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import (
    F,
    Field,
    FilteredRelation,
    IntegerField,
    Q,
    SmallIntegerField,
    TextField,
    Value,
)
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from common.money import MinorUnitsField
from crm.composition import CustomerListPart, ListColumn, ListFilter
from crm.models.customer import CustomerQuerySet
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


def _flag_choices() -> Sequence[tuple[str, str | Promise]]:
    """Return value and label of each churn level, the highest first."""
    return [(str(level.value), level.label) for level in reversed(ChurnLevel)]


def _score_choices() -> Sequence[tuple[str, str | Promise]]:
    """Return value and label of the scores 5 to 1."""
    return [(str(score), str(score)) for score in range(5, 0, -1)]


class WorthColumns(CustomerListPart):
    """Segment, revenue, recency and churn flag from the current run."""

    slug = "worth"
    permission: ClassVar[Permission] = Permission.SCORE_VIEW
    columns = (
        ListColumn("segment", _("Segment"), "segmentation/columns/segment.html", "worth_segment"),
        ListColumn(
            "monetary",
            _("Recent revenue"),
            "segmentation/columns/monetary.html",
            "worth_monetary",
            numeric=True,
        ),
        ListColumn(
            "recency",
            _("Days silent"),
            "segmentation/columns/recency.html",
            "worth_recency",
            numeric=True,
        ),
        ListColumn("flag", _("Churn flag"), "segmentation/columns/flag.html", "worth_flag"),
    )
    filters = (
        ListFilter("flag", _("Churn flag"), "worth_flag", _flag_choices),
        ListFilter("segment", _("Segment"), "worth_segment", lambda: ChineseSegment.choices),
        ListFilter(
            "international",
            _("International segment"),
            "worth_segment_intl",
            lambda: InternationalSegment.choices,
        ),
        # The cells of the overview's heatmap link to these two.
        ListFilter("r", _("Recency score"), "worth_r", _score_choices),
        ListFilter("f", _("Frequency score"), "worth_f", _score_choices),
    )

    def annotate(self, customers: CustomerQuerySet) -> CustomerQuerySet:
        """Add the annotations of ANNOTATIONS, from each customer's score in the current run.

        They are None for a customer without a score, and for all customers before the first run.
        """
        run = current_run()
        if run is None:
            return customers.annotate(
                **{
                    name: Value(None, output_field=field)
                    for name, (_column, field) in ANNOTATIONS.items()
                }
            )
        return customers.alias(
            worth=FilteredRelation("scores", condition=Q(scores__run=run.pk))
        ).annotate(
            **{name: F(f"worth__{column}") for name, (column, _field) in ANNOTATIONS.items()}
        )
