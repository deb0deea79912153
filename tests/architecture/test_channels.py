"""One write through each channel: the same checks, the same result, the same history.

A change of a customer comes by the browser's form, the API, the administration and an imported
file; a scoring run is asked for by the clock, the command line, the browser, the API and the
administration.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
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
from common.files import CsvSource
from crm.forms import CustomerForm
from crm.models import Customer
from crm.services.importing import import_customers
from segmentation import tasks
from segmentation.models import RunState, ScoringRun
from tests.cast import Cast
from tests.core.api import key_client
from tests.crm.factories import make_customer

Change = Callable[[User, Customer, dict[str, str]], bool]


def _browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _id_of(changes: dict[str, str]) -> dict[str, str]:
    """Browser and administration name a parent by id, the others by code."""
    if "parent" not in changes:
        return changes
    return changes | {"parent": str(Customer.objects.get(code=changes["parent"]).pk)}


def by_browser(user: User, customer: Customer, changes: dict[str, str]) -> bool:
    """Send the customer's form."""
    form = CustomerForm(user, customer=customer)
    shown = {name: form[name].value() or "" for name in form.fields}
    url = reverse("customer_edit", args=[customer.pk])
    response = _browser(user).post(url, shown | _id_of(changes))
    return bool(response.status_code == HTTPStatus.FOUND)


def by_api(user: User, customer: Customer, changes: dict[str, str]) -> bool:
    """Send a PATCH."""
    response = key_client(user).patch(
        reverse("api-customer", args=[customer.pk]),
        json.dumps(changes),
        content_type="application/json",
        headers={"If-Match": f'"{customer.version}"'},
    )
    return bool(response.status_code == HTTPStatus.OK)


def by_admin(user: User, customer: Customer, changes: dict[str, str]) -> bool:
    """Send the administration's form."""
    names = ["code", "name", "industry", "source", "category", "stage", "grade", "owner", "unit"]
    shown = {name: getattr(customer, name) for name in [*names, "parent"]}
    values = {name: getattr(value, "pk", value) or "" for name, value in shown.items()}
    values |= {"reason": "", "loaded_version": customer.version} | _id_of(changes)
    url = reverse("admin:crm_customer_change", args=[customer.pk])
    return bool(_browser(user).post(url, values).status_code == HTTPStatus.FOUND)


def by_import(user: User, customer: Customer, changes: dict[str, str]) -> bool:
    """Bring in a file of one row."""
    row = {"code": customer.code} | changes
    text = f"{','.join(row)}\n{','.join(row.values())}\n"
    with acting.request_channel(Channel.COMMAND):
        source = CsvSource(BytesIO(text.encode()), name="channels.csv")
        result = import_customers(source=source, actor=user)
    return result.rows_rejected == 0 and result.rows_created == 0


CHANNEL_LABELS: list[tuple[str, str, Change]] = [
    ("browser", "customer.update", by_browser),
    ("api", "customer.update", by_api),
    ("admin", "customer.update", by_admin),
    ("command", "customer.import", by_import),
]
each_door = pytest.mark.parametrize(
    ("channel", "action", "change"),
    CHANNEL_LABELS,
    ids=[channel for channel, _action, _change in CHANNEL_LABELS],
)


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, code="OWN-1", name="兰州华天科技", owner=cast.manager)


KEPT = {"created_at", "updated_at"}


def _state(customer: Customer) -> dict[str, Any]:
    fields = Customer._meta.concrete_fields
    return {
        field.attname: getattr(customer, field.attname)
        for field in fields
        if field.name not in KEPT
    }


@each_door
def test_change_has_the_same_result_and_the_same_history(
    cast: Cast, customer: Customer, channel: str, action: str, change: Change
) -> None:
    before = _state(customer)
    assert change(cast.division_admin, customer, {"name": "华天电子", "stage": "developed"})
    customer.refresh_from_db()
    assert _state(customer) == before | {"name": "华天电子", "stage": "developed", "version": 2}
    *_made, event = customer.events.order_by("pgh_id")  # type: ignore[attr-defined]
    assert (event.pgh_label, event.name, event.stage, event.version) == (
        "update", "华天电子", "developed", 2,
    )  # fmt: skip
    told = event.pgh_context.metadata
    assert (told["actor"], told["channel"], told["action"]) == (
        cast.division_admin.pk,
        channel,
        action,
    )
    assert told.get("reason") == ("channels.csv" if channel == "command" else None)


