"""What other apps add to the customer page and to the customer list, named in settings.

``CUSTOMER_PANELS`` and ``CUSTOMER_LIST_PARTS`` list the parts in display order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.utils.functional import Promise

from accounts.models import User
from accounts.permissions import Permission
from core.composition import Part, load_parts
from core.pages import AuthedRequest
from crm.models import Customer
from crm.models.customer import CustomerQuerySet


class CustomerPanel(Part):
    """A part of the customer page."""

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Return what the template needs about one customer, already known to be in scope."""
        raise NotImplementedError


@dataclass(frozen=True)
class ListColumn:
    """A column another app adds to the customer list; its cell is drawn by ``template``."""

    key: str
    label: str | Promise
    template: str  # gets ``customer``, annotated by the part
    annotation: str  # what the list is sorted by
    numeric: bool = False


@dataclass(frozen=True)
class ListFilter:
    """A choice another app adds to the customer list's filters."""

    key: str
    label: str | Promise
    annotation: str  # what is compared with the chosen value
    choices: Callable[[], Sequence[tuple[str, str | Promise]]]


class CustomerListPart:
    """What an app adds to the customer list: annotations, and columns and filters over them."""

    slug: ClassVar[str]
    permission: ClassVar[Permission]
    columns: ClassVar[Sequence[ListColumn]] = ()
    filters: ClassVar[Sequence[ListFilter]] = ()

    def is_available_to(self, user: User) -> bool:
        """Tell whether the person gets these columns and filters at all."""
        return user.may(self.permission)

    def annotate(self, customers: CustomerQuerySet) -> CustomerQuerySet:
        """Return the customers with this part's annotations; must add no rows and drop none."""
        raise NotImplementedError


@cache
def customer_panels() -> tuple[CustomerPanel, ...]:
    """Return the customer page's panels, in the order of settings."""
    return load_parts(settings.CUSTOMER_PANELS, CustomerPanel)


@cache
def customer_list_parts() -> tuple[CustomerListPart, ...]:
    """Return what other apps add to the customer list, in the order of settings."""
    return load_parts(settings.CUSTOMER_LIST_PARTS, CustomerListPart)
