"""Rows of a list that a user has selected, to export or to edit them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from core.listing.query import ListQuery
from core.listing.selection import UserList

# Parameters of the form: the ids of selected rows, and whether all that match are selected.
IDS, ALL_MATCHING = "ids", "all"
MAX_ID_DIGITS = 18
MAX_IDS = 1_000


@dataclass(frozen=True)
class RowSelection:
    """The rows with these ids or, without ids, all rows that match the query.

    Rows with given ids are selected even if they no longer match. The query has their order.
    """

    query: ListQuery
    ids: tuple[int, ...] = ()

    def rows(self, user_list: UserList) -> QuerySet[Any]:
        """Return the selected rows that the user may see, in no order."""
        if not self.ids:
            return user_list.rows(self.query)
        return user_list.rows(ListQuery(sort=self.query.sort)).filter(pk__in=self.ids)

    def to_json(self) -> dict[str, Any]:
        """Return the selection as JSON."""
        return {"query": self.query.to_json(), "ids": list(self.ids)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "RowSelection":
        """Return the selection of JSON that ``to_json`` wrote."""
        return cls(ListQuery.from_json(data["query"]), tuple(data["ids"]))


def read_selection(data: QueryDict, query: ListQuery) -> RowSelection | None:
    """Return the selection of a submitted form; None if nothing is selected.

    What is no id is left out.
    """
    if data.get(ALL_MATCHING):
        return RowSelection(query)
    texts = data.getlist(IDS)[:MAX_IDS]
    ids = {int(text) for text in texts if text.isascii() and text.isdigit() and _is_short(text)}
    return RowSelection(query, tuple(sorted(ids))) if ids else None


def _is_short(text: str) -> bool:
    return len(text) <= MAX_ID_DIGITS
