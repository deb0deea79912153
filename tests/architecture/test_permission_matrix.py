"""Every cell of the permission matrix, asked over HTTP."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.architecture.matrix import ALL, COMPANY_WIDE, PUBLIC, ROLES, ROWS, Row, World, make_world
from tests.history import fixture_changes


def _ask(client: Client, row: Row, world: World, arguments: list[Any]) -> int:
    url = reverse(row.name, args=arguments) + row.query
    ask = getattr(client, row.method)
    keywords = {"content_type": "application/json"} if row.name.startswith("api-") else {}
    payload = {} if row.method == "get" else {"data": row.data(world)} | keywords
    with transaction.atomic():
        status = int(ask(url, **payload).status_code)
        transaction.set_rollback(True)
    return status


def _expected(row: Row, letter: str, *, elsewhere: bool) -> int:
    if letter not in row.ok:
        return HTTPStatus.FORBIDDEN
    if elsewhere and letter not in COMPANY_WIDE:
        return HTTPStatus.NOT_FOUND
    return row.status


def _cells(row: Row, world: World) -> Iterator[tuple[str, bool, list[Any]]]:
    for letter in ALL:
        yield letter, False, row.arguments(world)
        if row.other is not None:
            yield letter, True, row.other(world)


@pytest.mark.django_db
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_each_role_gets_what_the_matrix_says(row: Row) -> None:
    world = make_world()
    people = world.cast.by_role()
    wrong = []
    for letter, elsewhere, arguments in _cells(row, world):
        client = Client()
        client.force_login(people[ROLES[letter]])
        status = _ask(client, row, world, arguments)
        wanted = _expected(row, letter, elsewhere=elsewhere)
        if status != wanted:
            place = "elsewhere" if elsewhere else "own"
            wrong.append(f"{ROLES[letter]} {place}: {status}, not {wanted}")
    assert not wrong


@pytest.mark.django_db
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label)
def test_strangers_are_asked_to_sign_in(row: Row) -> None:
    world = make_world()
    status = _ask(Client(), row, world, row.arguments(world))
    wanted = HTTPStatus.UNAUTHORIZED if row.name.startswith("api-") else HTTPStatus.FOUND
    assert status == wanted


@pytest.mark.django_db
def test_somebody_who_has_left_is_a_stranger() -> None:
    world = make_world()
    client = Client()
    client.force_login(world.cast.manager)
    with fixture_changes():
        type(world.cast.manager).objects.filter(pk=world.cast.manager.pk).update(is_active=False)
    assert client.get(reverse("profile")).status_code == HTTPStatus.FOUND


def _names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":  # see test_admin_matrix.py
                yield from _names(pattern.url_patterns)
        else:
            yield pattern.name or str(pattern.pattern)


def test_every_address_is_in_the_matrix() -> None:
    addresses = set(_names(get_resolver().url_patterns))
    assert addresses - {row.name for row in ROWS} == PUBLIC
    assert {row.name for row in ROWS} <= addresses
