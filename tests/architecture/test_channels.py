"""Every channel makes the same checks and has the same result and history.

A customer is changed by the browser's form, the API, the administration and an import; a scoring
run is requested by the scheduler, the command line, the browser, the API and the administration.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from http import HTTPStatus
from io import BytesIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts import acting
from accounts.acting import Channel
from accounts.models import User
from common.errors import RefusedError
from common.files import CsvSource
from crm.forms import CustomerForm
from crm.models import Customer
from crm.services.importing import import_customers
from segmentation import tasks
from segmentation.models import RunState, ScoringRun
from tests.cast import Cast
from tests.core.api import key_client
from tests.crm.factories import make_customer

# Changes a customer as a user, through one channel; returns whether the change was accepted. In the
# changes, a parent is given by its code.
ChangeCustomer = Callable[[User, Customer, dict[str, str]], bool]


def _signed_in_client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _with_parent_id(changes: dict[str, str]) -> dict[str, str]:
    """Replace the parent's code by its id, which the browser and the administration send."""
    if "parent" not in changes:
        return changes
    return changes | {"parent": str(Customer.objects.get(code=changes["parent"]).pk)}


def change_in_browser(user: User, customer: Customer, changes: dict[str, str]) -> bool:
    """Send the form of the customer's edit page."""
    form = CustomerForm(user, customer=customer)
    values = {name: form[name].value() or "" for name in form.fields}
    url = reverse("customer_edit", args=[customer.pk])
    response = _signed_in_client(user).post(url, values | _with_parent_id(changes))
    return bool(response.status_code == HTTPStatus.FOUND)


def change_by_api(user: User, customer: Customer, changes: dict[str, str]) -> bool:
    """Send a PATCH."""
    response = key_client(user).patch(
        reverse("api-customer", args=[customer.pk]),
        json.dumps(changes),
        content_type="application/json",
        headers={"If-Match": f'"{customer.version}"'},
    )
    return bool(response.status_code == HTTPStatus.OK)


def change_in_admin(user: User, customer: Customer, changes: dict[str, str]) -> bool:
    """Send the administration's form."""
    names = ["code", "name", "industry", "source", "category", "stage", "grade", "owner", "unit"]
    current = {name: getattr(customer, name) for name in [*names, "parent"]}
    values = {name: getattr(value, "pk", value) or "" for name, value in current.items()}
    values |= {"reason": "", "loaded_version": customer.version} | _with_parent_id(changes)
    url = reverse("admin:crm_customer_change", args=[customer.pk])
    return bool(_signed_in_client(user).post(url, values).status_code == HTTPStatus.FOUND)


def change_by_import(user: User, customer: Customer, changes: dict[str, str]) -> bool:
    """Import a file of one row."""
    row = {"code": customer.code} | changes
    text = f"{','.join(row)}\n{','.join(row.values())}\n"
    with acting.request_channel(Channel.COMMAND):
        source = CsvSource(BytesIO(text.encode()), name="channels.csv")
        result = import_customers(source=source, actor=user)
    return result.rows_rejected == 0 and result.rows_created == 0


# The channel and the action that history must name, and the function that makes the change.
CHANNELS: list[tuple[str, str, ChangeCustomer]] = [
    ("browser", "customer.update", change_in_browser),
    ("api", "customer.update", change_by_api),
    ("admin", "customer.update", change_in_admin),
    ("command", "customer.import", change_by_import),
]
each_channel = pytest.mark.parametrize(
    ("channel", "action", "change_customer"),
    CHANNELS,
    ids=[channel for channel, _action, _change_customer in CHANNELS],
)


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, code="OWN-1", name="兰州华天科技", owner=cast.manager)


TIMESTAMPS = {"created_at", "updated_at"}


def _state(customer: Customer) -> dict[str, Any]:
    """Return the values of all columns except TIMESTAMPS."""
    fields = Customer._meta.concrete_fields
    return {
        field.attname: getattr(customer, field.attname)
        for field in fields
        if field.name not in TIMESTAMPS
    }


@each_channel
def test_change_has_the_same_result_and_the_same_history(
    cast: Cast, customer: Customer, channel: str, action: str, change_customer: ChangeCustomer
) -> None:
    before = _state(customer)
    assert change_customer(
        cast.division_admin, customer, {"name": "华天电子", "stage": "developed"}
    )
    customer.refresh_from_db()
    assert _state(customer) == before | {"name": "华天电子", "stage": "developed", "version": 2}
    *_created, event = customer.events.order_by("pgh_id")  # type: ignore[attr-defined]
    assert (event.pgh_label, event.name, event.stage, event.version) == (
        "update", "华天电子", "developed", 2,
    )  # fmt: skip
    metadata = event.pgh_context.metadata
    assert (metadata["actor"], metadata["channel"], metadata["action"]) == (
        cast.division_admin.pk,
        channel,
        action,
    )
    assert metadata.get("reason") == ("channels.csv" if channel == "command" else None)


