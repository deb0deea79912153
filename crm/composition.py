"""The parts that apps add to the customer page and to the customer list.

An app adds a part by a class derived from ``CustomerPanel`` or ``ListPart``. The settings
``CUSTOMER_PANELS`` and ``CUSTOMER_LIST_PARTS`` list the classes in display order.
"""

from functools import cache
from typing import Any

from django.conf import settings

from core.composition import Part, load_parts
from core.listing.declarations import ListPart
from core.pages import AuthedRequest
from crm.models import Customer


class CustomerPanel(Part):
    """A panel of the customer page."""

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Return the template's context for a customer that the user of the request may see."""
        raise NotImplementedError


@cache
def customer_panels() -> tuple[CustomerPanel, ...]:
    """Return the panels of the customer page in display order."""
    return load_parts(settings.CUSTOMER_PANELS, CustomerPanel)


@cache
def customer_list_parts() -> tuple[ListPart, ...]:
    """Return the parts of the customer list in display order."""
    return load_parts(settings.CUSTOMER_LIST_PARTS, ListPart)
