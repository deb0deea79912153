"""The conditions of a query as text for people, and the options that a page offers for them."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core.listing.conditions import Condition, Group, Node, Related
from core.listing.filters import ListFilter, OptionGroup
from core.listing.filterset import ComparisonFilter, comparison_filters
from core.listing.query import ListQuery
from core.listing.selection import Problem, UserList


class ConditionLabels:
    """Names the conditions of a list for its user. The options of each filter are read once."""

    def __init__(self, user_list: UserList) -> None:
        self.user_list = user_list
        self._option_groups: dict[str, Sequence[OptionGroup]] = {}

    def option_groups(self, list_filter: ListFilter) -> Sequence[OptionGroup]:
        """Return the options that the page offers for a filter; empty if values are typed."""
        if list_filter.option_groups is None:
            return ()
        if list_filter.key not in self._option_groups:
            self._option_groups[list_filter.key] = list_filter.option_groups(self.user_list.user)
        return self._option_groups[list_filter.key]

    def known_part(self, query: ListQuery) -> tuple[ListQuery, list[Problem]]:
        """Return the query without values that the user could not have selected.

        Those of groups are kept: they select nothing.
        """
        problems = []
        for node in query.conditions:
            if not isinstance(node, Condition):
                continue
            labels = self._value_labels(self.user_list.comparisons[node.parameter], node.values)
            unknown = [value for value in node.values if value not in labels]
            if unknown:
                known = tuple(value for value in node.values if value in labels)
                query = query.with_condition(node.parameter, *known)
                problems.append(Problem(node.parameter, _("Not found: %s") % ", ".join(unknown)))
        return query, problems

    def label(self, node: Node) -> str:
        """Return what a condition is about: the label of its filter or relation."""
        if isinstance(node, Condition):
            return str(self.user_list.comparisons[node.parameter].list_filter.label)
        if isinstance(node, Related):
            return str(self.user_list.relations[node.relation].label)
        return _("Condition")

    def value(self, node: Node) -> str:
        """Return what a condition asks for, as text for people."""
        if isinstance(node, Condition):
            return self._condition_value(node, self.user_list.comparisons)
        if isinstance(node, Related):
            filters = self.user_list.relations[node.relation].filters(self.user_list.user)
            wanted = self._group_text(node.where, comparison_filters(filters))
            existence = pgettext("related records", "Yes") if node.exists else _("None")
            return f"{existence} ({wanted})" if wanted else existence
        return self._group_text(node, self.user_list.comparisons)

    def _group_text(self, group: Group, comparisons: dict[str, ComparisonFilter]) -> str:
        texts = []
        for member in group.members:
            if isinstance(member, Condition):
                label = comparisons[member.parameter].list_filter.label
                texts.append(f"{label} {self._condition_value(member, comparisons)}")
            elif isinstance(member, Group):
                texts.append(f"({self._group_text(member, comparisons)})")
            else:
                texts.append(f"{self.label(member)} {self.value(member)}")
        return (
            pgettext("conditions", " or ")
            if group.operator == "any"
            else pgettext("conditions", " and ")
        ).join(texts)

    def _condition_value(
        self, condition: Condition, comparisons: dict[str, ComparisonFilter]
    ) -> str:
        comparison_filter = comparisons[condition.parameter]
        labels = self._value_labels(comparison_filter, condition.values)
        text = ", ".join(labels.get(value, value) for value in condition.values)
        prefix = comparison_filter.comparison.label
        return f"{prefix} {text}" if prefix else text

    def _value_labels(
        self, comparison_filter: ComparisonFilter, values: Sequence[str]
    ) -> dict[str, str]:
        """Return the labels of values by value; an unknown option has none."""
        list_filter, comparison = comparison_filter.list_filter, comparison_filter.comparison
        options = {
            option.value: str(option.label)
            for group in self.option_groups(list_filter)
            for option in group.options
        }
        labels = {}
        for value in values:
            if value in options and (
                comparison.is_multiple or comparison.suffix == list_filter.offered_suffix
            ):
                labels[value] = options[value]
        missing = [value for value in values if value not in labels]
        if not missing:
            return labels
        if list_filter.labels_of is not None:
            return labels | list_filter.labels_of(self.user_list.user, missing)
        return labels | {
            value: comparison.format(parsed)
            for value, parsed in zip(missing, comparison_filter.field.clean(missing), strict=False)
        }
