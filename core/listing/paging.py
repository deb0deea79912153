"""One page of a list by keyset: a page starts behind the last row of the page before.

Any page costs what the first one costs, and no row is skipped or shown twice while others are
added. Rows are ordered in parts, one after the other: the rows with a value and then those without,
or one part for each group of the sort. Inside a part all expressions and the id have the same
direction, so that the database can compare whole positions and start in the middle of an index.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import BooleanField, F, Func, Q, QuerySet, Value
from django.db.models.expressions import Expression, OrderBy
from django.db.models.lookups import GreaterThan, LessThan

from core.listing.declarations import Sort

GROUPS_AT_ONCE, MORE_GROUPS_AT_ONCE = 8, 40
END = "end"  # in place of a position: behind the last row


class InvalidPositionError(ValueError):
    """A text that is no position of this list and order."""


@dataclass(frozen=True)
class Position:
    """The place of a row in the order: its part, its sort values as JSON has them, its id.

    The id is the value of the list's ``row_key``.

    ``number`` counts the rows up to this one when the page was read.
    """

    part: int
    values: tuple[Any, ...]
    pk: int
    number: int


class PositionCodec:
    """Writes positions of one list and order into addresses, signed, and reads them back."""

    def __init__(self, list_name: str, sort: str) -> None:
        self._signer = Signer(salt=f"core.listing.position:{list_name}:{sort}")

    def encode(self, position: Position) -> str:
        """Return the position as text."""
        data = [position.part, position.values, position.pk, position.number]
        return self._signer.sign_object(data, serializer=_PositionSerializer, compress=True)

    def decode(self, text: str) -> Position:
        """Return the position of a text; raise InvalidPositionError."""
        try:
            part, values, pk, number = self._signer.unsign_object(
                text, serializer=_PositionSerializer
            )
        except (BadSignature, ValueError) as error:
            raise InvalidPositionError(text) from error
        return Position(part, tuple(values), pk, number)


class _PositionSerializer:
    """JSON that can hold dates, times and decimals, all exactly."""

    def dumps(self, data: Any) -> bytes:
        text = json.dumps(data, default=_exact_text, ensure_ascii=False, separators=(",", ":"))
        return text.encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


def _exact_text(value: Any) -> str:
    """Return a date, time or decimal as a text that the field's ``to_python`` reads back."""
    if isinstance(value, date):
        return value.isoformat()  # with microseconds, which DjangoJSONEncoder cuts off
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(value)


@dataclass(frozen=True)
class KeysetPage:
    """The ids of one page's rows in order, and the positions of the first and the last one.

    ``start`` is the number of the first row, counted from 1.
    """

    ids: Sequence[int]
    start: int
    first: Position | None
    last: Position | None
    has_previous: bool
    has_next: bool


@dataclass(frozen=True)
class _Part:
    """Rows that meet a condition, ordered by expressions and id."""

    condition: Q
    expressions: Sequence[Expression | F] = ()


@dataclass(frozen=True)
class _Row:
    part: int
    values: tuple[Any, ...]
    pk: int


