"""Pages of imports: one for each kind, with a form for the file and the latest imports."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from accounts.permissions import Permission
from core.files.names import clean_file_name
from core.files.uploads import limit_upload, submitted_file
from core.jobs.declarations import JobKind
from core.jobs.files import new_file, path_of
from core.models import Job
from core.models.job import JobState
from core.pages import AuthedRequest, Page
from core.services.job import request_job
from crm.forms import (
    CustomerImportForm,
    ImportForm,
    InteractionImportForm,
    TransactionImportForm,
)
from crm.jobs import CUSTOMER_IMPORT, INTERACTION_IMPORT, TRANSACTION_IMPORT

SHOWN_JOBS = 10


class ImportPage(Page):
    """A kind of import: the form, what a file may contain, and the latest imports."""

    permission: ClassVar[Permission]
    kind: ClassVar[JobKind]
    form_class: ClassVar[type[ImportForm]]

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Show the form."""
        return self._render(request, self.form_class(request.user))

    def post(self, request: AuthedRequest) -> HttpResponseBase:
        """Queue the import of the file, or of the file of an earlier dry run.

        The size is limited while the upload arrives, so nothing may read the body before: the view
        is exempt from the check of the CSRF token by the middleware, and ``_import`` has its own.
        """
        limit_upload(request, settings.API_BULK_MAX_BYTES)
        return self._import(request)

    @method_decorator(csrf_protect)
    def _import(self, request: AuthedRequest) -> HttpResponse:
        if "job" in request.POST:
            return self._import_checked_file(request)
        form = self.form_class(request.user, data=request.POST)
        try:
            file = submitted_file(request)
        except ValidationError as error:
            form.add_error(None, error.messages)
        if not form.is_valid():
            return self._render(request, form, status=422)
        parameters = form.parameters | {
            "file": _store(file),
            "file_name": clean_file_name(file.name or ""),
        }
        return self._request(request, parameters)

    def _import_checked_file(self, request: AuthedRequest) -> HttpResponse:
        number = request.POST["job"]
        jobs = Job.objects.visible_to(request.user).filter(
            actor=request.user, kind=self.kind.name, state=JobState.DONE
        )
        job = get_object_or_404(jobs, pk=number if number.isdecimal() else 0)
        if not (job.parameters["dry_run"] and path_of(job.parameters["file"]).exists()):
            raise Http404
        return self._request(request, job.parameters | {"dry_run": False})

    def _request(self, request: AuthedRequest, parameters: Mapping[str, Any]) -> HttpResponse:
        job = request_job(kind=self.kind, parameters=parameters, actor=request.user)
        return redirect("job", job.pk)

    def _render(self, request: AuthedRequest, form: ImportForm, status: int = 200) -> HttpResponse:
        jobs = Job.objects.visible_to(request.user).filter(kind=self.kind.name)
        context = {
            "form": form,
            "kind": self.kind,
            "jobs": jobs.select_related("actor")[:SHOWN_JOBS],
            "tabs": [
                (page.kind.label, page.kind.url_name, page is type(self))
                for page in IMPORT_PAGES
                if request.user.may(page.permission)
            ],
        }
        return render(request, "crm/imports.html", context, status=status)


class CustomerImport(ImportPage):
    """Import of customers."""

    permission = write_permission = Permission.CUSTOMER_IMPORT
    kind = CUSTOMER_IMPORT
    form_class = CustomerImportForm


class InteractionImport(ImportPage):
    """Import of interactions."""

    permission = write_permission = Permission.INTERACTION_IMPORT
    kind = INTERACTION_IMPORT
    form_class = InteractionImportForm


class TransactionImport(ImportPage):
    """Import of transactions."""

    permission = write_permission = Permission.TRANSACTION_IMPORT
    kind = TRANSACTION_IMPORT
    form_class = TransactionImportForm


IMPORT_PAGES = (CustomerImport, InteractionImport, TransactionImport)


def import_urls() -> list[URLPattern]:
    """Return the URLs of the pages, which check the CSRF token themselves (``ImportPage.post``)."""
    return [
        path(
            f"imports/{page.kind.url_name.removeprefix('import_')}/",
            csrf_exempt(page.as_view()),
            name=page.kind.url_name,
        )
        for page in IMPORT_PAGES
    ]


class Imports(Page):
    """Redirects to the first kind of import that the user may do."""

    permission = None

    def get(self, request: AuthedRequest) -> HttpResponse:
        """Redirect; 403 for users who may not import anything."""
        for page in IMPORT_PAGES:
            if request.user.may(page.permission):
                return redirect(page.kind.url_name)
        raise PermissionDenied(Permission.CUSTOMER_IMPORT.value)


def _store(file: "UploadedFile[Any]") -> str:
    """Write an upload to a file of its own and return the stored name."""
    name, path = new_file("upload")
    with path.open("wb") as target:
        for chunk in file.chunks():
            target.write(chunk)
    return name