@each_channel
def test_change_without_a_difference_writes_no_history(
    cast: Cast, customer: Customer, channel: str, action: str, change_customer: ChangeCustomer
) -> None:
    change_customer(cast.division_admin, customer, {"name": customer.name})
    customer.refresh_from_db()
    assert customer.version == 1
    assert customer.events.filter(pgh_label="update").count() == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "changes",
    [
        {"stage": "best"},
        {"name": "华" * 201},
        {"parent": "BELOW-1"},
        {"parent": "OWN-1"},
        {"parent": "ELSE-1"},
    ],
    ids=["unknown-stage", "long-name", "cycle", "own-parent", "hidden-parent"],
)
@each_channel
def test_invalid_change_is_refused_by_every_channel(  # noqa: PLR0917 (one per column)
    cast: Cast,
    customer: Customer,
    channel: str,
    action: str,
    change_customer: ChangeCustomer,
    changes: dict[str, str],
) -> None:
    make_customer(cast.lanzhou, code="BELOW-1", parent=customer)
    make_customer(cast.changsha, code="ELSE-1", owner=cast.stranger)
    before = _state(customer)
    assert not change_customer(cast.division_admin, customer, changes)
    customer.refresh_from_db()
    assert _state(customer) == before


@each_channel
def test_customer_of_another_division_cannot_be_changed(
    cast: Cast, channel: str, action: str, change_customer: ChangeCustomer
) -> None:
    hidden_customer = make_customer(cast.changsha, code="ELSE-1", name="长沙", owner=cast.stranger)
    assert not change_customer(cast.division_admin, hidden_customer, {"name": "兰州"})
    hidden_customer.refresh_from_db()
    assert (hidden_customer.name, hidden_customer.version) == ("长沙", 1)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of the jobs that were sent, in place of the message queue."""
    job_ids: list[int] = []
    monkeypatch.setattr("core.services.job.send_job", job_ids.append)
    return job_ids


AS_OF = date(2026, 10, 1)


def request_by_scheduler(cast: Cast, as_of: date) -> None:
    """Run the scheduled task, which always takes today as its day."""
    with suppress(RefusedError):  # a worker tries again later
        tasks.run_nightly()


def request_by_command(cast: Cast, as_of: date) -> None:
    """Run the command; it fails after its request because no worker executes the run."""
    with pytest.raises(CommandError):
        call_command("nightly", as_of=as_of, wait_seconds=0)


def request_in_browser(cast: Cast, as_of: date) -> None:
    """Send the form on the page of runs."""
    _signed_in_client(cast.sysadmin).post(reverse("runs"), {"as_of": as_of.isoformat()})


def request_by_api(cast: Cast, as_of: date) -> None:
    """Send a POST."""
    body = json.dumps({"as_of": as_of.isoformat()})
    url = reverse("api-scoring-runs")
    key_client(cast.sysadmin).post(url, body, content_type="application/json")


def request_in_admin(cast: Cast, as_of: date) -> None:
    """Send the administration's form."""
    url = reverse("admin:segmentation_scoringrun_add")
    values = {"as_of": as_of.isoformat(), "steps-TOTAL_FORMS": 0, "steps-INITIAL_FORMS": 0}
    _signed_in_client(cast.sysadmin).post(url, values)


RequestRun = Callable[[Cast, date], None]
# The channel, the employee number of the user who is recorded, and the function that requests.
BY_USERS: list[tuple[str, str, RequestRun]] = [
    ("command", "scheduler", request_by_command),
    ("browser", "sysadmin", request_in_browser),
    ("api", "sysadmin", request_by_api),
    ("admin", "sysadmin", request_in_admin),
]
BY_SCHEDULER: tuple[str, str, RequestRun] = ("worker", "scheduler", request_by_scheduler)
RUN_PARAMETERS = ("channel", "actor", "request_run")
each_run_channel = pytest.mark.parametrize(RUN_PARAMETERS, [BY_SCHEDULER, *BY_USERS])
each_run_channel_with_a_date = pytest.mark.parametrize(RUN_PARAMETERS, BY_USERS)


@each_run_channel
def test_run_is_the_same_through_every_channel(  # noqa: PLR0917 (one per column)
    cast: Cast,
    sent: list[int],
    channel: str,
    actor: str,
    request_run: RequestRun,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        request_run(cast, AS_OF)
    run = ScoringRun.objects.get()
    assert sent == [run.job_id]
    assert (run.channel, run.requested_by.employee_number) == (channel, actor)
    assert (run.state, run.progress, run.settings["window_days"]) == (RunState.QUEUED, 0, 365)
    assert run.as_of == AS_OF or channel == "worker"


@each_run_channel
def test_second_run_is_refused_by_every_channel(
    cast: Cast, sent: list[int], channel: str, actor: str, request_run: RequestRun
) -> None:
    request_by_api(cast, AS_OF)
    first = ScoringRun.objects.get()
    request_run(cast, AS_OF)
    assert ScoringRun.objects.get() == first


@each_run_channel_with_a_date
def test_future_date_is_refused_by_every_channel(
    cast: Cast, sent: list[int], channel: str, actor: str, request_run: RequestRun
) -> None:
    request_run(cast, date(2999, 1, 1))
    assert not ScoringRun.objects.exists()
