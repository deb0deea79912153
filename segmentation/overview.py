"""What the segment overview shows, computed from the summed-up scores of one run."""

from collections.abc import Callable, Iterable, Sequence
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

SCORES = range(1, 6)


@dataclass(frozen=True)
class Scheme:
    """A way of naming segments, and the customer list's filter for it."""

    key: str
    label: str | Promise
    segments: type[ChineseSegment] | type[InternationalSegment]
    filter: str
    of: Callable[[ScoreGroup], str]


SCHEMES = {
    scheme.key: scheme
    for scheme in (
        Scheme(
            "eight",
            gettext_lazy("Chinese eight"),
            ChineseSegment,
            "segment",
            lambda group: group.segment_cn,
        ),
        Scheme(
            "eleven",
            gettext_lazy("International eleven"),
            InternationalSegment,
            "international",
            lambda group: group.segment_intl,
        ),
    )
}


@dataclass(frozen=True)
class Sum:
    """Customers and money of a part of all, with the address of the list of them."""

    code: str
    label: str | Promise
    url: str
    customers: int
    money: Decimal
    flagged: int
    customer_share: float
    money_share: float


def overview(groups: Sequence[ScoreGroup], scheme: Scheme) -> dict[str, Any]:
    """Return the page's sums, rows and charts."""
    total = _sum(groups, groups, "", "", {})
    rows = [
        _sum(
            [group for group in groups if scheme.of(group) == one.value],
            groups,
            one.value,
            one.label,
            {scheme.filter: one.value},
        )
        for one in scheme.segments
    ]
    return {
        "scheme": scheme,
        "schemes": SCHEMES.values(),
        "total": total,
        "rows": rows,
        "flags": _flags(groups),
        "money_chart": _bars(rows, _("Revenue"), [float(row.money) for row in rows], "@money"),
        "customers_chart": _bars(rows, _("Customers"), [row.customers for row in rows], "@integer"),
        "heatmap": _heatmap(groups),
    }


def _flags(groups: Sequence[ScoreGroup]) -> list[Sum]:
    return [
        _sum(
            [group for group in groups if group.churn_level == level],
            groups,
            str(level.value),
            level.label,
            {"flag": str(level.value)},
        )
        for level in (ChurnLevel.HIGH, ChurnLevel.WATCH)
    ]


def _sum(
    part: Iterable[ScoreGroup],
    of: Iterable[ScoreGroup],
    code: str,
    label: str | Promise,
    parameters: dict[str, str],
) -> Sum:
    held = list(part)
    customers, money = sum(group.customers for group in held), _money(held)
    all_customers, all_money = sum(group.customers for group in of), _money(of)
    return Sum(
        code=code,
        label=label,
        url=_list(parameters),
        customers=customers,
        money=money,
        flagged=sum(group.customers for group in held if group.churn_level),
        customer_share=customers / all_customers if all_customers else 0,
        money_share=float(money / all_money) if all_money > 0 else 0,
    )


def _money(groups: Iterable[ScoreGroup]) -> Decimal:
    return sum((group.money for group in groups), Decimal(0))


def _list(parameters: dict[str, str]) -> str:
    return f"{reverse('customers')}?{urlencode(parameters)}"


def _bars(rows: Sequence[Sum], name: str, values: Sequence[float], exact: str) -> dict[str, Any]:
    """Lying bars in the segments' colours, the first on top; a click lists the customers."""
    return {
        "xAxis": {"type": "value", "axisLabel": {"formatter": "@compact"}},
        "yAxis": {"type": "category", "inverse": True, "data": [row.label for row in rows],
                  "splitLine": {"show": False}},
        "tooltip": {"valueFormatter": exact},
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
    """Recency upwards, frequency to the right; the best customers stand top right."""
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
                    {"value": [f - 1, r - 1, count], "url": _list({"r": str(r), "f": str(f)})}
                    for (r, f), count in cells.items()
                ],
            }
        ],
    }  # fmt: skip
