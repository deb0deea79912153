"""What the rows of the permission matrix are. They stand in ``tests/<app>/matrix.py``.

A ``Row`` names an address, a method and, by letters, the roles that get ``status``; every other
role gets 403. A row with ``other`` is asked again for a record of another province: those who see
only their part of the company get 404 there, whoever they are. Strangers are sent to the login page
(browser) or get 401 (API). An ``AdminRow`` is the same for an address of the administration that
belongs to no model, and ``AdminModel`` stands for all addresses of one model.

E group executive · H division head · M account manager · A service agent · D division administrator
· S system administrator · U auditor
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Any

from django.db.models import Model

from crm.models import Customer, ImportBatch
from tests.cast import Cast, make_cast
from tests.crm.factories import make_batch, make_customer, make_transaction

ROLES = {
    "E": "group_executive",
    "H": "division_head",
    "M": "account_manager",
    "A": "service_agent",
    "D": "division_administrator",
    "S": "system_administrator",
    "U": "auditor",
}
ALL = "EHMADSU"
COMPANY_WIDE = "ESU"  # these see every division, and figures over all of them
ENTER = "DS"  # these enter the administration


@dataclass
class World:
    """The cast, and one of everything in their province and in another one."""

    cast: Cast
    own: Customer
    other: Customer
    batch: ImportBatch


def make_world() -> World:
    """Make the world every cell of the matrix is asked in."""
    cast = make_cast()
    own = make_customer(cast.lanzhou, code="OWN", name="兰州华天科技", owner=cast.manager)
    other = make_customer(cast.changsha, code="OTHER", name="长沙远大建材", owner=cast.stranger)
    batch = make_batch(cast.division_admin)
    for customer in (own, other):
        make_transaction(customer, on=date(2026, 10, 1), amount="100.00", batch=batch)
    return World(cast=cast, own=own, other=other, batch=batch)


Arguments = Callable[[World], list[Any]]
Find = Callable[[World], Model]


def own(world: World) -> list[Any]:
    """The customer of one's own province."""
    return [world.own.pk]


def other(world: World) -> list[Any]:
    """The customer of another province."""
    return [world.other.pk]


@dataclass(frozen=True)
class Row:
    """One address, one method: who may."""

    name: str
    ok: str
    arguments: Arguments = lambda world: []
    other: Arguments | None = None
    method: str = "get"
    data: Callable[[World], Any] = lambda world: {}
    status: int = HTTPStatus.OK
    query: str = ""

    @property
    def label(self) -> str:
        """What the row is called in a test's name."""
        return f"{self.method}-{self.name}{self.query}"

    def expected(self, letter: str, *, elsewhere: bool) -> int:
        """Return the status a role gets."""
        if letter not in self.ok:
            return HTTPStatus.FORBIDDEN
        if elsewhere and letter not in COMPANY_WIDE:
            return HTTPStatus.NOT_FOUND
        return self.status


@dataclass(frozen=True)
class AdminRow(Row):
    """An address of the administration: who may not enter is sent to the login page."""

    def expected(self, letter: str, *, elsewhere: bool) -> int:
        """Return the status a role gets."""
        if letter not in ENTER:
            return HTTPStatus.FOUND
        return super().expected(letter, elsewhere=elsewhere)


@dataclass(frozen=True)
class AdminModel:
    """A model's pages: the roles that may see, add, change and delete, by letter.

    ``own`` and ``other`` find a record of one's own province and of another one. Without
    ``history``, that page is 404 to those who see the record.
    """

    model: type[Model]
    own: Find
    see: str
    add: str = ""
    change: str = ""
    delete: str = ""
    history: bool = True
    other: Find | None = None


@dataclass(frozen=True)
class AppMatrix:
    """The rows of one app. ``panels``, ``widgets`` and ``list_parts``: roles by slug."""

    rows: tuple[Row, ...] = ()
    panels: Mapping[str, str] = field(default_factory=dict)
    widgets: Mapping[str, str] = field(default_factory=dict)
    list_parts: Mapping[str, str] = field(default_factory=dict)
    admin_rows: tuple[AdminRow, ...] = ()
    admin_models: tuple[AdminModel, ...] = ()
    public: tuple[str, ...] = ()  # addresses anybody may ask, by every method
