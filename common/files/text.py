"""Decoding bytes to text and lines, for CSV and JSON: detects the encoding, refuses other bytes.

A byte order mark decides for UTF-8 or UTF-16. Without one, the first block with a non-ASCII byte
decides between UTF-8 and GB18030 (which contains GBK and GB2312). The blocks before it are ASCII,
which is the same in both encodings, so the stream is read only once.
"""

import codecs
import io
import re
from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from common.files.rows import FileRefusedError, empty_file_error

MAX_LINE_LENGTH = 1024 * 1024  # characters; limits the memory for a file without line ends
ENCODINGS = ("utf-8", "gb18030", "utf-16")  # that a user may name

_BYTE_ORDER_MARKS = [
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
]
# Without tab, line ends and form feed (9 to 13) and without ESC, which can occur in text.
_CONTROL_CHARACTERS = bytes({*range(9), *range(14, 32)} - {0x1B})
_NON_ASCII = re.compile("[^\x00-\x7f\ufffd]")  # without the replacement character


def decode_lines(blocks: Iterable[bytes], encoding: str = "") -> Iterator[str]:
    r"""Yield the lines of a text with their line ends, which may be \n, \r\n or \r.

    ``blocks`` are the bytes of the text, cut anywhere. ``encoding`` is one of ENCODINGS, or empty
    to detect it; a byte order mark overrides it. Raises FileRefusedError when the bytes are empty,
    not text, or not in the encoding, or when a line is too long.
    """
    unfinished_line, line_number = "", 1
    for text in decode_blocks(blocks, encoding):
        lines = list(io.StringIO(unfinished_line + text, newline=""))
        # The last line may continue in the next block, even if it ends with \r (it may be \r\n).
        unfinished_line = lines.pop() if lines else ""
        line_number += len(lines)
        if len(unfinished_line) > MAX_LINE_LENGTH:
            raise FileRefusedError(
                "line_too_long",
                _("Line %(line)d is longer than a table's line can be.") % {"line": line_number},
            )
        yield from lines
    if unfinished_line:
        yield unfinished_line


def decode_blocks(blocks: Iterable[bytes], encoding: str = "") -> Iterator[str]:
    """Yield the text of each block; an encoding and the errors are as in ``decode_lines``.

    There is no decoder as long as the encoding is not decided.
    """
    decoder: codecs.IncrementalDecoder | None = None
    line, is_first_block = 1, True  # the line at which the block starts, for error messages
    for block in blocks:
        if is_first_block:
            decoder, is_first_block = _decoder_for_first_block(block, encoding), False
        if decoder is None and block.isascii():
            text = block.decode("ascii")
        else:
            decoder = decoder or _make_decoder(_guess_encoding(block))
            text = _decode(decoder, block, line=line, final=False)
        line += _count_line_ends(text)
        yield text
    if is_first_block:
        raise empty_file_error()
    if decoder is not None:
        yield _decode(decoder, b"", line=line, final=True)


def _count_line_ends(text: str) -> int:
    r"""Return the number of line ends. Text without any \n has lines that end with \r."""
    return text.count("\n") or text.count("\r")


def _make_decoder(encoding: str) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(encoding)()


def _decoder_for_first_block(block: bytes, encoding: str) -> codecs.IncrementalDecoder | None:
    """Return the decoder for a byte order mark or for ``encoding``, or None if neither is given.

    Raises FileRefusedError for a block with too many control characters to be text.
    """
    for mark, marked_encoding in _BYTE_ORDER_MARKS:
        if block.startswith(mark):
            return _make_decoder(marked_encoding)
    control_count = len(block) - len(block.translate(None, _CONTROL_CHARACTERS))
    if control_count * 10 > len(block) and not encoding.startswith("utf-16"):
        raise FileRefusedError(
            "not_text", _("This is not a text file. Send CSV (UTF-8 or GB18030) or XLSX.")
        )
    return _make_decoder(encoding) if encoding else None


def _decode(decoder: codecs.IncrementalDecoder, block: bytes, *, line: int, final: bool) -> str:
    """Decode a block that starts at ``line``; raise FileRefusedError naming the faulty line.

    ``final`` says that no block follows, so that an unfinished character is a fault.
    """
    try:
        return decoder.decode(block, final)
    except UnicodeDecodeError as error:
        text_before = error.object[: error.start].decode(error.encoding, "ignore")
        values = {"line": line + _count_line_ends(text_before), "encoding": error.encoding.upper()}
        message = _(
            "Line %(line)d is not valid %(encoding)s. Save the file as UTF-8, or name its "
            "encoding with --encoding."
        )
        raise FileRefusedError("encoding", message % values) from error


def _guess_encoding(block: bytes) -> str:
    """Return UTF-8 if the block is UTF-8 apart from a few broken bytes, else GB18030.

    Read as GB18030, a UTF-8 file with a broken byte would become wrong characters. As UTF-8 it is
    refused with the faulty line.
    """
    try:
        # The incremental decoder accepts a character that the end of the block cuts.
        _make_decoder("utf-8").decode(block)
    except UnicodeDecodeError:
        text = block.decode("utf-8", "replace")
        broken_count, valid_count = text.count("\ufffd"), len(_NON_ASCII.findall(text))
        # Text in GB18030, read as UTF-8, is mostly broken.
        return "utf-8" if broken_count * 10 < valid_count else "gb18030"
    return "utf-8"
