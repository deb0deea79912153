"""What every test may ask for: a database of its own worker, the named cast, and clients."""

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import translation
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import User
from tests import databases
from tests.cast import Cast, make_cast

Login = Callable[[User], Client]


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give this worker its copy of the migrated template."""
    with django_db_blocker.unblock(), databases.using_copy("suite"):
        yield


@pytest.fixture
def own_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Give the test a database of its own, where it may commit and be looked at from outside."""
    with django_db_blocker.unblock(), databases.using_copy("own") as name:
        yield name


@pytest.fixture
def committed_cast(own_database: str) -> Cast:
    """The cast in a database of the test's own: for what takes two connections."""
    return make_cast()


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Begin in English, whatever the person who asked for a page in the test before speaks."""
    with translation.override("en"):
        yield


@pytest.fixture
def cast(db: None) -> Cast:
    """The people and units every story is told with (see tests/cast.py)."""
    return make_cast()


@pytest.fixture
def login() -> Login:
    """Sign somebody in and return their browser."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in
