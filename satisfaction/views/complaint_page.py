"""The page of one complaint: its description, its timeline, and the forms for the next step."""

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
from satisfaction.forms.complaint import CloseForm, CommentForm, ReopenForm
from satisfaction.models import Complaint
from satisfaction.selectors import complaints_with_names, timeline
from satisfaction.services.complaint import (
    close_complaint,
    comment_on_complaint,
    reopen_complaint,
)


@dataclass(frozen=True)
class Step:
    """A step on a complaint: its form, the form's text field, its service, and the confirmation."""

    form: type[forms.Form]
    text_field_name: str
    service: Callable[..., Complaint]
    success_message: Promise


STEPS = {
    "comment": Step(CommentForm, "text", comment_on_complaint, gettext_lazy("Comment added")),
    "close": Step(CloseForm, "resolution", close_complaint, gettext_lazy("Complaint closed")),
    "reopen": Step(ReopenForm, "reason", reopen_complaint, gettext_lazy("Complaint reopened")),
}


class ComplaintPage(Page):
    """Show a complaint; comment on it, close it or reopen it."""

    permission = Permission.COMPLAINT_VIEW
    write_permission = Permission.COMPLAINT_WORK

    def get(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Show the complaint."""
        return _render_page(request, pk)

    def post(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Do the step named by the parameter ``action``; show the form again when it is refused."""
        action = request.POST.get("action", "")
        if action not in STEPS:
            raise BadRequest(action)
        step = STEPS[action]
        form = step.form(request.POST)
        status = _submit_step(step, form, request=request, pk=pk)
        if status == HTTPStatus.OK:
            messages.success(request, str(step.success_message))
            return redirect("complaint", pk=pk)
        return _render_page(request, pk, submitted=(action, form), status=status)


def _submit_step(step: Step, form: forms.Form, *, request: AuthedRequest, pk: int) -> HTTPStatus:
    """Call the step's service; return the response's status, with errors added to the form."""
    if not form.is_valid():
        return HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        step.service(complaint_id=pk, actor=request.user, **form.cleaned_data)
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
    complaints = complaints_with_names(request.user).select_related("opened_by", "closed_by")
    complaint = get_object_or_404(complaints, pk=pk)
    context = {
        "complaint": complaint,
        "entries": timeline(request.user, complaint),
        "may_work": request.user.may(Permission.COMPLAINT_WORK),
        "forms": _available_forms(complaint, submitted),
    }
    return render(request, "satisfaction/complaint_page.html", context, status=status)


def _available_forms(
    complaint: Complaint, submitted: tuple[str, forms.Form] | None
) -> dict[str, forms.Form]:
    """Return the forms of the possible steps by action, the submitted one with its errors.

    If the state no longer allows the submitted step, because another user was faster, the comment
    form gets its text and errors, so that the text is not lost.
    """
    actions = ("comment", "close" if complaint.is_open else "reopen")
    available = {action: STEPS[action].form() for action in actions}
    if submitted is not None:
        action, form = submitted
        if action in available:
            available[action] = form
        else:
            text = form.data.get(STEPS[action].text_field_name, "")
            comment_form = CommentForm({"text": text})
            for message in form.non_field_errors():
                comment_form.add_error(None, message)
            available["comment"] = comment_form
    return available
