"""Whoever manages the staff of one province reaches no further, whatever they send."""

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
def keeper(cast: Cast) -> User:
    """Somebody who manages staff, but only Gansu's."""
    role = Role.objects.get(code="division_administrator")
    role.permissions = [*role.permissions, "staff.manage"]
    with fixture_changes():
        role.save()
    return User.objects.get(pk=cast.division_admin.pk)


def test_account_cannot_be_opened_in_another_province(cast: Cast, keeper: User) -> None:
    with pytest.raises(ValidationError) as refused:
        save_user(
            actor=keeper, employee_number="spy", name="Spy", role=keeper.role, unit=cast.changsha
        )
    assert set(refused.value.message_dict) == {"unit"}
    assert not User.objects.filter(employee_number="spy").exists()


def test_somebody_of_another_province_is_not_there_to_be_changed(cast: Cast, keeper: User) -> None:
    with pytest.raises(User.DoesNotExist):
        save_user(actor=keeper, user_id=cast.stranger.pk, name="Changed")
    with pytest.raises(User.DoesNotExist):
        issue_key(actor=keeper, user_id=cast.stranger.pk, name="spy", days=1)


def test_manager_of_another_province_cannot_be_set(cast: Cast, keeper: User) -> None:
    with pytest.raises(ValidationError, match="not yours"):
        save_user(actor=keeper, user_id=cast.manager.pk, manager=cast.other_head)


def test_unit_cannot_be_moved_into_another_province(cast: Cast, keeper: User) -> None:
    with pytest.raises(ValidationError, match="not yours"):
        save_unit(actor=keeper, unit_id=cast.lanzhou.pk, parent=cast.hunan)
    assert OrgUnit.objects.get(pk=cast.lanzhou.pk).parent_id == cast.gansu.pk


def test_key_of_another_province_cannot_be_revoked(cast: Cast, keeper: User) -> None:
    expiry = timezone.now() + timedelta(days=1)
    with fixture_changes():
        key, _text = ApiKey.objects.issue(user=cast.stranger, name="theirs", expiry=expiry)
    with pytest.raises(ApiKey.DoesNotExist):
        revoke_key(actor=keeper, digest=key.digest)
    assert ApiKey.objects.filter(pk=key.pk).exists()
