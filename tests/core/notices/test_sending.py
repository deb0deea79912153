"""Which events give whom a notice. The handlers get the events of the test's own transaction."""

import io

import pytest

from accounts.acting import Channel, audited_transaction, request_channel
from accounts.actions import Action
from accounts.models import User
from common.files import CsvSource
from core.events.consumers import Consumer
from core.models import Notice
from core.notices.reading import own_notices, show_notices
from core.services.event import emit
from crm.models import Customer
from crm.notices import ASSIGNMENT_CONSUMER, IMPORT_CONSUMER
from crm.services.customer import create_customer, update_customer
from crm.services.importing import import_customers
from satisfaction.notices import ASSIGNMENT_CONSUMER as COMPLAINT_CONSUMER
from satisfaction.services.complaint import open_complaint
from segmentation.events import RUN_FAILED, RUN_PUBLISHED
from segmentation.notices import RUN_CONSUMER
from segmentation.services.run import scheduler
from tests.cast import Cast
from tests.core.events.planted import events_for
from tests.crm.factories import make_customer
from tests.satisfaction.factories import make_complaint
from tests.segmentation.factories import make_failed_run


def handle_all(consumer: Consumer) -> None:
    """Let the consumer handle all events twice: the second time must change nothing."""
    for _ in range(2):
        consumer.handle(events_for(consumer))


def texts_of(user: User) -> list[str]:
    return [notice.text for notice in show_notices(user, list(own_notices(user)))]


def test_one_action_that_gives_three_customers_is_one_notice(cast: Cast) -> None:
    for _ in range(3):
        make_customer(cast.lanzhou)
    with audited_transaction(cast.head, Action.CUSTOMER_UPDATE):
        Customer.objects.filter(unit=cast.lanzhou).update(owner=cast.manager)
    handle_all(ASSIGNMENT_CONSUMER)
    assert texts_of(cast.manager) == ["Hana Head gave you 3 customers."]
    assert Notice.objects.count() == 1


def test_two_actions_are_two_notices_which_name_the_customers(cast: Cast) -> None:
    for name in ("兰州石化", "敦煌研究院"):
        customer = make_customer(cast.lanzhou, name=name)
        update_customer(customer_id=customer.pk, actor=cast.head, owner=cast.manager)
    handle_all(ASSIGNMENT_CONSUMER)
    assert texts_of(cast.manager) == [
        "Hana Head gave you the customer 敦煌研究院.",
        "Hana Head gave you the customer 兰州石化.",
    ]


def test_new_customer_is_a_notice_for_its_owner(cast: Cast) -> None:
    create_customer(actor=cast.head, code="C1", name="兰州石化", owner=cast.manager)
    handle_all(ASSIGNMENT_CONSUMER)
    assert texts_of(cast.manager) == ["Hana Head gave you the customer 兰州石化."]


def test_customers_one_gives_oneself_releases_or_changes_otherwise_are_no_notice(
    cast: Cast,
) -> None:
    create_customer(actor=cast.manager, code="C1", name="兰州石化")
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    update_customer(customer_id=customer.pk, actor=cast.head, name="新名")
    update_customer(customer_id=customer.pk, actor=cast.head, owner=None)
    handle_all(ASSIGNMENT_CONSUMER)
    assert not Notice.objects.exists()


def test_user_who_has_left_gets_no_notice(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou)
    update_customer(customer_id=customer.pk, actor=cast.head, owner=cast.manager)
    with audited_transaction(cast.sysadmin, Action.USER_UPDATE):
        User.objects.filter(pk=cast.manager.pk).update(is_active=False)
    handle_all(ASSIGNMENT_CONSUMER)
    assert not Notice.objects.exists()


def test_complaint_given_by_another_user_is_a_notice_and_ones_own_is_not(cast: Cast) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    complaint = open_complaint(
        customer_id=customer.pk,
        title="专线中断",
        description="无法使用",
        owner=cast.manager,
        actor=cast.agent,
    )
    make_complaint(customer, actor=cast.agent)
    handle_all(COMPLAINT_CONSUMER)
    assert texts_of(cast.manager) == [
        f"Ada Agent gave you the complaint {complaint.number}: 专线中断"
    ]
    assert not own_notices(cast.agent).exists()


@pytest.mark.parametrize(
    ("channel", "texts"),
    [
        (
            Channel.BROWSER,
            ["The import of customers.csv has finished: 1 rows done, 1 refused."],
        ),
        (Channel.API, []),
    ],
)
def test_import_is_a_notice_for_its_user_unless_the_api_has_answered(
    cast: Cast, channel: Channel, texts: list[str]
) -> None:
    content = "code,name\nC1,兰州石化\nC2,\n".encode()
    with request_channel(channel):
        import_customers(
            source=CsvSource(io.BytesIO(content), name="customers.csv"), actor=cast.division_admin
        )
    handle_all(IMPORT_CONSUMER)
    assert texts_of(cast.division_admin) == texts


def test_import_without_a_valid_row_is_no_event(cast: Cast) -> None:
    content = b"code,name\nC1,\n"
    import_customers(
        source=CsvSource(io.BytesIO(content), name="customers.csv"), actor=cast.division_admin
    )
    assert not events_for(IMPORT_CONSUMER).exists()


def test_published_run_is_a_notice_for_who_requested_it(cast: Cast) -> None:
    run = make_failed_run(cast.sysadmin)
    counts = {"as_of": run.as_of, "customers": 1200, "flagged_watch": 2, "flagged_high": 3}
    with audited_transaction(cast.sysadmin, Action.RUN_EXECUTE):
        emit(RUN_PUBLISHED, object_id=run.pk, data=counts)
    with audited_transaction(scheduler(), Action.RUN_EXECUTE):
        emit(RUN_PUBLISHED, object_id=run.pk + 1, data=counts)
    handle_all(RUN_CONSUMER)
    assert texts_of(cast.sysadmin) == [
        "Scoring as of 2026-10-01 has finished: 1,200 customers, 3 at high risk."
    ]
    assert Notice.objects.count() == 1


def test_failed_nightly_run_is_a_notice_for_those_who_can_start_one(cast: Cast) -> None:
    run = make_failed_run(scheduler())
    with audited_transaction(scheduler(), Action.RUN_EXECUTE):
        emit(RUN_FAILED, object_id=run.pk, data={"as_of": run.as_of, "reference": "ab12"})
    handle_all(RUN_CONSUMER)
    assert texts_of(cast.sysadmin) == ["Scoring as of 2026-10-01 failed, reference ab12."]
    assert Notice.objects.count() == 1


def test_run_without_a_reference_is_a_notice_without_one(cast: Cast) -> None:
    run = make_failed_run(scheduler())
    with audited_transaction(scheduler(), Action.RUN_EXECUTE):
        emit(RUN_FAILED, object_id=run.pk, data={"as_of": run.as_of, "reference": ""})
    handle_all(RUN_CONSUMER)
    assert texts_of(cast.sysadmin) == ["Scoring as of 2026-10-01 did not finish."]
