"""Parsers that return the body as a stream, so that it is never held in memory as a whole.

The bulk import reads the stream row by row.
"""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser


class _StreamParser(BaseParser):
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the stream itself."""
        return stream


class NdjsonParser(_StreamParser):
    """One JSON object per line."""

    media_type = "application/x-ndjson"


class CsvParser(_StreamParser):
    """CSV with a header line."""

    media_type = "text/csv"


class JsonArrayParser(_StreamParser):
    """A JSON array of objects."""

    media_type = "application/json"
