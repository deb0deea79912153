"""One complaint: what happened, what was done, and the next step."""

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
    """Something one can do with a complaint: its form, its service, and what is said when done."""

    form: type[forms.Form]
    words: str
    service: Callable[..., Complaint]
    done: Promise


STEPS = {
    "comment": Step(CommentForm, "text", comment_on_complaint, gettext_lazy("Comment added")),
    "close": Step(CloseForm, "resolution", close_complaint, gettext_lazy("Complaint closed")),
    "reopen": Step(ReopenForm, "reason", reopen_complaint, gettext_lazy("Complaint reopened")),
}


class ComplaintPage(Page):
    """Show a complaint; take a comment, its closing or its reopening."""

    permission = Permission.COMPLAINT_VIEW
    write_permission = Permission.COMPLAINT_WORK

    def get(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Show it."""
        return _page(request, pk)

    def post(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Take the step named ``do``; when it cannot be taken, keep what was typed."""
        name = request.POST.get("do", "")
        if name not in STEPS:
            raise BadRequest(name)
        step = STEPS[name]
        form = step.form(request.POST)
        status = _take(step, form, request=request, pk=pk)
        if status == HTTPStatus.OK:
            messages.success(request, str(step.done))
            return redirect("complaint", pk=pk)
        return _page(request, pk, tried=(name, form), status=status)


def _take(step: Step, form: forms.Form, *, request: AuthedRequest, pk: int) -> HTTPStatus:
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


def _page(
    request: AuthedRequest,
    pk: int,
    *,
    tried: tuple[str, forms.Form] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    complaints = complaints_with_names(request.user).select_related("opened_by", "closed_by")
    complaint = get_object_or_404(complaints, pk=pk)
    context = {
        "complaint": complaint,
        "entries": timeline(request.user, complaint),
        "may_work": request.user.may(Permission.COMPLAINT_WORK),
        "forms": _forms(complaint, tried),
    }
    return render(request, "satisfaction/complaint_page.html", context, status=status)


def _forms(complaint: Complaint, tried: tuple[str, forms.Form] | None) -> dict[str, forms.Form]:
    """Return the forms of the steps this state allows, the one just tried with its errors.

    Where somebody was faster and the step is gone, its words are offered as a comment.
    """
    names = ("comment", "close" if complaint.is_open else "reopen")
    offered = {name: STEPS[name].form() for name in names}
    if tried is not None:
        name, form = tried
        if name in offered:
            offered[name] = form
        else:
            comment = CommentForm({"text": form.data.get(STEPS[name].words, "")})
            for message in form.non_field_errors():
                comment.add_error(None, message)
            offered["comment"] = comment
    return offered
