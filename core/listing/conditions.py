"""The conditions of a list query: their tree, and how it is written as text and as JSON.

Text is what people read in an address: ``any(grade=AA,A;stage=lost);no.complaints(state=open)``.
Members of a group are separated by ``;`` and the values of a condition by ``,``. A value that holds
one of the characters ``;,()"`` stands in double quotes, and a double quote in it is doubled.

How large a query may be is the same for an address and for a stored one: ``check_size``.
"""

import re
import reprlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from core.listing.filters import MAX_VALUE_LENGTH

# Limits of one query.
MAX_DEPTH = 4  # of groups in groups
MAX_CONDITIONS = 40  # and groups
MAX_RELATED = 5  # conditions on related records, each of which is a subquery
MAX_VALUES = 500  # of all conditions together
MAX_TEXT_LENGTH = 4000  # of the groups as text
MAX_VALUE_IN_ERROR = 60
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_BARE = re.compile(r'[^;,()"]+')
_NEEDS_QUOTES = re.compile(r'[;,()"]|^\s|\s$|^$')

GroupOperator = Literal["all", "any"]


class InvalidConditionsError(ValueError):
    """A text or JSON that is not a tree of conditions. The argument is the part that is wrong."""


class QueryTooLargeError(InvalidConditionsError):
    """A query beyond the limits. The argument is the message for the user."""


@dataclass(frozen=True)
class Condition:
    """A comparison with values: ``parameter`` names the comparison, as in the address."""

    parameter: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Conditions of which all or any must hold. Only that of a related record may be empty."""

    operator: GroupOperator = "all"
    members: tuple["Node", ...] = ()


@dataclass(frozen=True)
class Related:
    """That a related record meeting the conditions exists, or that there is none."""

    relation: str
    exists: bool
    where: Group


Node = Condition | Group | Related


def all_conditions(node: Node) -> Iterator[Condition]:
    """Yield the conditions of a tree, without those of related records."""
    if isinstance(node, Condition):
        yield node
    elif isinstance(node, Group):
        for member in node.members:
            yield from all_conditions(member)


def check_size(members: Sequence[Node]) -> None:
    """Raise QueryTooLargeError if the conditions of a query are more or larger than it may have."""
    nodes = [node for member in members for node in _tree(member, depth=1)]
    conditions = [node for node in nodes if isinstance(node, Condition)]
    if len(nodes) > MAX_CONDITIONS:
        message = _("Too many conditions and groups: %(limit)d are possible.")
        raise QueryTooLargeError(message % {"limit": MAX_CONDITIONS})
    if sum(isinstance(node, Related) for node in nodes) > MAX_RELATED:
        message = _("Too many conditions on related records: %(limit)d are possible.")
        raise QueryTooLargeError(message % {"limit": MAX_RELATED})
    if sum(len(condition.values) for condition in conditions) > MAX_VALUES:
        message = _("Too many values: %(limit)d are possible.")
        raise QueryTooLargeError(message % {"limit": MAX_VALUES})
    if any(len(value) > MAX_VALUE_LENGTH for each in conditions for value in each.values):
        message = _("A value has at most %(limit)d characters.")
        raise QueryTooLargeError(message % {"limit": MAX_VALUE_LENGTH})
    _check_text_length(to_text([node for node in members if not isinstance(node, Condition)]))


def _tree(node: Node, depth: int) -> Iterator[Node]:
    """Yield a node and all below it, those of related records too."""
    _check_depth(depth)
    yield node
    if isinstance(node, Condition):
        return
    members = node.members if isinstance(node, Group) else node.where.members
    for member in members:
        yield from _tree(member, depth + 1)


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        message = _("Groups are nested too deeply: %(limit)d levels are possible.")
        raise QueryTooLargeError(message % {"limit": MAX_DEPTH})


def _check_text_length(text: str) -> None:
    if len(text) > MAX_TEXT_LENGTH:
        message = _("The groups of conditions have at most %(limit)d characters.")
        raise QueryTooLargeError(message % {"limit": MAX_TEXT_LENGTH})


def with_parameters_once(nodes: Sequence[Node]) -> list[Node]:
    """Put a second condition of the same parameter into a group: an address would join the two."""
    parameters: set[str] = set()
    unique: list[Node] = []
    for node in nodes:
        if isinstance(node, Condition) and node.parameter in parameters:
            unique.append(Group("all", (node,)))
        else:
            unique.append(node)
        if isinstance(node, Condition):
            parameters.add(node.parameter)
    return unique


def to_text(members: Sequence[Node]) -> str:
    """Return the text of a group's members."""
    return ";".join(_node_text(member) for member in members)


def _node_text(node: Node) -> str:
    if isinstance(node, Condition):
        return f"{node.parameter}={','.join(_quoted(value) for value in node.values)}"
    if isinstance(node, Group):
        return f"{node.operator}({to_text(node.members)})"
    return f"{'has' if node.exists else 'no'}.{node.relation}({to_text(node.where.members)})"


