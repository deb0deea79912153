"""Parsing one row of a customer file; each cell is read according to its declared field."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from accounts.models import User
from common.parsing.errors import UnreadableError
from core.fields.declarations import FieldDeclaration
from core.fields.faults import ValueFault
from core.fields.kinds import Choice, Money, normalise_name
from core.fields.reference import Reference
from crm.services.importing.columns import MatchedColumns
from crm.services.importing.staging import RowRejectedError

CellReader = Callable[[str], Any]


class CustomerRowParser:
    """Turns cells into the values of ``stage``: the model's fields in order, then custom values.

    The value of an empty cell or a missing column is None, which leaves the field unchanged. The
    custom values are one JSON object of the fields with a value, or None.
    """

    def __init__(
        self, matched: MatchedColumns, fields: Iterable[FieldDeclaration], *, actor: User
    ) -> None:
        positions = matched.positions
        self._model_fields = [
            (field, positions.get(field.name, -1), _cell_reader(field, actor))
            for field in fields
            if not field.is_custom
        ]
        self._custom_fields = [
            (field, positions[field.name], _cell_reader(field, actor))
            for field in fields
            if field.is_custom and field.name in positions
        ]

    def __call__(self, cells: list[str]) -> Sequence[Any]:
        """Return the values to stage; raise RowRejectedError naming the first bad column."""
        cells.append("")  # the cell of missing columns, whose position is -1
        values = [
            _read_value(field, cells[position], read_cell)
            for field, position, read_cell in self._model_fields
        ]
        custom_values = {
            field.custom_key: field.kind.to_json(value)
            for field, position, read_cell in self._custom_fields
            if (value := _read_value(field, cells[position], read_cell)) is not None
        }
        return *values, json.dumps(custom_values, ensure_ascii=False) if custom_values else None


def _read_value(field: FieldDeclaration, cell: str, read_cell: CellReader) -> Any:
    text = cell.strip()
    if not text:
        if field.name == "code":
            raise RowRejectedError("code", "", ValueFault.MISSING)
        return None
    try:
        return read_cell(text)
    except UnreadableError as error:
        raise RowRejectedError(field.name, text, error.code) from error


def _cell_reader(field: FieldDeclaration, actor: User) -> CellReader:
    """Return the function that reads a cell of the field.

    The names of choices and related records are read once here, not for every row.
    """
    kind = field.kind
    if not field.may_be_seen_by(actor):
        return _reject_hidden_field
    if isinstance(kind, Reference):
        # A parent may be a row of the same file: it is resolved once all of them are staged.
        return (
            kind.parse_key
            if kind.options_url_name
            else _lookup(kind.ids_by_name(actor), kind.fault)
        )
    if isinstance(kind, Choice):
        return _lookup(kind.codes_by_name(), ValueFault.NOT_IN_LIST)
    if isinstance(kind, Money) and not field.is_custom:
        return lambda text: kind.to_json(kind.parse(text))
    return kind.parse


def _lookup(values_by_name: Mapping[str, int | str], fault: ValueFault) -> CellReader:
    def read_cell(text: str) -> int | str:
        value = values_by_name.get(normalise_name(text))
        if value is None:
            raise UnreadableError(fault)
        return value

    return read_cell


def _reject_hidden_field(_text: str) -> NoReturn:
    raise UnreadableError(ValueFault.NOT_YOURS)
