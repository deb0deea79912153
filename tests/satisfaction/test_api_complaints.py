"""Complaints over the REST API: the lists and services of the pages, with versions.

The customer ``OWN-1`` is the manager's, in Lanzhou; ``ELSE-1`` is hidden from all users of Gansu.
"""

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest

from accounts.models import User
from crm.models import Customer
from satisfaction.models import Complaint
from satisfaction.models.complaint import State
from satisfaction.services.complaint import comment_on_complaint
from tests.cast import Cast
from tests.core.api import key_client
from tests.crm.factories import make_customer
from tests.satisfaction.factories import make_complaint

LIST = "/api/v1/complaints/"


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, code="OWN-1", owner=cast.manager)


@pytest.fixture
def hidden_customer(cast: Cast) -> Customer:
    return make_customer(cast.changsha, code="ELSE-1", owner=cast.stranger)


def _post(user: User, url: str, body: dict[str, Any], *, if_match: str | None = None) -> Any:
    headers = {} if if_match is None else {"If-Match": if_match}
    client = key_client(user)
    return client.post(url, json.dumps(body), content_type="application/json", headers=headers)


def _open(cast: Cast, **changes: Any) -> Any:
    body = {"customer": "OWN-1", "title": "Line down", "description": "Since 9."}
    return _post(cast.manager, LIST, body | changes)


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["closed", "open"]),
        ("?sort=opened_at", ["open", "closed"]),
        ("?state=closed", ["closed"]),
        ("?state__not=closed", ["open"]),
        ("?customer=OWN-1", ["closed", "open"]),
        ("?customer=ELSE-1", []),
        ("?owner=MANAGER", ["closed", "open"]),
        ("?owner=mine", []),
        ("?opened_at__period=today&q=clo", ["closed"]),
        ("?opened_at__lte=2020-01-01", []),
        ("?updated_at__gte=2020-01-01T00:00:00Z&sort=updated_at", ["open", "closed"]),
        ("?updated_at__lte=2020-01-01", []),
        ("?where=any(state=closed;owner=colleague)", ["closed"]),
    ],
)
def test_list_has_the_visible_complaints_that_match(
    cast: Cast, customer: Customer, hidden_customer: Customer, query: str, titles: list[str]
) -> None:
    make_complaint(customer, actor=cast.manager, title="open")
    make_complaint(customer, actor=cast.manager, title="closed", closed=True)
    make_complaint(hidden_customer, actor=cast.stranger, title="far away")
    response = key_client(cast.head).get(LIST + query)
    assert response.status_code == HTTPStatus.OK, response.content
    assert [row["title"] for row in response.json()["results"]] == titles


def test_only_complaints_changed_since_a_time_are_listed(cast: Cast, customer: Customer) -> None:
    commented = make_complaint(customer, actor=cast.manager, title="commented")
    unchanged = make_complaint(customer, actor=cast.manager, title="unchanged")
    client = key_client(cast.head)

    def changed(since: str) -> list[dict[str, Any]]:
        parameters = {"updated_at__gte": since, "sort": "updated_at"}
        rows: list[dict[str, Any]] = client.get(LIST, parameters).json()["results"]
        return rows

    since = (unchanged.updated_at + timedelta(microseconds=1)).isoformat()
    assert changed(since) == []
    comment_on_complaint(complaint_id=commented.pk, text="Called.", actor=cast.manager)
    (row,) = changed(since)
    assert (row["title"], row["version"]) == ("commented", 2)
    assert [each["title"] for each in changed(row["updated_at"])] == ["commented"]


@pytest.mark.parametrize("query", ["?state=gone", "?sort=title", "?colour=red", "?where=title=x"])
def test_list_names_the_invalid_parameter(cast: Cast, query: str) -> None:
    response = key_client(cast.head).get(LIST + query)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert list(response.json()["errors"]) == [query[1:].partition("=")[0]]


def test_complaint_is_read_by_id_and_by_number_with_its_timeline(
    cast: Cast, customer: Customer
) -> None:
    complaint = make_complaint(customer, actor=cast.manager, closed=True)
    client = key_client(cast.head)
    by_id = client.get(f"{LIST}{complaint.pk}/")
    by_number = client.get(f"{LIST}by-number/{complaint.number}/")
    assert by_id.status_code == by_number.status_code == HTTPStatus.OK
    assert by_id.headers["ETag"] == by_number.headers["ETag"] == f'"{complaint.version}"'
    body = by_id.json()
    assert body == by_number.json()
    people = [body[name] for name in ("owner", "opened_by", "closed_by")]
    assert (body["customer"], body["state"], people) == ("OWN-1", "closed", ["manager"] * 3)
    entries = [(entry["kind"], entry["author"]) for entry in body["timeline"]]
    assert entries == [("received", "manager"), ("closed", "manager")]
    assert body["timeline"][1]["text"] == body["resolution"]


def test_hidden_complaint_is_not_found_by_any_operation(
    cast: Cast, hidden_customer: Customer
) -> None:
    complaint = make_complaint(hidden_customer, actor=cast.stranger)
    url = f"{LIST}{complaint.pk}/"
    client = key_client(cast.head)
    for address in (url, f"{LIST}by-number/{complaint.number}/"):
        assert client.get(address).status_code == HTTPStatus.NOT_FOUND
    for name, body in (
        ("comments", {"text": "x"}), ("close", {"resolution": "x"}), ("reopen", {"reason": "x"})
    ):  # fmt: skip
        response = _post(cast.head, f"{url}{name}/", body, if_match="*")
        assert response.status_code == HTTPStatus.NOT_FOUND, name


