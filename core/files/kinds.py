"""The kind of a file, found from its content and never from its name or the browser's claim.

Only the kinds of ``INLINE_KINDS`` may be shown in the browser. Their signatures must be at the very
beginning of the file. Every other file is a download, so a wrong guess among the other kinds only
shows a wrong label. No library is used: those that do this have had no release for more than a year
(docs/adr/0019).
"""

import codecs
from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

HEAD_BYTES = 8 * 1024  # of the beginning of a file that ``kind_of`` needs
TAIL_BYTES = 64 * 1024  # of its end, where a ZIP file lists what it contains


class FileKind(models.TextChoices):
    """What a file is. Attachments store the values, so a value never changes."""

    PNG = "png", _("PNG picture")
    JPEG = "jpeg", _("JPEG picture")
    GIF = "gif", _("GIF picture")
    WEBP = "webp", _("WebP picture")
    PDF = "pdf", _("PDF document")
    DOCX = "docx", _("Word document")
    XLSX = "xlsx", _("Excel workbook")
    PPTX = "pptx", _("PowerPoint presentation")
    OPEN_DOCUMENT = "odf", _("OpenDocument file")
    OLE = "ole", _("Office file (97–2003)")
    ZIP = "zip", _("ZIP archive")
    MARKUP = "markup", _("Web page or XML")
    TEXT = "text", _("Text")
    OTHER = "other", _("Other file")


INLINE_KINDS = frozenset({FileKind.PNG, FileKind.JPEG, FileKind.GIF, FileKind.WEBP, FileKind.PDF})
OCTET_STREAM = "application/octet-stream"
_OPEN_XML = "application/vnd.openxmlformats-officedocument"
# The types of the responses. Kinds that are missing, markup among them, are octet streams.
CONTENT_TYPES: Mapping[str, str] = {
    FileKind.PNG: "image/png",
    FileKind.JPEG: "image/jpeg",
    FileKind.GIF: "image/gif",
    FileKind.WEBP: "image/webp",
    FileKind.PDF: "application/pdf",
    FileKind.DOCX: f"{_OPEN_XML}.wordprocessingml.document",
    FileKind.XLSX: f"{_OPEN_XML}.spreadsheetml.sheet",
    FileKind.PPTX: f"{_OPEN_XML}.presentationml.presentation",
    FileKind.ZIP: "application/zip",
    FileKind.TEXT: "text/plain",
}
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"GIF87a", FileKind.GIF),
    (b"GIF89a", FileKind.GIF),
    (b"%PDF-", FileKind.PDF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind.OLE),
)
_ZIP_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
_OPEN_DOCUMENT_ENTRY = b"mimetypeapplication/vnd.oasis.opendocument"  # at byte 30 of the ZIP file
# An entry of the ZIP file that only this kind has.
_OPEN_XML_ENTRIES = (
    (b"word/document.xml", FileKind.DOCX),
    (b"xl/workbook.", FileKind.XLSX),
    (b"ppt/presentation.xml", FileKind.PPTX),
)
_PROGRAM_SIGNATURES = (
    b"\x7fELF",  # Linux
    b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe",  # macOS
    b"\xca\xfe\xba\xbe",  # macOS with several architectures, Java
)  # fmt: skip
_WINDOWS_PROGRAM = b"MZ"  # two letters, which a text may begin with too
_TEXT_ENCODINGS = ("utf-8", "gb18030")
_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROL_BYTES = frozenset(range(32)) - frozenset(b"\t\n\r\f") | {127}


def kind_of(head: bytes, tail: bytes) -> FileKind:
    """Return the kind of a file with the first HEAD_BYTES and the last TAIL_BYTES of its content.

    Both are the whole content of a shorter file.
    """
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return kind
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return FileKind.WEBP
    if head.startswith(_ZIP_SIGNATURES):
        return _kind_of_zip(head, tail)
    if _is_text(head):
        is_markup = head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<")
        return FileKind.MARKUP if is_markup else FileKind.TEXT
    return FileKind.OTHER


def is_program(head: bytes) -> bool:
    """Return whether the content begins like a program for Windows, Linux, macOS or Java."""
    is_windows_program = head.startswith(_WINDOWS_PROGRAM) and not _is_text(head)
    return is_windows_program or head.startswith(_PROGRAM_SIGNATURES)


def _kind_of_zip(head: bytes, tail: bytes) -> FileKind:
    if head[30:].startswith(_OPEN_DOCUMENT_ENTRY):
        return FileKind.OPEN_DOCUMENT
    for entry, kind in _OPEN_XML_ENTRIES:
        if entry in tail or entry in head:
            return kind
    return FileKind.ZIP


def _is_text(head: bytes) -> bool:
    if head.startswith(_BYTE_ORDER_MARKS):
        return True
    return not _CONTROL_BYTES.intersection(head) and any(
        _can_decode(head, encoding) for encoding in _TEXT_ENCODINGS
    )


def _can_decode(head: bytes, encoding: str) -> bool:
    try:
        # The head may end inside a character, which an incremental decoder accepts.
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True
