"""Editing one field of the selected rows of a list."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from common.errors import RefusedError
from core.fields.declarations import FieldDeclaration, fields_by_name
from core.fields.reference import Reference
from core.listing.bulk_edit import find_edit, request_edit
from core.listing.page import shown_list
from core.listing.row_selection import ALL_MATCHING, IDS, RowSelection, read_selection
from core.models import Job
from core.models.job import JobState
from core.pages import AuthedRequest, Page
from core.record_form import RecordForm

CONFIRMED = "confirmed"  # the parameter that the page's own form sends


class BulkEditForm(RecordForm):
    """The field that is edited and, if the edit asks for it, the reason."""

    def __init__(
        self, user: User, field: FieldDeclaration, *, asks_reason: bool, data: Any = None
    ) -> None:
        super().__init__(user, [field], data=data)
        # A blank choice that says what it means, such as the public pool, can be chosen.
        is_named = isinstance(field.kind, Reference) and isinstance(field.kind.empty_label, Promise)
        self.fields[field.name].required = not is_named
        if asks_reason:
            self.fields["reason"] = forms.CharField(label=gettext_lazy("reason"), max_length=200)


class ListEdit(Page):
    """Asks for the value of a field of the selected rows, and sets it.

    The address has the query, as that of the list's page has; the form has the selection.
    """

    permission = None  # those of the list and of the edit are checked
    http_method_names = ["post"]

    def post(self, request: AuthedRequest, name: str, field: str) -> HttpResponse:
        """Show the form, or set the value; 404 for a field that the list cannot edit."""
        shown = shown_list(request, name)
        declaration = shown.declaration
        try:
            edit = find_edit(declaration, field)
        except RefusedError as error:
            raise Http404 from error
        if not request.user.may(edit.permission):
            raise PermissionDenied(edit.permission.value)
        selection = read_selection(request.POST, shown.full_query)
        if selection is None:
            messages.warning(request, _("Select rows first."))
            return redirect(shown.current_url)
        declared = fields_by_name(shown.user_list.fields)[field]
        is_confirmed = CONFIRMED in request.POST
        form = BulkEditForm(
            request.user,
            declared,
            asks_reason=edit.asks_reason,
            data=request.POST if is_confirmed else None,
        )
        if is_confirmed and form.is_valid():
            job = request_edit(
                declaration=declaration,
                field_name=field,
                selection=selection,
                value=form.cleaned_data[field] or None,
                reason=form.cleaned_data.get("reason", ""),
                actor=request.user,
            )
            return self._report(request, job, shown.current_url)
        context = {
            "form": form,
            "list": shown,
            "field_label": declared.label,
            "count": selection.rows(shown.user_list).count(),
            "selection_parameters": _parameters(selection),
            "list_url": shown.current_url,
        }
        return render(
            request, "core/listing/edit.html", context, status=422 if is_confirmed else 200
        )

    def _report(self, request: AuthedRequest, job: Job, list_url: str) -> HttpResponse:
        """Redirect to the list if all is done, otherwise to the job."""
        if job.state != JobState.DONE or job.rows_refused:
            return redirect("job", job.pk)
        text = ngettext("%(count)s row changed.", "%(count)s rows changed.", job.rows_done)
        message = text % {"count": number_format(job.rows_done, force_grouping=True)}
        # The message links to the job, which can be undone.
        messages.success(request, message, extra_tags=reverse("job", args=[job.pk]))
        return redirect(list_url)


def _parameters(selection: RowSelection) -> list[tuple[str, Any]]:
    """Return the parameters by which a form sends the selection again."""
    if not selection.ids:
        return [(ALL_MATCHING, 1)]
    return [(IDS, pk) for pk in selection.ids]
