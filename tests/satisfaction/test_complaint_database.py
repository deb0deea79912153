"""The constraints and triggers of complaints, and the history the database writes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import acting
from accounts.acting import Channel
from satisfaction.models import Complaint, ComplaintEntry
from satisfaction.models.complaint import EntryKind, State
from satisfaction.services.complaint import (
    close_complaint,
    comment_on_complaint,
    reopen_complaint,
)
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.history import fixture_changes
from tests.satisfaction.factories import make_complaint


@pytest.fixture
def complaint(cast: Cast) -> Complaint:
    return make_complaint(make_customer(cast.lanzhou, owner=cast.manager), actor=cast.agent)


def _execute(statement: str) -> Callable[[int], None]:
    """Return a function that executes the statement for the id of a complaint."""

    def run(pk: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, [pk])

    return run


@pytest.mark.parametrize(
    "attempt",
    [
        lambda pk: ComplaintEntry.objects.filter(complaint=pk).update(text="rewritten"),
        lambda pk: ComplaintEntry.objects.filter(complaint=pk).delete(),
        _execute("UPDATE satisfaction_complaintentry SET at = now() WHERE complaint_id = %s"),
        _execute("DELETE FROM satisfaction_complaintentry WHERE complaint_id = %s"),
    ],
    ids=["update", "delete", "raw update", "raw delete"],
)
def test_timeline_entry_cannot_be_changed_or_deleted(
    cast: Cast, complaint: Complaint, attempt: Callable[[int], object]
) -> None:
    comment_on_complaint(complaint_id=complaint.pk, text="unchanged", actor=cast.agent)
    with pytest.raises(DatabaseError, match="Cannot update or delete rows"), transaction.atomic():
        attempt(complaint.pk)
    assert list(ComplaintEntry.objects.values_list("text", flat=True)) == ["", "unchanged"]


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"state": "lost"}, "state_known"),
        ({"state": State.CLOSED}, "closed_with_resolution"),
        ({"closed_at": datetime(2100, 1, 1, tzinfo=UTC)}, "closed_with_resolution"),
        ({"resolution": "half"}, "closed_with_resolution"),
        ({"title": " "}, "text_not_blank"),
        ({"description": "\n"}, "text_not_blank"),
        ({"number": "17"}, "number_form"),
    ],
)
def test_invalid_complaint_is_refused(
    complaint: Complaint, change: dict[str, Any], constraint: str
) -> None:
    with (
        pytest.raises(IntegrityError, match=constraint),
        transaction.atomic(),
        fixture_changes(),
    ):
        Complaint.objects.filter(pk=complaint.pk).update(**change)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"resolution": ""}, "closed_with_resolution"),
        ({"closed_by": None}, "closed_with_resolution"),
        ({"closed_at": None}, "closed_with_resolution"),
        ({"state": State.REOPENED}, "closed_with_resolution"),
        ({"closed_at": timezone.now() - timedelta(days=9)}, "closed_after_opened"),
    ],
)
def test_half_closed_complaint_is_refused(
    cast: Cast, complaint: Complaint, change: dict[str, Any], constraint: str
) -> None:
    close_complaint(complaint_id=complaint.pk, resolution="Done.", actor=cast.agent)
    with (
        pytest.raises(IntegrityError, match=constraint),
        transaction.atomic(),
        fixture_changes(),
    ):
        Complaint.objects.filter(pk=complaint.pk).update(**change)


@pytest.mark.parametrize(
    ("kind", "text", "constraint"),
    [
        (EntryKind.COMMENT, " ", "text_not_blank"),
        (EntryKind.RECEIVED, "", "received_once"),
        ("shouted", "a", "kind_known"),
    ],
)
def test_invalid_entry_is_refused(
    cast: Cast, complaint: Complaint, kind: str, text: str, constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ComplaintEntry.objects.create(
            complaint=complaint, kind=kind, text=text, author=cast.agent, at=timezone.now()
        )


def test_number_is_unique(cast: Cast, complaint: Complaint) -> None:
    other = make_complaint(complaint.customer, actor=cast.agent)
    with pytest.raises(IntegrityError, match="number"), transaction.atomic(), fixture_changes():
        Complaint.objects.filter(pk=other.pk).update(number=complaint.number)


def _events(complaint: Complaint) -> QuerySet[Any]:
    """Return the past states of a complaint that the trigger has recorded, oldest first."""
    events = apps.get_model("satisfaction", "ComplaintEvent")
    return QuerySet[Any](events).filter(id=complaint.pk).order_by("pgh_id")


def _history(complaint: Complaint) -> list[tuple[object, ...]]:
    """Return state, version, actor's id and action of each past state, oldest first."""
    fields = ("state", "version", "pgh_context__metadata__actor", "pgh_context__metadata__action")
    return list(_events(complaint).values_list(*fields))


def test_history_names_actor_and_action_of_every_step(cast: Cast, complaint: Complaint) -> None:
    pk = complaint.pk
    comment_on_complaint(complaint_id=pk, text="Called.", actor=cast.manager)
    close_complaint(complaint_id=pk, resolution="Done.", actor=cast.agent)
    reopen_complaint(complaint_id=pk, reason="Down again.", actor=cast.head)
    assert _history(complaint) == [
        (State.RECEIVED, 1, cast.agent.pk, "complaint.open"),
        (State.RECEIVED, 2, cast.manager.pk, "complaint.comment"),
        (State.CLOSED, 3, cast.agent.pk, "complaint.close"),
        (State.REOPENED, 4, cast.head.pk, "complaint.reopen"),
    ]


def test_history_names_channel_and_reason(cast: Cast, complaint: Complaint) -> None:
    close_complaint(complaint_id=complaint.pk, resolution="Done.", actor=cast.agent)
    with acting.request_channel(Channel.API):
        reopen_complaint(complaint_id=complaint.pk, reason="Down again.", actor=cast.head)
    first, _closed, last = (event.pgh_context.metadata for event in _events(complaint))
    assert (first["channel"], "reason" in first) == (Channel.COMMAND, False)
    assert (last["channel"], last["reason"]) == (Channel.API, "Down again.")
