"""Customers that users pick in forms, or that addresses name."""

from accounts.models import User
from core.fields.forms import MAX_BIGINT_DIGITS
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


def visible_customer(user: User, customer_id: str) -> Customer | None:
    """Return the customer whose id a URL or form contains, as text.

    Returns None for a text that is no id, and for a customer the user may not see.
    """
    is_id = customer_id.isascii() and customer_id.isdecimal()
    if not is_id or len(customer_id) > MAX_BIGINT_DIGITS:
        return None
    return Customer.objects.visible_to(user).filter(pk=int(customer_id)).first()
