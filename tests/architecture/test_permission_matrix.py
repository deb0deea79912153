"""Every row of the permission matrix, requested by every role.

The rows and their meaning are described in ``tests/permission_matrix.py``. The last tests check
that no URL, method, panel, widget or list part of the product is without a row.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse

from accounts.models import User
from core.composition import home_widgets
from crm.composition import customer_list_parts, customer_panels
from tests.architecture.checks.addresses import (
    ADMIN,
    duplicate_names,
    find_addresses,
    missing_from_matrix,
    parts_missing_from_matrix,
    rows_without_address,
    unguarded_views,
)
from tests.architecture.matrix import LIST_PARTS, PANELS, PUBLIC, ROWS, WIDGETS
from tests.history import fixture_changes
from tests.permission_matrix import ALL, COMPANY_WIDE, ROLES, Row, World, make_world

MATRIX_KEYS = {(row.name, row.method) for row in ROWS}


def _request_status(client: Client, row: Row, world: World, arguments: list[Any]) -> int:
    """Send the row's request, roll back what it wrote, and return the status."""
    url = reverse(row.name, args=arguments) + row.query
    send = getattr(client, row.method)
    options: dict[str, Any] = {}
    if row.method != "get":
        options["data"] = row.data(world)
        if row.name.startswith("api-"):
            options["content_type"] = "application/json"
    with transaction.atomic():
        response = send(url, **options)
        if response.streaming:
            response.getvalue()  # reads the file of a download to its end, which closes it
        transaction.set_rollback(True)
    return int(response.status_code)


def _cells(row: Row, world: World) -> Iterator[tuple[str, bool, list[Any]]]:
    """Yield a role's letter, whether the record is in another province, and the URL arguments."""
    for letter in ALL:
        yield letter, False, row.arguments(world)
        if row.other_arguments is not None:
            yield letter, True, row.other_arguments(world)


@pytest.mark.django_db
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_each_role_gets_what_the_matrix_says(row: Row) -> None:
    world = make_world()
    users = world.cast.by_role()
    wrong = []
    for letter, in_other_province, arguments in _cells(row, world):
        client = Client()
        client.force_login(users[ROLES[letter]])
        status = _request_status(client, row, world, arguments)
        expected = row.expected_status(letter, in_other_province=in_other_province)
        if status != expected:
            province = "other province" if in_other_province else "own province"
            wrong.append(f"{ROLES[letter]}, {province}: {status}, not {expected}")
    assert not wrong


@pytest.mark.django_db
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_anonymous_users_must_sign_in(row: Row) -> None:
    world = make_world()
    status = _request_status(Client(), row, world, row.arguments(world))
    expected = HTTPStatus.UNAUTHORIZED if row.name.startswith("api-") else HTTPStatus.FOUND
    assert status == expected


@pytest.mark.django_db
@pytest.mark.parametrize("slug", PANELS)
def test_each_role_gets_the_panels_the_matrix_says(slug: str) -> None:
    world = make_world()
    users = world.cast.by_role()
    wrong = []
    for letter, role in ROLES.items():
        client = Client()
        client.force_login(users[role])
        for customer in (world.own_customer, world.other_customer):
            sees_customer = customer == world.own_customer or letter in COMPANY_WIDE
            is_visible = sees_customer and letter in PANELS[slug]
            expected = HTTPStatus.OK if is_visible else HTTPStatus.NOT_FOUND
            status = client.get(reverse("customer_panel", args=[customer.pk, slug])).status_code
            if status != expected:
                wrong.append(f"{role} {customer.code}: {status}, not {expected}")
    assert not wrong


@pytest.mark.django_db
@pytest.mark.parametrize("slug", WIDGETS)
def test_each_role_gets_the_widgets_the_matrix_says(slug: str) -> None:
    users = make_world().cast.by_role()
    wrong = []
    for letter in ALL:
        client = Client()
        client.force_login(users[ROLES[letter]])
        status = client.get(reverse("home_widget", args=[slug])).status_code
        expected = HTTPStatus.OK if letter in WIDGETS[slug] else HTTPStatus.NOT_FOUND
        if status != expected:
            wrong.append(f"{ROLES[letter]}: {status}, not {expected}")
    assert not wrong


@pytest.mark.django_db
def test_each_role_gets_the_list_parts_the_matrix_says() -> None:
    users = make_world().cast.by_role()
    for part in customer_list_parts():
        available = {letter for letter in ALL if part.is_available_to(users[ROLES[letter]])}
        assert available == set(LIST_PARTS[part.slug]), part.slug


@pytest.mark.django_db
def test_inactive_user_must_sign_in() -> None:
    world = make_world()
    client = Client()
    client.force_login(world.cast.manager)
    with fixture_changes():
        User.objects.filter(pk=world.cast.manager.pk).update(is_active=False)
    assert client.get(reverse("profile")).status_code == HTTPStatus.FOUND


def test_every_address_and_method_is_in_the_matrix() -> None:
    product_addresses = [
        address
        for address in find_addresses(get_resolver().url_patterns)
        if not address.name.startswith((f"{ADMIN}:", f"{ADMIN}/"))  # see test_admin_matrix.py
    ]
    assert missing_from_matrix(product_addresses, MATRIX_KEYS, PUBLIC) == []
    assert rows_without_address(product_addresses, MATRIX_KEYS) == []
    assert {address.name for address in product_addresses} >= PUBLIC
    assert duplicate_names(product_addresses) == set()


def test_every_panel_widget_and_list_part_is_in_the_matrix() -> None:
    for kind, parts, rows in (
        ("panel", customer_panels(), PANELS),
        ("widget", home_widgets(), WIDGETS),
        ("list part", customer_list_parts(), LIST_PARTS),
    ):
        slugs = [part.slug for part in parts]
        assert parts_missing_from_matrix(slugs, rows, kind) == []
        assert set(rows) <= set(slugs)


def test_every_view_checks_a_permission_and_a_write_permission_if_it_writes() -> None:
    assert unguarded_views(find_addresses(get_resolver().url_patterns)) == []
