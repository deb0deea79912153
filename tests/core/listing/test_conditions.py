"""Conditions of a list as text and as JSON: both are read back as they were written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.listing.conditions import (
    MAX_CONDITIONS,
    Condition,
    Group,
    InvalidConditionsError,
    Node,
    Related,
    from_json,
    from_text,
    to_json,
    to_text,
)
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
    assert from_json(to_json(Group("all", members))) == Group("all", members)


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
        "any(any(any(any(a=1))))", "any()", ";".join(["no.complaints()"] * 6),
        ";".join(["a=1"] * (MAX_CONDITIONS + 1)), "a=" + "x" * 5000,
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
        {"parameter": "grade", "values": ["A"], "extra": 1},
    ],
)  # fmt: skip
def test_json_that_is_no_condition_is_refused(data: object) -> None:
    with pytest.raises(InvalidConditionsError):
        from_json(data)


def test_json_of_another_version_is_refused() -> None:
    with pytest.raises(InvalidConditionsError):
        ListQuery.from_json(ListQuery().to_json() | {"version": 2})
