"""A list as one user has it: reads queries from addresses and selects the rows of a query."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from operator import and_, or_
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core.fields.declarations import FieldDeclaration
from core.fields.reference import Reference
from core.listing.conditions import (
    Condition,
    Group,
    InvalidConditionsError,
    Node,
    QueryTooLargeError,
    all_conditions,
    check_size,
    from_text,
    with_parameters_once,
)
from core.listing.declarations import ListColumn, ListDeclaration, ListPart, Relation, Sort
from core.listing.filters import ListFilter
from core.listing.filterset import ComparisonFilter, ListFilterSet, comparison_filters
from core.listing.paging import KeysetPager, PositionCodec
from core.listing.query import MAX_SEARCH_LENGTH, SEARCH, SORT, WHERE, ListQuery

REPEATED = gettext_lazy("Give this only once.")


@dataclass(frozen=True)
class Problem:
    """A part of an address that the list does not have or cannot read, and why."""

    name: str
    message: str | Promise


class UserList:
    """A list with the columns, filters and parts that one user may use. Made for one request."""

    def __init__(self, declaration: ListDeclaration, user: User, default_sort: str = "") -> None:
        self.declaration = declaration
        self.user = user
        self.default_sort = default_sort or declaration.default_sort
        self.parts = [part for part in declaration.parts() if part.is_available_to(user)]

    @cached_property
    def fields(self) -> Sequence[FieldDeclaration]:
        """The declared fields the user may see. Takes one query."""
        return self.declaration.fields_for(self.user)

    @cached_property
    def columns(self) -> list[ListColumn]:
        """The columns in display order, each with the slug of its part."""
        part_columns = [
            replace(column, part_slug=part.slug) for part in self.parts for column in part.columns
        ]
        return [*self.declaration.columns(self.fields, part_columns)]

    @property
    def export_columns(self) -> list[ListColumn]:
        """The columns of exports."""
        make_columns = self.declaration.export_columns
        if make_columns is None:
            return self.columns
        part_columns = [column for part in self.parts for column in part.columns]
        return [*make_columns(self.fields, part_columns)]

    @cached_property
    def filters(self) -> list[ListFilter]:
        """The filters in display order, each with the slug of its part."""
        part_filters = [
            replace(each, part_slug=part.slug) for part in self.parts for each in part.filters
        ]
        return [*self.declaration.filters(self.fields), *part_filters]

    @cached_property
    def relations(self) -> dict[str, Relation]:
        """The related records that conditions may ask for, by key."""
        return {relation.key: relation for part in self.parts for relation in part.relations}

    @cached_property
    def comparisons(self) -> dict[str, ComparisonFilter]:
        """The comparisons of all filters, by parameter."""
        return comparison_filters(self.filters)

    @cached_property
    def sorts(self) -> dict[str, Sort]:
        """The orders by key: those of columns and the others."""
        by_column = {column.key: column.sort for column in self.columns if column.sort is not None}
        return by_column | dict(self.declaration.sorts)

    def sort_of(self, query: ListQuery) -> tuple[str, Sort, bool]:
        """Return key, order and whether it is descending: the query's, or the list's own."""
        text = query.sort or self.default_sort
        key = text.removeprefix("-")
        # Most requests use an order without a column, and need no columns for it.
        sort = self.declaration.sorts.get(key) or self.sorts[key]
        return key, sort, text.startswith("-")

    def read(
        self, parameters: QueryDict, other_names: Iterable[str] = ()
    ) -> tuple[ListQuery, list[Problem]]:
        """Return the query of an address and what of it was left out, with the reason.

        ``other_names`` are parameters of the page that are not part of the query. Of a parameter
        that can have one value only, the last one is read.
        """
        problems: list[Problem] = []
        conditions: list[Node] = []
        other_names = {SORT, WHERE, *other_names}
        if self.declaration.search is not None:
            other_names.add(SEARCH)
        names = [name for name in parameters if name not in other_names]
        problems += (
            Problem(name, REPEATED)
            for name in sorted(other_names)
            if len(parameters.getlist(name)) > 1
        )
        if names:
            filterset = ListFilterSet(
                parameters, filters=self.comparisons, queryset=self.declaration.rows(self.user)
            )
        for name in names:
            values = tuple(text.strip() for text in parameters.getlist(name) if text.strip())
            if name not in self.comparisons:
                problems.append(Problem(name, _("There is no such field.")))
            elif name in filterset.form.errors:
                problems.append(Problem(name, filterset.form.errors[name][0]))
            elif values:
                is_multiple = self.comparisons[name].comparison.is_multiple
                if len(values) > 1 and not is_multiple:
                    problems.append(Problem(name, REPEATED))
                condition = Condition(name, values if is_multiple else values[-1:])
                conditions = _with(conditions, [condition], name, problems)
        groups = self._read_where(parameters.get(WHERE, ""), problems)
        conditions = _with(conditions, groups, WHERE, problems)
        query = ListQuery(
            search=_clean_search(parameters.get(SEARCH, "")) if self.declaration.search else "",
            conditions=tuple(conditions),
            sort=self._read_sort(parameters.get(SORT, ""), problems),
        )
        return query, problems

    def _read_where(self, text: str, problems: list[Problem]) -> tuple[Node, ...]:
        if not text:
            return ()
        try:
            nodes = from_text(text)
            for node in nodes:
                self._predicate(node)
        except QueryTooLargeError as error:
            problems.append(Problem(WHERE, str(error)))
            return ()
        except InvalidConditionsError as error:
            problems.append(Problem(WHERE, _("Not understood: %(part)s") % {"part": error}))
            return ()
        except ValidationError as error:
            problems.append(Problem(WHERE, error.messages[0]))
            return ()
        return nodes

    def _read_sort(self, text: str, problems: list[Problem]) -> str:
        if not text:
            return ""
        if text.removeprefix("-") not in self.sorts:
            problems.append(Problem(SORT, _("The list cannot be sorted by this.")))
            return ""
        return "" if text == self.default_sort else text

    def position_codec(self, query: ListQuery) -> PositionCodec:
        """Return what writes and reads positions in the order of a query."""
        return PositionCodec(self.declaration.name, query.sort or self.default_sort)

    def pager(self, rows: QuerySet[Any], query: ListQuery, page_size: int) -> KeysetPager:
        """Return what reads pages of the rows in the order of a query."""
        _key, sort, is_descending = self.sort_of(query)
        branches = sort.branches or self.declaration.branches
        return KeysetPager(
            rows,
            sort,
            descending=is_descending,
            page_size=page_size,
            branches=branches(self.user) if branches else (),
            row_key=self.declaration.row_key,
        )

    def read_rows(self, ids: Sequence[int], *, for_export: bool = False) -> list[Any]:
        """Return the rows with these ids in this order, with what the columns need.

        A row that is gone or no longer visible is left out.
        """
        rows = self.declaration.rows(self.user).filter(pk__in=ids)
        selected = self.with_columns(rows, for_export=for_export)
        rows_by_id = {row.pk: row for row in selected}
        return [rows_by_id[pk] for pk in ids if pk in rows_by_id]

    def rows(self, query: ListQuery, *, is_ordered: bool = False) -> QuerySet[Any]:
        """Return the rows that match a query, in no order. Raises ValidationError.

        ``is_ordered`` says that a pager will read a few of them in the order of the query.
        """
        rows = self.declaration.rows(self.user)
        for part in self._parts_used_by(query):
            rows = part.annotate(rows)
        search = self.declaration.search
        if is_ordered:
            search = self.declaration.search_in_order or search
        if query.search and search is not None:
            rows = search(rows, query.search)
        for node in query.conditions:
            rows = rows.filter(self._predicate(node))
        return rows

    def with_columns(self, rows: QuerySet[Any], *, for_export: bool = False) -> QuerySet[Any]:
        """Return the rows with all that the columns of the page, or of an export, show."""
        for part in self.parts:
            rows = part.annotate(rows)
        shown = [
            field.name
            for field in self.fields
            if (field.in_list or for_export) and isinstance(field.kind, Reference)
        ]
        return rows.select_related(*shown, *self.declaration.related)

    def _parts_used_by(self, query: ListQuery) -> list[ListPart]:
        sort_key, _sort, _is_descending = self.sort_of(query)
        slugs = set()
        if sort_key not in self.declaration.sorts:
            slugs = {column.part_slug for column in self.columns if column.key == sort_key}
        for node in query.conditions:
            for condition in all_conditions(node):
                slugs.add(self.comparisons[condition.parameter].list_filter.part_slug)
        return [part for part in self.parts if part.slug in slugs]

    def _predicate(self, node: Node) -> Q:
        return _predicate(node, self.comparisons, self.relations, self.user)


def _predicate(
    node: Node,
    comparisons: Mapping[str, ComparisonFilter],
    relations: Mapping[str, Relation],
    user: User,
) -> Q:
    """Return the database's condition for one of a query.

    Raises ValidationError for a value that cannot be read, InvalidConditionsError for a parameter
    or relation that the list does not have.
    """
    if isinstance(node, Condition):
        if node.parameter not in comparisons:
            raise InvalidConditionsError(node.parameter)
        return Q(comparisons[node.parameter].predicate(user, node.values))
    if isinstance(node, Group):
        members = (_predicate(each, comparisons, relations, user) for each in node.members)
        return reduce(or_ if node.operator == "any" else and_, members, Q())
    relation = relations.get(node.relation)
    if relation is None:
        raise InvalidConditionsError(node.relation)
    # Of related records no further related ones can be asked for.
    wanted = _predicate(node.where, comparison_filters(relation.filters(user)), {}, user)
    matching = relation.rows(user).filter(**{relation.path: OuterRef("pk")})
    exists = Exists(matching.filter(wanted))
    return Q(exists) if node.exists else ~Q(exists)


def _with(
    conditions: list[Node], added: Sequence[Node], name: str, problems: list[Problem]
) -> list[Node]:
    """Return the conditions with those of one parameter; without them if the query gets too large.

    Then the parameter ``name`` is among the problems.
    """
    joined = with_parameters_once([*conditions, *added])
    try:
        check_size(joined)
    except QueryTooLargeError as error:
        problems.append(Problem(name, str(error)))
        return conditions
    return joined


def _clean_search(text: str) -> str:
    return " ".join(text.replace("\0", "").split())[:MAX_SEARCH_LENGTH]
