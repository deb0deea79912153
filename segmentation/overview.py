"""The figures, rows and charts of the segment overview, computed from the scores of one run.

``segmentation.views.segments`` renders them. Charts are options of ECharts, which
static/js/charts.js draws.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from segmentation.models import ChineseSegment, ChurnLevel, InternationalSegment
from segmentation.selectors import ScoreGroup

SCORES = range(1, 6)  # R, F and M are from 1 to 5


@dataclass(frozen=True)
class SegmentScheme:
    """One of the two ways to divide customers into segments, as the overview shows it."""

    key: str  # the value of the URL parameter "scheme"
    label: str | Promise
    segments: type[ChineseSegment] | type[InternationalSegment]
    filter_name: str  # of the customer list: segmentation.columns
    segment_of: Callable[[ScoreGroup], str]  # returns the code of the group's segment


SEGMENT_SCHEMES = {
    scheme.key: scheme
    for scheme in (
        SegmentScheme(
            "eight",
            gettext_lazy("Chinese eight"),
            ChineseSegment,
            "segment",
            lambda group: group.segment_cn,
        ),
        SegmentScheme(
            "eleven",
            gettext_lazy("International eleven"),
            InternationalSegment,
            "international",
            lambda group: group.segment_intl,
        ),
    )
}


@dataclass(frozen=True)
class GroupTotal:
    """Customers and revenue of a segment, of a churn level, or of all groups.

    The shares are parts of the totals of all groups: 0.25 is 25 %.
    """

    code: str  # of the segment or churn level; empty for the total
    label: str | Promise  # likewise
    url: str  # of the customer list with these customers
    customers: int
    revenue: Decimal  # negative if refunds exceed the purchases
    flagged: int  # customers with a churn flag of either level
    customer_share: float
    revenue_share: float


def overview_context(groups: Sequence[ScoreGroup], scheme: SegmentScheme) -> dict[str, Any]:
    """Return what the template ``segmentation/segments.html`` shows.

    ``total`` has all customers, ``rows`` one GroupTotal for each segment of the scheme, ``flags``
    one for each churn level, and the charts are options of ECharts.
    """
    total = _group_total(groups, groups)
    rows = [
        _group_total(
            [group for group in groups if scheme.segment_of(group) == segment.value],
            groups,
            code=segment.value,
            label=segment.label,
            list_filters={scheme.filter_name: segment.value},
        )
        for segment in scheme.segments
    ]
    return {
        "scheme": scheme,
        "schemes": SEGMENT_SCHEMES.values(),
        "total": total,
        "rows": rows,
        "flags": _flag_totals(groups),
        "revenue_chart": _bar_chart(
            rows, _("Revenue"), [float(row.revenue) for row in rows], "@money"
        ),
        "customers_chart": _bar_chart(
            rows, _("Customers"), [row.customers for row in rows], "@integer"
        ),
        "heatmap": _heatmap(groups),
    }


def _flag_totals(groups: Sequence[ScoreGroup]) -> list[GroupTotal]:
    return [
        _group_total(
            [group for group in groups if group.churn_level == level],
            groups,
            code=str(level.value),
            label=level.label,
            list_filters={"flag": str(level.value)},
        )
        for level in (ChurnLevel.HIGH, ChurnLevel.WATCH)
    ]


def _group_total(
    groups: Sequence[ScoreGroup],
    all_groups: Sequence[ScoreGroup],
    *,
    code: str = "",
    label: str | Promise = "",
    list_filters: Mapping[str, str] | None = None,
) -> GroupTotal:
    """Return the total of ``groups``, which are some of ``all_groups``.

    ``list_filters`` are the URL parameters by which the customer list shows the same customers.
    """
    customers, revenue = _customers(groups), _revenue(groups)
    all_customers, all_revenue = _customers(all_groups), _revenue(all_groups)
    return GroupTotal(
        code=code,
        label=label,
        url=_customer_list_url(list_filters or {}),
        customers=customers,
        revenue=revenue,
        flagged=sum(group.customers for group in groups if group.churn_level),
        customer_share=customers / all_customers if all_customers else 0,
        revenue_share=float(revenue / all_revenue) if all_revenue > 0 else 0,
    )


def _customers(groups: Iterable[ScoreGroup]) -> int:
    return sum(group.customers for group in groups)


def _revenue(groups: Iterable[ScoreGroup]) -> Decimal:
    return sum((group.revenue for group in groups), Decimal(0))


def _customer_list_url(filters: Mapping[str, str]) -> str:
    return f"{reverse('customers')}?{urlencode(filters)}"


def _bar_chart(
    rows: Sequence[GroupTotal], name: str, values: Sequence[float], tooltip_format: str
) -> dict[str, Any]:
    """Return a horizontal bar chart of ``values``, one per row, the first on top.

    A click on a bar opens the list of its customers. ``table`` is the same as a table, for readers
    who switch to it. Texts that begin with ``@`` name formats and colours, by which
    static/js/charts.js replaces them.
    """
    return {
        "xAxis": {"type": "value", "axisLabel": {"formatter": "@compact"}},
        "yAxis": {"type": "category", "inverse": True, "data": [row.label for row in rows],
                  "splitLine": {"show": False}},
        "tooltip": {"valueFormatter": tooltip_format},
        "series": [
            {
                "type": "bar",
                "name": name,
                "itemStyle": {"borderRadius": [0, 3, 3, 0]},
                "data": [
                    {
                        "value": value,
                        "url": row.url,
                        "itemStyle": {"color": f"@seg-{row.code.replace('_', '-')}"},
                    }
                    for row, value in zip(rows, values, strict=True)
                ],
            }
        ],
        "table": {
            "head": [_("Segment"), name],
            "rows": [
                [{"value": row.label, "url": row.url}, value]
                for row, value in zip(rows, values, strict=True)
            ],
        },
    }  # fmt: skip


def _heatmap(groups: Sequence[ScoreGroup]) -> dict[str, Any]:
    """Return a heatmap of the number of customers by R and F; a click on a cell lists them.

    R increases upwards and F to the right, so the best customers are at the top right.
    """
    cells = {(r, f): 0 for r in SCORES for f in SCORES}
    for group in groups:
        cells[group.r, group.f] += group.customers
    return {
        "xAxis": {"type": "category", "name": _("Frequency"), "nameLocation": "middle",
                  "nameGap": 24, "data": [f"F{score}" for score in SCORES]},
        "yAxis": {"type": "category", "name": _("Recency"), "data": [f"R{n}" for n in SCORES],
                  "splitLine": {"show": False}},
        "visualMap": {
            "show": False,
            "min": 0,
            "max": max(cells.values()) or 1,
            "inRange": {"color": ["@scale-0", "@scale-1"]},
        },
        "tooltip": {"valueFormatter": "@integer"},
        "series": [
            {
                "type": "heatmap",
                "name": _("Customers"),
                "label": {"show": True, "formatter": "{@[2]}"},
                "data": [
                    {
                        "value": [f - 1, r - 1, count],
                        "url": _customer_list_url({"r": str(r), "f": str(f)}),
                    }
                    for (r, f), count in cells.items()
                ],
            }
        ],
    }  # fmt: skip
