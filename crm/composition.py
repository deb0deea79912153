"""What other apps add to the customer page and to the home page, named in settings.

A part is a class with a slug, a title, a template, a permission, a query budget and ``context``.
Each is fetched as a fragment of its own, so that one that fails or is slow stays local. The lists
``CUSTOMER_PANELS``, ``HOME_WIDGETS`` and ``CUSTOMER_LIST_PARTS`` in settings say which there are
and in which order; nothing is registered by being imported.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, TypeVar

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from accounts.http import AuthedRequest
from accounts.models import User
from accounts.permissions import Permission
from crm.models import Customer
from crm.models.customer import CustomerQuerySet


class Part:
    """What a panel and a widget have in common."""

    slug: ClassVar[str]
    title: ClassVar[str | Promise]
    template: ClassVar[str]
    permission: ClassVar[Permission]
    query_budget: ClassVar[int]  # queries ``context`` and its template may take, at any size
    wide: ClassVar[bool] = False  # stands in the main column

    def offered_to(self, user: User) -> bool:
        """Tell whether the person gets this part at all."""
        return user.may(self.permission)


class CustomerPanel(Part):
    """A part of the customer page."""

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Return what the template needs about one customer, already known to be in scope."""
        raise NotImplementedError


class HomeWidget(Part):
    """A part of the home page."""

    def context(self, request: AuthedRequest) -> dict[str, Any]:
        """Return what the template needs, for the person asking."""
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

    def offered_to(self, user: User) -> bool:
        """Tell whether the person gets these columns and filters at all."""
        return user.may(self.permission)

    def annotate(self, customers: CustomerQuerySet) -> CustomerQuerySet:
        """Return the customers with this part's annotations; must add no rows and drop none."""
        raise NotImplementedError


P = TypeVar("P", bound=Part | CustomerListPart)


def _load(paths: Sequence[str], kind: type[P]) -> tuple[P, ...]:
    parts: list[P] = []
    for path in paths:
        part = import_string(path)
        if not (isinstance(part, type) and issubclass(part, kind)):
            raise TypeError(f"{path} is no {kind.__name__}")
        parts.append(part())
    return tuple(parts)


@cache
def customer_panels() -> tuple[CustomerPanel, ...]:
    """Return the customer page's panels, in the order of settings."""
    return _load(settings.CUSTOMER_PANELS, CustomerPanel)


@cache
def home_widgets() -> tuple[HomeWidget, ...]:
    """Return the home page's widgets, in the order of settings."""
    return _load(settings.HOME_WIDGETS, HomeWidget)


@cache
def customer_list_parts() -> tuple[CustomerListPart, ...]:
    """Return what other apps add to the customer list, in the order of settings."""
    return _load(settings.CUSTOMER_LIST_PARTS, CustomerListPart)
