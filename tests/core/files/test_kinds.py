"""What a file is, and what it may be called, does not depend on what it claims to be."""

import zipfile
from io import BytesIO

import pytest

from core.files.kinds import (
    CONTENT_TYPES,
    HEAD_BYTES,
    INLINE_KINDS,
    TAIL_BYTES,
    FileKind,
    is_program,
    kind_of,
)
from core.files.names import MAX_NAME_LENGTH, clean_file_name, is_program_name
from tests.core.files.factories import HTML, PDF, PNG, SVG, TEXT


def _zip_with(*names: str, before: bytes = b"") -> bytes:
    """Return a ZIP file with entries of these names, behind one with the content ``before``."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if before:
            archive.writestr("first.bin", before)
        for name in names:
            archive.writestr(name, "content")
    return buffer.getvalue()


def _open_document() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, FileKind.PNG),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", FileKind.JPEG),
        (b"GIF89a\x01\x00", FileKind.GIF),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", FileKind.WEBP),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", FileKind.OTHER),
        (PDF, FileKind.PDF),
        (_zip_with("word/document.xml"), FileKind.DOCX),
        (_zip_with("xl/workbook.xml"), FileKind.XLSX),
        (_zip_with("ppt/presentation.xml"), FileKind.PPTX),
        (_zip_with("xl/workbook.xml", before=b"\0" * 200_000), FileKind.XLSX),
        (_open_document(), FileKind.OPEN_DOCUMENT),
        (_zip_with("notes.txt"), FileKind.ZIP),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", FileKind.OLE),
        (TEXT, FileKind.TEXT),
        ("客户名称,金额\n华天,5\n".encode("gb18030"), FileKind.TEXT),
        ("客户".encode("utf-16"), FileKind.TEXT),
        (("客" * HEAD_BYTES).encode(), FileKind.TEXT),  # the head ends inside a character
        (HTML, FileKind.MARKUP),
        (SVG, FileKind.MARKUP),
        (b"\xef\xbb\xbf \n<html>", FileKind.MARKUP),
        (b"\x00\x01\x02", FileKind.OTHER),
    ],
)
def test_kind_is_found_from_the_content(content: bytes, kind: FileKind) -> None:
    assert kind_of(content[:HEAD_BYTES], content[-TAIL_BYTES:]) == kind


@pytest.mark.parametrize("signature", [b"%PDF-1.7", PNG, b"GIF89a", b"\xff\xd8\xff"])
def test_signature_behind_other_content_does_not_count(signature: bytes) -> None:
    assert kind_of(HTML + signature, HTML + signature) not in INLINE_KINDS
    assert kind_of(b" " + signature, b" " + signature) not in INLINE_KINDS


def test_no_inline_kind_is_sent_as_something_a_browser_runs() -> None:
    assert {CONTENT_TYPES[kind] for kind in INLINE_KINDS} == {
        "image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"MZ\x90\x00\x03\x00", True),
        (b"\x7fELF\x02\x01", True),
        (b"\xcf\xfa\xed\xfe\x07", True),
        (b"\xca\xfe\xba\xbe\x00", True),
        (b"MZ is the ending of Mozambique's lorries.", False),
        (TEXT, False),
    ],
)
def test_programs_are_recognised_by_their_content(content: bytes, expected: bool) -> None:
    assert is_program(content) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("合同 2026.pdf", "合同 2026.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("C:\\Users\\王芳\\报价.xlsx", "报价.xlsx"),
        ("a\r\nSet-Cookie: x=1.png", "aSet-Cookie_ x=1.png"),
        ("a\x00b.png", "ab.png"),
        ("invoice_\u202efdp.exe", "invoice_fdp.exe"),
        ('say "hi"; x=<y>.txt', "say _hi_; x=_y_.txt"),
        ("a.exe. . ", "a.exe"),
        (".htaccess", "htaccess"),
        ("  two   blanks\u3000.txt", "two blanks .txt"),
        ("..", "file"),
        ("", "file"),
        ("/", "file"),
        ("\ud800.txt", "txt"),
        ("e\u0301.txt", "é.txt"),
    ],
)
def test_name_is_cleaned(name: str, expected: str) -> None:
    assert clean_file_name(name) == expected


def test_long_name_keeps_its_ending() -> None:
    assert clean_file_name("长" * 300 + ".pdf") == "长" * (MAX_NAME_LENGTH - 4) + ".pdf"
    assert len(clean_file_name("a." + "b" * 300)) == MAX_NAME_LENGTH


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.exe", True), ("a.PDF.Js", True), ("a.pdf", False), ("exe", False), ("a.exe.pdf", False)],
)
def test_program_is_recognised_by_the_ending_of_its_name(name: str, expected: bool) -> None:
    assert is_program_name(name) is expected
