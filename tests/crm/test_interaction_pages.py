"""The panel with the quick form, and the pages of an interaction."""

from http import HTTPStatus
from typing import Any

import pytest
from django.urls import reverse

from crm.models import Customer, Interaction
from crm.panels import Interactions
from crm.services.interaction import update_interaction
from tests.cast import Cast
from tests.conftest import Login
from tests.crm.factories import make_customer, make_interaction
from tests.crm.test_custom_fields import make_custom_field
from tests.crm.test_panels import count_queries, request_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, name="兰州华天科技", owner=cast.manager)


def _form(**changes: Any) -> dict[str, Any]:
    shown = "2026-03-05T09:00"
    return {
        "channel": "phone", "direction": "outbound", "phase": "after_sale", "occurred_at": shown,
        "initial-occurred_at": shown, "duration_minutes": "", "content": "谈了续约", "outcome": "",
        "next_step": "", "next_step_on": "",
    } | changes  # fmt: skip


def test_quick_form_logs_and_answers_with_the_panel(
    cast: Cast, customer: Customer, login: Login
) -> None:
    url = reverse("customer_interaction_log", args=[customer.pk])
    response = login(cast.manager).post(url, _form(), headers=HTMX)
    assert response.status_code == HTTPStatus.OK
    assert "谈了续约" in response.content.decode()
    assert "notice" in response.headers["HX-Trigger"]
    logged = Interaction.objects.get()
    assert (logged.customer, logged.user) == (customer, cast.manager)
    # The time that the form showed first, months ago, is not the time of the interaction.
    assert logged.occurred_at.year > 2025
    assert f"{logged.occurred_at:%m-%d}" != "03-05"


def test_time_that_the_user_has_set_is_kept(cast: Cast, customer: Customer, login: Login) -> None:
    url = reverse("customer_interaction_log", args=[customer.pk])
    login(cast.manager).post(url, _form(occurred_at="2026-03-01T08:00"), headers=HTMX)
    assert f"{Interaction.objects.get().occurred_at:%m-%d %H:%M}" == "03-01 00:00"  # UTC


def test_refused_form_keeps_what_was_typed_with_the_error_at_its_field(
    cast: Cast, customer: Customer, login: Login
) -> None:
    url = reverse("customer_interaction_log", args=[customer.pk])
    response = login(cast.manager).post(url, _form(next_step="寄合同"), headers=HTMX)
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = response.content.decode()
    assert "寄合同" in page
    assert "谈了续约" in page
    assert response.context["form"].errors == {"next_step_on": ["When is the next step?"]}


def test_quick_form_has_sensible_defaults(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager, stage="potential")
    url = reverse("customer_panel", args=[customer.pk, "interactions"])
    client = login(cast.manager)
    form = client.get(url).context["form"]
    assert (form["channel"].value(), form["phase"].value()) == ("phone", "pre_sale")
    make_interaction(customer, cast.manager, channel="wechat")
    assert client.get(url).context["form"]["channel"].value() == "wechat"
    assert client.get(url).context["form"]["direction"].value() == "outbound"


def test_required_custom_field_is_in_the_quick_form(
    cast: Cast, customer: Customer, login: Login
) -> None:
    make_custom_field(cast, "mood", "text", record_type="interaction", required=True)
    url = reverse("customer_interaction_log", args=[customer.pk])
    client = login(cast.manager)
    refused = client.post(url, _form(custom_mood=""), headers=HTMX)
    assert list(refused.context["form"].errors) == ["custom_mood"]
    client.post(url, _form(custom_mood="好"), headers=HTMX)
    assert Interaction.objects.get().custom_values == {"mood": "好"}


def test_user_who_may_not_log_sees_no_form(cast: Cast, customer: Customer, login: Login) -> None:
    make_interaction(customer, cast.manager, content="谈了续约")
    url = reverse("customer_panel", args=[customer.pk, "interactions"])
    page = login(cast.auditor).get(url).content.decode()
    assert "谈了续约" in page
    assert "<form" not in page


@pytest.mark.parametrize("rows", [2, 20])
def test_panel_keeps_its_query_budget(cast: Cast, customer: Customer, rows: int) -> None:
    for _ in range(rows):
        make_interaction(customer, cast.manager)
    panel = Interactions()
    assert count_queries(panel, request_of(cast.manager), customer) <= panel.query_budget


def test_page_shows_fields_and_history_in_words(
    cast: Cast, customer: Customer, login: Login
) -> None:
    interaction = make_interaction(customer, cast.manager, duration_minutes=30)
    update_interaction(interaction_id=interaction.pk, actor=cast.head, channel="visit")
    page = login(cast.manager).get(reverse("interaction", args=[interaction.pk])).content.decode()
    for text in ("兰州华天科技", "Mia Manager", "Hana Head", "<del>Phone</del> → Visit", "30"):
        assert text in page, text
    foreign = make_interaction(customer, cast.agent)
    page = login(cast.manager).get(reverse("interaction", args=[foreign.pk])).content.decode()
    assert reverse("interaction_edit", args=[foreign.pk]) not in page


