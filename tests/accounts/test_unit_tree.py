"""The organisation tree: database triggers update the paths, whatever writes the parents."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from accounts.models import OrgUnit
from staff.services.unit import save_unit
from tests.cast import Cast, make_unit
from tests.history import fixture_changes


def _make_chain(parent: OrgUnit, levels: int) -> list[OrgUnit]:
    """Return the unit and new units below it, each the child of the one before."""
    units = [parent]
    for level in range(levels):
        units.append(make_unit(f"D{level}", f"第{level}层", "team", units[-1]))
    return units


def test_unit_seven_levels_deep_has_a_path_of_all_its_ancestors(cast: Cast) -> None:
    units = _make_chain(cast.lanzhou, 7)
    assert str(units[-1].path) == ".".join(
        str(unit.pk) for unit in [cast.head_office, cast.gansu, *units]
    )


def test_moving_a_unit_moves_its_whole_subtree(cast: Cast) -> None:
    units = _make_chain(cast.lanzhou, 3)
    save_unit(actor=cast.sysadmin, unit_id=cast.lanzhou.pk, parent=cast.hunan)
    descendants = OrgUnit.objects.filter(path__descendants=str(cast.hunan.path))
    assert {unit.pk for unit in units} <= {unit.pk for unit in descendants}
    deepest = OrgUnit.objects.get(pk=units[-1].pk)
    assert str(deepest.path).startswith(f"{cast.hunan.path}.{cast.lanzhou.pk}.")


def test_moving_by_raw_sql_updates_the_paths_too(cast: Cast) -> None:
    (_top, child) = _make_chain(cast.lanzhou, 1)
    with transaction.atomic(), fixture_changes(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_orgunit SET parent_id = %s WHERE id = %s",
            [cast.hunan.pk, cast.lanzhou.pk],
        )
    child.refresh_from_db()
    assert str(child.path) == f"{cast.head_office.pk}.{cast.hunan.pk}.{cast.lanzhou.pk}.{child.pk}"


def test_moving_a_unit_below_itself_is_refused_with_a_message(cast: Cast) -> None:
    with pytest.raises(ValidationError, match="below itself"):
        save_unit(actor=cast.sysadmin, unit_id=cast.gansu.pk, parent=cast.lanzhou)
    cast.lanzhou.refresh_from_db()
    assert cast.lanzhou.parent_id == cast.gansu.pk


def test_second_head_office_is_refused(cast: Cast) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_unit("X", "另一个总部", "head_office", None)


def test_saving_a_unit_without_permission_is_refused(cast: Cast) -> None:
    with pytest.raises(PermissionDenied):
        save_unit(actor=cast.head, unit_id=cast.lanzhou.pk, name_zh="兰州")


def test_moved_branch_is_seen_from_its_new_province_only(cast: Cast) -> None:
    save_unit(actor=cast.sysadmin, unit_id=cast.lanzhou.pk, parent=cast.hunan)
    cast.head.refresh_from_db()
    assert cast.lanzhou not in OrgUnit.objects.visible_to(cast.head)
    assert cast.lanzhou in OrgUnit.objects.visible_to(cast.other_head)
