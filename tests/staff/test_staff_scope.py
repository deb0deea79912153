"""An administrator of one province cannot read or change staff of another province."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import ApiKey, OrgUnit, Role, User
from staff.services.key import issue_key, revoke_key
from staff.services.unit import save_unit
from staff.services.user import save_user
from tests.cast import Cast
from tests.history import fixture_changes


@pytest.fixture
def gansu_admin(cast: Cast) -> User:
    """A user with the permission to manage staff, whose data access is Gansu."""
    role = Role.objects.get(code="division_administrator")
    role.permissions = [*role.permissions, "staff.manage"]
    with fixture_changes():
        role.save()
    return User.objects.get(pk=cast.division_admin.pk)


def test_user_cannot_be_created_in_another_province(cast: Cast, gansu_admin: User) -> None:
    with pytest.raises(ValidationError) as error:
        save_user(
            actor=gansu_admin,
            employee_number="spy",
            name="Spy",
            role=gansu_admin.role,
            unit=cast.changsha,
        )
    assert set(error.value.message_dict) == {"unit"}
    assert not User.objects.filter(employee_number="spy").exists()


def test_user_of_another_province_does_not_exist_for_changes(cast: Cast, gansu_admin: User) -> None:
    with pytest.raises(User.DoesNotExist):
        save_user(actor=gansu_admin, user_id=cast.stranger.pk, name="Changed")
    with pytest.raises(User.DoesNotExist):
        issue_key(actor=gansu_admin, user_id=cast.stranger.pk, name="spy", days=1)


def test_manager_of_another_province_cannot_be_set(cast: Cast, gansu_admin: User) -> None:
    with pytest.raises(ValidationError, match="not yours"):
        save_user(actor=gansu_admin, user_id=cast.manager.pk, manager=cast.other_head)


def test_unit_cannot_be_moved_into_another_province(cast: Cast, gansu_admin: User) -> None:
    with pytest.raises(ValidationError, match="not yours"):
        save_unit(actor=gansu_admin, unit_id=cast.lanzhou.pk, parent=cast.hunan)
    assert OrgUnit.objects.get(pk=cast.lanzhou.pk).parent_id == cast.gansu.pk


def test_key_of_another_province_cannot_be_revoked(cast: Cast, gansu_admin: User) -> None:
    expiry = timezone.now() + timedelta(days=1)
    with fixture_changes():
        key, _text = ApiKey.objects.issue(user=cast.stranger, name="theirs", expiry=expiry)
    with pytest.raises(ApiKey.DoesNotExist):
        revoke_key(actor=gansu_admin, digest=key.digest)
    assert ApiKey.objects.filter(pk=key.pk).exists()
