"""Parsing the rows of a transaction file."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from common.parsing.amounts import parse_minor, parse_minor_column
from common.parsing.dates import parse_date
from common.parsing.errors import UnreadableError
from core.fields.faults import ValueFault
from crm.models.customer import MAX_CODE_LENGTH, MAX_NAME_LENGTH
from crm.models.transaction import MAX_EXTERNAL_ID_LENGTH, TransactionKind
from crm.services.importing.columns import MatchedColumns
from crm.services.importing.external_ids import (
    derive_external_id,
    is_derived_id,
    require_own_id,
)
from crm.services.importing.reasons import RejectReason
from crm.services.importing.staging import RowParser, RowRejectedError

# The names are compared without case.
KINDS_BY_NAME = {
    **dict.fromkeys(("bill", "账单", "invoice"), TransactionKind.BILL),
    **dict.fromkeys(("order", "订单", "purchase"), TransactionKind.ORDER),
    **dict.fromkeys(("refund", "退款", "credit"), TransactionKind.REFUND),
}
# How files write a currency, in upper case. Of other currencies only the code is accepted.
CURRENCY_NAMES = {"CNY": {"CNY", "RMB", "人民币", "¥", "￥", "元"}}


class TransactionRowParser(RowParser):
    """A RowParser: turns cells into the values of a transaction.

    They are the customer's code and name, the date, the amount in hundredths, the kind, the
    external id, and whether that id comes from the file. ``currency`` is the code of the only
    currency that is accepted, ``latest_date`` the last date.
    """

    def __init__(self, matched: MatchedColumns, *, currency: str, latest_date: date) -> None:
        self._customer = matched.position_of("customer")
        self._date = matched.position_of("date")
        self._amount = matched.position_of("amount")
        self._kind = matched.position_of("kind")
        self._external_id = matched.position_of("external_id")
        self._currency = matched.position_of("currency")
        self._name = matched.position_of("customer_name")
        self._accepted_currencies = {"", *CURRENCY_NAMES.get(currency, {currency})}
        self._latest_date = latest_date

    def parse_row(self, cells: list[str]) -> Sequence[Any]:
        """Return the values to stage; raise RowRejectedError for the first bad cell."""
        cells.append("")  # at -1, which is the position of columns that the file lacks
        customer = _read_text("customer", cells[self._customer], MAX_CODE_LENGTH)
        if not customer:
            raise RowRejectedError("customer", customer, ValueFault.MISSING)
        name = _read_text("customer_name", cells[self._name], MAX_NAME_LENGTH)
        day = self._read_date(cells[self._date].strip())
        amount_minor = _read_amount(cells[self._amount].strip())
        kind = _read_kind(cells[self._kind].strip(), amount_minor)
        if cells[self._currency].strip().upper() not in self._accepted_currencies:
            raise RowRejectedError("currency", cells[self._currency], RejectReason.OTHER_CURRENCY)
        external_id = _read_text("external_id", cells[self._external_id], MAX_EXTERNAL_ID_LENGTH)
        has_own_id = bool(external_id)
        if not has_own_id:
            external_id = derive_external_id(customer, day, amount_minor, kind)
        else:
            require_own_id(external_id)
        return customer, name, day, amount_minor, kind, external_id, has_own_id

    def parse_columns(self, columns: Sequence[Sequence[str]]) -> Sequence[Iterable[str]] | None:
        """Return the values of rows that all are valid; None if a row may have to be rejected."""
        blanks = ("",) * len(columns[0])
        columns = (*columns, blanks)  # at -1, which is the position of columns that the file lacks
        try:
            customers = _strip_column(columns[self._customer], MAX_CODE_LENGTH)
            names = _strip_column(columns[self._name], MAX_NAME_LENGTH)
            ids = _strip_column(columns[self._external_id], MAX_EXTERNAL_ID_LENGTH)
            # Of the texts of a column that repeat, each is parsed once.
            day_of = {
                text: self._read_date(text.strip()).isoformat() for text in set(columns[self._date])
            }
            days = list(map(day_of.__getitem__, columns[self._date]))
            amounts = parse_minor_column(list(map(str.strip, columns[self._amount])))
            kinds = _read_kinds(columns[self._kind], amounts)
        except (UnreadableError, RowRejectedError):
            return None
        currencies = {text.strip().upper() for text in set(columns[self._currency])}
        if not all(customers) or not currencies <= self._accepted_currencies:
            return None
        if any(map(is_derived_id, ids)):
            return None
        has_own_id = ["t" if own_id else "f" for own_id in ids]
        if not all(ids):
            derived_ids = map(derive_external_id, customers, days, amounts, kinds)
            ids = [own or derived for own, derived in zip(ids, derived_ids, strict=True)]
        return customers, names, days, map(str, amounts), map(str, kinds), ids, has_own_id

    def _read_date(self, text: str) -> date:
        if not text:
            raise RowRejectedError("date", text, ValueFault.MISSING)
        try:
            return parse_date(text, self._latest_date)
        except UnreadableError as error:
            raise RowRejectedError("date", text, error.code) from error


def _read_kinds(texts: Sequence[str], amounts_minor: Sequence[int]) -> list[int]:
    """Return ``_read_kind`` of each row. Of equal texts with positive amounts, one is read."""
    if min(amounts_minor) >= 0:
        kind_of = {text: _read_kind(text.strip(), 0) for text in set(texts)}
        return list(map(kind_of.__getitem__, texts))
    return list(map(_read_kind, map(str.strip, texts), amounts_minor))


def _strip_column(cells: Sequence[str], max_length: int) -> list[str]:
    """Return the texts without surrounding blanks; raise UnreadableError for one too long."""
    texts = list(map(str.strip, cells))
    if max(map(len, texts)) > max_length:
        raise UnreadableError(ValueFault.TOO_LONG)
    return texts


def _read_text(column: str, cell: str, max_length: int) -> str:
    text = cell.strip()
    if len(text) > max_length:
        raise RowRejectedError(column, text, ValueFault.TOO_LONG)
    return text


def _read_amount(text: str) -> int:
    if not text:
        raise RowRejectedError("amount", text, ValueFault.MISSING)
    try:
        return parse_minor(text)
    except UnreadableError as error:
        raise RowRejectedError("amount", text, error.code) from error


def _read_kind(text: str, amount_minor: int) -> int:
    """Return the kind of a row. A row without one is a refund if it is negative, or else a bill.

    Raises RowRejectedError for an unknown kind, and if anything but a refund is negative or a
    refund is not.
    """
    if not text:
        return int(TransactionKind.REFUND if amount_minor < 0 else TransactionKind.BILL)
    kind = KINDS_BY_NAME.get(text.casefold())
    if kind is None:
        raise RowRejectedError("kind", text, RejectReason.UNKNOWN_KIND)
    if (kind == TransactionKind.REFUND) != (amount_minor < 0):
        raise RowRejectedError(
            "amount", f"{amount_minor / 100:.2f}", RejectReason.ONLY_REFUNDS_NEGATIVE
        )
    return int(kind)
