"""Events are written by the database, whichever way a record is changed."""

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.acting import Channel, audited_transaction, request_channel
from accounts.actions import Action
from common.copying import copy_rows
from core.models import Event
from core.services.event import emit
from crm.events import CUSTOMER_EVENTS, IMPORT_FINISHED
from crm.fields import CUSTOMER
from crm.models import Customer, Grade
from crm.services.customer import create_customer, update_customer
from satisfaction.services.complaint import comment_on_complaint
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.satisfaction.factories import make_complaint


def _event(event_type: str, object_id: int) -> Event:
    return Event.objects.select_related("context").get(type=event_type, object_id=object_id)


def test_created_customer_is_an_event_with_declared_values_actor_action_and_channel(
    cast: Cast,
) -> None:
    with request_channel(Channel.API):
        customer = create_customer(actor=cast.manager, code="C1", name="兰州石化")
    event = _event("customer.created", customer.pk)
    assert event.data == {
        "code": [None, "C1"],
        "stage": [None, "potential"],
        "owner": [None, cast.manager.pk],
        "unit": [None, cast.lanzhou.pk],
    }
    assert event.context.metadata["actor"] == cast.manager.pk
    assert event.context.metadata["action"] == Action.CUSTOMER_CREATE
    assert event.context.metadata["channel"] == Channel.API


def test_changed_customer_has_values_of_declared_fields_and_only_names_of_others(
    cast: Cast,
) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager, name="兰州石化")
    grade = Grade.objects.get(code="A")
    update_customer(
        customer_id=customer.pk, actor=cast.head, reason="大客户", name="甘肃石化", grade=grade
    )
    data = _event("customer.changed", customer.pk).data
    assert data == {"name": None, "grade": [None, grade.pk]}


def test_change_of_nothing_but_the_version_is_no_event(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    complaint = make_complaint(customer, actor=cast.manager)
    comment_on_complaint(complaint_id=complaint.pk, text="已联系", actor=cast.manager)
    complaint.refresh_from_db()
    assert complaint.version == 2
    assert not Event.objects.filter(type="complaint.changed").exists()


def test_update_of_a_queryset_is_an_event_for_each_row_that_changes(cast: Cast) -> None:
    customers = [make_customer(cast.lanzhou) for _ in range(3)]
    make_customer(cast.tianshui)
    with audited_transaction(cast.head, Action.CUSTOMER_UPDATE):
        Customer.objects.filter(unit=cast.lanzhou).update(owner=cast.manager)
        Customer.objects.filter(unit=cast.lanzhou).update(owner=cast.manager)
    events = Event.objects.filter(type="customer.changed")
    assert {event.object_id for event in events} == {customer.pk for customer in customers}
    assert {str(event.data) for event in events} == {str({"owner": [None, cast.manager.pk]})}
    assert len({event.context_id for event in events}) == 1


def test_raw_sql_and_copy_are_events(cast: Cast) -> None:
    statement = (
        "COPY crm_customer (code, name, stage, unit_id, version, created_at, updated_at) FROM STDIN"
    )
    row = ("C7", "敦煌研究院", "signed", cast.lanzhou.pk, 1, "2026-01-01", "2026-01-01")
    with audited_transaction(cast.head, Action.CUSTOMER_IMPORT), connection.cursor() as cursor:
        copy_rows(cursor, statement, [row])
        customer = Customer.objects.get(code="C7")
        cursor.execute("DELETE FROM crm_customer WHERE id = %s", [customer.pk])
    assert _event("customer.created", customer.pk).data["code"] == [None, "C7"]
    deleted = _event("customer.deleted", customer.pk)
    assert deleted.data["code"] == ["C7", None]
    assert deleted.context.metadata["action"] == Action.CUSTOMER_IMPORT


def test_rolled_back_change_is_no_event(cast: Cast) -> None:
    with transaction.atomic():
        make_customer(cast.lanzhou)
        transaction.set_rollback(True)
    assert not Event.objects.filter(type__startswith="customer.").exists()


def test_emitted_event_has_its_data_and_the_context_of_the_transaction(cast: Cast) -> None:
    with audited_transaction(cast.division_admin, Action.CUSTOMER_IMPORT, batch_id=7):
        emit(IMPORT_FINISHED, object_id=7, data={"rows_created": 3})
    event = _event("import.finished", 7)
    assert event.data == {"rows_created": 3}
    assert event.context.metadata["batch"] == 7
    assert event.context.metadata["actor"] == cast.division_admin.pk


def test_emit_outside_of_an_audited_transaction_is_refused(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="context_id"), transaction.atomic():
        emit(IMPORT_FINISHED, object_id=7)


def test_stored_event_cannot_be_changed(cast: Cast) -> None:
    make_customer(cast.lanzhou)
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        Event.objects.update(object_id=1)


def test_events_of_customers_have_no_values_of_masked_fields() -> None:
    masked = {field.name for field in CUSTOMER.fields if field.sensitive}
    assert not masked & set(CUSTOMER_EVENTS.fields)
