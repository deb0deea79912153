"""Reading tables row by row, for the imports: CSV, XLSX and JSON.

Every reader is a ``RowSource``: it has a header and yields each row as texts. ``open_source`` opens
a file; the API reads the body of a request with ``CsvSource``, ``JsonArraySource`` or
``NdjsonSource``. No reader holds a whole file in memory, and none depends on the meaning of the
columns.
"""

from common.files.csv_rows import CsvSource
from common.files.json_array import JsonArraySource
from common.files.ndjson import NdjsonSource
from common.files.opening import open_source
from common.files.rows import ByteStream, FileRefusedError, Row, RowFault, RowSource
from common.files.xlsx import XlsxSource

__all__ = [
    "ByteStream",
    "CsvSource",
    "FileRefusedError",
    "JsonArraySource",
    "NdjsonSource",
    "Row",
    "RowFault",
    "RowSource",
    "XlsxSource",
    "open_source",
]
