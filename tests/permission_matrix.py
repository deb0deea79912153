"""The types of the permission matrix, and the records that its requests are about.

The rows are in ``tests/<app>/matrix.py``; ``tests/architecture`` sends each of them as a request of
every role, in ``test_permission_matrix.py`` and, for the administration, ``test_admin_matrix.py``.
A set of roles is written as a string of the letters in ``ROLES``: ``"HMA"`` means division head,
account manager and service agent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Any

from django.db.models import Model

from crm.models import Customer, ImportBatch
from tests.cast import Cast, make_cast
from tests.core.files.factories import make_attachment, upload
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
COMPANY_WIDE = "ESU"  # the roles that see the records of every province
ADMIN_ROLES = "DS"  # the roles with the permission to enter the administration


@dataclass
class World:
    """The users and records that exist when a row of the matrix is tested.

    ``own_customer`` and ``batch`` belong to Gansu, the province of the users of ``Cast.by_role``
    that see only a part of the company. ``other_customer`` belongs to Hunan.
    """

    cast: Cast
    own_customer: Customer
    other_customer: Customer
    batch: ImportBatch


def make_world() -> World:
    """Make the cast, the two customers with a bill each, and the batch of these bills."""
    cast = make_cast()
    own = make_customer(cast.lanzhou, code="OWN", name="兰州华天科技", owner=cast.manager)
    other = make_customer(cast.changsha, code="OTHER", name="长沙远大建材", owner=cast.stranger)
    batch = make_batch(cast.division_admin)
    for customer in (own, other):
        make_transaction(customer, on=date(2026, 10, 1), amount="100.00", batch=batch)
    return World(cast=cast, own_customer=own, other_customer=other, batch=batch)


UrlArguments = Callable[[World], list[Any]]  # returns the positional arguments for reverse()
GetRecord = Callable[[World], Model]  # returns a record of the world, or makes one


def own_customer(world: World) -> list[Any]:
    """Return the URL arguments of the customer in the user's own province."""
    return [world.own_customer.pk]


def other_customer(world: World) -> list[Any]:
    """Return the URL arguments of the customer in another province."""
    return [world.other_customer.pk]


@dataclass(frozen=True)
class Row:
    """One URL name and method. ``roles`` get ``status``; every other role gets 403.

    With ``other_arguments`` the request is sent a second time, for a record of another province:
    those of ``roles`` that do not see the whole company then get 404. Anonymous users are
    redirected to the login page, or get 401 from the API. ``data`` is the body (JSON for a name
    that begins with ``api-``), and ``query`` is added to the URL, with its question mark.
    """

    name: str
    roles: str
    arguments: UrlArguments = lambda world: []
    other_arguments: UrlArguments | None = None
    method: str = "get"
    data: Callable[[World], Any] = lambda world: {}
    status: int = HTTPStatus.OK
    query: str = ""

    @property
    def label(self) -> str:
        """The row's part in the name of a test: ``get-customer_options?q=a``."""
        return f"{self.method}-{self.name}{self.query}"

    def expected_status(self, letter: str, *, in_other_province: bool) -> int:
        """Return the status for the role with this letter."""
        if letter not in self.roles:
            return HTTPStatus.FORBIDDEN
        if in_other_province and letter not in COMPANY_WIDE:
            return HTTPStatus.NOT_FOUND
        return self.status


def file_rows(
    name: str,
    roles: str,
    editors: str,
    own_record: GetRecord,
    other_record: GetRecord | None = None,
    *,
    adder: str = "manager",
) -> tuple[Row, ...]:
    """Return the rows of the files of a record type, such as ``"customer"``.

    ``roles`` may see its files and ``editors`` add and remove them. The files are added by the user
    ``adder`` of the cast, those of ``other_record`` by the stranger.
    """

    def urls(get_record: GetRecord) -> UrlArguments:
        return lambda world: [get_record(world).pk]

    def file_urls(get_record: GetRecord, actor: str) -> UrlArguments:
        def make(world: World) -> list[Any]:
            record = get_record(world)
            return [record.pk, make_attachment(record, actor=getattr(world.cast, actor)).pk]

        return make

    record = (urls(own_record), other_record and urls(other_record))
    file = (file_urls(own_record, adder), other_record and file_urls(other_record, "stranger"))
    files_page, file_page, removal = f"{name}_files", f"{name}_file", f"{name}_file_remove"
    return (
        Row(files_page, roles, *record),
        Row(files_page, editors, *record, method="post", data=lambda w: upload(), status=302),
        Row(file_page, roles, *file),
        Row(removal, editors, *file),
        Row(removal, editors, *file, method="post", status=302),
        Row(f"api-{name}-files", roles, *record),
        # The rows of the matrix send JSON, but this URL takes files, so it answers 415.
        Row(f"api-{name}-files", editors, *record, method="post", status=415),
        Row(f"api-{name}-file", roles, *file),
        Row(f"api-{name}-file", editors, *file, method="delete", status=204),
    )


@dataclass(frozen=True)
class AdminRow(Row):
    """A URL of the administration that belongs to no model, such as its index.

    A role that may not enter the administration is redirected to the login page, so it gets 302
    in place of 403.
    """

    def expected_status(self, letter: str, *, in_other_province: bool) -> int:
        """Return the status for the role with this letter."""
        if letter not in ADMIN_ROLES:
            return HTTPStatus.FOUND
        return super().expected_status(letter, in_other_province=in_other_province)


@dataclass(frozen=True)
class AdminModel:
    """All pages of a model in the administration: who may see, add, change and delete records.

    The pages of a record are requested for ``own_record`` (of the user's own province) and, if
    given, for ``other_record`` (of another one). ``history=False`` is for a model whose history
    page answers 404.
    """

    model: type[Model]
    own_record: GetRecord
    see: str
    add: str = ""
    change: str = ""
    delete: str = ""
    history: bool = True
    other_record: GetRecord | None = None


@dataclass(frozen=True)
class AppMatrix:
    """The rows of one app.

    ``panels``, ``widgets`` and ``list_parts`` have the roles by slug: ``{"basics": ALL}``. Other
    roles get 404 for a panel or widget, and do not see the columns of a list part. ``public`` has
    the URL names that need no user; they need no rows.
    """

    rows: tuple[Row, ...] = ()
    panels: Mapping[str, str] = field(default_factory=dict)
    widgets: Mapping[str, str] = field(default_factory=dict)
    list_parts: Mapping[str, str] = field(default_factory=dict)
    admin_rows: tuple[AdminRow, ...] = ()
    admin_models: tuple[AdminModel, ...] = ()
    public: tuple[str, ...] = ()
