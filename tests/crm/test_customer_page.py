"""The customer page: its header, its panels, and what stays hidden."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.permissions import Permission
from core.pages import AuthedRequest
from crm import composition
from crm.composition import CustomerPanel
from crm.models import Customer
from tests.cast import Cast
from tests.crm.factories import make_customer
from tests.history import fixture_changes

Login = Callable[[User], Client]


def page_of(customer: Customer) -> str:
    """Return the page's address."""
    return reverse("customer", args=[customer.pk])


def panel_of(customer: Customer, slug: str) -> str:
    """Return a panel's address."""
    return reverse("customer_panel", args=[customer.pk, slug])


class Broken(CustomerPanel):
    """A panel that fails."""

    slug = "broken"
    title = "Broken"
    template = "crm/panels/basics.html"
    permission = Permission.CUSTOMER_VIEW
    query_budget = 0

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Fail."""
        raise RuntimeError(customer.code)


@pytest.fixture
def with_broken(settings: Any) -> Iterator[None]:
    """A page with one panel that fails and one that works."""
    settings.CUSTOMER_PANELS = [f"{__name__}.Broken", "crm.panels.Basics"]
    composition.customer_panels.cache_clear()
    yield
    composition.customer_panels.cache_clear()


def test_page_shows_who_it_is_and_a_place_for_each_panel(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, code="K1", name="华天科技", owner=cast.manager)
    page = login(cast.manager).get(page_of(customer)).content.decode()
    for shown in ("K1", "华天科技", "Mia Manager", "Gslz", "Signed"):
        assert shown in page
    for slug in ("basics", "transactions"):
        assert f'hx-get="{panel_of(customer, slug)}"' in page


def test_page_names_the_group_only_to_those_who_see_it(cast: Cast, login: Login) -> None:
    group = make_customer(cast.changsha, name="湖南秘密集团")
    customer = make_customer(cast.lanzhou, parent=group, owner=cast.manager)
    assert "湖南秘密集团" in login(cast.executive).get(page_of(customer)).content.decode()
    client = login(cast.manager)
    assert "湖南秘密集团" not in client.get(page_of(customer)).content.decode()
    assert "湖南秘密集团" not in client.get(panel_of(customer, "basics")).content.decode()


@pytest.mark.parametrize("who", ["stranger", "other_head", "colleague"])
def test_page_and_panels_out_of_scope_are_not_found(cast: Cast, login: Login, who: str) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client = login(getattr(cast, who))
    for address in (page_of(customer), panel_of(customer, "basics")):
        assert client.get(address).status_code == 404


def test_page_of_an_id_no_database_could_hold_is_not_found(cast: Cast, login: Login) -> None:
    assert login(cast.executive).get(f"/customers/{'9' * 30}/").status_code == 404


def test_panel_that_does_not_exist_is_not_found(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou)
    assert login(cast.head).get(panel_of(customer, "nothing")).status_code == 404


def test_panel_the_person_may_not_see_is_neither_offered_nor_found(
    cast: Cast, login: Login
) -> None:
    role = cast.head.role
    role.permissions = [each for each in role.permissions if each != Permission.TRANSACTION_VIEW]
    with fixture_changes():
        role.save()
    customer = make_customer(cast.lanzhou)
    client = login(cast.head)
    assert panel_of(customer, "transactions") not in client.get(page_of(customer)).content.decode()
    assert client.get(panel_of(customer, "transactions")).status_code == 404


@pytest.mark.usefixtures("with_broken")
def test_panel_that_fails_leaves_the_page_and_the_others_standing(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client = login(cast.manager)
    client.raise_request_exception = False
    assert client.get(page_of(customer)).status_code == 200
    assert client.get(panel_of(customer, "broken")).status_code == 500
    assert client.get(panel_of(customer, "basics")).status_code == 200


@pytest.mark.parametrize(
    ("who", "offered"), [("manager", True), ("head", True), ("agent", False), ("auditor", False)]
)
def test_page_offers_editing_to_those_who_may(
    cast: Cast, login: Login, who: str, offered: bool
) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    page = login(getattr(cast, who)).get(page_of(customer)).content.decode()
    assert (reverse("customer_edit", args=[customer.pk]) in page) is offered
