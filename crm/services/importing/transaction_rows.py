"""Parsing the rows of a transaction file."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from common.parsing.amounts import parse_minor
from common.parsing.dates import parse_date
from common.parsing.errors import UnreadableError
from core.fields.faults import ValueFault
from crm.models.customer import MAX_CODE_LENGTH, MAX_NAME_LENGTH
from crm.models.transaction import MAX_EXTERNAL_ID_LENGTH, TransactionKind
from crm.services.importing.columns import MatchedColumns
from crm.services.importing.external_ids import derive_external_id, require_own_id
from crm.services.importing.reasons import RejectReason
from crm.services.importing.staging import RowRejectedError

# The names are compared without case.
KINDS_BY_NAME = {
    **dict.fromkeys(("bill", "账单", "invoice"), TransactionKind.BILL),
    **dict.fromkeys(("order", "订单", "purchase"), TransactionKind.ORDER),
    **dict.fromkeys(("refund", "退款", "credit"), TransactionKind.REFUND),
}
# How files write a currency, in upper case. Of other currencies only the code is accepted.
CURRENCY_NAMES = {"CNY": {"CNY", "RMB", "人民币", "¥", "￥", "元"}}


class TransactionRowParser:
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

    def __call__(self, cells: list[str]) -> Sequence[Any]:
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

    def _read_date(self, text: str) -> date:
        if not text:
            raise RowRejectedError("date", text, ValueFault.MISSING)
        try:
            return parse_date(text, self._latest_date)
        except UnreadableError as error:
            raise RowRejectedError("date", text, error.code) from error


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
