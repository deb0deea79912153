"""Reading tables that people and other systems send: CSV, XLSX and NDJSON, row by row.

Nothing here holds a whole file in memory, and nothing here knows what the columns mean.
"""

from common.files.csv_rows import CsvSource
from common.files.ndjson import NdjsonSource
from common.files.opening import open_source
from common.files.rows import FileRefusedError, Readable, Row, RowFault, RowSource
from common.files.xlsx import XlsxSource

__all__ = [
    "CsvSource",
    "FileRefusedError",
    "NdjsonSource",
    "Readable",
    "Row",
    "RowFault",
    "RowSource",
    "XlsxSource",
    "open_source",
]
