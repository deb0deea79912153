"""Files for tests: their contents, and attachments made through the service."""

from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model

from accounts.models import User
from core.files.records import attachment_records_of
from core.models import Attachment
from core.services.attachment import add_attachment

PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 10
PDF = b"%PDF-1.7\n" + b"document" * 10
HTML = b"<!doctype html><script>alert(document.cookie)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
TEXT = "第一行\nsecond line\n".encode()


def make_attachment(
    record: Model, *, actor: User, name: str = "合同.pdf", content: bytes = PDF
) -> Attachment:
    """Add a file to a customer or complaint as the actor."""
    records = attachment_records_of(type(record))
    assert records is not None
    return add_attachment(
        records=records, record_id=record.pk, name=name, content=ContentFile(content), actor=actor
    )


def upload(name: str = "合同.pdf", content: bytes = PDF) -> dict[str, Any]:
    """Return the data of a form or API call that uploads a file."""
    return {"file": SimpleUploadedFile(name, content, content_type="image/png")}
