"""Finding the columns of an import in a file by their headers, Chinese or English.

``match_columns`` finds them; ``TRANSACTION_COLUMNS`` and ``declared_columns`` say which there are.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common.files import FileRefusedError
from core.fields.declarations import FieldDeclaration
from core.fields.headers import normalise_header


@dataclass(frozen=True)
class ImportColumn:
    """A column that an import can read. A file's header may be its name or one of ``aliases``."""

    name: str
    aliases: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True)
class MatchedColumns:
    """The columns that were found in a file.

    ``positions`` has the index of the cell by name of the column; a column that the file lacks is
    missing there. ``ignored_headers`` are the headers that match no column.
    """

    positions: Mapping[str, int]
    ignored_headers: list[str]

    def position_of(self, column: str) -> int:
        """Return the index of the column's cell; -1 if the file lacks the column.

        Parsers append an empty cell to each row, so that -1 is the index of an empty cell.
        """
        return self.positions.get(column, -1)


TRANSACTION_COLUMNS = (
    ImportColumn(
        "customer",
        ("customer_id", "customer_code", "cust_id", "client", "客户编码", "客户编号", "客户代码",
         "集团编码", "集团客户编码"),
        required=True,
    ),
    ImportColumn(
        "date",
        ("occurred_on", "transaction_date", "bill_date", "order_date", "日期", "交易日期",
         "账期", "账单日期", "订单日期", "发生日期"),
        required=True,
    ),
    ImportColumn(
        "amount",
        ("total", "sum", "金额", "交易金额", "账单金额", "订单金额", "费用"),
        required=True,
    ),
    ImportColumn("kind", ("type", "transaction_type", "类型", "交易类型", "种类")),
    ImportColumn(
        "external_id",
        ("transaction_id", "bill_id", "bill_no", "order_id", "order_no", "serial_number", "流水号",
         "交易流水号", "账单号", "账单编号", "订单号", "订单编号"),
    ),
    ImportColumn("currency", ("币种", "货币")),
    ImportColumn("customer_name", ("client_name", "客户名称", "集团名称", "集团客户名称")),
)  # fmt: skip


INTERACTION_ID_COLUMN = ImportColumn(
    "external_id",
    ("id", "call_id", "record_id", "serial_number", "流水号", "记录编号", "互动编号", "工单号"),
)


def declared_columns(
    fields: Iterable[FieldDeclaration], required: Collection[str]
) -> tuple[ImportColumn, ...]:
    """Return a column for each declared field; only the fields named in ``required`` must be."""
    return tuple(
        ImportColumn(field.name, field.headers, required=field.name in required) for field in fields
    )


# Limits of the list of headers in an error message.
MAX_PREVIEW_HEADERS = 20
MAX_PREVIEW_HEADER_LENGTH = 40


def match_columns(
    columns: Sequence[ImportColumn], header: Sequence[str], mapping: Mapping[str, str]
) -> MatchedColumns:
    """Find the columns in a file's header.

    ``mapping`` maps names of columns to headers of the file, as in ``{"amount": "Net total"}``, and
    takes precedence over the aliases. A blank header in it means that the file does not have the
    column. No two columns have an alias in common (for custom fields the service that saves them
    makes sure), so a header fits one column at most; a mapping may use one header twice.
    Raises ValidationError, under ``mapping``, for a column or header that does not exist,
    and FileRefusedError when a required column is missing or two headers match one column.
    """
    _require_known_columns(columns, mapping)
    positions = {
        name: _mapped_position(mapped_header, header)
        for name, mapped_header in mapping.items()
        if mapped_header
    }
    mapped_positions = set(positions.values())
    for column in columns:
        if column.name in mapping:
            continue
        known_headers = {normalise_header(alias) for alias in (column.name, *column.aliases)}
        matches = [
            position
            for position, text in enumerate(header)
            if normalise_header(text) in known_headers and position not in mapped_positions
        ]
        if len(matches) > 1:
            raise _ambiguous_column(column.name, [header[position] for position in matches])
        if matches:
            positions[column.name] = matches[0]
    _require_columns(columns, positions, header)
    matched_positions = set(positions.values())
    ignored_headers = [
        text for position, text in enumerate(header) if text and position not in matched_positions
    ]
    return MatchedColumns(positions, ignored_headers)


def _require_known_columns(columns: Sequence[ImportColumn], names: Iterable[str]) -> None:
    column_names = [column.name for column in columns]
    for name in names:
        if name not in column_names:
            message = _("“%(name)s” is not one of our columns: %(columns)s.")
            values = {"name": name, "columns": ", ".join(column_names)}
            raise ValidationError({"mapping": message % values})


def _mapped_position(mapped_header: str, header: Sequence[str]) -> int:
    """Return the index of the header of the file that a mapping names.

    A header that is written exactly so is preferred to one that is only equal when normalised.
    """
    if mapped_header in header:
        return list(header).index(mapped_header)
    normalised_headers = [normalise_header(text) for text in header]
    if normalise_header(mapped_header) not in normalised_headers:
        message = _("The file has no column “%(header)s”. It has: %(headers)s.")
        values = {"header": mapped_header, "headers": _header_preview(header)}
        raise ValidationError({"mapping": message % values})
    return normalised_headers.index(normalise_header(mapped_header))


def _require_columns(
    columns: Sequence[ImportColumn], positions: Mapping[str, int], header: Sequence[str]
) -> None:
    missing = [
        column.name for column in columns if column.required and column.name not in positions
    ]
    if missing:
        message = _(
            "No column found for: %(missing)s. The file has: %(headers)s. "
            'Say which is which with --map "%(example)s=…".'
        )
        values = {
            "missing": ", ".join(missing),
            "headers": _header_preview(header),
            "example": missing[0],
        }
        raise FileRefusedError("missing_columns", message % values)


def _ambiguous_column(name: str, headers: Sequence[str]) -> FileRefusedError:
    message = _(
        'Several columns could be “%(name)s”: %(headers)s. Say which with --map "%(name)s=…".'
    )
    values = {"name": name, "headers": ", ".join(headers)}
    return FileRefusedError("ambiguous_columns", message % values)


def _header_preview(header: Sequence[str]) -> str:
    """Return the first headers, shortened: in a file that is no table they can be very long."""
    preview = [text[:MAX_PREVIEW_HEADER_LENGTH] for text in header[:MAX_PREVIEW_HEADERS] if text]
    return ", ".join(preview) + (" …" if len(header) > MAX_PREVIEW_HEADERS else "")
