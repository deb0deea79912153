"""One selection of a list: what it shows and in which order, without the page.

A query is kept as text: values are those of the address, so that it can be stored and read again
by a user who sees other records. ``UserList`` (``selection``) turns it into rows.
"""

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import ValidationError

from core.listing.conditions import (
    Condition,
    Group,
    InvalidConditionsError,
    Node,
    QueryTooLargeError,
    check_size,
    from_json,
    to_json,
    to_text,
)

VERSION = 1
MAX_SEARCH_LENGTH = MAX_SORT_LENGTH = 100
SEARCH, SORT, WHERE = "q", "sort", "where"  # parameters of every list


@dataclass(frozen=True)
class ListQuery:
    """Search text, conditions that must all hold, and order: a column's key, ``-`` for descending.

    An empty ``sort`` is the default order of the list.
    """

    search: str = ""
    conditions: tuple[Node, ...] = ()
    sort: str = ""

    @property
    def is_restricted(self) -> bool:
        """Whether there is a search text or a condition."""
        return bool(self.search or self.conditions)

    def values_of(self, parameter: str) -> tuple[str, ...]:
        """Return the values of a parameter; empty if it is not used outside of groups."""
        return next(
            (
                node.values
                for node in self.conditions
                if isinstance(node, Condition) and node.parameter == parameter
            ),
            (),
        )

    def with_condition(self, parameter: str, *values: str) -> "ListQuery":
        """Return the query with these values of a parameter; without values, without it."""
        replaced = Condition(parameter, values) if values else None
        conditions: list[Node] = []
        for node in self.conditions:
            if not (isinstance(node, Condition) and node.parameter == parameter):
                conditions.append(node)
            elif replaced is not None:
                conditions.append(replaced)
                replaced = None
        if replaced is not None:
            conditions.append(replaced)
        return replace(self, conditions=tuple(conditions))

    def without(self, removed: Node) -> "ListQuery":
        """Return the query without one of its conditions or groups."""
        others = tuple(node for node in self.conditions if node != removed)
        return replace(self, conditions=others)

    def address_parameters(self) -> list[tuple[str, str]]:
        """Return the parameters of the address, a pair for each value, without blank ones."""
        pairs = [(SEARCH, self.search)] if self.search else []
        for node in self.conditions:
            if isinstance(node, Condition):
                pairs += [(node.parameter, value) for value in node.values]
        groups = [node for node in self.conditions if not isinstance(node, Condition)]
        if groups:
            pairs.append((WHERE, to_text(groups)))
        if self.sort:
            pairs.append((SORT, self.sort))
        return pairs

    def to_json(self) -> dict[str, Any]:
        """Return the query as JSON, with the version of its form.

        Raises ValidationError if it is too large: with a tab's conditions an address can be.
        """
        try:
            check_size(self.conditions)
        except QueryTooLargeError as error:
            raise ValidationError(str(error)) from error
        return {
            "version": VERSION,
            "search": self.search,
            "where": to_json(Group("all", self.conditions)),
            "sort": self.sort,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ListQuery":
        """Return the query of JSON that ``to_json`` wrote.

        Raises InvalidConditionsError for anything else, for another version, and for a query that
        is too large.
        """
        match data:
            case {"version": 1, "search": str(search), "where": where, "sort": str(sort)}:
                if len(search) <= MAX_SEARCH_LENGTH and len(sort) <= MAX_SORT_LENGTH:
                    return cls(search, from_json(where), sort)
        raise InvalidConditionsError(reprlib.repr(data))
