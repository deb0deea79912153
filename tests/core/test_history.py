"""History is never anonymous: who, as which action, through which channel, with which import."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from accounts.acting import Channel, audited_transaction, request_channel
from accounts.actions import Action
from common.history import history_context, migration_context
from core.history import latest_changes
from crm.fields import CUSTOMER_FIELDS
from crm.models import Customer, Grade, ImportBatch, Source
from crm.services.customer import update_customer
from crm.services.reference import delete_reference, save_reference
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.crm.importing import import_customers_csv

RENAME = "UPDATE crm_customer SET name = name || '!'"


def contexts(customer: Customer) -> list[dict[str, object]]:
    """Return the context of each past state of the customer (actor, action …), oldest first."""
    rows = Customer.objects.filter(pk=customer.pk).order_by("events__pgh_id")
    return list(rows.values_list("events__pgh_context__metadata", flat=True))


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, code="K1", name="华天科技", owner=cast.manager)


def test_change_without_a_context_is_refused_by_the_database(customer: Customer) -> None:
    with pytest.raises(IntegrityError, match="pgh_context_id"), transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(name="anonymous")
    with (
        pytest.raises(IntegrityError, match="pgh_context_id"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(RENAME)


@pytest.mark.parametrize(
    "context",
    [
        {"actor": None, "action": "customer.update", "channel": "browser"},
        {"actor": "Mia", "action": "customer.update", "channel": "browser"},
    ],
)
def test_context_without_an_actor_is_refused_except_for_migrations(
    customer: Customer, context: dict[str, Any]
) -> None:
    with (
        pytest.raises(IntegrityError, match="names_actor"),
        transaction.atomic(),
        history_context(**context),
    ):
        Customer.objects.filter(pk=customer.pk).update(name="anonymous")
    with transaction.atomic(), migration_context():
        Customer.objects.filter(pk=customer.pk).update(name="installed")


def test_raw_sql_and_bulk_updates_inside_the_context_are_attributed(
    cast: Cast, customer: Customer
) -> None:
    with (
        request_channel(Channel.API),
        audited_transaction(cast.head, Action.CUSTOMER_UPDATE, reason="why"),
        connection.cursor() as cursor,
    ):
        cursor.execute(RENAME)
    assert contexts(customer)[-1] == {
        "actor": cast.head.pk, "action": "customer.update", "channel": "api", "reason": "why",
    }  # fmt: skip


def test_inner_service_keeps_the_outer_action(cast: Cast, customer: Customer) -> None:
    with audited_transaction(cast.head, Action.CUSTOMER_IMPORT, reason="outer", batch_id=7):
        update_customer(
            customer_id=customer.pk, actor=cast.head, reason="inner", name="新名",
            grade=Grade.objects.get(code="A"),
        )  # fmt: skip
    last = contexts(customer)[-1]
    assert (last["action"], last["reason"], last["batch"]) == ("customer.import", "outer", 7)


def test_context_ends_with_its_block_though_the_transaction_goes_on(
    cast: Cast, customer: Customer
) -> None:
    with transaction.atomic():
        with audited_transaction(cast.head, Action.CUSTOMER_UPDATE):
            Customer.objects.filter(pk=customer.pk).update(name="inside")
        with pytest.raises(IntegrityError, match="pgh_context_id"), transaction.atomic():
            Customer.objects.filter(pk=customer.pk).update(name="outside")
        with audited_transaction(cast.manager, Action.COMPLAINT_OPEN):
            Customer.objects.filter(pk=customer.pk).update(name="another")
    assert [context["actor"] for context in contexts(customer)[1:]] == [
        cast.head.pk,
        cast.manager.pk,
    ]


def test_context_is_gone_after_a_failed_block(cast: Cast, customer: Customer) -> None:
    with pytest.raises(ZeroDivisionError), audited_transaction(cast.head, Action.CUSTOMER_UPDATE):
        raise ZeroDivisionError
    with pytest.raises(IntegrityError, match="pgh_context_id"), transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(name="outside")


def test_imported_change_carries_its_batch(cast: Cast, customer: Customer) -> None:
    result = import_customers_csv("客户编码,客户名称\nK1,新名\n", cast.division_admin)
    assert contexts(customer)[-1]["batch"] == result.batch_id == ImportBatch.objects.get().pk
    change = latest_changes(cast.manager, customer, limit=1, fields=CUSTOMER_FIELDS)[0]
    assert (change.batch_id, str(change.action)) == (result.batch_id, "Import customers")


def test_every_action_and_channel_has_a_name_in_both_languages() -> None:
    for language in ("en", "zh-hans"):
        with translation.override(language):
            for choice in (*Action, *Channel):
                assert "." not in str(choice.label), choice
                assert str(choice.label) != choice.value, choice


def test_deleted_entry_of_a_reference_list_is_named_as_deleted(
    cast: Cast, customer: Customer
) -> None:
    source = save_reference(
        Source, actor=cast.sysadmin, code="fair", name_zh="展会", name_en="Trade fair"
    )
    for value in (source, None):
        update_customer(customer_id=customer.pk, actor=cast.manager, source=value)
    delete_reference(Source, actor=cast.sysadmin, entry_id=source.pk)
    texts = [
        (change.before, change.after)
        for entry in latest_changes(cast.manager, customer, limit=2, fields=CUSTOMER_FIELDS)
        for change in entry.fields
    ]
    assert texts == [("deleted since", ""), ("", "deleted since")]