class KeysetPager:
    """Reads pages of rows in one order."""

    def __init__(
        self,
        rows: QuerySet[Any],
        sort: Sort,
        *,
        descending: bool,
        page_size: int,
        branches: Sequence[Q] = (),
        row_key: str = "pk",
    ) -> None:
        self.rows = rows
        self.row_key = row_key
        self.branches = branches
        self.descending = descending
        self.page_size = page_size
        self.parts = _parts(sort, descending=descending)
        # The first parts are groups. That of empty values is not: it can be slow to find.
        self.group_count = len(self.parts) - bool(sort.empty) if sort.groups else 0

    def first_page(self) -> KeysetPage:
        """Return the first page."""
        return self._page_forward(None)

    def page_after(self, position: Position) -> KeysetPage:
        """Return the page that starts behind a position."""
        return self._page_forward(position)

    def page_before(self, position: Position) -> KeysetPage:
        """Return the page that ends in front of a position."""
        return self._page_backward(position, position.number - 1)

    def last_page(self, count: int) -> KeysetPage:
        """Return the last page of ``count`` rows."""
        return self._page_backward(None, count)

    def _page_forward(self, position: Position | None) -> KeysetPage:
        found = self._read(position, backward=False)
        number = position.number if position else 0
        return _page(
            found[: self.page_size],
            start=number + 1,
            has_previous=position is not None,
            has_next=len(found) > self.page_size,
        )

    def _page_backward(self, position: Position | None, last_number: int) -> KeysetPage:
        found = self._read(position, backward=True)
        shown = found[: self.page_size][::-1]
        has_previous = len(found) > self.page_size
        # The count of rows in front is known only if there are none.
        start = max(1, last_number - len(shown) + 1) if has_previous else 1
        return _page(shown, start=start, has_previous=has_previous, has_next=position is not None)

    def _read(self, position: Position | None, *, backward: bool) -> list[_Row]:
        """Return up to one row more than a page, beginning next to the position."""
        numbers = list(range(len(self.parts)))
        if position:
            numbers = numbers[: position.part + 1] if backward else numbers[position.part :]
        if backward:
            numbers.reverse()
        groups = [number for number in numbers if number < self.group_count]
        others = [number for number in numbers if number >= self.group_count]
        # Most pages end in the first groups. A statement with all of a hundred would be too long.
        group_batches = [
            groups[:GROUPS_AT_ONCE],
            *(
                groups[start : start + MORE_GROUPS_AT_ONCE]
                for start in range(GROUPS_AT_ONCE, len(groups), MORE_GROUPS_AT_ONCE)
            ),
        ]
        other_batches = [[number] for number in others]
        batches = other_batches + group_batches if backward else group_batches + other_batches
        found: list[_Row] = []
        for batch in batches:
            if batch and len(found) <= self.page_size:
                found += self._read_batch(
                    batch, position, self.page_size + 1 - len(found), backward=backward
                )
        return found

    def _read_batch(
        self, numbers: Sequence[int], position: Position | None, limit: int, *, backward: bool
    ) -> list[_Row]:
        descending = self.descending != backward
        if numbers[0] < self.group_count:
            return self._read_groups(numbers, position, limit, descending=descending)
        (number,) = numbers
        rows = self._part_rows(number, position, descending=descending)
        expressions = self.parts[number].expressions
        columns = {f"sort_{index}": each for index, each in enumerate(expressions)}
        rows = rows.annotate(**columns)
        if self.branches:
            first, *others = (
                rows.filter(branch).values(self.row_key, *columns)[:limit]
                for branch in self.branches
            )
            sign = "-" if descending else ""
            rows = first.union(*others, all=True).order_by(
                *(f"{sign}{name}" for name in (*columns, self.row_key))
            )
        return [
            _Row(number, tuple(values), pk)
            for pk, *values in rows.values_list(self.row_key, *columns)[:limit]
        ]

    def _read_groups(
        self,
        numbers: Sequence[int],
        position: Position | None,
        limit: int,
        *,
        descending: bool,
    ) -> list[_Row]:
        """Read the beginning of every group in one query, and return the first rows of them."""
        beginnings = [
            self._part_rows(number, position, descending=descending)
            .annotate(part_number=Value(number))
            .values_list(self.row_key, "part_number")[:limit]
            for number in numbers
        ]
        found = list(beginnings[0].union(*beginnings[1:], all=True))
        # The database does not promise to keep the order of the parts of a union.
        found.sort(key=lambda row: (numbers.index(row[1]), -row[0] if descending else row[0]))
        return [_Row(number, (), pk) for pk, number in found[:limit]]

    def _part_rows(
        self, number: int, position: Position | None, *, descending: bool
    ) -> QuerySet[Any]:
        """Return the rows of a part in order; behind the position, if that is in the part."""
        part = self.parts[number]
        rows = self.rows.filter(part.condition)
        if position and position.part == number:
            rows = rows.filter(self._is_behind(part, position, descending=descending))
        expressions = (*part.expressions, F(self.row_key))
        return rows.order_by(*(OrderBy(each, descending=descending) for each in expressions))

    def _is_behind(
        self, part: _Part, boundary: Position, *, descending: bool
    ) -> GreaterThan | LessThan:
        query = self.rows.query.clone()  # resolving an expression adds its joins to the query
        fields = [each.resolve_expression(query).output_field for each in part.expressions]
        try:
            values = [
                Value(field.to_python(value), output_field=field)
                for field, value in zip(fields, boundary.values, strict=True)
            ]
        except (ValueError, ValidationError) as error:  # made before the order was declared anew
            raise InvalidPositionError from error
        compare = LessThan if descending else GreaterThan
        return compare(
            _RowValue(*part.expressions, F(self.row_key)), _RowValue(*values, Value(boundary.pk))
        )


class _RowValue(Func):
    """``(a, b, c)``: PostgreSQL compares it in order of its parts."""

    template = "(%(expressions)s)"
    output_field = BooleanField()


def _parts(sort: Sort, *, descending: bool) -> list[_Part]:
    if sort.groups is not None:
        parts = [_Part(condition) for condition in sort.groups()]
        if descending:
            parts.reverse()
    else:
        expressions = [F(each) if isinstance(each, str) else each for each in sort.expressions]
        parts = [_Part(Q() if sort.empty is None else ~sort.empty, expressions)]
    if sort.empty is not None:
        parts.append(_Part(sort.empty))
    return parts


def _page(rows: Sequence[_Row], *, start: int, has_previous: bool, has_next: bool) -> KeysetPage:
    def position(index: int, number: int) -> Position | None:
        if not rows:
            return None
        row = rows[index]
        return Position(row.part, row.values, row.pk, number)

    return KeysetPage(
        ids=[row.pk for row in rows],
        start=start,
        first=position(0, start),
        last=position(-1, start + len(rows) - 1),
        has_previous=has_previous,
        has_next=has_next,
    )
