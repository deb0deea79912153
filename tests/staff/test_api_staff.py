"""Units and users over the REST API: only those the user sees, and only what colleagues know."""

from http import HTTPStatus
from typing import Any

import pytest

from accounts.models import User
from tests.cast import Cast, make_user
from tests.core.api import key_client
from tests.history import fixture_changes


def _rows(user: User, address: str) -> list[dict[str, Any]]:
    response = key_client(user).get(f"/api/v1/{address}")
    assert response.status_code == HTTPStatus.OK, response.content
    rows: list[dict[str, Any]] = response.json()["results"]
    return rows


def test_units_are_those_the_user_sees_with_visible_parents(cast: Cast) -> None:
    parents = {row["code"]: row["parent"] for row in _rows(cast.head, "units/")}
    assert parents == {"GS": None, "GSLZ": "GS", "GSTS": "GS"}
    (own,) = _rows(cast.manager, "units/")
    assert own == {
        "code": "GSLZ",
        "name": "Gslz",
        "name_zh": "兰州分公司",
        "name_en": "Gslz",
        "kind": "branch",
        "parent": None,
    }
    company = [row["code"] for row in _rows(cast.auditor, "units/")]
    assert {"GS", "GSLZ", "GSTS", "HN", "HNCS"} < set(company)
    assert company == sorted(company)


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("code=GSLZ", ["GSLZ"]), ("code=HN", []), ("kind=province", ["GS"]),
        ("kind__not=province", ["GSLZ", "GSTS"]), ("parent=GS", ["GSLZ", "GSTS"]),
        ("sort=-code", ["GSTS", "GSLZ", "GS"]),
    ],
)  # fmt: skip
def test_units_are_filtered(cast: Cast, query: str, codes: list[str]) -> None:
    assert [row["code"] for row in _rows(cast.head, f"units/?{query}")] == codes


def test_hidden_parent_cannot_be_found_out_by_a_filter(cast: Cast) -> None:
    assert _rows(cast.manager, "units/?parent=GS") == []


def test_users_are_those_the_user_sees(cast: Cast) -> None:
    assert {row["employee_number"] for row in _rows(cast.manager, "users/")} == {
        "manager", "colleague",
    }  # fmt: skip
    seen = {row["employee_number"] for row in _rows(cast.head, "users/")}
    assert seen == {"head", "manager", "colleague", "agent", "divadmin"}
    assert {"stranger", "executive"} < {
        row["employee_number"] for row in _rows(cast.executive, "users/")
    }


def test_user_has_no_private_data_and_no_hidden_manager(cast: Cast) -> None:
    with fixture_changes():
        User.objects.filter(pk=cast.colleague.pk).update(manager=cast.head, phone="13900000000")
    (row,) = _rows(cast.manager, "users/?employee_number=colleague")
    assert row == {
        "id": cast.colleague.pk,
        "employee_number": "colleague",
        "name": "Cole Colleague",
        "unit": "GSLZ",
        "role": "account_manager",
        "manager": None,
        "is_active": True,
        "is_service": False,
    }
    (row,) = _rows(cast.head, "users/?employee_number=colleague")
    assert row["manager"] == "head"
    assert _rows(cast.manager, "users/?manager=head") == []


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("unit=GSLZ", ["colleague", "manager"]), ("unit=HN", []),
        ("unit=GS&role=account_manager", ["colleague", "manager"]),
        ("q=col eague", ["colleague"]), ("q=Mia", ["manager"]), ("manager=head", ["manager"]),
        ("is_active=false", ["agent"]), ("is_service=true", []),
        ("role=service_agent&is_active=true", []),
        ("sort=employee_number&unit__not=GSLZ", ["agent", "divadmin", "head"]),
        ("where=any(role=division_head;employee_number=agent)", ["agent", "head"]),
    ],
)  # fmt: skip
def test_users_are_filtered(cast: Cast, query: str, numbers: list[str]) -> None:
    with fixture_changes():
        User.objects.filter(pk=cast.manager.pk).update(manager=cast.head)
        User.objects.filter(pk=cast.agent.pk).update(is_active=False)
    found = [row["employee_number"] for row in _rows(cast.head, f"users/?{query}")]
    assert sorted(found) == numbers


@pytest.mark.parametrize("name", ["units", "users"])
def test_nothing_can_be_written(cast: Cast, name: str) -> None:
    response = key_client(cast.sysadmin).post(
        f"/api/v1/{name}/", "{}", content_type="application/json"
    )
    assert response.status_code == HTTPStatus.METHOD_NOT_ALLOWED


@pytest.mark.parametrize("rows", [2, 20])
def test_users_take_the_same_queries_at_any_length(
    cast: Cast, rows: int, django_assert_num_queries: Any
) -> None:
    for number in range(rows):
        user = make_user(f"u{number}", "Una User", "account_manager", cast.tianshui)
        with fixture_changes():
            User.objects.filter(pk=user.pk).update(manager=cast.head)
    client = key_client(cast.head)
    # The API key with its user; the selected unit; the ids; the page.
    with django_assert_num_queries(4):
        assert len(client.get("/api/v1/users/?unit=GSTS").json()["results"]) == rows


@pytest.mark.parametrize("size", [1, 3])
def test_units_take_the_same_queries_at_any_length(
    cast: Cast, size: int, django_assert_num_queries: Any
) -> None:
    client = key_client(cast.head)
    with django_assert_num_queries(3):  # the API key with its user; the ids; the page
        page = client.get(f"/api/v1/units/?page_size={size}&sort=-code").json()
    assert len(page["results"]) == size
