"""One row of customers: each cell is read as its declared field says."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from accounts.models import User
from common.parsing.errors import UnreadableError
from core.fields.declarations import FieldDeclaration
from core.fields.faults import ValueFault
from core.fields.kinds import Choice, Money, Reference, plain_name
from crm.services.importing.columns import Matched
from crm.services.importing.staging import RowRefusedError

Read = Callable[[str], Any]


class CustomerParser:
    """Turns cells into the values of ``stage``: the model's fields in order, then custom values.

    An empty cell, or a column the file lacks, is None: leave that field alone. Custom values are
    one JSON object of those that the file gives; None where it gives none.
    """

    def __init__(
        self, matched: Matched, fields: Iterable[FieldDeclaration], *, actor: User
    ) -> None:
        at = matched.positions
        self._model = [
            (field, at.get(field.name, -1), _reader(field, actor))
            for field in fields
            if not field.is_custom
        ]
        self._custom = [
            (field, at[field.name], _reader(field, actor))
            for field in fields
            if field.is_custom and field.name in at
        ]

    def __call__(self, cells: list[str]) -> Sequence[Any]:
        """Return the values to stage; raise RowRefusedError naming the first bad column."""
        cells.append("")
        values = [_value(field, cells[at], read) for field, at, read in self._model]
        custom = {
            field.custom_key: field.kind.to_json(value)
            for field, at, read in self._custom
            if (value := _value(field, cells[at], read)) is not None
        }
        return *values, json.dumps(custom, ensure_ascii=False) if custom else None


def _value(field: FieldDeclaration, cell: str, read: Read) -> Any:
    text = cell.strip()
    if not text:
        if field.name == "code":
            raise RowRefusedError("code", "", ValueFault.MISSING)
        return None
    try:
        return read(text)
    except UnreadableError as error:
        raise RowRefusedError(field.name, text, error.code) from error


def _reader(field: FieldDeclaration, actor: User) -> Read:
    """Return what reads a cell of the field; names of lists and people are looked up once."""
    kind = field.kind
    if not field.may_be_seen_by(actor):
        return _refuse
    if isinstance(kind, Reference):
        # A parent may be a row of the same file: it is resolved once all of them are staged.
        return kind.key_text if kind.options_url else _lookup(kind.ids_by_name(actor), kind.fault)
    if isinstance(kind, Choice):
        return _lookup(kind.codes_by_name(), ValueFault.NOT_IN_LIST)
    if isinstance(kind, Money) and not field.is_custom:
        return lambda text: kind.to_json(kind.parse(text))
    return kind.parse


def _lookup(known: Mapping[str, int | str], fault: ValueFault) -> Read:
    def read(text: str) -> int | str:
        found = known.get(plain_name(text))
        if found is None:
            raise UnreadableError(fault)
        return found

    return read


def _refuse(_text: str) -> None:
    raise UnreadableError(ValueFault.NOT_YOURS)
