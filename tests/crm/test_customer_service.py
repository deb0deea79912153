"""The services of customers: permissions, versions, validation, concurrency, history."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from accounts import acting
from accounts.acting import Channel
from common.errors import StaleError
from crm.models import Customer, Grade
from crm.services.customer import create_customer, update_customer
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.history import fixture_changes


def run_concurrently(*calls: Callable[[], object]) -> list[object]:
    """Run the calls at the same time, each on its own connection; return results and errors."""
    start = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            start.wait(timeout=10)
            return call()
        except (StaleError, ValidationError) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def history_of(customer: Customer) -> list[Any]:
    """Return the entries of a customer's history, the oldest first."""
    rows = Customer.objects.filter(pk=customer.pk).values(
        "events__pgh_label",
        "events__name",
        "events__version",
        "events__pgh_context__metadata",
    )
    return list(rows.order_by("events__pgh_id"))


def test_customer_created_by_a_manager_is_owned_by_them_in_their_unit(cast: Cast) -> None:
    customer = create_customer(actor=cast.manager, code="K1", name="华天科技")
    assert (customer.owner, customer.unit, customer.version) == (cast.manager, cast.lanzhou, 1)


def test_customer_created_by_a_head_without_an_owner_is_in_the_pool(cast: Cast) -> None:
    customer = create_customer(actor=cast.head, code="K1", name="华天科技", unit=cast.tianshui)
    assert (customer.owner, customer.unit) == (None, cast.tianshui)


@pytest.mark.parametrize("user_name", ["executive", "agent", "sysadmin", "auditor"])
def test_create_without_the_permission_is_refused(cast: Cast, user_name: str) -> None:
    with pytest.raises(PermissionDenied):
        create_customer(actor=getattr(cast, user_name), code="K1", name="华天科技")
    assert not Customer.objects.exists()


def test_create_with_the_code_of_a_hidden_customer_is_refused_without_details(cast: Cast) -> None:
    make_customer(cast.changsha, code="K1", name="长沙秘密客户")
    with pytest.raises(ValidationError) as caught:
        create_customer(actor=cast.manager, code="K1", name="华天科技")
    assert "秘密" not in str(caught.value.message_dict)
    assert list(caught.value.message_dict) == ["code"]


@pytest.mark.parametrize("name", ["", "   ", "长" * 201])
def test_create_with_an_invalid_name_is_refused_with_an_error_at_the_field(
    cast: Cast, name: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        create_customer(actor=cast.manager, code="K1", name=name)
    assert list(caught.value.message_dict) == ["name"]


def test_update_increments_the_version_and_records_actor_action_channel_and_reason(
    cast: Cast,
) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager, name="旧名")
    grade = Grade.objects.get(code="A")
    with acting.request_channel(Channel.BROWSER):
        saved = update_customer(
            customer_id=customer.pk,
            actor=cast.manager,
            version=1,
            reason="三年大单",
            name="新名",
            grade=grade,
        )
    assert (saved.name, saved.grade, saved.version) == ("新名", grade, 2)
    last_entry = history_of(customer)[-1]
    assert last_entry["events__pgh_label"] == "update"
    assert last_entry["events__name"] == "新名"
    assert last_entry["events__pgh_context__metadata"] == {
        "actor": cast.manager.pk,
        "action": "customer.update",
        "channel": "browser",
        "reason": "三年大单",
    }


def test_update_without_a_difference_writes_nothing(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager, name="同名")
    update_customer(customer_id=customer.pk, actor=cast.manager, version=1, name="同名")
    customer.refresh_from_db()
    assert customer.version == 1
    assert len(history_of(customer)) == 1


