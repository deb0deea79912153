"""The permission matrix of the complaint pages, panel and widget."""

from crm.models import Customer
from tests.permission_matrix import ALL, AppMatrix, Row, World
from tests.satisfaction.factories import make_complaint


def _complaint(customer: Customer, world: World) -> int:
    """Make an open complaint of a customer; return its id."""
    people = {world.own.pk: world.cast.manager, world.other.pk: world.cast.stranger}
    return int(make_complaint(customer, actor=people[customer.pk]).pk)


MATRIX = AppMatrix(
    rows=(
        Row("complaints", ALL),
        Row("complaint_new", "HMA"),
        Row(
            "complaint_new",
            "HMA",
            method="post",
            data=lambda w: {
                "customer": w.own.pk, "title": "Down", "description": "…", "owner": "me"
            },
            status=302,
        ),
        Row("complaint", ALL, lambda w: [_complaint(w.own, w)], lambda w: [_complaint(w.other, w)]),
        Row(
            "complaint",
            "HMA",
            lambda w: [_complaint(w.own, w)],
            lambda w: [_complaint(w.other, w)],
            method="post",
            data=lambda w: {"action": "comment", "text": "Called back"},
            status=302,
        ),
    ),
    panels={"complaints": ALL},
    widgets={"open-complaints": ALL},
)  # fmt: skip
