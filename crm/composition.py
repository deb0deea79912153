"""The parts that apps add to the customer page and to the customer list.

An app adds a part by a class derived from ``CustomerPanel`` or ``CustomerListPart``. The settings
``CUSTOMER_PANELS`` and ``CUSTOMER_LIST_PARTS`` list the classes in display order.
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
    """A panel of the customer page."""

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Return the template's context for a customer that the user of the request may see."""
        raise NotImplementedError


@dataclass(frozen=True)
class ListColumn:
    """A column that another app adds to the customer list."""

    key: str  # in the URL's parameter ``sort``
    label: str | Promise
    template: str  # of a cell; gets ``customer``, annotated by the part
    annotation: str  # name of the part's annotation that the list is sorted by
    numeric: bool = False


@dataclass(frozen=True)
class ListFilter:
    """A filter that another app adds to the customer list."""

    key: str  # of the URL's parameter
    label: str | Promise
    annotation: str  # name of the part's annotation that must equal the selected value
    choices: Callable[[], Sequence[tuple[str, str | Promise]]]


class CustomerListPart:
    """Annotations of the customer list, and columns and filters that use them.

    A part may have only columns or only filters.
    """

    slug: ClassVar[str]
    permission: ClassVar[Permission]
    columns: ClassVar[Sequence[ListColumn]] = ()
    filters: ClassVar[Sequence[ListFilter]] = ()

    def is_available_to(self, user: User) -> bool:
        """Return whether the user gets these columns and filters."""
        return user.may(self.permission)

    def annotate(self, customers: CustomerQuerySet) -> CustomerQuerySet:
        """Return the customers with this part's annotations; must neither add nor remove rows."""
        raise NotImplementedError


@cache
def customer_panels() -> tuple[CustomerPanel, ...]:
    """Return the panels of the customer page in display order."""
    return load_parts(settings.CUSTOMER_PANELS, CustomerPanel)


@cache
def customer_list_parts() -> tuple[CustomerListPart, ...]:
    """Return the parts of the customer list in display order."""
    return load_parts(settings.CUSTOMER_LIST_PARTS, CustomerListPart)
