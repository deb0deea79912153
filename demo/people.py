"""Making the users: logins for every role, and account managers for the number of customers."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle, islice
from typing import NamedTuple

from django.contrib.auth.hashers import make_password

from accounts.models import OrgUnit, Role, User
from demo.names import NameGenerator
from demo.plan import PASSWORD, Plan
from demo.units import City, Organisation

CUSTOMERS_PER_MANAGER = 40
MIN_MANAGERS = 6
POOL_PERCENT = 10  # of the customers, who have no owner


class UserRow(NamedTuple):
    """The fields of a user before it is written. ``role`` and ``unit`` are codes."""

    employee_number: str
    role: str
    unit: str


# The users that demo_logins prints, in that order.
DEMO_USERS = (
    UserRow("executive", "group_executive", "HQ"),
    UserRow("head", "division_head", "GS"),
    UserRow("manager", "account_manager", "GSLZ"),
    UserRow("colleague", "account_manager", "GSLZ"),
    UserRow("stranger", "account_manager", "HNCS"),
    UserRow("agent", "service_agent", "GS"),
    UserRow("divadmin", "division_administrator", "GS"),
    UserRow("sysadmin", "system_administrator", "HQ-IT"),
    UserRow("auditor", "auditor", "HQ-AUD"),
)
LOGINS = tuple(user.employee_number for user in DEMO_USERS)
# Every other province has users with the same roles: head.hn, agent.hn, divadmin.hn.
HOME_PROVINCE = "GS"
PROVINCE_USERS = tuple(user for user in DEMO_USERS if user.unit == HOME_PROVINCE)


@dataclass(frozen=True)
class CustomerPlacement:
    """The unit, the city and the owner of a customer. Without an owner it is in the public pool."""

    unit_id: int
    city: City
    owner_id: int | None


@dataclass(frozen=True)
class Staff:
    """The placement of every customer, and the service agents by province code."""

    placements: list[CustomerPlacement]
    agents: dict[str, User]


def make_people(plan: Plan, organisation: Organisation) -> Staff:
    """Write all users, with the same password, and return the placements of the customers."""
    other_provinces = [unit for unit in organisation.provinces if unit.code != HOME_PROVINCE]
    manager_branches = {"GSLZ", "HNCS"}
    staff_rows = [row for row in DEMO_USERS if row.unit not in manager_branches]
    staff_rows += [
        UserRow(f"{row.employee_number}.{unit.code.lower()}", row.role, unit.code)
        for unit in other_provinces
        for row in PROVINCE_USERS
    ]
    build_user = _make_user_builder(plan, organisation)
    staff = User.objects.bulk_create(build_user(row) for row in staff_rows)
    heads = {user.unit_id: user for user in staff if user.role.code == "division_head"}
    managers = [build_user(row) for row in DEMO_USERS if row.unit in manager_branches]
    managers += [build_user(row) for row in _other_managers(plan, organisation)]
    _set_superiors(staff, managers, heads, organisation)
    managers = User.objects.bulk_create(managers, batch_size=2000)
    agents = {user.unit.code: user for user in staff if user.role.code == "service_agent"}
    return Staff(placements=_place_customers(plan, organisation, managers), agents=agents)


def _make_user_builder(plan: Plan, organisation: Organisation) -> Callable[[UserRow], User]:
    """Return a function that makes a user from its row.

    The password is hashed only once, because hashing is slow.
    """
    roles = {role.code: role for role in Role.objects.all()}
    name_generator = NameGenerator(plan.random("people"))
    password = make_password(PASSWORD)

    def build_user(row: UserRow) -> User:
        return User(
            employee_number=row.employee_number,
            name=name_generator.make_person_name(),
            role=roles[row.role],
            unit=organisation.units[row.unit],
            password=password,
        )

    return build_user


def _other_managers(plan: Plan, organisation: Organisation) -> list[UserRow]:
    manager_count = max(MIN_MANAGERS, plan.customers // CUSTOMERS_PER_MANAGER - 2)
    manager_units = islice(cycle(organisation.manager_units), manager_count)
    return [
        UserRow(f"{unit.code.lower()}.{n:04}", "account_manager", unit.code)
        for n, (unit, _city) in enumerate(manager_units, start=1)
    ]


def _set_superiors(
    staff: list[User], managers: list[User], heads: dict[int, User], organisation: Organisation
) -> None:
    """Make the head of the province the manager of all, and the executive that of the heads."""
    executive = staff[0]
    for user in heads.values():
        user.manager = executive
    User.objects.bulk_update(heads.values(), ["manager"])
    head_by_province = {province.code: heads[province.pk] for province in organisation.provinces}
    for user in managers:
        user.manager = head_by_province[_province_code(user.unit, head_by_province)]


def _province_code(unit: OrgUnit, provinces: dict[str, User]) -> str:
    return max((code for code in provinces if unit.code.startswith(code)), key=len)


def _place_customers(
    plan: Plan, organisation: Organisation, managers: list[User]
) -> list[CustomerPlacement]:
    """Return one placement per customer, shuffled.

    The demo users get portfolios of fixed size, a part goes to the pools, and the other managers
    share the rest.
    """
    city_of = {unit.pk: city for unit, city in organisation.manager_units}
    manager_by_number = {user.employee_number: user for user in managers}
    total = plan.customers

    def owned_by(user: User) -> CustomerPlacement:
        return CustomerPlacement(user.unit_id, city_of[user.unit_id], user.pk)

    def pool_of(unit: OrgUnit) -> CustomerPlacement:
        return CustomerPlacement(unit.pk, city_of[unit.pk], None)

    placements = [owned_by(manager_by_number["manager"])] * min(40, total // 4)
    placements += [owned_by(manager_by_number["colleague"])] * min(25, total // 8)
    placements += [owned_by(manager_by_number["stranger"])] * min(30, total // 8)
    pool_size = total * POOL_PERCENT // 100
    own_pool = [pool_of(manager_by_number["manager"].unit)] * min(8, pool_size // 2)
    all_pools = cycle(pool_of(unit) for unit, _city in organisation.manager_units)
    placements += [*own_pool, *islice(all_pools, pool_size - len(own_pool))]
    other_portfolios = [owned_by(user) for user in managers if user.employee_number not in LOGINS]
    placements += islice(cycle(other_portfolios), total - len(placements))
    # "seats" is part of the seed: another text would shuffle the placements differently.
    plan.random("seats").shuffle(placements)
    return placements
