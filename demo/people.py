"""Making the users, and deciding which of them owns how many customers.

There is at least one user of every role, whom ``demo_logins`` prints, and one account manager for
about 40 customers. The customers themselves are made later, from the placements returned here.
"""

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
MIN_MANAGERS = 6  # besides the demo users
# The demo users own as many customers as about two other account managers.
MANAGERS_REPLACED_BY_DEMO_USERS = 2
POOL_PERCENT = 10  # of the customers, who have no owner


class UserRow(NamedTuple):
    """The fields of a user before it is written. ``role`` and ``unit`` are codes.

    The employee number is what the user signs in with.
    """

    employee_number: str
    role: str
    unit: str


# The users that demo_logins prints, in that order. "manager" and "colleague" share a unit;
# "stranger" is in another province and sees none of their customers.
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
# Every other province has users with the roles of PROVINCE_USERS: head.hn, agent.hn, divadmin.hn.
HOME_PROVINCE = "GS"
PROVINCE_USERS = tuple(user for user in DEMO_USERS if user.unit == HOME_PROVINCE)
# Employee number: number of customers, and the divisor that limits it in a small company: "manager"
# owns 40 customers, but at most a quarter of all.
DEMO_PORTFOLIOS = {"manager": (40, 4), "colleague": (25, 8), "stranger": (30, 8)}
# The public pool of the unit of "manager": number of customers, and the divisor of all pools.
DEMO_POOL = (8, 2)


@dataclass(frozen=True)
class CustomerPlacement:
    """Where a customer belongs: its unit, city and owner.

    Without an owner it is in the public pool of the unit.
    """

    unit_id: int
    city: City
    owner_id: int | None


@dataclass(frozen=True)
class People:
    """What the customers and complaints need: one placement per customer, and the service agents.

    The key of an agent is the code of their province.
    """

    placements: list[CustomerPlacement]
    agents_by_province: dict[str, User]


def make_people(plan: Plan, organisation: Organisation) -> People:
    """Write all users and place the customers. Must run inside an audited transaction.

    The account managers are written last, because they refer to the division heads.
    """
    build_user = _make_user_builder(plan, organisation)
    office_staff = User.objects.bulk_create(
        build_user(row) for row in _office_staff_rows(organisation)
    )
    account_managers = [build_user(row) for row in DEMO_USERS if row.role == "account_manager"]
    account_managers += [build_user(row) for row in _account_manager_rows(plan, organisation)]
    _set_superiors(office_staff, account_managers, organisation)
    account_managers = User.objects.bulk_create(account_managers, batch_size=2000)
    agents = {user.unit.code: user for user in office_staff if user.role.code == "service_agent"}
    placements = _place_customers(plan, organisation, account_managers)
    return People(placements=placements, agents_by_province=agents)


def _office_staff_rows(organisation: Organisation) -> list[UserRow]:
    """Return the users who are not account managers: heads, agents, administrators, and so on.

    These are demo users, and for every other province its own head, agent and administrator.
    """
    demo_rows = [row for row in DEMO_USERS if row.role != "account_manager"]
    province_rows = [
        UserRow(f"{row.employee_number}.{unit.code.lower()}", row.role, unit.code)
        for unit in organisation.provinces
        if unit.code != HOME_PROVINCE
        for row in PROVINCE_USERS
    ]
    return demo_rows + province_rows


