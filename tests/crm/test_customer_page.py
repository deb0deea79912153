"""The customer page: header, panels and visibility."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from accounts.permissions import Permission
from core.pages import AuthedRequest
from crm import composition
from crm.composition import CustomerPanel
from crm.models import Customer
from tests.cast import Cast
from tests.conftest import Login
from tests.crm.factories import make_customer
from tests.history import fixture_changes


def page_url(customer: Customer) -> str:
    return reverse("customer", args=[customer.pk])


def panel_url(customer: Customer, slug: str) -> str:
    return reverse("customer_panel", args=[customer.pk, slug])


class FailingPanel(CustomerPanel):
    """A panel that fails."""

    slug = "failing"
    title = "Failing"
    template = "crm/panels/basics.html"
    permission = Permission.CUSTOMER_VIEW
    query_budget = 0

    def context(self, request: AuthedRequest, customer: Customer) -> dict[str, Any]:
        """Fail."""
        raise RuntimeError(customer.code)


@pytest.fixture
def failing_panel(settings: Any) -> Iterator[None]:
    """Configure one panel that fails and one that works."""
    settings.CUSTOMER_PANELS = [f"{__name__}.FailingPanel", "crm.panels.Basics"]
    composition.customer_panels.cache_clear()
    yield
    composition.customer_panels.cache_clear()


def test_page_shows_the_header_and_a_placeholder_for_each_panel(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, code="K1", name="华天科技", owner=cast.manager)
    page = login(cast.manager).get(page_url(customer)).content.decode()
    for text in ("K1", "华天科技", "Mia Manager", "Gslz", "Signed"):
        assert text in page
    for slug in ("basics", "transactions"):
        assert f'hx-get="{panel_url(customer, slug)}"' in page


def test_page_names_the_parent_only_to_users_who_see_it(cast: Cast, login: Login) -> None:
    hidden_parent = make_customer(cast.changsha, name="湖南秘密集团")
    customer = make_customer(cast.lanzhou, parent=hidden_parent, owner=cast.manager)
    assert "湖南秘密集团" in login(cast.executive).get(page_url(customer)).content.decode()
    client = login(cast.manager)
    assert "湖南秘密集团" not in client.get(page_url(customer)).content.decode()
    assert "湖南秘密集团" not in client.get(panel_url(customer, "basics")).content.decode()


@pytest.mark.parametrize("user_name", ["stranger", "other_head", "colleague"])
def test_page_and_panels_of_a_hidden_customer_are_not_found(
    cast: Cast, login: Login, user_name: str
) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client = login(getattr(cast, user_name))
    for url in (page_url(customer), panel_url(customer, "basics")):
        assert client.get(url).status_code == 404


def test_page_of_an_id_out_of_range_is_not_found(cast: Cast, login: Login) -> None:
    assert login(cast.executive).get(f"/customers/{'9' * 30}/").status_code == 404


def test_unknown_panel_is_not_found(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou)
    assert login(cast.head).get(panel_url(customer, "nothing")).status_code == 404


def test_panel_without_the_permission_is_neither_on_the_page_nor_found(
    cast: Cast, login: Login
) -> None:
    role = cast.head.role
    role.permissions = [
        permission for permission in role.permissions if permission != Permission.TRANSACTION_VIEW
    ]
    with fixture_changes():
        role.save()
    customer = make_customer(cast.lanzhou)
    client = login(cast.head)
    assert (
        panel_url(customer, "transactions") not in client.get(page_url(customer)).content.decode()
    )
    assert client.get(panel_url(customer, "transactions")).status_code == 404


@pytest.mark.usefixtures("failing_panel")
def test_failing_panel_does_not_affect_the_page_and_other_panels(cast: Cast, login: Login) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    client = login(cast.manager)
    client.raise_request_exception = False
    assert client.get(page_url(customer)).status_code == 200
    assert client.get(panel_url(customer, "failing")).status_code == 500
    assert client.get(panel_url(customer, "basics")).status_code == 200


@pytest.mark.parametrize(
    ("user_name", "has_link"),
    [("manager", True), ("head", True), ("agent", False), ("auditor", False)],
)
def test_page_links_to_the_form_for_users_who_may_edit(
    cast: Cast, login: Login, user_name: str, has_link: bool
) -> None:
    customer = make_customer(cast.lanzhou, owner=cast.manager)
    page = login(getattr(cast, user_name)).get(page_url(customer)).content.decode()
    assert (reverse("customer_edit", args=[customer.pk]) in page) is has_link
