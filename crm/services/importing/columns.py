"""Which column of a file is which of ours, by its header in Chinese or English."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common.files import FileRefusedError
from core.fields.declarations import FieldDeclaration


@dataclass(frozen=True)
class Column:
    """A column of ours and the headers it is known by."""

    name: str
    aliases: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True)
class Matched:
    """Where our columns stand in a file, and which of its headers mean nothing to us."""

    positions: Mapping[str, int]
    ignored: list[str]


TRANSACTION_COLUMNS = (
    Column(
        "customer",
        ("customer_id", "customer_code", "cust_id", "client", "客户编码", "客户编号", "客户代码",
         "集团编码", "集团客户编码"),
        required=True,
    ),
    Column(
        "date",
        ("occurred_on", "transaction_date", "bill_date", "order_date", "日期", "交易日期",
         "账期", "账单日期", "订单日期", "发生日期"),
        required=True,
    ),
    Column(
        "amount",
        ("total", "sum", "金额", "交易金额", "账单金额", "订单金额", "费用"),
        required=True,
    ),
    Column("kind", ("type", "transaction_type", "类型", "交易类型", "种类")),
    Column(
        "external_id",
        ("transaction_id", "bill_id", "bill_no", "order_id", "order_no", "serial_number", "流水号",
         "交易流水号", "账单号", "账单编号", "订单号", "订单编号"),
    ),
    Column("currency", ("币种", "货币")),
    Column("customer_name", ("client_name", "客户名称", "集团名称", "集团客户名称")),
)  # fmt: skip


def declared_columns(fields: Iterable[FieldDeclaration], key: str) -> tuple[Column, ...]:
    """Return a column for each declared field; ``key`` names the one every file must have."""
    return tuple(Column(field.name, field.headers, required=field.name == key) for field in fields)


# 万元 is not among them on purpose: such a column must not be read as yuan.
_UNITS_OF_MONEY = re.compile(r"\((?:元|人民币|cny|rmb|yuan|¥)\)$")
_DECORATION = re.compile(r"[\s_\-.:*]+")


def match_columns(
    columns: Sequence[Column], header: Sequence[str], mapping: Mapping[str, str]
) -> Matched:
    """Find our columns in a header. ``mapping`` is ours to theirs; empty: the file has none.

    Raises ValidationError for a mapping that names what is not there, and FileRefusedError when a
    required column is missing or two headers mean the same.
    """
    theirs = {_plain(text): position for position, text in reversed(list(enumerate(header)))}
    positions = {
        name: _mapped(name, wanted, theirs, columns, header)
        for name, wanted in mapping.items()
        if wanted
    }
    taken = set(positions.values())
    for column in columns:
        if column.name in mapping:
            continue
        known = {_plain(alias) for alias in (column.name, *column.aliases)}
        found = [
            position
            for position, text in enumerate(header)
            if _plain(text) in known and position not in taken
        ]
        if len(found) > 1:
            raise _ambiguous(column.name, [header[position] for position in found])
        if found:
            positions[column.name] = found[0]
    _require(columns, positions, header)
    used = set(positions.values())
    ignored = [text for position, text in enumerate(header) if text and position not in used]
    return Matched(positions, ignored)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().strip("\ufeff \t")
    return _DECORATION.sub("", _UNITS_OF_MONEY.sub("", folded))


def _mapped(
    name: str,
    wanted: str,
    theirs: Mapping[str, int],
    columns: Sequence[Column],
    header: Sequence[str],
) -> int:
    ours = [column.name for column in columns]
    if name not in ours:
        message = _("“%(name)s” is not one of our columns: %(ours)s.")
        raise ValidationError({"mapping": message % {"name": name, "ours": ", ".join(ours)}})
    if wanted in header:
        return list(header).index(wanted)
    if _plain(wanted) not in theirs:
        message = _("The file has no column “%(wanted)s”. It has: %(found)s.")
        values = {"wanted": wanted, "found": _listed(header)}
        raise ValidationError({"mapping": message % values})
    return theirs[_plain(wanted)]


def _require(
    columns: Sequence[Column], positions: Mapping[str, int], header: Sequence[str]
) -> None:
    missing = [
        column.name for column in columns if column.required and column.name not in positions
    ]
    if missing:
        message = _(
            "No column found for: %(missing)s. The file has: %(found)s. "
            'Say which is which with --map "%(example)s=…".'
        )
        values = {
            "missing": ", ".join(missing), "found": _listed(header), "example": missing[0]
        }  # fmt: skip
        raise FileRefusedError("missing_columns", message % values)


def _ambiguous(name: str, found: Sequence[str]) -> FileRefusedError:
    message = _(
        'Several columns could be “%(name)s”: %(found)s. Say which with --map "%(name)s=…".'
    )
    return FileRefusedError(
        "ambiguous_columns", message % {"name": name, "found": ", ".join(found)}
    )


def _listed(header: Sequence[str]) -> str:
    """The headers, shortened: a file that is no table has a first line of any length."""
    shown = [text[:40] for text in header[:20] if text]
    return ", ".join(shown) + (" …" if len(header) > 20 else "")
