"""The main menu of every page."""

from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import NoReverseMatch, reverse

from accounts.models import Role
from accounts.permissions import Permission
from config.navigation import NAVIGATION
from tests.cast import Cast
from tests.conftest import Login
from tests.history import fixture_changes


def test_every_entry_has_a_page_an_icon_and_a_section_of_its_own() -> None:
    for entry in NAVIGATION:
        try:
            url = reverse(entry.url_name)
        except NoReverseMatch:
            pytest.fail(f"{entry.url_name} has no page")
        assert url.strip("/").split("/")[0] == entry.section
        assert (Path(settings.ICON_DIR) / f"{entry.icon}.svg").is_file()
    assert max(Counter(entry.section for entry in NAVIGATION).values()) == 1


def test_menu_shows_each_role_exactly_the_entries_it_may_open(cast: Cast, login: Login) -> None:
    for user in cast.by_role().values():
        page = login(user).get("/profile/").content.decode()
        menu = page.split('<nav class="rail"', 1)[1].split("</nav>", 1)[0]
        for entry in NAVIGATION:
            may_open = entry.permission is None or user.may(entry.permission)
            assert (f'href="{reverse(entry.url_name)}"' in menu.split("<ul>")[1]) is may_open


def test_menu_marks_the_current_page(cast: Cast, login: Login) -> None:
    page = login(cast.manager).get(reverse("customers")).content.decode()
    menu = page.split('<nav class="rail"', 1)[1].split("</nav>", 1)[0]
    assert menu.count("aria-current") == 1
    assert 'data-page="Customers" data-key="2" aria-current="page"' in menu


def test_page_of_a_role_without_permissions_can_sign_out(cast: Cast, login: Login) -> None:
    role = Role.objects.get(code="auditor")
    role.permissions = []
    with fixture_changes():
        role.save()
    page = login(cast.auditor).get("/profile/").content.decode()
    assert 'href="/customers/"' not in page
    assert 'action="/logout/"' in page


def test_page_takes_at_most_four_queries(
    cast: Cast, login: Login, django_assert_max_num_queries: object
) -> None:
    client = login(cast.manager)
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        client.get("/profile/")


def test_every_permission_has_a_label() -> None:
    assert all(str(label) and "." not in str(label) for label in Permission.labels)
