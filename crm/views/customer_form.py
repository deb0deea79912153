"""Pages to create and edit a customer, and the search for its parent group.

If another user has saved the customer since the form was loaded, nothing is saved: the page shows
what the other user changed, and a form that merges both users' changes.
"""

from dataclasses import dataclass
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
from core.history import Change, latest_changes, state_at
from core.listing.selection import MAX_SEARCH_LENGTH
from core.pages import AuthedRequest, Page
from core.record_form import FieldConflict, merge_changes
from crm.forms import CustomerForm
from crm.models import Customer
from crm.selectors.choices import search_customers
from crm.services.customer import create_customer, update_customer

MAX_INTEGER_DIGITS = 9  # every number with so few digits fits PostgreSQL's integer


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


@dataclass(frozen=True)
class Conflict:
    """The changes that another user saved while the form was open."""

    # Who made the last one and when; None if it changed no field of the user's form.
    last_change: Change | None
    fields: list[FieldConflict]


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
    """Show the user's changes and those saved meanwhile, above a form that merges both.

    The form is based on the current version, so that saving it succeeds.
    """
    current_form = CustomerForm(request.user, customer=customer)
    loaded = _loaded_values(request, customer)
    conflicts, data = merge_changes(current_form, loaded, request.POST)
    fields = current_form.declarations.values()
    last_change = next(iter(latest_changes(request.user, customer, limit=1, fields=fields)), None)
    return _form_page(
        request,
        CustomerForm(request.user, customer=customer, data=data),
        status=HTTPStatus.CONFLICT,
        conflict=Conflict(last_change=last_change, fields=conflicts),
    )


def _loaded_values(request: AuthedRequest, customer: Customer) -> dict[str, Any]:
    """Return the values that the submitted form was loaded with, by name of the field.

    They come from the history, by the version in the form; empty if there is no such version.
    """
    version = request.POST.get("version", "")
    is_number = version.isascii() and version.isdecimal() and len(version) <= MAX_INTEGER_DIGITS
    state = state_at(customer, int(version)) if is_number else None
    if state is None:
        return {}
    return dict(CustomerForm(request.user, customer=state).initial)
