"""Reading tables row by row: CSV, XLSX and NDJSON.

No reader holds a whole file in memory, and none depends on the meaning of the columns.
"""

from common.files.csv_rows import CsvSource
from common.files.ndjson import NdjsonSource
from common.files.opening import open_source
from common.files.rows import ByteStream, FileRefusedError, Row, RowFault, RowSource
from common.files.xlsx import XlsxSource

__all__ = [
    "ByteStream",
    "CsvSource",
    "FileRefusedError",
    "NdjsonSource",
    "Row",
    "RowFault",
    "RowSource",
    "XlsxSource",
    "open_source",
]
