"""Editing one field of many rows of a list, and taking that back."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from core.history import latest_changes
from core.listing import bulk_edit
from core.listing.declarations import BulkEdit
from core.models import Job
from core.models.job import JobState
from core.services.job import request_cancel
from core.services.job_execution import execute_in_this_process
from core.services.job_recovery import resend_lost_jobs
from crm.models import Customer, Grade
from crm.models.customer import Stage
from crm.services.customer import update_customer
from tests.cast import Cast
from tests.conftest import Login
from tests.crm.factories import make_customer
from tests.history import fixture_changes


@pytest.fixture
def customers(cast: Cast) -> list[Customer]:
    """Four customers of the manager and one of the colleague, all of the stage "potential"."""
    own = [
        make_customer(
            cast.lanzhou,
            code=f"C{number}",
            name=f"客户{number}",
            owner=cast.manager,
            stage=Stage.POTENTIAL,
        )
        for number in range(4)
    ]
    other = make_customer(
        cast.lanzhou, code="D", name="客户D", owner=cast.colleague, stage=Stage.POTENTIAL
    )
    return [*own, other]


def edit(client: Client, field: str, query: str = "", **data: Any) -> Any:
    return client.post(f"/lists/customers/edit/{field}/?{query}", data, follow=True)


def stages(customers: list[Customer]) -> list[str]:
    return [Customer.objects.get(pk=each.pk).stage for each in customers]


def last_job() -> Job:
    return Job.objects.latest("pk")


def test_form_says_how_many_rows_are_changed(
    cast: Cast, login: Login, customers: list[Customer]
) -> None:
    client = login(cast.manager)
    page = edit(client, "stage", ids=[customers[0].pk, customers[1].pk]).content.decode()
    assert "Change 2 rows" in page
    assert stages(customers) == [Stage.POTENTIAL] * 5
    assert (
        "Change 3 rows" in edit(client, "stage", "code=C0&code=C1&code=C2", all=1).content.decode()
    )


def test_selected_rows_are_changed_and_the_change_is_undone(
    cast: Cast, login: Login, customers: list[Customer]
) -> None:
    client = login(cast.manager)
    response = edit(
        client,
        "stage",
        "sort=-name",
        ids=[customers[0].pk, customers[2].pk],
        stage=Stage.LOST,
        confirmed=1,
    )
    assert response.redirect_chain[-1][0] == "/customers/?sort=-name"
    (message,) = response.context["messages"]
    assert str(message) == "2 rows changed."
    assert stages(customers) == ["lost", "potential", "lost", "potential", "potential"]
    job = last_job()
    assert (job.state, job.rows_done, job.rows_refused) == (JobState.DONE, 2, 0)
    (change, _created) = latest_changes(cast.manager, customers[0], limit=5)
    assert (str(change.action), change.user_name) == ("Bulk edit", cast.manager.name)

    assert "Undo these changes" in client.get(message.extra_tags).content.decode()
    client.post(reverse("job_undo", args=[job.pk]))
    undo = last_job()
    assert (undo.kind, undo.undo_of) == ("list.edit_undo", job)
    execute_in_this_process(job_id=undo.pk)
    undo.refresh_from_db()
    assert (undo.state, undo.rows_done) == (JobState.DONE, 2)
    assert stages(customers) == [Stage.POTENTIAL] * 5


def test_all_rows_that_match_are_changed_and_no_others(
    cast: Cast, login: Login, customers: list[Customer]
) -> None:
    other = make_customer(cast.changsha, code="X", name="客户X", owner=cast.stranger)
    edit(
        login(cast.head),
        "owner",
        "owner=" + cast.manager.employee_number,
        all=1,
        owner=cast.colleague.pk,
        confirmed=1,
    )
    owners = set(Customer.objects.exclude(pk=other.pk).values_list("owner", flat=True))
    assert owners == {cast.colleague.pk}
    assert Customer.objects.get(pk=other.pk).owner == cast.stranger
    assert last_job().rows_done == 4


def test_customers_are_put_into_the_public_pool(
    cast: Cast, login: Login, customers: list[Customer]
) -> None:
    edit(login(cast.head), "owner", ids=[customers[0].pk], owner="", confirmed=1)
    assert Customer.objects.get(pk=customers[0].pk).owner is None


def test_grade_needs_a_reason(cast: Cast, login: Login, customers: list[Customer]) -> None:
    client = login(cast.manager)
    grade = Grade.objects.get(code="A")
    response = edit(client, "grade", ids=[customers[0].pk], grade=grade.pk, reason=" ", confirmed=1)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"reason"}
    edit(client, "grade", ids=[customers[0].pk], grade=grade.pk, reason="Audit 2026", confirmed=1)
    assert Customer.objects.get(pk=customers[0].pk).grade == grade
    (change, _created) = latest_changes(cast.manager, customers[0], limit=5)
    assert change.reason == "Audit 2026"


def test_large_edit_is_a_job_of_a_worker_and_counts_what_an_earlier_attempt_did(
    cast: Cast, login: Login, customers: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_edit, "MAX_ROWS_AT_ONCE", 1)
    monkeypatch.setattr(bulk_edit, "ROWS_PER_TRANSACTION", 2)
    client = login(cast.manager)
    edit(client, "stage", all=1, stage=Stage.LOST, confirmed=1)
    job = last_job()
    assert job.state == JobState.QUEUED

    update, updated = bulk_edit._Editor.update, []

    def fail_later(self: Any, record: Any, value: Any, reason: str) -> None:
        updated.append(record.pk)
        if len(updated) == 4:  # the worker dies in the second transaction
            raise KeyboardInterrupt
        update(self, record, value, reason)

    with monkeypatch.context() as patch:
        patch.setattr(bulk_edit._Editor, "update", fail_later)
        with pytest.raises(KeyboardInterrupt):
            execute_in_this_process(job_id=job.pk)
    assert sorted(stages(customers[:4])) == ["lost", "lost", "potential", "potential"]
    execute_in_this_process(job_id=job.pk)
    job.refresh_from_db()
    assert (job.state, job.rows_done) == (JobState.DONE, 4)
    assert stages(customers[:4]) == ["lost"] * 4


def test_rows_that_have_the_value_are_not_written(
    cast: Cast, login: Login, customers: list[Customer]
) -> None:
    ids = [each.pk for each in customers[:2]]
    edit(login(cast.manager), "stage", ids=ids, stage=Stage.POTENTIAL, confirmed=1)
    job = last_job()
    assert (job.rows_done, job.result["unchanged"]) == (0, 2)
    assert len(latest_changes(cast.manager, customers[0], limit=5)) == 1


def test_refused_rows_are_named_and_the_others_changed(
    cast: Cast, login: Login, customers: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_second = BulkEdit("stage", Permission.CUSTOMER_EDIT, _refusing(customers[1].pk))
    monkeypatch.setattr(bulk_edit, "find_edit", lambda _declaration, _field: refuse_second)
    ids = [each.pk for each in customers[:3]]
    page = edit(login(cast.manager), "stage", ids=ids, stage="lost", confirmed=1).content.decode()
    job = last_job()
    assert (job.rows_done, job.rows_refused) == (2, 1)
    assert stages(customers[:3]) == ["lost", "potential", "lost"]
    assert "Closed for the year." in page
    assert "客户1" in page
    assert "客户1" not in login(cast.head).get(reverse("job", args=[job.pk])).content.decode()


def _refusing(refused_id: int) -> Any:
    def update(actor: User, pk: int, changes: Any, reason: str) -> None:
        update_customer(customer_id=pk, actor=actor, reason=reason, **changes)
        if pk == refused_id:  # after the change, which is rolled back
            raise ValidationError({"stage": "Closed for the year."})

    return update


def test_undo_leaves_what_was_changed_since(
    cast: Cast, login: Login, customers: list[Customer]
) -> None:
    client = login(cast.manager)
    edit(client, "stage", ids=[each.pk for each in customers[:3]], stage="lost", confirmed=1)
    job = last_job()
    update_customer(customer_id=customers[1].pk, actor=cast.manager, stage=Stage.SIGNED)
    update_customer(customer_id=customers[2].pk, actor=cast.head, owner=cast.colleague)
    client.post(reverse("job_undo", args=[job.pk]))
    undo = last_job()
    execute_in_this_process(job_id=undo.pk)
    undo.refresh_from_db()
    assert (undo.rows_done, undo.rows_refused) == (1, 2)
    assert [(each["name"], each["message"]) for each in undo.result["refusals"]] == [
        ("客户1", "Changed since"),
        ("", "Not found or not yours"),
    ]
    assert stages(customers[:3]) == ["potential", "signed", "lost"]


def test_job_is_undone_once(cast: Cast, login: Login, customers: list[Customer]) -> None:
    client = login(cast.manager)
    edit(client, "stage", ids=[customers[0].pk], stage="lost", confirmed=1)
    address = reverse("job_undo", args=[last_job().pk])
    client.post(address)
    response = client.post(address, follow=True)
    assert [str(each) for each in response.context["messages"]] == ["This job is undone already."]
    request_cancel(job_id=last_job().pk, actor=cast.manager)
    client.post(address)  # the cancelled undo has changed nothing
    assert Job.objects.filter(kind="list.edit_undo").count() == 2


def test_only_its_actor_undoes_a_job(cast: Cast, login: Login, customers: list[Customer]) -> None:
    edit(login(cast.manager), "stage", ids=[customers[0].pk], stage="lost", confirmed=1)
    assert login(cast.head).post(reverse("job_undo", args=[last_job().pk])).status_code == 404


@pytest.mark.parametrize(
    ("user_name", "field", "status"),
    [
        ("manager", "owner", 403),  # may edit customers, but not reassign them
        ("agent", "stage", 403),
        ("head", "name", 404),
        ("head", "unknown", 404),
    ],
)
def test_what_may_not_be_edited_is_refused(
    cast: Cast, login: Login, user_name: str, field: str, status: int
) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client = login(getattr(cast, user_name))
    response = client.post(f"/lists/customers/edit/{field}/", {"ids": customer.pk})
    assert response.status_code == status
    if status == 403:
        page = client.get("/customers/").content.decode()
        assert f"/lists/customers/edit/{field}/" not in page


@pytest.mark.parametrize("ids", [[], ["x"], ["9" * 30], ["-1"]])
def test_nothing_selected_changes_nothing(
    cast: Cast, login: Login, customers: list[Customer], ids: list[str]
) -> None:
    response = edit(login(cast.manager), "stage", ids=ids, stage="lost", confirmed=1)
    assert [str(each) for each in response.context["messages"]] == ["Select rows first."]
    assert not Job.objects.exists()


def test_hidden_rows_are_not_changed(cast: Cast, login: Login, customers: list[Customer]) -> None:
    hidden = make_customer(
        cast.changsha, code="X", name="长沙远大", owner=cast.stranger, stage=Stage.POTENTIAL
    )
    ids = [customers[0].pk, hidden.pk]
    page = edit(login(cast.manager), "stage", ids=ids, stage="lost", confirmed=1)
    assert "长沙远大" not in page.content.decode()
    assert stages([customers[0], hidden]) == ["lost", "potential"]
    assert last_job().rows_done == 1


def test_selected_rows_are_exported(cast: Cast, login: Login, customers: list[Customer]) -> None:
    data = {"ids": [customers[0].pk, customers[3].pk], "format": "csv"}
    client = login(cast.manager)
    response = client.post("/lists/customers/export/?sort=-name", data, follow=True)
    rows = b"".join(response).decode().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["C3", "C0"]


def test_value_that_is_gone_when_the_job_runs_ends_it(
    cast: Cast, login: Login, customers: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_edit, "MAX_ROWS_AT_ONCE", 1)
    edit(login(cast.head), "owner", all=1, owner=cast.colleague.pk, confirmed=1)
    with fixture_changes():
        User.objects.filter(pk=cast.colleague.pk).update(is_active=False)
    execute_in_this_process(job_id=last_job().pk)
    job = last_job()
    assert (job.state, job.error) == (
        JobState.FAILED,
        "What was chosen is not there any more.",
    )
    assert resend_lost_jobs() == []


def test_field_without_a_named_blank_needs_a_value(
    cast: Cast, login: Login, customers: list[Customer]
) -> None:
    response = edit(login(cast.manager), "source", ids=[customers[0].pk], source="", confirmed=1)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"source"}
