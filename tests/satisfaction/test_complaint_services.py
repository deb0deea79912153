"""The services that open, comment on, close and reopen complaints."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.models import User
from common.errors import RefusedError, StaleError
from crm.models import Customer
from satisfaction.models import Complaint, ComplaintEntry
from satisfaction.models.complaint import MAX_TEXT_LENGTH, EntryKind, State
from satisfaction.services.complaint import (
    close_complaint,
    comment_on_complaint,
    open_complaint,
    reopen_complaint,
)
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.history import fixture_changes
from tests.satisfaction.factories import make_complaint


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, owner=cast.manager)


@pytest.fixture
def complaint(cast: Cast, customer: Customer) -> Complaint:
    return make_complaint(customer, actor=cast.agent)


def _timeline(complaint: Complaint) -> list[tuple[str, str, str]]:
    """Return kind, text and author's name of the complaint's entries, oldest first."""
    entries = ComplaintEntry.objects.filter(complaint=complaint)
    return [(entry.kind, entry.text, entry.author.name) for entry in entries]


def test_opening_records_user_text_and_time(cast: Cast, customer: Customer) -> None:
    before = timezone.now()
    complaint = open_complaint(
        customer_id=customer.pk, title="  Line\n down ", description=" Since 9. ", actor=cast.agent
    )
    complaint.refresh_from_db()
    assert (complaint.title, complaint.description) == ("Line down", "Since 9.")
    assert (complaint.state, complaint.version) == (State.RECEIVED, 1)
    assert (complaint.opened_by, complaint.owner) == (cast.agent, cast.agent)
    assert before <= complaint.opened_at <= timezone.now()
    assert _timeline(complaint) == [(EntryKind.RECEIVED, "", "Ada Agent")]


def test_every_change_sets_the_time_of_the_last_one(cast: Cast, complaint: Complaint) -> None:
    def times() -> tuple[datetime, datetime]:
        complaint.refresh_from_db()
        entry = ComplaintEntry.objects.filter(complaint=complaint).latest("pk")
        return complaint.updated_at, entry.at

    last, entry_time = times()
    assert last == entry_time == complaint.opened_at
    changes: list[Callable[..., Complaint]] = [
        partial(comment_on_complaint, text="Called."),
        partial(close_complaint, resolution="Fixed."),
        partial(reopen_complaint, reason="Down again."),
    ]
    for change in changes:
        change(complaint_id=complaint.pk, actor=cast.agent)
        previous, (last, entry_time) = last, times()
        assert previous < last == entry_time


def test_opening_for_the_account_manager_makes_them_the_owner(
    cast: Cast, customer: Customer
) -> None:
    complaint = open_complaint(
        customer_id=customer.pk, title="a", description="b", actor=cast.agent, owner=cast.manager
    )
    assert (complaint.opened_by, complaint.owner) == (cast.agent, cast.manager)


@pytest.mark.parametrize("user_name", ["colleague", "stranger", "executive"])
def test_opening_for_an_owner_who_cannot_work_on_it_is_refused(
    cast: Cast, customer: Customer, user_name: str
) -> None:
    """The colleague and the stranger do not see the customer; the executive only reads."""
    with pytest.raises(ValidationError) as error:
        open_complaint(
            customer_id=customer.pk,
            title="a",
            description="b",
            actor=cast.agent,
            owner=getattr(cast, user_name),
        )
    assert set(error.value.message_dict) == {"owner"}


def test_opening_for_an_inactive_owner_is_refused(cast: Cast, customer: Customer) -> None:
    with fixture_changes():
        User.objects.filter(pk=cast.manager.pk).update(is_active=False)
    former_manager = User.objects.get(pk=cast.manager.pk)
    with pytest.raises(ValidationError) as error:
        open_complaint(
            customer_id=customer.pk,
            title="a",
            description="b",
            actor=cast.agent,
            owner=former_manager,
        )
    assert set(error.value.message_dict) == {"owner"}


@pytest.mark.parametrize(
    ("title", "description", "field"),
    [
        (" ", "b", "title"),
        ("a" * 121, "b", "title"),  # one character too many
        ("a", "\n ", "description"),
        ("a", "b" * (MAX_TEXT_LENGTH + 1), "description"),
    ],
)
def test_opening_with_invalid_text_names_the_field(
    cast: Cast, customer: Customer, title: str, description: str, field: str
) -> None:
    with pytest.raises(ValidationError) as error:
        open_complaint(
            customer_id=customer.pk, title=title, description=description, actor=cast.agent
        )
    assert set(error.value.message_dict) == {field}
    assert not Complaint.objects.filter(customer=customer).exists()


def test_comment_is_added_to_the_timeline_in_any_state(cast: Cast, complaint: Complaint) -> None:
    comment_on_complaint(complaint_id=complaint.pk, text=" Called back. ", actor=cast.manager)
    close_complaint(complaint_id=complaint.pk, resolution="Replaced.", actor=cast.agent)
    comment_on_complaint(complaint_id=complaint.pk, text="They say thanks.", actor=cast.manager)
    assert _timeline(complaint) == [
        (EntryKind.RECEIVED, "", "Ada Agent"),
        (EntryKind.COMMENT, "Called back.", "Mia Manager"),
        (EntryKind.CLOSED, "Replaced.", "Ada Agent"),
        (EntryKind.COMMENT, "They say thanks.", "Mia Manager"),
    ]
    complaint.refresh_from_db()
    assert complaint.state == State.CLOSED


def test_closing_records_user_time_and_resolution(cast: Cast, complaint: Complaint) -> None:
    close_complaint(complaint_id=complaint.pk, resolution=" Replaced. ", actor=cast.manager)
    complaint.refresh_from_db()
    assert (complaint.state, complaint.resolution) == (State.CLOSED, "Replaced.")
    assert complaint.closed_by == cast.manager
    entry = ComplaintEntry.objects.get(complaint=complaint, kind=EntryKind.CLOSED)
    assert entry.at == complaint.closed_at


def test_reopening_clears_the_closing_and_keeps_it_in_the_timeline(
    cast: Cast, customer: Customer
) -> None:
    complaint = make_complaint(customer, actor=cast.agent, closed=True)
    reopen_complaint(complaint_id=complaint.pk, reason="Down again.", actor=cast.manager)
    complaint.refresh_from_db()
    assert (complaint.state, complaint.resolution) == (State.REOPENED, "")
    assert (complaint.closed_at, complaint.closed_by) == (None, None)
    assert [kind for kind, _text, _name in _timeline(complaint)] == [
        EntryKind.RECEIVED,
        EntryKind.CLOSED,
        EntryKind.REOPENED,
    ]
    close_complaint(complaint_id=complaint.pk, resolution="For good.", actor=cast.agent)


def test_closing_a_closed_complaint_is_refused(cast: Cast, customer: Customer) -> None:
    complaint = make_complaint(customer, actor=cast.agent, closed=True)
    with pytest.raises(RefusedError) as error:
        close_complaint(complaint_id=complaint.pk, resolution="Again.", actor=cast.agent)
    assert error.value.code == "complaint_closed"
    assert len(_timeline(complaint)) == 2


def test_reopening_an_open_complaint_is_refused(cast: Cast, complaint: Complaint) -> None:
    with pytest.raises(RefusedError) as error:
        reopen_complaint(complaint_id=complaint.pk, reason="Why not.", actor=cast.agent)
    assert error.value.code == "complaint_open"


def test_closing_on_an_outdated_page_is_refused(cast: Cast, complaint: Complaint) -> None:
    comment_on_complaint(complaint_id=complaint.pk, text="Still down!", actor=cast.manager)
    with pytest.raises(StaleError):
        close_complaint(complaint_id=complaint.pk, resolution="Fine.", actor=cast.agent, version=1)
    complaint.refresh_from_db()
    assert complaint.is_open
    close_complaint(complaint_id=complaint.pk, resolution="Fine.", actor=cast.agent, version=2)


def test_reopening_on_an_outdated_page_is_refused(cast: Cast, customer: Customer) -> None:
    complaint = make_complaint(customer, actor=cast.agent, closed=True)
    with pytest.raises(StaleError):
        reopen_complaint(complaint_id=complaint.pk, reason="Down.", actor=cast.agent, version=1)


def test_steps_without_text_are_refused(cast: Cast, complaint: Complaint) -> None:
    with pytest.raises(ValidationError) as error:
        comment_on_complaint(complaint_id=complaint.pk, text=" \n", actor=cast.agent)
    assert set(error.value.message_dict) == {"text"}
    with pytest.raises(ValidationError) as error:
        close_complaint(complaint_id=complaint.pk, resolution="", actor=cast.agent)
    assert set(error.value.message_dict) == {"resolution"}
    with pytest.raises(ValidationError) as error:
        close_complaint(
            complaint_id=complaint.pk, resolution="x" * (MAX_TEXT_LENGTH + 1), actor=cast.agent
        )
    assert set(error.value.message_dict) == {"resolution"}
    close_complaint(complaint_id=complaint.pk, resolution="Done.", actor=cast.agent)
    with pytest.raises(ValidationError) as error:
        reopen_complaint(complaint_id=complaint.pk, reason="\t", actor=cast.agent)
    assert set(error.value.message_dict) == {"reason"}


@pytest.mark.parametrize("user_name", ["executive", "division_admin", "sysadmin", "auditor"])
def test_users_without_the_permission_change_nothing(
    cast: Cast, complaint: Complaint, user_name: str
) -> None:
    actor = getattr(cast, user_name)
    pk = complaint.pk
    with pytest.raises(PermissionDenied):
        open_complaint(customer_id=complaint.customer_id, title="a", description="b", actor=actor)
    with pytest.raises(PermissionDenied):
        comment_on_complaint(complaint_id=pk, text="a", actor=actor)
    with pytest.raises(PermissionDenied):
        close_complaint(complaint_id=pk, resolution="a", actor=actor)
    with pytest.raises(PermissionDenied):
        reopen_complaint(complaint_id=pk, reason="a", actor=actor)


@pytest.mark.parametrize("user_name", ["colleague", "stranger", "other_head"])
def test_complaint_out_of_scope_does_not_exist(
    cast: Cast, complaint: Complaint, user_name: str
) -> None:
    actor = getattr(cast, user_name)
    pk = complaint.pk
    with pytest.raises(Customer.DoesNotExist):
        open_complaint(customer_id=complaint.customer_id, title="a", description="b", actor=actor)
    with pytest.raises(Complaint.DoesNotExist):
        comment_on_complaint(complaint_id=pk, text="a", actor=actor)
    with pytest.raises(Complaint.DoesNotExist):
        close_complaint(complaint_id=pk, resolution="a", actor=actor)
    with pytest.raises(Complaint.DoesNotExist):
        reopen_complaint(complaint_id=pk, reason="a", actor=actor)
    assert not Complaint.objects.visible_to(actor).exists()
    assert not ComplaintEntry.objects.visible_to(actor).exists()


@pytest.mark.parametrize("user_name", ["manager", "head", "agent", "executive", "auditor"])
def test_everyone_who_may_see_the_customer_may_see_its_complaints(
    cast: Cast, complaint: Complaint, user_name: str
) -> None:
    user = getattr(cast, user_name)
    assert list(Complaint.objects.visible_to(user)) == [complaint]
    assert ComplaintEntry.objects.visible_to(user).count() == 1


def test_numbers_count_up_within_the_local_month(cast: Cast, customer: Customer) -> None:
    """16:01 UTC on the last of November is already December in Shanghai."""
    numbers = []
    for moment in ("2026-11-30T15:59", "2026-11-30T16:01", "2026-12-31T15:00", "2027-01-01T00:00"):
        now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        with patch("django.utils.timezone.now", return_value=now):
            numbers.append(make_complaint(customer, actor=cast.agent).number)
    assert numbers == ["TS-202611-00001", "TS-202612-00001", "TS-202612-00002", "TS-202701-00001"]
