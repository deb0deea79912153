"""Pages to create and edit a customer, and the search for its parent group.

If another user has saved the customer since the form was loaded, nothing is saved: the page shows
what the other user changed, and a form that merges both users' changes.
"""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from common.errors import StaleError
from core.fields.forms import MAX_BIGINT_DIGITS
from core.listing.query import MAX_SEARCH_LENGTH
from core.pages import AuthedRequest, Page
from core.record_form import Conflict, merge_conflict
from crm.forms import CustomerForm
from crm.models import Customer
from crm.selectors.choices import search_customers
from crm.services.customer import create_customer, update_customer


class CustomerNew(Page):
    """The page to create a customer."""

    permission = Permission.CUSTOMER_EDIT

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the empty form."""
        return _form_page(request, CustomerForm(request.user))

    def post(self, request: AuthedRequest) -> HttpResponse:
        """Create the customer, or show the form with its errors."""
        form = CustomerForm(request.user, data=request.POST)
        if form.is_valid():
            try:
                customer = create_customer(actor=request.user, **form.values())
            except ValidationError as error:
                form.add_service_errors(error)
            else:
                messages.success(request, _("%(name)s was created.") % {"name": customer.name})
                return redirect("customer", pk=customer.pk)
        return _form_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


class CustomerEdit(Page):
    """The page to edit a customer."""

    permission = Permission.CUSTOMER_EDIT

    def get(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Show the form of the customer."""
        return _form_page(
            request, CustomerForm(request.user, customer=_get_customer(request.user, pk))
        )

    def post(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Save the changes, or show the form with its errors (422) or as a conflict (409)."""
        customer = _get_customer(request.user, pk)
        if request.POST.get("version") != str(customer.version):
            return _conflict_page(request, customer)
        form = CustomerForm(request.user, customer=customer, data=request.POST)
        if form.is_valid():
            try:
                return self._save(request, customer, form)
            except StaleError:
                return _conflict_page(request, _get_customer(request.user, pk))
            except ValidationError as error:
                form.add_service_errors(error)
        return _form_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)

    def _save(self, request: AuthedRequest, customer: Customer, form: CustomerForm) -> HttpResponse:
        """Save the changes and redirect to the customer.

        The redirect is to the list if the changes have hidden the customer from the user. Raises
        StaleError or ValidationError; see ``update_customer``.
        """
        saved = update_customer(
            customer_id=customer.pk,
            actor=request.user,
            version=customer.version,
            reason=form.cleaned_data["reason"],
            **form.values(),
        )
        messages.success(request, _("Saved"))
        if Customer.objects.visible_to(request.user).filter(pk=saved.pk).exists():
            return redirect("customer", pk=saved.pk)
        return redirect("customers")


class CustomerOptions(Page):
    """The search of pickers: ``[{"value": id, "text": name, "code": code}, …]``.

    The parameter ``q`` is the search text, ``without`` the id of a customer to leave out.
    """

    permission = Permission.CUSTOMER_VIEW

    def get(self, request: AuthedRequest) -> JsonResponse:
        """Return the first matching customers that the user sees."""
        excluded = request.GET.get("without", "")
        is_id = excluded.isdecimal() and len(excluded) <= MAX_BIGINT_DIGITS
        customers = search_customers(
            request.user,
            request.GET.get("q", "").replace("\0", "")[:MAX_SEARCH_LENGTH],
            exclude_id=int(excluded) if is_id else None,
        )
        options = [
            {"value": customer.pk, "text": customer.name, "code": customer.code}
            for customer in customers
        ]
        return JsonResponse(options, safe=False)


def _get_customer(user: User, pk: int) -> Customer:
    return get_object_or_404(Customer.objects.visible_to(user).select_related("grade"), pk=pk)


def _form_page(
    request: AuthedRequest,
    form: CustomerForm,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    conflict: Conflict | None = None,
) -> HttpResponse:
    context = {"form": form, "customer": form.record, "conflict": conflict}
    return render(request, "crm/customer_form.html", context, status=status)


def _conflict_page(request: AuthedRequest, customer: Customer) -> HttpResponse:
    """Show the user's changes and those saved meanwhile, above a form that merges both."""

    def make_form(record: Any, data: Any) -> CustomerForm:
        return CustomerForm(request.user, customer=record, data=data)

    form, conflict = merge_conflict(make_form, customer, request.POST)
    return _form_page(request, form, status=HTTPStatus.CONFLICT, conflict=conflict)
