"""Reading a JSON array of objects element by element, with known field names.

The bulk endpoint of the API uses it. Example: ``[{"customer": "GZ001", "amount": 12.50}, …]``. Only
one element and one block of the stream are in memory at a time.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from common.files.json_records import DECODER, JsonRecordSource
from common.files.rows import FileRefusedError, Row
from common.files.text import decode_blocks

MAX_ELEMENT_LENGTH = 1024 * 1024  # characters; limits the memory for an element without an end
_WHITESPACE = re.compile(r"[ \t\n\r]*")


class JsonArraySource(JsonRecordSource):
    """A stream that is one JSON array.

    The line of a row is the number of its element, counted from 1. JSON that cannot be parsed makes
    the rest of the array unreadable, so it refuses the whole file; other faults refuse one element.
    Iteration raises FileRefusedError.
    """

    def __iter__(self) -> Iterator[Row]:
        """Yield a row for every element, with its fault if it has one."""
        elements = _ElementReader(decode_blocks(self._stream.blocks())).elements()
        for number, (element, text) in enumerate(elements, start=1):
            cells, fault = self._cells_of(element, text)
            yield Row(number, cells, fault)


class _ElementReader:
    """Parses an array from its text, which is cut into blocks anywhere."""

    def __init__(self, blocks: Iterable[str]) -> None:
        self._blocks = iter(blocks)
        self._text = ""  # what is not consumed yet begins at the position
        self._position = 0
        self._elements_read = 0

    def elements(self) -> Iterator[tuple[Any, str]]:
        """Yield each element and its JSON; raise FileRefusedError."""
        if self._take_character() != "[":
            raise FileRefusedError("not_an_array", _("The body is not a JSON array of objects."))
        if self._next_character() == "]":
            self._position += 1
        else:
            yield from self._members()
        if self._next_character():
            raise self._error()

    def _members(self) -> Iterator[tuple[Any, str]]:
        separator = ","
        while separator == ",":
            yield self._read_element()
            self._elements_read += 1
            separator = self._take_character()
        if separator != "]":
            raise self._error()

    def _take_character(self) -> str:
        character = self._next_character()
        self._position += 1
        return character

    def _next_character(self) -> str:
        """Return the next character that is not white space; an empty text at the end."""
        while True:
            matched = _WHITESPACE.match(self._text, self._position)
            self._position = matched.end() if matched else self._position
            if self._position < len(self._text):
                return self._text[self._position]
            if not self._read_block():
                return ""

    def _read_element(self) -> tuple[Any, str]:
        self._next_character()  # white space is skipped
        while True:
            try:
                element, end = DECODER.raw_decode(self._text, self._position)
            except RecursionError as error:  # nested too deeply
                raise self._error() from error
            except ValueError as error:  # the rest of it may be in the next block
                if not self._read_block():
                    raise self._error() from error
                continue
            # A number at the end of the text may go on in the next block.
            if end < len(self._text) or not self._read_block():
                text = self._text[self._position : end]
                self._position = end
                return element, text

    def _read_block(self) -> bool:
        """Append the next block to what is not consumed; return whether there is one."""
        if len(self._text) - self._position > MAX_ELEMENT_LENGTH:
            raise self._error()
        block = next(self._blocks, None)
        if block is None:
            return False
        self._text = self._text[self._position :] + block
        self._position = 0
        return True

    def _error(self) -> FileRefusedError:
        message = _("Element %(number)d of the array is not valid JSON, or too long.")
        return FileRefusedError("broken_json", message % {"number": self._elements_read + 1})
