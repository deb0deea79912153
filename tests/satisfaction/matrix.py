"""The permission matrix of the complaint pages, panel and widget."""

from typing import Any

from crm.models import Customer
from satisfaction.models import Complaint
from tests.permission_matrix import ALL, AppMatrix, Row, World, file_rows
from tests.satisfaction.factories import make_complaint


def _open_complaint(customer: Customer, world: World) -> Complaint:
    """Make an open complaint of one of the world's customers."""
    actor = world.cast.manager if customer == world.own_customer else world.cast.stranger
    return make_complaint(customer, actor=actor)


def _own_complaint(world: World) -> list[Any]:
    """Make an open complaint in the user's own province; return the URL arguments."""
    return [_open_complaint(world.own_customer, world).pk]


def _other_complaint(world: World) -> list[Any]:
    """Make an open complaint in another province; return the URL arguments."""
    return [_open_complaint(world.other_customer, world).pk]


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
        *file_rows(
            "complaint",
            ALL,
            "HMA",
            lambda w: _open_complaint(w.own_customer, w),
            lambda w: _open_complaint(w.other_customer, w),
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
