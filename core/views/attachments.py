"""The pages of the files of a record: list and upload, download, removal.

``file_urls`` makes them for each record type of ``settings.ATTACHMENT_RECORDS``.
"""

import json
from http import HTTPStatus
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from core.files.records import AttachmentRecords
from core.files.responses import file_response
from core.files.uploads import limit_upload, submitted_file
from core.models import Attachment
from core.pages import AuthedRequest, Page
from core.selectors import attachments_of, files_panel
from core.services.attachment import add_attachment, remove_attachment


class FilesPage(Page):
    """The base of the pages of one record type. ``file_urls`` sets records and permissions."""

    records: ClassVar[AttachmentRecords]

    def get_record(self, pk: int) -> Any:
        """Return the record; raise Http404 for one the user may not see."""
        return get_object_or_404(self.records.visible_to(self.request.user), pk=pk)

    def record_url(self, pk: int) -> str:
        """Return the URL of the record's page."""
        return reverse(self.records.url_name, args=[pk])


class RecordFiles(FilesPage):
    """The files of a record, and the form that adds one."""

    def get(self, request: AuthedRequest, pk: int) -> HttpResponse:
        """Show the files."""
        return self._render(pk)

    def post(self, request: AuthedRequest, pk: int) -> HttpResponseBase:
        """Add the submitted file.

        The size is limited while the upload arrives, so nothing may read the body before: the view
        is exempt from the check of the CSRF token by the middleware, and ``_add`` has its own.
        """
        limit_upload(request)
        return self._add(request, pk=pk)

    @method_decorator(csrf_protect)
    def _add(self, request: AuthedRequest, *, pk: int) -> HttpResponse:
        try:
            file = submitted_file(request)
            added = add_attachment(
                records=self.records, record_id=pk, name=file.name or "", content=file,
                actor=request.user,
            )  # fmt: skip
        except ObjectDoesNotExist as error:
            raise Http404 from error
        except ValidationError as error:
            return self._render(pk, errors=error.messages)
        message = _("“%(name)s” was added") % {"name": added.name}
        if not request.htmx:
            messages.success(request, message)
            return redirect(self.record_url(pk))
        response = self._render(pk)
        response["HX-Trigger"] = json.dumps({"notice": {"text": message, "tone": "good"}})
        return response

    def _render(self, pk: int, errors: list[str] | None = None) -> HttpResponse:
        """Render the page, or only the panel for htmx, with the errors of a refused file."""
        record = self.get_record(pk)
        context = files_panel(self.request.user, self.records, pk) | {
            "record": record,
            "record_url": self.record_url(pk),
            "file_errors": errors or [],
        }
        template = "core/files/panel.html" if self.request.htmx else "core/files/page.html"
        status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
        return render(self.request, template, context, status=status)


class RecordFile(FilesPage):
    """The content of a file."""

    def get(self, request: AuthedRequest, pk: int, file_id: int) -> FileResponse:
        """Send the file, to be shown in the browser if its kind is safe, otherwise to be saved."""
        self.get_record(pk)
        attachment = get_object_or_404(attachments_of(request.user, self.records, pk), pk=file_id)
        return file_response(
            attachment.stored_name,
            name=attachment.name,
            content_type=attachment.content_type,
            inline=attachment.may_be_shown_inline,
        )


class RecordFileRemoval(FilesPage):
    """The question whether to remove a file, and its removal."""

    def get(self, request: AuthedRequest, pk: int, file_id: int) -> HttpResponse:
        """Ask, naming the file and its record."""
        attachment = get_object_or_404(attachments_of(request.user, self.records, pk), pk=file_id)
        context = {
            "records": self.records,
            "record": self.get_record(pk),
            "record_url": self.record_url(pk),
            "attachment": attachment,
        }
        return render(request, "core/files/removal.html", context)

    def post(self, request: AuthedRequest, pk: int, file_id: int) -> HttpResponse:
        """Remove the file and return to the record."""
        try:
            removed = remove_attachment(
                records=self.records, record_id=pk, attachment_id=file_id, actor=request.user
            )
        except Attachment.DoesNotExist:
            self.get_record(pk)
            messages.info(request, _("This file is not here any more."))
        except ObjectDoesNotExist as error:
            raise Http404 from error
        else:
            messages.success(request, _("“%(name)s” was removed") % {"name": removed.name})
        return redirect(self.record_url(pk))


def file_urls(file_records: AttachmentRecords) -> list[URLPattern]:
    """Return the URLs of the files of a record type: ``customer_files``, ``customer_file`` …"""

    class Files(RecordFiles):
        records = file_records
        permission = file_records.view_permission
        write_permission = file_records.edit_permission

    class File(RecordFile):
        records = file_records
        permission = file_records.view_permission

    class Removal(RecordFileRemoval):
        records = file_records
        permission = file_records.edit_permission

    name, route = file_records.name, f"{file_records.path}/<int:pk>/files/"
    return [
        path(route, csrf_exempt(Files.as_view()), name=f"{name}_files"),
        path(f"{route}<int:file_id>/", File.as_view(), name=f"{name}_file"),
        path(f"{route}<int:file_id>/remove/", Removal.as_view(), name=f"{name}_file_remove"),
    ]