def test_update_of_an_old_version_is_stale_and_writes_nothing(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    update_customer(customer_id=customer.pk, actor=cast.head, version=1, name="快的人")
    with pytest.raises(StaleError):
        update_customer(customer_id=customer.pk, actor=cast.manager, version=1, name="慢的人")
    customer.refresh_from_db()
    assert (customer.name, customer.version) == ("快的人", 2)


@pytest.mark.parametrize("user_name", ["stranger", "other_head", "colleague"])
def test_update_of_a_hidden_customer_raises_does_not_exist(cast: Cast, user_name: str) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    with pytest.raises(Customer.DoesNotExist):
        update_customer(customer_id=customer.pk, actor=getattr(cast, user_name), name="别人的")


def test_owner_change_by_a_manager_is_refused(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    with pytest.raises(PermissionDenied):
        update_customer(customer_id=customer.pk, actor=cast.manager, owner=cast.colleague)


def test_owner_change_by_the_head_hides_the_customer_from_the_former_owner(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    saved = update_customer(customer_id=customer.pk, actor=cast.head, owner=cast.colleague)
    assert saved.owner == cast.colleague
    assert not Customer.objects.visible_to(cast.manager).filter(pk=customer.pk).exists()


def test_owner_or_unit_of_another_division_is_refused_with_an_error_at_the_field(
    cast: Cast,
) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    records_of_hunan: dict[str, Any] = {"owner": cast.stranger, "unit": cast.changsha}
    for field, value in records_of_hunan.items():
        with pytest.raises(ValidationError) as caught:
            update_customer(customer_id=customer.pk, actor=cast.head, **{field: value})
        assert list(caught.value.message_dict) == [field]


def test_hidden_parent_is_refused_with_an_error_at_the_field(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    hidden_parent = make_customer(cast.changsha)
    with pytest.raises(ValidationError) as caught:
        update_customer(customer_id=customer.pk, actor=cast.head, parent=hidden_parent)
    assert list(caught.value.message_dict) == ["parent"]


def test_parent_cycle_is_refused(cast: Cast) -> None:
    top = make_customer(cast.lanzhou)
    middle = make_customer(cast.lanzhou, parent=top)
    bottom = make_customer(cast.lanzhou, parent=middle)
    for parent in (top, bottom):
        with pytest.raises(ValidationError) as caught:
            update_customer(customer_id=top.pk, actor=cast.head, parent=parent)
        assert list(caught.value.message_dict) == ["parent"]


def test_of_two_concurrent_updates_of_a_version_one_is_stale(committed_cast: Cast) -> None:
    customer = make_customer(committed_cast.lanzhou, owner=committed_cast.manager)

    def rename(name: str) -> Callable[[], object]:
        return lambda: update_customer(
            customer_id=customer.pk, actor=committed_cast.manager, version=1, name=name
        )

    results = run_concurrently(rename("甲"), rename("乙"))
    assert sum(isinstance(result, StaleError) for result in results) == 1
    (saved,) = [result for result in results if isinstance(result, Customer)]
    customer.refresh_from_db()
    assert (customer.name, customer.version) == (saved.name, 2)


def test_two_concurrent_parent_changes_cannot_close_a_cycle(committed_cast: Cast) -> None:
    one, two = make_customer(committed_cast.lanzhou), make_customer(committed_cast.lanzhou)

    def move(child: Customer, parent: Customer) -> Callable[[], object]:
        return lambda: update_customer(
            customer_id=child.pk, actor=committed_cast.head, parent=parent
        )

    results = run_concurrently(move(one, two), move(two, one))
    assert sum(isinstance(result, ValidationError) for result in results) == 1
    assert Customer.objects.filter(parent__isnull=False).count() == 1


@pytest.mark.parametrize("code", ["C1\n", "C 1", "", "ＣＣ"])
def test_malformed_code_is_refused_by_the_service_and_the_database(cast: Cast, code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        create_customer(actor=cast.head, code=code, name="New")
    assert set(caught.value.message_dict) == {"code"}
    with pytest.raises(IntegrityError), transaction.atomic(), fixture_changes():
        Customer.objects.create(code=code, name="New", unit=cast.gansu)
