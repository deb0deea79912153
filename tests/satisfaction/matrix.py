"""The permission matrix of the complaint pages, panel and widget."""

from crm.models import Customer
from satisfaction.models import Complaint
from tests.permission_matrix import ALL, AppMatrix, Row, World, file_rows
from tests.satisfaction.factories import make_complaint


def _open_complaint(customer: Customer, world: World) -> Complaint:
    """Make an open complaint of one of the world's customers."""
    actor = world.cast.manager if customer == world.own_customer else world.cast.stranger
    return make_complaint(customer, actor=actor)


def _open_complaint_id(customer: Customer, world: World) -> int:
    """Make an open complaint of one of the world's customers; return its id."""
    return int(_open_complaint(customer, world).pk)


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
            lambda w: [_open_complaint_id(w.own_customer, w)],
            lambda w: [_open_complaint_id(w.other_customer, w)],
        ),
        Row(
            "complaint",
            "HMA",
            lambda w: [_open_complaint_id(w.own_customer, w)],
            lambda w: [_open_complaint_id(w.other_customer, w)],
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
    ),
    panels={"complaints": ALL},
    list_parts={"complaints": ALL},
    widgets={"open-complaints": ALL},
)  # fmt: skip
