"""The cast: the units and users that the tests share. The fixture ``cast`` makes them.

Gansu has the branches Lanzhou and Tianshui, Hunan has Changsha. ``manager`` and ``colleague``
work in Lanzhou, and ``head``, ``agent`` and ``division_admin`` above them in Gansu. ``stranger``
works in Changsha and ``other_head`` in Hunan. ``executive``, ``sysadmin`` and ``auditor`` work at
head office and see the whole company.

A user's password is the employee number followed by ``-secret-9``: ``manager-secret-9``.
"""

from dataclasses import dataclass

from accounts.models import OrgUnit, Role, User
from accounts.models.unit import UnitKind
from tests.history import fixture_changes


@dataclass(frozen=True)
class Cast:
    """The units and users, by their part in the tests. A user's role is as in ``make_cast``."""

    head_office: OrgUnit
    gansu: OrgUnit
    lanzhou: OrgUnit
    tianshui: OrgUnit
    hunan: OrgUnit
    changsha: OrgUnit
    executive: User
    head: User
    manager: User
    colleague: User
    agent: User
    division_admin: User
    stranger: User
    other_head: User
    sysadmin: User
    auditor: User

    def by_role(self) -> dict[str, User]:
        """Return one user for each code of a role; all but those at head office work in Gansu."""
        users = [
            self.executive,
            self.head,
            self.manager,
            self.agent,
            self.division_admin,
            self.sysadmin,
            self.auditor,
        ]
        return {user.role.code: user for user in users}


def make_unit(code: str, name_zh: str, kind: str, parent: OrgUnit | None) -> OrgUnit:
    """Make a unit and read it again, because a trigger of the database sets its path."""
    with fixture_changes():
        unit = OrgUnit.objects.create(
            code=code, name_zh=name_zh, name_en=code.title(), kind=kind, parent=parent
        )
    unit.refresh_from_db()
    return unit


def make_user(employee_number: str, name: str, role: str, unit: OrgUnit) -> User:
    """Make a user with English as language, so that tests can compare English texts."""
    user = User(
        employee_number=employee_number,
        name=name,
        role=Role.objects.get(code=role),
        unit=unit,
        language="en",
    )
    user.set_password(f"{employee_number}-secret-9")
    with fixture_changes():
        user.save()
    return user


def make_cast() -> Cast:
    """Make the units and users. Head office and the roles exist since the migrations."""
    head_office = OrgUnit.objects.get(parent__isnull=True)
    gansu = make_unit("GS", "甘肃省公司", UnitKind.PROVINCE, head_office)
    lanzhou = make_unit("GSLZ", "兰州分公司", UnitKind.BRANCH, gansu)
    tianshui = make_unit("GSTS", "天水分公司", UnitKind.BRANCH, gansu)
    hunan = make_unit("HN", "湖南省公司", UnitKind.PROVINCE, head_office)
    changsha = make_unit("HNCS", "长沙分公司", UnitKind.BRANCH, hunan)
    return Cast(
        head_office=head_office,
        gansu=gansu,
        lanzhou=lanzhou,
        tianshui=tianshui,
        hunan=hunan,
        changsha=changsha,
        executive=make_user("executive", "Evan Executive", "group_executive", head_office),
        head=make_user("head", "Hana Head", "division_head", gansu),
        manager=make_user("manager", "Mia Manager", "account_manager", lanzhou),
        colleague=make_user("colleague", "Cole Colleague", "account_manager", lanzhou),
        agent=make_user("agent", "Ada Agent", "service_agent", gansu),
        division_admin=make_user("divadmin", "Dana Admin", "division_administrator", gansu),
        stranger=make_user("stranger", "Stan Stranger", "account_manager", changsha),
        other_head=make_user("otherhead", "Otto Head", "division_head", hunan),
        sysadmin=make_user("sysadmin", "Sam Sysadmin", "system_administrator", head_office),
        auditor=make_user("auditor", "Ava Auditor", "auditor", head_office),
    )
