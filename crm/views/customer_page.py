"""The customer page: a header and panels, each of which is loaded by a request of its own.

``crm.composition`` lists the panels, which come from several apps.
"""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render

from accounts.models import User
from accounts.permissions import Permission
from core.pages import AuthedRequest, Page
from crm.composition import customer_panels
from crm.models import Customer


class CustomerPage(Page):
    """The page of one customer."""

    permission = Permission.CUSTOMER_VIEW

    def get(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Show the header and a placeholder for each panel that the user may see."""
        customer = _get_customer(request.user, pk)
        panels = [panel for panel in customer_panels() if panel.is_available_to(request.user)]
        context = {
            "customer": customer,
            "parent": _visible_parent(request.user, customer),
            "main_panels": [panel for panel in panels if panel.wide],
            "side_panels": [panel for panel in panels if not panel.wide],
            "may_edit": request.user.may(Permission.CUSTOMER_EDIT),
        }
        return render(request, "crm/customer_page.html", context)


class CustomerPanelFragment(Page):
    """One panel of the customer page."""

    permission = Permission.CUSTOMER_VIEW

    def get(self, request: AuthedRequest, pk: int, slug: str) -> HttpResponse:
        """Show the panel; 404 if the user may not see the customer or the panel."""
        customer = _get_customer(request.user, pk)
        for panel in customer_panels():
            if panel.slug == slug and panel.is_available_to(request.user):
                context = {"panel": panel, **panel.context(request, customer)}
                return render(request, panel.template, context)
        raise Http404


def _get_customer(user: User, pk: int) -> Customer:
    customers = Customer.objects.visible_to(user)
    return get_object_or_404(
        customers.select_related("grade", "industry", "source", "category", "owner", "unit"),
        pk=pk,
    )


def _visible_parent(user: User, customer: Customer) -> Customer | None:
    """Return the parent group; None if the user may not see it."""
    if customer.parent_id is None:
        return None
    return Customer.objects.visible_to(user).filter(pk=customer.parent_id).first()
