"""Search, filters and sorting of the customer list, read from the URL's parameters."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F
from django.db.models.expressions import OrderBy

from accounts.models import User
from core.fields.declarations import FieldDeclaration, SortExpression
from core.fields.queries import sort_expressions
from core.fields.reference import Reference
from crm.composition import CustomerListPart, ListColumn, customer_list_parts
from crm.fields import CUSTOMER
from crm.filters.list_filters import MAX_TEXT_LENGTH, Filter, field_filters, part_filters
from crm.models import Customer
from crm.models.customer import CustomerQuerySet

DEFAULT_SORT = "code"
# Sort expressions whose columns are NOT NULL; see ``_order_expression``.
NEVER_NULL = frozenset({"code", "name", "updated_at", "unit__path"})


@dataclass(frozen=True)
class ListQuery:
    """The search text, filters and order that a user requested.

    Call ``customers`` for all matching customers, and then ``rows`` for those of one page.
    """

    user: User
    search_text: str
    filters: Sequence[Filter]  # all that the user may use, active or not
    sort: str  # key of a column, see ``_sort_expressions_by_key``
    descending: bool
    fields: Sequence[FieldDeclaration]  # that the user may see
    parts: Sequence[CustomerListPart] = ()  # that the user may see

    @property
    def active_filters(self) -> list[Filter]:
        """The filters with a selected option."""
        return [item for item in self.filters if item.selected_option is not None]

    @property
    def is_filtered(self) -> bool:
        """Whether the list is restricted by a search text or a filter."""
        return bool(self.search_text or self.active_filters)

    @property
    def column_fields(self) -> list[FieldDeclaration]:
        """The declared fields that are columns of the list."""
        return [declared for declared in self.fields if declared.in_list]

    @property
    def part_columns(self) -> list[ListColumn]:
        """The columns that other apps add for this user."""
        return [column for part in self.parts for column in part.columns]

    def parameters(self, **changes: str) -> dict[str, str]:
        """Return the parameters of the list's URL, as for a link that makes ``changes``.

        ``parameters(grade="A", sort="")`` selects a grade and the default order. Blank and default
        values are left out.
        """
        parameters = {item.key: item.current_value for item in self.active_filters}
        sort = f"-{self.sort}" if self.descending else self.sort
        parameters |= {"q": self.search_text, "sort": "" if sort == DEFAULT_SORT else sort}
        return {key: value for key, value in (parameters | changes).items() if value}

    def customers(self) -> CustomerQuerySet:
        """Return the matching customers in order, to count them and to read the ids of a page.

        They have only the annotations that their order and the active filters need.
        """
        customers: CustomerQuerySet = Customer.objects.visible_to(self.user)
        for part in self.parts:
            if self._needs_annotations_of(part):
                customers = part.annotate(customers)
        customers = customers.search(self.search_text, CUSTOMER.searched_columns)
        for item in self.active_filters:
            customers = item.apply(customers, item.current_value)
        return customers.order_by(*self._order_by())

    def rows(self, ids: Sequence[int]) -> list[Customer]:
        """Return the customers of one page, in the order of ``ids``, with all that the list shows.

        Related records and the annotations of all parts are read for these only. An id is left out
        if its customer has meanwhile been hidden from the user.
        """
        related = [
            declared.name for declared in self.column_fields if isinstance(declared.kind, Reference)
        ]
        customers = Customer.objects.visible_to(self.user).filter(pk__in=ids)
        customers = customers.select_related("unit", *related)
        for part in self.parts:
            customers = part.annotate(customers)
        by_id = {customer.pk: customer for customer in customers}
        return [by_id[pk] for pk in ids if pk in by_id]

    def _needs_annotations_of(self, part: CustomerListPart) -> bool:
        """Return whether the list is sorted or filtered by an annotation of the part."""
        is_sorted_by_part = any(column.key == self.sort for column in part.columns)
        return is_sorted_by_part or any(item.part is part for item in self.active_filters)

    def _order_by(self) -> list[OrderBy | str]:
        expressions = _sort_expressions_by_key(self.fields, self.part_columns)[self.sort]
        return [
            *(_order_expression(each, descending=self.descending) for each in expressions),
            "pk",
        ]


def read_query(user: User, parameters: Mapping[str, str]) -> ListQuery:
    """Return the query of a URL's parameters, with the filters and columns ``user`` may see.

    The parameters are ``q`` (search text), ``sort`` (key of a column, after ``-`` if descending),
    and one for each filter under its key. Others are ignored.
    """
    parts = [part for part in customer_list_parts() if part.is_available_to(user)]
    fields = CUSTOMER.fields_for(user)
    requested_sort = parameters.get("sort", "")
    sort = requested_sort.removeprefix("-")
    part_columns = [column for part in parts for column in part.columns]
    is_known = sort in _sort_expressions_by_key(fields, part_columns)
    search_text = " ".join(parameters.get("q", "").replace("\0", "").split())
    return ListQuery(
        user=user,
        search_text=search_text[:MAX_TEXT_LENGTH],
        filters=[*field_filters(user, fields, parameters), *part_filters(parts, parameters)],
        sort=sort if is_known else DEFAULT_SORT,
        descending=is_known and requested_sort.startswith("-"),
        fields=fields,
        parts=parts,
    )


def _sort_expressions_by_key(
    fields: Iterable[FieldDeclaration], part_columns: Iterable[ListColumn]
) -> dict[str, Sequence[str | SortExpression]]:
    """Return the expressions to sort by, by the key of the column.

    The keys are the names of the sortable fields, those of the columns of other apps, and
    ``changed`` for the time of the last change.
    """
    by_field = {field.name: sort_expressions(field) for field in fields if field.is_sortable}
    by_part = {column.key: [column.annotation] for column in part_columns}
    return by_field | {"changed": ["updated_at"]} | by_part


def _order_expression(expression: str | SortExpression, *, descending: bool) -> OrderBy:
    """Return the expression to order by, which puts empty values last in either direction.

    For columns that are never null NULLS LAST is left out, because it would prevent the database
    from using an index for a descending order.
    """
    name = expression if isinstance(expression, str) else getattr(expression, "name", "")
    nulls_last = None if name in NEVER_NULL else True
    if isinstance(expression, str):
        expression = F(expression)
    return OrderBy(expression, descending=descending, nulls_last=nulls_last)
