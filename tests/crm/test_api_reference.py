"""The reference lists over the REST API."""

from http import HTTPStatus
from typing import Any

import pytest

from accounts.models import User
from crm.models import BillingSystem, Grade
from tests.cast import Cast
from tests.core.api import key_client
from tests.history import fixture_changes


def _rows(user: User, address: str, language: str = "en") -> list[dict[str, Any]]:
    response = key_client(user, language).get(f"/api/v1/{address}")
    assert response.status_code == HTTPStatus.OK, response.content
    rows: list[dict[str, Any]] = response.json()["results"]
    return rows


@pytest.mark.parametrize(
    ("name", "code"),
    [("sources", "tender"), ("categories", "enterprise"), ("grades", "AA"), ("industries", "39")],
)
def test_entry_is_read_with_both_names(cast: Cast, name: str, code: str) -> None:
    (english,) = _rows(cast.manager, f"{name}/?code={code}")
    (chinese,) = _rows(cast.manager, f"{name}/?code={code}", "zh-hans")
    assert english["code"] == code
    assert english["name"] == english["name_en"] == chinese["name_en"]
    assert chinese["name"] == chinese["name_zh"] == english["name_zh"]
    assert english["name_en"] != english["name_zh"]


def test_entries_are_in_the_order_of_forms_over_all_pages(cast: Cast) -> None:
    grades = [grade["code"] for grade in _rows(cast.manager, "grades/")]
    assert grades == list(Grade.objects.order_by("position").values_list("code", flat=True))
    client, codes, address = key_client(cast.manager), [], "/api/v1/industries/?page_size=50"
    while address:
        page = client.get(address).json()
        codes += [row["code"] for row in page["results"]]
        address = page["next"]
    assert len(codes) == len(set(codes)) == len(_rows(cast.manager, "industries/?page_size=500"))


def test_industries_are_restricted_to_a_section(cast: Cast) -> None:
    divisions = _rows(cast.manager, "industries/?section=C&page_size=500")
    assert {row["section"] for row in divisions} == {"C"}
    assert "39" in [row["code"] for row in divisions]
    (section,) = _rows(cast.manager, "industries/?code=C")
    assert section["section"] is None


def test_inactive_entries_are_listed_and_can_be_left_out(cast: Cast) -> None:
    with fixture_changes():
        BillingSystem.objects.create(
            code="old", name_zh="旧系统", name_en="Old system", is_active=False
        )
    assert "old" in [row["code"] for row in _rows(cast.manager, "billing-systems/")]
    active = _rows(cast.manager, "billing-systems/?is_active=true")
    assert active
    assert "old" not in [row["code"] for row in active]
    (old,) = _rows(cast.manager, "billing-systems/?is_active=false")
    assert (old["code"], old["is_active"]) == ("old", False)


@pytest.mark.parametrize("size", [2, 20])
def test_list_takes_the_same_queries_at_any_length(
    cast: Cast, size: int, django_assert_num_queries: Any
) -> None:
    client = key_client(cast.manager)
    with django_assert_num_queries(3):  # the API key with its user; the ids; the page
        page = client.get(f"/api/v1/industries/?page_size={size}").json()
    assert len(page["results"]) == size
