"""Changes with a generated client: the version that was read is sent back in If-Match."""

from http import HTTPStatus

import pytest

from crm.models import Customer
from satisfaction.models import Complaint
from tests.cast import Cast
from tests.core.api import new_key
from tests.crm.factories import make_customer
from tests.generated_client.client import GeneratedClient, model
from tests.generated_client.conftest import Connect


@pytest.fixture
def customer(committed_cast: Cast) -> Customer:
    return make_customer(committed_cast.lanzhou, code="OWN-1", owner=committed_cast.manager)


@pytest.fixture
def client(committed_cast: Cast, customer: Customer, connect: Connect) -> GeneratedClient:
    return connect(new_key(committed_cast.manager))


def test_customer_is_changed_with_the_version_that_was_read(
    client: GeneratedClient, customer: Customer
) -> None:
    read = client.call("customers", "customers_read_by_code", "OWN-1")
    change = model("PatchedCustomerChangeRequest")(name="新名", reason="rename")
    arguments = {"body": change, "if_match": read.headers["ETag"]}
    changed = client.call("customers", "customers_update", customer.pk, **arguments)
    assert (changed.status_code, changed.parsed.name) == (HTTPStatus.OK, "新名")
    stale = client.call("customers", "customers_update", customer.pk, **arguments)
    assert (stale.status_code, stale.parsed.code) == (HTTPStatus.PRECONDITION_FAILED, "stale")
    arguments["if_match"] = changed.headers["ETag"]
    again = client.call("customers", "customers_update", customer.pk, **arguments)
    assert again.status_code == HTTPStatus.OK


def test_customer_is_created_and_read(client: GeneratedClient) -> None:
    new = model("CustomerRequest")(code="NEW-1", name="新客户", grade="AA", industry="39")
    created = client.call("customers", "customers_create", body=new)
    assert created.status_code == HTTPStatus.CREATED, created.content
    read = client.call("customers", "customers_read", created.parsed.id)
    assert (read.parsed.owner, read.parsed.grade, read.headers["ETag"]) == ("manager", "AA", '"1"')


def test_complaint_is_opened_commented_closed_and_reopened(
    client: GeneratedClient, customer: Customer
) -> None:
    new = model("NewComplaintRequest")(customer="OWN-1", title="Down", description="Since 9.")
    opened = client.call("complaints", "complaints_open", body=new)
    assert opened.status_code == HTTPStatus.CREATED, opened.content
    pk = opened.parsed.id
    comment = model("ComplaintCommentRequest")(text="Called back")
    client.call("complaints", "complaints_comment", pk, body=comment)
    closing = model("ComplaintClosingRequest")(resolution="Repaired")
    stale = client.call(
        "complaints", "complaints_close", pk, body=closing, if_match=opened.headers["ETag"]
    )
    assert stale.parsed.code == "stale"
    read = client.call("complaints", "complaints_read", pk)
    closed = client.call(
        "complaints", "complaints_close", pk, body=closing, if_match=read.headers["ETag"]
    )
    assert closed.parsed.state == model("ComplaintState").CLOSED
    reopened = client.call(
        "complaints", "complaints_reopen", pk,
        body=model("ComplaintReopeningRequest")(reason="Down again"),
        if_match=closed.headers["ETag"],
    )  # fmt: skip
    assert [str(entry.kind) for entry in reopened.parsed.timeline] == [
        "received", "comment", "closed", "reopened",
    ]  # fmt: skip
    assert Complaint.objects.get().state == "reopened"
