"""Reading an upload: its size is limited while it arrives."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

FILE_FIELD = "file"  # name of the field of forms and of the API


class SizeLimitHandler(FileUploadHandler):
    """Drops the rest of an upload whose files together exceed ``max_bytes``.

    The rest is read from the network, so that the browser gets the response, but stored nowhere.
    """

    def __init__(self, request: HttpRequest, max_bytes: int) -> None:
        super().__init__(request)
        self.max_bytes = max_bytes
        self.bytes_received = 0

    @property
    def is_exceeded(self) -> bool:
        """Whether the upload was larger than allowed."""
        return self.bytes_received > self.max_bytes

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the data on to the next handler; raise SkipFile once the limit is exceeded."""
        self.bytes_received += len(raw_data)
        if self.is_exceeded:
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handlers."""


def limit_upload(request: HttpRequest, max_bytes: int | None = None) -> None:
    """Limit the size of the upload; call it before anything reads the body of the request.

    Without ``max_bytes`` the limit is ``settings.FILE_MAX_BYTES``.
    """
    limit = settings.FILE_MAX_BYTES if max_bytes is None else max_bytes
    request.upload_handlers = [SizeLimitHandler(request, limit), *request.upload_handlers]


def submitted_file(request: Any) -> "UploadedFile[Any]":
    """Return the file that a request sends in the field FILE_FIELD.

    ``request`` may be REST framework's, too. Raises ValidationError if there is none, or if
    ``limit_upload`` has dropped a part of the upload.
    """
    file = request.FILES.get(FILE_FIELD)
    for handler in request.upload_handlers:
        if isinstance(handler, SizeLimitHandler) and handler.is_exceeded:
            raise too_large_error(handler.max_bytes)
    if not isinstance(file, UploadedFile):
        raise ValidationError({FILE_FIELD: _("Choose a file.")})
    return file


def too_large_error(max_bytes: int) -> ValidationError:
    """Return the error for a file that is larger than ``max_bytes``."""
    limit = filesizeformat(max_bytes)
    message = _("The file is too large: at most %(limit)s.") % {"limit": limit}
    return ValidationError({FILE_FIELD: message})
