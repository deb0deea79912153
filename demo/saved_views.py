"""Making some saved views of the demo users: shared ones of the head, one of an account manager."""

from accounts.models import User
from core.listing.conditions import Condition
from core.listing.query import ListQuery
from core.services.saved_view import create_saved_view

# Employee number of the owner, list, name, whether it is shared, query.
VIEWS = (
    (
        "head",
        "customers",
        "高风险，一个月未联系",
        True,
        ListQuery(conditions=(Condition("flag", ("2",)), Condition("no_interaction", ("30",)))),
    ),
    (
        "head",
        "customers",
        "公海中有收入的客户",
        True,
        ListQuery(
            conditions=(Condition("owner", ("none",)), Condition("monetary__gte", ("5000",))),
            sort="-monetary",
        ),
    ),
    (
        "manager",
        "customers",
        "我的重点客户",
        False,
        ListQuery(conditions=(Condition("owner", ("mine",)),), sort="-monetary"),
    ),
)


def make_saved_views() -> None:
    """Write the views."""
    for employee_number, list_name, name, is_shared, query in VIEWS:
        create_saved_view(
            list_name=list_name,
            name=name,
            query=query.to_json(),
            is_shared=is_shared,
            actor=User.objects.get_by_natural_key(employee_number),
        )
