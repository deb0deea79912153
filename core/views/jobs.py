"""Pages of jobs: the list, one job with its progress and result, the ring of the top bar."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from common.errors import RefusedError
from core.job_list import JOB_LIST
from core.jobs.declarations import JobKind
from core.jobs.registry import job_kind_label, job_kinds
from core.jobs.responses import job_file_response
from core.listing.export import ExportFormat, request_export
from core.listing.page import ListPage, ShownList, shown_list
from core.listing.row_selection import RowSelection, read_selection
from core.models import Job
from core.pages import AuthedRequest, Page
from core.selectors import own_active_jobs
from core.services.job import request_cancel, request_undo


class JobList(ListPage):
    """The jobs of the user, or of the users of their part of the company."""

    permission = JOB_LIST.permission
    declaration = JOB_LIST
    empty_template_name = "core/jobs/no_jobs.html"

    def extra_context(self, request: AuthedRequest, shown: ShownList) -> dict[str, Any]:
        """Let the page fetch its rows again while one of them is active."""
        return {"refreshes": any(row.is_active for row, _cells in shown.rows)}


class JobPage(Page):
    """One job. While it is active, htmx polls this view and gets the content only."""

    permission = None

    def get(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Show the job; 404 for one that the user may not see."""
        job = get_object_or_404(Job.objects.visible_to(request.user).select_related("actor"), pk=pk)
        kind = job_kinds().get(job.kind)
        context = {
            "job": job,
            "kind_label": job_kind_label(job.kind),
            "activity": kind.activities.get(job.activity, "") if kind else "",
            "result_template": kind.result_template if kind else "",
            "request_url": reverse(kind.url_name) if kind and kind.url_name else "",
            "is_own": job.actor_id == request.user.pk,
            "keeps_partial_work": kind is not None and kind.count_changed is not None,
            "may_undo": self._may_undo(job, kind, request.user),
            "may_cancel": job.actor_id == request.user.pk
            or request.user.may(Permission.JOB_CANCEL),
        }
        template = "core/jobs/_job.html" if request.htmx else "core/jobs/page.html"
        return render(request, template, context)

    @staticmethod
    def _may_undo(job: Job, kind: JobKind | None, user: User) -> bool:
        """Return whether the job's own actor can take its changes back."""
        has_changes = kind is not None and bool(kind.undone_by) and job.rows_done > 0
        return has_changes and job.actor_id == user.pk and not job.is_active

    def post(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Cancel the job."""
        try:
            request_cancel(job_id=pk, actor=request.user)
        except Job.DoesNotExist as error:
            raise Http404 from error
        return redirect("job", pk)


class JobUndo(Page):
    """Takes back what a job has changed."""

    permission = None
    http_method_names = ["post"]

    def post(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Queue the job that does it and redirect to it; 404 for a job of another user."""
        try:
            job = request_undo(job_id=pk, actor=request.user)
        except Job.DoesNotExist as error:
            raise Http404 from error
        except RefusedError as error:
            messages.error(request, str(error.message))
            return redirect("job", pk)
        return redirect("job", job.pk)


class JobFile(Page):
    """The file that a job has made, for the user who asked for the job."""

    permission = None

    def get(self, request: AuthedRequest, pk: int) -> HttpResponseBase:
        """Send the file; 404 for a job of another user, and for a file that has been deleted."""
        return job_file_response(pk, request.user)


class JobRing(Page):
    """The ring in the top bar that shows the progress of the user's jobs; htmx polls it."""

    permission = None

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the ring; once all jobs have ended, a link to them."""
        context = {"active_jobs": own_active_jobs(request.user), "has_ended": True}
        return render(request, "core/jobs/ring.html", context)


class ListExport(Page):
    """Exports the selected rows, or what a list shows on all its pages.

    The address has the query, as that of the list's page has.
    """

    permission = None  # that of the list is checked

    def post(self, request: AuthedRequest, name: str) -> HttpResponse:
        """Make the file, or queue the job that makes it, and redirect to it."""
        shown = shown_list(request, name)
        file_format = request.POST.get("format", "")
        if file_format not in ExportFormat.values:
            raise Http404
        query = shown.full_query
        try:
            job = request_export(
                declaration=shown.declaration,
                selection=read_selection(request.POST, query) or RowSelection(query),
                file_format=ExportFormat(file_format),
                actor=request.user,
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return redirect(shown.current_url)
        if job.result_file:
            return redirect("job_file", job.pk)
        if job.is_active:
            messages.info(request, _("The file is being made. You may leave this page."))
        return redirect("job", job.pk)