def _make_user_builder(plan: Plan, organisation: Organisation) -> Callable[[UserRow], User]:
    """Return a function that makes an unsaved user from its row, with a random name.

    The password is hashed only once, because hashing is slow: all users have the same hash.
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


def _account_manager_rows(plan: Plan, organisation: Organisation) -> list[UserRow]:
    """Return the account managers besides the demo users, for example ``gslz.0001``."""
    needed = plan.customers // CUSTOMERS_PER_MANAGER - MANAGERS_REPLACED_BY_DEMO_USERS
    manager_units = islice(cycle(organisation.manager_units), max(MIN_MANAGERS, needed))
    return [
        UserRow(f"{unit.code.lower()}.{n:04}", "account_manager", unit.code)
        for n, (unit, _city) in enumerate(manager_units, start=1)
    ]


def _set_superiors(
    office_staff: list[User], account_managers: list[User], organisation: Organisation
) -> None:
    """Set ``User.manager``: account managers report to the head of their province.

    The heads report to the executive. The heads are saved; the account managers, which are not
    written yet, are only changed in memory.
    """
    (executive,) = (user for user in office_staff if user.role.code == "group_executive")
    heads = {user.unit_id: user for user in office_staff if user.role.code == "division_head"}
    for head in heads.values():
        head.manager = executive
    User.objects.bulk_update(heads.values(), ["manager"])
    head_by_province = {province.code: heads[province.pk] for province in organisation.provinces}
    for user in account_managers:
        user.manager = head_by_province[_province_code(user.unit, head_by_province)]


def _province_code(unit: OrgUnit, provinces: dict[str, User]) -> str:
    """Return the province whose code the unit's code begins with: SN for ``SNXA``.

    The longest one, so that a province whose code begins with that of another is found.
    """
    return max((code for code in provinces if unit.code.startswith(code)), key=len)


def _place_customers(
    plan: Plan, organisation: Organisation, account_managers: list[User]
) -> list[CustomerPlacement]:
    """Return one placement per customer, shuffled.

    The demo users get portfolios of fixed size, POOL_PERCENT goes to the pools, and the other
    account managers share the rest equally.
    """
    city_of = {unit.pk: city for unit, city in organisation.manager_units}
    manager_by_number = {user.employee_number: user for user in account_managers}

    def owned_by(user: User) -> CustomerPlacement:
        return CustomerPlacement(user.unit_id, city_of[user.unit_id], user.pk)

    placements: list[CustomerPlacement] = []
    for employee_number, (size, divisor) in DEMO_PORTFOLIOS.items():
        owner = manager_by_number[employee_number]
        placements += [owned_by(owner)] * min(size, plan.customers // divisor)
    placements += _place_in_pools(plan, organisation, manager_by_number["manager"].unit)
    other_managers = [user for user in account_managers if user.employee_number not in LOGINS]
    other_portfolios = cycle([owned_by(user) for user in other_managers])
    placements += islice(other_portfolios, plan.customers - len(placements))
    # The name is part of the seed: another name would make another company.
    plan.random("seats").shuffle(placements)
    return placements


def _place_in_pools(
    plan: Plan, organisation: Organisation, demo_unit: OrgUnit
) -> list[CustomerPlacement]:
    """Return the placements without an owner: some in the pool of ``demo_unit``, then all units."""
    city_of = {unit.pk: city for unit, city in organisation.manager_units}

    def pool_of(unit: OrgUnit) -> CustomerPlacement:
        return CustomerPlacement(unit.pk, city_of[unit.pk], owner_id=None)

    total = plan.customers * POOL_PERCENT // 100
    size, divisor = DEMO_POOL
    demo_pool = [pool_of(demo_unit)] * min(size, total // divisor)
    all_pools = cycle([pool_of(unit) for unit, _city in organisation.manager_units])
    return [*demo_pool, *islice(all_pools, total - len(demo_pool))]


def agents_by_unit(
    organisation: Organisation, agents_by_province: dict[str, User]
) -> dict[int, User]:
    """Return the service agent of each unit by its id: that of its province."""
    agents_by_path = {
        str(province.path): agents_by_province[province.code] for province in organisation.provinces
    }
    # The dot keeps the path 1.5 from matching the unit 1.57.
    return {
        unit.pk: agent
        for unit in organisation.units.values()
        for province_path, agent in agents_by_path.items()
        if f"{unit.path}.".startswith(f"{province_path}.")
    }
