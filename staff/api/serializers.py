"""Serializers of units, users and the user's own account."""

from typing import Any

from rest_framework import serializers

from accounts.models import OrgUnit, User
from accounts.models.unit import UnitKind
from accounts.permissions import DataAccessLevel, Permission


class CodeNameSerializer(serializers.Serializer[object]):
    """A role or a unit: its stable code, and its name in the language of the request."""

    code = serializers.CharField()
    name = serializers.CharField()


class MeSerializer(serializers.Serializer[User]):
    """The user's own account, role, unit and permissions."""

    id = serializers.IntegerField()
    employee_number = serializers.CharField()
    name = serializers.CharField()
    is_service = serializers.BooleanField()
    language = serializers.CharField()
    role = CodeNameSerializer()
    access_level = serializers.ChoiceField(choices=DataAccessLevel.choices)
    unit = CodeNameSerializer()
    permissions = serializers.ListField(
        source="role.permissions",
        child=serializers.ChoiceField(choices=Permission.choices),
    )


class UnitSerializer(serializers.Serializer[OrgUnit]):
    """A unit; the one it belongs to is given by code, and null if the user does not see it."""

    code = serializers.CharField()
    name = serializers.CharField(help_text="In the language of the request.")
    name_zh = serializers.CharField()
    name_en = serializers.CharField(allow_blank=True)
    kind = serializers.ChoiceField(choices=UnitKind.choices)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add ``parent``, which is the name of an attribute of every serializer."""
        parent = serializers.CharField(source="parent_code", allow_null=True)
        return super().get_fields() | {"parent": parent}


class UserSerializer(serializers.Serializer[User]):
    """A user as colleagues know them: no phone, language or times of signing in.

    A manager that the user of the request does not see is null.
    """

    id = serializers.IntegerField()
    employee_number = serializers.CharField()
    name = serializers.CharField()
    unit = serializers.CharField(source="unit.code")
    role = serializers.CharField(source="role.code")
    manager = serializers.CharField(source="manager_number", allow_null=True)
    is_active = serializers.BooleanField()
    is_service = serializers.BooleanField()
