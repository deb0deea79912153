"""Parsing one row of a transaction file."""

import hashlib
import re
from base64 import urlsafe_b64encode
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
from crm.services.importing.reasons import RejectReason
from crm.services.importing.staging import RowRejectedError

# The names are compared without case.
KINDS_BY_NAME = {
    **dict.fromkeys(("bill", "账单", "invoice"), TransactionKind.BILL),
    **dict.fromkeys(("order", "订单", "purchase"), TransactionKind.ORDER),
    **dict.fromkeys(("refund", "退款", "credit"), TransactionKind.REFUND),
}
# An id that derive_external_id has made, with the number of the occurrence.
_DERIVED_ID = re.compile(r"#[A-Za-z0-9_-]{20}/[0-9]+")
CURRENCY_NAMES = {"CNY": {"CNY", "RMB", "人民币", "¥", "￥", "元"}}


class TransactionRowParser:
    """Turns cells into the values of ``stage``.

    They are customer code, customer name, date, amount, kind, external id, and whether the external
    id comes from the file. ``latest_date`` is the last date that is accepted.
    """

    def __init__(self, matched: MatchedColumns, *, currency: str, latest_date: date) -> None:
        positions = matched.positions
        self._customer = positions["customer"]
        self._date = positions["date"]
        self._amount = positions["amount"]
        self._kind = positions.get("kind", -1)
        self._external_id = positions.get("external_id", -1)
        self._currency = positions.get("currency", -1)
        self._name = positions.get("customer_name", -1)
        self._accepted_currencies = {"", *CURRENCY_NAMES.get(currency, {currency})}
        self._latest_date = latest_date

    def __call__(self, cells: list[str]) -> Sequence[Any]:
        """Return the values to stage; raise RowRejectedError naming the first bad column."""
        cells.append("")  # the cell of missing columns, whose position is -1
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
        elif _DERIVED_ID.fullmatch(external_id):
            raise RowRejectedError("external_id", external_id, RejectReason.RESERVED_ID)
        return customer, name, day, amount_minor, kind, external_id, has_own_id

    def _read_date(self, text: str) -> date:
        if not text:
            raise RowRejectedError("date", text, ValueFault.MISSING)
        try:
            return parse_date(text, self._latest_date)
        except UnreadableError as error:
            raise RowRejectedError("date", text, error.code) from error


def derive_external_id(customer: str, day: date, amount_minor: int, kind: int) -> str:
    """Return an id derived from the content of a row (120 bits of BLAKE2b).

    Equal rows get equal ids, so that importing a file again finds the rows of the first time.
    """
    content = f"{customer}\x1f{day}\x1f{amount_minor}\x1f{kind}".encode()
    return "#" + urlsafe_b64encode(hashlib.blake2b(content, digest_size=15).digest()).decode()


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
    """Return the kind of a row; without one, a negative amount is a refund and others a bill."""
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
