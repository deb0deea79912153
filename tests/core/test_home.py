"""The home page and its widgets."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.permissions import Permission
from core import composition
from core.composition import HomeWidget
from core.pages import AuthedRequest
from tests.cast import Cast
from tests.conftest import Login
from tests.crm.factories import make_customer


class FailingWidget(HomeWidget):
    """A widget that fails."""

    slug = "failing"
    title = "Failing"
    template = "crm/widgets/portfolio.html"
    permission = Permission.RUN_VIEW
    query_budget = 0

    def context(self, request: AuthedRequest) -> dict[str, Any]:
        """Raise an error."""
        raise RuntimeError(self.slug)


@pytest.fixture
def with_failing_widget(settings: Any) -> Iterator[None]:
    """A home page with one widget that fails and one that works."""
    settings.HOME_WIDGETS = [f"{__name__}.FailingWidget", "crm.panels.Portfolio"]
    composition.home_widgets.cache_clear()
    yield
    composition.home_widgets.cache_clear()


def test_home_has_a_placeholder_for_each_widget(cast: Cast, login: Login) -> None:
    page = login(cast.manager).get(reverse("home")).content.decode()
    assert f'hx-get="{reverse("home_widget", args=["portfolio"])}"' in page


def test_home_redirects_anonymous_users_to_the_login_page(db: None) -> None:
    response = Client().get(reverse("home"))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_widget_shows_the_users_own_customers(cast: Cast, login: Login) -> None:
    make_customer(cast.lanzhou, owner=cast.manager)
    address = reverse("home_widget", args=["portfolio"])
    assert "My customers" in login(cast.manager).get(address).content.decode()
    assert "Customers of the unit" in login(cast.head).get(address).content.decode()
    assert "No customers to look after yet" in login(cast.stranger).get(address).content.decode()


@pytest.mark.usefixtures("with_failing_widget")
def test_widget_without_permission_is_neither_shown_nor_found(cast: Cast, login: Login) -> None:
    address = reverse("home_widget", args=["failing"])
    client = login(cast.manager)
    assert address not in client.get(reverse("home")).content.decode()
    assert client.get(address).status_code == 404
    assert client.get(reverse("home_widget", args=["nothing"])).status_code == 404


@pytest.mark.usefixtures("with_failing_widget")
def test_failing_widget_does_not_affect_the_others(cast: Cast, login: Login) -> None:
    client = login(cast.executive)
    client.raise_request_exception = False
    assert client.get(reverse("home")).status_code == 200
    assert client.get(reverse("home_widget", args=["failing"])).status_code == 500
    assert client.get(reverse("home_widget", args=["portfolio"])).status_code == 200