def test_page_to_log_takes_its_customer_from_the_address(
    cast: Cast, customer: Customer, login: Login
) -> None:
    client, url = login(cast.manager), reverse("interaction_new")
    assert client.get(f"{url}?customer={customer.pk}").context["form"]["customer"].value()
    hidden = make_customer(cast.changsha)
    assert client.get(f"{url}?customer={hidden.pk}").status_code == HTTPStatus.NOT_FOUND
    response = client.post(url, _form(customer=str(customer.pk)))
    assert response.headers["Location"] == reverse("customer", args=[customer.pk])
    refused = client.post(url, _form(customer=str(hidden.pk)))
    assert list(refused.context["form"].errors) == ["customer"]


def test_head_chooses_by_whom_it_was_and_a_manager_does_not(
    cast: Cast, customer: Customer, login: Login
) -> None:
    url = reverse("interaction_new")
    data = _form(customer=str(customer.pk), user=str(cast.manager.pk))
    login(cast.head).post(url, data)
    login(cast.colleague).post(url, _form(customer=str(customer.pk), user=str(cast.head.pk)))
    assert [each.user for each in Interaction.objects.all()] == [cast.manager]
    assert "user" not in login(cast.manager).get(url).context["form"].fields


def _edit_form(interaction: Interaction, **changes: Any) -> dict[str, Any]:
    data = _form(
        customer=str(interaction.customer_id),
        content=interaction.content,
        version=str(interaction.version),
    )
    return data | changes


def test_edited_interaction_is_saved(cast: Cast, customer: Customer, login: Login) -> None:
    interaction = make_interaction(customer, cast.manager)
    url = reverse("interaction_edit", args=[interaction.pk])
    response = login(cast.manager).post(url, _edit_form(interaction, outcome="同意"))
    assert response.status_code == HTTPStatus.FOUND
    interaction.refresh_from_db()
    assert (interaction.outcome, interaction.version) == ("同意", 2)


def test_second_of_two_editors_gets_both_versions_and_loses_nothing(
    cast: Cast, customer: Customer, login: Login
) -> None:
    interaction = make_interaction(customer, cast.manager)
    update_interaction(interaction_id=interaction.pk, actor=cast.head, outcome="同意")
    url = reverse("interaction_edit", args=[interaction.pk])
    client = login(cast.manager)
    response = client.post(url, _edit_form(interaction, content="改了内容", outcome=""))
    assert response.status_code == HTTPStatus.CONFLICT
    form = response.context["form"]
    assert (form["content"].value(), form["outcome"].value()) == ("改了内容", "同意")
    assert client.post(url, form.data).status_code == HTTPStatus.FOUND
    interaction.refresh_from_db()
    assert (interaction.content, interaction.outcome) == ("改了内容", "同意")


def test_edit_of_another_persons_interaction_is_forbidden(
    cast: Cast, customer: Customer, login: Login
) -> None:
    foreign = make_interaction(customer, cast.agent)
    url = reverse("interaction_edit", args=[foreign.pk])
    client = login(cast.manager)
    assert client.get(url).status_code == HTTPStatus.FORBIDDEN
    response = client.post(url, _edit_form(foreign, outcome="x"))
    assert response.status_code == HTTPStatus.FORBIDDEN


def test_hidden_interaction_is_not_found(cast: Cast, login: Login) -> None:
    hidden = make_interaction(make_customer(cast.changsha), cast.stranger)
    client = login(cast.head)
    for name in ("interaction", "interaction_edit"):
        assert client.get(reverse(name, args=[hidden.pk])).status_code == HTTPStatus.NOT_FOUND
    for name in ("interaction_edit", "interaction_delete"):
        response = client.post(reverse(name, args=[hidden.pk]), _edit_form(hidden))
        assert response.status_code == HTTPStatus.NOT_FOUND


def test_deletion_is_refused_after_a_change(cast: Cast, customer: Customer, login: Login) -> None:
    interaction = make_interaction(customer, cast.manager)
    client, url = login(cast.manager), reverse("interaction_delete", args=[interaction.pk])
    update_interaction(interaction_id=interaction.pk, actor=cast.head, outcome="同意")
    client.post(url, {"version": "1"})
    assert Interaction.objects.exists()
    response = client.post(url, {"version": "2"})
    assert response.headers["Location"] == reverse("customer", args=[customer.pk])
    assert not Interaction.objects.exists()


def test_administration_logs_changes_and_deletes_through_the_services(
    cast: Cast, customer: Customer, login: Login
) -> None:
    client = login(cast.division_admin)
    data = _form(customer=str(customer.pk), user=str(cast.manager.pk))
    data |= {"occurred_at_0": "2026-03-05", "occurred_at_1": "09:00"}
    client.post("/admin/crm/interaction/add/", data)
    logged = Interaction.objects.get()
    assert (logged.user, logged.version) == (cast.manager, 1)
    url = f"/admin/crm/interaction/{logged.pk}/change/"
    assert "谈了续约" in client.get("/admin/crm/interaction/?q=续约").content.decode()
    bad = client.post(url, data | {"loaded_version": "1", "next_step": "寄合同"})
    assert "When is the next step?" in bad.content.decode()
    client.post(url, data | {"loaded_version": "1", "channel": "visit"})
    logged.refresh_from_db()
    assert (logged.channel, logged.version) == ("visit", 2)
    history = client.get(f"/admin/crm/interaction/{logged.pk}/history/").content.decode()
    assert "Visit" in history
    client.post(f"/admin/crm/interaction/{logged.pk}/delete/", {"post": "yes"})
    assert not Interaction.objects.exists()