@each_door
def test_change_that_changes_nothing_leaves_no_trace(
    cast: Cast, customer: Customer, channel: str, action: str, change: Change
) -> None:
    change(cast.division_admin, customer, {"name": customer.name})
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
    ids=["unknown-stage", "long-name", "circle", "own-parent", "parent-elsewhere"],
)
@each_door
def test_change_is_refused_by_every_door_alike(  # noqa: PLR0917 (one per column)
    cast: Cast,
    customer: Customer,
    channel: str,
    action: str,
    change: Change,
    changes: dict[str, str],
) -> None:
    make_customer(cast.lanzhou, code="BELOW-1", parent=customer)
    make_customer(cast.changsha, code="ELSE-1", owner=cast.stranger)
    before = _state(customer)
    assert not change(cast.division_admin, customer, changes)
    customer.refresh_from_db()
    assert _state(customer) == before


@each_door
def test_customer_of_another_division_is_out_of_reach(
    cast: Cast, channel: str, action: str, change: Change
) -> None:
    elsewhere = make_customer(cast.changsha, code="ELSE-1", name="长沙", owner=cast.stranger)
    assert not change(cast.division_admin, elsewhere, {"name": "兰州"})
    elsewhere.refresh_from_db()
    assert (elsewhere.name, elsewhere.version) == ("长沙", 1)


@dataclass
class Queue:
    """What would have gone to the worker."""

    sent: list[int]


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    queue = Queue([])
    monkeypatch.setattr(tasks.execute_run, "delay", queue.sent.append)
    return queue


DAY = date(2026, 10, 1)


def run_by_clock(cast: Cast, as_of: date) -> None:
    """Do what beat does; its day is today."""
    tasks.run_nightly()


def run_by_command(cast: Cast, as_of: date) -> None:
    """Start it on the command line; there is no worker to wait for."""
    with pytest.raises(CommandError):
        call_command("nightly", as_of=as_of, wait_seconds=0)


def run_by_browser(cast: Cast, as_of: date) -> None:
    """Send the form of the page of runs."""
    _browser(cast.sysadmin).post(reverse("runs"), {"as_of": as_of.isoformat()})


def run_by_api(cast: Cast, as_of: date) -> None:
    """Send a POST."""
    body = json.dumps({"as_of": as_of.isoformat()})
    url = reverse("api-scoring-runs")
    key_client(cast.sysadmin).post(url, body, content_type="application/json")


def run_by_admin(cast: Cast, as_of: date) -> None:
    """Send the administration's form."""
    url = reverse("admin:segmentation_scoringrun_add")
    values = {"as_of": as_of.isoformat(), "steps-TOTAL_FORMS": 0, "steps-INITIAL_FORMS": 0}
    _browser(cast.sysadmin).post(url, values)


Start = Callable[[Cast, date], None]
BY_PEOPLE: list[tuple[str, str, Start]] = [
    ("command", "scheduler", run_by_command),
    ("browser", "sysadmin", run_by_browser),
    ("api", "sysadmin", run_by_api),
    ("admin", "sysadmin", run_by_admin),
]
BY_CLOCK: tuple[str, str, Start] = ("worker", "scheduler", run_by_clock)
each_start = pytest.mark.parametrize(("channel", "actor", "start"), [BY_CLOCK, *BY_PEOPLE])
each_start_with_a_day = pytest.mark.parametrize(("channel", "actor", "start"), BY_PEOPLE)


@each_start
def test_run_is_the_same_whoever_asks_for_it(  # noqa: PLR0917 (one per column)
    cast: Cast,
    queue: Queue,
    channel: str,
    actor: str,
    start: Start,
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        start(cast, DAY)
    run = ScoringRun.objects.get()
    assert queue.sent == [run.pk]
    assert (run.channel, run.requested_by.employee_number) == (channel, actor)
    assert (run.state, run.progress, run.settings["window_days"]) == (RunState.QUEUED, 0, 365)
    assert run.as_of == DAY or channel == "worker"


@each_start
def test_second_run_is_refused_by_every_door(
    cast: Cast, queue: Queue, channel: str, actor: str, start: Start
) -> None:
    run_by_api(cast, DAY)
    first = ScoringRun.objects.get()
    start(cast, DAY)
    assert ScoringRun.objects.get() == first


@each_start_with_a_day
def test_day_to_come_is_refused_by_every_door(
    cast: Cast, queue: Queue, channel: str, actor: str, start: Start
) -> None:
    start(cast, date(2999, 1, 1))
    assert not ScoringRun.objects.exists()
