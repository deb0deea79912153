"""Fixtures: the API on a port of this machine, and clients generated from its schema."""

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from accounts.models import User
from config.wsgi import application
from tests.cast import Cast, make_user
from tests.core.api import key_client
from tests.generated_client.client import PACKAGE, GeneratedClient, generate_client
from tests.history import fixture_changes

Connect = Callable[[str], GeneratedClient]  # the fixture ``connect``


class QuietHandler(WSGIRequestHandler):
    """Handles requests without writing them to the terminal."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write nothing."""


@pytest.fixture
def server_address(committed_cast: Cast) -> Iterator[str]:
    """The base address of the API, which a thread serves from the test's own database."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.set_app(application)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def connect(
    committed_cast: Cast, server_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Connect]:
    """Return a function that connects a generated client to the API with a key.

    The schema comes from a request in Chinese, which must not show in the names of the client.
    """
    schema = key_client(committed_cast.auditor, "zh-hans").get("/api/v1/schema/").json()
    generate_client(schema, tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    connected = []

    def connect_with_key(key: str) -> GeneratedClient:
        client = GeneratedClient(server_address, key)
        connected.append(client)
        return client

    yield connect_with_key
    for each in connected:
        each.client.get_httpx_client().close()
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def _service_account(number: str, role: str, cast: Cast, *, is_company_wide: bool) -> User:
    unit = cast.head_office if is_company_wide else cast.gansu
    user = make_user(number, number.title(), role, unit)
    with fixture_changes():
        User.objects.filter(pk=user.pk).update(is_service=True)
    return user


@pytest.fixture
def billing(committed_cast: Cast) -> User:
    """The service account of the billing system of Gansu."""
    return _service_account(
        "billing", "division_administrator", committed_cast, is_company_wide=False
    )


@pytest.fixture
def warehouse(committed_cast: Cast) -> User:
    """The service account of the data warehouse, which reads the whole company."""
    return _service_account("warehouse", "auditor", committed_cast, is_company_wide=True)
