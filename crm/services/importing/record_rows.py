"""Parsing the rows of a file of records; each cell is read according to its declared field."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from accounts.models import User
from common.parsing.errors import UnreadableError
from core.fields.declarations import FieldDeclaration
from core.fields.faults import ValueFault
from core.fields.kinds import Choice, Money, normalise_name
from core.fields.reference import Reference
from crm.services.importing.columns import MatchedColumns
from crm.services.importing.staging import RowParser, RowRejectedError

# Takes the text of a cell, not blank. Returns the value to stage or raises UnreadableError.
CellReader = Callable[[str], Any]


class RecordRowParser(RowParser):
    """A RowParser: turns cells into the values of a record.

    First there is one for each of the model's declared fields, in their order. That of an empty
    cell or a missing column is None, which leaves the field unchanged. The last value has the
    custom fields that have a value in the row, as the text of a JSON object such as
    ``{"staff": 12}``, or None if none has. ``required`` names the fields of which no cell may be
    empty.
    """

    def __init__(
        self,
        matched: MatchedColumns,
        fields: Iterable[FieldDeclaration],
        *,
        required: Collection[str],
        actor: User,
    ) -> None:
        self._required = required
        self._model_fields = [
            (field, matched.position_of(field.name), _cell_reader(field, actor))
            for field in fields
            if not field.is_custom
        ]
        self._custom_fields = [
            (field, matched.position_of(field.name), _cell_reader(field, actor))
            for field in fields
            if field.is_custom and field.name in matched.positions
        ]

    def parse_row(self, cells: list[str]) -> Sequence[Any]:
        """Return the values to stage; raise RowRejectedError for the first bad cell."""
        cells.append("")  # at -1, which is the position of columns that the file lacks
        values = [
            self._read_value(field, cells[position], read_cell)
            for field, position, read_cell in self._model_fields
        ]
        custom_values = {
            field.custom_key: field.kind.to_json(value)
            for field, position, read_cell in self._custom_fields
            if (value := self._read_value(field, cells[position], read_cell)) is not None
        }
        return *values, json.dumps(custom_values, ensure_ascii=False) if custom_values else None

    def _read_value(self, field: FieldDeclaration, cell: str, read_cell: CellReader) -> Any:
        """Return the value of a cell; None for a blank one, unless that rejects the row."""
        text = cell.strip()
        if not text:
            if field.name in self._required:
                raise RowRejectedError(field.name, "", ValueFault.MISSING)
            return None
        try:
            return read_cell(text)
        except UnreadableError as error:
            raise RowRejectedError(field.name, text, error.code) from error


def _cell_reader(field: FieldDeclaration, actor: User) -> CellReader:
    """Return the function that reads the cells of a field.

    The names of choices and related records are read from the database once, here, and not for
    every row. Of a model's field, the reader returns what its column stores: the id of a related
    record (the code of a parent), and hundredths of an amount.
    """
    kind = field.kind
    if not field.may_be_seen_by(actor):
        return _reject_hidden_field
    if isinstance(kind, Reference):
        # A kind with a search page, such as the parent, has too many records to read them all. Its
        # key is staged as text, and its id looked up in SQL when all rows are staged.
        if kind.options_url_name:
            return kind.parse_key
        return _lookup(kind.ids_by_name(actor), kind.fault)
    if isinstance(kind, Choice):
        return _lookup(kind.codes_by_name(), ValueFault.NOT_IN_LIST)
    if isinstance(kind, Money) and not field.is_custom:
        return lambda text: kind.to_json(kind.parse(text))
    return kind.parse


def staged_column(field: FieldDeclaration) -> str:
    """Return the SQL definition of the column of ``stage`` with the values of a model's field.

    Of a reference whose key is staged as text, see ``_cell_reader``, it has the field's name.
    """
    if isinstance(field.kind, Reference) and field.kind.options_url_name:
        return f"{field.name} text"
    return f"{field.column} {field.kind.sql_type}"


def _lookup(values_by_name: Mapping[str, int | str], fault: ValueFault) -> CellReader:
    """Return a reader of names, which raises UnreadableError with ``fault`` for an unknown one."""

    def read_cell(text: str) -> int | str:
        value = values_by_name.get(normalise_name(text))
        if value is None:
            raise UnreadableError(fault)
        return value

    return read_cell


def _reject_hidden_field(_text: str) -> NoReturn:
    """Read a cell of a field that is masked for the actor, who therefore may not set it either."""
    raise UnreadableError(ValueFault.NOT_YOURS)
