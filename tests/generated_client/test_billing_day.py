"""A billing system's day with a generated client: it sends bills, sends again, corrects.

``OWN-1`` is a customer of Gansu, ``ELSE-1`` one of Hunan, which the billing system does not see.
"""

from http import HTTPStatus
from typing import Any

import pytest

from accounts.models import User
from crm.models import BillingSystem, Transaction
from tests.cast import Cast
from tests.core.api import new_key
from tests.crm.factories import make_customer
from tests.generated_client.client import GeneratedClient, model
from tests.generated_client.conftest import Connect
from tests.history import fixture_changes


@pytest.fixture
def client(committed_cast: Cast, billing: User, connect: Connect) -> GeneratedClient:
    """The client of the billing system, and the customers."""
    make_customer(committed_cast.lanzhou, code="OWN-1", owner=committed_cast.manager)
    make_customer(committed_cast.changsha, code="ELSE-1", owner=committed_cast.stranger)
    with fixture_changes():
        BillingSystem.objects.create(code="boss", name_zh="计费", name_en="Billing")
    return connect(new_key(billing))


def _bill(external_id: str, amount: str = "100.00", customer: str = "OWN-1", **more: Any) -> Any:
    return model("TransactionRowRequest")(
        customer=customer, date="2026-10-01", amount=amount, external_id=external_id, **more
    )


def _send(client: GeneratedClient, *rows: Any, **options: Any) -> Any:
    """Send the rows and return the result."""
    response = client.call(
        "transactions", "transactions_bulk", body=[*rows], **{"system": "boss"} | options
    )
    assert response.status_code == HTTPStatus.OK, response.content
    return response.parsed


def test_key_shows_who_it_belongs_to_and_what_it_may_do(client: GeneratedClient) -> None:
    me = client.call("me", "me").parsed
    assert (me.employee_number, me.is_service, me.unit.code) == ("billing", True, "GS")
    assert model("Permission").TRANSACTION_IMPORT in me.permissions


def test_bills_are_sent_sent_again_and_corrected(client: GeneratedClient) -> None:
    bills = [_bill("B1"), _bill("B2", "80.50"), _bill("B3", "-5", kind="refund")]
    sent = _send(client, *bills)
    assert (sent.rows_read, sent.rows_created, sent.rows_rejected) == (3, 3, 0)
    again = _send(client, *bills)
    assert (again.rows_created, again.rows_changed, again.rows_unchanged) == (0, 0, 3)
    corrected = _send(client, _bill("B2", "90.00"))
    assert (corrected.rows_changed, Transaction.objects.count()) == (1, 3)
    stored = client.rows("transactions", "transactions_list", external_id=["B2"])
    assert [(row.customer, row.amount, row.batch) for row in stored] == [
        ("OWN-1", "90.00", corrected.batch)
    ]


def test_refused_rows_are_returned_and_the_others_stored(client: GeneratedClient) -> None:
    result = _send(client, _bill("B1"), _bill("B2", "much"), _bill("B3", customer="ELSE-1"))
    assert (result.rows_created, result.rows_rejected) == (1, 2)
    refused = {reject.line: (reject.column, reject.code) for reject in result.rejects}
    assert sorted(refused) == [2, 3]
    assert refused[2][0] == "amount"
    assert refused[3][0] == "customer"
    assert sum(result.reasons.additional_properties.values()) == 2


def test_trial_run_stores_nothing(client: GeneratedClient) -> None:
    result = _send(client, _bill("B1"), dry_run=True)
    assert (result.rows_created, result.batch, Transaction.objects.count()) == (1, None, 0)


def test_missing_customers_are_created_with_the_option(client: GeneratedClient) -> None:
    row = _bill("B1", customer="NEW-1", customer_name="新客户有限公司")
    assert _send(client, row, create_customers=True).customers_created == 1
    (customer,) = client.rows("customers", "customers_list", code=["NEW-1"])
    assert (customer.name, customer.unit) == ("新客户有限公司", "GS")


def test_unknown_billing_system_is_refused_by_name(client: GeneratedClient) -> None:
    response = client.call("transactions", "transactions_bulk", body=[_bill("B1")], system="x")
    assert response.status_code == HTTPStatus.BAD_REQUEST
    assert (response.parsed.code, [*response.parsed.errors.additional_properties]) == (
        "invalid",
        ["system"],
    )


def test_wrong_key_is_refused(connect: Connect) -> None:
    response = connect("0" * 64).call("me", "me")
    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response.parsed.code == "authentication_failed"
