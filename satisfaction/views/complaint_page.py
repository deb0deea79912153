"""The page of one complaint: its description, its timeline, and a form for each possible action."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.permissions import Permission
from common.errors import RefusedError, StaleError
from core.pages import AuthedRequest, Page
from core.selectors import files_panel
from satisfaction.files import COMPLAINT_FILES
from satisfaction.forms.complaint import CloseForm, CommentForm, ReopenForm
from satisfaction.models import Complaint
from satisfaction.selectors import complaints_with_names, timeline
from satisfaction.services.complaint import (
    close_complaint,
    comment_on_complaint,
    reopen_complaint,
)


@dataclass(frozen=True)
class ComplaintAction:
    """What a user can do on the page of a complaint."""

    form: type[forms.Form]
    text_field_name: str  # of the form
    # Is called with complaint_id, actor, and the cleaned data of the form as keyword arguments.
    service: Callable[..., Complaint]
    success_message: Promise


# The keys are values of the POST parameter "action", and names of the forms in the template.
ACTIONS = {
    "comment": ComplaintAction(
        CommentForm, "text", comment_on_complaint, gettext_lazy("Comment added")
    ),
    "close": ComplaintAction(
        CloseForm, "resolution", close_complaint, gettext_lazy("Complaint closed")
    ),
    "reopen": ComplaintAction(
        ReopenForm, "reason", reopen_complaint, gettext_lazy("Complaint reopened")
    ),
}


class ComplaintPage(Page):
    """Show a complaint; comment on it, close it or reopen it."""

    permission = Permission.COMPLAINT_VIEW
    write_permission = Permission.COMPLAINT_WORK

    def get(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Show the complaint."""
        return _render_page(request, pk)

    def post(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Do the action named by the parameter ``action``, and redirect to the complaint.

        A refused action shows the page again, with the errors in its form (422 for invalid input,
        409 if the complaint has changed meanwhile); an unknown name answers 400.
        """
        name = request.POST.get("action", "")
        if name not in ACTIONS:
            raise BadRequest(name)
        action = ACTIONS[name]
        form = action.form(request.POST)
        status = _submit_action(action, form, request=request, pk=pk)
        if status == HTTPStatus.OK:
            messages.success(request, str(action.success_message))
            return redirect("complaint", pk=pk)
        return _render_page(request, pk, submitted=(name, form), status=status)


def _submit_action(
    action: ComplaintAction, form: forms.Form, *, request: AuthedRequest, pk: int
) -> HTTPStatus:
    """Call the action's service, and return the status of the response.

    OK: the action is done. Any other status: it is refused, and the form has the errors.
    """
    if not form.is_valid():
        return HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        action.service(complaint_id=pk, actor=request.user, **form.cleaned_data)
    except Complaint.DoesNotExist as error:
        raise Http404 from error
    except ValidationError as error:
        form.add_error(None, error)
        return HTTPStatus.UNPROCESSABLE_ENTITY
    except RefusedError as error:
        form.add_error(None, error.message)
        return HTTPStatus.CONFLICT
    except StaleError:
        form.add_error(None, _("Something happened here meanwhile. Read it, then send this again."))
        return HTTPStatus.CONFLICT
    return HTTPStatus.OK


def _render_page(
    request: AuthedRequest,
    pk: int,
    *,
    submitted: tuple[str, forms.Form] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    """Render the page; raise Http404 for a complaint the user may not see."""
    complaints = complaints_with_names(request.user).select_related("opened_by", "closed_by")
    complaint = get_object_or_404(complaints, pk=pk)
    context = {
        "complaint": complaint,
        "entries": timeline(request.user, complaint),
        "may_work": request.user.may(Permission.COMPLAINT_WORK),
        "forms": _available_forms(complaint, submitted),
        **files_panel(request.user, COMPLAINT_FILES, complaint.pk),
    }
    return render(request, "satisfaction/complaint_page.html", context, status=status)


def _available_forms(
    complaint: Complaint, submitted: tuple[str, forms.Form] | None
) -> dict[str, forms.Form]:
    """Return a form for each action that the complaint's state allows, by the action's name.

    ``submitted`` is the name and the form of a refused action; that form is returned in place of an
    empty one. If the state no longer allows the action, because another user was faster, the
    comment form gets its text and errors, so that the text is not lost.
    """
    allowed = ("comment", "close" if complaint.is_open else "reopen")
    available = {name: ACTIONS[name].form() for name in allowed}
    if submitted is not None:
        name, form = submitted
        if name in available:
            available[name] = form
        else:
            text = form.data.get(ACTIONS[name].text_field_name, "")
            comment_form = CommentForm({"text": text})
            for message in form.non_field_errors():
                comment_form.add_error(None, message)
            available["comment"] = comment_form
    return available
