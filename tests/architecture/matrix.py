"""The permission matrix: who gets what, for every page and API route of the product.

A row names an address, a method and, by letters, the roles that get ``ok``; every other role gets
403. Rows with ``other`` are asked again for a record of another province: those who see only their
part of the company get 404 there, whoever they are. Strangers are sent to the login page (browser)
or get 401 (API). A page that is not in here fails ``test_every_address_is_in_the_matrix``.

E group executive · H division head · M account manager · A service agent · D division administrator
· S system administrator · U auditor
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone

from crm.models import Customer, ImportBatch
from segmentation.models import RunState, ScoringRun
from tests.cast import Cast, make_cast
from tests.crm.factories import make_batch, make_customer, make_transaction
from tests.satisfaction.factories import make_complaint

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

PUBLIC = {
    "healthz",
    "account_login",
    "account_logout",
}


@dataclass
class World:
    """The cast, and one of everything in their province and in another one."""

    cast: Cast
    own: Customer
    other: Customer
    batch: ImportBatch
    extra: dict[str, Any] = field(default_factory=dict)


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


@dataclass(frozen=True)
class Row:
    """One address, one method: who may."""

    name: str
    ok: str
    arguments: Arguments = lambda world: []
    other: Arguments | None = None
    method: str = "get"
    data: Callable[[World], Any] = lambda world: {}
    status: int = 200
    query: str = ""

    @property
    def label(self) -> str:
        """What the row is called in a test's name."""
        return f"{self.method}-{self.name}{self.query}"


def own(world: World) -> list[Any]:
    """The customer of one's own province."""
    return [world.own.pk]


def other(world: World) -> list[Any]:
    """The customer of another province."""
    return [world.other.pk]


def _complaint(customer: Customer, world: World) -> int:
    """An open complaint of a customer."""
    people = {world.own.pk: world.cast.manager, world.other.pk: world.cast.stranger}
    opened = make_complaint(customer, actor=people[customer.pk])
    return int(opened.pk)


def _run(world: World) -> int:
    """A scoring run that has failed."""
    now = timezone.now()
    run = ScoringRun.objects.create(
        as_of=date(2026, 10, 1),
        settings={},
        state=RunState.FAILED,
        requested_by=world.cast.sysadmin,
        channel="test",
        finished_at=now,
    )
    return int(run.pk)


ROWS = [
    Row("profile", ALL),
    Row("profile", ALL, method="post", data=lambda w: {"language": "en"}, status=302),
    Row("switch_language", ALL, method="post", data=lambda w: {"language": "en"}, status=302),
    Row("account_change_password", ALL),
    # --- customers ---
    Row("home", ALL),
    Row("home_widget", ALL, lambda w: ["open-complaints"]),
    Row("customers", ALL),
    Row("customer", ALL, own, other),
    Row("customer_panel", ALL, lambda w: [w.own.pk, "basics"], lambda w: [w.other.pk, "basics"]),
    Row("customer_options", ALL, query="?q=a"),
    Row("customer_new", "HMD"),
    Row("customer_new", "HMD", method="post", status=422),
    Row("customer_edit", "HMD", own, other),
    Row("customer_edit", "HMD", own, other, method="post", status=409),
    # --- complaints ---
    Row("complaints", ALL),
    Row("complaint_new", "HMA"),
    Row(
        "complaint_new",
        "HMA",
        method="post",
        data=lambda w: {"customer": w.own.pk, "title": "Down", "description": "…", "owner": "me"},
        status=302,
    ),
    Row("complaint", ALL, lambda w: [_complaint(w.own, w)], lambda w: [_complaint(w.other, w)]),
    Row(
        "complaint",
        "HMA",
        lambda w: [_complaint(w.own, w)],
        lambda w: [_complaint(w.other, w)],
        method="post",
        data=lambda w: {"do": "comment", "text": "Called back"},
        status=302,
    ),
    # --- worth and risk ---
    Row("segments", ALL),
    Row("runs", COMPANY_WIDE),
    Row("runs", "S", method="post", data=lambda w: {"as_of": "2999-01-01"}, status=422),
    Row("run", COMPANY_WIDE, lambda w: [_run(w)]),
    # Whoever is signed in and may enter has nothing to do at the administration's login.
    Row("admin-login", "DS", status=302),
    Row("admin-password", ALL, status=302),
    Row("admin-shortcut", "DS", status=404, arguments=lambda w: ["1/1"]),
    # --- REST API ---
    Row("api-me", ALL),
    Row("api-schema", ALL),
    Row("api-customers", ALL),
    Row(
        "api-customers",
        "HMD",
        method="post",
        data=lambda w: {"code": "NEW", "name": "New customer"},
        status=201,
    ),
    Row("api-customer", ALL, own, other),
    Row("api-customer", "HMD", own, other, method="patch", status=428),
    Row("api-customer-by-code", ALL, lambda w: [w.own.code], lambda w: [w.other.code]),
    Row("api-transactions", ALL),
    # The matrix sends JSON, which this one does not take: whoever may import learns so.
    Row("api-transactions-bulk", "D", method="post", query="?system=test", status=415),
    Row("api-scoring-runs", COMPANY_WIDE),
    Row("api-scoring-runs", "S", method="post", status=400, data=lambda w: {"as_of": "2999-01-01"}),
    Row("api-scoring-run", COMPANY_WIDE, lambda w: [_run(w)]),
]
