"""The complaints panel of the customer page, and the complaints widget of the home page."""

import re
from datetime import timedelta
from typing import cast as type_cast

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from core.composition import home_widgets
from core.pages import AuthedRequest
from crm.composition import customer_panels
from crm.models import Customer
from satisfaction.models import Complaint
from satisfaction.panels import Complaints, OpenComplaints
from satisfaction.services.complaint import reopen_complaint
from tests.cast import Cast
from tests.conftest import Login
from tests.crm.factories import make_customer
from tests.history import fixture_changes
from tests.satisfaction.factories import make_complaint


@pytest.fixture
def customer(cast: Cast) -> Customer:
    return make_customer(cast.lanzhou, code="LZ01", name="兰州华天科技", owner=cast.manager)


def _request_of(user: User) -> AuthedRequest:
    request = type_cast("AuthedRequest", RequestFactory().get("/"))
    request.user = User.objects.select_related("role", "unit").get(pk=user.pk)
    return request


def _panel(client: Client, customer: Customer) -> str:
    response = client.get(reverse("customer_panel", args=[customer.pk, "complaints"]))
    assert response.status_code == 200
    return response.content.decode()


def _widget(client: Client) -> str:
    response = client.get(reverse("home_widget", args=["open-complaints"]))
    assert response.status_code == 200
    return response.content.decode()


def _numbers(page: str) -> list[str]:
    return re.findall(r"TS-\d{6}-\d{5}", page)


def test_panel_shows_five_complaints_open_ones_first_then_the_latest(
    cast: Cast, customer: Customer, login: Login
) -> None:
    old_closed = [make_complaint(customer, actor=cast.agent, closed=True) for _ in range(5)]
    open_one = make_complaint(customer, actor=cast.manager)
    new_closed = make_complaint(customer, actor=cast.agent, closed=True)
    reopen_complaint(complaint_id=old_closed[0].pk, reason="Down.", actor=cast.agent)
    make_complaint(make_customer(cast.lanzhou, owner=cast.manager), actor=cast.agent)
    page = _panel(login(cast.manager), customer)
    assert "<h2>Complaints</h2>" in page
    expected = [open_one, old_closed[0], new_closed, old_closed[4], old_closed[3]]
    assert _numbers(page) == [complaint.number for complaint in expected]
    (link,) = re.findall(r'href="([^"]+)">All complaints of this customer', page)
    assert len(_numbers(login(cast.manager).get(link.replace("&amp;", "&")).content.decode())) == 7


def test_panel_of_a_customer_without_complaints_offers_to_open_one(
    cast: Cast, customer: Customer, login: Login
) -> None:
    address = f"{reverse('complaint_new')}?customer={customer.pk}"
    page = _panel(login(cast.manager), customer)
    assert "No complaints of this customer so far." in page
    assert address in page
    assert address not in _panel(login(cast.auditor), customer)


def test_panel_of_a_customer_out_of_scope_is_not_found(
    cast: Cast, customer: Customer, login: Login
) -> None:
    address = reverse("customer_panel", args=[customer.pk, "complaints"])
    assert login(cast.stranger).get(address).status_code == 404


def test_widget_shows_the_eight_oldest_visible_open_complaints(
    cast: Cast, customer: Customer, login: Login
) -> None:
    titles = [f"Number {n}" for n in range(9)]
    for title in titles:
        make_complaint(customer, actor=cast.agent, title=title)
    make_complaint(customer, actor=cast.agent, title="Done", closed=True)
    make_complaint(make_customer(cast.changsha), actor=cast.other_head, title="Far away")
    with fixture_changes():
        Complaint.objects.filter(title="Number 5").update(
            opened_at=timezone.now() - timedelta(days=9)
        )
    page = _widget(login(cast.manager))
    assert "<h2>Open complaints</h2>" in page
    titles_on_page = re.findall(r"(Number \d|Done|Far away)", page)
    assert titles_on_page == ["Number 5", *[title for title in titles if title != "Number 5"]][:8]
    assert "All open complaints" in page
    assert "Far away" in _widget(login(cast.other_head))
    assert "No complaint is open." in _widget(login(cast.colleague))


def test_panel_and_widget_are_listed_in_settings() -> None:
    assert any(isinstance(part, Complaints) for part in customer_panels())
    assert any(isinstance(part, OpenComplaints) for part in home_widgets())


@pytest.mark.parametrize("rows", [2, 20])
@pytest.mark.parametrize("user_name", ["manager", "agent", "executive"])
def test_panel_and_widget_keep_to_their_query_budgets(
    cast: Cast,
    customer: Customer,
    rows: int,
    user_name: str,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for actor in (cast.manager, cast.agent) * (rows // 2):
        make_complaint(customer, actor=actor)
    request = _request_of(getattr(cast, user_name))
    panel, widget = Complaints(), OpenComplaints()
    with django_assert_num_queries(panel.query_budget):
        page = render_to_string(panel.template, panel.context(request, customer) | {"panel": panel})
    assert len(_numbers(page)) == min(rows, 5)
    with django_assert_num_queries(widget.query_budget):
        page = render_to_string(widget.template, widget.context(request) | {"widget": widget})
    assert page.count("entry-title") == min(rows, 8)
