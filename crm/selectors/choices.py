"""Customers a user may choose from, found by a part of the name or code."""

from accounts.models import User
from crm.fields import CUSTOMER
from crm.models import Customer
from crm.models.customer import CustomerQuerySet


def customers_like(
    user: User, text: str, *, without: int | None = None, limit: int = 20
) -> CustomerQuerySet:
    """Return the first few customers ``user`` sees that match the text, by code."""
    visible = Customer.objects.visible_to(user)
    matching = visible.search(text, CUSTOMER.searched_columns).only("pk", "code", "name")
    if without is not None:
        matching = matching.exclude(pk=without)
    return matching.order_by("code")[:limit]
