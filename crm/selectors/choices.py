"""What a person may choose from: managers, units, parent groups. Never more than they see."""

from django.db.models import QuerySet

from accounts.models import OrgUnit, User
from accounts.permissions import Permission
from crm.models import Customer
from crm.models.customer import CustomerQuerySet


def account_managers(user: User) -> QuerySet[User]:
    """Return the people ``user`` sees who can look after customers, by name."""
    return (
        User.objects.visible_to(user)
        .filter(
            is_active=True,
            is_service=False,
            role__permissions__contains=[Permission.CUSTOMER_EDIT.value],
        )
        .order_by("name", "employee_number")
    )


def units(user: User) -> QuerySet[OrgUnit]:
    """Return the units ``user`` sees, each above what belongs to it."""
    return OrgUnit.objects.visible_to(user).order_by("path")


def customers_like(
    user: User, words: str, *, without: int | None = None, limit: int = 20
) -> CustomerQuerySet:
    """Return the first few customers ``user`` sees whose name or code holds the words."""
    found = Customer.objects.visible_to(user).search(words).only("pk", "code", "name")
    if without is not None:
        found = found.exclude(pk=without)
    return found.order_by("code")[:limit]
