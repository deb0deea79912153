"""The references to units that fields and lists of other apps have too."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from accounts.models import OrgUnit, User
from core.fields.reference import Reference


def _unit_level(unit: OrgUnit) -> int:
    """Return the depth of a unit, whose path has the ids from the top down, such as ``1.4.9``."""
    return str(unit.path).count(".")


def _units_with_subunits(user: User, selected: Sequence[OrgUnit]) -> QuerySet[OrgUnit]:
    below = reduce(or_, (Q(path__descendants=str(unit.path)) for unit in selected))
    return OrgUnit.objects.visible_to(user).filter(below).order_by()


UNIT = Reference(
    records=lambda user: OrgUnit.objects.visible_to(user).order_by("path"),
    level=_unit_level,
    included_in_filter=_units_with_subunits,
    empty_label="",
)