def test_opened_complaint_is_returned_and_owned_by_the_user(cast: Cast, customer: Customer) -> None:
    response = _open(cast)
    assert response.status_code == HTTPStatus.CREATED, response.content
    complaint = Complaint.objects.get()
    body = response.json()
    assert (body["number"], body["owner"]) == (complaint.number, "manager")
    assert (complaint.customer, response.headers["ETag"]) == (customer, '"1"')
    assert [entry["kind"] for entry in body["timeline"]] == ["received"]


def test_complaint_is_opened_for_another_owner(cast: Cast, customer: Customer) -> None:
    body = {"customer": "OWN-1", "title": "Down", "description": "…", "owner": "MANAGER"}
    assert _post(cast.agent, LIST, body).json()["owner"] == "manager"
    # The colleague does not see the manager's customer.
    assert list(_open(cast, owner="colleague").json()["errors"]) == ["owner"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"customer": "ELSE-1"}, "customer"), ({"title": " "}, "title"), ({"ttle": "x"}, "ttle"),
        ({"title": "x" * 121}, "title"), ({"owner": "stranger"}, "owner"),
    ],
)  # fmt: skip
def test_invalid_value_is_refused_at_its_field(
    cast: Cast, customer: Customer, hidden_customer: Customer, changes: dict[str, str], field: str
) -> None:
    response = _open(cast, **changes)
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert list(response.json()["errors"]) == [field]
    assert not Complaint.objects.exists()


def test_complaint_is_commented_closed_and_reopened(cast: Cast, customer: Customer) -> None:
    complaint = make_complaint(customer, actor=cast.manager)
    url = f"{LIST}{complaint.pk}/"
    commented = _post(cast.agent, url + "comments/", {"text": "Called back"})
    assert (commented.status_code, commented.headers["ETag"]) == (HTTPStatus.CREATED, '"2"')
    closed = _post(cast.agent, url + "close/", {"resolution": "Repaired"}, if_match='"2"')
    assert (closed.json()["state"], closed.json()["closed_by"]) == ("closed", "agent")
    reopened = _post(
        cast.agent, url + "reopen/", {"reason": "Down again"}, if_match=closed.headers["ETag"]
    )
    assert (reopened.status_code, reopened.json()["resolution"]) == (HTTPStatus.OK, "")
    assert [(entry["kind"], entry["text"]) for entry in reopened.json()["timeline"]] == [
        ("received", ""), ("comment", "Called back"), ("closed", "Repaired"),
        ("reopened", "Down again"),
    ]  # fmt: skip
    complaint.refresh_from_db()
    assert complaint.state == State.REOPENED


@pytest.mark.parametrize(
    ("name", "body"), [("close", {"resolution": "x"}), ("reopen", {"reason": "x"})]
)
def test_change_needs_the_current_version(
    cast: Cast, customer: Customer, name: str, body: dict[str, str]
) -> None:
    complaint = make_complaint(customer, actor=cast.manager, closed=name == "reopen")
    before = complaint.state
    url = f"{LIST}{complaint.pk}/{name}/"
    missing, stale = _post(cast.agent, url, body), _post(cast.agent, url, body, if_match='"9"')
    assert missing.status_code == HTTPStatus.PRECONDITION_REQUIRED
    assert (stale.status_code, stale.json()["code"]) == (HTTPStatus.PRECONDITION_FAILED, "stale")
    complaint.refresh_from_db()
    assert complaint.state == before
    assert _post(cast.agent, url, body, if_match="*").status_code == HTTPStatus.OK


def test_change_that_the_state_does_not_allow_is_refused(cast: Cast, customer: Customer) -> None:
    complaint = make_complaint(customer, actor=cast.manager)
    url = f"{LIST}{complaint.pk}/"
    reopened = _post(cast.agent, url + "reopen/", {"reason": "x"}, if_match="*")
    assert (reopened.status_code, reopened.json()["code"]) == (409, "complaint_open")
    _post(cast.agent, url + "close/", {"resolution": "x"}, if_match="*")
    closed = _post(cast.agent, url + "close/", {"resolution": "y"}, if_match="*")
    assert (closed.status_code, closed.json()["code"]) == (409, "complaint_closed")


@pytest.mark.parametrize("name", ["comments", "close", "reopen"])
def test_blank_text_and_unknown_field_are_refused(
    cast: Cast, customer: Customer, name: str
) -> None:
    complaint = make_complaint(customer, actor=cast.manager)
    field = {"comments": "text", "close": "resolution", "reopen": "reason"}[name]
    response = _post(
        cast.agent, f"{LIST}{complaint.pk}/{name}/", {field: " ", "colour": "red"}, if_match="*"
    )
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert list(response.json()["errors"]) == ["colour"]
    response = _post(cast.agent, f"{LIST}{complaint.pk}/{name}/", {field: " "}, if_match="*")
    assert list(response.json()["errors"]) == [field]


@pytest.mark.parametrize("rows", [2, 20])
def test_list_takes_the_same_queries_at_any_length(
    cast: Cast, customer: Customer, rows: int, django_assert_num_queries: Any
) -> None:
    for _ in range(rows):
        make_complaint(customer, actor=cast.manager)
    client = key_client(cast.head)
    with django_assert_num_queries(3):  # the API key with its user; the ids; the page
        assert len(client.get(LIST).json()["results"]) == rows


@pytest.mark.parametrize("comments", [2, 20])
def test_complaint_takes_the_same_queries_with_any_timeline(
    cast: Cast, customer: Customer, comments: int, django_assert_num_queries: Any
) -> None:
    complaint = make_complaint(customer, actor=cast.manager)
    url = f"{LIST}{complaint.pk}/"
    for number in range(comments):
        _post(cast.manager, url + "comments/", {"text": str(number)})
    client = key_client(cast.head)
    with django_assert_num_queries(3):  # the API key with its user; the complaint; its timeline
        assert len(client.get(url).json()["timeline"]) == comments + 1
