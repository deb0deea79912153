"""Fixtures for all tests: a database for each worker, the cast of users, and signed-in clients."""

from collections.abc import Callable, Iterator

import hypothesis
import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.utils import translation
from pytest_django.plugin import DjangoDbBlocker

from accounts.models import User
from tests import databases
from tests.cast import Cast, make_cast

# Generated tests must not fail because the machine is busy.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")

Login = Callable[[User], Client]  # the fixture ``login``: signs a user in, returns the client


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give this worker its own copy of the migrated template database."""
    with django_db_blocker.unblock(), databases.use_database_copy("suite"):
        yield


@pytest.fixture(scope="session", autouse=True)
def _stored_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Store the files of records in a folder of this worker."""
    folder = tmp_path_factory.mktemp("files")
    with pytest.MonkeyPatch.context() as patch:
        # Not ``override_settings``, which hides the name of the settings module.
        patch.setitem(settings.STORAGES["attachments"]["OPTIONS"], "location", folder)
        yield


@pytest.fixture
def own_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Give the test a database of its own, and yield its name.

    The fixture ``db`` rolls a test back at its end. Here the test's commits are real, so other
    connections and processes see them.
    """
    with django_db_blocker.unblock(), databases.use_database_copy("own") as name:
        yield name


@pytest.fixture
def committed_cast(own_database: str) -> Cast:
    """The cast, committed to a database of the test's own, for tests with several connections."""
    return make_cast()


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Remove what an earlier test has left in the cache, such as its failed sign-in attempts."""
    cache.clear()


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Start in English, because the request of an earlier test may have changed the language."""
    with translation.override("en"):
        yield


@pytest.fixture
def cast(db: None) -> Cast:
    """The users and units of the tests (see tests/cast.py)."""
    return make_cast()


@pytest.fixture
def login() -> Login:
    """Return a function that signs a user in without a password and returns the client."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in
