"""The menu around every page."""

from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import NoReverseMatch, reverse

from accounts.models import Role
from accounts.permissions import Permission
from config.frame import RAIL
from tests.cast import Cast
from tests.conftest import Login
from tests.history import fixture_changes


def test_rail_every_entry_has_a_page_an_icon_and_a_section_of_its_own() -> None:
    for entry in RAIL:
        try:
            address = reverse(entry.url_name)
        except NoReverseMatch:
            pytest.fail(f"{entry.url_name} has no page")
        assert address.strip("/").split("/")[0] == entry.section
        assert (Path(settings.ICON_DIR) / f"{entry.icon}.svg").is_file()
    assert max(Counter(entry.section for entry in RAIL).values()) == 1


def test_rail_shows_each_role_what_it_may_use_and_nothing_else(cast: Cast, login: Login) -> None:
    for person in cast.by_role().values():
        page = login(person).get("/profile/").content.decode()
        rail = page.split('<nav class="rail"', 1)[1].split("</nav>", 1)[0]
        for entry in RAIL:
            offered = entry.permission is None or person.may(entry.permission)
            assert (f'href="{reverse(entry.url_name)}"' in rail.split("<ul>")[1]) is offered


def test_rail_marks_where_one_is(cast: Cast, login: Login) -> None:
    page = login(cast.manager).get(reverse("customers")).content.decode()
    rail = page.split('<nav class="rail"', 1)[1].split("</nav>", 1)[0]
    assert rail.count("aria-current") == 1
    assert 'data-page="Customers" data-key="2" aria-current="page"' in rail


def test_frame_of_somebody_who_may_nothing_still_stands(cast: Cast, login: Login) -> None:
    role = Role.objects.get(code="auditor")
    role.permissions = []
    with fixture_changes():
        role.save()
    page = login(cast.auditor).get("/profile/").content.decode()
    assert 'href="/customers/"' not in page
    assert 'action="/logout/"' in page


def test_frame_costs_one_query_for_session_and_person_each(
    cast: Cast, login: Login, django_assert_max_num_queries: object
) -> None:
    client = login(cast.manager)
    with django_assert_max_num_queries(3):  # type: ignore[operator]
        client.get("/profile/")


def test_permissions_are_named_on_the_profile_in_words() -> None:
    assert all(str(label) and "." not in str(label) for label in Permission.labels)
