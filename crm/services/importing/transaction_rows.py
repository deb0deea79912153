"""One row of transactions: cells to values."""

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
from crm.models.transaction import Kind
from crm.services.importing.columns import Matched
from crm.services.importing.reasons import Reason
from crm.services.importing.staging import RowRefusedError

MAX_CODE_LENGTH = 40
MAX_NAME_LENGTH = 200
MAX_EXTERNAL_ID_LENGTH = 100

KINDS = {
    "bill": Kind.BILL, "账单": Kind.BILL, "invoice": Kind.BILL,
    "order": Kind.ORDER, "订单": Kind.ORDER, "purchase": Kind.ORDER,
    "refund": Kind.REFUND, "退款": Kind.REFUND, "credit": Kind.REFUND,
}  # fmt: skip
# An id that content_id has made, with its running number.
_MADE_HERE = re.compile(r"#[A-Za-z0-9_-]{20}/[0-9]+")
CURRENCY_NAMES = {"CNY": {"CNY", "RMB", "人民币", "¥", "￥", "元"}}


class TransactionParser:
    """Turns cells into (customer, customer name, date, amount, kind, external id, own id or not).

    Columns the file lacks stand at -1, where an empty cell is put.
    """

    def __init__(self, matched: Matched, *, currency: str, latest: date) -> None:
        at = matched.positions
        self._customer = at["customer"]
        self._date = at["date"]
        self._amount = at["amount"]
        self._kind = at.get("kind", -1)
        self._external_id = at.get("external_id", -1)
        self._currency = at.get("currency", -1)
        self._name = at.get("customer_name", -1)
        self._currencies = {"", *CURRENCY_NAMES.get(currency, {currency})}
        self._latest = latest

    def __call__(self, cells: list[str]) -> Sequence[Any]:
        """Return the values to stage; raise RowRefusedError naming the first bad column."""
        cells.append("")
        customer = _text("customer", cells[self._customer], MAX_CODE_LENGTH)
        if not customer:
            raise RowRefusedError("customer", customer, ValueFault.MISSING)
        name = _text("customer_name", cells[self._name], MAX_NAME_LENGTH)
        day = self._day(cells[self._date].strip())
        minor = _minor(cells[self._amount].strip())
        kind = _kind(cells[self._kind].strip(), minor)
        if cells[self._currency].strip().upper() not in self._currencies:
            raise RowRefusedError("currency", cells[self._currency], Reason.OTHER_CURRENCY)
        external_id = _text("external_id", cells[self._external_id], MAX_EXTERNAL_ID_LENGTH)
        own_id = bool(external_id)
        if not own_id:
            external_id = content_id(customer, day, minor, kind)
        elif _MADE_HERE.fullmatch(external_id):
            raise RowRefusedError("external_id", external_id, Reason.RESERVED_ID)
        return customer, name, day, minor, kind, external_id, own_id

    def _day(self, text: str) -> date:
        if not text:
            raise RowRefusedError("date", text, ValueFault.MISSING)
        try:
            return parse_date(text, self._latest)
        except UnreadableError as error:
            raise RowRefusedError("date", text, error.code) from error


def content_id(customer: str, day: date, minor: int, kind: int) -> str:
    """Return an id made of what a row says; the same on every sending. 120 bits of BLAKE2b."""
    content = f"{customer}\x1f{day}\x1f{minor}\x1f{kind}".encode()
    return "#" + urlsafe_b64encode(hashlib.blake2b(content, digest_size=15).digest()).decode()


def _text(column: str, cell: str, longest: int) -> str:
    text = cell.strip()
    if len(text) > longest:
        raise RowRefusedError(column, text, ValueFault.TOO_LONG)
    return text


def _minor(text: str) -> int:
    if not text:
        raise RowRefusedError("amount", text, ValueFault.MISSING)
    try:
        return parse_minor(text)
    except UnreadableError as error:
        raise RowRefusedError("amount", text, error.code) from error


def _kind(text: str, minor: int) -> int:
    """The kind a row names; where it names none, what is negative is a refund."""
    if not text:
        return int(Kind.REFUND if minor < 0 else Kind.BILL)
    kind = KINDS.get(text.casefold())
    if kind is None:
        raise RowRefusedError("kind", text, Reason.UNKNOWN_KIND)
    if (kind == Kind.REFUND) != (minor < 0):
        raise RowRefusedError("amount", f"{minor / 100:.2f}", Reason.ONLY_REFUNDS_NEGATIVE)
    return int(kind)
