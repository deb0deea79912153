"""Logging, changing and deleting interactions: who may, what is refused, what history records."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from common.errors import StaleError
from core.history import latest_changes
from crm.fields import INTERACTION_FIELDS
from crm.models import Customer, Interaction
from crm.services.interaction import delete_interaction, log_interaction, update_interaction
from tests.cast import Cast
from tests.crm.factories import make_customer, make_interaction
from tests.history import fixture_changes


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, owner=cast.manager)


def test_interaction_is_logged_with_defaults(cast: Cast, customer: Customer) -> None:
    before = timezone.now()
    logged = log_interaction(actor=cast.manager, customer=customer, channel="phone", content="Hi")
    logged.refresh_from_db()
    assert (logged.user, logged.direction, logged.phase) == (cast.manager, "outbound", "after_sale")
    assert before <= logged.occurred_at <= timezone.now()
    assert logged.version == 1


@pytest.mark.parametrize(
    ("stage", "phase"), [("potential", "pre_sale"), ("prospective", "in_sale")]
)
def test_phase_is_that_of_the_customers_stage(cast: Cast, stage: str, phase: str) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager, stage=stage)
    logged = log_interaction(actor=cast.manager, customer=customer, channel="sms", content="Hi")
    assert logged.phase == phase


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"content": " \n"}, "content"),
        ({"content": None}, "content"),
        ({"channel": "fax"}, "channel"),
        ({"channel": None}, "channel"),
        ({"duration_minutes": -1}, "duration_minutes"),
        ({"duration_minutes": 1441}, "duration_minutes"),
        ({"next_step": "Send the offer"}, "next_step_on"),
        ({"next_step_on": date(2026, 12, 1)}, "next_step"),
        ({"occurred_at": timezone.now() + timedelta(days=1)}, "occurred_at"),
        ({"customer": None}, "customer"),
    ],
)
def test_invalid_value_is_refused_at_its_field(
    cast: Cast, customer: Customer, changes: dict[str, Any], field: str
) -> None:
    values = {"customer": customer, "channel": "phone", "content": "Hi"} | changes
    with pytest.raises(ValidationError) as error:
        log_interaction(actor=cast.manager, **values)
    assert list(error.value.message_dict) == [field]
    assert not Interaction.objects.exists()


def test_clock_of_another_system_may_be_a_little_ahead(cast: Cast, customer: Customer) -> None:
    soon = timezone.now() + timedelta(minutes=9)
    values = {"customer": customer, "channel": "phone", "content": "Hi", "occurred_at": soon}
    assert log_interaction(actor=cast.manager, **values).occurred_at == soon


def test_hidden_customer_is_refused_like_a_missing_one(cast: Cast) -> None:
    hidden = make_customer(cast.changsha)
    with pytest.raises(ValidationError, match="Not found or not yours"):
        log_interaction(actor=cast.manager, customer=hidden, channel="phone", content="Hi")


@pytest.mark.parametrize("login", ["manager", "head", "agent", "division_admin"])
def test_roles_that_work_with_customers_may_log(cast: Cast, customer: Customer, login: str) -> None:
    actor = getattr(cast, login)
    log_interaction(actor=actor, customer=customer, channel="phone", content="Hi")
    assert Interaction.objects.get().user == actor


@pytest.mark.parametrize("login", ["executive", "sysadmin", "auditor"])
def test_other_roles_may_not_log(cast: Cast, customer: Customer, login: str) -> None:
    with pytest.raises(PermissionDenied):
        log_interaction(
            actor=getattr(cast, login), customer=customer, channel="phone", content="Hi"
        )


def test_only_who_manages_interactions_may_log_for_others(cast: Cast, customer: Customer) -> None:
    values = {"customer": customer, "channel": "phone", "content": "Hi"}
    with pytest.raises(PermissionDenied):
        log_interaction(actor=cast.agent, user=cast.head, **values)
    logged = log_interaction(actor=cast.head, user=cast.manager, **values)
    assert logged.user == cast.manager
    with pytest.raises(PermissionDenied):
        update_interaction(interaction_id=logged.pk, actor=cast.manager, user=cast.colleague)


def test_own_interaction_is_changed_and_others_are_not(cast: Cast, customer: Customer) -> None:
    own = make_interaction(customer, cast.manager)
    foreign = make_interaction(customer, cast.agent)
    changed = update_interaction(interaction_id=own.pk, actor=cast.manager, outcome="Agreed")
    assert (changed.outcome, changed.version) == ("Agreed", 2)
    for act in (update_interaction, delete_interaction):
        with pytest.raises(PermissionDenied):
            act(interaction_id=foreign.pk, actor=cast.manager)


def test_head_changes_and_deletes_those_of_the_subtree_only(cast: Cast, customer: Customer) -> None:
    interaction = make_interaction(customer, cast.manager)
    hidden = make_interaction(make_customer(cast.changsha), cast.stranger)
    update_interaction(interaction_id=interaction.pk, actor=cast.head, outcome="Agreed")
    delete_interaction(interaction_id=interaction.pk, actor=cast.head)
    with pytest.raises(Interaction.DoesNotExist):
        delete_interaction(interaction_id=hidden.pk, actor=cast.head)
    assert list(Interaction.objects.all()) == [hidden]


def test_change_of_an_old_version_is_refused(cast: Cast, customer: Customer) -> None:
    pk = make_interaction(customer, cast.manager).pk
    update_interaction(interaction_id=pk, actor=cast.manager, version=1, outcome="A")
    with pytest.raises(StaleError):
        update_interaction(interaction_id=pk, actor=cast.manager, version=1, outcome="B")
    with pytest.raises(StaleError):
        delete_interaction(interaction_id=pk, actor=cast.manager, version=1)


def test_equal_values_write_nothing(cast: Cast, customer: Customer) -> None:
    interaction = make_interaction(customer, cast.manager, duration_minutes=30)
    unchanged = update_interaction(
        interaction_id=interaction.pk, actor=cast.manager, duration_minutes=30
    )
    assert unchanged.version == 1
    assert interaction.events.count() == 1  # type: ignore[attr-defined]


def test_history_names_what_changed_and_keeps_a_deleted_one(cast: Cast, customer: Customer) -> None:
    interaction = log_interaction(
        actor=cast.manager, customer=customer, channel="phone", content="Hi"
    )
    update_interaction(interaction_id=interaction.pk, actor=cast.head, channel="visit")
    changed, _made = latest_changes(cast.head, interaction, limit=2, fields=INTERACTION_FIELDS)
    texts = [(str(field.label), field.before, field.after) for field in changed.fields]
    assert texts == [("channel", "Phone", "Visit")]
    assert (changed.user_name, str(changed.action)) == ("Hana Head", "Edit interaction")
    events = interaction.events  # type: ignore[attr-defined]
    delete_interaction(interaction_id=interaction.pk, actor=cast.head)
    last = events.order_by("-pgh_id")[0]
    assert (last.pgh_label, last.content) == ("delete", "Hi")


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"next_step": "Call"}, "next_step_with_date"),
        ({"next_step_on": date(2026, 1, 1)}, "next_step_with_date"),
        ({"duration_minutes": 2000}, "duration_in_range"),
        ({"content": " "}, "content_not_blank"),
        ({"channel": "fax"}, "channel_known"),
        ({"external_id": "A1"}, "external_id_with_system"),
    ],
)
def test_database_refuses_what_is_not_true(
    cast: Cast, customer: Customer, changes: dict[str, Any], constraint: str
) -> None:
    interaction = make_interaction(customer, cast.manager)
    with (
        pytest.raises(IntegrityError, match=f"crm_interaction_{constraint}"),
        transaction.atomic(),
        fixture_changes(),
    ):
        Interaction.objects.filter(pk=interaction.pk).update(**changes)