def _quoted(value: str) -> str:
    if not _NEEDS_QUOTES.search(value):
        return value
    doubled = value.replace('"', '""')
    return f'"{doubled}"'


def from_text(text: str) -> tuple[Node, ...]:
    """Return the members of a group from their text; raise InvalidConditionsError.

    Apart from the length of the text and the depth of groups, the size is not checked.
    """
    _check_text_length(text)
    return _Parser(text).parse()


class _Parser:
    """Reads the text of a group from left to right; ``position`` is the next character's."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def parse(self) -> tuple[Node, ...]:
        members = self._members(depth=1) if self.text else ()
        if self.position < len(self.text):
            raise self._error()
        return members

    def _members(self, depth: int) -> tuple[Node, ...]:
        members = [self._member(depth)]
        while self._skip(";"):
            members.append(self._member(depth))
        return tuple(members)

    def _member(self, depth: int) -> Node:
        _check_depth(depth)
        name = self._match(_NAME)[0]
        if self._skip("="):
            return self._condition(name)
        if name in {"all", "any"}:
            return Group("any" if name == "any" else "all", self._group_members(depth))
        if name in {"has", "no"}:
            self._expect(".")
            relation = self._match(_NAME)[0]
            members = self._group_members(depth, may_be_empty=True)
            return Related(relation, name == "has", Group("all", members))
        raise self._error()

    def _group_members(self, depth: int, *, may_be_empty: bool = False) -> tuple[Node, ...]:
        self._expect("(")
        if may_be_empty and self._skip(")"):
            return ()
        members = self._members(depth + 1)
        self._expect(")")
        return members

    def _condition(self, parameter: str) -> Condition:
        values = [self._value()]
        while self._skip(","):
            values.append(self._value())
        return Condition(parameter, tuple(values))

    def _value(self) -> str:
        if self.text.startswith('"', self.position):
            return self._match(_QUOTED)[1].replace('""', '"')
        return self._match(_BARE)[0]

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self.text, self.position)
        if found is None:
            raise self._error()
        self.position = found.end()
        return found

    def _skip(self, character: str) -> bool:
        is_next = self.text.startswith(character, self.position)
        self.position += is_next
        return is_next

    def _expect(self, character: str) -> None:
        if not self._skip(character):
            raise self._error()

    def _error(self) -> InvalidConditionsError:
        return InvalidConditionsError(self.text[self.position :][:MAX_VALUE_IN_ERROR])


def to_json(node: Node) -> dict[str, Any]:
    """Return the JSON of a tree; ``from_json`` reads it."""
    if isinstance(node, Condition):
        return {"parameter": node.parameter, "values": list(node.values)}
    if isinstance(node, Group):
        return {node.operator: [to_json(member) for member in node.members]}
    return {"has" if node.exists else "no": node.relation, "where": to_json(node.where)}


def from_json(data: Any) -> tuple[Node, ...]:
    """Return the members of a group from the JSON that ``to_json`` wrote; all of them must hold.

    Raises InvalidConditionsError, and QueryTooLargeError for more than a query may have.
    """
    group = _group_from_json(data, depth=0)
    if group.operator != "all":
        raise InvalidConditionsError(reprlib.repr(data))
    check_size(group.members)
    return group.members


def _node_from_json(data: Any, depth: int) -> Node:
    """Return the node of JSON; the limit of the depth also bounds the recursion."""
    _check_depth(depth)
    match data:
        case {"parameter": str(parameter), "values": [*values], **rest} if not rest:
            if values and all(isinstance(value, str) for value in values):
                return Condition(_checked_name(parameter), tuple(values))
        case {"all": [*members], **rest} if not rest:
            return Group("all", tuple(_node_from_json(each, depth + 1) for each in members))
        case {"any": [*members], **rest} if not rest:
            return Group("any", tuple(_node_from_json(each, depth + 1) for each in members))
        case {"has": str(relation), "where": where, **rest} if not rest:
            return _related_from_json(relation, where, depth, exists=True)
        case {"no": str(relation), "where": where, **rest} if not rest:
            return _related_from_json(relation, where, depth, exists=False)
    raise InvalidConditionsError(reprlib.repr(data))


def _related_from_json(relation: str, where: Any, depth: int, *, exists: bool) -> Related:
    return Related(_checked_name(relation), exists, _group_from_json(where, depth))


def _group_from_json(data: Any, depth: int) -> Group:
    node = _node_from_json(data, depth)
    if not isinstance(node, Group):
        raise InvalidConditionsError(reprlib.repr(data))
    return node


def _checked_name(name: str) -> str:
    if len(name) > MAX_VALUE_LENGTH or not _NAME.fullmatch(name):
        raise InvalidConditionsError(reprlib.repr(name))
    return name
