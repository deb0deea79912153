"""The filters of the customer list's page: menus, limits of ranges, filters shown on demand."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.listing.page_parts import FilterControl
from tests.cast import Cast
from tests.conftest import Login


def shown(client: Client, **parameters: Any) -> Any:
    """Return the list that the page shows for these parameters."""
    return client.get(reverse("customers"), parameters).context["list"]


def control_of(controls: list[FilterControl], label: str) -> FilterControl:
    return next(control for control in controls if str(control.label) == label)


@pytest.fixture
def client(cast: Cast, login: Login) -> Client:
    return login(cast.head)


def test_amount_has_lowest_and_highest_value(client: Client) -> None:
    control = control_of(shown(client).more_controls, "Recent revenue")
    names = [(limit.name, str(limit.label), limit.is_date) for limit in control.limits]
    assert names == [("monetary__gte", "from", False), ("monetary__lte", "to", False)]
    assert not control.links


def test_time_has_periods_and_days(client: Client) -> None:
    control = control_of(shown(client, updated_at__period="last_7_days").main_controls, "Changed")
    assert [link.label for link in control.links if link.is_selected] == ["last 7 days"]
    assert all(limit.is_date for limit in control.limits)


def test_time_of_day_is_no_value_of_a_date_input(client: Client) -> None:
    values = {"updated_at__gte": "2026-01-31T09:30", "updated_at__lte": "2026-02-01"}
    control = control_of(shown(client, **values).main_controls, "Changed")
    assert [(limit.value, limit.is_date) for limit in control.limits] == [
        ("2026-01-31T09:30", False),
        ("2026-02-01", True),
    ]


def test_filter_in_use_is_always_shown(client: Client) -> None:
    assert not control_of(shown(client).more_controls, "Days silent").is_used
    used = shown(client, recency__gte="90")
    assert control_of(used.main_controls, "Days silent").is_used
    assert "Days silent" not in [str(control.label) for control in used.more_controls]


def test_form_keeps_what_no_control_sends(client: Client) -> None:
    used = shown(client, monetary="1000", monetary__gte="5", grade__not="A", sort="name")
    assert used.hidden_parameters == [("monetary", "1000"), ("grade__not", "A"), ("sort", "name")]
