"""Pages of one interaction: read, log, edit and delete it, and the form of the customer page."""

import json
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from common.errors import StaleError
from core.history import latest_changes
from core.pages import AuthedRequest, Page
from core.record_form import Conflict, merge_conflict
from core.selectors import files_panel
from crm.composition import customer_panels
from crm.fields import INTERACTION
from crm.files import INTERACTION_FILES
from crm.forms import InteractionForm
from crm.models import Customer, Interaction
from crm.selectors.choices import visible_customer
from crm.services.interaction import (
    delete_interaction,
    log_interaction,
    may_change,
    update_interaction,
)

MAX_CHANGES = 20
PANEL = "interactions"  # slug of the panel of the customer page that has the form
# Fields that the page of an interaction shows in a place of their own.
FIELDS_SHOWN_ELSEWHERE = frozenset({"customer", "content", "outcome"})


class InteractionPage(Page):
    """The page of one interaction, with its history."""

    permission = Permission.INTERACTION_VIEW

    def get(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Show the interaction."""
        interaction = _get_interaction(request.user, pk)
        fields = INTERACTION.all_fields()
        context = {
            "interaction": interaction,
            "customer": interaction.customer,
            "facts": [
                (field.list_label, field.text_of(interaction, request.user))
                for field in fields
                if field.name not in FIELDS_SHOWN_ELSEWHERE
            ],
            "changes": latest_changes(request.user, interaction, limit=MAX_CHANGES, fields=fields),
            "may_change": may_change(request.user, interaction),
            **files_panel(request.user, INTERACTION_FILES, interaction.pk),
        }
        return render(request, "crm/interaction_page.html", context)


class InteractionNew(Page):
    """The page to log an interaction. The parameter ``customer`` (an id) presets its customer."""

    permission = Permission.INTERACTION_LOG

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the empty form; 404 for a customer the user may not see."""
        customer_id = request.GET.get("customer", "")
        customer = visible_customer(request.user, customer_id)
        if customer_id and customer is None:
            raise Http404
        return _form_page(request, InteractionForm(request.user, preset=customer))

    def post(self, request: AuthedRequest) -> HttpResponse:
        """Log the interaction and go to its customer, or show the form with its errors (422)."""
        form = InteractionForm(request.user, data=request.POST)
        interaction = _log(request, form)
        if interaction is None:
            return _form_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        messages.success(request, _("Interaction logged"))
        return redirect("customer", pk=interaction.customer_id)


class CustomerInteractionLog(Page):
    """The form in the panel of the customer page. The answer to htmx is the panel."""

    permission = Permission.INTERACTION_VIEW
    write_permission = Permission.INTERACTION_LOG
    http_method_names = ["post"]

    def post(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Log an interaction of the customer, or show the form with its errors (422)."""
        customer = get_object_or_404(Customer.objects.visible_to(request.user), pk=pk)
        form = InteractionForm(request.user, customer=customer, data=request.POST)
        interaction = _log(request, form, customer=customer)
        panel = next(panel for panel in customer_panels() if panel.slug == PANEL)
        context = {"panel": panel, **panel.context(request, customer)}
        if interaction is None:
            context["form"] = form
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return render(request, panel.template, context, status=status)
        if not request.htmx:  # a browser without scripts
            return redirect("customer", pk=pk)
        response = render(request, panel.template, context)
        notice = {"text": _("Interaction logged"), "tone": "good"}
        response["HX-Trigger"] = json.dumps({"notice": notice})
        return response


class InteractionEdit(Page):
    """The page to edit an interaction."""

    permission = Permission.INTERACTION_LOG

    def get(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Show the form of the interaction."""
        interaction = _get_editable(request.user, pk)
        return _form_page(request, InteractionForm(request.user, interaction=interaction))

    def post(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Save the changes, or show the form with its errors (422) or as a conflict (409)."""
        interaction = _get_editable(request.user, pk)
        if request.POST.get("version") != str(interaction.version):
            return _conflict_page(request, interaction)
        form = InteractionForm(request.user, interaction=interaction, data=request.POST)
        if form.is_valid():
            try:
                update_interaction(
                    interaction_id=pk,
                    actor=request.user,
                    version=interaction.version,
                    **form.values(),
                )
            except StaleError:
                return _conflict_page(request, _get_interaction(request.user, pk))
            except ValidationError as error:
                form.add_service_errors(error)
            else:
                messages.success(request, _("Saved"))
                return redirect("interaction", pk=pk)
        return _form_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


class InteractionDelete(Page):
    """The button that deletes an interaction."""

    permission = Permission.INTERACTION_LOG
    http_method_names = ["post"]

    def post(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Delete the interaction and go to its customer; go back to it if it has changed."""
        interaction = _get_editable(request.user, pk)
        is_current = request.POST.get("version", "") == str(interaction.version)
        try:
            if is_current:
                delete_interaction(
                    interaction_id=pk, actor=request.user, version=interaction.version
                )
        except StaleError:
            is_current = False
        if not is_current:
            text = _("Somebody changed this meanwhile. Look at it again before you delete it.")
            messages.warning(request, text)
            return redirect("interaction", pk=pk)
        messages.success(request, _("Interaction deleted"))
        return redirect("customer", pk=interaction.customer_id)


def _get_interaction(user: User, pk: int) -> Interaction:
    interactions = Interaction.objects.visible_to(user).select_related("customer", "user")
    return get_object_or_404(interactions, pk=pk)


def _get_editable(user: User, pk: int) -> Interaction:
    """Return the interaction; raise PermissionDenied if the user may not change it."""
    interaction = _get_interaction(user, pk)
    if not may_change(user, interaction):
        raise PermissionDenied(Permission.INTERACTION_MANAGE.value)
    return interaction


def _log(request: AuthedRequest, form: InteractionForm, **values: Any) -> Interaction | None:
    """Log what the form holds; if that is refused, add the errors to the form and return None."""
    if not form.is_valid():
        return None
    try:
        return log_interaction(actor=request.user, **form.values(), **values)
    except ValidationError as error:
        form.add_service_errors(error)
    return None


def _form_page(
    request: AuthedRequest,
    form: InteractionForm,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    conflict: Conflict | None = None,
) -> HttpResponse:
    context = {"form": form, "interaction": form.record, "conflict": conflict}
    return render(request, "crm/interaction_form.html", context, status=status)


def _conflict_page(request: AuthedRequest, interaction: Interaction) -> HttpResponse:
    """Show the user's changes and those saved meanwhile, above a form that merges both."""

    def make_form(record: Any, data: Any) -> InteractionForm:
        return InteractionForm(request.user, interaction=record, data=data)

    form, conflict = merge_conflict(make_form, interaction, request.POST)
    return _form_page(request, form, status=HTTPStatus.CONFLICT, conflict=conflict)
