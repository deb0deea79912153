"""Bytes to lines of text: which encoding it is, and where it is not text at all.

UTF-8 and UTF-16 say so with a byte order mark; otherwise the first block that holds anything but
ASCII decides between UTF-8 and GB18030 (of which GBK and GB2312 are parts). What came before was
ASCII and reads the same in both, so one pass over the stream is enough.
"""

import codecs
import io
import re
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from common.files.rows import FileRefusedError, empty_file

MAX_LINE_LENGTH = 1 << 20
ENCODINGS = ("utf-8", "gb18030", "utf-16")

_MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
_CONTROLS = bytes({*range(9), *range(14, 32)} - {0x1B})
_BEYOND_ASCII = re.compile("[^\x00-\x7f\ufffd]")


def lines(blocks: Iterable[bytes], encoding: str = "") -> Iterator[str]:
    """Yield the lines of a text, ends kept, whichever of the three line ends it uses.

    Raises FileRefusedError when the bytes are empty, no text, or not in the encoding.
    """
    rest, number = "", 1
    for text in _decoded(blocks, encoding):
        whole = list(io.StringIO(rest + text, newline=""))
        # The last one may go on in the next block, if only with the second half of its line end.
        rest = whole.pop() if whole else ""
        number += len(whole)
        if len(rest) > MAX_LINE_LENGTH:
            raise FileRefusedError(
                "line_too_long",
                _("Line %(line)d is longer than a table's line can be.") % {"line": number},
            )
        yield from whole
    if rest:
        yield rest


def _decoded(blocks: Iterable[bytes], encoding: str) -> Iterator[str]:
    decoder: codecs.IncrementalDecoder | None = None
    line, first = 1, True
    for block in blocks:
        if first:
            decoder, first = _decoder_at_start(block, encoding), False
        if decoder is None and block.isascii():
            text = block.decode("ascii")
        else:
            decoder = decoder or _decoder(_guess(block))
            text = _decode(decoder, block, line=line, final=False)
        line += text.count("\n")
        yield text
    if first:
        raise empty_file()
    if decoder is not None:
        yield _decode(decoder, b"", line=line, final=True)


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(encoding)()


def _decoder_at_start(block: bytes, encoding: str) -> codecs.IncrementalDecoder | None:
    for mark, marked in _MARKS:
        if block.startswith(mark):
            return _decoder(marked)
    controls = len(block) - len(block.translate(None, _CONTROLS))
    if controls * 10 > len(block) and not encoding.startswith("utf-16"):
        raise FileRefusedError(
            "not_text", _("This is not a text file. Send CSV (UTF-8 or GB18030) or XLSX.")
        )
    return _decoder(encoding) if encoding else None


def _decode(decoder: codecs.IncrementalDecoder, block: bytes, *, line: int, final: bool) -> str:
    try:
        return decoder.decode(block, final)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(error.encoding, "ignore")
        values = {"line": line + before.count("\n"), "encoding": error.encoding.upper()}
        message = _(
            "Line %(line)d is not valid %(encoding)s. Save the file as UTF-8, or name its "
            "encoding with --encoding."
        )
        raise FileRefusedError("encoding", message % values) from error


def _guess(block: bytes) -> str:
    """UTF-8, also where a few bytes of it are broken (to be named, not mistaken); else GB18030."""
    try:
        _decoder("utf-8").decode(block)
    except UnicodeDecodeError:
        text = block.decode("utf-8", "replace")
        broken, sound = text.count("\ufffd"), len(_BEYOND_ASCII.findall(text))
        return "utf-8" if broken * 10 < sound else "gb18030"
    return "utf-8"
