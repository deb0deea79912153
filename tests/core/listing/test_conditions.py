"""Conditions of a list as text and as JSON: both are read back as they were written."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from core.listing.conditions import (
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_RELATED,
    MAX_TEXT_LENGTH,
    MAX_VALUES,
    Condition,
    Group,
    InvalidConditionsError,
    Node,
    QueryTooLargeError,
    Related,
    check_size,
    from_json,
    from_text,
    to_json,
    to_text,
)
from core.listing.filters import MAX_VALUE_LENGTH
from core.listing.query import ListQuery

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name not in {"all", "any", "has", "no"}
)
CONDITIONS = st.builds(
    Condition, NAMES, st.lists(st.text(max_size=8), min_size=1, max_size=3).map(tuple)
)


def _groups(members: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    member_lists = st.lists(members, max_size=3).map(tuple)
    groups = st.builds(Group, st.sampled_from(["all", "any"]), member_lists.filter(bool))
    all_groups = st.builds(Group, st.just("all"), member_lists)
    return st.one_of(groups, st.builds(Related, NAMES, st.booleans(), all_groups))


NODES: st.SearchStrategy[Node] = st.one_of(CONDITIONS, _groups(CONDITIONS))


@given(st.lists(NODES, max_size=4).map(tuple))
def test_text_is_read_back_as_it_was_written(members: tuple[Node, ...]) -> None:
    assert from_text(to_text(members)) == members


@given(st.lists(NODES, max_size=4).map(tuple), st.text(max_size=9))
def test_json_is_read_back_as_it_was_written(members: tuple[Node, ...], search: str) -> None:
    query = ListQuery(search, members, "-name")
    assert ListQuery.from_json(query.to_json()) == query
    assert from_json(to_json(Group("all", members))) == members


def test_text_is_readable() -> None:
    members = (
        Group("any", (Condition("grade", ("AA", "A")), Condition("stage", ("lost",)))),
        Related("complaints", False, Group("all", (Condition("state", ("open",)),))),
    )
    assert to_text(members) == "any(grade=AA,A;stage=lost);no.complaints(state=open)"


@pytest.mark.parametrize(
    "text",
    [
        "grade", "grade=", "=A", "any(", "any(grade=A", "grade=A)", "grade=A;", ";grade=A",
        "some(grade=A)", "has.(grade=A)", "has complaints()", 'name="half', "Grade=A", "a=1,",
        "any()",
    ],
)  # fmt: skip
def test_text_that_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(InvalidConditionsError):
        from_text(text)


@pytest.mark.parametrize(
    "data",
    [
        None, [], "grade=A", {}, {"parameter": "grade"}, {"parameter": "grade", "values": []},
        {"parameter": "grade", "values": [1]}, {"all": [], "any": []}, {"some": []},
        {"has": "complaints", "where": {"parameter": "state", "values": ["open"]}},
        {"parameter": "grade", "values": ["A"], "extra": 1}, {"any": []},
        {"all": [{"parameter": "Grade)", "values": ["A"]}]},
        {"all": [{"parameter": "a" * 201, "values": ["A"]}]},
        {"all": [{"has": "", "where": {"all": []}}]},
    ],
)  # fmt: skip
def test_json_that_is_no_condition_is_refused(data: object) -> None:
    with pytest.raises(InvalidConditionsError):
        from_json(data)


def _nested(levels: int) -> Node:
    node: Node = Condition("a", ("1",))
    for _ in range(levels):
        node = Group("any", (node,))
    return node


def _group_of_length(length: int) -> Node:
    """Return a group whose text has so many characters: ``any(a=xxx…,xxx…,x…)``."""
    values = ("x" * 99,) * ((length - 7) // 100)
    rest = length - len(to_text([Group("any", (Condition("a", values),))]))
    return Group("any", (Condition("a", (*values, "x" * (rest - 1))),))


# By the message of each limit: the conditions that just keep it, and those beyond it by one.
LARGEST: dict[str, tuple[Node, ...]] = {
    "Groups are nested too deeply: 4 levels are possible.": (_nested(MAX_DEPTH - 1),),
    "Too many conditions and groups: 40 are possible.": (
        Group("any", (Condition("a", ("1",)),) * (MAX_CONDITIONS - 1)),
    ),
    "Too many conditions on related records: 5 are possible.": (
        (Related("complaints", False, Group()),) * MAX_RELATED
    ),
    "Too many values: 500 are possible.": (Condition("a", ("1",) * MAX_VALUES),),
    "A value has at most 200 characters.": (Condition("a", ("x" * MAX_VALUE_LENGTH,)),),
    "The groups of conditions have at most 4000 characters.": (_group_of_length(MAX_TEXT_LENGTH),),
}
TOO_LARGE: dict[str, tuple[Node, ...]] = {
    "Groups are nested too deeply: 4 levels are possible.": (_nested(MAX_DEPTH),),
    "Too many conditions and groups: 40 are possible.": (
        Group("any", (Condition("a", ("1",)),) * MAX_CONDITIONS),
    ),
    "Too many conditions on related records: 5 are possible.": (
        (Related("complaints", False, Group()),) * (MAX_RELATED + 1)
    ),
    "Too many values: 500 are possible.": (
        Condition("a", ("1",) * MAX_VALUES),
        Condition("b", ("1",)),
    ),
    "A value has at most 200 characters.": (Condition("a", ("x" * (MAX_VALUE_LENGTH + 1),)),),
    "The groups of conditions have at most 4000 characters.": (
        _group_of_length(MAX_TEXT_LENGTH + 1),
    ),
}


def _json(members: tuple[Node, ...]) -> dict[str, Any]:
    """Return the JSON of a query, which may be too large to be written by ``ListQuery``."""
    return ListQuery().to_json() | {"where": to_json(Group("all", members))}


@pytest.mark.parametrize("members", LARGEST.values(), ids=LARGEST)
def test_largest_query_is_written_and_read(members: tuple[Node, ...]) -> None:
    query = ListQuery(conditions=members)
    assert ListQuery.from_json(query.to_json()) == query


@pytest.mark.parametrize(("message", "members"), TOO_LARGE.items(), ids=TOO_LARGE)
def test_query_that_is_too_large_is_neither_written_nor_read(
    message: str, members: tuple[Node, ...]
) -> None:
    with pytest.raises(ValidationError) as written:
        ListQuery(conditions=members).to_json()
    assert written.value.messages == [message]
    with pytest.raises(QueryTooLargeError) as read:
        ListQuery.from_json(_json(members))
    assert str(read.value) == message


@pytest.mark.parametrize(("message", "members"), TOO_LARGE.items(), ids=TOO_LARGE)
def test_message_is_translated(message: str, members: tuple[Node, ...]) -> None:
    with override("zh-hans"), pytest.raises(QueryTooLargeError) as error:
        check_size(members)
    assert str(error.value) != message


def test_thousands_of_groups_are_refused_without_being_read() -> None:
    data: dict[str, Any] = {"all": []}
    for _ in range(100_000):
        data = {"all": [data]}
    with pytest.raises(QueryTooLargeError):
        ListQuery.from_json(ListQuery().to_json() | {"where": data})
    with pytest.raises(InvalidConditionsError):  # its message does not need the depth either
        ListQuery.from_json({"version": 2, "where": data})
    with pytest.raises(QueryTooLargeError):
        from_text("any(" * 900 + "a=1" + ")" * 900)


@pytest.mark.parametrize("key", ["search", "sort"])
def test_text_that_is_too_long_is_not_read(key: str) -> None:
    longest = ListQuery().to_json() | {key: "x" * 100}
    assert ListQuery.from_json(longest).to_json() == longest
    with pytest.raises(InvalidConditionsError):
        ListQuery.from_json(ListQuery().to_json() | {key: "x" * 101})


def test_json_of_another_version_is_refused() -> None:
    with pytest.raises(InvalidConditionsError):
        ListQuery.from_json(ListQuery().to_json() | {"version": 2})
