"""The people: one to sign in as for every role, and account managers in proportion."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice

from django.contrib.auth.hashers import make_password

from accounts.models import OrgUnit, Role, User
from demo.names import Namer
from demo.plan import PASSWORD, Plan
from demo.units import City, Organisation

CUSTOMERS_PER_MANAGER = 40
FEWEST_MANAGERS = 6
POOL_PERCENT = 10

# Who the pages are shown as: employee number, role, unit. The order is that of the printed table.
CAST: tuple[tuple[str, str, str], ...] = (
    ("executive", "group_executive", "HQ"),
    ("head", "division_head", "GS"),
    ("manager", "account_manager", "GSLZ"),
    ("colleague", "account_manager", "GSLZ"),
    ("stranger", "account_manager", "HNCS"),
    ("agent", "service_agent", "GS"),
    ("divadmin", "division_administrator", "GS"),
    ("sysadmin", "system_administrator", "HQ-IT"),
    ("auditor", "auditor", "HQ-AUD"),
)
LOGINS = tuple(number for number, _role, _unit in CAST)
# What the cast's province has every other one has too: head.hn, agent.hn, divadmin.hn.
HOME = "GS"
PROVINCIAL = tuple(entry for entry in CAST if entry[2] == HOME)


@dataclass(frozen=True)
class Seat:
    """Where a customer belongs: a unit and its city; without an owner, that unit's public pool."""

    unit_id: int
    city: City
    owner_id: int | None


@dataclass(frozen=True)
class Staff:
    """The seat of every customer, and who takes complaints by province code."""

    seats: list[Seat]
    agents: dict[str, User]


def make_people(plan: Plan, organisation: Organisation) -> Staff:
    """Write everybody, all with the same password, and give every customer its seat."""
    provinces = [unit for unit in organisation.provinces if unit.code != HOME]
    cast_posts = {"GSLZ", "HNCS"}
    listed = [entry for entry in CAST if entry[2] not in cast_posts]
    listed += [
        (f"{number}.{unit.code.lower()}", role, unit.code)
        for unit in provinces
        for number, role, _home in PROVINCIAL
    ]
    build = _builder(plan, organisation)
    staff = User.objects.bulk_create(build(*entry) for entry in listed)
    heads = {user.unit_id: user for user in staff if user.role.code == "division_head"}
    managers = [build(*entry) for entry in CAST if entry[2] in cast_posts]
    managers += [build(*entry) for entry in _further_managers(plan, organisation)]
    _report(staff, managers, heads, organisation)
    managers = User.objects.bulk_create(managers, batch_size=2000)
    agents = {user.unit.code: user for user in staff if user.role.code == "service_agent"}
    return Staff(seats=_seats(plan, organisation, managers), agents=agents)


def _builder(plan: Plan, organisation: Organisation) -> Callable[[str, str, str], User]:
    """Return what makes a user of (employee number, role, unit). Hashing once is enough."""
    roles = {role.code: role for role in Role.objects.all()}
    namer = Namer(plan.random("people"))
    password = make_password(PASSWORD)

    def build(employee_number: str, role: str, unit: str) -> User:
        return User(
            employee_number=employee_number,
            name=namer.person(),
            role=roles[role],
            unit=organisation.units[unit],
            password=password,
        )

    return build


def _further_managers(plan: Plan, organisation: Organisation) -> list[tuple[str, str, str]]:
    wanted = max(FEWEST_MANAGERS, plan.customers // CUSTOMERS_PER_MANAGER - 2)
    posts = islice(cycle(organisation.posts), wanted)
    return [
        (f"{unit.code.lower()}.{n:04}", "account_manager", unit.code)
        for n, (unit, _city) in enumerate(posts, start=1)
    ]


def _report(
    staff: list[User], managers: list[User], heads: dict[int, User], organisation: Organisation
) -> None:
    """Put everyone below the head of the province, and the heads below the executive."""
    chief = staff[0]
    for user in heads.values():
        user.manager = chief
    User.objects.bulk_update(heads.values(), ["manager"])
    by_code = {
        organisation_unit.code: heads[organisation_unit.pk]
        for organisation_unit in organisation.provinces
    }
    for user in managers:
        user.manager = by_code[_province_code(user.unit, by_code)]


def _province_code(unit: OrgUnit, provinces: dict[str, User]) -> str:
    return max((code for code in provinces if unit.code.startswith(code)), key=len)


def _seats(plan: Plan, organisation: Organisation, managers: list[User]) -> list[Seat]:
    """Return one seat per customer, shuffled: the cast's portfolios, pools, then all others."""
    city_of = {unit.pk: city for unit, city in organisation.posts}
    by_number = {user.employee_number: user for user in managers}
    total = plan.customers

    def owned(user: User) -> Seat:
        return Seat(user.unit_id, city_of[user.unit_id], user.pk)

    def pool(unit: OrgUnit) -> Seat:
        return Seat(unit.pk, city_of[unit.pk], None)

    seats = [owned(by_number["manager"])] * min(40, total // 4)
    seats += [owned(by_number["colleague"])] * min(25, total // 8)
    seats += [owned(by_number["stranger"])] * min(30, total // 8)
    pooled = total * POOL_PERCENT // 100
    near = [pool(by_number["manager"].unit)] * min(8, pooled // 2)
    far = islice(cycle(pool(unit) for unit, _city in organisation.posts), pooled - len(near))
    seats += [*near, *far]
    others = [owned(user) for user in managers if user.employee_number not in LOGINS]
    seats += islice(cycle(others), total - len(seats))
    plan.random("seats").shuffle(seats)
    return seats
