"""The permission matrix of the complaint pages, panel and widget."""

from typing import Any

from tests.permission_matrix import ALL, AppMatrix, Row, World
from tests.satisfaction.factories import make_complaint


def _own_complaint(world: World) -> list[Any]:
    """Make an open complaint in the user's own province; return the URL arguments."""
    return [make_complaint(world.own_customer, actor=world.cast.manager).pk]


def _other_complaint(world: World) -> list[Any]:
    """Make an open complaint in another province; return the URL arguments."""
    return [make_complaint(world.other_customer, actor=world.cast.stranger).pk]


MATRIX = AppMatrix(
    rows=(
        Row("complaints", ALL),
        Row("complaint_new", "HMA"),
        Row(
            "complaint_new",
            "HMA",
            method="post",
            data=lambda w: {
                "customer": w.own_customer.pk, "title": "Down", "description": "…", "owner": "me"
            },
            status=302,
        ),
        Row(
            "complaint",
            ALL,
            _own_complaint,
            _other_complaint,
        ),
        Row(
            "complaint",
            "HMA",
            _own_complaint,
            _other_complaint,
            method="post",
            data=lambda w: {"action": "comment", "text": "Called back"},
            status=302,
        ),
        Row("api-complaints", ALL),
        Row(
            "api-complaints",
            "HMA",
            method="post",
            data=lambda w: {"customer": w.own_customer.code, "title": "Down", "description": "…"},
            status=201,
        ),
        Row("api-complaint", ALL, _own_complaint, _other_complaint),
        Row(
            "api-complaint-by-number",
            ALL,
            lambda w: [make_complaint(w.own_customer, actor=w.cast.manager).number],
            lambda w: [make_complaint(w.other_customer, actor=w.cast.stranger).number],
        ),
        Row(
            "api-complaint-comments",
            "HMA",
            _own_complaint,
            _other_complaint,
            method="post",
            data=lambda w: {"text": "Called back"},
            status=201,
        ),
        # Without If-Match.
        *(
            Row(name, "HMA", _own_complaint, _other_complaint, method="post", status=428)
            for name in ("api-complaint-close", "api-complaint-reopen")
        ),
    ),
    panels={"complaints": ALL},
    list_parts={"complaints": ALL},
    widgets={"open-complaints": ALL},
)  # fmt: skip
