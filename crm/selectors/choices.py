"""Search for customers in pickers."""

from accounts.models import User
from crm.models import Customer
from crm.models.customer import CustomerQuerySet


def search_customers(
    user: User, text: str, *, exclude_id: int | None = None, limit: int = 20
) -> CustomerQuerySet:
    """Return the first ``limit`` customers whose name or code has every word of ``text``, by code.

    Only customers that ``user`` sees are returned, with their id, code and name. ``exclude_id``
    leaves out one customer, such as the one whose parent is being selected.
    """
    visible = Customer.objects.visible_to(user)
    matching = visible.search(text).only("pk", "code", "name")
    if exclude_id is not None:
        matching = matching.exclude(pk=exclude_id)
    return matching.order_by("code")[:limit]
